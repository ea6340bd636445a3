using Outheis.Supervision;

namespace Outheis.Assistant;

/// <summary>The team as a replay needs it: the relay as it is, with a terminal that shows nothing; of those that act on
/// the world outside only that they exist.</summary>
/// <param name="vault">As it was given.</param>
internal sealed class ReplayedTeam(string vault) : IReplayProgram
{
    private const string ActsOutside =
        "it reads and writes files; what it said is in the journal";

    public MessageCodecs Codecs { get; } = Team.MakeCodecs();

    public IReadOnlyDictionary<string, string> Leave { get; } = new Dictionary<string, string>
    {
        ["data"] = ActsOutside,
        ["action"] = ActsOutside,
        ["pattern"] = ActsOutside,
    };

    public void SpawnAll(Kernel kernel)
    {
        AgentId supervisor = kernel.Spawn("supervisor", static () => new Supervisor(Team.Supervision));
        AgentId data = kernel.Spawn("data", static () => new Absent());
        kernel.Spawn("relay", endowment => new Relay(
            new Terminal(TextReader.Null, TextWriter.Null, TextWriter.Null), new VaultLabel(vault, vault),
            endowment.GrantAsk<Refresh, Refreshed>(data), endowment.GrantAsk<Search, Sought>(data)),
            new SpawnOptions { Supervisor = supervisor, Qos = Qos.UserInteractive });
    }

    /// <summary>In the place of the data agent; never runs.</summary>
    private sealed class Absent : Agent, IAnswer<Refresh, Refreshed>, IAnswer<Search, Sought>
    {
        public Refreshed Answer(in Refresh request, Context context) => throw new NotSupportedException();

        public Sought Answer(in Search request, Context context) => throw new NotSupportedException();
    }
}
