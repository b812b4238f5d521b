//! CronJobs as their Jobs need them: when a run last succeeded.

use super::{Related, RelatedObjects};
use crate::resource::{CronJob, Resource as _, Time};

/// The fields of a CronJob that its Jobs need.
#[derive(Debug)]
pub(in crate::check) struct CronJobFacts {
    pub name: String,
    pub uid: String,
    succeeded: Option<Time>,
}

impl RelatedObjects {
    /// When a CronJob of that namespace last succeeded, and its name.
    pub(in crate::check) fn last_success(
        &self,
        namespace: &str,
        is: impl Fn(&CronJobFacts) -> bool,
    ) -> Option<(&str, Time)> {
        let all = self.cron_jobs.get(namespace)?.iter().filter(|cron| is(cron));
        // If several names fit, the longest is meant.
        let one = all.max_by_key(|cron| cron.name.len())?;
        Some((&one.name, one.succeeded?))
    }
}

impl Related for CronJob {
    fn add_to(&self, known: &mut RelatedObjects) {
        let meta = self.meta();
        let facts = CronJobFacts {
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            succeeded: self.last_success(),
        };
        known
            .cron_jobs
            .entry(meta.namespace.clone())
            .or_default()
            .push(facts);
    }
}
