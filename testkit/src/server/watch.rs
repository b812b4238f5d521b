//! Owns open watches: what each is about, and the stream that its body reads from.
//! Must not know how bytes are framed or which requests open a watch.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Sleep;

use super::changed::Changed;
use super::fault::WatchFault;
use super::resource::Resource;
use super::selector::Selector;
use super::store::{Change, event};

/// What a watch stream is told to do next.
#[derive(Debug)]
enum Signal {
    Bytes(Bytes),
    End,
    Cut,
}

/// The sending side of an open watch.
#[derive(Debug)]
pub(crate) struct Watcher {
    resource: &'static Resource,
    selector: Selector,
    bookmarks: bool,
    silent: bool,
    signals: UnboundedSender<Signal>,
}

impl Watcher {
    /// A watch, and the stream that its answer carries.
    pub fn open(
        resource: &'static Resource,
        selector: Selector,
        bookmarks: bool,
        timeout: Option<Duration>,
        changed: &Changed,
    ) -> (Self, WatchStream) {
        let (signals, received) = unbounded_channel();
        let stream = WatchStream {
            signals: received,
            timeout: timeout.map(|timeout| Box::pin(tokio::time::sleep(timeout))),
            changed: changed.clone(),
        };
        (
            Self {
                resource,
                selector,
                bookmarks,
                silent: false,
                signals,
            },
            stream,
        )
    }

    pub fn is_open(&self) -> bool {
        !self.signals.is_closed()
    }

    pub fn send(&self, bytes: impl Into<Bytes>) {
        if !self.silent {
            // A stream that has just been dropped needs no more.
            let _ = self.signals.send(Signal::Bytes(bytes.into()));
        }
    }

    pub fn send_change(&self, change: &Change) {
        if let Some(line) = change.event(self.resource, &self.selector) {
            self.send(line);
        }
    }

    /// Sends a bookmark where the watch allows bookmarks.
    pub fn send_bookmark(&self, version: u64, ends_initial_events: bool) {
        if self.bookmarks {
            self.send(event(
                "BOOKMARK",
                &bookmark(self.resource, version, ends_initial_events),
            ));
        }
    }

    pub fn befall(&mut self, fault: &WatchFault) {
        let signal = match fault {
            WatchFault::End => Signal::End,
            WatchFault::Cut => Signal::Cut,
            WatchFault::Garbage(bytes) => Signal::Bytes(Bytes::copy_from_slice(bytes)),
            WatchFault::Silent => {
                self.silent = true;
                return;
            }
        };
        let _ = self.signals.send(signal);
    }
}

/// A bookmark carries an object that is empty but for its version; Go writes the empty structs out.
fn bookmark(resource: &Resource, version: u64, ends_initial_events: bool) -> String {
    let mut metadata = json!({"resourceVersion": version.to_string(), "creationTimestamp": null});
    if ends_initial_events {
        metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    let spec = match resource.kind {
        "Deployment" => json!({
            "selector": null, "strategy": {},
            "template": {"metadata": {"creationTimestamp": null}, "spec": {"containers": null}},
        }),
        "Pod" => json!({"containers": null}),
        "ReplicaSet" => json!({"selector": null, "template": {"metadata": {}, "spec": {"containers": null}}}),
        _ => json!({}),
    };
    let object = json!({
        "kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata,
        "spec": spec, "status": Value::Object(serde_json::Map::new()),
    });
    crate::object::to_ordered_json(&object, true)
}

/// The bytes of a watch, as its answer's body reads them.
#[derive(Debug)]
pub(crate) struct WatchStream {
    signals: UnboundedReceiver<Signal>,
    timeout: Option<Pin<Box<Sleep>>>,
    changed: Changed,
}

/// What a stream gives next.
pub(crate) enum Next {
    Bytes(Bytes),
    End,
    Cut,
}

impl WatchStream {
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        match self.signals.poll_recv(context) {
            Poll::Ready(Some(Signal::Bytes(bytes))) => return Poll::Ready(Next::Bytes(bytes)),
            Poll::Ready(Some(Signal::Cut)) => return Poll::Ready(Next::Cut),
            Poll::Ready(Some(Signal::End) | None) => return Poll::Ready(Next::End),
            Poll::Pending => {}
        }
        match &mut self.timeout {
            Some(timeout) => timeout.as_mut().poll(context).map(|()| Next::End),
            None => Poll::Pending,
        }
    }
}

impl Drop for WatchStream {
    fn drop(&mut self) {
        // The watcher must count as closed before those who wait for that look.
        self.signals.close();
        self.changed.signal();
    }
}
