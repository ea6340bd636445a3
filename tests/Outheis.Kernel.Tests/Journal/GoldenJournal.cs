using System.Text;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>Writes the golden journal: two runs, two lanes, each kind of record, messages raw and as JSON, by hand and
/// the same every time.</summary>
internal sealed class GoldenJournal : TimeProvider
{
    private const string Transfer =
        "0 i64 Price.Cents\n8 i32 Kind Cash=0,Card=1\n12 agent From\n16 bytes[3] Code\n";

    private DateTimeOffset _now = new(2026, 5, 17, 12, 0, 0, TimeSpan.Zero);
    private JournalDirectory _journal = null!;

    public static SimulatedDisk Write()
    {
        var disk = new SimulatedDisk();
        var golden = new GoldenJournal();
        golden.WriteRun(disk, golden.WriteFirst);
        golden.WriteRun(disk, golden.WriteSecond);
        return disk;
    }

    public override DateTimeOffset GetUtcNow() => _now;

    private void WriteRun(SimulatedDisk disk, Action write)
    {
        _journal = JournalDirectory.Open(Journals.Path, Journals.Settings(lanes: 2), disk, this, out _);
        using (_journal)
        {
            write();
        }

        _now += TimeSpan.FromHours(1);
    }

    private void WriteFirst()
    {
        Introduce();
        Append(0, new() { Kind = JournalKind.Granted, Target = 2, Badge = 7, TypeId = 1, Capability = 1 },
            new CapabilityRecord(0, 1, (byte)(Rights.Send | Rights.Grant), "to pay"));
        Append(0, new() { Kind = JournalKind.Derived, Sender = 1, Target = 2, TypeId = 1, Capability = 2 },
            new CapabilityRecord(1, 2, (byte)Rights.Send, ""));
        Append(0, new() { Kind = JournalKind.Revoked, Sender = 1, Target = 2, TypeId = 1, Capability = 2 },
            new CapabilityRecord(1, 1, 0, ""));
        Append(0, new() { Kind = JournalKind.Snapshot, Target = 1, TypeId = 1 }, Raw(TransferBytes(0, 0)));
        long first = Send(0, target: 1, TransferBytes(100, 1), typeId: 1, badge: 7);
        Append(0, new() { Kind = JournalKind.Observed, Sender = 1, Cause = first },
            new ObservedRecord(ObservedRecord.Clock, _now.UtcTicks));
        Append(0, new() { Kind = JournalKind.Observed, Sender = 1, Cause = first },
            new ObservedRecord(ObservedRecord.Random, 42));
        Append(0, new() { Kind = JournalKind.Observed, Sender = 1, Cause = first },
            new ObservedRecord(ObservedRecord.Uptime, TimeSpan.FromSeconds(90).Ticks));
        Append(0, new() { Kind = JournalKind.Supervised, Sender = 1, Target = 2, Cause = first },
            new SupervisedRecord(SupervisedRecord.Restart, IsTaken: true));
        Append(0, new() { Kind = JournalKind.Supervised, Sender = 1, Target = 9, Cause = first },
            new SupervisedRecord(SupervisedRecord.Stop, IsTaken: false));
        long note = Send(
            0, target: 2, Encoding.UTF8.GetBytes("""{"Text":"ünder way","Tags":[1,2]}"""), typeId: 2, cause: first,
            flags: RecordFlags.Takes, sender: 1);
        Append(0, new() { Kind = JournalKind.BuiltOn }, new BuiltOnRecord([first]));
        Append(0, new() { Kind = JournalKind.Refused, Sender = 1, Cause = first }, new RefusedRecord(
            (byte)SendResult.Full));
        Append(1, new() { Kind = JournalKind.Consumed }, Consumed(2, note));
        Append(1, new() { Kind = JournalKind.Attempted, Target = 2, Cause = note },
            new AttemptRecord(1, 0, "TimeoutException: no answer"));
        Append(1, new() { Kind = JournalKind.Exited, Target = 2 },
            new ExitedRecord(1, (byte)ExitKind.Error, "no answer"));
        Append(1, new() { Kind = JournalKind.Restarted, Target = 2 }, new StartedRecord(2));
        Extended(1, JournalKind.EffectBegun, note, 1, 0, "charge"u8);
        Extended(1, JournalKind.EffectEnded, note, 1, (ulong)EffectOutcome.Failed, "TimeoutException: no answer"u8);
        Extended(0, JournalKind.Sent, first, 9, 0, TransferBytes(5, 0), typeId: 1);
        Extended(1, JournalKind.TimedOut, 0, 9, 0, []);
    }

