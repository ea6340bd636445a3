using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Outheis.Testing.Xunit;

/// <summary>What becomes a row of a theory.</summary>
public enum JournalRows
{
    /// <summary>One row for each agent of each run that took a message: a <see cref="RecordedAgent"/>, to be
    /// replayed.</summary>
    Agents,

    /// <summary>One row for each message that was taken, in that order: a <see cref="RecordedMessage"/>.</summary>
    Messages,
}

/// <summary>
/// A recorded journal as the data of a theory: <c>[Theory, JournalData("Recordings/bank", Agent = "account")]</c> over
/// a test with one parameter, a <see cref="RecordedAgent"/>, or a <see cref="RecordedMessage"/> if <see cref="Rows"/>
/// says so.
/// </summary>
/// <remarks>The journal is read when the test runs; one that is missing, or has no such row, is a failure of the
/// test.</remarks>
/// <param name="path">The directory that the kernel was given; relative to the test's project, or to its
/// output.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class JournalDataAttribute(string path) : DataAttribute
{
    /// <summary>Where the journal is.</summary>
    public string Path => path;

    /// <summary>Only agents of this name; default: all.</summary>
    public string? Agent { get; set; }

    /// <summary>Only messages of this type, by its name; default: all.</summary>
    public string? Type { get; set; }

    /// <summary>What a row is.</summary>
    public JournalRows Rows { get; set; }

    /// <inheritdoc/>
    public override bool SupportsDiscoveryEnumeration() => false;

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
        MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        ArgumentNullException.ThrowIfNull(testMethod);
        var recording = Recording.Read(JournalPath.Resolve(path));
        IEnumerable<RecordedAgent> agents = recording.Agents.Where(agent => Agent is null || agent.Name == Agent);
        ITheoryDataRow[] rows = Rows == JournalRows.Agents
            ? [.. agents.Select(static agent => new TheoryDataRow<RecordedAgent>(agent))]
            : [.. agents.SelectMany(static agent => agent.Messages)
                .Where(message => Type is null || message.TypeName == Type)
                .Select(static message => new TheoryDataRow<RecordedMessage>(message))];
        return rows.Length > 0 ? new(rows) : throw new InvalidOperationException(
            $"The journal in {recording.Directory} has nothing for {testMethod.Name}. It has: "
            + $"{string.Join("; ", recording.Agents)}.");
    }
}
