using System.Globalization;

namespace Outheis;

/// <summary>
/// How much processor time the control groups of this process allow it, in processors: the least of all groups from
/// its own up to the root, since each limits those below it. Version 2 (<c>cpu.max</c>) and version 1
/// (<c>cpu.cfs_quota_us</c>), also mounted beside each other.
/// </summary>
internal static class CpuQuota
{
    private const string Groups = "proc/self/cgroup";
    private const string Mounts = "proc/self/mountinfo";
    private const string Controller = "cpu";
    private const long DefaultPeriod = 100_000;      // in microseconds, as the kernel's own

    /// <summary>Whole processors, rounded up: half of one still takes a thread. Null: no limit, or none that can be
    /// read.</summary>
    public static int? Read(SystemFiles files)
    {
        double least = double.PositiveInfinity;
        string groups = files.Read(Groups) ?? "";
        foreach (string line in (files.Read(Mounts) ?? "").Split('\n'))
        {
            least = Math.Min(least, LimitUnder(files, groups, line));
        }

        return double.IsFinite(least) ? (int)Math.Clamp(Math.Ceiling(least), 1, int.MaxValue) : null;
    }

    // 36 25 0:31 /docker/abc /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw
    private static double LimitUnder(SystemFiles files, string groups, string mount)
    {
        string[] halves = mount.Split(" - ", 2);
        string[] place = halves[0].Split(' ');
        string[] system = halves.Length == 2 ? halves[1].Split(' ') : [];
        if (place.Length < 5 || system.Length < 3)
        {
            return double.PositiveInfinity;
        }

        bool isVersion2 = system[0] == "cgroup2";
        bool isVersion1 = system[0] == "cgroup" && Names(system[2], Controller);
        string? group = isVersion1 || isVersion2 ? GroupIn(groups, isVersion2) : null;
        return group is null ? double.PositiveInfinity
            : LimitUpwards(files, place[4].TrimEnd('/'), Below(place[3], group), isVersion2);
    }

    // 0::/user.slice    or, in version 1,    4:cpu,cpuacct:/user.slice
    private static string? GroupIn(string groups, bool isVersion2)
    {
        foreach (string line in groups.Split('\n'))
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length == 3
                && (isVersion2 ? parts[0] == "0" && parts[1].Length == 0 : Names(parts[1], Controller)))
            {
                return parts[2];
            }
        }

        return null;
    }

    // A group that the mount does not show, as in a container, is behind the mount's own root.
    private static string Below(string root, string group) =>
        group.StartsWith("/..", StringComparison.Ordinal) ? ""
        : root == "/" ? group.TrimEnd('/')
        : group == root || group.StartsWith(root + "/", StringComparison.Ordinal) ? group[root.Length..] : "";

    private static double LimitUpwards(SystemFiles files, string mount, string group, bool isVersion2)
    {
        double least = double.PositiveInfinity;
        string path = mount + group;
        while (true)
        {
            least = Math.Min(least, isVersion2
                ? LimitOf(files.Read(path + "/cpu.max"))
                : LimitOf(files.Read(path + "/cpu.cfs_quota_us"), files.Read(path + "/cpu.cfs_period_us")));
            if (path.Length <= mount.Length)
            {
                return least;
            }

            path = path[..Math.Max(mount.Length, path.LastIndexOf('/'))];
        }
    }

    // "150000 100000", "max 100000"
    private static double LimitOf(string? max) =>
        max?.Split(' ', 2) is [var quota, var period] ? LimitOf(quota, period) : LimitOf(max, null);

    private static double LimitOf(string? quota, string? period) =>
        !TryMicroseconds(quota, out long allowed) ? double.PositiveInfinity
        : (double)allowed / (TryMicroseconds(period, out long within) ? within : DefaultPeriod);

    // What is not a positive number, as "max" or -1, limits nothing.
    private static bool TryMicroseconds(string? text, out long microseconds) =>
        long.TryParse(
            text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture,
            out microseconds) && microseconds > 0;

    private static bool Names(string list, string name) => Array.IndexOf(list.Split(','), name) >= 0;
}
