using Xunit;

namespace Outheis.Tests;

/// <summary>What control groups allow, from files as Linux has them.</summary>
public sealed class CpuQuotaTests : IDisposable
{
    private const string Version2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    private const string Version1 =
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        + "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
        + "32 30 0:29 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n";

    private readonly FilesOnDisk _machine = new();

    private int? Quota => CpuQuota.Read(_machine.Files);

    [Theory]
    [InlineData("max 100000\n", null)]
    [InlineData("100000 100000\n", 1)]
    [InlineData("150000 100000\n", 2)]
    [InlineData("1000 100000\n", 1)]
    [InlineData("200001 100000\n", 3)]
    [InlineData("50000 25000\n", 2)]
    [InlineData("300000\n", 3)]
    [InlineData("-1 100000\n", null)]
    [InlineData("0 100000\n", null)]
    [InlineData("NaN Infinity\n", null)]
    [InlineData("9223372036854775807 1\n", int.MaxValue)]
    [InlineData("nonsense", null)]
    [InlineData("", null)]
    public void Version2_OneGroup_IsRoundedUp(string max, int? quota)
    {
        _machine.With("proc/self/cgroup", "0::/app\n").With("proc/self/mountinfo", Version2)
            .With("sys/fs/cgroup/app/cpu.max", max);
        Assert.Equal(quota, Quota);
    }

    [Fact]
    public void Version2_AGroupAboveAllowsLess_CountsToo()
    {
        _machine.With("proc/self/cgroup", "0::/a/b/c\n").With("proc/self/mountinfo", Version2)
            .With("sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n")
            .With("sys/fs/cgroup/a/b/cpu.max", "max 100000\n")
            .With("sys/fs/cgroup/a/cpu.max", "250000 100000\n");
        Assert.Equal(3, Quota);
        _machine.With("sys/fs/cgroup/cpu.max", "100000 100000\n");      // of the root itself, as a container sees it
        Assert.Equal(1, Quota);
        _machine.With("sys/fs/cgroup/a/b/c/cpu.max", "20000 100000\n")
            .With("sys/fs/cgroup/a/b/cpu.max", "10000 100000\n");
        Assert.Equal(1, Quota);
    }

    [Theory]
    [InlineData("/docker/abc", "0::/docker/abc\n")]              // no namespace of its own: the mount shows its group
    [InlineData("/docker/abc", "0::/docker/abc/inner\n")]
    [InlineData("/docker/abc", "0::/elsewhere\n")]
    [InlineData("/", "0::/../../outside\n")]
    [InlineData("/", "0::/\n")]
    public void Version2_InAContainer_TheMountsOwnLimitCounts(string root, string group)
    {
        _machine.With("proc/self/cgroup", group)
            .With("proc/self/mountinfo", Version2.Replace(" / /sys", $" {root} /sys", StringComparison.Ordinal))
            .With("sys/fs/cgroup/cpu.max", "200000 100000\n")
            .With("sys/fs/cgroup/inner/cpu.max", "max 100000\n");
        Assert.Equal(2, Quota);
    }

    [Theory]
    [InlineData("-1\n", "100000\n", null)]
    [InlineData("250000\n", "100000\n", 3)]
    [InlineData("50000\n", "50000\n", 1)]
    [InlineData("50000\n", null, 1)]
    public void Version1_QuotaAndPeriod_AreTwoFiles(string quota, string? period, int? expected)
    {
        _machine.With("proc/self/cgroup", "9:cpuset:/x\n4:cpu,cpuacct:/y\n0::/z\n")
            .With("proc/self/mountinfo", Version1)
            .With("sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_quota_us", quota)
            .With("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "100000\n")      // nobody's
            .With("sys/fs/cgroup/cpuset/x/cpu.cfs_quota_us", "100000\n");
        if (period is not null)
        {
            _machine.With("sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_period_us", period);
        }

        Assert.Equal(expected, Quota);
    }

    [Fact]
    public void BothVersions_TheLesserCounts()
    {
        _machine.With("proc/self/cgroup", "4:cpu,cpuacct:/y\n0::/z\n")
            .With(
                "proc/self/mountinfo",
                Version1 + Version2.Replace("cgroup rw", "cgroup/unified rw", StringComparison.Ordinal))
            .With("sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_quota_us", "800000\n")
            .With("sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_period_us", "100000\n");
        Assert.Equal(8, Quota);
        _machine.With("sys/fs/cgroup/unified/z/cpu.max", "400000 100000\n");
        Assert.Equal(4, Quota);
        _machine.With("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");      // of the group above
        Assert.Equal(2, Quota);
    }

    [Fact]
    public void NoFiles_OrNoneThatSaysAnything_IsNoLimit()
    {
        Assert.Null(Quota);
        _machine.With("proc/self/cgroup", "garbage\n::\n").With("proc/self/mountinfo", "\n - \n1 2 3 4 5 - cgroup2\n");
        Assert.Null(Quota);
        _machine.With("proc/self/cgroup", "0::/app\n").With("proc/self/mountinfo", Version2);
        Assert.Null(Quota);
    }

    public void Dispose() => _machine.Dispose();
}
