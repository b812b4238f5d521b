//! Foreign sentences, shortened, and commands that can be pasted.

pub(super) use crate::shell::kubectl;
use crate::shell::quoted;

/// Characters that a report keeps from the beginning and from the end of a foreign sentence. An error begins with the attempt
/// and ends with the failure.
const REPORT: (usize, usize) = (1_800, 200);
/// The same of a sentence on a screen.
const SCREEN: (usize, usize) = (180, 120);
/// The longest word that is not cut.
const WORD: usize = 60;

/// The text as one line. It is cut only if it has thousands of characters. The printer handles control characters other than
/// spaces.
#[must_use]
pub fn one_line(text: &str) -> String {
    cut_middle(text, REPORT)
}

/// The text as one line of a few hundred characters.
#[must_use]
pub fn abridge(text: &str) -> String {
    cut_middle(text, SCREEN)
}

/// The text as one line, with this many characters of its beginning and of its end. Words stay whole.
fn cut_middle(text: &str, (begin, end): (usize, usize)) -> String {
    let line = strip_pod_directories(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let begin = line.char_indices().nth(begin);
    let end = line.char_indices().nth_back(end.saturating_sub(1));
    let (Some((begin, _)), Some((end, _))) = (begin, end) else {
        return line;
    };
    if begin >= end {
        return line;
    }
    let (before, after) = (line.get(..begin).unwrap_or(""), line.get(end..).unwrap_or(""));
    let word = before.rfind(' ').filter(|at| begin - at <= WORD);
    let before = word.and_then(|at| before.get(..=at)).unwrap_or(before);
    let word = after.find(' ').filter(|at| *at <= WORD);
    let after = word.and_then(|at| after.get(at..)).unwrap_or(after);
    format!("{before}...{after}")
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

/// The command that prints fields of an object: as columns, or by a path.
pub(super) fn print_fields(namespace: &str, kind: &str, name: &str, output: &str) -> String {
    let get = kubectl(namespace, &format!("get {kind}"), name);
    format!("{get} -o {}", quoted(output))
}

/// The command that looks for a name in every namespace, for an object that is missing in its own.
pub(super) fn find_elsewhere(kinds: &str, name: &str) -> String {
    let selector = quoted(&format!("metadata.name={name}"));
    format!("kubectl get {kinds} -A --field-selector {selector}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sentence_of_several_lines_becomes_one_short_line() {
        assert_eq!(one_line(" a\n\tb  c "), "a b c");
        let long = abridge(&"\u{e9}".repeat(400));
        assert_eq!(long.chars().count(), 303);
        let long = abridge(&format!("begin{}end", "\u{e9}".repeat(400)));
        assert!(
            long.starts_with("begin\u{e9}") && long.ends_with("\u{e9}end"),
            "{long}"
        );
        let whole = "\u{e9}".repeat(300);
        assert_eq!(abridge(&whole), whole);
        let words = "abcdefgh ".repeat(50);
        let cut = abridge(&words);
        let kept: Vec<&str> = cut.split(' ').collect();
        assert!(
            kept.iter().all(|word| ["abcdefgh", "..."].contains(word)) && cut.len() < 303,
            "{cut}"
        );
        assert_eq!(one_line(&words), words.trim_end());
        assert_eq!(one_line(&"x".repeat(5_000)).len(), 2_003);
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
            one_line(&format!(
                "error mounting \"{volume}\" to rootfs: mount {volume}:/etc: not a directory"
            )),
            "error mounting \".../kubernetes.io~empty-dir/d\" to rootfs: mount .../kubernetes.io~empty-dir/d:/etc: not a directory"
        );
        assert_eq!(one_line("/srv/pods/a/b"), "/srv/pods/a/b");
        assert_eq!(one_line(&format!("/pods/{uid}/x")), ".../x");
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
        assert_eq!(
            find_elsewhere("secrets", "db; x"),
            "kubectl get secrets -A --field-selector 'metadata.name=db; x'"
        );
        assert_eq!(
            print_fields("a", "pod", "p", "jsonpath={.spec.volumes}"),
            "kubectl -n a get pod p -o 'jsonpath={.spec.volumes}'"
        );
    }

    #[test]
    fn the_text_behind_the_last_phrase_is_kept() {
        assert_eq!(text_behind("a: b: c", &["a: ", "b: "]), "c");
        assert_eq!(text_behind("a: ", &["a: "]), "a: ");
        assert_eq!(quoted_behind("secret \"db\" not found", "secret "), Some("db"));
        assert_eq!(quoted_behind("secret db", "secret "), None);
    }
}
