//! One line of a log: its level, and its words without the time.

use super::stack_trace::is_trailer;
use serde_json::{Map, Value};

/// The level of a line, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LogLevel {
    /// It only informs or warns.
    Minor,
    Error,
    /// The program ends because of it.
    Fatal,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogEntry {
    /// Its level, if it names one.
    pub level: Option<LogLevel>,
    pub text: String,
}

/// Fields of structured logs, in the order in which they are tried. Dots lead into objects.
const LEVELS: [&str; 8] = [
    "level",
    "severity",
    "lvl",
    "loglevel",
    "log.level",
    "levelname",
    "@l",
    "Level",
];
const MESSAGES: [&str; 6] = ["msg", "message", "event", "@m", "@mt", "Message"];
const ERRORS: [&str; 10] = [
    "error.message",
    "err.message",
    "error",
    "err",
    "exception.message",
    "exception",
    "exc_info",
    "stack_trace",
    "@x",
    "Exception",
];

/// Words among which a line without structure names its level.
const LEVEL_WORDS: usize = 5;

impl LogEntry {
    /// Whether it can say why the program ended: it has words, and not only those that end every stack trace.
    pub fn says_something(&self) -> bool {
        self.text.chars().any(char::is_alphanumeric) && !is_trailer(&self.text)
    }

    pub fn parse(line: &str) -> Self {
        let line = line.trim();
        json(line)
            .or_else(|| logfmt(line))
            .or_else(|| klog(line))
            .unwrap_or_else(|| {
                let text = after_time(line);
                Self {
                    level: level_of_words(text),
                    text: text.to_owned(),
                }
            })
    }

    fn structured(field: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let first = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| field(name))
                .filter(|text| !text.is_empty())
        };
        let (message, error) = (first(&MESSAGES), first(&ERRORS));
        let error = error.and_then(|error| super::telling_line_of_text(&error));
        let level = first(&LEVELS);
        let text = match (message, error) {
            (Some(message), Some(error)) if message.contains(&error) => message,
            (Some(message), Some(error)) => format!("{}: {error}", message.trim_end_matches([':', ' '])),
            (Some(message), None) => super::telling_line_of_text(&message)?,
            (None, Some(error)) => error,
            (None, None) => return None,
        };
        Some(Self {
            level: level.and_then(|word| level_of_word(&word)),
            text,
        })
    }
}

/// A JSON object with a message or an error.
fn json(line: &str) -> Option<LogEntry> {
    if !(line.starts_with('{') && line.ends_with('}')) {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_str(line).ok()?;
    LogEntry::structured(|name| {
        let nested = || {
            let (outer, inner) = name.split_once('.')?;
            object.get(outer)?.get(inner)
        };
        match object.get(name).or_else(nested)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    })
}

/// `time=... level=error msg="..." err="..."`
fn logfmt(line: &str) -> Option<LogEntry> {
    if !line.contains("level=") && !line.contains("lvl=") {
        return None;
    }
    LogEntry::structured(|name| logfmt_value(line, name))
}

fn logfmt_value(line: &str, name: &str) -> Option<String> {
    let mut places = line.match_indices(name);
    let value = places.find_map(|(at, _)| {
        let begins = at == 0 || line.get(..at)?.ends_with(' ');
        let behind = line.get(at + name.len()..)?.strip_prefix('=')?;
        begins.then_some(behind)
    })?;
    let Some(quoted) = value.strip_prefix('"') else {
        return value.split(' ').next().map(str::to_owned);
    };
    let mut text = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(c) => text.push(c),
                None => {}
            },
            c => text.push(c),
        }
    }
    Some(text)
}

/// `E0102 10:00:00.123456       1 main.go:12] words`, as klog and glog write it.
fn klog(line: &str) -> Option<LogEntry> {
    let (first, rest) = line.split_at_checked(1)?;
    let level = match first {
        "F" => LogLevel::Fatal,
        "E" => LogLevel::Error,
        "W" | "I" => LogLevel::Minor,
        _ => return None,
    };
    let day = rest.get(..4)?;
    if !day.bytes().all(|b| b.is_ascii_digit()) || !rest.get(4..)?.starts_with(' ') {
        return None;
    }
    let (_, text) = rest.split_once("] ")?;
    Some(LogEntry {
        level: Some(level),
        text: text.trim().to_owned(),
    })
}

/// The level that one of the first words names: in capital letters, in brackets, or as the first word before a colon.
fn level_of_words(text: &str) -> Option<LogLevel> {
    let words = text.split_whitespace().take(LEVEL_WORDS).enumerate();
    words.into_iter().find_map(|(at, word)| {
        let name = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
        let name = name.split([':', ']', '|']).next().unwrap_or_default();
        let is_capital = name.bytes().all(|b| b.is_ascii_uppercase());
        let is_bracketed = word.starts_with(['[', '<']);
        let is_first = at == 0 && word.get(name.len()..).is_some_and(|end| end.starts_with(':'));
        level_of_word(name).filter(|_| is_capital || is_bracketed || is_first)
    })
}

