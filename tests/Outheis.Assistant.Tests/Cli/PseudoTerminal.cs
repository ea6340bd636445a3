using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>A terminal that nobody sits at: what a process writes to the file of its name is collected.</summary>
internal sealed partial class PseudoTerminal : IDisposable
{
    private const int ReadWrite = 2, NoControllingTerminal = 0x100, NameBytes = 64;

    private readonly SafeFileHandle _master;
    private readonly StringBuilder _text = new();      // locked
    private readonly Thread _reader;

    public PseudoTerminal()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Terminals are made as Linux does.");
        _master = new SafeFileHandle(OpenMaster(ReadWrite | NoControllingTerminal), ownsHandle: true);
        int descriptor = (int)_master.DangerousGetHandle();
        var name = new byte[NameBytes];
        Assert.Equal(
            (0, 0, 0), (GrantSlave(descriptor), UnlockSlave(descriptor), NameSlave(descriptor, name, NameBytes)));
        Name = Encoding.ASCII.GetString(name, 0, Array.IndexOf(name, (byte)0));
        _reader = new Thread(Collect) { IsBackground = true };
        _reader.Start();
    }

    public string Name { get; }

    public string Text
    {
        get
        {
            lock (_text) return _text.ToString();
        }
    }

    /// <summary>All that was written, once whoever had it open has ended.</summary>
    public string ReadToEnd()
    {
        Assert.True(_reader.Join(TimeSpan.FromSeconds(30)), "The terminal is still in use.");
        return Text;
    }

    public void Dispose() => _master.Dispose();

    // Reading fails once nobody has the other side open any more.
    private void Collect()
    {
        var bytes = new byte[4096];
        using var master = new FileStream(_master, FileAccess.Read, bufferSize: 0);
        try
        {
            while (master.Read(bytes) is > 0 and var count)
            {
                lock (_text) _text.Append(Encoding.UTF8.GetString(bytes, 0, count));
            }
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException)
        {
            // Everybody has gone.
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_openpt")]
    private static partial int OpenMaster(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt")]
    private static partial int GrantSlave(int master);

    [LibraryImport("libc", EntryPoint = "unlockpt")]
    private static partial int UnlockSlave(int master);

    [LibraryImport("libc", EntryPoint = "ptsname_r")]
    private static partial int NameSlave(int master, [Out] byte[] name, nuint bytes);
}
