//! The handlers, one a path.

pub mod alive;
pub mod apiserver;
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
use serde::ser::{Error as _, SerializeSeq as _, Serializer};
use sre_shared::live::{AnswerTime, KindObjects, Selection};
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

/// The selected objects. Each is judged when it is written.
struct Items<'a> {
    objects: &'a dyn KindObjects,
    selection: &'a Selection,
    time: &'a AnswerTime,
    limit: Option<NonZeroUsize>,
    /// Set by writing: the token with which the list goes on, if it was cut.
    next: RefCell<Option<String>>,
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let (mut written, mut end, mut failed) = (0, None, None);
        self.objects.visit(self.selection, self.time, &mut |item| {
            if self.limit.is_some_and(|limit| written >= limit.get()) {
                self.next.replace(end.take());
                return ControlFlow::Break(());
            }
            if let Err(error) = list.serialize_element(&item) {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            written += 1;
            if self.limit.is_some_and(|limit| written == limit.get()) {
                end = Some(query::token(&item.namespace, &item.name));
            }
            ControlFlow::Continue(())
        });
        match failed {
            Some(error) => Err(S::Error::custom(error)),
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
