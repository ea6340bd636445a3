using System.Globalization;

namespace Outheis.Testing;

/// <summary>Says which calls fail, counts them all, and keeps what it said. The disk's gate protects it.</summary>
internal sealed class DiskFaultSource(Choices choices, DiskFaults faults)
{
    private static readonly int Verbs = Enum.GetValues<DiskVerb>().Length;

    private readonly int[] _failing = new int[Verbs];      // how many of the next calls
    private readonly int[] _calls = new int[Verbs];

    public DiskFaults Faults => faults;

    public List<string> Events { get; } = [];

    /// <summary>Called before each call that may fail: a process can be killed there too.</summary>
    public Action? Before { get; set; }

    public int Calls(DiskVerb verb) => _calls[(int)verb];

    public void FailNext(DiskVerb verb, int times) => _failing[(int)verb] = times;

    public bool Fails(DiskVerb verb, string path)
    {
        Before?.Invoke();
        int call = ++_calls[(int)verb];
        ref int failing = ref _failing[(int)verb];
        bool fails = failing > 0 || choices.Chance(faults.OneIn(verb));
        failing -= failing > 0 ? 1 : 0;
        if (fails)
        {
            Events.Add(string.Create(CultureInfo.InvariantCulture, $"{verb} call {call} fails: {path}"));
        }

        return fails;
    }

    public void ThrowIfFails(DiskVerb verb, string path)
    {
        if (Fails(verb, path))
        {
            throw Failure(path);
        }
    }

    public string Describe() => "calls: "
        + string.Join(", ", Enum.GetValues<DiskVerb>().Select(verb => $"{verb} {Calls(verb)}"))
        + string.Concat(Events.Select(static line => $"\n  {line}"));

    public static IOException Failure(string path) => new($"Input/output error: {path}");

    public IOException Full(string path)
    {
        Events.Add($"full: {path}");
        return new IOException($"No space left on device: {path}");
    }
}
