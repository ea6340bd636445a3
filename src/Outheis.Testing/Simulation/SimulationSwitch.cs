using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Outheis.Testing;

/// <summary>
/// Lets the kernel of this process be simulated, if that was not said in the project. Too late when the kernel was
/// in use before this assembly was: then a simulation says so.
/// </summary>
internal static class SimulationSwitch
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "has to come before the kernel's first use, wherever that is")]
    internal static void Allow()
    {
        if (!AppContext.TryGetSwitch(Interference.Switch, out _))
        {
            AppContext.SetSwitch(Interference.Switch, true);
        }
    }
}
