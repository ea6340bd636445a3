namespace Outheis.Testing;

/// <summary>
/// A program whose process ends again and again, at any moment, by a kill or with the machine, and that goes on with
/// the journal that the disk then has. Its agents and the host send each other numbered messages, small and large. If
/// they move between cores meanwhile, nothing of the journal is given up, and each agent's messages are one history,
/// wherever they are; else those of each lane, or of each agent of it (<see cref="JournalHistory"/>).
/// </summary>
internal sealed class JournalLives(WorkloadRun run, bool mayCutPower, bool moves = false)
{
    private const int AttemptsMost = 20;
    private const int StepsOfALongLife = 100_000;

    private readonly List<JournalHistory> _histories = [];
    private readonly DiskFaults _faults = mayCutPower && run.WithFaults ? DrawFaults(run.Choices) : DiskFaults.None;
    private readonly long[] _durableTo = new long[JournalLimits.Lanes];      // positions that no lane may end before
    private SimulatedDisk _disk = new();
    private readonly bool _archives = run.Choices.Draw(3) == 1;      // then journal and archive together have all
    private bool _mayGiveUp;      // this life's retention, or an earlier one's
    private bool _cutsPower;      // at the end of this life
    private bool _fromDevice;     // the power was cut before this one, and no opening has come to its end since
    private bool _isOpened;       // this life's opening has
    private bool _isLost;         // names of a lane, by a sync that failed: who moved has no whole history any more

    private string Promise => mayCutPower ? "INV-31" : "INV-30";

    public void Run()
    {
        run.MovesDrawn = moves ? [30, 300] : [];
        int lives = 2 + run.Choices.Draw(3);
        for (int life = 0; life < lives && !_isLost; life++)
        {
            DiskImage left = LiveAndDie(life);
            _disk = SimulatedDisk.From(left, run.Choices, _faults);
        }

        if (!_isLost)
        {
            CheckLast();
        }
    }

    private static DiskFaults DrawFaults(Choices choices) => new()
    {
        CreateOneIn = choices.Pick([0, 10]),
        OpenOneIn = choices.Pick([0, 20]),
        RenameOneIn = choices.Pick([0, 10]),
        SyncOneIn = choices.Pick([0, 10, 4]),
        NamesInAnyOrder = choices.Chance(4),
    };

    public static JournalRetention DrawRetention(Choices choices) => choices.Draw(6) switch
    {
        0 => JournalRetention.KeepBytes(1),
        1 => JournalRetention.KeepBytes(3 * JournalLimits.SegmentBytesMin),
        2 => JournalRetention.KeepFor(TimeSpan.FromMilliseconds(choices.Pick([1, 20]))),
        _ => JournalRetention.KeepAll,
    };

    private DiskImage LiveAndDie(int life)
    {
        int cores = moves ? 2 + run.Choices.Draw(2) : 1 + run.Choices.Draw(3);
        _fromDevice = _cutsPower || (_fromDevice && !_isOpened);
        _cutsPower = mayCutPower && !run.Choices.Chance(3);
        SimulationOptions options = run.DrawOptions() with
        {
            Cores = cores,
            Retention = moves ? JournalRetention.KeepAll : DrawRetention(run.Choices),
            Archives = _archives,
            Faults = new FaultOptions
            {
                KillOneIn = run.Choices.Pick([0, 4000, 800, 200, 40]),
                KillCutsPower = _cutsPower,
                StickOneIn = run.Choices.Pick([0, 200]),
            },
        };
        _mayGiveUp |= options.Retention.IsBounded && !_archives;
        Simulation simulation = Open(options);
        if (life > 0)
        {
            CheckRecovery(simulation);
        }
        else
        {
            _isOpened = simulation.Killed is null;
        }

        var history = new JournalHistory(life, cores, agents: 2 + run.Choices.Draw(4),
            byAgent: moves || options.Faults.StickOneIn > 0, moves);
        _histories.Add(history);
        var team = new JournalTeam(run, simulation, history);
        if (mayCutPower)
        {
            team.FlushNowAndThen(_disk, (core, position, mark) => NoteFlushed(history, core, position, mark));
        }

        if (run.Choices.Chance(3))
        {
            team.StopSoon();
        }

        RunToEnd(simulation);
        run.Note("messages", history.Sent);
        run.NoteMoved(simulation);
        if (simulation.Killed is null && !team.IsStopped && run.Choices.Chance(2))
        {
            team.Stop();
        }

        DiskImage left = EndOf(simulation, team);
        history.MustHaveAllThatWasAccepted();
        for (int core = 0; team.IsClosed && core < cores; core++)
        {
            _histories.ForEach(one => one.MadeDurable(core));
        }

        CheckImage(simulation, left);
        return left;
    }

    /// <summary>Unless the ring stays full for good: after a sync that failed nothing is given up that was promised,
    /// and nothing is sealed and archived any more, until the process ends.</summary>
    private void RunToEnd(Simulation simulation)
    {
        bool IsFull() => simulation.Steps >= StepsOfALongLife && simulation.Killed is null
            && _disk.Events.Any(static one => one.Contains("Sync", StringComparison.Ordinal));
        run.Note("full for good", simulation.IsReached(IsFull, simulation.Time.Now + TimeSpan.FromHours(1)) ? 1 : 0);
    }

