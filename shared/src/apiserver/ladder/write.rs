//! Whether a write reaches the store.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::broken_rung;
use crate::apiserver::hint;
use crate::apiserver::milliseconds::milliseconds;
use crate::apiserver::writes::{WriteState, write_state};
use crate::failure::Side;
use crate::report::{Rung, RungStatus};

pub(in crate::apiserver) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let write = facts.answers.write.as_ref()?;
    let lease = &write.lease;
    let mut rung = match write_state(facts.answers)? {
        WriteState::Written => Rung::new(
            "write",
            RungStatus::Ok,
            format!("a write to the Lease {lease} is stored"),
        ),
        WriteState::Failed(failure) => Rung {
            message: format!(
                "reads are answered, and a write to the Lease {lease} fails: {}",
                failure.message
            ),
            hint: Some(hint::kubectl(facts.connection, SHOW_ETCD)),
            ..broken_rung("write", &failure, Side::ControlPlane)
        },
        WriteState::Forbidden(rule) => Rung {
            missing: vec![*rule],
            side: Some(Side::Rights.as_str().to_owned()),
            ..Rung::new(
                "write",
                RungStatus::Unknown,
                format!("the Lease {lease} may not be written to"),
            )
        },
        WriteState::Unknown(why) => Rung::new(
            "write",
            RungStatus::Unknown,
            format!("whether writes are stored is not known: {why}"),
        ),
    };
    rung.elapsed_ms = Some(milliseconds(write.elapsed));
    Some(rung)
}

/// The API server's metrics have the size of the database, and how long etcd takes.
const SHOW_ETCD: &str =
    "get --raw /metrics | grep -E 'apiserver_storage_size_bytes|etcd_request_errors_total'";
