namespace Outheis;

/// <summary>Timers that outlive the process.</summary>
public readonly ref partial struct Context
{
    /// <summary>Arms a timer of this durable agent that outlives it and the process: what is armed, and not disarmed,
    /// is due once it is due, in whatever incarnation and run then is. One that came due while no process ran is due
    /// at once. It takes the place of a timer of the same key.</summary>
    /// <typeparam name="T">A message type that this agent handles: an unmanaged struct, or one that
    /// <see cref="KernelOptions.Codecs"/> write as JSON. Say <see cref="MessageCodecs.Add{T}"/>, so that the next
    /// process can read it.</typeparam>
    /// <param name="key">Names it among this agent's timers; <see cref="Limits.TimerKeyBytes"/> bytes at most.</param>
    /// <param name="delay">From now. While this process runs by its monotonic clock, so nobody makes it early by
    /// setting the wall clock; from one process to the next by the wall clock, which is all that they share. Not
    /// positive: as soon as this turn is over.</param>
    /// <param name="message">Copied before return; an object goes by reference and must not change afterwards.</param>
    /// <returns><see cref="ArmResult.Armed"/>, or why not.</returns>
    /// <remarks>
    /// <para>Counts with its turn: where the handler throws, what it armed and disarmed is as it was before. In
    /// OnStart it counts at once, and each incarnation runs OnStart: what is to be armed once only, arm in a handler,
    /// or keep in the state that it is.</para>
    /// <para>What it says is a message like any other from its taking on: taken and handled, it is not said again;
    /// taken and not handled to its end, it is handed over again, <see cref="IsRedelivered"/>.</para>
    /// <para>While recorded messages are handled once more nothing is armed: what is armed the journal says.</para>
    /// <para>Order and leeway as of <see cref="After{T}"/>. Cost: that, one record and a few small objects.</para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">This agent handles no such message, or its core has too many
    /// timers.</exception>
    /// <exception cref="ArgumentException">The key is empty or too long, or the message cannot be written into the
    /// journal.</exception>
    public ArmResult ArmAfter<T>(string key, TimeSpan delay, in T message) =>
        Arm(TimerTerms.After(key, delay), in message);

    /// <summary>As <see cref="ArmAfter{T}"/>, again and again, by a schedule that does not drift. What was due while it
    /// was not handled, or while no process ran, comes as one message that says how often (GC-16): see
    /// <see cref="Fires"/>.</summary>
    /// <typeparam name="T">As for <see cref="ArmAfter{T}"/>.</typeparam>
    /// <param name="key">As for <see cref="ArmAfter{T}"/>.</param>
    /// <param name="period">Between two times; a millisecond at least.</param>
    /// <param name="message">What each time is sent.</param>
    /// <param name="first">Until the first time; null: a period.</param>
    /// <returns><see cref="ArmResult.Armed"/>, or why not.</returns>
    public ArmResult ArmEvery<T>(string key, TimeSpan period, in T message, TimeSpan? first = null) =>
        Arm(TimerTerms.Every(key, period, first), in message);

    /// <summary>As <see cref="ArmAfter{T}"/>, once the wall clock shows a time, however it is set meanwhile: for what
    /// has a date. It is said once, also where the clock is set back afterwards.</summary>
    /// <typeparam name="T">As for <see cref="ArmAfter{T}"/>.</typeparam>
    /// <param name="key">As for <see cref="ArmAfter{T}"/>.</param>
    /// <param name="when">Over already: as soon as this turn is.</param>
    /// <param name="message">What is sent then.</param>
    /// <returns><see cref="ArmResult.Armed"/>, or why not.</returns>
    public ArmResult ArmAt<T>(string key, DateTimeOffset when, in T message) =>
        Arm(TimerTerms.At(key, when), in message);

    /// <summary>Ends a timer that outlives the process. No message of it is taken any more, not even one that was due
    /// before.</summary>
    /// <param name="key">Of one that is over, or never was, it does no harm.</param>
    /// <remarks>Counts with its turn, as <see cref="ArmAfter{T}"/>. Cost: one record, whether there is such a timer or
    /// not; without a journal, and of an agent that is not durable, nothing.</remarks>
    public void Disarm(string key)
    {
        TimerTerms.Checked(key);
        Interference.At(Moment.EffectBegins);
        using (_core.Call())
        {
            _core.Disarm(_self, key);
        }

        Interference.At(Moment.EffectDone);
    }

    private ArmResult Arm<T>(in TimerTerms terms, in T message)
    {
        Interference.At(Moment.EffectBegins);
        ArmResult result;
        using (_core.Call())      // a codec may throw
        {
            result = _core.Arm(_self, in terms, in message);
        }

        Interference.At(Moment.EffectDone);
        return result;
    }
}
