//! A list that is kept up to date: list, watch, and list again if the watch is lost.
//!
//! Written by hand because the verdict needs what `kube::runtime::watcher` hides: bookmarks, which the API
//! server sends once a minute and without which a quiet watch looks like a dead one; an object that does not
//! decode as an event, not as the end; and HTTP 410 at the start of a watch as a reason to list again.

use crate::cluster::api::accept;
use crate::cluster::api::list::{ItemMap, ListItem, list_mapped};
use crate::cluster::api::list_options::ListOptions;
use crate::cluster::client::Client;
use crate::cluster::refusal;
use crate::cluster::response::Response;
use crate::decode::MAX_ITEM_BYTES;
use crate::failure::{Class, Failure};
use crate::resource::{ApiStatus, Decoded, Resource, from_json};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The API server sends a bookmark about every minute; silence of this length means that the watch is dead.
const SILENCE: Duration = Duration::from_secs(90);
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// No pause is longer, so that an outage is over for us within 10 s of its end.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A watch sends earlier changes as soon as it is open. This much silence means that there were none.
const CATCH_UP: Duration = Duration::from_millis(500);
/// A watch that the server ends sooner than this counts as a failure, lest it be reopened in a busy loop.
const SHORTEST_WATCH: Duration = Duration::from_secs(1);
/// The version that stands for any that the API server's cache has: it sends the objects of its cache, then the changes.
const FROM_CACHE: &str = "0";
/// Blank lines between two events. Some proxies send one now and then to keep a connection open.
const MAX_BLANK_LINES: usize = 1000;
/// A watch that has lasted this long works. One that breaks sooner makes the next pause longer, even if a list or an event
/// came before: neither proves that the next watch will last.
const WORKING: Duration = LONGEST_PAUSE;

/// An event of a watch.
#[derive(Debug)]
pub enum WatchEvent<T, K = Decoded<T>> {
    /// All objects; they replace everything that was known before.
    Listed(Vec<K>),
    /// An object was created or changed.
    Applied(Decoded<T>),
    /// An object is gone.
    Deleted {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// Nothing changed, and the watch is alive: either a bookmark of the API server, or a watch was opened and there were no
    /// earlier changes. Without the latter, an outage would seem to last until the next bookmark, up to a minute.
    Bookmark,
}

/// A watch of one kind.
pub struct Watch<T, K = Decoded<T>> {
    client: Client,
    options: ListOptions,
    /// What is kept of an item of a list.
    map: ItemMap<T, K>,
    /// Whether it begins with a list. Otherwise the API server sends the objects that there are as events.
    lists: bool,
    /// The version from which the watch goes on; `None` before the first list, and if everything has to be listed again.
    resource_version: Option<String>,
    stream: Option<EventStream>,
    /// When the last watch was opened.
    opened: Option<Instant>,
    /// Failures since something was last received.
    failures: u32,
    /// Failures since a watch last worked; the length of the next pause depends on them.
    setbacks: u32,
    /// Whether the last attempt failed, so that the next one waits first.
    pausing: bool,
    /// Whether everything was listed again because the version was gone, and no watch has worked since.
    relisted: bool,
    /// The silence after which the watch counts as dead.
    silence: Duration,
    /// Lists that were read and streams that were opened since they were last taken.
    answered: u64,
}

struct EventStream {
    response: Response,
    opened: Instant,
    /// Whether the changes from before it was opened were read.
    caught_up: bool,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that were read as lines.
    used: usize,
    /// Bytes of `buffer` that were searched for the end of a line.
    searched: usize,
}

#[derive(Deserialize)]
struct EventLine<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct EventObject {
    kind: String,
    metadata: EventObjectMeta,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct EventObjectMeta {
    namespace: String,
    name: String,
    resource_version: String,
}

impl<T: Resource> Watch<T> {
    /// A watch that has not begun.
    #[must_use]
    pub fn new(client: &Client, options: ListOptions) -> Self {
        Self::mapped(client, options, Arc::new(Some))
    }
}

impl<T: Resource, K: ListItem> Watch<T, K> {
    /// A watch that has not begun and keeps of each item of a list what the map returns, as soon as it is decoded. Later
    /// changes are events all the same, since an object that the map drops from now on has to be forgotten.
    #[must_use]
    pub fn mapped(client: &Client, options: ListOptions, map: ItemMap<T, K>) -> Self {
        Self {
            client: client.clone(),
            options,
            map,
            lists: true,
            resource_version: None,
            stream: None,
            opened: None,
            failures: 0,
            setbacks: 0,
            pausing: false,
            relisted: false,
            silence: SILENCE,
            answered: 0,
        }
    }

    /// The watch without a list, for a caller who wants to know that something changed. The API server sends the objects
    /// that there are first, each as an event, also after each break.
    #[must_use]
    pub fn without_list(self) -> Self {
        Self { lists: false, ..self }
    }

