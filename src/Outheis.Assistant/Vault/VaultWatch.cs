namespace Outheis.Assistant;

/// <summary>
/// Knows whether anything in the vault has changed since it was last asked, so that a conversation need not
/// look at every file before every question. It may say so needlessly. Any thread.
/// </summary>
internal sealed class VaultWatch : IDisposable
{
    private readonly FileSystemWatcher? _watcher;
    private int _hasChanged = 1;
    private int _isBlind;       // the system cannot tell, or could not keep up

    public VaultWatch(string folder)
    {
        try
        {
            _watcher = new FileSystemWatcher(folder)
            {
                IncludeSubdirectories = true,
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite
                    | NotifyFilters.Size | NotifyFilters.Attributes,
            };
            _watcher.Changed += OnChange;
            _watcher.Created += OnChange;
            _watcher.Deleted += OnChange;
            _watcher.Renamed += OnChange;
            _watcher.Error += (_, _) => Volatile.Write(ref _isBlind, 1);
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _isBlind = 1;       // no watches left for this user
        }
    }

    /// <summary>Whether the vault must be looked at; what changes from here on is reported the next
    /// time.</summary>
    public bool TakeChange() =>
        Interlocked.Exchange(ref _hasChanged, 0) != 0 || Volatile.Read(ref _isBlind) != 0;

    public void Dispose() => _watcher?.Dispose();

    private void OnChange(object sender, FileSystemEventArgs change) => Volatile.Write(ref _hasChanged, 1);
}
