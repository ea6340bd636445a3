using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>
/// Everything at once, under a seed: sends, waiting sends, asks with timeouts and cancellation, failures, restarts,
/// revocations, time. Afterwards nothing is lost, nothing happened twice and nothing is left over.
/// </summary>
public sealed class ChaosTests
{
    private const int Workers = 5;
    private const int Poison = -1;

    [Property(MaxTest = 80)]
    public static void Kernel_AnyEvents_LosesNothingAndLeavesNothing(int seed)
    {
        using var world = new StepKernel(seed, cores: 1 + (seed & 3) % 3);
        new Chaos(world, seed).Run();
    }

    private sealed class Chaos(StepKernel world, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly AgentId[] _agents = new AgentId[Workers];
        private readonly List<CancellationTokenSource> _cancels = [];
        private int _accepted, _entered, _failed, _asksBegun, _asksEnded, _requestsEntered, _sendsBegun, _sendsEnded;

        private Kernel Kernel => world.Kernel;

        public void Run()
        {
            AgentId boss = Kernel.Spawn(new Listener { Restarts = true }, core: 0);
            for (int i = 0; i < Workers; i++)
            {
                var options = new SpawnOptions
                {
                    Core = _random.Next(Kernel.Cores.Length),
                    Capacity = _random.Next(10, 60),
                    Supervisor = boss,
                    Qos = (Qos)_random.Next(5),
                };
                _agents[i] = Kernel.Spawn($"worker {i}", () => new Worker(this), options);
            }

            for (int i = 0; i < 250; i++)
            {
                Happen();
                for (int steps = _random.Next(3); steps > 0; steps--)
                {
                    world.Step();
                }
            }

            Finish();
        }

        private void Happen()
        {
            switch (_random.Next(12))
            {
                case < 3:
                    Note(Kernel.Grant<int>(Any()).Send(_random.Next(20) == 0 ? Poison : 1));
                    break;
                case < 5:
                    SendMany(Any(), Any());
                    break;
                case < 9:
                    Ask(Any(), Any());
                    break;
                case 9:
                    SendAndWait(Any(), Any());
                    break;
                case 10:
                    world.Time.AdvanceBy(TimeSpan.FromMilliseconds(_random.Next(40)));
                    break;
                default:
                    CancelOrRevoke();
                    break;
            }
        }

        private AgentId Any() => _agents[_random.Next(Workers)];

        private void Note(SendResult sent)
        {
            Assert.True(sent is SendResult.Sent or SendResult.Full or SendResult.Revoked or SendResult.Denied,
                $"{sent} seed={seed}");
            _accepted += sent == SendResult.Sent ? 1 : 0;
        }

        /// <summary>Scripts that do not fit into a channel do not happen.</summary>
        private void Try(AgentId agent, Script script) => _ = Kernel.Grant<Do>(agent).Send(new Do(script));

        private bool Try(AgentId agent, Func<AgentContext, CancellationToken, ValueTask> script) =>
            Kernel.Grant<DoAsync>(agent).Send(new DoAsync(script)) == SendResult.Sent;

        private void SendMany(AgentId from, AgentId to)
        {
            int count = _random.Next(100);
            bool fails = _random.Next(10) == 0;
            Capability<int> capability = Kernel.GrantTo<int>(from, to);
            Try(from, context =>
            {
                for (int i = 0; i < count; i++)
                {
                    Note(context.Send(capability, i));
                }

                if (fails)
                {
                    throw new InvalidDataException("bug");
                }
            });
        }

        private void SendAndWait(AgentId from, AgentId to)
        {
            var source = new CancellationTokenSource();
            _cancels.Add(source);
            Capability<int> capability = Kernel.GrantTo<int>(from, to);
            Try(from, async (context, turn) =>
            {
                _sendsBegun++;
                try
                {
                    using var both = CancellationTokenSource.CreateLinkedTokenSource(source.Token, turn);
                    Note(await context.SendAsync(capability, 1, both.Token));
                }
                catch (OperationCanceledException)
                {
                    // As asked for.
                }
                finally
                {
                    _sendsEnded++;
                }
            });
        }

        private void Ask(AgentId from, AgentId to)
        {
            int request = _random.Next(12) == 0 ? Poison : _random.Next(3);
            TimeSpan timeout = TimeSpan.FromMilliseconds(_random.Next(1, 200));
            var source = new CancellationTokenSource();
            _cancels.Add(source);
            AskCapability<int, long> capability = Kernel.GrantAskTo<int, long>(from, to);
            CancellationToken token = _random.Next(2) == 0 ? source.Token : default;
            Try(from, async (context, _) =>
            {
                _asksBegun++;
                try
                {
                    Assert.Equal(request + 1L, await context.AskAsync(capability, request, timeout, token));
                }
                catch (AskException)
                {
                    // As asked for.
                }
                catch (OperationCanceledException)
                {
                    // As asked for.
                }
                finally
                {
                    _asksEnded++;
                }
            });
        }

        private void CancelOrRevoke()
        {
            if (_cancels.Count > 0)
            {
                _cancels[_random.Next(_cancels.Count)].Cancel();
            }

            CapabilityNode[] nodes = Kernel.Capabilities.Snapshot();
            if (nodes.Length > 0)
            {
                _ = Kernel.RevokeAsync(new Capability<int>(nodes[_random.Next(nodes.Length)]));
            }
        }

        private void Finish()
        {
            foreach (CancellationTokenSource source in _cancels)
            {
                source.Cancel();
                source.Dispose();
            }

            world.Run();
            world.Advance(TimeSpan.FromMilliseconds(400));
            Assert.True(_asksBegun == _asksEnded, $"{_asksBegun} asks begun, {_asksEnded} ended, seed={seed}");
            Assert.True(_sendsBegun == _sendsEnded, $"{_sendsBegun} sends begun, {_sendsEnded} ended, seed={seed}");
            Assert.True(_requestsEntered <= _asksBegun, $"{_requestsEntered} requests of {_asksBegun}, seed={seed}");
            Assert.True(_accepted == _entered, $"{_accepted} accepted, {_entered} handled, seed={seed}");
            long letters = Kernel.DeadLetters.Count(DeadLetterReason.HandlerFailed);
            Assert.True(letters >= _failed, $"{_failed} failed, {letters} letters, seed={seed}");
            Assert.True(Kernel.DeadLetters.Count(DeadLetterReason.TargetDead) == 0, $"seed={seed}");
            foreach (Core core in Kernel.Cores)
            {
                Assert.True(
                    core.IsQuiet && core.Cells.InUse == 0 && core.Replies.Pending == 0 && core.WaitingAgents == 0,
                    $"core {core.Index}: {core.Cells.InUse} cells, {core.Replies.Pending} asks, "
                    + $"{core.WaitingAgents} waiting, seed={seed}");
            }

            foreach (AgentCell agent in Kernel.Agents.Snapshot())
            {
                agent.Credits.Settle(somebodyWaits: true, isIdle: true);
                Assert.True(agent.Credits.Free == agent.Credits.Capacity,
                    $"{agent}: {agent.Credits.Free} credits, seed={seed}");
                Assert.True(agent.State == AgentState.Idle && agent.Inbox.IsEmpty, $"{agent}, seed={seed}");
            }
        }

        private sealed class Worker(Chaos chaos) : Puppet, IHandle<int>, IAnswerAsync<int, long>
        {
            public void Handle(in int message, Context context)
            {
                chaos._entered++;
                if (message == Poison)
                {
                    chaos._failed++;
                    throw new InvalidDataException("bug");
                }
            }

            public async ValueTask<long> AnswerAsync(
                int request, AgentContext context, CancellationToken cancellationToken)
            {
                chaos._requestsEntered++;
                for (int i = 0; i < request; i++)
                {
                    await Task.Yield();
                }

                return request == Poison ? throw new InvalidDataException("bug") : request + 1;
            }
        }
    }
}
