using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Outheis.Assistant;

namespace Outheis.Cli;

/// <summary>Finds the program that a journal is replayed with.</summary>
internal static class ReplayProgram
{
    private const string NotTrimmed = "The tool is not trimmed.";

    private static readonly Option<string?> Program = new("--program")
    {
        Description = "The program that wrote the journal: an assembly with a public IReplayProgram. "
            + "Default: the assistant's own team.",
        HelpName = "FILE.dll",
    };

    private static readonly Option<string?> Vault = new("--vault")
    {
        Description = "For the assistant's own team: the vault as it was given to ask.", HelpName = "DIR",
    };

    /// <summary>What says which.</summary>
    public static Option[] Options { get; } = [Program, Vault];

    /// <summary>Whether the command line names one.</summary>
    public static bool IsNamed(ParseResult parsed) =>
        parsed.GetValue(Program) is not null || parsed.GetValue(Vault) is not null;

    /// <summary>Throws a <see cref="BadInputException"/> if there is none.</summary>
    public static IReplayProgram Load(ParseResult parsed)
    {
        string? file = parsed.GetValue(Program), vault = parsed.GetValue(Vault);
        if (file is null)
        {
            return vault is null
                ? throw new BadInputException(
                    "The team's answers name their vault: give --vault as 'outheis ask' had it, or another --program.")
                : new ReplayedTeam(vault);
        }

        if (!File.Exists(file)) throw new BadInputException($"There is no program {file}.");
        try
        {
            return Find(Path.GetFullPath(file)) ?? throw new BadInputException(
                $"{file} has no public class that implements {nameof(IReplayProgram)} and has a constructor without "
                + "parameters.");
        }
        catch (Exception failure) when (failure is BadImageFormatException or FileLoadException
            or ReflectionTypeLoadException or TargetInvocationException or FileNotFoundException)
        {
            throw new BadInputException($"{file} cannot be loaded: {failure.Message}");
        }
    }

    /// <summary>Opens a journal to replay it with a program. Throws a <see cref="BadInputException"/> if that has no
    /// such agent.</summary>
    public static JournalReplay Open(JournalFolders folders, IReplayProgram program, string? agent)
    {
        try
        {
            return JournalReplay.Open(folders.Directory, program.SpawnAll, new ReplayOptions
            {
                Archive = folders.Archive, Codecs = program.Codecs, Leave = program.Leave,
                Only = agent is null ? null : [agent],
            });
        }
        catch (ArgumentException failure)
        {
            throw new BadInputException(failure.Message);
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = NotTrimmed)]
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = NotTrimmed)]
    private static IReplayProgram? Find(string file)
    {
        Type? program = Array.Find(Assembly.LoadFrom(file).GetExportedTypes(), IsProgram);
        return program is null ? null : (IReplayProgram)Activator.CreateInstance(program)!;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = NotTrimmed)]
    private static bool IsProgram(Type type) =>
        type is { IsClass: true, IsAbstract: false } && typeof(IReplayProgram).IsAssignableFrom(type)
        && type.GetConstructor(Type.EmptyTypes) is not null;
}
