using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>What a run of the kernel under a seed is made of: equal ones give equal runs.</summary>
/// <param name="Seed">Everything that is drawn is drawn from it.</param>
/// <param name="Cores">From 1 to 4.</param>
/// <param name="Capacity">Of channels for which nothing else is said.</param>
public readonly record struct RunSeed(ulong Seed, int Cores, ChannelCapacity Capacity)
{
    /// <summary>Any seed, 1 to 4 cores, any capacity.</summary>
    public static Gen<RunSeed> Generator { get; } =
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        from cores in Gen.Choose(1, 4)
        from capacity in ChannelCapacity.Generator
        select new RunSeed(((ulong)high << 31) | (uint)low, cores, capacity);

    /// <summary>The kernel's own share: cores, capacity, seed.</summary>
    public KernelOptions ToKernelOptions() =>
        new() { Cores = Cores, ChannelCapacity = Capacity.Messages, Seed = Seed };

    /// <summary>The choices that the seed gives.</summary>
    public Choices ToChoices() => new(Seed);

    /// <summary>Fewer cores and smaller channels. Another seed is another run, not a simpler one.</summary>
    public static IEnumerable<RunSeed> Shrink(RunSeed run) =>
        Smaller.Numbers(run.Cores, least: 1).Select(cores => run with { Cores = cores })
            .Concat(ChannelCapacity.Shrink(run.Capacity).Select(capacity => run with { Capacity = capacity }));
}