    /// Sets the bound on silence, for a server that sends bookmarks at another pace.
    #[must_use]
    pub fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Goes on with another client.
    pub fn use_client(&mut self, client: &Client) {
        self.client = client.clone();
        self.stream = None;
    }

    /// How many failures there were since something was last received.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes the number of lists that were read and of streams that were opened since the last call.
    pub fn take_answered(&mut self) -> u64 {
        std::mem::take(&mut self.answered)
    }

    /// The next event. It can be called again after an error, and then pauses first: each time longer, up to 5 s, with jitter
    /// so that many agents do not come back at the same moment.
    ///
    /// # Errors
    /// Why the list or the watch failed; the watch itself goes on.
    pub async fn next(&mut self) -> Result<WatchEvent<T, K>, Failure> {
        let result = self.step().await;
        self.forget_setbacks();
        match &result {
            Ok(WatchEvent::Listed(_)) if self.relisted => {}
            Ok(_) => self.failures = 0,
            Err(_) => {
                self.failures = self.failures.saturating_add(1);
                self.add_setback();
                self.stream = None;
                self.opened = None;
            }
        }
        result
    }

    /// Makes the next attempt wait, longer than the one before.
    fn add_setback(&mut self) {
        self.setbacks = self.setbacks.saturating_add(1);
        self.pausing = true;
    }

    /// Forgets earlier failures if the watch works.
    fn forget_setbacks(&mut self) {
        if self.opened.is_some_and(|opened| opened.elapsed() >= WORKING) {
            self.setbacks = 0;
            self.relisted = false;
        }
    }

    async fn step(&mut self) -> Result<WatchEvent<T, K>, Failure> {
        loop {
            if std::mem::take(&mut self.pausing) {
                tokio::time::sleep(pause(self.setbacks)).await;
            }
            let begin = || (!self.lists).then(|| FROM_CACHE.to_owned());
            let Some(version) = self.resource_version.clone().or_else(begin) else {
                let list = list_mapped(&self.client, &self.options, &self.map).await?;
                self.answered = self.answered.saturating_add(1);
                self.resource_version = Some(list.resource_version);
                return Ok(WatchEvent::Listed(list.items));
            };
            let mut stream = match self.stream.take() {
                Some(stream) => stream,
                None => match self.open(&version).await? {
                    Some(stream) => {
                        self.answered = self.answered.saturating_add(1);
                        stream
                    }
                    // HTTP 410: that version is gone.
                    None => {
                        self.relist()?;
                        continue;
                    }
                },
            };
            let opened = stream.opened;
            self.opened = Some(opened);
            let quiet = if stream.caught_up { None } else { Some(CATCH_UP) };
            stream.caught_up = true;
            let line = match quiet {
                None => stream.line().await,
                Some(limit) => match tokio::time::timeout(limit, stream.line()).await {
                    Ok(line) => line,
                    Err(_) => {
                        self.stream = Some(stream);
                        return Ok(WatchEvent::Bookmark);
                    }
                },
            };
            match line {
                Ok(Some(line)) => match self.event(line) {
                    Ok(Some(event)) => {
                        self.stream = Some(stream);
                        return Ok(event);
                    }
                    Ok(None) => self.relist()?,
                    Err(failure) => return Err(self.start_over_after(failure)),
                },
                // The server ends every watch after a while; that is no failure.
                Ok(None) if opened.elapsed() >= WORKING => self.forget_setbacks(),
                Ok(None) if opened.elapsed() >= SHORTEST_WATCH => self.add_setback(),
                Ok(None) => {
                    return Err(Failure::new(
                        Class::ConnectionLost,
                        "the watch ended as soon as it began",
                    ));
                }
                Err(failure) => return Err(self.start_over_after(failure)),
            }
        }
    }

    /// Forgets the version if a stream made no progress or sent something that is no event. A watch from the same version
    /// might bring the same again.
    fn start_over_after(&mut self, failure: Failure) -> Failure {
        if matches!(failure.class, Class::Timeout | Class::NotAnApiServer) {
            self.resource_version = None;
        }
        failure
    }

    /// Forgets the version, which is gone.
    fn relist(&mut self) -> Result<(), Failure> {
        self.forget_setbacks();
        self.opened = None;
        self.resource_version = None;
        if std::mem::replace(&mut self.relisted, true) {
            return Err(Failure::new(
                Class::Expired,
                "the version of a list that was just read is gone",
            ));
        }
        Ok(())
    }

    /// Opens the stream of events after that version; `None` if the version is gone.
    async fn open(&self, version: &str) -> Result<Option<EventStream>, Failure> {
        // Spread over most of a minute, so that agents do not all reopen at once; kube refuses 295 and more.
        let seconds = 240 + u32::try_from(random() % 50).unwrap_or(0);
        let path = self.options.watch_path::<T>(version, seconds)?;
        let response = self.client.get(&path, accept::JSON).await?;
        match response.error_for_status().await {
            Err(failure) if failure.class == Class::Expired => Ok(None),
            Err(failure) => Err(failure),
            Ok(response) => Ok(Some(EventStream {
                response: response.with_idle(self.silence),
                opened: Instant::now(),
                caught_up: false,
                buffer: Vec::new(),
                used: 0,
                searched: 0,
            })),
        }
    }

