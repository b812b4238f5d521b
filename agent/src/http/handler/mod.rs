//! The handlers, one a path.

pub mod alive;
pub mod apiserver;
pub mod changes;
pub mod history;
pub mod index;
pub mod kind;
pub mod metrics;
pub mod openapi;
pub mod page;
pub mod past;
pub mod ready;
pub mod report;
pub mod version;

use crate::history::past_notes::PastNotes;
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
    /// What the history says of them.
    past: &'a PastNotes,
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
        let mut show = |item: &Item| {
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
        };
        let beyond = self.past.beyond(self.objects, self.selection, self.time);
        let mut beyond = beyond.iter().peekable();
        let mut is_cut = false;
        self.objects
            .visit(self.selection, self.time, self.open, &mut |item| {
                let place = (&item.namespace, &item.name);
                let mut flow = ControlFlow::Continue(());
                while flow.is_continue()
                    && let Some(item) = beyond.next_if(|item| (&item.namespace, &item.name) < place)
                {
                    flow = show(item);
                }
                if flow.is_continue() {
                    flow = show(&self.past.noted(item));
                }
                is_cut = flow.is_break();
                flow
            });
        while !is_cut && let Some(item) = beyond.next() {
            is_cut = show(item).is_break();
        }
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
