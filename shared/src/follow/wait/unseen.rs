//! Things that a wait could not see, and how long it waits for them.

use super::row::CONFIRM_SECONDS;
use super::standing::PendingEnd;
use crate::failure::{Class, Failure};
use crate::kind::{Kind, is_built_in_group};
use crate::report::{KindCheck, NotSeen, Report, Status};
use crate::span::span;

/// How long something that could not be seen is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It may appear, or be answered again: until the deadline.
    Deadline,
    /// It may be a right that is about to be granted: some seconds at the start, the grace later.
    Short,
    /// Waiting does not change it: not at all at the start, the grace later.
    Nothing,
}

/// Words of an agent whose data is too old or not there yet.
const AGENT_LATE: [&str; 3] = ["stale", "notListed", "notAsked"];

/// The patience with a failure of that class.
pub(super) fn patience(class: Option<Class>) -> Patience {
    match class {
        Some(
            Class::Refused
            | Class::Unreachable
            | Class::Proxy
            | Class::Timeout
            | Class::ConnectionLost
            | Class::NotFound
            | Class::Expired
            | Class::Overloaded
            | Class::Unhealthy
            | Class::TooLarge
            | Class::AgentNotReady
            | Class::AgentUnreachable,
        ) => Patience::Deadline,
        Some(
            Class::BadConfiguration
            | Class::Credential
            | Class::Dns
            | Class::UnknownAuthority
            | Class::CertificateExpired
            | Class::WrongName
            | Class::Tls
            | Class::Unauthenticated
            | Class::Rejected
            | Class::NotAnApiServer
            | Class::NoAgent
            | Class::AgentVersion
            | Class::NotAnAgent,
        ) => Patience::Nothing,
        Some(Class::Forbidden) | None => Patience::Short,
    }
}

/// Something that could not be seen.
#[derive(Debug, Clone)]
struct UnseenThing {
    entry: NotSeen,
    /// Since when, in seconds of the clock.
    since: i64,
    /// Whether the first report had it.
    from_start: bool,
}

/// What the last report could not see.
#[derive(Debug, Clone, Default)]
pub(super) struct UnseenThings(Vec<UnseenThing>);

impl UnseenThings {
    /// Takes the entries of a report. An entry that was there before keeps its time.
    pub fn update(&mut self, entries: &[NotSeen], seconds: i64, is_first: bool) {
        let before = std::mem::take(&mut self.0);
        let thing = |entry: &NotSeen| {
            let is_it = |thing: &&UnseenThing| {
                thing.entry.thing == entry.thing
                    && thing.entry.scope == entry.scope
                    && thing.entry.class == entry.class
            };
            let known = before.iter().find(is_it);
            UnseenThing {
                entry: entry.clone(),
                since: known.map_or(seconds, |thing| thing.since),
                from_start: known.map_or(is_first, |thing| thing.from_start),
            }
        };
        self.0 = entries.iter().map(thing).collect();
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a part of that check was not seen, so that an object that is missing may still exist.
    pub fn hide(&self, check: &str) -> bool {
        self.0
            .iter()
            .any(|thing| thing.entry.is_about(check) && !thing.is_missing_object())
    }

    /// Whether anything was not seen for another reason than that it does not exist.
    pub fn hide_any(&self) -> bool {
        self.0.iter().any(|thing| !thing.is_missing_object())
    }

    /// How each entry ends the wait. `expects_kinds` is whether a kind that is not served may come.
    pub fn pending_ends(&self, grace: i64, expects_kinds: bool) -> impl Iterator<Item = PendingEnd> {
        self.0
            .iter()
            .filter_map(move |thing| thing.pending(grace, expects_kinds))
    }

    /// The entries in words.
    pub fn words(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(UnseenThing::words)
    }
}

impl UnseenThing {
    /// Whether it is an object, or the objects of a selector, that do not exist: not a whole kind.
    fn is_missing_object(&self) -> bool {
        Class::from_word(&self.entry.class) == Some(Class::NotFound) && !self.entry.is_kind()
    }

    /// Whether it is one object of a kind, such as `job migrate`.
    fn is_named_object(&self) -> bool {
        let kind = Kind::from_word(self.entry.resource.as_deref().unwrap_or_default());
        let rest = kind.and_then(|kind| self.entry.thing.strip_prefix(kind.singular()));
        rest.is_some_and(|rest| rest.starts_with(' '))
    }

    /// Whether it is a kind that somebody can add by a `CustomResourceDefinition`.
    fn is_custom_kind(&self) -> bool {
        let resource = self.entry.resource.as_deref().unwrap_or_default();
        let group = resource.split_once('.').map_or("", |(_, group)| group);
        self.entry.is_kind() && !is_built_in_group(group)
    }

    fn pending(&self, grace: i64, expects_kinds: bool) -> Option<PendingEnd> {
        let class = Class::from_word(&self.entry.class);
        let patience = match class {
            // An agent that leaves objects to their controllers does not know whether there is one without.
            None if self.is_named_object() => Patience::Deadline,
            None if AGENT_LATE.contains(&self.entry.class.as_str()) => Patience::Deadline,
            Some(Class::NotFound) if expects_kinds && self.is_custom_kind() => Patience::Deadline,
            // The server does not serve the kind.
            Some(Class::NotFound) if self.entry.is_kind() => Patience::Nothing,
            class => patience(class),
        };
        let seconds = match (patience, self.from_start) {
            (Patience::Deadline, _) => return None,
            (Patience::Nothing, true) => 0,
            (Patience::Short, true) => CONFIRM_SECONDS,
            (_, false) => grace,
        };
        Some(PendingEnd::not_seen(
            self.since.saturating_add(seconds),
            self.words(),
        ))
    }

    fn words(&self) -> String {
        let what = self.entry.what();
        let why = match &self.entry.missing {
            Some(rule) => format!("{}, grant {rule}", self.entry.class),
            None => match &self.entry.error {
                Some(error) => format!("{}: {error}", self.entry.class),
                None => self.entry.class.clone(),
            },
        };
        format!("{what} not seen: {why}")
    }
}

/// Why the report could read nothing, or only old data; `None` if it could read something.
pub(in crate::follow) fn unreached(report: &Report) -> Option<Failure> {
    if report.stale {
        let words = format!(
            "the data is {} old",
            span(i64::try_from(report.age_seconds).unwrap_or(i64::MAX))
        );
        return Some(Failure::new(Class::Timeout, words));
    }
    let knows = |kind: &KindCheck| kind.summary.total > 0 || kind.status != Status::Unknown;
    if report.kinds().any(knows) {
        return None;
    }
    let unreached = |word: &str| Class::from_word(word).filter(|class| class.is_unreached());
    if let Some(check) = report.api_server() {
        let class = check.class.as_deref().and_then(unreached)?;
        let is_away = check.status == Status::Unknown && check.version.is_none();
        return is_away.then(|| Failure::new(class, check.error.clone().unwrap_or_default()));
    }
    let entries = &report.coverage.not_seen;
    let class = entries.first().and_then(|entry| unreached(&entry.class))?;
    let all = entries.iter().all(|entry| unreached(&entry.class).is_some());
    let error = entries.first().and_then(|entry| entry.error.clone());
    all.then(|| Failure::new(class, error.unwrap_or_default()))
}
