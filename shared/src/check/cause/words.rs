//! Sentences of others, cut to what matters, and commands that can be pasted.

/// No message is longer than this many characters.
const LONGEST: usize = 300;

/// One line of at most a few hundred characters. Control characters that are no space are left to whoever prints it.
#[must_use]
pub fn shorten(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push_str("...");
    }
    line
}

/// The last line that says anything, of what a container wrote.
pub(super) fn last_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).rfind(|line| !line.is_empty())
}

/// What stands behind the last of each of these phrases in turn, or all of it.
pub(super) fn behind<'a>(text: &'a str, phrases: &[&str]) -> &'a str {
    phrases.iter().fold(text, |text, phrase| {
        text.rfind(phrase)
            .and_then(|at| text.get(at + phrase.len()..))
            .filter(|rest| !rest.trim().is_empty())
            .unwrap_or(text)
    })
}

/// The text in quotes behind a phrase, such as the name in `secret "db" not found`.
pub(super) fn quoted_behind<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
    let rest = text.get(text.find(phrase)? + phrase.len()..)?;
    rest.strip_prefix('"')?.split_once('"').map(|(name, _)| name)
}

/// A word of a command that is pasted into a shell. A dump can hold any name.
pub(super) fn arg(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@%+=,".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// `kubectl -n NAMESPACE WHAT NAME`; without a namespace or a name where they are empty.
pub(in crate::check) fn kubectl(namespace: &str, what: &str, name: &str) -> String {
    let mut command = "kubectl".to_owned();
    if !namespace.is_empty() {
        command = format!("{command} -n {}", arg(namespace));
    }
    command = format!("{command} {what}");
    if !name.is_empty() {
        command = format!("{command} {}", arg(name));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sentence_of_several_lines_becomes_a_short_one_of_one() {
        assert_eq!(shorten(" a\n\tb  c "), "a b c");
        let long = shorten(&"\u{e9}".repeat(400));
        assert_eq!(long.chars().count(), 303);
        assert!(long.ends_with("\u{e9}..."));
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_a_command() {
        assert_eq!(
            kubectl("shop", "describe pod", "a-1"),
            "kubectl -n shop describe pod a-1"
        );
        assert_eq!(
            kubectl("", "describe node", "x; rm 'y'"),
            r"kubectl describe node 'x; rm '\''y'\'''"
        );
        assert_eq!(kubectl("a", "get secret", "-o"), "kubectl -n a get secret '-o'");
        assert_eq!(arg(""), "''");
    }

    #[test]
    fn what_matters_stands_behind_the_last_of_the_phrases() {
        assert_eq!(behind("a: b: c", &["a: ", "b: "]), "c");
        assert_eq!(behind("a: ", &["a: "]), "a: ");
        assert_eq!(quoted_behind("secret \"db\" not found", "secret "), Some("db"));
        assert_eq!(quoted_behind("secret db", "secret "), None);
        assert_eq!(last_line("one\ntwo \n\n"), Some("two"));
    }
}
