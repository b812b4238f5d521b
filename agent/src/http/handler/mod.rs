//! The handlers, one a path.

pub mod alive;
pub mod apiserver;
pub mod changes;
pub mod index;
pub mod kind;
pub mod metrics;
pub mod openapi;
pub mod ready;
pub mod report;
pub mod version;

use crate::http::query;
use crate::state::AgentState;
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};
use sre_shared::live::{AnswerTime, KindObjects, OpenItems, Selection};
use sre_shared::report::Item;
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

/// The selected objects. Each is judged when it is written, unless it is judged already.
struct Items<'a> {
    objects: &'a dyn KindObjects,
    selection: &'a Selection,
    time: &'a AnswerTime,
    /// Those that are judged already.
    open: &'a OpenItems,
    /// Whether none of them is shown.
    hidden: bool,
    limit: Option<NonZeroUsize>,
    /// Set by writing: the token with which the list goes on, if it was cut.
    next: RefCell<Option<String>>,
}

impl Items<'_> {
    /// Shows each object, up to the limit.
    fn each(&self, show: &mut dyn FnMut(&Item)) {
        if self.hidden {
            return;
        }
        let (mut shown, mut end) = (0, None);
        self.objects
            .visit(self.selection, self.time, self.open, &mut |item| {
                if self.limit.is_some_and(|limit| shown >= limit.get()) {
                    self.next.replace(end.take());
                    return ControlFlow::Break(());
                }
                show(item);
                shown += 1;
                if self.limit.is_some_and(|limit| shown == limit.get()) {
                    end = Some(query::token(&item.namespace, &item.name));
                }
                ControlFlow::Continue(())
            });
    }
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut failed = None;
        self.each(&mut |item| {
            if failed.is_none() {
                failed = list.serialize_element(item).err();
            }
        });
        match failed {
            Some(error) => Err(error),
            None => list.end(),
        }
    }
}

/// Where an answer comes from, and how old it is. These fields end an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Provenance<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<&'a str>,
}

/// The name of the pod. It does not count for the entity tag, since answers of two replicas have equal content.
fn pod(state: &AgentState) -> Option<&str> {
    state.pod.as_deref()
}
