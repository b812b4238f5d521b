//! Owns how the gaps of the files are read: a gap has a line when it begins and one when it is over, and the process may end in
//! between. Must not know the files.

use super::gaps::WatchGap;
use sre_shared::report::{HistoryGap, HistoryGapReason};
use std::collections::BTreeMap;

/// The gaps of lines that were read so far.
#[derive(Debug, Default)]
pub struct ReadGaps {
    over: Vec<WatchGap>,
    /// The gap that lasts, by the kind and the namespace of its watch.
    lasting: BTreeMap<(Option<String>, Option<String>), WatchGap>,
}

impl ReadGaps {
    /// Takes the gap of the next line. One that is not understood is left out.
    pub fn take(&mut self, gap: &HistoryGap) {
        let Some(gap) = WatchGap::from_public(gap) else {
            return;
        };
        // These are about all watches, and end none of their gaps.
        if matches!(
            gap.why,
            HistoryGapReason::ClockJump | HistoryGapReason::NotWritten
        ) {
            self.over.push(gap);
            return;
        }
        let watch = (gap.kind.clone(), gap.namespace.clone());
        // The line that ends a gap has all of it. A gap that began earlier was that of a process that ended.
        if let Some(mut before) = self.lasting.remove(&watch)
            && before.from < gap.from
        {
            before.to = Some(gap.from);
            self.over.push(before);
        }
        if gap.to.is_some() {
            self.over.push(gap);
        } else {
            self.lasting.insert(watch, gap);
        }
    }

    /// The gaps. Those that lasted at the last line have no end.
    pub fn finish(self) -> Vec<WatchGap> {
        let mut gaps = self.over;
        gaps.extend(self.lasting.into_values());
        gaps.sort_by_key(|gap| gap.from);
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sre_shared::resource::Time;

    fn gap(from: i64, to: Option<i64>, why: HistoryGapReason) -> WatchGap {
        WatchGap {
            from: Time::from_seconds(from),
            to: to.map(Time::from_seconds),
            why,
            kind: Some("jobs".to_owned()),
            namespace: None,
        }
    }

    fn read(gaps: &[WatchGap]) -> Vec<WatchGap> {
        let mut read = ReadGaps::default();
        for gap in gaps {
            read.take(&gap.public());
        }
        read.finish()
    }

    #[test]
    fn a_gap_is_read_once_whether_or_not_its_process_saw_its_end() {
        use HistoryGapReason::{AgentDown, ClockJump, Starting, WatchLost};
        assert_eq!(
            read(&[gap(10, None, WatchLost), gap(10, Some(20), WatchLost)]),
            [gap(10, Some(20), WatchLost)]
        );
        // The process ended while the watch was lost, and the next one takes over at 40.
        assert_eq!(
            read(&[
                gap(10, None, WatchLost),
                gap(50, None, Starting),
                gap(40, None, AgentDown),
                gap(40, Some(55), AgentDown),
            ]),
            [gap(10, Some(50), WatchLost), gap(40, Some(55), AgentDown)]
        );
        assert_eq!(
            read(&[gap(10, None, WatchLost), gap(5, Some(15), ClockJump)]),
            [gap(5, Some(15), ClockJump), gap(10, None, WatchLost)]
        );
    }
}