    /// Reads one line; `None` if it reports that the version is gone.
    fn event(&mut self, line: &[u8]) -> Result<Option<WatchEvent<T, K>>, Failure> {
        let garbage = |error: &dyn std::fmt::Display| {
            Failure::new(
                Class::NotAnApiServer,
                format!("the watch sent something that is no event: {error}"),
            )
        };
        let EventLine { kind, object } = serde_json::from_slice(line).map_err(|e| garbage(&e))?;
        let object = object.get().as_bytes();
        if kind == "ERROR" {
            let status: ApiStatus = serde_json::from_slice(object).map_err(|e| garbage(&e))?;
            if status.code == 410 {
                return Ok(None);
            }
            let class = refusal::status_class(status.code).unwrap_or(Class::Unhealthy);
            return Err(Failure {
                status: Some(status.code),
                ..Failure::new(class, status.message)
            });
        }
        let EventObject {
            kind: object_kind,
            metadata,
        } = serde_json::from_slice(object).map_err(|e| garbage(&e))?;
        if !object_kind.is_empty() && object_kind != self.options.type_of::<T>().kind {
            return Err(garbage(&format_args!("an object of kind {object_kind:?}")));
        }
        if metadata.name.is_empty() && kind != "BOOKMARK" {
            return Err(garbage(&"an object without a name"));
        }
        if is_rewound(self.resource_version.as_deref(), &metadata.resource_version) {
            return Ok(None);
        }
        // Without a list the first events are in no order of versions.
        if self.lists && !metadata.resource_version.is_empty() {
            self.resource_version = Some(metadata.resource_version);
        }
        match kind {
            "ADDED" | "MODIFIED" => {
                let mut item: Decoded<T> = from_json(object);
                if let Ok(read) = &mut item {
                    crate::resource::read_writers(read, object, true);
                    crate::resource::slim(read);
                }
                Ok(Some(WatchEvent::Applied(item)))
            }
            "DELETED" => Ok(Some(WatchEvent::Deleted {
                namespace: metadata.namespace,
                name: metadata.name,
            })),
            "BOOKMARK" => Ok(Some(WatchEvent::Bookmark)),
            other => Err(garbage(&format_args!("type {other:?}"))),
        }
    }
}

impl EventStream {
    /// The next line without its end, `None` at the end of the stream.
    async fn line(&mut self) -> Result<Option<&[u8]>, Failure> {
        let mut blank = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
                let (start, end) = (self.used, self.searched + end);
                self.used = end + 1;
                self.searched = end + 1;
                if self.buffer[start..end].iter().all(u8::is_ascii_whitespace) {
                    blank += 1;
                    if blank > MAX_BLANK_LINES {
                        return Err(Failure::new(
                            Class::NotAnApiServer,
                            "the watch sent nothing but blank lines",
                        ));
                    }
                    continue;
                }
                return Ok(Some(&self.buffer[start..end]));
            }
            self.buffer.drain(..self.used);
            self.used = 0;
            self.searched = self.buffer.len();
            if self.buffer.len() > MAX_ITEM_BYTES {
                return Err(Failure::new(
                    Class::NotAnApiServer,
                    "the watch sent an endless line",
                ));
            }
            // An idle agent does not keep the memory that its largest event took.
            if self.buffer.is_empty() {
                self.buffer.shrink_to(16 << 10);
            }
            match self.response.chunk().await? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// Whether versions have gone back, as they do when etcd is restored from a backup: the API server would send nothing until
/// they reach the known version again. (KEP-5504: versions of one kind can be compared.)
fn is_rewound(known: Option<&str>, received: &str) -> bool {
    let number = |version: &str| version.parse::<u128>().ok();
    matches!((known.and_then(number), number(received)), (Some(known), Some(received)) if received < known)
}

/// The pause after that many setbacks: doubled each time, between a half and the whole of it.
fn pause(setbacks: u32) -> Duration {
    let whole = FIRST_PAUSE
        .saturating_mul(1 << setbacks.saturating_sub(1).min(10))
        .min(LONGEST_PAUSE);
    whole / 2 + whole.mul_f64(f64::from(u16::try_from(random() & 0xffff).unwrap_or(0)) / 65536.0) / 2
}

/// A number that differs between processes and between calls; nothing depends on its quality.
fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_PAUSE, pause};
    use std::time::Duration;

    #[test]
    fn pauses_grow_and_are_capped() {
        for (failures, least, most) in [(1, 125, 250), (2, 250, 500), (5, 2000, 4000), (6, 2500, 5000)] {
            let pause = pause(failures);
            assert!(
                pause >= Duration::from_millis(least) && pause <= Duration::from_millis(most),
                "{failures}"
            );
        }
        assert!(pause(u32::MAX) <= LONGEST_PAUSE);
    }
}
