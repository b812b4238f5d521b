//! Foreign sentences, shortened, and commands that can be pasted.

use crate::shell::quoted;

/// Characters that are kept from the beginning and from the end of a long message. An error begins with the attempt and
/// ends with the failure.
const BEGIN: usize = 180;
const END: usize = 120;

/// The text as one line of at most a few hundred characters. The printer handles control characters other than spaces.
#[must_use]
pub fn shorten(text: &str) -> String {
    let line = strip_pod_directories(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let begin = line.char_indices().nth(BEGIN);
    let end = line.char_indices().nth_back(END - 1);
    match (begin, end) {
        (Some((begin, _)), Some((end, _))) if begin < end => format!("{}...{}", &line[..begin], &line[end..]),
        _ => line,
    }
}

/// A foreign sentence without its end mark, so that words can follow it. Three dots are no end mark.
#[must_use]
pub fn trim_end_mark(text: &str) -> &str {
    let trimmed = text.trim_end();
    match trimmed.strip_suffix(['.', ',', ';', ':']) {
        Some(open) if !open.ends_with('.') => open.trim_end(),
        _ => trimmed,
    }
}

/// The text without the kubelet's directories of single pods (`/var/lib/kubelet/pods/UID/volumes/`), which say nothing
/// and differ from pod to pod.
fn strip_pod_directories(text: &str) -> String {
    let (mut rest, mut out) = (text, String::new());
    while let Some((before, after)) = rest.split_once("/pods/") {
        let uid = after.find('/').filter(|end| *end == 36);
        match uid.and_then(|end| after.get(end + 1..)) {
            Some(inside) => {
                let root = before.rfind(|c: char| c.is_whitespace() || "\"'`=".contains(c));
                out.push_str(&before[..root.map_or(0, |at| at + 1)]);
                out.push_str(".../");
                rest = inside.strip_prefix("volumes/").unwrap_or(inside);
            }
            None => {
                out.push_str(before);
                out.push_str("/pods/");
                rest = after;
            }
        }
    }
    out + rest
}

/// The last line of a container's output that is not empty.
pub(super) fn last_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).rfind(|line| !line.is_empty())
}

/// The text behind the last occurrence of each phrase in turn; all of it if no phrase occurs.
pub(super) fn text_behind<'a>(text: &'a str, phrases: &[&str]) -> &'a str {
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

/// `kubectl -n NAMESPACE WHAT NAME`, without the parts that are empty.
pub(super) fn kubectl(namespace: &str, what: &str, name: &str) -> String {
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
    use super::*;

    #[test]
    fn a_long_sentence_of_several_lines_becomes_one_short_line() {
        assert_eq!(shorten(" a\n\tb  c "), "a b c");
        let long = shorten(&"\u{e9}".repeat(400));
        assert_eq!(long.chars().count(), 303);
        let long = shorten(&format!("begin{}end", "\u{e9}".repeat(400)));
        assert!(
            long.starts_with("begin\u{e9}") && long.ends_with("\u{e9}end"),
            "{long}"
        );
        let whole = "\u{e9}".repeat(300);
        assert_eq!(shorten(&whole), whole);
    }

    #[test]
    fn a_sentence_that_words_follow_has_no_end_mark() {
        for (text, open) in [
            ("it stopped.", "it stopped"),
            ("it stopped. ", "it stopped"),
            ("waiting...", "waiting..."),
            ("a; b;", "a; b"),
            ("an error:", "an error"),
            ("plain", "plain"),
            (".", ""),
            ("", ""),
        ] {
            assert_eq!(trim_end_mark(text), open, "{text}");
        }
    }

    #[test]
    fn a_directory_of_one_pod_is_left_out() {
        let uid = "59e47aea-1e15-4d2b-b8a0-dc34736ef8e2";
        let volume = format!("/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~empty-dir/d");
        assert_eq!(
            shorten(&format!(
                "error mounting \"{volume}\" to rootfs: mount {volume}:/etc: not a directory"
            )),
            "error mounting \".../kubernetes.io~empty-dir/d\" to rootfs: mount .../kubernetes.io~empty-dir/d:/etc: not a directory"
        );
        assert_eq!(shorten("/srv/pods/a/b"), "/srv/pods/a/b");
        assert_eq!(shorten(&format!("/pods/{uid}/x")), ".../x");
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
    }

    #[test]
    fn the_text_behind_the_last_phrase_is_kept() {
        assert_eq!(text_behind("a: b: c", &["a: ", "b: "]), "c");
        assert_eq!(text_behind("a: ", &["a: "]), "a: ");
        assert_eq!(quoted_behind("secret \"db\" not found", "secret "), Some("db"));
        assert_eq!(quoted_behind("secret db", "secret "), None);
        assert_eq!(last_line("one\ntwo \n\n"), Some("two"));
    }
}
