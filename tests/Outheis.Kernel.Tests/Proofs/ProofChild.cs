using System.Diagnostics;
using System.Globalization;

namespace Outheis.Tests.Proofs;

/// <summary>
/// The test program in another role: a process with a kernel of two cores, durable agents and senders of every sort, to
/// be killed. It says on its standard output what it was told to be durable, and with which states its agents began.
/// </summary>
internal static class ProofChild
{
    private const string Variable = "OUTHEIS_PROOF_CHILD";
    private const int RoundNumbers = 1_000_000;

    public const int RelayProducer = 5;
    public const int SegmentBytes = 256 << 10;
    public const string World = "world";      // what its effects wrote; beside the journal

    private static readonly Lock s_gate = new();

    public static string Program => Path.Combine(AppContext.BaseDirectory, "Outheis.Kernel.Tests");

    public static MessageCodecs Codecs => new MessageCodecs().Add<Job>().Add<Order>().AddJson(ProofJson.Default.Till);

    /// <summary>The number before a producer's first one of the round that has this number.</summary>
    public static int Before(int number) => number / RoundNumbers * RoundNumbers;

    public static ProcessStartInfo Describe(
        string role, string root, int round, string? program = null, params string[] arguments)
    {
        var start = new ProcessStartInfo(program ?? Program, program is null ? [] : [.. arguments, Program])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment[Variable] = string.Create(CultureInfo.InvariantCulture, $"{role}|{root}|{round}");
        start.Environment["DOTNET_TieredPGO"] = "0";
        return start;
    }

    public static void Say(string line)
    {
        lock (s_gate)
        {
            Console.Out.Write(line + "\n");      // one write to a pipe: all of it or nothing
        }
    }

    /// <summary>The kernel that is to be killed, with its journal under the root.</summary>
    public static Kernel Start(
        string root, MessageCodecs codecs, int cores = 1, int snapshotEvery = Limits.SnapshotEvery,
        int capacity = Limits.ChannelMessages) => Kernel.Start(new KernelOptions
        {
            Cores = cores,
            Pin = false,
            JournalDirectory = Path.Combine(root, "journal"),
            SegmentBytes = SegmentBytes,
            SnapshotEvery = snapshotEvery,
            ChannelCapacity = capacity,
            Codecs = codecs,
            Unsupervised = static end => Say($"failed {end}"),
        });

