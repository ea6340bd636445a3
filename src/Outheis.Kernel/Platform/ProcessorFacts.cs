using System.Globalization;

namespace Outheis;

/// <summary>A processor that this process may run on.</summary>
/// <param name="Number">The system's number for it.</param>
/// <param name="IsEfficient">One of the slower kind of a hybrid machine.</param>
/// <param name="Capacity">What it can do beside the machine's fastest, which has
/// <see cref="ProcessorFacts.FullCapacity"/>.</param>
internal sealed record UsableProcessor(int Number, bool IsEfficient, int Capacity);

/// <summary>What this process may use of the machine's processors, as the system tells at one moment.</summary>
/// <remarks>Every start asks, and the first runs code that is not compiled yet: plain loops are much the
/// quickest.</remarks>
/// <param name="Usable">Those that it may run on, by number; none that is offline.</param>
/// <param name="CanBind">Whether threads can be bound to them.</param>
/// <param name="BusyMost">How many it may keep busy at once, by its control groups and by the runtime, which knows
/// <c>DOTNET_PROCESSOR_COUNT</c>.</param>
internal sealed record ProcessorFacts(UsableProcessor[] Usable, bool CanBind, int BusyMost)
{
    public const int FullCapacity = 1024;

    /// <summary>Of the calling thread, whose mask new threads inherit.</summary>
    /// <param name="countsBusy">Whether anybody asks for <see cref="BusyMost"/>: the control groups take the longest to
    /// read, and without them it is what the runtime counts.</param>
    public static ProcessorFacts OfThisThread(bool countsBusy = true) =>
        Of(Affinity.Allowed(), Environment.ProcessorCount, SystemFiles.OfThisMachine, countsBusy);

    /// <summary>The same from what others said.</summary>
    /// <param name="allowed">What the thread may run on, in order; null: nobody says, and threads cannot be
    /// bound.</param>
    /// <param name="runtimeCount">What the runtime counts.</param>
    /// <param name="files">Where Linux tells the rest.</param>
    /// <param name="countsBusy">Whether to read the control groups.</param>
    public static ProcessorFacts Of(int[]? allowed, int runtimeCount, SystemFiles files, bool countsBusy = true)
    {
        int[]? online = ProcessorList.Parse(files.Read("sys/devices/system/cpu/online"));
        int[] efficient = ProcessorList.Parse(files.Read("sys/devices/cpu_atom/cpus")) ?? [];
        List<UsableProcessor> usable = [], offline = [];
        for (int i = 0; i < (allowed?.Length ?? runtimeCount); i++)
        {
            int number = allowed?[i] ?? i;
            bool isOnline = online is null || Array.IndexOf(online, number) >= 0;
            (isOnline ? usable : offline).Add(
                new UsableProcessor(number, Array.IndexOf(efficient, number) >= 0, CapacityOf(files, number)));
        }

        return new ProcessorFacts(
            [.. usable.Count > 0 ? usable : offline],      // that none is online cannot be
            allowed is not null,
            Math.Min(runtimeCount, (countsBusy ? CpuQuota.Read(files) : null) ?? runtimeCount));
    }

    private static int CapacityOf(SystemFiles files, int number) =>
        int.TryParse(
            files.Read($"sys/devices/system/cpu/cpu{number}/cpu_capacity"), CultureInfo.InvariantCulture,
            out int capacity) ? capacity : FullCapacity;
}
