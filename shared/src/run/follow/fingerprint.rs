//! Whether two reports show the same: ages and the time of the report do not count.

use crate::report::{Item, Report};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher as _};

/// A number that is the same as long as a report shows the same.
#[must_use]
pub fn fingerprint(report: &Report) -> u64 {
    let mut hash = HashWriter(DefaultHasher::new());
    // A hasher takes any text.
    let _ = write_facts(&mut hash, report);
    hash.0.finish()
}

/// A number that is the same as long as an item shows the same.
#[must_use]
pub fn item_fingerprint(item: &Item) -> u64 {
    let mut hash = HashWriter(DefaultHasher::new());
    // A hasher takes any text.
    let _ = write_item(&mut hash, item);
    hash.0.finish()
}

struct HashWriter(DefaultHasher);

impl Write for HashWriter {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

fn write_facts(out: &mut impl Write, report: &Report) -> std::fmt::Result {
    write!(out, "{:?} {:?}", report.status, report.stale)?;
    if let Some(check) = report.api_server() {
        write!(out, "{:?} {:?} {:?}", check.status, check.class, check.version)?;
    }
    for entry in &report.coverage.not_seen {
        write!(out, "{} {:?} {:?}", entry.what(), entry.class, entry.missing)?;
    }
    for check in report.kinds() {
        write!(
            out,
            "{} {:?} {:?} {:?}",
            check.check, check.status, check.summary, check.served
        )?;
        check.items.iter().try_for_each(|item| write_item(out, item))?;
    }
    Ok(())
}

/// Everything but its sentences, which have ages.
fn write_item(out: &mut impl Write, item: &Item) -> std::fmt::Result {
    let counts = (item.desired, item.ready, item.available, item.updated);
    write!(
        out,
        "{} {:?} {:?} {:?} {counts:?} {:?} {:?} {:?} {:?} {:?}",
        item.identity(),
        item.state,
        item.healthy,
        item.reason,
        item.since,
        item.acknowledged.is_some(),
        item.uid,
        item.generation,
        item.rollout
    )?;
    let mut causes = item.causes.iter();
    causes.try_for_each(|cause| {
        write!(
            out,
            "{:?} {} {} {:?}",
            cause.code,
            cause.count,
            cause.gist(),
            cause.subject
        )
    })
}
