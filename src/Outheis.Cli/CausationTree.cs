using System.Globalization;

namespace Outheis.Cli;

/// <summary>
/// What followed from a root, in one pass over the journal from there on: a record comes after its cause, so whatever
/// names a record of the tree belongs to it, also in a later run, since no position means two records. Bounded: what
/// does not fit is counted.
/// </summary>
internal sealed class CausationTree
{
    private const int DeepestIndent = 24;
    private const int RecordsPerLook = 4096;

    /// <summary>How far the times of two lanes may be apart: the others are searched from so long before.</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromSeconds(10);

    private readonly JournalFolders _folders;
    private readonly CausePath _path;
    private readonly int _limit;
    private readonly Dictionary<long, Node> _nodes = [];
    private readonly Dictionary<(long Run, ulong Correlation), long> _requests = [];      // of asks in the tree
    private readonly HashSet<long> _onPath;
    private readonly long _asked;
    private int _others;          // nodes that are not on the path
    private long _omitted;

    public CausationTree(JournalFolders folders, CausePath path, int limit)
    {
        (_folders, _path, _limit) = (folders, path, limit);
        _asked = path.Newest[^1].Position;
        Node above = Add(path.Root, null);
        foreach (JournalEntry entry in path.Newest.Where(entry => entry.Position != path.Root.Position))
        {
            above = Add(entry, above);
        }

        _onPath = [.. _nodes.Keys];
    }

    /// <summary>The root came from outside, and everything was there and fitted.</summary>
    public bool IsWhole => _path.Missing == 0 && _omitted == 0;

    /// <summary>Finds what else followed from the root.</summary>
    /// <returns>Where lanes ended, and what was given up before it was read.</returns>
    public (IReadOnlyList<LaneEnd> Lanes, IReadOnlyList<LaneLoss> Losses) Fill(
        Action<long, long> progress, CancellationToken token)
    {
        long records = 0, bytes = 0;
        long all = _folders.Bytes();
        using JournalReader reader = JournalReader.Open(_folders.Directory, Query(token));
        while (reader.TryRead(out JournalRecord record, token))
        {
            bytes += record.Bytes;
            if (++records % RecordsPerLook == 0)
            {
                token.ThrowIfCancellationRequested();
                progress(bytes, all);
            }

            if (_nodes.TryGetValue(record.Position, out Node? known)) known.Order = records;
            else if (CauseIn(in record) is { } cause) Take(in record, cause, records);
        }

        return (reader.Ends, reader.Losses);
    }

    // What a later run wrote may have an earlier time, if the clock was set back meanwhile: then all is read.
    private JournalQuery Query(CancellationToken token) => HasLaterRun(token)
        ? new JournalQuery { Archive = _folders.Archive }
        : new JournalQuery
        {
            Archive = _folders.Archive,
            From = _path.Root.Position,
            Since = CausePath.Before(_path.Root.Time, ClockSlack),
        };

    private bool HasLaterRun(CancellationToken token)
    {
        using JournalReader ends = JournalReader.Open(
            _folders.Directory, new JournalQuery { Archive = _folders.Archive, LastBytes = 1 });
        while (ends.TryRead(out JournalRecord record, token))
        {
            if (record.Run > _path.Root.Run) return true;
        }

        return false;
    }

    public void Print(TextWriter output)
    {
        if (_path.Missing != 0)
        {
            output.WriteLine($"  ... caused by {Place.Of(_path.Missing)}, which the journal does not hold any more");
        }

        var open = new Stack<(Node Node, int Depth)>();
        open.Push((_nodes[_path.Root.Position], 0));
        long run = _path.Root.Run;
        while (open.TryPop(out (Node Node, int Depth) next))
        {
            bool isOfAnotherRun = next.Node.Entry.Run != run;
            run = next.Node.Entry.Run;
            Print(output, next.Node, next.Depth, isOfAnotherRun);
            foreach (Node below in next.Node.Below.OrderByDescending(static node => node.Order))
            {
                open.Push((below, next.Depth + 1));
            }
        }

        if (_omitted > 0)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"At least {_omitted} more followed; --limit shows more than {_limit}."));
        }
    }

    private void Print(TextWriter output, Node node, int depth, bool tellsRun)
    {
        string indent = new(' ', 2 * Math.Min(depth, DeepestIndent));
        bool isAsked = node.Entry.Position == _asked;
        if (node.Entry.Position == _path.Newest[0].Position && _path.Between > 0)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {indent}... {_path.Between} causes between"));
        }

        string run = tellsRun
            ? Colours.Dim(string.Create(CultureInfo.InvariantCulture, $" (run {node.Entry.Run})")) : "";
        output.WriteLine($"{(isAsked ? Colours.Bold("> ") : "  ")}{indent}{EntryLine.Of(node.Entry)}{run}");
    }

    // The record of the tree that caused this one; null: none did.
    private long? CauseIn(in JournalRecord record)
    {
        if (record.Cause != 0) return _nodes.ContainsKey(record.Cause) ? record.Cause : null;
        bool isEndOfAsk = record.Kind is JournalKind.TimedOut or JournalKind.Replied;
        return isEndOfAsk && _requests.TryGetValue((record.Run, record.Correlation), out long request)
            ? request : null;
    }

    // What the path itself caused has as much room again, however much followed from elsewhere.
    private void Take(in JournalRecord record, long cause, long order)
    {
        if (_others >= (_onPath.Contains(cause) ? 2L * _limit : _limit))
        {
            _omitted++;
            return;
        }

        _others++;
        Add(record.ToEntry(), _nodes[cause]).Order = order;
    }

    private Node Add(JournalEntry entry, Node? above)
    {
        var node = new Node(entry);
        _nodes.Add(entry.Position, node);
        above?.Below.Add(node);
        bool isRequest = entry.Kind == JournalKind.Sent && entry.Correlation != 0 && entry.Target != AgentId.Host;
        if (isRequest) _requests[(entry.Run, entry.Correlation)] = entry.Position;
        return node;
    }

    private sealed class Node(JournalEntry entry)
    {
        public JournalEntry Entry => entry;

        /// <summary>When it was met.</summary>
        public long Order { get; set; }

        public List<Node> Below { get; } = [];
    }
}
