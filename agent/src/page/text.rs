//! Owns how long a text of the cluster may be on the page.

use sre_shared::digest::abridge;

/// Characters of a sentence.
const SENTENCE: usize = 400;
/// Characters of a command. A longer one is left out, since a part of it cannot be pasted.
const COMMAND: usize = 1000;

/// A sentence with its middle left out if it is long, and never longer than the page has room for.
pub fn sentence(text: &str) -> String {
    cut(&abridge(text), SENTENCE)
}

/// A line of a log, cut at its end.
pub fn line(text: &str) -> String {
    cut(text, SENTENCE)
}

/// A command, unless it is too long.
pub fn command(text: &str) -> Option<String> {
    (text.chars().count() <= COMMAND).then(|| text.to_owned())
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_a_long_command_is_left_out() {
        assert_eq!(line(&"ü".repeat(401)), format!("{}...", "ü".repeat(400)));
        assert_eq!(line(&"ü".repeat(400)), "ü".repeat(400));
        assert!(sentence(&"a ".repeat(5000)).chars().count() <= 403);
        assert_eq!(command(&"x".repeat(1001)), None);
        assert_eq!(command("kubectl get pods").as_deref(), Some("kubectl get pods"));
    }
}