/// The level of a word or, as pino and bunyan write it, of a number.
fn level_of_word(word: &str) -> Option<LogLevel> {
    match word.to_ascii_lowercase().as_str() {
        "fatal" | "panic" | "critical" | "crit" | "emerg" | "emergency" | "alert" | "dpanic" | "60" => {
            Some(LogLevel::Fatal)
        }
        "error" | "err" | "severe" | "eror" | "50" => Some(LogLevel::Error),
        "warn" | "warning" | "info" | "information" | "notice" | "debug" | "trace" | "dbug" | "fine"
        | "log" | "10" | "20" | "30" | "40" => Some(LogLevel::Minor),
        _ => None,
    }
}

/// The line without the time at its beginning, in any of the usual formats.
fn after_time(line: &str) -> &str {
    let mut rest = line;
    let mut has_time = false;
    while let Some(word) = rest.split_whitespace().next() {
        let bare = word.trim_matches(|c: char| "[](),|".contains(c));
        let is_zone = has_time && (matches!(bare, "UTC" | "Z" | "GMT" | "-") || is_offset(bare));
        if !(is_date_or_clock(bare) || is_zone) {
            break;
        }
        has_time = true;
        let behind = rest.get(word.len()..).unwrap_or_default();
        rest = behind.trim_start();
    }
    rest
}

/// `+0000`, `-05:30`
fn is_offset(word: &str) -> bool {
    let digits = word.strip_prefix(['+', '-']).unwrap_or_default();
    (4..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit() || b == b':')
}

/// `2026-03-02`, `2026/03/02`, `11:00:07.123`, or both in one word.
fn is_date_or_clock(word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || "-/:.,TZ+".contains(c);
    let count = |of: char| word.matches(of).count();
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(is_part)
        && (count(':') >= 2 || (word.len() >= 8 && (count('-') == 2 || count('/') == 2)))
}

#[cfg(test)]
mod tests {
    use super::{LogEntry, LogLevel};

    #[test]
    fn a_line_has_a_level_and_words_without_a_time() {
        for (line, level, text) in [
            ("no route", None, "no route"),
            ("2026-03-02T11:00:07Z no route", None, "no route"),
            (
                "2026-03-02T11:00:07.123456+01:00 ERROR app::db: no route",
                Some(LogLevel::Error),
                "ERROR app::db: no route",
            ),
            (
                "[2026-03-02 11:00:07 +0000] [7] [CRITICAL] WORKER TIMEOUT",
                Some(LogLevel::Fatal),
                "[7] [CRITICAL] WORKER TIMEOUT",
            ),
            (
                "2026-03-02 11:00:07,123 - app - INFO - bye",
                Some(LogLevel::Minor),
                "app - INFO - bye",
            ),
            (
                "2026/03/02 11:00:07 [emerg] 1#1: host not found in upstream \"api\"",
                Some(LogLevel::Fatal),
                "[emerg] 1#1: host not found in upstream \"api\"",
            ),
            (
                "2026-03-02 11:00:07 UTC [1] FATAL:  role \"app\" does not exist",
                Some(LogLevel::Fatal),
                "[1] FATAL:  role \"app\" does not exist",
            ),
            (
                "11:00:07.123 [main] ERROR o.s.b.SpringApplication - failed",
                Some(LogLevel::Error),
                "[main] ERROR o.s.b.SpringApplication - failed",
            ),
            (
                "ERROR:root:no route",
                Some(LogLevel::Error),
                "ERROR:root:no route",
            ),
            ("error: no route", Some(LogLevel::Error), "error: no route"),
            ("an error occurred", None, "an error occurred"),
            (
                "F0302 11:00:07.123456       1 main.go:12] no lease",
                Some(LogLevel::Fatal),
                "no lease",
            ),
            (
                "I0302 11:00:07.123456       1 main.go:12] bye",
                Some(LogLevel::Minor),
                "bye",
            ),
            ("E10 is a road", None, "E10 is a road"),
            (
                r#"{"level":"fatal","ts":1.5,"msg":"cannot start","error":"dial tcp: refused"}"#,
                Some(LogLevel::Fatal),
                "cannot start: dial tcp: refused",
            ),
            (
                r#"{"level":50,"err":{"type":"Error","message":"no route"},"msg":"no route"}"#,
                Some(LogLevel::Error),
                "no route",
            ),
            (
                r#"{"severity":"ERROR","message":"failed","exc_info":"Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'"}"#,
                Some(LogLevel::Error),
                "failed: KeyError: 'x'",
            ),
            (
                r#"{"log":{"level":"info"},"message":"bye"}"#,
                Some(LogLevel::Minor),
                "bye",
            ),
            (r#"{"level":"error"}"#, None, r#"{"level":"error"}"#),
            (r#"{"msg":"cut off"#, None, r#"{"msg":"cut off"#),
            (
                "time=\"2026-03-02T11:00:07Z\" level=fatal msg=\"cannot \\\"start\\\"\" error=refused",
                Some(LogLevel::Fatal),
                "cannot \"start\": refused",
            ),
            (
                "ts=2026-03-02T11:00:07Z caller=main.go:5 level=info msg=bye",
                Some(LogLevel::Minor),
                "bye",
            ),
            ("10.0.0.1:5432 refused", None, "10.0.0.1:5432 refused"),
            ("3 errors", None, "3 errors"),
            ("", None, ""),
        ] {
            let text = text.to_owned();
            assert_eq!(LogEntry::parse(line), LogEntry { level, text }, "{line}");
        }
    }
}
