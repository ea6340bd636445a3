using Xunit;

namespace Outheis.Tests;

/// <summary>A class can be null, whatever the annotations say. That is a bug of one agent, not of its core.</summary>
public sealed class NullMessageTests
{
    [Fact]
    public async Task Send_Null_ReachesTheHandlerAndTheCoreGoesOn()
    {
        await using Kernel kernel = ThreadKernel.Start(cores: 1, failed: _ => { });
        AgentId agent = kernel.Spawn("finder", () => new Finder());
        AskCapability<Find, Note?> find = kernel.GrantAsk<Find, Note?>(agent);
        AskException failure = await Assert.ThrowsAsync<AskException>(
            () => ThreadKernel.Within(find.AskAsync(null!)));
        Assert.Equal(AskOutcome.Failed, failure.Outcome);
        AgentId other = kernel.Spawn("other", () => new Finder());
        Assert.Null(await ThreadKernel.Within(kernel.GrantAsk<Find, Note?>(other).AskAsync(new Find("nothing"))));
    }

    [Fact]
    public async Task GetResult_BeforeTheReply_ThrowsAndHarmsNoLaterAsk()
    {
        await using Kernel kernel = ThreadKernel.Start(cores: 1);
        AgentId agent = kernel.Spawn("slow", () => new SlowFinder());
        AskCapability<Find, Note?> find = kernel.GrantAsk<Find, Note?>(agent);
        ValueTask<Note?> first = find.AskAsync(new Find("first"));
        Assert.Throws<InvalidOperationException>(() => first.GetAwaiter().GetResult());
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("later", (await ThreadKernel.Within(find.AskAsync(new Find("later"))))?.Text);
        }
    }

    private sealed record Find(string What);

    private sealed record Note(string Text);

    private sealed class Finder : Agent, IAnswer<Find, Note?>
    {
        public Note? Answer(in Find request, Context context) => request.What.Length > 100 ? new Note("") : null;
    }

    private sealed class SlowFinder : Agent, IAnswerAsync<Find, Note?>
    {
        public async ValueTask<Note?> AnswerAsync(
            Find request, AgentContext context, CancellationToken cancellationToken)
        {
            if (request.What == "first")
            {
                await Task.Delay(100, cancellationToken);
            }

            return new Note(request.What);
        }
    }
}
