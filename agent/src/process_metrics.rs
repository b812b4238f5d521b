//! Owns the metrics of this process, as Linux counts them. Must not know what the process does.

use crate::descriptors::open_files;
use crate::metric_page::{Labels, Page};
use std::fmt;

/// Ticks of a second in `/proc`: `USER_HZ`, which is 100 on every architecture that the agent is built for (proc(5)).
const TICKS: f64 = 100.0;

/// What the system counts of this process. On other systems than Linux, and without `/proc`, nothing is known.
#[derive(Debug, Default)]
pub struct ProcessSample {
    /// Bytes of memory that it holds.
    memory: Option<u64>,
    /// Seconds of CPU time that it used.
    cpu: Option<f64>,
    /// File descriptors that are open.
    descriptors: Option<u64>,
    /// File descriptors that it may open.
    most_descriptors: Option<u64>,
}

impl ProcessSample {
    /// The counts of this moment.
    pub fn read() -> Self {
        let text = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).ok();
        Self {
            memory: text("status").and_then(|status| resident_bytes(&status)),
            cpu: text("stat").and_then(|stat| cpu_seconds(&stat)),
            // The directory itself is open while it is read.
            descriptors: std::fs::read_dir("/proc/self/fd")
                .ok()
                .and_then(|open| u64::try_from(open.count().saturating_sub(1)).ok()),
            most_descriptors: text("limits")
                .and_then(|limits| open_files(&limits))
                .and_then(|most| u64::try_from(most).ok()),
        }
    }

    /// Writes them.
    ///
    /// # Errors
    /// None: writing to a string does not fail.
    pub fn encode(&self, page: &mut Page<'_>) -> fmt::Result {
        page.seconds_total(
            "process_cpu_seconds",
            "CPU time that this process used, in seconds",
            self.cpu,
        )?;
        page.gauge(
            "process_open_fds",
            "File descriptors that are open",
            known(self.descriptors),
        )?;
        page.gauge(
            "process_max_fds",
            "File descriptors that this process may open",
            known(self.most_descriptors),
        )?;
        page.gauge(
            "process_resident_memory_bytes",
            "Memory that this process holds",
            known(self.memory),
        )
    }
}

/// The sample of a number, if it is known.
fn known(value: Option<u64>) -> Vec<(Labels, u64)> {
    value.map(|value| (Labels::new(), value)).into_iter().collect()
}

/// The resident memory in the text of `/proc/self/status`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// User and system time in the text of `/proc/self/stat`. The second field is a name in brackets, which may have spaces.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    // utime is field 14 and stime field 15, and the first one here is field 3.
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next()?.parse::<u32>().ok();
    Some((f64::from(next()?) + f64::from(next()?)) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_proc_are_read() {
        let stat = "7 (sre agent) 1) S 1 7 7 0 -1 4194560 1500 0 0 0 250 150 0 0 20 0 4 0 9 1 2";
        assert_eq!(cpu_seconds(stat), Some(4.0));
        assert_eq!(cpu_seconds("7 (x) S 1"), None);
        assert_eq!(cpu_seconds(""), None);
        assert_eq!(resident_bytes("VmPeak: 9 kB\nVmRSS:\t    12 kB\n"), Some(12_288));
        assert_eq!(resident_bytes("VmRSS: 12 MB\n"), None);
    }

    #[test]
    fn this_process_has_memory_and_files() {
        let sample = ProcessSample::read();
        assert!(sample.memory > Some(1 << 20), "{sample:?}");
        assert!(sample.descriptors > Some(2), "{sample:?}");
        assert!(sample.cpu.is_some(), "{sample:?}");
    }
}
