namespace Outheis;

/// <summary>A message type as a journal describes it. What is derived from the record is derived when somebody
/// asks.</summary>
internal sealed class JournalType(SchemaRecord schema)
{
    private string? _simpleName;
    private MessageField[]? _fields;
    private LayoutCheck? _check;      // the newest, since all records of a run are asked about the same layout

    public SchemaRecord Schema => schema;

    public string SimpleName => _simpleName ??= Simple(schema.Name);

    /// <summary>Null: the journal does not tell them.</summary>
    public MessageField[]? Fields => schema.Fields is null ? null : _fields ??= LayoutText.Read(schema.Fields);

    /// <summary>Whether raw bytes of this type can be read by that layout. Any thread.</summary>
    /// <param name="present">Null: not known, and then only the length tells.</param>
    public bool Fits(MessageLayout? present)
    {
        if (present?.Fields is null || Fields is null)
        {
            return true;
        }

        LayoutCheck? check = _check;
        if (check is null || !ReferenceEquals(check.Present, present))
        {
            _check = check = new LayoutCheck(present, LayoutText.Fits(schema.Fields!, Fields, present.Fields));
        }

        return check.Fits;
    }

    /// <summary>What <see cref="System.Reflection.MemberInfo.Name"/> is to <see cref="System.Type.ToString"/>: no
    /// namespace, no outer types, no type arguments. The brackets of an array stay.</summary>
    public static string Simple(string name)
    {
        int depth = 0, start = 0, end = name.Length;
        for (int i = 0; i < name.Length; i++)
        {
            bool isArray = name[i] == '[' && i + 1 < name.Length && name[i + 1] is ']' or ',' or '*';
            if (depth == 0 && name[i] is '.' or '+')
            {
                start = i + 1;
            }
            else if (name[i] == '[' && (depth > 0 || !isArray))
            {
                end = depth == 0 ? i : end;
                depth++;
            }
            else if (name[i] == ']' && depth > 0)
            {
                depth--;
            }
        }

        return start < end ? name[start..end] : name;
    }

    private sealed record LayoutCheck(MessageLayout Present, bool Fits);
}
