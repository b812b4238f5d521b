//! A wait for the consequences of a change before which the objects were read.

use super::{Wait, WaitRules};
use crate::report::ObjectRef;
use crate::resource::Time;

impl Wait {
    /// A wait for the consequences of a change. The objects could be read before it, so that something that cannot be read now
    /// is waited for as if it was lost meanwhile. If no object is left, nothing is missing: the change removed them.
    #[must_use]
    pub(in crate::follow) fn after_change(rules: WaitRules, begun: Time) -> Self {
        Self {
            after_change: true,
            ..Self::new(rules, begun)
        }
    }

    /// No longer waits for that object. If it decided how the wait ends, the wait goes on.
    pub(in crate::follow) fn release(&mut self, object: &ObjectRef, now: Time) {
        self.objects.remove(object);
        self.end = None;
        let seconds = self.clock.seconds(now);
        let is_settled = self.away.is_none() && self.is_settled();
        self.settled = is_settled.then(|| self.settled.unwrap_or(seconds));
    }

    /// Goes on although it has ended: a later report shows something else.
    pub(in crate::follow) fn reopen(&mut self) {
        self.end = None;
    }

    /// Does not take the last report for the end, although everything in it is as it should be.
    pub(in crate::follow) fn unsettle(&mut self) {
        self.settled = None;
    }
}
