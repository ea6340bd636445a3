using System.Text.Json.Serialization;

namespace Outheis.Tests.Versions;

// One message type in all the versions that it had, as a program keeps them.

[MessageName("shop.price")]
public readonly record struct PriceV1(int Cents);

[MessageName("shop.price"), MessageVersion(2)]
public readonly record struct PriceV2(long Cents, int Currency);

[MessageName("shop.price"), MessageVersion(3)]
public readonly record struct PriceV3(decimal Amount, int Currency);

[MessageName("shop.price"), MessageVersion(4)]
public sealed record Price(decimal Amount, string Currency);

[MessageName("shop.note")]
public sealed record NoteV1(string Text);

[MessageName("shop.note"), MessageVersion(2)]
public sealed record NoteV2(string Title, string Tag);

[MessageName("shop.note"), MessageVersion(3)]
public sealed record Note(string Title, string[] Tags);

// Fields that moved while the version stayed.

[MessageName("shop.moved")]
public readonly record struct Moved(int Width, int Height);

[MessageName("shop.moved")]
public readonly record struct MovedSwapped(int Height, int Width);

[MessageName("shop.moved")]
public readonly record struct MovedFloat(float Width, int Height);

[MessageName("shop.moved")]
public readonly record struct MovedLonger(int Width, int Height, int Depth);

public enum Size { Small, Large }

public enum SizeMore { Small, Large, Huge }

public enum SizeTurned { Large, Small }

[MessageName("shop.sized")]
public readonly record struct Sized(Size Value);

[MessageName("shop.sized")]
public readonly record struct SizedMore(SizeMore Value);

[MessageName("shop.sized")]
public readonly record struct SizedTurned(SizeTurned Value);

[JsonSerializable(typeof(Price))]
[JsonSerializable(typeof(NoteV1))]
[JsonSerializable(typeof(NoteV2))]
[JsonSerializable(typeof(Note))]
internal sealed partial class VersionsJson : JsonSerializerContext;
