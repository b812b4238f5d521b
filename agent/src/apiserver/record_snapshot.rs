//! Owns the form in which the record is saved: JSON with a version, and without the steps that nothing was counted in.
//! Must not know files.

use super::histogram::{STEPS, StepCounts};
use super::windows::{Bucket, PHASES, Windows};
use serde::{Deserialize, Serialize};

/// Says what the file is. Another program's file has something else.
const FORMAT: &str = "sre-agent/apiserver-record";
/// The version of the form. Another one is not understood.
const VERSION: u32 = 1;
/// The most bytes of a record that is read. One with a count in every step of every bucket has half of that.
pub const LIMIT: usize = 2 << 20;

/// The record at one moment.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordSnapshot {
    format: String,
    version: u32,
    /// The API server that was watched.
    server: String,
    /// The second of the record at which it was saved.
    pub second: u64,
    rings: Vec<RingRow>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RingRow {
    /// Seconds of a bucket.
    span: u64,
    buckets: Vec<BucketRow>,
}

#[derive(Debug, Serialize, Deserialize)]
struct BucketRow {
    number: u64,
    checks: u32,
    ready: u32,
    watched: u32,
    up: u32,
    phases: Vec<PhaseRow>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PhaseRow {
    max: f32,
    /// Steps and their counts.
    steps: Vec<(usize, u16)>,
}

impl RecordSnapshot {
    /// The record of that API server at that second.
    pub fn new(windows: &Windows, server: &str, second: u64) -> Self {
        let rings = windows.contents().map(|(span, buckets)| RingRow {
            span,
            buckets: buckets.map(BucketRow::from).collect(),
        });
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            server: server.to_owned(),
            second,
            rings: rings.collect(),
        }
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// Why they are no record of that API server.
    pub fn read(bytes: &[u8], server: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
            server: String,
        }
        let damaged = |error: serde_json::Error| format!("it is damaged or no record: {error}");
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.format != FORMAT {
            return Err(format!("it is {:?} and no record", head.format));
        }
        if head.version != VERSION {
            return Err(format!(
                "it has version {}, and this agent knows {VERSION}",
                head.version
            ));
        }
        if head.server != server {
            return Err(format!("it is about {}", head.server));
        }
        serde_json::from_slice(bytes).map_err(damaged)
    }

    /// Adds it to a record. Returns how many buckets were impossible and left out.
    pub fn restore(self, windows: &mut Windows) -> u64 {
        let mut impossible = 0;
        for RingRow { span, buckets } in self.rings {
            for row in buckets {
                let fits = row
                    .bucket()
                    .is_some_and(|bucket| windows.restore(span, &bucket, self.second));
                impossible += u64::from(!fits);
            }
        }
        impossible
    }
}

impl From<&Bucket> for BucketRow {
    fn from(bucket: &Bucket) -> Self {
        Self {
            number: bucket.number,
            checks: bucket.checks,
            ready: bucket.ready,
            watched: bucket.watched,
            up: bucket.up,
            phases: bucket.phases.iter().map(PhaseRow::from).collect(),
        }
    }
}

impl From<&StepCounts> for PhaseRow {
    fn from(latencies: &StepCounts) -> Self {
        let counts = latencies.counts.iter().copied().enumerate();
        Self {
            // JSON has no other numbers.
            max: if latencies.max_ms.is_finite() {
                latencies.max_ms
            } else {
                f32::MAX
            },
            steps: counts.filter(|(_, count)| *count > 0).collect(),
        }
    }
}

