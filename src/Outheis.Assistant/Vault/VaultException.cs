namespace Outheis.Assistant;

/// <summary>Something about the vault, the index or a saved answer that the user can put right; the message
/// says what.</summary>
internal sealed class VaultException(string message, Exception? inner = null) : Exception(message, inner);
