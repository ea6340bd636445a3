using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>How a turn that computes for long lets others run.</summary>
public sealed partial class AgentContext
{
    /// <summary>Whether this core has something else to do; as <see cref="Context.ShouldYield"/>.</summary>
    public bool ShouldYield
    {
        get
        {
            using KernelCall call = OnCore(out Core core);
            return core.ShouldYield;
        }
    }

    /// <summary>Awaited, lets the others of this core run; the turn goes on when this agent's turn comes again, behind
    /// those that wait in its class. It takes no other message meanwhile.</summary>
    /// <returns>To be awaited once, at once.</returns>
    /// <remarks>Cost: a turn, and no allocation of its own. Goes on at once while recorded messages are handled once
    /// more, so a durable agent may yield.</remarks>
    public TurnYield Yield()
    {
        using KernelCall call = OnCore(out _);
        return new TurnYield(this);
    }
}

/// <summary>What <see cref="AgentContext.Yield"/> returns, for <see langword="await"/> alone.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct TurnYield : ICriticalNotifyCompletion
{
    private static readonly Action<object?> Go = static continuation => ((Action)continuation!)();

    private readonly AgentContext _context;

    internal TurnYield(AgentContext context) => _context = context;

    /// <summary>Nobody is let run while recorded messages are handled once more.</summary>
    public bool IsCompleted
    {
        get
        {
            using KernelCall call = _context.Core.CallIfHere();
            return _context.Core.Replay is not null;
        }
    }

    /// <summary>For the compiler.</summary>
    public TurnYield GetAwaiter() => this;

    /// <summary>For the compiler: goes on when the agent's turn comes.</summary>
    /// <param name="continuation">The rest of the turn.</param>
    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    /// <inheritdoc cref="OnCompleted"/>
    public void UnsafeOnCompleted(Action continuation)
    {
        using KernelCall call = _context.Core.CallIfHere();
        _context.Resume(Go, continuation);
    }

    /// <summary>For the compiler.</summary>
    public void GetResult()
    {
    }
}
