using System.Runtime.InteropServices;

namespace Outheis.Cli;

/// <summary>
/// Ctrl-C, SIGTERM and SIGHUP. The first asks the program to end in order; the second ends it at once, and
/// the next start repairs what that tore.
/// </summary>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _exitCode;

    public Interrupt() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Hear(context, 2)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Hear(context, 15)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Hear(context, 1)),
    ];

    /// <summary>Fires at the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>128 and the signal's number, or 0 while none has come.</summary>
    public int ExitCode => Volatile.Read(ref _exitCode);

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
    }

    private void Hear(PosixSignalContext context, int number)
    {
        bool first = Interlocked.CompareExchange(ref _exitCode, Cli.ExitCode.Signal + number, 0) == 0;
        context.Cancel = first;
        if (!first) return;
        ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), _source, preferLocal: false);
    }
}
