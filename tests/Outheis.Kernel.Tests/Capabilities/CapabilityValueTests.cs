using Xunit;

namespace Outheis.Tests;

/// <summary>Capabilities as values: which are the same, and what they say of themselves.</summary>
public sealed class CapabilityValueTests : IDisposable
{
    private readonly StepKernel _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Equals_OfSends_IsWhetherBothAreTheSameGrant()
    {
        AgentId target = _world.Kernel.Spawn(new Receiver<int>((in int _, Context _) => { }), name: "sink");
        Capability<int> one = _world.Kernel.Grant<int>(target), other = _world.Kernel.Grant<int>(target), copy = one;
        Assert.True(one == copy && one.Equals(copy) && one.Equals((object)copy) && !(one != copy));
        Assert.True(one != other && !one.Equals(other) && !one.Equals((object)other) && !one.Equals("sink"));
        Assert.Equal(one.GetHashCode(), copy.GetHashCode());
        Assert.True(default == default(Capability<int>));
        Assert.Equal((0u, 0), (default(Capability<int>).Id, default(Capability<int>).GetHashCode()));
        Assert.Equal(("send Int32 to sink", "no capability"), (one.ToString(), default(Capability<int>).ToString()));
    }

    [Fact]
    public void Equals_OfAsks_IsWhetherBothAreTheSameGrant()
    {
        AgentId target = _world.Kernel.Spawn(new Answerer<int, long>((in int x, Context _) => x), name: "adder");
        AskCapability<int, long> one = _world.Kernel.GrantAsk<int, long>(target), copy = one;
        AskCapability<int, long> other = _world.Kernel.GrantAsk<int, long>(target);
        Assert.True(one == copy && one.Equals(copy) && one.Equals((object)copy) && !(one != copy));
        Assert.True(one != other && !one.Equals(other) && !one.Equals((object)other) && !one.Equals("adder"));
        Assert.Equal(one.GetHashCode(), copy.GetHashCode());
        Assert.NotEqual(one.Id, other.Id);
        Assert.Equal((0u, 0), (default(AskCapability<int, long>).Id, default(AskCapability<int, long>).GetHashCode()));
        Assert.Equal(
            ("ask adder Int32 for Int64", "no capability"),
            (one.ToString(), default(AskCapability<int, long>).ToString()));
    }
}
