//! Words for kinds that nothing in a dump gives the plural of.

/// Whether a word names a kind: itself, or its plural as discovery would report it.
pub(super) fn is_called(kind: &str, word: &str) -> bool {
    let singular = kind.to_lowercase();
    let ending = word.strip_prefix(&*singular);
    ending.is_some_and(|ending| ["", "s", "es"].contains(&ending)) || plural(kind) == word
}

/// The guessed plural of a kind (`UnsafeGuessKindToResource` in `k8s.io/apimachinery`, but for `Gateway` and others that
/// end so).
pub(super) fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if singular.ends_with('s') => format!("{singular}es"),
        _ => format!("{singular}s"),
    }
}
