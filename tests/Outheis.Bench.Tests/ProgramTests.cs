using System.Text.Json;
using Xunit;

namespace Outheis.Bench.Tests;

[Collection("in turn")]
public sealed class ProgramTests
{
    [Theory]
    [InlineData("peers", "--shapes", "ring-1000x2", "Unknown shape 'ring-1000x2'")]
    [InlineData("peers", "--systems", "orleans", "Unknown system 'orleans'")]
    [InlineData("peers", "--runs", "0", "--runs takes 1 to 1000, not '0'")]
    [InlineData("peers", "--scale", "huge", "--scale takes smoke or full, not 'huge'")]
    [InlineData("peers", "--colour", "red", "Unknown argument '--colour'")]
    [InlineData("peers", "--json", "--shapes", "--shapes needs a value")]
    [InlineData("latency", "--rate", "0", "usage: latency")]
    [InlineData("latency", "--load", "1", "usage: latency")]
    [InlineData("latency", "--beside", "orleans", "usage: latency")]
    [InlineData("wake", "--count", "0", "usage: wake")]
    [InlineData("idle", "--seconds", "-1", "usage: idle")]
    [InlineData("race", "--runs", "1", "usage: peers")]
    public void Main_NotUnderstood_OneSentenceAndTwo(
        string command, string flag, string value, string sentence)
    {
        (int status, string output, string error) = Run(command, flag, value);

        Assert.Equal(2, status);
        Assert.Empty(output);
        Assert.StartsWith(sentence, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public void Main_Json_OneObjectALineWithTheseFields()
    {
        (int status, string output, _) = Run(
            "peers", "--shapes", "append-64,ask-agent", "--systems", "bare",
            "--runs", "2", "--scale", "smoke", "--json");

        Assert.Equal(0, status);
        string[] lines = output.Trim().Split('\n');
        Assert.Equal(2, lines.Length);
        foreach (string line in lines)
        {
            using var json = JsonDocument.Parse(line);
            Assert.Equal(
                ["shape", "system", "variant", "unit", "median", "min", "max", "bytes_per_op", "checksum"],
                json.RootElement.EnumerateObject().Select(property => property.Name));
        }
    }

    [Fact]
    public void Main_Table_NamesTheMachineFirst()
    {
        (int status, string output, _) = Run(
            "peers", "--shapes", "ask-agent", "--systems", "bare", "--runs", "1", "--scale", "smoke");

        Assert.Equal(0, status);
        Assert.StartsWith(Machine.Describe(), output, StringComparison.Ordinal);
        Assert.Contains("ask-agent", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Main_Wake_TellsBothAndTheirRatio()
    {
        if (!OperatingSystem.IsLinux()) return;      // a futex is Linux's
        (int status, string output, string error) = Run("wake", "--count", "20");

        Assert.Equal((0, ""), (status, error));
        Assert.Contains("futex", output, StringComparison.Ordinal);
        Assert.Contains("p50 at most 1.5x the futex's", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Main_Idle_TellsItsShareOfACore()
    {
        (int status, string output, string error) = Run("idle", "--seconds", "1");

        Assert.Equal((0, ""), (status, error));
        Assert.Contains("% of a core", output, StringComparison.Ordinal);
    }

    private static (int Status, string Output, string Error) Run(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int status = Program.Run(arguments, output, error);
        return (status, output.ToString(), error.ToString());
    }
}
