namespace Outheis.Coyote;

/// <summary>One scenario, made anew for each schedule. The explorer reaches it by reflection, in the rewritten
/// code.</summary>
public sealed class ScenarioRun(string name)
{
    private Scenario _scenario = null!;

    public void Prepare() =>
        _scenario = (Scenario)Activator.CreateInstance(Type.GetType($"{typeof(Scenario).Namespace}.{name}", true)!)!;

    public void Run() => _scenario.Run();

    public void Check() => _scenario.Check();

    public void Release() => (_scenario as IDisposable)?.Dispose();
}
