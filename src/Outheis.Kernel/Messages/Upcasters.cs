using System.Globalization;

namespace Outheis;

/// <summary>The steps by which recorded messages come to the versions that this program has (ES-08). Filled before a
/// kernel starts, then read by any thread.</summary>
internal sealed class Upcasters
{
    private readonly Dictionary<(string Name, int From), Upcaster> _steps = [];

    /// <exception cref="ArgumentException">There is one from that version already.</exception>
    public void Add(Upcaster step)
    {
        if (!_steps.TryAdd((step.Name, step.From), step))
        {
            throw new ArgumentException(
                Invariant($"{step.Name} has an upcaster from version {step.From} to {step.From + 1} already."));
        }
    }

    /// <summary>The version at which the steps from this one end; itself if there are none.</summary>
    public int EndOf(string? name, int version)
    {
        while (name is not null && _steps.ContainsKey((name, version)))
        {
            version++;
        }

        return version;
    }

    /// <summary>Looks for a step that is missing between others.</summary>
    /// <exception cref="ArgumentException">One is.</exception>
    public void Check()
    {
        foreach (Upcaster step in _steps.Values)
        {
            int end = EndOf(step.Name, step.From);
            int next = _steps.Keys.Where(key => key.Name == step.Name && key.From > end)
                .Select(static key => key.From).Order().FirstOrDefault();
            if (next != 0)
            {
                throw new ArgumentException(Invariant(
                    $"{step.Name} has upcasters up to version {end} and again from version {next} on: add one from ")
                    + Invariant($"version {end} to {end + 1}."));
            }
        }
    }

    /// <summary>Reads a record and takes it to a later version. Null: done; otherwise why not.</summary>
    /// <exception cref="JournalException">A step threw.</exception>
    public string? Read<T>(MessageCodecs codecs, JournalEntry entry, int to, out T message)
    {
        message = default!;
        object? value = null;
        for (int at = entry.TypeVersion; at < to; at++)
        {
            if (!_steps.TryGetValue((entry.TypeFullName!, at), out Upcaster? step))
            {
                return Invariant($"its version is {entry.TypeVersion}, and this program has version {to}: add an ")
                    + Invariant($"upcaster from version {at} to {at + 1}");
            }

            string? reason = value is null ? step.Read(codecs, entry, out value) : step.Accept(codecs, ref value);
            if (reason is not null)
            {
                return reason;
            }

            value = Apply(step, entry, value!);
            if (value is null)
            {
                return Invariant($"its upcaster from version {at} made nothing of it");
            }
        }

        return codecs.Finish(value!, out message);
    }

    private static object? Apply(Upcaster step, JournalEntry entry, object value)
    {
        try
        {
            return step.Apply(value);
        }
        catch (Exception bug)
        {
            throw new JournalException(
                Invariant($"The upcaster of {entry.TypeFullName} from version {step.From} to {step.From + 1} threw at ")
                + Invariant($"{entry.Position}: {bug.GetType().Name}: {bug.Message}"), bug);
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
