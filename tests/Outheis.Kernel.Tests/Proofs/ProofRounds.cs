using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>One journal, one process after the other.</summary>
internal sealed class ProofRounds(string root, ProofTotal total)
{
    private readonly List<(long Run, string Agent, string State)> _began = [];
    private readonly List<(int Producer, int Number)> _durable = [];
    private readonly HashSet<long> _runs = [];
    private int _round;

    public string Journal => Path.Combine(root, "journal");

    /// <summary>A flush may fail, and an agent with it.</summary>
    public bool MayFail { get; set; }

    /// <summary>What its effects did, and what agents said of their states, may be newer than the journal.</summary>
    public bool LosesPower { get; set; }

    /// <summary>The disk was full: what agents were told meanwhile may not be in the journal.</summary>
    public bool WasFull { get; set; }

    /// <summary>Starts the next process, lets it be ended, and checks what it left. Returns what it said.</summary>
    public IReadOnlyList<string> Run(Action<ProofLife> end, string? program = null, params string[] arguments)
    {
        Directory.CreateDirectory(root);
        _round++;
        using var life = new ProofLife(ProofChild.Describe("run", root, _round, program, arguments));
        end(life);
        IReadOnlyList<string> said = life.WaitForEnd();
        total.Rounds++;
        Check(said);
        return said;
    }

    /// <summary>A process that takes what is left and stops.</summary>
    public void Drain()
    {
        _round++;
        using var life = new ProofLife(ProofChild.Describe("drain", root, _round));
        IReadOnlyList<string> said = life.WaitForEnd();
        Assert.Contains("stopped ", said);
        ProofJournal journal = Check(said)!;
        Assert.True(journal.Waiting.Count == 0, $"never taken: {string.Join(", ", journal.Waiting)}");
    }

    private ProofJournal? Check(IReadOnlyList<string> said)
    {
        if (!Directory.Exists(Journal) || Directory.GetDirectories(Journal).Length == 0)
        {
            return null;      // killed before there was anything
        }

        long run = NewestRun();
        if (_runs.Add(run))
        {
            Note(said, run);
        }

        ProofJournal journal = ProofJournal.Read(Journal, WasFull);
        foreach ((int producer, int number) in _durable)
        {
            Assert.True(journal.Has(producer, number), $"{number} of {producer} was told to be durable and is lost");
        }

        (WasFull || LosesPower ? [] : _began).ForEach(began => journal.CheckBegan(began.Run, began.Agent, began.State));
        if (!WasFull && !LosesPower)
        {
            journal.CheckWorld(Path.Combine(root, ProofChild.World));
        }

        total.Note(journal, said);
        return journal;
    }

    private void Note(IReadOnlyList<string> said, long run)
    {
        Assert.DoesNotContain(said, line => line.StartsWith("failed", StringComparison.Ordinal)
            || line.StartsWith("error", StringComparison.Ordinal)
            || (!MayFail && line.StartsWith("exception", StringComparison.Ordinal)));
        foreach (string[] words in said.Select(static line => line.Split(' ', 3)))
        {
            if (words[0] == "state")
            {
                _began.Add((run, words[1], words[2]));
            }
            else if (words[0] == "durable")
            {
                _durable.Add((Number(words[1]), Number(words[2])));
            }
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private long NewestRun()
    {
        using JournalReader reader = JournalReader.Open(Journal);
        long run = 0;
        while (reader.TryRead(out JournalRecord record))
        {
            run = Math.Max(run, record.Run);
        }

        return run;
    }
}

/// <summary>One process, and what it says.</summary>
internal sealed class ProofLife : IDisposable
{
    private readonly List<string> _said = [];
    private readonly Thread _reader;
    private readonly ManualResetEventSlim _open = new();

    public ProofLife(ProcessStartInfo start)
    {
        Process = Process.Start(start)!;
        _reader = new Thread(Read);
        _reader.Start();
    }

    public Process Process { get; }

    /// <summary>It has a kernel and sends; or it ended.</summary>
    public void WaitUntilOpen() => _open.Wait();

    /// <summary>How many lines of this sort it has said.</summary>
    public int Count(string sort)
    {
        lock (_said)
        {
            return _said.Count(line => line.StartsWith(sort, StringComparison.Ordinal));
        }
    }

    public bool WaitFor(string sort, int count = 1) =>
        SpinWait.SpinUntil(() => Process.HasExited || Count(sort) >= count, TimeSpan.FromSeconds(30));

    /// <summary>Lets it stop its kernel in peace.</summary>
    public void Stop()
    {
        Process.StandardInput.WriteLine();
        Process.StandardInput.Flush();
    }

    public IReadOnlyList<string> WaitForEnd()
    {
        Process.WaitForExit();
        _reader.Join();
        return _said;
    }

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);      // a check failed
        }

        _reader.Join();
        Process.Dispose();
        _open.Dispose();
    }

    private void Read()
    {
        while (Process.StandardOutput.ReadLine() is { } line)
        {
            lock (_said)
            {
                _said.Add(line);
            }

            if (line == "open")
            {
                _open.Set();
            }
        }

        _open.Set();
    }
}

/// <summary>What was tried, in all.</summary>
internal sealed class ProofTotal
{
    public bool HasLivedOn;      // a process that was not killed by what was to kill it
    public int Rounds;
    public int Records;
    public int Durable;
    public int Began;
    public int Snapshots;
    public int InDoubt;

    public void Note(ProofJournal journal, IReadOnlyList<string> said)
    {
        Durable += said.Count(static line => line.StartsWith("durable ", StringComparison.Ordinal));
        Began += said.Count(static line => line.StartsWith("state ", StringComparison.Ordinal));
        (Records, Snapshots, InDoubt) = (
            Records + journal.Records, Snapshots + journal.Snapshots, InDoubt + journal.InDoubt);
    }

    public override string ToString() => $"{Rounds} rounds, {Durable} durable acknowledgements, {Began} states begun "
        + $"with, {Records} records read, {Snapshots} snapshots compared, {InDoubt} effects in doubt";
}
