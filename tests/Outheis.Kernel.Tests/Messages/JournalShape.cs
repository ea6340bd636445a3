using System.Text;
using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Shapes;

/// <summary>A message, and what the journal should say about it.</summary>
internal abstract class JournalShape(string? expected)
{
    public string? Expected => expected;

    public static JournalShape Of<T>(T message, string? expected) => new Typed<T>(message, expected);

    /// <summary>Sends it, and gives the entry of it.</summary>
    public JournalEntry Journaled(MessageCodecs? codecs = null)
    {
        var disk = new SimulatedDisk();
        using var world = new StepKernel(disk: disk, codecs: codecs);
        Send(world.Kernel);
        world.Run();
        return Journals.ReadAll(disk, out _).Single(entry => entry.Kind == JournalKind.Sent);
    }

    protected abstract void Send(Kernel kernel);

    private sealed class Typed<T>(T message, string? expected) : JournalShape(expected)
    {
        public override string ToString()
        {
            var text = new StringBuilder(typeof(T).ToString());
            return text.Append(' ').Append(message).ToString();
        }

        protected override void Send(Kernel kernel)
        {
            List<T> received = [];
            Assert.Equal(SendResult.Sent, kernel.Grant<T>(kernel.Receive(received)).Send(message));
        }
    }
}
