using System.Runtime.CompilerServices;
using Outheis.Signing;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>A ring whose older segments went into an archive, sealed and signed, and a journal without seals.</summary>
public sealed class SealedJournal : IAsyncLifetime
{
    public const int Parcels = 1200;

    private const int SegmentBytes = 1 << 16;
    private readonly TemporaryFolder _folder = new();

    public string Folder => _folder.FullPath;

    public string Journal => _folder.PathOf("journal");

    public string Archive => _folder.PathOf("archive");

    public string Fingerprint { get; private set; } = "";

    /// <summary>A copy of the archive that a test may damage.</summary>
    public string Copy(string name)
    {
        foreach (string file in Directory.GetFiles(Archive, "*.seg", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(Folder, name, Path.GetRelativePath(Archive, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Path.Combine(Folder, name);
    }

    public async ValueTask InitializeAsync()
    {
        Ed25519SealSigner.Create(_folder.PathOf("other.pem")).Dispose();
        using (Ed25519SealSigner signer = Ed25519SealSigner.Create(_folder.PathOf("key.pem")))
        {
            signer.PublicKey.Save(_folder.PathOf("public.pem"));
            Fingerprint = signer.PublicKey.Fingerprint;
            await Write(new KernelOptions
            {
                JournalDirectory = Journal, ArchiveDirectory = Archive, SegmentBytes = SegmentBytes, Cores = 1,
                Retention = JournalRetention.KeepBytes(SegmentBytes), SealSigner = signer,
            });
        }

        await Write(new KernelOptions
        {
            JournalDirectory = _folder.PathOf("plain"), SegmentBytes = SegmentBytes, Cores = 1, Seal = false,
        });
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task Write(KernelOptions options)
    {
        Kernel kernel = Kernel.Start(options);
        await using (kernel)
        {
            Capability<Parcel> sink = kernel.Grant<Parcel>(kernel.Spawn("sink", static () => new Sink()));
            for (int i = 0; i < Parcels; i++)
            {
                Assert.Equal(SendResult.Sent, await sink.SendAsync(new Parcel(i, default)));
            }

            Assert.True(SpinWait.SpinUntil(
                () => options.Seal == false
                    || (kernel.DescribeJournal()!.Lanes[0] is var lane && lane.SealedTo == lane.Newest),
                TimeSpan.FromSeconds(60)));
            await kernel.StopAsync();
        }
    }

    internal readonly record struct Parcel(int Number, Padding Padding);

    internal readonly record struct Count(long Parcels);

    [InlineArray(400)]
    internal struct Padding
    {
        private byte _first;
    }

    internal sealed class Sink() : DurableAgent<Count>(default), IHandle<Parcel>
    {
        public void Handle(in Parcel message, Context context) => State = new Count(State.Parcels + 1);
    }
}
