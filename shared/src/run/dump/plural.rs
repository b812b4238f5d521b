//! Guessed plurals. A dump has no discovery that would report them.

/// Whether a word names a kind, by its singular or by a plural that discovery may report for it.
pub(super) fn is_called(kind: &str, word: &str) -> bool {
    let singular = kind.to_lowercase();
    let ending = word.strip_prefix(&*singular);
    ending.is_some_and(|ending| ["", "s", "es"].contains(&ending)) || plural(kind) == word
}

/// The guessed plural of a kind, as `UnsafeGuessKindToResource` in `k8s.io/apimachinery` guesses it. `Gateway` and
/// others with a vowel before the y are an exception.
pub(super) fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if singular.ends_with('s') => format!("{singular}es"),
        _ => format!("{singular}s"),
    }
}
