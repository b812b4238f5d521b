//! Owns the values of the flags: how a word is read, and why one is refused.
//! Must not know which flag takes which.

use crate::address::Address;
use sre_shared::cluster::LeaseName;
use sre_shared::duration;
use sre_shared::kind::Kind;
use sre_shared::nearest::nearest;
use std::time::Duration;

/// An address, or none: an empty chart value sets the variable to nothing.
#[derive(Debug, Clone)]
pub struct OptionalAddress(pub Option<Address>);

pub fn optional_address(text: &str) -> Result<OptionalAddress, String> {
    if text.is_empty() {
        return Ok(OptionalAddress(None));
    }
    text.parse().map(|address| OptionalAddress(Some(address)))
}

/// A Lease, or none: an empty chart value sets the variable to nothing.
#[derive(Debug, Clone)]
pub struct OptionalLease(pub Option<LeaseName>);

pub fn optional_lease(text: &str) -> Result<OptionalLease, String> {
    if text.is_empty() {
        return Ok(OptionalLease(None));
    }
    let lease = text.parse::<LeaseName>().map_err(|error| error.to_string())?;
    Ok(OptionalLease(Some(lease)))
}

/// The least objective. A smaller number is a part of 1, or a mistake.
const LEAST_SLO: f64 = 50.0;

/// An objective in percent. An empty chart value sets the variable to nothing, which means the default.
pub fn slo(text: &str) -> Result<f64, String> {
    if text.is_empty() {
        return Ok(99.9);
    }
    let number: f64 = text
        .trim()
        .trim_end_matches('%')
        .parse()
        .map_err(|_| "a number of percent is expected, such as 99.9".to_owned())?;
    match number {
        part if part > 0.0 && part < 1.0 => {
            let percent = (part * 1e8).round() / 1e6;
            Err(format!("it is in percent, did you mean {percent}?"))
        }
        // 100 % has no error budget, so that no rate of burning it could be measured.
        slo if (LEAST_SLO..100.0).contains(&slo) => Ok(slo),
        _ => Err(format!("it is at least {LEAST_SLO} and less than 100")),
    }
}

/// A delay may be 0.
pub fn delay(text: &str) -> Result<Duration, String> {
    match text.trim() {
        "0" | "0s" | "0m" | "0ms" => Ok(Duration::ZERO),
        text => limit(text),
    }
}

/// A limit is longer than 0 and at most a year. The sum of a longer one and the clock could overflow.
pub fn limit(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a duration is expected, such as 90s or 1m30s".into());
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("the unit is missing, did you mean {text}s?"));
    }
    match duration::parse(text) {
        Some(Duration::ZERO) => Err("the duration has to be longer than 0".into()),
        Some(duration) if duration > Duration::from_hours(365 * 24) => Err("longer than a year".into()),
        Some(duration) => Ok(duration),
        None => Err("no duration, which looks like 3m, 90s, 1m30s or 500ms".into()),
    }
}

/// An empty chart value sets the variable to nothing, which means the default.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "" => Ok(true),
        "false" => Ok(false),
        _ => Err("neither true nor false".into()),
    }
}

/// As [`boolean`], for a flag whose default is false.
pub fn switch(text: &str) -> Result<bool, String> {
    match text {
        "" => Ok(false),
        text => boolean(text),
    }
}

/// A word of `--kinds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindWord {
    /// An empty word.
    Nothing,
    /// `all`
    All,
    /// A kind.
    Kind(Kind),
}

pub fn kind_word(word: &str) -> Result<KindWord, String> {
    match word.trim() {
        "" => Ok(KindWord::Nothing),
        "all" => Ok(KindWord::All),
        "apiserver" => Err("no kind that is watched: the API server is always checked".into()),
        word => watched_kind(word).map(KindWord::Kind),
    }
}

fn watched_kind(word: &str) -> Result<Kind, String> {
    let plurals = || Kind::ALL.iter().map(|kind| kind.plural());
    Kind::from_word(word).ok_or_else(|| match nearest(word, plurals().chain(["all"])) {
        Some(near) => format!("no kind that is watched, did you mean {near:?}?"),
        None => format!(
            "no kind that is watched, those are: {}; or all",
            plurals().collect::<Vec<_>>().join(", ")
        ),
    })
}

/// A DNS label, which is what a namespace's name is.
pub fn namespace(word: &str) -> Result<String, String> {
    let word = word.trim();
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fits = word.len() <= 63
        && word.bytes().all(|b| inner(b) || b == b'-')
        && word.bytes().next().is_some_and(inner)
        && word.bytes().last().is_some_and(inner);
    match word {
        // The caller decides what an empty word means.
        "" => Ok(String::new()),
        "*" | "all" => Err("leave --namespaces out for all namespaces".into()),
        _ if fits => Ok(word.to_owned()),
        _ => Err("no name of a namespace, which consists of a-z, 0-9 and -".into()),
    }
}
