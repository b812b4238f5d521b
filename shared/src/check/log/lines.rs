//! Bytes of a log as lines that a person can read.

use super::secret::mask;

/// Lines that are kept of the end of a log.
const LINES: usize = 20;
/// Bytes that are kept of these lines.
const BYTES: usize = 4 << 10;
/// Bytes that are kept of one line.
const LINE_BYTES: usize = 1 << 10;

/// The kubelet's own words in place of a log that it cannot read. It answers 200 with them (`ReadLogs` in
/// `pkg/kubelet/kuberuntime/logs/logs.go`, `GetContainerLogs` in `pkg/kubelet/kuberuntime`). The container did not write
/// them.
const KUBELET: [&str; 4] = [
    "unable to retrieve container logs for ",
    "failed to try resolving symlinks in path \"/var/log/pods/",
    "failed to open log file \"/var/log/pods/",
    "failed to create fsnotify watcher: ",
];

/// The lines of a log, as a terminal shows them: without colours, and without the text that a progress bar wrote over.
/// Lines of binary data are left out, and so are empty lines at the end.
#[must_use]
pub fn log_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split('\n').map(|line| {
        let line = line.trim_end_matches('\r');
        plain(
            line.rsplit('\r')
                .find(|part| !part.trim().is_empty())
                .unwrap_or(line),
        )
    });
    let is_said = |line: &String| {
        let is_kubelet = KUBELET.iter().any(|words| line.starts_with(words));
        !is_kubelet && !is_binary(line)
    };
    let mut lines: Vec<String> = lines.filter(is_said).map(|line| printable(&line)).collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

/// The last of these lines, as many as there is room for, with their secrets masked.
#[must_use]
pub fn log_end(lines: &[String]) -> Vec<String> {
    let mut room = BYTES;
    let mut end: Vec<String> = Vec::new();
    for line in lines.iter().rev().take(LINES) {
        let masked = mask(line);
        let kept = masked
            .get(..masked.floor_char_boundary(LINE_BYTES))
            .unwrap_or_default();
        if kept.len() > room {
            break;
        }
        room -= kept.len();
        end.push(kept.to_owned());
    }
    end.reverse();
    end
}

/// The text without the escape sequences of terminals (ECMA-48): colours, titles, movements of the cursor.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\u{1b}', Some('[')) | ('\u{9b}', _) => {
                chars.next_if_eq(&'[');
                let _ = chars.by_ref().find(|c| ('\u{40}'..='\u{7e}').contains(c));
            }
            ('\u{1b}', Some(']')) => {
                let mut before = ']';
                let _ = chars.by_ref().find(|c| {
                    let is_end = *c == '\u{7}' || (before == '\u{1b}' && *c == '\\');
                    before = *c;
                    is_end
                });
            }
            ('\u{1b}', Some('(' | ')')) => {
                chars.next();
                chars.next();
            }
            ('\u{1b}', Some(_)) => {
                chars.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}

/// A character that no text has.
fn is_noise(c: char) -> bool {
    c == char::REPLACEMENT_CHARACTER || (c.is_control() && c != '\t')
}

/// Whether more than a quarter of a line is no text.
fn is_binary(line: &str) -> bool {
    let noise = line.chars().filter(|c| is_noise(*c)).count();
    noise * 4 > line.chars().count()
}

/// The line without control characters. Tabs stay, since stack traces are indented with them.
fn printable(line: &str) -> String {
    line.chars().filter(|c| !c.is_control() || *c == '\t').collect()
}

#[cfg(test)]
mod tests {
    use super::{BYTES, LINE_BYTES, LINES, log_end, log_lines};

    #[test]
    fn a_line_is_what_a_terminal_shows_of_it() {
        for (bytes, lines) in [
            (&b"one\ntwo\n"[..], &["one", "two"][..]),
            (b"one\r\ntwo\r\n\r\n", &["one", "two"]),
            (b"one\n\ntwo", &["one", "", "two"]),
            (
                b"\x1b[38;5;2mINFO \x1b[0m ==> ** Starting MariaDB **",
                &["INFO  ==> ** Starting MariaDB **"],
            ),
            // A sequence that the end of the log cuts off.
            (b"error: no route\x1b[0", &["error: no route"]),
            (b"\x1b]0;title\x07shell\x1b(B done\x1b\\", &["shell done"]),
            (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", &["link"]),
            (b"10%\r50%\r100% done\r\nbye", &["100% done", "bye"]),
            (b"caf\xc3\xa9 \xff ok", &["caf\u{e9} \u{fffd} ok"]),
            (b"text\n\x00\x01\x02\xff\xfe\x80junk\nlast", &["text", "last"]),
            (b"nul\x00 in a long enough line", &["nul in a long enough line"]),
            (b"\n\n", &[]),
            (b"", &[]),
        ] {
            assert_eq!(log_lines(bytes), lines, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn the_words_of_a_kubelet_that_cannot_read_a_log_are_no_line_of_it() {
        for (text, lines) in [
            (
                "unable to retrieve container logs for containerd://61a93aa17bfb193bc125",
                &[][..],
            ),
            (
                "lost lease\nfailed to create fsnotify watcher: too many open files",
                &["lost lease"],
            ),
            (
                "failed to try resolving symlinks in path \"/var/log/pods/shop_web_1/app/3.log\": lstat: no such file or directory",
                &[],
            ),
        ] {
            assert_eq!(log_lines(text.as_bytes()), lines, "{text}");
        }
    }

    #[test]
    fn the_end_of_a_log_is_bounded_in_lines_and_bytes() {
        let many: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(log_end(&many), many[100 - LINES..]);
        let long: Vec<String> = (0..9).map(|_| "\u{e9}".repeat(LINE_BYTES)).collect();
        let end = log_end(&long);
        assert_eq!(end.len(), BYTES / LINE_BYTES);
        assert!(end.iter().all(|line| *line == "\u{e9}".repeat(LINE_BYTES / 2)));
        assert_eq!(log_end(&[]), Vec::<String>::new());
    }
}