impl BucketRow {
    /// `None` if it is impossible.
    fn bucket(&self) -> Option<Bucket> {
        let mut bucket = Bucket {
            checks: self.checks,
            ready: self.ready,
            watched: self.watched,
            up: self.up,
            ..Bucket::new(self.number)
        };
        if self.phases.len() != PHASES.len() {
            return None;
        }
        for (phase, row) in bucket.phases.iter_mut().zip(&self.phases) {
            if !(row.max.is_finite() && row.max >= 0.0) || row.steps.len() > STEPS {
                return None;
            }
            phase.max_ms = row.max;
            for (step, count) in &row.steps {
                *phase.counts.get_mut(*step)? = *count;
            }
        }
        Some(bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::windows::Observation;

    const SERVER: &str = "https://10.96.0.1:443";

    fn watched() -> Windows {
        let mut windows = Windows::new(30);
        for second in (0..400_000_u64).step_by(25) {
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            let ms = (second % 900) as f64;
            windows.note(
                second,
                &Observation {
                    ready: second % 7 != 0,
                    phases: [Some(ms / 100.0), None, Some(ms / 10.0), Some(ms)],
                },
            );
        }
        windows
    }

    #[test]
    fn a_record_that_is_saved_and_read_again_is_the_same() {
        let before = watched();
        let bytes = RecordSnapshot::new(&before, SERVER, 400_000).to_bytes();
        let read = RecordSnapshot::read(&bytes, SERVER).expect("a record");
        let mut after = Windows::new(30);
        assert_eq!(read.restore(&mut after), 0);
        assert_eq!(after.record(400_000), before.record(400_000));
    }

    #[test]
    fn a_torn_or_foreign_file_is_no_record() {
        let bytes = RecordSnapshot::new(&watched(), SERVER, 400_000).to_bytes();
        let refused = |bytes: &[u8], server| RecordSnapshot::read(bytes, server).err();
        for length in [0, 1, 30, bytes.len() / 2, bytes.len() - 1] {
            let torn = refused(&bytes[..length], SERVER).expect("it is torn");
            assert!(torn.starts_with("it is damaged or no record"), "{length}: {torn}");
        }
        let text = String::from_utf8(bytes.clone()).expect("JSON");
        let changed = |from: &str, to: &str| refused(text.replacen(from, to, 1).as_bytes(), SERVER);
        assert_eq!(
            changed("\"version\":1", "\"version\":2").as_deref(),
            Some("it has version 2, and this agent knows 1")
        );
        assert_eq!(
            changed("sre-agent/apiserver-record", "other").as_deref(),
            Some("it is \"other\" and no record")
        );
        assert_eq!(
            refused(&bytes, "https://other").as_deref(),
            Some("it is about https://10.96.0.1:443")
        );
        assert!(refused(&[0; 4096], SERVER).is_some());
    }

    #[test]
    fn impossible_buckets_are_left_out_and_counted() {
        let bucket = |change: &str| {
            let text = r#"{"format":"sre-agent/apiserver-record","version":1,"server":"https://10.96.0.1:443","second":600,
                "rings":[{"span":60,"buckets":[{"number":3,"checks":6,"ready":5,"watched":60,"up":50,"phases":[
                {"max":1.0,"steps":[]},{"max":1.0,"steps":[]},{"max":1.0,"steps":[[63,1]]},{"max":1.0,"steps":[[3,6]]}]}]}]}"#;
            let (from, to) = change.split_once('>').unwrap_or(("", ""));
            let text = text.replacen(from, to, 1);
            let mut windows = Windows::new(30);
            RecordSnapshot::read(text.as_bytes(), SERVER).map(|read| read.restore(&mut windows))
        };
        for (change, impossible) in [
            ("", 0),
            ("[63,1]>[64,1]", 1),
            ("\"max\":1.0>\"max\":-1.0", 1),
            ("{\"max\":1.0,\"steps\":[]},>", 1),
            ("\"span\":60>\"span\":7", 1),
            ("\"up\":50>\"up\":61", 1),
            ("\"number\":3>\"number\":11", 1),
        ] {
            assert_eq!(bucket(change), Ok(impossible), "{change}");
        }
        assert!(bucket("[3,6]>[3,70000]").is_err());
    }

    #[test]
    fn the_largest_record_fits_into_the_limit() {
        let mut windows = Windows::new(30);
        for (span, count) in [(10, 30), (60, 60), (300, 72), (3600, 72), (86_400, 30)] {
            for number in 1_000_000..1_000_000 + count {
                let full = StepCounts {
                    counts: [u16::MAX; STEPS],
                    max_ms: f32::MAX,
                };
                let bucket = Bucket {
                    phases: [full; PHASES.len()],
                    ..Bucket::new(number)
                };
                assert!(windows.restore(span, &bucket, u64::MAX));
            }
        }
        let bytes = RecordSnapshot::new(&windows, SERVER, u64::MAX).to_bytes();
        assert!(bytes.len() < LIMIT / 2, "{}", bytes.len());
        assert!(RecordSnapshot::read(&bytes, SERVER).is_ok());
    }
}
