using System.Buffers;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Outheis;

/// <summary>How the kernel's own messages are written, signals to supervisors and failures of offloaded work, so that
/// what came of them can be replayed. Who they are about is a number of one run: nobody is handed one in a later
/// run.</summary>
internal static class SignalCodecs
{
    public static readonly MessageCodec<ExitSignal> Exit = new SignalCodec<ExitSignal, RecordedExit>(
        RecordedSignals.Default.RecordedExit, RecordedExit.Of, static exit => exit.ToSignal());

    public static readonly MessageCodec<ChildStarted> Start = new SignalCodec<ChildStarted, RecordedStart>(
        RecordedSignals.Default.RecordedStart,
        static start => new RecordedStart(start.Agent.Value, start.Name, start.Incarnation),
        static start => new ChildStarted(new AgentId(start.Agent), start.Name, start.Incarnation));

    public static readonly MessageCodec<OffloadFailed> Failed = new SignalCodec<OffloadFailed, RecordedOffloadFailure>(
        RecordedSignals.Default.RecordedOffloadFailure, RecordedOffloadFailure.Of, static failed => failed.Recall());

    public static readonly MessageCodec<BudgetExhausted> Exhausted =
        new SignalCodec<BudgetExhausted, RecordedExhausted>(
            RecordedSignals.Default.RecordedExhausted,
            static told => new RecordedExhausted(told.Agent.Value, told.Name, told.Incarnation, told.Budget, told.Unit),
            static told => new BudgetExhausted(
                new AgentId(told.Agent), told.Name, told.Incarnation, told.Budget, told.Unit));

    /// <summary>Whether a Sent record means something in its own run only: a signal, what a timer says that is not
    /// armed in the journal, what offloaded work came to, what a group or a source tells. The first kernels wrote
    /// signals without content, and not that they are any.</summary>
    public static bool IsOfItsRun(RecordFlags flags, long cause, uint capability, JournalType? type) =>
        (flags & (RecordFlags.Signal | RecordFlags.Offload | RecordFlags.Told)) != 0
        || ((flags & RecordFlags.Timer) != 0 && cause == 0)
        || (capability == 0 && type is { Schema: { Encoding: PayloadEncoding.Opaque } schema }
            && (schema.Name == MessageLayout.NameOf<ExitSignal>()
                || schema.Name == MessageLayout.NameOf<ChildStarted>()));

    /// <summary>Whether it is of an earlier run and meant that one: of a signal there is nobody any more to decide
    /// about, of a timer or of offloaded work its agent's incarnation has ended.</summary>
    public static bool IsGone(JournalEntry message, Kernel kernel) =>
        message.IsOfItsRun && message.Run < kernel.Recovery!.Run;
}

/// <summary>An exit signal as a journal has it: of the exception what it is and what it says.</summary>
internal sealed record RecordedExit(
    uint Agent, string Name, uint Incarnation, ExitKind Reason, string? Exception, string? Message, bool IsFinal)
{
    public static RecordedExit Of(ExitSignal signal)
    {
        RecordedException? failure = signal.Reason.Exception is { } bug ? RecordedException.Of(bug) : null;
        return new RecordedExit(
            signal.Agent.Value, signal.Name, signal.Incarnation, signal.Reason.Kind, failure?.TypeName,
            failure?.Message, signal.IsFinal);
    }

    public ExitSignal ToSignal()
    {
        RecordedException? failure = Exception is null ? null : new RecordedException(Exception, Message ?? "");
        return new ExitSignal(new AgentId(Agent), Name, Incarnation, new ExitReason(Reason, failure))
        {
            IsFinal = IsFinal,
        };
    }
}

internal sealed record RecordedStart(uint Agent, string Name, uint Incarnation);

internal sealed record RecordedExhausted(uint Agent, string Name, uint Incarnation, string Budget, string Unit);

[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RecordedExit))]
[JsonSerializable(typeof(RecordedStart))]
[JsonSerializable(typeof(RecordedOffloadFailure))]
[JsonSerializable(typeof(RecordedExhausted))]
internal sealed partial class RecordedSignals : JsonSerializerContext;

/// <summary>Writes a signal by way of what can be read again of it.</summary>
internal sealed class SignalCodec<T, TRecorded>(
    JsonTypeInfo<TRecorded> type, Func<T, TRecorded> record, Func<TRecorded, T> recall) : MessageCodec<T>
{
    private readonly JsonMessageCodec<TRecorded> _json = new(type);

    public override void Encode(in T message, ArrayBufferWriter<byte> output) =>
        _json.Encode(record(message), output);

    public override T Decode(ReadOnlySpan<byte> payload) =>
        _json.Decode(payload) is { } recorded ? recall(recorded) : default!;

    public override JsonNode? ToJson(object message) => _json.ToJson(record((T)message)!);
}
