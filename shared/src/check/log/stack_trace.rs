//! Stack traces: which line of one is the exception, and which are only frames.
//!
//! Most runtimes write the exception, then its frames, then the exceptions behind it, the root last: Java, .NET, Node.js,
//! Ruby, PHP and Go. Python writes the exception after its frames, and Rust writes the place before the words.

/// The exception of the last stack trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StackTrace {
    pub text: String,
    /// The number of the first line behind it.
    pub end: usize,
}

/// How many lines above the frames the exception is looked for. Its words can have several lines.
const WORDS: usize = 20;

/// Beginnings of lines with an exception.
const EXCEPTIONS: [&str; 11] = [
    "panic: ",
    "fatal error: ",
    "Caused by: ",
    "Exception in thread ",
    "Unhandled exception. ",
    "Unhandled Exception: ",
    "---> ",
    "[cause]: ",
    "Uncaught ",
    "PHP Fatal error: ",
    "** (",
];

/// Beginnings of frames, which are indented.
const FRAMES: [&str; 3] = ["at ", "from ", "... "];

/// Beginnings of lines between frames.
const BETWEEN: [&str; 8] = [
    "goroutine ",
    "created by ",
    "[signal ",
    "Stack trace:",
    "stack backtrace:",
    "thrown in ",
    "--- End of ",
    "Suppressed: ",
];

/// Beginnings of lines that a runtime or a launcher writes after any program that failed.
const TRAILERS: [&str; 7] = [
    "Node.js v",
    "exit status ",
    "Aborted (",
    "npm ERR!",
    "npm error",
    "note: run with `RUST_BACKTRACE",
    "note: Some details are omitted",
];

fn begins_with(text: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| text.starts_with(beginning))
}

/// Whether a line is a part of a stack trace that says nothing by itself.
#[must_use]
pub fn is_frame(line: &str) -> bool {
    let python = ["File \"", "Traceback (most recent call last)"];
    is_part(line) || begins_with(line.trim(), &python)
}

/// Whether a line is certainly a frame.
pub(super) fn is_certain(line: &str) -> bool {
    let text = line.trim_start();
    let is_indented = text.len() < line.len();
    let numbered = text.trim_start_matches('#');
    let after = numbered.trim_start_matches(|c: char| c.is_ascii_digit());
    let has_number = after.len() < numbered.len();
    // `   3: core::panicking::panic` of Rust, and `#0 /app/index.php(3): main()`.
    let is_rust = is_indented && has_number && text == numbered && after.starts_with(": ");
    let is_php = has_number && text != numbered && after.starts_with(' ');
    let is_go = is_indented && text.starts_with('/') && text.contains(".go:");
    let is_goroutine = text.starts_with("goroutine ") && text.trim_end().ends_with("]:");
    let is_elixir = is_indented && text.starts_with('(') && text.contains(".ex:");
    (is_indented && begins_with(text, &FRAMES)) || is_elixir || is_rust || is_php || is_go || is_goroutine
}

/// Whether a line among frames is a part of the stack trace.
fn is_part(line: &str) -> bool {
    let text = line.trim();
    let is_go_panic = text.len() < line.len() && text.starts_with("panic: ");
    is_certain(line) || begins_with(text, &BETWEEN) || is_trailer(text) || is_go_call(text) || is_go_panic
}

/// `main.main()`, `net/http.(*conn).serve(0xc000, {0x1, 0x2})`, `panic({0x1?, 0x2?})`
fn is_go_call(text: &str) -> bool {
    let name = text.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    let is_name = |name: &str| name.contains('.') && !name.contains(' ');
    name.is_some_and(|(name, _)| is_name(name)) || text.starts_with("panic({")
}

/// Whether a runtime or a launcher writes this line after any program that failed.
pub(super) fn is_trailer(text: &str) -> bool {
    begins_with(text.trim(), &TRAILERS)
}

/// The last stack trace of a log.
pub(super) fn last_trace(lines: &[String]) -> Option<StackTrace> {
    let found = [above_frames(lines), python(lines), rust(lines)];
    found.into_iter().flatten().max_by_key(|trace| trace.end)
}

/// The exception above the last frames.
fn above_frames(lines: &[String]) -> Option<StackTrace> {
    let last = lines.iter().rposition(|line| is_certain(line))?;
    let above = lines.get(..last)?;
    let is_over = |line: &&String| is_part(line) || line.trim().is_empty();
    let frames = above.iter().rev().take_while(is_over).count();
    let words = above.get(..above.len() - frames)?;
    let nearest = words.last()?;
    let mut candidates = words
        .iter()
        .rev()
        .take(WORDS)
        .take_while(|line| !is_certain(line));
    let head = candidates.find(|line| is_exception(line)).unwrap_or(nearest);
    let rest = lines.get(last + 1..)?.iter().take_while(|line| is_rest(line));
    Some(StackTrace {
        text: exception_words(head),
        end: last + 1 + rest.count(),
    })
}

