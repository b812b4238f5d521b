//! Words of a shell's command line, for hints that people paste.

/// Quotes a word if it needs quotes, so that a shell reads the word unchanged.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    // Quotes do not stop a command from reading a leading dash as a flag, but a reader sees that it is a name.
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// `kubectl -n NAMESPACE WHAT NAME`, without the parts that are empty.
#[must_use]
pub fn kubectl(namespace: &str, what: &str, name: &str) -> String {
    let mut command = "kubectl".to_owned();
    if !namespace.is_empty() {
        command = format!("{command} -n {}", quoted(namespace));
    }
    command = format!("{command} {what}");
    if !name.is_empty() {
        command = format!("{command} {}", quoted(name));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_with_characters_special_to_a_shell_is_quoted() {
        assert_eq!(quoted("prod-eu"), "prod-eu");
        assert_eq!(quoted("a;rm -rf $HOME"), "'a;rm -rf $HOME'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("[::1]:6443"), "'[::1]:6443'");
        assert_eq!(quoted("-o"), "'-o'");
        assert_eq!(quoted(""), "''");
    }
}
