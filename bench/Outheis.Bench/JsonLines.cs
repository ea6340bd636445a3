using System.Text;
using System.Text.Json;

namespace Outheis.Bench;

/// <summary>Results as they come, one JSON object a line, for programs.</summary>
internal static class JsonLines
{
    public static string Of(Result result)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            json.WriteString("shape", result.Shape.Name);
            json.WriteString("system", result.System);
            json.WriteString("variant", result.Variant);
            json.WriteString("unit", result.Shape.Unit);
            json.WriteNumber("median", Math.Round(result.Median, 3));
            json.WriteNumber("min", Math.Round(result.Min, 3));
            json.WriteNumber("max", Math.Round(result.Max, 3));
            json.WriteNumber("bytes_per_op", Math.Round(result.BytesPerOp, 2));
            json.WriteNumber("checksum", result.Checksum);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(memory.ToArray());
    }
}
