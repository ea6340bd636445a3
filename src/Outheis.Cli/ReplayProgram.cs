using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Outheis.Assistant;

namespace Outheis.Cli;

/// <summary>Finds the program that a journal is replayed with.</summary>
internal static class ReplayProgram
{
    private const string NotTrimmed = "The tool is not trimmed.";

    /// <summary>Throws a <see cref="BadInputException"/> if there is none.</summary>
    /// <param name="file">An assembly; null: the assistant's own team.</param>
    /// <param name="vault">What the team's answers call their vault.</param>
    public static IReplayProgram Load(string? file, string? vault)
    {
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
