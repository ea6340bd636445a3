using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Outheis.Testing;

/// <summary>
/// One run of a litmus test. The actors lead in turn: who leads observes the last batch and makes the states of the
/// next; then all act. Between the end of one batch and the beginning of the next the fields belong to the leader.
/// </summary>
internal sealed class LitmusRun<TState>
    where TState : class
{
    private readonly LitmusTest<TState> _test;
    private readonly LitmusOptions _options;
    private readonly Action<TState>[] _actors;
    private readonly TState[] _states;
    private readonly LitmusMeeting _meeting;
    private readonly int[] _processors = Affinity.Allowed() ?? [];
    private readonly Dictionary<string, long> _seen = [];      // the leader's
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private bool _isOver;                                      // the leader's

    public LitmusRun(LitmusTest<TState> test, LitmusOptions options)
    {
        _test = test;
        _options = options;
        _actors = [.. test.Actors];
        _states = new TState[options.Batch];
        _meeting = new LitmusMeeting(_actors.Length);
    }

    public LitmusResult Run()
    {
        Thread[] threads = [.. Enumerable.Range(0, _actors.Length).Select(actor =>
            new Thread(() => Guarded(actor)) { IsBackground = true, Name = $"{_test.Name} actor {actor}" })];
        Array.ForEach(threads, static thread => thread.Start());
        foreach (Thread thread in threads)
        {
            TimeSpan left = _options.Time + _options.Patience - _clock.Elapsed;
            if (!thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero))
            {
                _meeting.Fail(new TimeoutException($"{thread.Name} does not end."));
                break;
            }
        }

        if (_meeting.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        if (_test.Reset is not null)
        {
            DisposeStates();
        }

        return new LitmusResult(_test.Name, _clock.Elapsed, _test.Outcomes, _seen);
    }

    private void Guarded(int actor)
    {
        try
        {
            if (_options.Pin && _processors.Length > 0)
            {
                Affinity.TryBind(_processors[actor % _processors.Length]);
            }

            Act(actor);
        }
        catch (Exception failure)
        {
            _meeting.Fail(failure);
        }
    }

    private void Act(int actor)
    {
        Action<TState> act = _actors[actor];
        bool meetsEachRound = _actors.Length <= Environment.ProcessorCount;
        ulong random = _options.Seed * 0x9E3779B97F4A7C15 + (ulong)actor + 1;
        for (int batch = 0; ; batch++)
        {
            if (batch % _actors.Length == actor)
            {
                Observe();
                Prepare();
            }

            if (!_meeting.Meet(actor) || _isOver)
            {
                return;
            }

            foreach (TState state in _states)
            {
                if (meetsEachRound && !_meeting.Meet(actor))
                {
                    return;
                }

                random = Delay(random);
                act(state);
            }

            if (!_meeting.Meet(actor))
            {
                return;
            }
        }
    }

    private void Prepare()
    {
        _isOver = _seen.Count > 0 && _clock.Elapsed >= _options.Time;
        if (_isOver)
        {
            return;
        }

        for (int i = 0; i < _states.Length; i++)
        {
            if (_test.Reset is null || _states[i] is null)
            {
                _states[i] = _test.Make();
            }

            _test.Reset?.Invoke(_states[i]);
        }
    }

    private void Observe()
    {
        if (_states[0] is null)
        {
            return;      // before the first batch
        }

        foreach (TState state in _states)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_seen, _test.Observe(state), out _)++;
        }

        if (_test.Reset is null)
        {
            DisposeStates();
        }
    }

    private void DisposeStates()
    {
        foreach (TState state in _states)
        {
            (state as IDisposable)?.Dispose();
        }
    }

    // Xorshift, again and again: a delay that no compiler takes out, finer than Thread.SpinWait. Half of a power of
    // two is as likely as the whole.
    private ulong Delay(ulong random)
    {
        random = Next(random);
        ulong most = (ulong)_options.DelayMost >> (int)(random >> 60);
        ulong steps = most == 0 ? 0 : (random >> 8) % most;
        for (ulong step = 0; step < steps; step++)
        {
            random = Next(random);
        }

        return random;
    }

    private static ulong Next(ulong random)
    {
        random ^= random << 13;
        random ^= random >> 7;
        return random ^ (random << 17);
    }
}
