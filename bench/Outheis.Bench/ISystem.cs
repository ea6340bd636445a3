namespace Outheis.Bench;

/// <summary>
/// One of the systems side by side. It opens a shape, ready to run; the runner decides when and how often.
/// </summary>
internal interface ISystem
{
    string Name { get; }

    /// <summary>The ways this system can be set up; one, named "default", where there is no choice.</summary>
    IReadOnlyList<string> Variants { get; }

    bool Supports(Shape shape, string variant);

    ShapeRun Open(Shape shape, string variant, Round round);
}

/// <summary>
/// A system set up for one shape. Start sets one round going, possibly returns before it is over, and may be
/// called again once the round's parties have all reported.
/// </summary>
internal sealed class ShapeRun(Action start, Func<ValueTask> close)
{
    public void Start() => start();

    public void Close() => close().AsTask().GetAwaiter().GetResult();
}
