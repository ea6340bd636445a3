namespace Outheis.Cli;

/// <summary>Lines of the input, until a signal comes: reading cannot be interrupted, so another thread reads.</summary>
internal static class Lines
{
    /// <summary>The next line; null: the end of the input. Throws when the token fires.</summary>
    public static string? Next(CancellationToken token)
    {
        using var read = new ReadLine();
        ThreadPool.UnsafeQueueUserWorkItem(read, preferLocal: false);
        return read.Result(token);
    }

    private sealed class ReadLine : IThreadPoolWorkItem, IDisposable
    {
        private readonly ManualResetEventSlim _done = new();
        private string? _line;

        public void Execute()
        {
            _line = Console.In.ReadLine();
            try
            {
                _done.Set();
            }
            catch (ObjectDisposedException)
            {
                // Nobody waits any more: a signal came first, and the process ends.
            }
        }

        public string? Result(CancellationToken token)
        {
            WaitHandle.WaitAny([_done.WaitHandle, token.WaitHandle]);
            token.ThrowIfCancellationRequested();
            return _line;
        }

        public void Dispose() => _done.Dispose();
    }
}
