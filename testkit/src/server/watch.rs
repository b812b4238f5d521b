//! Owns open watches: the objects of each, and the stream that its body reads.
//! Must not know how bytes are framed or which requests open a watch.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Sleep;

use super::change_signal::ChangeSignal;
use super::fault::WatchFault;
use super::resource::Resource;
use super::selector::Selector;
use super::store::{Change, event};

/// A message to a watch stream.
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
    /// A watch, and the stream of its answer.
    pub fn open(
        resource: &'static Resource,
        selector: Selector,
        bookmarks: bool,
        timeout: Option<Duration>,
        changed: &ChangeSignal,
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
            // An error means that the stream has just been dropped.
            let _ = self.signals.send(Signal::Bytes(bytes.into()));
        }
    }

    pub fn send_change(&self, change: &Change) {
        if let Some(line) = change.event(self.resource, &self.selector) {
            self.send(line);
        }
    }

    /// Sends a bookmark if the watch allows bookmarks.
    pub fn send_bookmark(&self, version: u64, ends_initial_events: bool) {
        if self.bookmarks {
            self.send(event(
                "BOOKMARK",
                &bookmark(self.resource, version, ends_initial_events),
            ));
        }
    }

    pub fn disturb(&mut self, fault: &WatchFault) {
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

/// A bookmark has an object with a version and nothing else. Go writes the empty structs out.
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

/// The bytes of a watch, which the body of its answer reads.
#[derive(Debug)]
pub(crate) struct WatchStream {
    signals: UnboundedReceiver<Signal>,
    timeout: Option<Pin<Box<Sleep>>>,
    changed: ChangeSignal,
}

/// The next step of a stream.
pub(crate) enum StreamStep {
    Bytes(Bytes),
    End,
    Cut,
}

impl WatchStream {
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<StreamStep> {
        match self.signals.poll_recv(context) {
            Poll::Ready(Some(Signal::Bytes(bytes))) => return Poll::Ready(StreamStep::Bytes(bytes)),
            Poll::Ready(Some(Signal::Cut)) => return Poll::Ready(StreamStep::Cut),
            Poll::Ready(Some(Signal::End) | None) => return Poll::Ready(StreamStep::End),
            Poll::Pending => {}
        }
        match &mut self.timeout {
            Some(timeout) => timeout.as_mut().poll(context).map(|()| StreamStep::End),
            None => Poll::Pending,
        }
    }
}

impl Drop for WatchStream {
    fn drop(&mut self) {
        // The watcher must count as closed before the waiting tasks look.
        self.signals.close();
        self.changed.signal();
    }
}
