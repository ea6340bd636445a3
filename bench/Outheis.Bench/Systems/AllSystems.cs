namespace Outheis.Bench.Systems;

internal static class AllSystems
{
    public const string Ours = "outheis";

    public static IReadOnlyList<ISystem> Create() =>
    [
        new OutheisSystem(), new AkkaSystem(), new ProtoSystem(), new ChannelSystem(), new FasterSystem(),
        new BareSystem(),
    ];
}
