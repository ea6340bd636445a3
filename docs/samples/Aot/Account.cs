using System.Text.Json.Serialization;

namespace Outheis.Samples;

/// <summary>Travels inline, without boxing: an unmanaged struct.</summary>
internal readonly record struct Deposit(long Cents);

/// <summary>Travels by reference: a sealed immutable record. Its codec writes it into the journal.</summary>
internal sealed record Note(string Text);

internal readonly record struct GetBalance;

internal readonly record struct Balance(long Cents, uint Incarnation);

/// <summary>Keeps an amount; a negative deposit is a bug that it dies of.</summary>
internal sealed class Account(Capability<Note> auditor) : Agent, IHandle<Deposit>, IAnswer<GetBalance,
    Balance>
{
    private long _cents;

    public void Handle(in Deposit message, Context context)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(message.Cents);
        _cents += message.Cents;
        // the auditor may be slow: no harm done
        _ = context.Send(auditor, new Note($"{message.Cents} cents came in"));
    }

    public Balance Answer(in GetBalance request, Context context) => new(_cents, context.Incarnation);
}

/// <summary>Waits in its turns, as for a slow disk, and goes on on its own core.</summary>
internal sealed class Auditor(Capability<Note> report) : Agent, IHandleAsync<Note>
{
    public async ValueTask HandleAsync(
        Note message, AgentContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(1, cancellationToken);
        await context.SendAsync(report, message, cancellationToken);
    }
}

[JsonSerializable(typeof(Note))]
internal sealed partial class NoteJson : JsonSerializerContext;
