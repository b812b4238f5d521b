//! Whether the API server takes writes. Its reads can be well while its etcd refuses writes, because its space is used up or it has
//! no leader.

use crate::apiserver::facts::{HealthAnswers, WriteAnswer};
use crate::failure::{Class, Failure};
use crate::kind::RbacRule;
use crate::report::{ApiServerCheck, Note, NoteCode, Rung, RungStatus, Status};

/// The result of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteState {
    /// It was written.
    Written,
    /// The API server answers, and the write failed.
    Failed(Failure),
    /// The identity may not write. The rule is missing.
    Forbidden(Box<RbacRule>),
    /// Nothing is known, for that reason.
    Unknown(String),
}

/// The result of the write, if one was tried and an API server answered.
#[must_use]
pub fn write_state(answers: &HealthAnswers) -> Option<WriteState> {
    let write = answers.write.as_ref().filter(|_| answers.is_answered())?;
    Some(match &write.result {
        Ok(()) => WriteState::Written,
        Err(failure) => failed(write, failure),
    })
}

fn failed(write: &WriteAnswer, failure: &Failure) -> WriteState {
    match failure.class {
        // The reads of the same moment were answered.
        Class::Unhealthy | Class::Overloaded | Class::Timeout | Class::ConnectionLost => {
            WriteState::Failed(failure.clone())
        }
        // `forbiddenMessage` of k8s.io/apiserver. An admission plugin refuses with the same code, and no right helps.
        Class::Forbidden if failure.message.contains(" cannot patch resource ") => {
            WriteState::Forbidden(Box::new(RbacRule {
                object: Some((write.lease.namespace.clone(), write.lease.name.clone())),
                ..RbacRule::on_resource("coordination.k8s.io", "leases", "patch")
            }))
        }
        Class::NotFound => WriteState::Unknown(format!("there is no Lease {}", write.lease)),
        _ => WriteState::Unknown(failure.message.clone()),
    }
}

