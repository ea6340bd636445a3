using Xunit;

namespace Outheis.Tests;

public sealed class JournalDiskNativeTests
{
    /// <summary>The runtime's own flush swallows what fsync says (ES-44). Here it says that it cannot: a folder of the
    /// system's process list is on no disk.</summary>
    [Fact]
    public void SyncDirectory_FsyncFails_Throws()
    {
        if (OperatingSystem.IsLinux())
        {
            Assert.ThrowsAny<IOException>(() => JournalDiskNative.SyncDirectory("/proc/self"));
        }
    }
}
