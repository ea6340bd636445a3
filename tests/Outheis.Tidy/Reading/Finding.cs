namespace Outheis.Tidy.Reading;

/// <summary>One thing that is not as it should be: where, what, and what to do about it.</summary>
internal sealed record Finding(string Path, int Line, string Text)
{
    public override string ToString() => $"{Path}:{Line}: {Text}";
}
