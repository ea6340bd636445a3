namespace Outheis.Tests;

/// <summary>Records of agents that live in no kernel.</summary>
internal static class Cells
{
    private static int s_last;

    public static AgentCell Agent(Qos qos = Qos.Default, string? name = null) => new(
        null!, null, new AgentId((uint)Interlocked.Increment(ref s_last)), name, null, null, qos,
            Limits.ChannelMessages);
}
