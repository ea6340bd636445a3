using System.Diagnostics;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>A whole kernel on a real disk that is full, fails, goes away, or belongs to somebody else.</summary>
public sealed class DiskFailureTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("outheis-disk-").FullName;
    private readonly ProofTotal _total = new();
    private readonly ProofRounds _rounds;

    public DiskFailureTests() => _rounds = new ProofRounds(_root, _total);

    public void Dispose()
    {
        if (Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }

    /// <summary>Sends are Full and wait, nothing ends, and all goes on when there is room.</summary>
    [Fact(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    public void Disk_Full_EverybodyWaitsAndGoesOnWhenThereIsRoom()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "mounting a small tmpfs needs root on Linux");
        Directory.CreateDirectory(_rounds.Journal);
        Assert.SkipUnless(
            Run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", _rounds.Journal) == 0, "mount is not allowed here");
        try
        {
            _rounds.WasFull = true;
            IReadOnlyList<string> said = _rounds.Run(FillAndEmpty);
            Assert.Contains("stopped ", said);
            _rounds.Drain();
        }
        finally
        {
            Run("umount", _rounds.Journal);
        }
    }

    /// <summary>ES-44: who waits is told so, later durable sends are NotDurable, the process lives; the next opening
    /// repairs, and nothing that was told to be durable is lost. All the same if the next fsync would succeed: it is
    /// never tried.</summary>
    [Theory(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    [InlineData("when=24+"), InlineData("when=24")]
    public void Fsync_Fails_EveryWaiterIsToldAndTheProcessLives(string when)
    {
        Strace.SkipUnlessItTraces();
        _rounds.MayFail = true;
        IReadOnlyList<string> said = _rounds.Run(
            static life =>
            {
                Assert.True(life.WaitFor("NotDurable 2"), "no durable send was refused");
                Assert.False(life.Process.HasExited, "the process ended");
                life.Stop();
            },
            Strace.Program, Strace.Inject("fsync", $"error=EIO:{when}"));
        Assert.Contains(said, static line => line.StartsWith("durable", StringComparison.Ordinal));
        Assert.Contains(said, static line => line.StartsWith("exception", StringComparison.Ordinal)
            && line.Contains("Input/output error", StringComparison.Ordinal));
        Assert.Contains(said, static line => line.StartsWith("stopped", StringComparison.Ordinal)
            && line.Contains("Input/output error", StringComparison.Ordinal));
        int firstFailure = said.ToList().FindIndex(
            static line => line.StartsWith("exception", StringComparison.Ordinal));
        var told = said.Select(static line => line.Split(' ')).Where(static words =>
            words[0] is "durable" or "NotDurable" or "exception").ToLookup(static words => words[1]);
        Assert.All(told, static producer => Assert.DoesNotContain(      // who has heard of it hears no success later
            producer.SkipWhile(static words => words[0] == "durable"), static words => words[0] == "durable"));
        Assert.All(      // and of a flush before it each may hear so late once
            said.Skip(firstFailure).Where(static line => line.StartsWith("durable", StringComparison.Ordinal))
                .CountBy(static line => line.Split(' ')[1]),
            static late => Assert.Equal(1, late.Value));
        Assert.Contains(Headers(), static header => header.SyncFailed != 0);
        Assert.All(Headers(), static header => Assert.Equal(0, header.Closed));
        _rounds.Drain();
        Assert.All(Headers(), static header => Assert.Equal(0, header.SyncFailed));
    }

    private IEnumerable<SegmentHeader> Headers() =>
        Directory.GetFiles(_rounds.Journal, "*.seg", SearchOption.AllDirectories).Select(static path =>
        {
            using ISegmentFile file = SystemJournalDisk.Instance.OpenRead(path);
            return SegmentHeader.Read(file);
        });

    /// <summary>Appending goes on into files that nobody can find any more; then senders wait. The process lives, and a
    /// stop ends it.</summary>
    [Fact(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    public void Directory_RemovedUnderneath_SendersWaitAndTheProcessLives()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let go of open files");
        using var life = new ProofLife(ProofChild.Describe("run", _root, 1));
        Assert.True(life.WaitFor("durable", 10));
        Directory.Delete(_rounds.Journal, recursive: true);
        Thread.Sleep(1500);
        Assert.False(life.Process.HasExited, "the process ended");
        life.Stop();
        IReadOnlyList<string> said = life.WaitForEnd();
        Assert.Contains(said, static line => line.StartsWith("stopped", StringComparison.Ordinal));
        Assert.DoesNotContain(said, static line => line.StartsWith("failed", StringComparison.Ordinal));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', said.Where(
            static line => !line.StartsWith("durable", StringComparison.Ordinal)).Take(12).Append(said[^1])));
    }

    /// <summary>The same word by word: nobody notices until the next segment is needed, then sends are Full and wait,
    /// asks fail with the reason, the process lives and a stop ends it.</summary>
    [Fact]
    public void Directory_RemovedUnderneath_SendsAreFullAndWaitAndAsksFailWithTheReason()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let go of open files");
        using var life = new ProofLife(ProofChild.Describe(RemovedProof.Role, _root, 1));
        Assert.True(life.WaitFor("open"));
        Directory.Delete(_rounds.Journal, recursive: true);
        life.Stop();      // goes on
        Assert.True(life.WaitFor("ask"), "it went on for ever, or ended");
        Assert.False(life.Process.HasExited, "the process ended");
        Assert.False(Directory.Exists(_rounds.Journal), "somebody made the directory anew");
        life.Stop();
        IReadOnlyList<string> said = life.WaitForEnd();
        Assert.Equal(0, life.Process.ExitCode);
        Assert.Equal(
            ["open", "unnoticed Sent durable Sent", "full Full, waits True, durable waits True"], said.Take(3));
        Assert.StartsWith("ask Full JournalException ", said[3], StringComparison.Ordinal);
        Assert.Contains("Could not find a part of the path", said[3], StringComparison.Ordinal);
        Assert.Contains(_rounds.Journal, said[3], StringComparison.Ordinal);
        Assert.Equal(["stopped Dead Dead"], said.Skip(4));
    }

    [Fact(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    public void SecondWriter_IsToldWhoTheFirstIsAndHarmsNothing()
    {
        _rounds.Run(first =>
        {
            Assert.True(first.WaitFor("durable", 3));
            using var second = new ProofLife(ProofChild.Describe("run", _root, 1));
            string said = Assert.Single(second.WaitForEnd());
            Assert.StartsWith("error JournalInUseException", said, StringComparison.Ordinal);
            Assert.Contains($"{first.Process.Id}", said, StringComparison.Ordinal);
            int before = first.Count("durable");
            Assert.True(first.WaitFor("durable", before + 3));
            first.Process.Kill();
        });
        _rounds.Drain();
    }

    /// <summary>A kernel does not start and says why; whoever only reads still can.</summary>
    [Fact]
    public async Task Directory_ReadOnly_NoKernelStartsAndReadersRead()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "mounting a small tmpfs needs root on Linux");
        Directory.CreateDirectory(_rounds.Journal);
        Assert.SkipUnless(
            Run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", _rounds.Journal) == 0, "mount is not allowed here");
        try
        {
            var options = new KernelOptions
            {
                Cores = 1, Pin = false, JournalDirectory = _rounds.Journal,
                SegmentBytes = JournalLimits.SegmentBytesMin,
            };
            await using (var kernel = Kernel.Start(options))
            {
                await kernel.StopAsync();
            }

            Assert.Equal(0, Run("mount", "-o", "remount,ro", _rounds.Journal));
            var failure = Assert.ThrowsAny<JournalException>(() => Kernel.Start(options));
            Assert.StartsWith(
                $"The journal {_rounds.Journal} could not be opened: ", failure.Message, StringComparison.Ordinal);
            Assert.Contains("Read-only file system", failure.Message, StringComparison.Ordinal);
            using JournalReader reader = JournalReader.Open(_rounds.Journal);
            Assert.Contains(reader.Read(), static entry => entry.Kind == JournalKind.Closed);
            Assert.True(JournalVerifier.Verify(_rounds.Journal).IsWhole);
        }
        finally
        {
            Run("umount", _rounds.Journal);
        }
    }

    private void FillAndEmpty(ProofLife life)
    {
        Assert.True(life.WaitFor("durable", 3));
        string filler = Path.Combine(_rounds.Journal, "filler");
        using (FileStream fill = File.Create(filler))
        {
            try
            {
                byte[] page = new byte[4096];
                while (true)
                {
                    fill.Write(page);
                    fill.Flush();
                }
            }
            catch (IOException)
            {
                // full
            }
        }

        int durable;
        do
        {
            durable = life.Count("durable");
            Thread.Sleep(500);
        }
        while (durable != life.Count("durable"));      // until everybody waits
        Assert.False(life.Process.HasExited, "the process ended");
        File.Delete(filler);
        Assert.True(life.WaitFor("durable", durable + 10), "nobody went on");
        life.Stop();
    }

    private static int Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
