using System.Globalization;

namespace Outheis;

/// <summary>How an agent acts on the world outside.</summary>
public sealed partial class AgentContext
{
    private long _effectsOf;      // position of the message whose effects are counted
    private ulong _effects;
    private int _effectsUnderWay;

    /// <summary>
    /// Acts on the world outside, once: notes the intent in the journal, runs, notes the outcome. When a durable
    /// agent's past is handled once more, the recorded outcome is returned and nothing runs; an intent without an
    /// outcome is <see cref="EffectOutcome.InDoubt"/> (ES-05, ES-06).
    /// </summary>
    /// <typeparam name="T">What comes back: an unmanaged struct, or a type that <see cref="KernelOptions.Codecs"/>
    /// write as JSON.</typeparam>
    /// <param name="key">Names the effect among those of the message being handled: "charge", "mail 2". At most 1024
    /// bytes.</param>
    /// <param name="act">Does it. Gets the idempotency key and the turn's token; resumes on the agent's core.</param>
    /// <returns>What came of it. What <paramref name="act"/> throws is an outcome, too; but a cancellation leaves the
    /// effect in doubt and is thrown on.</returns>
    /// <remarks>Cost: two records; in a kernel that is <see cref="Durability.Durable"/> the intent is flushed before it
    /// runs, so that no loss of power can make it run twice. Without a journal it just runs.</remarks>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> cannot be written into the journal.</exception>
    /// <exception cref="JournalException">The intent could not be noted: nothing has run.</exception>
    public async ValueTask<Effect<T>> EffectAsync<T>(
        string key, Func<string, CancellationToken, ValueTask<T>> act)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(act);
        string name;
        ulong number;
        using (OnCore(out Core core))
        {
            CheckEffect<T>(core);
            name = NameOf(core, key);
            number = NextEffect();
            if (TryRecall(core, key, name, number, out Effect<T> recorded))
            {
                return recorded;
            }
        }

        await NoteIntentAsync(key, number).ConfigureAwait(true);
        Effect<T> effect = await RunAsync(name, act).ConfigureAwait(true);
        NoteOutcome(number, in effect);
        return effect;
    }

    private static void CheckEffect<T>(Core core)
    {
        if (core.Tap is not null)
        {
            JournalTap.RequireWritable<T>(core.Kernel.Options.Codecs);
        }
    }

    // It has been done before, says what is handled once more or what an earlier attempt left.
    private bool TryRecall<T>(Core core, string key, string name, ulong number, out Effect<T> recorded)
    {
        if (core.Replay is { } replay && replay.TryRecall(this, key, name, out recorded))
        {
            return true;
        }

        if (_isFenced)
        {
            throw new OperationCanceledException($"This incarnation of {Cell.Name} has ended.");
        }

        if (Earlier is not { } earlier || !earlier.TryRecall(core.Kernel.Options.Codecs, key, name, out recorded))
        {
            recorded = default;
            return false;
        }

        NoteIntent(core, key, number, isToldAgain: true);
        NoteOutcome(number, in recorded, isToldAgain: true);
        return true;
    }

    internal void NoteOutcome<T>(ulong number, in Effect<T> effect, bool isToldAgain = false)
    {
        if (!_isFenced)
        {
            using KernelCall call = OnCore(out Core core);
            core.Tap?.AppendOutcome(Cell, _message.Position, number, in effect, isToldAgain);
        }
    }

    // Without a journal nothing is spoken of twice, but the other side must not take two effects for one.
    private string NameOf(Core core, string key) => _message.Position != 0
        ? string.Create(CultureInfo.InvariantCulture, $"{_message.Position:x}-{key}")
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{core.Kernel.Options.Seed:x}-{core.Index:x}-{++core.EffectsWithoutPosition:x}-{key}");

    // What attempts at the message did that failed; null: there were none, or they did nothing.
    private RecordedEffects? Earlier => Cell.Effects?.GetValueOrDefault(_message.Position);

    private ValueTask<SendResult> NoteIntentAsync(string key, ulong number)
    {
        using KernelCall call = OnCore(out Core core);
        NoteIntent(core, key, number, isToldAgain: false);
        return core.Tap is not null && core.Kernel.Options.Durability == Durability.Durable
            ? AgentSend<byte>.Start(this, null, 0, SendResult.Sent, isDurable: true, default)
            : new ValueTask<SendResult>(SendResult.Sent);
    }

    private void NoteIntent(Core core, string key, ulong number, bool isToldAgain)
    {
        if (core.Tap is { } tap && !tap.TryAppendIntent(Cell, _message.Position, number, key, isToldAgain))
        {
            throw new JournalException(
                $"The intent of {key} could not be noted, so it was not run. {tap.Lane.Refusal?.Message}");
        }
    }

    private async ValueTask<Effect<T>> RunAsync<T>(string name, Func<string, CancellationToken, ValueTask<T>> act)
    {
        _effectsUnderWay++;
        try
        {
            T value = await act(name, TurnToken).ConfigureAwait(true);
            return new Effect<T>(EffectOutcome.Done, value, name, null);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return new Effect<T>(EffectOutcome.Failed, default, name, $"{failure.GetType().Name}: {failure.Message}");
        }
        finally
        {
            _effectsUnderWay--;
        }
    }

    private ulong NextEffect()
    {
        (_effects, _effectsOf) = (_effectsOf == _message.Position ? _effects + 1 : 1, _message.Position);
        return _effects;
    }
}