/// Adds the result of the write to the verdict: a write that failed makes it degraded, and one of which nothing is known is a note.
pub(super) fn add_writes(check: &mut ApiServerCheck, state: &WriteState, rung: &Rung) {
    match state {
        WriteState::Written => {}
        WriteState::Failed(failure) => {
            // An API server that is in trouble itself comes first.
            if check.status != Status::Degraded {
                check.status = Status::Degraded;
                check.class = Some(failure.class.as_str().to_owned());
                check.error = Some(rung.message.clone());
                check.endpoint = Some(failure.endpoint.clone()).filter(|endpoint| !endpoint.is_empty());
                check.elapsed_ms = rung.elapsed_ms;
                check.missing = None;
                check.hint.clone_from(&rung.hint);
            }
        }
        WriteState::Forbidden(_) => {
            let note = Note::coded(NoteCode::WritesForbidden, "writes not allowed");
            check.notes.push(note);
        }
        WriteState::Unknown(_) => check.notes.push("writes not seen"),
    }
    debug_assert!(rung.status != RungStatus::Failed || check.status == Status::Degraded);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::ladder;
    use crate::apiserver::{Facts, judge};
    use crate::cluster::{ConnectionInfo, LeaseName};
    use crate::resource::Time;
    use std::time::Duration;

    fn answers(write: Option<Result<(), Failure>>) -> HealthAnswers {
        HealthAnswers {
            version: Ok("v1".into()),
            latency: Duration::from_millis(3),
            is_version_former: false,
            readyz: Ok((200, "ok".into())),
            livez: None,
            leases: Vec::new(),
            write: write.map(|result| WriteAnswer {
                lease: LeaseName {
                    namespace: "sre-tools".into(),
                    name: "canary".into(),
                },
                elapsed: Duration::from_millis(7),
                result,
            }),
            server_time: None,
            local_time: Time::from_seconds(1_000_000),
        }
    }

    fn judged(answers: &HealthAnswers) -> (ApiServerCheck, Option<Rung>) {
        let connection = ConnectionInfo::default();
        let facts = Facts {
            connection: &connection,
            answers,
            trace: None,
            flow: None,
        };
        let rung = ladder::rungs(&facts)
            .into_iter()
            .find(|rung| rung.rung == "write");
        (judge(&facts), rung)
    }

    #[test]
    fn a_failed_write_degrades_although_reads_are_well() {
        let failure = |class, message: &str| Some(Err(Failure::new(class, message)));
        let (ok, degraded) = (Status::Ok, Status::Degraded);
        for (write, status, class, note, rung) in [
            (None, ok, None, None, None),
            (Some(Ok(())), ok, None, None, Some(RungStatus::Ok)),
            // A database without space answers reads, and every write with 500.
            (
                failure(Class::Unhealthy, "etcdserver: mvcc: database space exceeded"),
                degraded,
                Some("unhealthy"),
                None,
                Some(RungStatus::Failed),
            ),
            // etcd without a leader answers nothing at all to a write.
            (
                failure(Class::Timeout, "not answered in time"),
                degraded,
                Some("timeout"),
                None,
                Some(RungStatus::Failed),
            ),
            (
                failure(Class::Overloaded, "too many requests"),
                degraded,
                Some("overloaded"),
                None,
                Some(RungStatus::Failed),
            ),
            (
                failure(
                    Class::Forbidden,
                    "leases.coordination.k8s.io \"canary\" is forbidden: User \"x\" cannot patch resource \"leases\"",
                ),
                ok,
                None,
                Some("writes not allowed"),
                Some(RungStatus::Unknown),
            ),
            // A policy refuses it, and no right helps.
            (
                failure(Class::Forbidden, "admission webhook \"x\" denied the request"),
                ok,
                None,
                Some("writes not seen"),
                Some(RungStatus::Unknown),
            ),
            (
                failure(Class::NotFound, "not found"),
                ok,
                None,
                Some("writes not seen"),
                Some(RungStatus::Unknown),
            ),
        ] {
            let (check, seen) = judged(&answers(write.clone()));
            let notes: Vec<&str> = check.notes.texts();
            assert_eq!(
                (check.status, check.class.as_deref(), notes.first().copied()),
                (status, class, note),
                "{write:?}"
            );
            assert_eq!(seen.map(|rung| rung.status), rung, "{write:?}");
            if status == degraded {
                assert_eq!(check.rung.as_deref(), Some("write"), "{write:?}");
                assert_eq!(check.side.as_deref(), Some("the control plane"), "{write:?}");
            }
        }
    }

    #[test]
    fn a_write_says_nothing_if_no_api_server_answers_and_hides_no_worse_failure() {
        let refused = Failure::new(Class::Refused, "nothing listens");
        let unreached = HealthAnswers {
            version: Err(refused.clone()),
            readyz: Err(refused.clone()),
            ..answers(Some(Err(refused)))
        };
        let (check, rung) = judged(&unreached);
        assert_eq!(
            (check.status, check.class.as_deref()),
            (Status::Unknown, Some("refused"))
        );
        assert!(rung.is_none());
        let sick = HealthAnswers {
            readyz: Ok((500, "[-]etcd failed\n".into())),
            ..answers(Some(Err(Failure::new(Class::Timeout, "not answered in time"))))
        };
        let (check, _) = judged(&sick);
        assert_eq!(
            (check.class.as_deref(), check.rung.as_deref()),
            (Some("unhealthy"), Some("readyz"))
        );
    }

    #[test]
    fn the_rung_names_the_lease_the_time_and_the_missing_rule() {
        let (_, rung) = judged(&answers(Some(Ok(()))));
        let rung = rung.expect("a rung");
        assert_eq!(rung.message, "a write to the Lease sre-tools/canary is stored");
        assert_eq!(rung.elapsed_ms, Some(7.0));
        let forbidden = Failure::new(Class::Forbidden, "User \"x\" cannot patch resource \"leases\"");
        let (_, rung) = judged(&answers(Some(Err(forbidden))));
        let rung = rung.expect("a rung");
        let missing: Vec<String> = rung.missing.iter().map(ToString::to_string).collect();
        assert_eq!(
            missing,
            ["coordination.k8s.io/leases patch for canary in namespace sre-tools"]
        );
    }
}