    private void WriteSecond()
    {
        Introduce();
        _now += TimeSpan.FromSeconds(1);
        long asked = Extended(0, JournalKind.Sent, 0, 3, 0, TransferBytes(7, 1), typeId: 1);
        Append(1, new() { Kind = JournalKind.Consumed }, Consumed(2, asked));
        Extended(1, JournalKind.Replied, asked, 3, 0, Encoding.UTF8.GetBytes("""{"Text":"paid"}"""), typeId: 2);
        long poison = Send(1, target: 2, [1, 2, 3], typeId: 3);
        Append(1, new() { Kind = JournalKind.Attempted, Target = 2, Cause = poison }, new AttemptRecord(3, 0, ""));
        Append(1, new() { Kind = JournalKind.Quarantined, Target = 2, Cause = poison },
            new AttemptRecord(3, 0, "three"));
        Append(1, new() { Kind = JournalKind.Released, Target = 2, Cause = poison },
            new AttemptRecord(0, AttemptRecord.Drop, ""));
        Append(1, new() { Kind = JournalKind.DeadLetter, Target = 2, TypeId = 3, Cause = poison },
            new DeadLetterRecord((byte)DeadLetterReason.TargetDead, poison));
        Append(1, new() { Kind = JournalKind.Snapshot, Target = 2, TypeId = 2 },
            Raw(Encoding.UTF8.GetBytes("""{"Text":"state"}""")));
        var armed = new ArmedRecord(
            _now.UtcTicks, TimeSpan.FromSeconds(1).Ticks, TimeSpan.FromMinutes(1).Ticks, ArmedFlags.None, "renew");
        long timer = Append(0, new() { Kind = JournalKind.Armed, Sender = 1, Target = 1, TypeId = 1, Cause = asked },
            Raw([.. BytesOf(armed), .. TransferBytes(3, 1)]));
        long said = Append(0, new()
        {
            Kind = JournalKind.Sent, Sender = 1, Target = 1, TypeId = 1, Cause = timer,
            Flags = RecordFlags.Extended | RecordFlags.Timer,
        }, Raw([.. new byte[16], .. BitConverter.GetBytes(2L), .. TransferBytes(3, 1)]));
        Append(0, new() { Kind = JournalKind.Consumed }, Consumed(1, said));
        Append(0, new() { Kind = JournalKind.Disarmed, Sender = 1, Cause = said }, new DisarmedRecord("renew"));
        long left = Append(1, new() { Kind = JournalKind.Moved, Target = 2 }, new MovedRecord(0));
        Append(0, new() { Kind = JournalKind.Moved, Target = 2, Cause = left }, new MovedRecord(0));
        Append(0, new() { Kind = JournalKind.Resumed, Target = 1, Cause = said }, new AttemptRecord(2, 0, ""));
        Append(1, new() { Kind = JournalKind.Forked }, new ForkedRecord(asked, [asked, poison], "/parent"));
    }

    private void Introduce()
    {
        for (int lane = 0; lane < 2; lane++)
        {
            uint agent = (uint)lane + 1;
            Append(lane, new() { Kind = JournalKind.Tick }, new TickRecord(_now.UtcTicks));
            Append(lane, new() { Kind = JournalKind.Spawned, Target = agent },
                new SpawnedRecord(1, 0, (byte)Qos.Default, lane == 0 ? "buyer" : "shop"));
            Append(lane, new() { Kind = JournalKind.Started, Target = agent }, new StartedRecord(1));
            Append(lane, new() { Kind = JournalKind.Schema, TypeId = 1 },
                new SchemaRecord(PayloadEncoding.Raw, 24, "Bank.Transfer", 1, Transfer));
            Append(lane, new() { Kind = JournalKind.Schema, TypeId = 2 },
                new SchemaRecord(PayloadEncoding.Json, 0, "Bank.Note", 2, null));
            Append(lane, new() { Kind = JournalKind.Schema, TypeId = 3 },
                new SchemaRecord(PayloadEncoding.Opaque, 0, "Bank.Vault+Key", 1, null));
        }
    }

    private static byte[] TransferBytes(long cents, int kind) =>
        [.. BitConverter.GetBytes(cents), .. BitConverter.GetBytes(kind), .. BitConverter.GetBytes(1u), 65, 66, 67,
            0, 0, 0, 0, 0];

    private long Send(int lane, uint target, byte[] payload, int typeId, ulong badge = 0, long cause = 0,
        RecordFlags flags = RecordFlags.None, uint sender = 0) => Append(
            lane, new()
            {
                Kind = JournalKind.Sent, Sender = sender, Target = target, TypeId = typeId, Badge = badge,
                Cause = cause, Flags = flags, Qos = (byte)Qos.UserInitiated, Chain = 5,
            }, Raw(payload));

    private long Extended(int lane, JournalKind kind, long cause, ulong correlation, ulong labels,
        ReadOnlySpan<byte> payload, int typeId = 0) => Append(
            lane, new()
            {
                Kind = kind, Sender = (uint)lane + 1, Target = 2, TypeId = typeId, Cause = cause,
                Flags = RecordFlags.Extended,
            },
            Raw([.. BitConverter.GetBytes(correlation), .. new byte[8], .. BitConverter.GetBytes(labels), .. payload]));

    private static byte[] BytesOf(in ArmedRecord record)
    {
        byte[] bytes = new byte[record.Bytes];
        record.Write(bytes);
        return bytes;
    }

    private static BytesRecord Consumed(uint target, long position) =>
        Raw([.. BitConverter.GetBytes(target), .. BitConverter.GetBytes(1u), .. BitConverter.GetBytes(position)]);

    private static BytesRecord Raw(byte[] bytes) => new(bytes);

    private long Append<TRecord>(int lane, in RecordHeader header, in TRecord record)
        where TRecord : struct, IJournalRecord<TRecord>
    {
        long position = _journal.Lane(lane).Position;
        Assert.True(_journal.Lane(lane).TryAppend(header, record));
        return position;
    }

    private readonly record struct BytesRecord(byte[] Content) : IJournalRecord<BytesRecord>
    {
        public int Bytes => Content.Length;

        public void Write(Span<byte> to) => Content.CopyTo(to);

        public static bool TryRead(ReadOnlySpan<byte> from, out BytesRecord record)
        {
            record = new(from.ToArray());
            return true;
        }
    }
}
