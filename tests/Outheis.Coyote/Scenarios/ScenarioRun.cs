namespace Outheis.Coyote;

/// <summary>One scenario, made anew for each schedule. The explorer reaches it by reflection, in the rewritten
/// code.</summary>
public sealed class ScenarioRun(string name)
{
    private Scenario _scenario = null!;
    private bool _hasEnded;

    /// <summary>Before a schedule, outside Coyote's control.</summary>
    public void Prepare()
    {
        _scenario = (Scenario)Activator.CreateInstance(Type.GetType($"{typeof(Scenario).Namespace}.{name}", true)!)!;
        _hasEnded = false;
    }

    /// <summary>A schedule.</summary>
    public void Run()
    {
        _scenario.Run();
        _hasEnded = true;
    }

    /// <summary>After a schedule. If that did not come to its end, a claim failed or its threads wait for each other,
    /// and what they use is left alone.</summary>
    public void Check()
    {
        if (!_hasEnded)
        {
            return;
        }

        _scenario.Check();
        (_scenario as IDisposable)?.Dispose();
    }
}
