namespace Outheis.Cli;

/// <summary>The command line cannot be used; the message is the sentence that says why.</summary>
internal sealed class BadInputException(string message) : Exception(message);
