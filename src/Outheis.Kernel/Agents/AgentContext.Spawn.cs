namespace Outheis;

/// <summary>How an agent makes others during its asynchronous turns.</summary>
public sealed partial class AgentContext
{
    /// <summary>Makes an agent; as <see cref="Context.Spawn{TSeed}"/>.</summary>
    /// <typeparam name="TSeed">What the factory is told.</typeparam>
    /// <param name="by">A right of this agent, from its <see cref="Endowment"/>.</param>
    /// <param name="seed">Given to the factory, and again at each restart.</param>
    /// <param name="child">The new agent, or none.</param>
    public SpawnResult Spawn<TSeed>(SpawnCapability<TSeed> by, TSeed seed, out AgentId child)
    {
        Interference.At(Moment.EffectBegins);
        child = default;
        SpawnResult result;
        using (OnCore(out Core core))      // its factory may throw
        {
            result = _isFenced ? SpawnResult.Denied : core.Spawn(Cell, by.Right, seed, out child);
        }

        Interference.At(Moment.EffectDone);
        return result;
    }
}
