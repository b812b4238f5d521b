//! The values of single arguments, and how each is parsed. An error is one line that says what is wrong and what is
//! right.

use super::unjudged;
use crate::output::Format;
use clap::ValueEnum as _;
use sre_shared::cluster::ServiceName;
use sre_shared::kind::{Kind, ResourceArg};
use sre_shared::nearest::nearest;
use sre_shared::report::State;
use sre_shared::resource::Time;
use sre_shared::run::DEFAULT_AGENT;
use sre_shared::selector::Selector;
use sre_shared::timeline::WindowBound;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// The longest name of an object, by RFC 1123.
pub(super) const LONGEST_NAME: usize = 253;
/// The longest name of a namespace or a resource, by RFC 1123.
const LONGEST_LABEL: usize = 63;

/// A word of `--kinds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindChoice {
    /// `all`
    All,
    /// `apiserver`
    ApiServer,
    /// A kind.
    Kind(Kind),
}

/// A bearer token, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token itself, to be sent and never shown.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// The path of a file that is read or written.
pub(super) fn file(path: OsString) -> Result<PathBuf, String> {
    if path.is_empty() {
        return Err("the path is empty: name a file".to_owned());
    }
    Ok(path.into())
}

/// A format of `version` and `explain`, which have no report.
pub(super) fn version_format(word: &str) -> Result<Format, String> {
    match Format::from_str(word, false) {
        Ok(format @ (Format::Human | Format::Json | Format::Yaml)) => Ok(format),
        Ok(_) => Err(format!(
            "{word:?} is a form of the report of health and gate: give human, json or yaml"
        )),
        Err(_) => Err(format!("{word:?} is none of human, json and yaml")),
    }
}

/// A format of `changes`.
pub(super) fn changes_format(word: &str) -> Result<Format, String> {
    match Format::from_str(word, false) {
        Ok(format @ (Format::Human | Format::Wide | Format::Json | Format::Yaml | Format::Markdown)) => {
            Ok(format)
        }
        Ok(_) => Err(format!(
            "{word:?} is a form of the report of health and gate: give human, wide, json, yaml or markdown"
        )),
        Err(_) => Err(format!(
            "{word:?} is none of human, wide, json, yaml and markdown"
        )),
    }
}

/// A bound of a span of time: a duration ago, which may have days too, or a time.
pub(super) fn window_bound(text: &str) -> Result<WindowBound, String> {
    if let Ok(time) = Time::parse(text) {
        return Ok(WindowBound::At(time));
    }
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    let length = match days {
        Some(days) => Some(Duration::from_secs(u64::from(days).saturating_mul(86_400))),
        None => sre_shared::duration::parse(text),
    };
    let seconds = length.and_then(|length| i64::try_from(length.as_secs()).ok());
    seconds.map(WindowBound::Ago).ok_or_else(|| {
        format!(
            "{text:?} is neither a duration such as 90m, 2h or 2d, nor a time such as 2026-11-23T18:40:12Z"
        )
    })
}

