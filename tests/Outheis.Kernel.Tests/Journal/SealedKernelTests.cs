using System.Diagnostics;
using System.Runtime.CompilerServices;
using Outheis.Signing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>Kernels with seals, signatures and an archive, on the real disk.</summary>
public sealed class SealedKernelTests : IDisposable
{
    private const int SegmentBytes = JournalLimits.SegmentBytesMin;

    private readonly string _root = Directory.CreateTempSubdirectory("outheis-sealed-").FullName;

    private string Journal => Path.Combine(_root, "journal");

    private string Archive => Path.Combine(_root, "archive");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private KernelOptions Options(
        JournalRetention? retention = null, ISealSigner? signer = null, string? archive = null) => new()
        {
            Cores = 1,
            Pin = false,
            JournalDirectory = Journal,
            SegmentBytes = SegmentBytes,
            Retention = retention ?? JournalRetention.KeepAll,
            SealSigner = signer,
            ArchiveDirectory = archive,
        };

    private static async Task<int> SendParcels(Kernel kernel, int count, int patienceSeconds = 30)
    {
        Capability<Parcel> sink = kernel.Grant<Parcel>(kernel.Spawn("sink", static () => new Sink()));
        int sent = 0;
        for (; sent < count; sent++)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(patienceSeconds));
            try
            {
                var parcel = new Parcel(sent, default);
                Assert.Equal(SendResult.Sent, await sink.SendAsync(parcel, cancellationToken: patience.Token));
            }
            catch (OperationCanceledException)
            {
                break;      // no room, and none came
            }
        }

        return sent;
    }

    private static void Until(Kernel kernel, Func<JournalInfo, bool> condition) => Assert.True(
        SpinWait.SpinUntil(() => condition(kernel.DescribeJournal()!), TimeSpan.FromSeconds(60)),
        $"{kernel.DescribeJournal()} {kernel.DescribeJournal()!.Lanes[0]}");

    private static void UntilSealed(Kernel kernel) => Until(kernel, static info =>
        info.Lanes.All(static lane => lane.SealedTo == lane.Newest && lane.Newest > 0));

    [Fact]
    public async Task Kernel_KeepsAll_SealsByItselfAndTheSignaturesAreGood()
    {
        string keyFile = Path.Combine(_root, "key.pem");
        Ed25519SealSigner.Create(keyFile).Dispose();
        using Ed25519SealSigner signer = Ed25519SealSigner.Load(keyFile);
        signer.PublicKey.Save(Path.Combine(_root, "public.pem"));
        await using (var kernel = Kernel.Start(Options(signer: signer)))
        {
            await SendParcels(kernel, 200);
            UntilSealed(kernel);
            Assert.Null(kernel.DescribeJournal()!.SealFailure);
        }

        Ed25519SealKey key = Ed25519SealKey.Load(Path.Combine(_root, "public.pem"));
        Assert.Equal(signer.PublicKey.Fingerprint, key.Fingerprint);
        LaneSeals seals = Assert.Single(SealVerifier.Verify(Journal, key));
        Assert.Null(seals.Fault);
        Assert.True(seals.Sealed > 2);
        Ed25519SealSigner.Create(Path.Combine(_root, "other.pem")).Dispose();
        Ed25519SealKey other = Ed25519SealKey.Load(Path.Combine(_root, "other.pem"));
        Assert.Contains("not good", SealVerifier.Verify(Journal, other)[0].Fault!.Reason, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Ed25519SealKey.Load(Path.Combine(Journal, "lock")));
    }

    [Fact]
    public async Task Kernel_RingWithoutArchive_DoesNotSeal()
    {
        await using (var kernel = Kernel.Start(Options(JournalRetention.KeepBytes(SegmentBytes))))
        {
            await SendParcels(kernel, 100);
        }

        Assert.Equal(0, Assert.Single(SealVerifier.Verify(Journal)).Sealed);
    }

    [Fact]
    public async Task Kernel_SignerThrows_RunsOnAndSaysSo()
    {
        await using var kernel = Kernel.Start(Options(signer: new Broken()));
        Assert.Equal(100, await SendParcels(kernel, 100));
        Until(kernel, static info => info.SealFailure is not null);
        Assert.Contains("no token", kernel.DescribeJournal()!.SealFailure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ArchiveOnAFullDisk_SendersWaitAndGoOnWhenThereIsRoom()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "mounting a small tmpfs needs root on Linux");
        Directory.CreateDirectory(Archive);
        Assert.SkipUnless(
            Run("mount", "-t", "tmpfs", "-o", "size=320k", "tmpfs", Archive) == 0, "mount is not allowed here");
        try
        {
            await using var kernel = Kernel.Start(
                Options(JournalRetention.KeepBytes(SegmentBytes), archive: Path.Combine(Archive, "a")));
            Assert.True(await SendParcels(kernel, 2000, 2) < 2000);
            Until(kernel, static info => info.ArchiveFailure is not null);
            Assert.Equal(0, kernel.DescribeJournal()!.Lanes[0].Dropped);
            Assert.Equal(0, Run("mount", "-o", "remount,size=64m", Archive));
            Until(kernel, static info => info.ArchiveFailure is null);
            Assert.Equal(300, await SendParcels(kernel, 300));
            UntilSealed(kernel);
            Until(kernel, static info => info.Lanes.All(static lane => lane.ArchivedTo == lane.SealedTo));
            using JournalReader reader = JournalReader.Open(
                Journal, new JournalQuery { Archive = Path.Combine(Archive, "a") });
            Assert.Equal(JournalKind.Opened, reader.Read().First().Kind);
        }
        finally
        {
            Run("umount", Archive);
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private readonly record struct Parcel(int Number, Filling Rest);

    [InlineArray(3900)]
    private struct Filling
    {
        private byte _first;
    }

    private sealed class Sink : Agent, IHandle<Parcel>
    {
        public void Handle(in Parcel message, Context context)
        {
        }
    }

    private sealed class Broken : ISealSigner
    {
        public ReadOnlySpan<byte> KeyId => [1];

        public int Sign(ReadOnlySpan<byte> hash, Span<byte> signature) =>
            throw new InvalidOperationException("no token");
    }
}
