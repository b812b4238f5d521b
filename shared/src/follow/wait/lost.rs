//! Objects that were there before the wait began, and are not there any more.

use super::standing::PendingEnd;
use super::tracked::REPLACE_SECONDS;
use super::{EndReason, Wait};

impl Wait {
    /// How named objects end the wait that an API server gave an identity before, and that were never seen. An API server may
    /// be some seconds behind the one that wrote them.
    pub(super) fn lost(&self) -> impl Iterator<Item = PendingEnd> {
        let is_hidden = self.outcome.is_none() || self.unseen.hide_any();
        let known = self
            .missing()
            .filter(move |target| !is_hidden && target.uid.is_some());
        known.map(|target| {
            let words = format!("{} is gone", target.words());
            if target.resource.ends() {
                let words = format!("{words}, and it is not known whether it has succeeded");
                return PendingEnd::not_seen(REPLACE_SECONDS, words);
            }
            PendingEnd {
                reason: EndReason::Deleted,
                ..PendingEnd::failed(REPLACE_SECONDS, words)
            }
        })
    }
}