    /// <summary>False: the process is to be the test program.</summary>
    public static bool TryTakeRole()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } value)
        {
            return false;
        }

        string[] parts = value.Split('|');
        try
        {
            Run(parts[0], parts[1], int.Parse(parts[2], CultureInfo.InvariantCulture));
        }
        catch (JournalException error)
        {
            Say($"error {error.GetType().Name}: {error.Message}");
        }

        return true;
    }

    private static void Run(string role, string root, int round)
    {
        switch (role)
        {
            case "pause":
                Pause(root);
                break;
            case RemovedProof.Role:
                RemovedProof.Run(root);
                break;
            case TimerProof.Role:
                TimerProof.Run(root);
                break;
            default:
                if (role.StartsWith(PoisonProof.Role, StringComparison.Ordinal))
                {
                    PoisonProof.Run(role, root, round);
                }
                else
                {
                    RunTraffic(role, root, round);
                }

                break;
        }
    }

    // Recovery, and the process ends without a word.
    private static void Pause(string root)
    {
        var settings = new JournalSettings { Lanes = 2, SegmentBytes = SegmentBytes };
        string journal = Path.Combine(root, "journal");
        JournalDirectory.Open(journal, settings, SystemJournalDisk.Instance, TimeProvider.System, out _).Abandon();
    }

    private static void RunTraffic(string role, string root, int round)
    {
        using var ended = new CancellationTokenSource();
        Kernel kernel = Start(root, Codecs, cores: 2, snapshotEvery: 50, capacity: 256);
        Capability<Job>[] to = Spawn(kernel, root, out Capability<Order> shop);
        Say("open");
        int number = round * RoundNumbers;
        List<Task> senders = role == "drain" ? [] :
        [
            Producer.RunAsync(0, to[0], static n => new Job(0, n), static _ => false, number, ended.Token),
            Producer.RunAsync(1, to[0], static n => new Job(1, n), static _ => true, number, ended.Token),
            Producer.RunAsync(2, to[1], static n => new Job(2, n), static _ => true, number, ended.Token),
            Producer.RunAsync(3, shop, static n => new Order(3, n), static n => n % 4 == 0, number, ended.Token),
            Producer.RunAsync(4, to[2], static n => new Job(4, n), static n => n % 8 == 0, number, ended.Token),
        ];
        if (role != "drain")
        {
            Console.In.ReadLine();      // or the end of the process
        }

        ended.Cancel();
        StopReport report = kernel.StopAsync(
            TimeSpan.FromSeconds(role == "drain" ? 60 : 3)).GetAwaiter().GetResult();
        Task.WaitAll([.. senders]);      // a full disk may have kept them waiting
        Say($"stopped {report.JournalFailure?.Message}");
    }

    private static Capability<Job>[] Spawn(Kernel kernel, string root, out Capability<Order> shop)
    {
        AgentId sink = Spawn(kernel, 0, "sink", static _ => new Sink());
        AgentId second = Spawn(kernel, 1, "second", who => new Account("second", who.Grant<Job>(sink)));
        AgentId first = Spawn(kernel, 0, "first", who => new Account("first", who.Grant<Job>(second)));
        AgentId relay = Spawn(kernel, 1, "relay", who => new Relay(who.Grant<Job>(first)));
        AgentId trader = Spawn(kernel, 1, "shop", _ => new Shop(Path.Combine(root, World)));
        shop = kernel.Grant<Order>(trader);
        return [kernel.Grant<Job>(first), kernel.Grant<Job>(second), kernel.Grant<Job>(relay)];
    }

    private static AgentId Spawn(Kernel kernel, int core, string name, Func<Endowment, Agent> factory) =>
        kernel.Spawn(name, factory, new SpawnOptions { Core = core });

    private static class Producer
    {
        private const int Burst = 16;

        /// <summary>One message after the other, each with the next number once the one before is accepted.</summary>
        public static Task RunAsync<T>(
            int producer, Capability<T> to, Func<int, T> make, Func<int, bool> isDurable, int number,
            CancellationToken ended) => Task.Run(() => Send(producer, to, make, isDurable, number, ended), default);

        private static async Task Send<T>(
            int producer, Capability<T> to, Func<int, T> make, Func<int, bool> isDurable, int number,
            CancellationToken ended)
        {
            bool isOpen = true;
            while (isOpen && !ended.IsCancellationRequested)
            {
                number++;
                isOpen = isDurable(number)
                    ? await SendDurablyAsync(producer, to, make(number), number).ConfigureAwait(false)
                    : await SendAsync(to, make(number)).ConfigureAwait(false);
                if (number % Burst == 0)
                {
                    await Task.Delay(1, default).ConfigureAwait(false);
                }
            }
        }

        private static async Task<bool> SendAsync<T>(Capability<T> to, T message)
        {
            SendResult sent;
            while ((sent = to.Send(message)) == SendResult.Full)
            {
                await Task.Delay(1).ConfigureAwait(false);
            }

            return sent == SendResult.Sent;
        }

        private static async Task<bool> SendDurablyAsync<T>(int producer, Capability<T> to, T message, int number)
        {
            try
            {
                SendResult sent = await to.SendAsync(message, Durability.Durable).ConfigureAwait(false);
                Say($"{(sent == SendResult.Sent ? "durable" : sent)} {producer} {number}");
                return sent == SendResult.Sent;
            }
            catch (JournalException failure)
            {
                Say($"exception {producer} {number} {failure.Message}");
                return true;      // to hear what the next one is told
            }
        }
    }
}
