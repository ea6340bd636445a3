namespace Outheis;

/// <summary>What a capability allows. Deriving can only take rights away (SE-03).</summary>
[Flags]
public enum Rights : byte
{
    /// <summary>Nothing. What a revoked capability has left.</summary>
    None = 0,

    /// <summary>Send messages to the target.</summary>
    Send = 1,

    /// <summary>Derive further capabilities, for other holders, with the same rights or fewer.</summary>
    Grant = 2,

    /// <summary>Ask the target and await its reply.</summary>
    Ask = 4,

    /// <summary>What is sent or asked goes into the target's priority lane: ahead of everything ordinary that waits
    /// there, behind what came into the lane before (OT-12). The target cannot tell.</summary>
    Priority = 8,
}

/// <summary>What became of a derivation.</summary>
public enum DeriveResult : byte
{
    /// <summary>No <see cref="Rights.Grant"/>, or not the holder. Nothing was derived.</summary>
    Denied = 0,

    /// <summary>The holder named has a new capability.</summary>
    Derived,

    /// <summary>The capability was revoked.</summary>
    Revoked,

    /// <summary>The new holder has ended.</summary>
    Dead,

    /// <summary>A badged capability keeps its badge: derive with badge 0 to copy it (SE-07).</summary>
    AlreadyBadged,
}
