using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Outheis.Cli;

/// <summary>Nobody reads the output any more, as after '| head': time to end, quietly.</summary>
internal sealed class OutputClosedException : Exception;

/// <summary>
/// The standard output. The console's own stream swallows a closed pipe, and a program would go on for nobody; this one
/// tells it once.
/// </summary>
internal sealed partial class OutputStream : Stream
{
    private const int BrokenPipe = 32;                      // EPIPE
    private const int NoReader = unchecked((int)0x800700E8);
    private const int PipeEnded = unchecked((int)0x8007006D);
    private const short PollError = 0x8;                    // POLLERR: the reader has gone
    private const int BufferBytes = 1 << 16;

    private readonly Stream _inner = Open();
    private bool _closed;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>For who waits long until there is something to write: throws an <see cref="OutputClosedException"/>
    /// when nobody would read it. Where the system does not tell, the next write does.</summary>
    public static void RequireReader()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected) return;
        var output = new Polled { File = 1 };
        if (Poll(ref output, 1, timeoutMs: 0) > 0 && (output.Returned & PollError) != 0)
        {
            throw new OutputClosedException();
        }
    }

    public static StreamWriter OpenText() =>
        new(new OutputStream(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), BufferBytes);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_closed) return;
        try
        {
            _inner.Write(buffer);
        }
        catch (IOException failure) when (failure.HResult is BrokenPipe or NoReader or PipeEnded)
        {
            _closed = true;
            throw new OutputClosedException();
        }
    }

    public override void Flush()
    {
        if (!_closed) _inner.Flush();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // A file has an offset that it shares with other programs; there the console's stream is right.
    private static Stream Open()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected) return Console.OpenStandardOutput();
        var file = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return file.CanSeek ? Console.OpenStandardOutput() : file;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref Polled file, nuint files, int timeoutMs);

    [StructLayout(LayoutKind.Sequential)]
    private struct Polled
    {
        public int File;
        public short Asked;
        public short Returned;
    }
}