/// A percentage, of which 100 is one.
pub(super) fn percent(word: &str) -> Result<f64, String> {
    let number = word.trim().trim_end_matches('%').parse::<f64>();
    match number {
        Ok(part) if part > 0.0 && part < 1.0 => {
            let percent = (part * 1e8).round() / 1e6;
            Err(format!("{word:?} is less than 1 %, did you mean {percent}?"))
        }
        Ok(percent) if (1.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err(format!(
            "{word:?} is no percentage, which looks like 99.9 and is at most 100"
        )),
    }
}

/// One word of `--state`.
pub(super) fn state(word: &str) -> Result<State, String> {
    let known = State::ALL.into_iter().find(|state| state.as_str() == word.trim());
    known.ok_or_else(|| {
        let words = State::ALL.map(State::as_str);
        match nearest(word.trim(), words) {
            Some(close) => format!("{word:?} is no state, did you mean {close:?}?"),
            None => format!("{word:?} is no state: {}", words.join(", ")),
        }
    })
}

/// One word of `--kinds`.
pub(super) fn kind_choice(word: &str) -> Result<KindChoice, String> {
    match word.trim() {
        "all" => return Ok(KindChoice::All),
        "apiserver" => return Ok(KindChoice::ApiServer),
        word if word.contains('/') => {
            return Err(format!(
                "{word:?} names one object: give it as TARGET, without --kinds"
            ));
        }
        _ => {}
    }
    if let Some(kind) = Kind::from_word(word.trim()) {
        return Ok(KindChoice::Kind(kind));
    }
    if let Some(title) = unjudged::title(word.trim()) {
        return Err(unjudged::refusal(title));
    }
    let words = Kind::ALL.iter().flat_map(|k| k.words());
    Err(match nearest(word, words.chain(["apiserver", "all"])) {
        Some(near) => format!("unknown kind {word:?}, did you mean {near:?}?"),
        None => {
            let plurals: Vec<&str> = Kind::ALL.iter().map(|k| k.plural()).collect();
            format!(
                "unknown kind {word:?}: one of all, apiserver, {}",
                plurals.join(", ")
            )
        }
    })
}

/// A kind that is named with its group, such as `certificates.cert-manager.io`.
pub(crate) fn custom_name(word: &str) -> Option<ResourceArg> {
    let custom = ResourceArg::parse(word)?;
    let is_resource = is_name(&custom.word, LONGEST_LABEL) && !custom.word.contains('.');
    (is_resource && is_name(&custom.group, LONGEST_NAME)).then_some(custom)
}

/// Whether a text is a name by RFC 1123, as the API server checks it.
pub(super) fn is_name(text: &str, longest: usize) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| inner(b) || b == b'-' || b == b'.')
        && text.bytes().next().is_some_and(inner)
        && text.bytes().last().is_some_and(inner)
}

/// A pattern of names of contexts.
pub(super) fn glob(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("a name of a context is missing: give such as prod-eu or 'prod-*'".to_owned());
    }
    Ok(text.to_owned())
}

/// The name of a label of Prometheus, which is written into queries as it is.
pub(super) fn label(text: &str) -> Result<String, String> {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} is no name of a label: letters, digits and _, such as cluster"
    ))
}

/// A namespace. An empty one is taken and means none, as with kubectl.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    if text.is_empty() || (is_name(text, LONGEST_LABEL) && !text.contains('.')) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text:?} is no name of a namespace: lower-case letters, digits and -, at most 63"
        ))
    }
}

/// The Service of an agent. An empty value means the default one, as no value does.
pub(super) fn agent(text: &str) -> Result<ServiceName, String> {
    let text = if text.is_empty() { DEFAULT_AGENT } else { text };
    text.parse().map_err(|error| format!("{error}"))
}

/// A label selector. Its text is kept, since it is sent as it was typed.
pub(super) fn selector(text: &str) -> Result<String, String> {
    text.parse::<Selector>()
        .map(|_| text.to_owned())
        .map_err(|e| e.to_string())
}

/// A boolean, as Go's `strconv.ParseBool` reads it.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

/// The limit of one request. With kubectl an empty value and a negative time mean no limit.
pub(super) fn request_timeout(text: &str) -> Result<Duration, String> {
    match text.strip_prefix('-') {
        Some(negative) if negative.parse::<u32>().is_err() => duration(negative).map(|_| Duration::ZERO),
        None if text.is_empty() => Ok(Duration::ZERO),
        _ => duration(text),
    }
}

/// The limit of the whole run, which has to leave time for a request.
pub(super) fn run_timeout(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok(Duration::ZERO) => Err(format!(
            "{text:?} leaves no time to ask anything: give such as 30s or 5m, or leave it out"
        )),
        result => result,
    }
}

/// A time, as kubectl reads `--request-timeout`: a whole number of seconds, or a duration by Go's rules.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(u64::from(seconds)));
    }
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    sre_shared::duration::parse(unsigned).ok_or_else(|| {
        format!("{text:?} is no time: a number of seconds, or such as 500ms, 30s, 5m or 1h30m")
    })
}
