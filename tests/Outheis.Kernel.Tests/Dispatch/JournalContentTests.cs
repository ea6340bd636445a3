using System.Text.Json.Serialization.Metadata;
using System.Text.Json.Serialization;
using System.Text.Json;
using Outheis.Testing;
using Outheis.Testing.Generators;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests;

/// <summary>What of a message's content gets into the journal, and what becomes of messages whose content cannot.
/// </summary>
public sealed class JournalContentTests : IDisposable
{
    /// <summary>A message whose codec throws, at once or after some times.</summary>
    private sealed record Unwritable(int Number)
    {
        public int Patience { get; set; }
    }

    private sealed class Throwing : JsonConverter<Unwritable>
    {
        public override Unwritable Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, Unwritable value, JsonSerializerOptions options)
        {
            if (value.Patience-- == 0)
            {
                throw new NotSupportedException("no form");
            }

            writer.WriteNumberValue(value.Number);
        }
    }

    private static readonly JsonSerializerOptions Json = new()
    {
        Converters = { new Throwing() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    private readonly SimulatedDisk _disk = new();
    private readonly StepKernel _world;

    public JournalContentTests() => _world = new StepKernel(disk: _disk, codecs: new MessageCodecs()
        .AddJson(TypeOf<NamedMessage>()).AddJson(TypeOf<Unwritable>()).AddJson(TypeOf<string>()));

    public void Dispose()
    {
        _world.Dispose();
    }

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Json.GetTypeInfo(typeof(T));

    private Kernel Kernel => _world.Kernel;

    private JournalEntry[] Entries(JournalKind kind, string type) =>
        [.. Journals.ReadAll(_disk, out _).Where(entry => entry.Kind == kind && entry.TypeName == type)];

    private long Unjournaled => Kernel.ListCores().Sum(core => core.Unjournaled);

    [Theory, InlineData(0), InlineData(1)]
    public void Send_TypeWithACodec_IsJournaledAsJson(int core)
    {
        List<NamedMessage> received = [];
        AgentId target = Kernel.Receive(received, core);
        AgentId sender = Kernel.Spawn(new Puppet(), core: 0);
        Capability<NamedMessage> to = Kernel.GrantTo<NamedMessage>(sender, target);
        Kernel.Do(sender, context => context.Send(to, new NamedMessage(1, "one")));
        Kernel.Grant<NamedMessage>(target).SendAll([new NamedMessage(2, "two")]);
        _world.Run();
        JournalEntry[] sent = Entries(JournalKind.Sent, nameof(NamedMessage));
        Assert.All(sent, entry => Assert.Equal(PayloadEncoding.Json, entry.Encoding));
        Assert.Equal(
            received.OrderBy(message => message.Number),
            sent.Select(entry => JsonSerializer.Deserialize(entry.Payload.Span, TypeOf<NamedMessage>()))
                .OrderBy(message => message.Number));
        Assert.Equal(2, received.Count);
    }

    [Fact]
    public void Send_TypeWithoutCodec_IsJournaledWithoutContent()
    {
        Kernel.Grant<SharedMessage>(Kernel.Receive<SharedMessage>([])).SendAll([new SharedMessage(1)]);
        _world.Run();
        JournalEntry entry = Assert.Single(Entries(JournalKind.Sent, nameof(SharedMessage)));
        Assert.Equal((PayloadEncoding.Opaque, 0), (entry.Encoding, entry.Payload.Length));
    }

    [Fact]
    public void Reply_TypeWithACodec_IsJournaledAsJsonOnEitherCore()
    {
        foreach (int core in new[] { 0, 1 })
        {
            AgentId callee = Kernel.Spawn(new Answerer<int, string>((in int x, Context _) => $"reply {x}"), core);
            Assert.Equal("reply 5", _world.Result(Kernel.GrantAsk<int, string>(callee).AskAsync(5)));
        }

        Assert.All(Entries(JournalKind.Replied, nameof(String)), entry =>
            Assert.Equal("reply 5", JsonSerializer.Deserialize(entry.Payload.Span, TypeOf<string>())));
    }

    [Fact]
    public void Send_ByAnAgent_CodecThrows_IsItsOwnBug()
    {
        List<Unwritable> received = [];
        AgentId sender = Kernel.Spawn(new Puppet(), name: "sender");
        Capability<Unwritable> to = Kernel.GrantTo<Unwritable>(sender, Kernel.Receive(received));
        Kernel.Do(sender, context => context.Send(to, new Unwritable(1)));
        _world.Run();
        Assert.IsType<NotSupportedException>(Assert.Single(_world.Failures).Reason.Exception);
        Assert.Empty(received);
    }

    [Fact]
    public void Send_ByTheHost_CodecThrows_GoesOnWithItsHeaderAlone()
    {
        List<Unwritable> received = [];
        Kernel.Grant<Unwritable>(Kernel.Receive(received)).SendAll([new Unwritable(1)]);
        _world.Run();
        Assert.Equal(1, Assert.Single(received).Number);
        Assert.Equal(0, Assert.Single(Entries(JournalKind.Sent, nameof(Unwritable))).Payload.Length);
    }

    [Fact]
    public void Ask_CodecThrows_ThrowsThereAndLeavesNoAsk()
    {
        Exception? thrown = null;
        AgentId asker = Kernel.Spawn(new Puppet(), core: 0);
        AgentId callee = Kernel.Spawn(new Answerer<Unwritable, int>((in Unwritable _, Context _) => 1), core: 0);
        AskCapability<Unwritable, int> ask = Kernel.GrantAskTo<Unwritable, int>(asker, callee);
        Kernel.DoAsync(asker, async context =>
        {
            try
            {
                await context.AskAsync(ask, new Unwritable(1));
            }
            catch (NotSupportedException error)
            {
                thrown = error;
            }
        });
        _world.Run();
        Assert.NotNull(thrown);
        Assert.Equal(0, _world.CoreAt(0).Replies.Pending);
    }

    [Fact]
    public void Reply_CodecThrows_ArrivesUnjournaledAndIsCounted()
    {
        AgentId callee = Kernel.Spawn(new Answerer<int, Unwritable>((in int x, Context _) => new(x)));
        Assert.Equal(3, _world.Result(Kernel.GrantAsk<int, Unwritable>(callee).AskAsync(3)).Number);
        Assert.Equal(1, Unjournaled);
        Assert.Empty(Entries(JournalKind.Replied, nameof(Unwritable)));
    }

    /// <summary>Longer than a segment: an agent is told, what the host sent goes on with its header alone.</summary>
    [Fact]
    public void Send_EncodedLongerThanALaneTakes_IsTooLargeOrLosesItsContent()
    {
        var longText = new NamedMessage(1, new string('x', Journals.SmallSegment));
        List<NamedMessage> received = [];
        AgentId target = Kernel.Receive(received);
        AgentId sender = Kernel.Spawn(new Puppet());
        Capability<NamedMessage> to = Kernel.GrantTo<NamedMessage>(sender, target);
        SendResult? sent = null;
        Kernel.Do(sender, context => sent = context.Send(to, longText));
        Kernel.Grant<NamedMessage>(target).SendAll([longText]);
        _world.Run();
        Assert.Equal(SendResult.TooLarge, sent);
        Assert.Equal([longText], received);
        Assert.Equal(0, Assert.Single(Entries(JournalKind.Sent, nameof(NamedMessage))).Payload.Length);
    }

    [Fact]
    public void SendAsync_CodecThrowsWhenRoomCame_FailsWhereItIsAwaited()
    {
        AgentId target = Kernel.Receive<Unwritable>([], core: 1, capacity: 1);
        AgentId sender = Kernel.Spawn(new Puppet(), core: 0);
        Capability<Unwritable> to = Kernel.GrantTo<Unwritable>(sender, target);
        Exception? thrown = null;
        Assert.Equal(SendResult.Sent, Kernel.Grant<Unwritable>(target).Send(new Unwritable(0)));
        Kernel.DoAsync(sender, async context =>
            thrown = await Record.ExceptionAsync(
                async () => await context.SendAsync(to, new Unwritable(1) { Patience = 1 })));
        _world.Pass(0);
        _world.Run();
        Assert.IsType<NotSupportedException>(Assert.IsType<InvalidOperationException>(thrown).InnerException);
    }

    /// <summary>Each ask that got no reply has a record that says so, with the correlation of its request.</summary>
    [Fact]
    public void Asks_ThatEndWithoutAReply_AreJournaledAsFailedOrGivenUp()
    {
        AgentId failing = Kernel.Spawn(
            new Answerer<int, int>((in int _, Context _) => throw new InvalidDataException("bug")), core: 1);
        AgentId slow = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (_, _, _) => await new TaskCompletionSource<int>().Task), core: 0);
        AgentId asker = Kernel.Spawn(new Puppet(), core: 0);
        AskCapability<int, int>[] asks =
            [.. new[] { failing, slow }.Select(callee => Kernel.GrantAskTo<int, int>(asker, callee))];
        List<AskOutcome> outcomes = [];
        Kernel.DoAsync(asker, async context =>
        {
            foreach (AskCapability<int, int> ask in asks)
            {
                AskException error = await Assert.ThrowsAsync<AskException>(
                    async () => await context.AskAsync(ask, 1, TimeSpan.FromMilliseconds(50)));
                outcomes.Add(error.Outcome);
            }
        });
        Task<int> ofHost = Kernel.GrantAsk<int, int>(slow).AskAsync(2, TimeSpan.FromMilliseconds(30)).AsTask();
        _world.Run();
        _world.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal([AskOutcome.Failed, AskOutcome.TimedOut], outcomes);
        Assert.Throws<AskException>(() => _world.Result(ofHost));
        List<JournalEntry> entries = Journals.ReadAll(_disk, out _);
        ulong[] requests = [.. entries.Where(e => e.Kind == JournalKind.Sent && e.Correlation != 0)
            .OrderBy(e => e.Target.Value).Select(e => e.Correlation)];
        JournalEntry failed = Assert.Single(entries, e => e.Kind == JournalKind.Replied);
        Assert.Equal((true, failing, requests[0]), (failed.IsFailure, failed.Sender, failed.Correlation));
        JournalEntry[] givenUp = [.. entries.Where(e => e.Kind == JournalKind.TimedOut)];
        Assert.Equal(requests[1..].Order(), givenUp.Select(e => e.Correlation).Order());
        Assert.All(givenUp, entry => Assert.Equal(slow, entry.Target));
    }

    /// <summary>One record of every kind that the kernel writes about itself, told in words.</summary>
    [Fact]
    public void Detail_OfWhatTheKernelRecords_SaysItInWords()
    {
        AgentId boss = Kernel.Spawn(new Listener { Restarts = true }, name: "boss");
        AgentId child = Kernel.Spawn(new Puppet(), supervisor: boss, name: "child", qos: Qos.Utility);
        AgentId other = Kernel.Receive<int>([]);
        Capability<int> root = Kernel.GrantTo<int>(child, other, Rights.Send | Rights.Grant, purpose: "to tell");
        Kernel.Do(child, context =>
        {
            context.Derive(root, boss, Rights.Send, 0, out _);
            context.RevokeDerived(root);
        });
        Kernel.Do(child, _ => throw new InvalidDataException("bug"));
        _world.Run();
        ILookup<JournalKind, string> details = Journals.ReadAll(_disk, out _)
            .ToLookup(entry => entry.Kind, entry => entry.Detail);
        Assert.All(details[JournalKind.Opened], detail => Assert.StartsWith("run 1, process ", detail));
        Assert.Contains($"child, Utility, incarnation 1, under #{boss.Value}", details[JournalKind.Spawned]);
        Assert.Contains("incarnation 1", details[JournalKind.Started]);
        Assert.Equal(["incarnation 2"], details[JournalKind.Restarted]);
        Assert.Equal(["incarnation 1, Error: InvalidDataException: bug"], details[JournalKind.Exited]);
        Assert.Contains($"holder #{child.Value}, rights Send, Grant, parent 0, to tell", details[JournalKind.Granted]);
        Assert.Contains(
            $"holder #{boss.Value}, rights Send, parent {root.Id}, to tell", details[JournalKind.Derived]);
        Assert.Single(details[JournalKind.Revoked]);
        Assert.StartsWith("HandlerFailed, message at ", Assert.Single(details[JournalKind.DeadLetter]));
        Assert.Contains("Do, Opaque, 0 bytes", details[JournalKind.Schema]);
        Assert.All(details[JournalKind.Sent], Assert.Empty);
    }

    [Fact]
    public void Detail_AgentThatStoppedItself_NamesTheReason()
    {
        AgentId agent = Kernel.Spawn(new Puppet());
        Kernel.Do(agent, context => context.Stop());
        _world.Run();
        JournalEntry exit = Journals.ReadAll(_disk, out _).Single(entry => entry.Kind == JournalKind.Exited);
        Assert.Equal("incarnation 1, Normal", exit.Detail);
        Assert.Null(exit.Deadline);
        Assert.Equal((0ul, 0ul, false), (exit.Labels, exit.Correlation, exit.IsFailure));
    }
}
