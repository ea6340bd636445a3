using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>
/// Real losses of power, but for the power: the journal is on an ext4 in a file on a btrfs; the process is stopped, the
/// file cloned in one step, which is what had reached the disk, and the process killed. The next one goes on with the
/// clone.
/// </summary>
public sealed class PowerTests : IDisposable
{
    // Twenty seconds' worth; OUTHEIS_CUTS=200 looks for longer.
    private static readonly int Cuts = int.TryParse(Environment.GetEnvironmentVariable("OUTHEIS_CUTS"),
        NumberStyles.None, CultureInfo.InvariantCulture, out int cuts) ? cuts : 8;

    private readonly string _root = Directory.CreateTempSubdirectory("outheis-power-").FullName;

    private string Pool => Path.Combine(_root, "pool");

    private string Disk => Path.Combine(Pool, "disk.img");

    private string Mount => Path.Combine(_root, "disk");

    public void Dispose()
    {
        TryRun("umount", Mount);
        TryRun("umount", Pool);
        Directory.Delete(_root, recursive: true);
    }

    [Fact(Explicit = true)]      // by hand: real file systems (docs/testing.md)
    public void Power_CutAtAnyMoment_KeepsWhatWasToldToBeDurable()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root on Linux");
        Assert.SkipUnless(TryRun("mkfs.btrfs", "--version"), "btrfs-progs is not installed");
        Assert.SkipUnless(TryMakeDisk(), "loop devices or btrfs are not there");
        Random random = ProofSeed.Draw();
        var total = new ProofTotal();
        var rounds = new ProofRounds(Path.Combine(Mount, "proof"), total) { LosesPower = true };
        for (int cut = 0; cut < Cuts; cut++)
        {
            rounds.Run(life => Cut(life, random));
        }

        rounds.Drain();
        TestContext.Current.TestOutputHelper?.WriteLine($"{total}");
        Assert.True(total.Durable > 3 * Cuts, $"{total}");
    }

    private void Cut(ProofLife life, Random random)
    {
        Assert.True(life.WaitFor("durable", 3));
        Thread.Sleep(random.Next(400));
        Assert.True(TryRun("kill", "-STOP", $"{life.Process.Id}"));
        string clone = Path.Combine(Pool, "clone.img");
        Must("cp", "--reflink=always", Disk, clone);
        life.Process.Kill();
        life.WaitForEnd();
        Must("umount", Mount);
        File.Move(clone, Disk, overwrite: true);
        Must("mount", "-o", "loop", Disk, Mount);
        // The machine was not started anew: without the text of the lock a journal takes nothing for written.
        string held = Path.Combine(Mount, "proof", "journal", JournalDirectory.LockName);
        if (File.Exists(held))
        {
            File.WriteAllText(held, "");
        }

        using var next = new ProofLife(ProofChild.Describe("pause", Path.Combine(Mount, "proof"), 0));
        next.WaitForEnd();      // recovery
    }

    private bool TryMakeDisk()
    {
        Directory.CreateDirectory(Pool);
        Directory.CreateDirectory(Mount);
        string pool = Path.Combine(_root, "pool.img");
        return TryRun("truncate", "-s", "1G", pool) && TryRun("mkfs.btrfs", "-q", pool)
            && TryRun("mount", "-o", "loop", pool, Pool)
            && TryRun("truncate", "-s", "200M", Disk) && TryRun("mkfs.ext4", "-q", "-F", Disk)
            && TryRun("mount", "-o", "loop", Disk, Mount);
    }

    private static void Must(string program, params string[] arguments) =>
        Assert.True(TryRun(program, arguments), $"{program} {string.Join(' ', arguments)} failed");

    private static bool TryRun(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardError = true, RedirectStandardOutput = true,
            };
            using Process process = Process.Start(start)!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;      // not installed
        }
    }
}
