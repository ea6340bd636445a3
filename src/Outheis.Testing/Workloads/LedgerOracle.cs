namespace Outheis.Testing;

/// <summary>Whether a ledger that was taken from its checkpoint and read on knows what one knows that has read
/// everything.</summary>
internal static class LedgerOracle
{
    /// <summary>Null: it does, or the retention has taken what the whole journal would tell.</summary>
    /// <param name="disk">With a journal that was opened, so that nothing in it is torn.</param>
    public static string? Difference(SimulatedDisk disk)
    {
        if (LaneFiles.Find(disk, Simulation.JournalDirectory).Any(static lane => lane.Sequences() is [> 0, ..]))
        {
            return null;
        }

        using LedgerReader resumed = LedgerReader.Open(disk, Simulation.JournalDirectory, archive: null);
        using LedgerReader whole = LedgerReader.Open(
            disk, Simulation.JournalDirectory, archive: null, useCheckpoint: false);
        resumed.CatchUp();
        whole.CatchUp();
        string[] now = Describe(resumed), then = Describe(whole);
        int at = Enumerable.Range(0, Math.Max(now.Length, then.Length))
            .FirstOrDefault(i => now.ElementAtOrDefault(i) != then.ElementAtOrDefault(i), -1);
        return at < 0 ? null
            : $"from its checkpoint: {now.ElementAtOrDefault(at)}; "
                + $"from the whole journal: {then.ElementAtOrDefault(at)}";
    }

    // Messages of different lanes may be read in another order, if neither caused the other.
    private static string[] Describe(LedgerReader reader)
    {
        List<string> lines = [];
        foreach (string name in reader.Ledger.Names.Order(StringComparer.Ordinal))
        {
            AgentPast past = reader.Find(name)!;
            lines.Add($"{name} run {past.Run} cut {past.IsCut} state {past.Snapshot?.Position}"
                + $" {past.Snapshot?.TypeFullName} given up {past.GivenUp}");
            lines.AddRange(past.Turns.Select(static turn =>
                $"took {turn.Message.Position} {turn.Message.TypeFullName} at {turn.Message.Time:O} {turn.IsCutOff} "
                + $"{turn.Attempts}: "
                + string.Join(' ', turn.Outputs.Select(static output => $"{output.Position} {output.Kind}"))));
            lines.AddRange(past.Timers.OrderBy(static timer => timer.Entry.Position).Select(static timer =>
                $"armed {timer.Entry.Position} {timer.Entry.TypeFullName} {timer.Entry.Armed} taken {timer.Taken}"));
            lines.AddRange(past.Waiting.OrderBy(static message => message.Position).Select(static message =>
                $"waits {message.Position} {message.Entry.TypeFullName} from {message.Entry.SenderName} "
                + $"{message.Attempts} {message.IsRetry} {message.Reason}"));
        }

        lines.AddRange(reader.Quarantine().OrderBy(static message => message.Position)
            .Select(static message => $"quarantine {message.Position} {message.Name} {message.Reason}"));
        return [.. lines];
    }
}