/// Lines behind the frames that belong to them: the fields of an error of Node.js, and trailers.
fn is_rest(line: &str) -> bool {
    line.trim().is_empty() || is_trailer(line) || line.starts_with([' ', '\t']) || line.starts_with('}')
}

fn is_exception(line: &str) -> bool {
    let text = line.trim();
    let named = || {
        // `java.net.ConnectException: refused`, `TypeError: x`, `Error [ERR_MODULE_NOT_FOUND]: x`
        let name = text.split([':', ' ']).next().unwrap_or_default();
        ["Error", "Exception", "Throwable"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    begins_with(text, &EXCEPTIONS) || named() || ruby(text).is_some()
}

/// The words of an exception of Ruby: `/app/a.rb:3:in 'run': no route (RuntimeError)`.
fn ruby(text: &str) -> Option<&str> {
    let (place, words) = text.split_once("': ")?;
    place.contains(":in ").then_some(words)
}

/// The line without the words that every exception has.
pub(super) fn exception_words(line: &str) -> String {
    let text = line.trim();
    let text = ruby(text).unwrap_or(text);
    let mut words = super::LogEntry::parse(text).text;
    for begin in [
        "Caused by: ",
        "---> ",
        "[cause]: ",
        "Unhandled exception. ",
        "Unhandled Exception: ",
    ] {
        if let Some(rest) = words.strip_prefix(begin) {
            words = rest.to_owned();
        }
    }
    if let Some((_, rest)) = words
        .strip_prefix("Exception in thread \"")
        .and_then(|rest| rest.split_once("\" "))
    {
        words = rest.to_owned();
    }
    let words = words.trim_end_matches(" [recovered]").trim_end_matches(" {");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The exception below the last traceback of Python. Groups of exceptions are drawn with `|` and `+`.
fn python(lines: &[String]) -> Option<StackTrace> {
    let bare = |line: &str| line.trim_start_matches([' ', '|', '+', '-']).to_owned();
    let is_head = |line: &String| bare(line).starts_with("Traceback (most recent call last)");
    let head = lines.iter().rposition(is_head)?;
    let depth = lines.get(head)?.len() - bare(lines.get(head)?).len();
    let is_words = |line: &String| {
        let indent = line.len() - bare(line).len();
        !line.trim().is_empty() && indent <= depth && !bare(line).is_empty()
    };
    let found = lines.get(head + 1..)?.iter().position(is_words)?;
    let at = head + 1 + found;
    Some(StackTrace {
        text: bare(lines.get(at)?).trim().to_owned(),
        end: at + 1,
    })
}

/// The words of the last panic of Rust: behind its place, or before it (until Rust 1.72). Also the chain of an error that
/// `main` returned, as anyhow writes it.
fn rust(lines: &[String]) -> Option<StackTrace> {
    let is_panic = |line: &String| line.contains("thread '") && line.contains(" panicked at ");
    let Some(at) = lines.iter().rposition(is_panic) else {
        return anyhow(lines);
    };
    let (_, place) = lines.get(at)?.split_once(" panicked at ")?;
    if let Some((words, _)) = place.strip_prefix('\'').and_then(|rest| rest.rsplit_once("', ")) {
        return Some(StackTrace {
            text: words.to_owned(),
            end: at + 1,
        });
    }
    let words = lines
        .get(at + 1)
        .map(|line| line.trim())
        .filter(|line| !line.is_empty());
    Some(StackTrace {
        text: words.unwrap_or(place).to_owned(),
        end: at + 2,
    })
}

/// `Error: cannot start`, and below `Caused by:` the root as the last line.
fn anyhow(lines: &[String]) -> Option<StackTrace> {
    let at = lines.iter().rposition(|line| line.trim() == "Caused by:")?;
    let error = lines.get(..at)?.iter().rfind(|line| !line.trim().is_empty())?;
    let causes = lines.get(at + 1..)?.iter();
    let causes: Vec<&String> = causes.take_while(|line| line.starts_with(' ')).collect();
    let root = causes.last()?.trim();
    let root = root.trim_start_matches(|c: char| c.is_ascii_digit());
    let root = root.strip_prefix(": ").unwrap_or(root);
    Some(StackTrace {
        text: format!("{}: {root}", exception_words(error)),
        end: at + 1 + causes.len(),
    })
}
