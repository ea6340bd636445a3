namespace Outheis;

/// <summary>Timers that outlive the process, as in <see cref="Context"/>.</summary>
public sealed partial class AgentContext
{
    /// <summary>Arms a timer that outlives the process; as <see cref="Context.ArmAfter{T}"/>.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="key">In place of one of the same key.</param>
    /// <param name="delay">From now.</param>
    /// <param name="message">What is sent then.</param>
    /// <returns><see cref="ArmResult.Armed"/>, or why not.</returns>
    public ArmResult ArmAfter<T>(string key, TimeSpan delay, in T message) =>
        Arm(TimerTerms.After(key, delay), in message);

    /// <summary>Again and again; as <see cref="Context.ArmEvery{T}"/>.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="key">In place of one of the same key.</param>
    /// <param name="period">Between two times; a millisecond at least.</param>
    /// <param name="message">What each time is sent.</param>
    /// <param name="first">Until the first time; null: a period.</param>
    /// <returns><see cref="ArmResult.Armed"/>, or why not.</returns>
    public ArmResult ArmEvery<T>(string key, TimeSpan period, in T message, TimeSpan? first = null) =>
        Arm(TimerTerms.Every(key, period, first), in message);

    /// <summary>Once the wall clock shows a time; as <see cref="Context.ArmAt{T}"/>.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="key">In place of one of the same key.</param>
    /// <param name="when">In whatever zone.</param>
    /// <param name="message">What is sent then.</param>
    /// <returns><see cref="ArmResult.Armed"/>, or why not.</returns>
    public ArmResult ArmAt<T>(string key, DateTimeOffset when, in T message) =>
        Arm(TimerTerms.At(key, when), in message);

    /// <summary>Ends a timer that outlives the process; as <see cref="Context.Disarm"/>.</summary>
    /// <param name="key">Of one that is over, or never was, it does no harm.</param>
    public void Disarm(string key)
    {
        TimerTerms.Checked(key);
        Interference.At(Moment.EffectBegins);
        using (OnCore(out Core core))
        {
            if (!_isFenced)
            {
                core.Disarm(Cell, key);
            }
        }

        Interference.At(Moment.EffectDone);
    }

    private ArmResult Arm<T>(in TimerTerms terms, in T message)
    {
        Interference.At(Moment.EffectBegins);
        ArmResult result;
        using (OnCore(out Core core))
        {
            result = _isFenced ? ArmResult.NotDurable : core.Arm(Cell, in terms, in message);
        }

        Interference.At(Moment.EffectDone);
        return result;
    }
}