    private void NoteFlushed(JournalHistory history, int core, long position, HistoryMark mark)
    {
        _durableTo[core] = Math.Max(_durableTo[core], position);
        _histories.ForEach(one => one.MadeDurable(core, ReferenceEquals(one, history) ? mark : null));
    }

    /// <summary>A disk that fails while the journal is opened says so; then the machine is started anew.</summary>
    private Simulation Open(SimulationOptions options)
    {
        for (int attempts = 1; ; attempts++)
        {
            try
            {
                return run.Start(options with { Disk = _disk });
            }
            catch (JournalException) when (_disk.Events.Count > 0 && attempts < AttemptsMost)
            {
                run.Note("openings that failed");
                DiskFaults faults = attempts < AttemptsMost / 2 ? _faults : DiskFaults.None;
                DiskImage left = _disk.PowerCut(run.Choices);
                JournalImage image = JournalImage.Read(SimulatedDisk.From(left), ImageState.LeftByPower, _mayGiveUp);
                NoteCut(image);
                _disk = SimulatedDisk.From(left, run.Choices, faults);
                _fromDevice = true;
            }
        }
    }

    private DiskImage EndOf(Simulation simulation, JournalTeam team)
    {
        run.Note(team.IsClosed ? "closed" : simulation.Killed is null ? "killed at rest" : "killed at work");
        return !team.IsStopped ? simulation.Kill(_cutsPower)
            : simulation.Killed ?? (_cutsPower ? _disk.PowerCut(run.Choices) : _disk.Snapshot());
    }

    /// <summary>What the next start will find, looked at before it repairs anything.</summary>
    private void CheckImage(Simulation simulation, DiskImage left)
    {
        JournalImage image = JournalImage.Read(
            SimulatedDisk.From(left), mayCutPower ? ImageState.LeftByPower : ImageState.Whole, _mayGiveUp);
        simulation.Require(
            mayCutPower || image.FirstTorn is null, Promise, $"after a kill a lane is torn: {image.FirstTorn}.");
        Check(simulation, image, _cutsPower);
        if (_cutsPower)
        {
            NoteCut(image);
        }

        run.Note("records found", image.Entries);
        run.Note("records that dangled", image.Dangling);
        run.Note("consumed found", image.Consumed);
        run.Note("messages not in the journal", _histories[^1].Sent - _histories[^1].Told);
        run.Note("lanes torn by the power", image.Ends.Count(static end => end.Kind != LaneEndKind.End));
    }

    /// <summary>The start repaired what it found, and took nothing away that could be read before.</summary>
    private void CheckRecovery(Simulation simulation)
    {
        RecoveryReport report = simulation.Kernel.Recovery!;
        simulation.Require(_fromDevice || !report.Repaired, Promise, $"after a kill: {report}");
        run.Note("recoveries that set something aside", report.Repaired ? 1 : 0);
        _isOpened = simulation.Killed is null;
        if (!_isOpened)
        {
            return;
        }

        _histories.ForEach(history => history.MustKeepAllThatWasTold(_fromDevice));
        JournalImage image = JournalImage.Read(SimulatedDisk.From(_disk.Snapshot()), ImageState.Whole, _mayGiveUp);
        simulation.Require(image.FirstTorn is null, Promise, $"after the repair a lane is torn: {image.FirstTorn}.");
        Check(simulation, image, _fromDevice);
    }

    private void CheckLast()
    {
        _disk = SimulatedDisk.From(_disk.Snapshot());
        _fromDevice = _cutsPower || (_fromDevice && !_isOpened);
        Simulation simulation = run.Start(new SimulationOptions
        {
            Disk = _disk, Cores = 3, UnevenCores = false, InterruptOneIn = 0, TimeMovesOneIn = 0,
        });
        CheckRecovery(simulation);
        StopReport report = simulation.Stop();
        simulation.Require(
            report is { Drained: true, JournalFailure: null }, Promise, "an idle run could not be closed.");
        Check(simulation, JournalImage.Read(_disk, ImageState.Whole, _mayGiveUp), afterPowerCut: false);
    }

    private void NoteCut(JournalImage image) => _histories.ForEach(history =>
        history.NoteCut(image.Of(history.Life), lane => image.BeginOf(history.Life, lane)));

    private void Check(Simulation simulation, JournalImage image, bool afterPowerCut)
    {
        for (int lane = 0; lane < JournalLimits.Lanes; lane++)
        {
            long end = image.Ends.FirstOrDefault(one => one.Lane == lane)?.Position ?? 0;
            simulation.Require(end >= _durableTo[lane], Promise,
                $"lane {lane} ends at {end} although it was durable up to {_durableTo[lane]}.");
        }

        if (moves && image.HasLostABeginning && _disk.Events.Any(
            static one => one.Contains("SyncDirectory", StringComparison.Ordinal)))
        {
            run.Note("beginnings lost");
            _isLost = true;
            return;
        }

        simulation.Require(image.FirstWrong is null, Promise, $"{image.FirstWrong}.");
        foreach (JournalHistory history in _histories)
        {
            string? wrong = history.FirstWrong(
                image.Of(history.Life), afterPowerCut, lane => image.BeginOf(history.Life, lane));
            simulation.Require(wrong is null, Promise, $"life {history.Life} of {_histories.Count}: {wrong}.");
        }
    }
}
