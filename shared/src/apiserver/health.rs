//! Whether the API server is healthy, from its answers to `/version` and `/readyz?verbose`.
//!
//! `/version` proves HTTP, TLS and a real API server. The status code of `/readyz` decides whether it is healthy; its
//! lines only name the part that fails.

use crate::apiserver::facts::HealthAnswers;
use crate::apiserver::milliseconds::milliseconds;
use crate::failure::{Class, Failure};
use crate::kind::RbacRule;
use crate::report::{ApiServerCheck, Note, NoteCode, Readyz, Rung, RungStatus, Status};
use crate::resource::Time;

/// The verdict on the two answers.
pub(super) fn judge(answers: &HealthAnswers) -> ApiServerCheck {
    let mut check = match &answers.version {
        Ok(version) => ApiServerCheck {
            status: Status::Ok,
            version: Some(version.clone()),
            latency_ms: Some(milliseconds(answers.latency)),
            ..ApiServerCheck::default()
        },
        Err(failure) => refused_check(failure, "/version"),
    };
    match &answers.readyz {
        Ok((code, text)) => {
            let readyz = readyz_lines(text);
            match code {
                200 if readyz.is_some() || is_ready(text) => {}
                403 => check
                    .notes
                    .push(Note::coded(NoteCode::ReadyzForbidden, "readyz not allowed")),
                404 if answers.version.is_err() => {}
                404 => check.notes.push("readyz not served"),
                _ => worsen(&mut check, unready_check(*code, readyz.as_ref())),
            }
            check.readyz = readyz;
        }
        Err(failure) => worsen(&mut check, refused_check(failure, "/readyz")),
    }
    check
}

/// The verdict on a request without a usable answer.
pub(super) fn failed_check(failure: &Failure) -> ApiServerCheck {
    // An API server that answers with 5xx or 429 is in trouble. After any other failure nothing is known of it.
    let status = match failure.class {
        Class::Unhealthy | Class::Overloaded => Status::Degraded,
        _ => Status::Unknown,
    };
    ApiServerCheck {
        status,
        class: Some(failure.class.as_str().to_owned()),
        error: Some(failure.message.clone()),
        // A failure before the first packet has neither endpoint nor time.
        endpoint: Some(failure.endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
        elapsed_ms: Some(milliseconds(failure.elapsed)).filter(|ms| *ms > 0.0),
        hint: Some(failure.hint().to_owned()),
        ..ApiServerCheck::default()
    }
}

/// The verdict on a failed request of that path, with the missing rule if it was forbidden.
fn refused_check(failure: &Failure, path: &str) -> ApiServerCheck {
    let missing = (failure.class == Class::Forbidden).then(|| RbacRule::on_path(path).to_string());
    ApiServerCheck {
        missing,
        ..failed_check(failure)
    }
}

/// The verdict on a `/readyz` that does not pass.
fn unready_check(code: u16, readyz: Option<&Readyz>) -> ApiServerCheck {
    let class = match code {
        401 => Class::Unauthenticated,
        429 => Class::Overloaded,
        500..=599 => Class::Unhealthy,
        // A login page, for one, answers 200 or 302.
        _ => Class::NotAnApiServer,
    };
    let failing = readyz
        .map(|readyz| readyz.failing.join(", "))
        .filter(|failing| !failing.is_empty());
    let message = match failing {
        Some(parts) => format!("/readyz answers {code}, failing: {parts}"),
        None => format!("/readyz answers {code}"),
    };
    failed_check(&Failure {
        endpoint: "/readyz".into(),
        ..Failure::new(class, message).with_hint("kubectl get --raw '/readyz?verbose'")
    })
}

/// Adds the state of the controllers to the verdict: frozen counts make it degraded, and Leases that cannot be read are a
/// note.
pub(super) fn add_controllers(
    check: &mut ApiServerCheck,
    rung: &Rung,
    frozen_since: Option<Time>,
    unseen: Option<NoteCode>,
) {
    match frozen_since {
        Some(since) => {
            check.frozen_since = Some(since.to_string());
            // An API server that is in trouble itself comes first.
            if check.status != Status::Degraded {
                check.status = Status::Degraded;
                check.class.clone_from(&rung.class);
                check.error = Some(rung.message.clone());
                check.endpoint = None;
                check.elapsed_ms = None;
                check.missing = None;
                check.hint.clone_from(&rung.hint);
            }
        }
        None if rung.status == RungStatus::Unknown => {
            let mut note: Note = "controllers not seen".into();
            note.code = unseen;
            check.notes.push(note);
        }
        None => {}
    }
}

/// Replaces the verdict by one that is worse. The first of two equal ones stays: `/version` is the simpler request to
/// the same server.
fn worsen(check: &mut ApiServerCheck, failure: ApiServerCheck) {
    if check.status.worst(failure.status) == check.status {
        return;
    }
    let known = std::mem::take(check);
    *check = ApiServerCheck {
        version: known.version,
        latency_ms: known.latency_ms,
        notes: known.notes,
        ..failure
    };
}

/// Whether the text is the plain answer, or ends as the verbose answer does.
fn is_ready(text: &str) -> bool {
    let text = text.trim();
    text == "ok" || text.ends_with("check passed")
}

/// Counts the lines of `/readyz?verbose`; `None` if there are none, as in the plain answer `ok`.
pub(super) fn readyz_lines(text: &str) -> Option<Readyz> {
    let mut readyz = Readyz::default();
    for line in text.lines() {
        if line.starts_with("[+]") {
            readyz.passed = readyz.passed.saturating_add(1);
            readyz.total = readyz.total.saturating_add(1);
        } else if let Some(rest) = line.strip_prefix("[-]") {
            readyz.total = readyz.total.saturating_add(1);
            readyz
                .failing
                .push(rest.split_whitespace().next().unwrap_or_default().to_owned());
        }
    }
    (readyz.total > 0).then_some(readyz)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Time = Time::from_seconds(1_000_000);

    fn answers(version: Result<&str, Failure>, readyz: Result<(u16, &str), Failure>) -> HealthAnswers {
        HealthAnswers {
            version: version.map(Into::into),
            latency: Duration::from_millis(4),
            is_version_former: false,
            readyz: readyz.map(|(code, text)| (code, text.to_owned())),
            livez: None,
            leases: Vec::new(),
            write: None,
            server_time: None,
            local_time: NOW,
        }
    }

    fn failed(class: Class) -> Failure {
        Failure::new(class, format!("{}!", class.as_str()))
    }

    #[test]
    fn the_answers_decide_the_verdict() {
        type Row = (
            Result<&'static str, Failure>,
            Result<(u16, &'static str), Failure>,
            Status,
            Option<&'static str>,
        );
        let rows: Vec<Row> = vec![
            (Ok("v1"), Ok((200, "ok")), Status::Ok, None),
            (Ok("v1"), Ok((200, "ok\n")), Status::Ok, None),
            (
                Ok("v1"),
                Ok((200, "[+]ping ok\nreadyz check passed\n")),
                Status::Ok,
                None,
            ),
            (
                Ok("v1"),
                Ok((200, "<html>Sign in</html>")),
                Status::Unknown,
                Some("notAnApiServer"),
            ),
            (Ok("v1"), Ok((200, "")), Status::Unknown, Some("notAnApiServer")),
            (
                Ok("v1"),
                Ok((200, "{\"kind\": \"Status\"}")),
                Status::Unknown,
                Some("notAnApiServer"),
            ),
            (Ok("v1"), Ok((403, "{}")), Status::Ok, None),
            (Ok("v1"), Ok((404, "{}")), Status::Ok, None),
            (
                Ok("v1"),
                Ok((500, "[+]ping ok\n[-]etcd failed: reason withheld\n")),
                Status::Degraded,
                Some("unhealthy"),
            ),
            (Ok("v1"), Ok((429, "")), Status::Degraded, Some("overloaded")),
            (Ok("v1"), Ok((401, "")), Status::Unknown, Some("unauthenticated")),
            (Ok("v1"), Ok((302, "")), Status::Unknown, Some("notAnApiServer")),
            (
                Ok("v1"),
                Err(failed(Class::Timeout)),
                Status::Unknown,
                Some("timeout"),
            ),
            (
                Err(failed(Class::Forbidden)),
                Ok((200, "ok")),
                Status::Unknown,
                Some("forbidden"),
            ),
            (
                Err(failed(Class::Forbidden)),
                Ok((500, "")),
                Status::Degraded,
                Some("unhealthy"),
            ),
            (
                Err(failed(Class::Unhealthy)),
                Err(failed(Class::Timeout)),
                Status::Degraded,
                Some("unhealthy"),
            ),
            (
                Err(failed(Class::Refused)),
                Err(failed(Class::Timeout)),
                Status::Unknown,
                Some("refused"),
            ),
            (
                Err(failed(Class::NotAnApiServer)),
                Ok((200, "<html>")),
                Status::Unknown,
                Some("notAnApiServer"),
            ),
        ];
        for (index, (version, readyz, status, class)) in rows.into_iter().enumerate() {
            let check = judge(&answers(version, readyz));
            assert_eq!(
                (check.status, check.class.as_deref()),
                (status, class),
                "row {index}"
            );
        }
    }

    #[test]
    fn the_failing_parts_are_named() {
        let text = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\nreadyz check failed\n";
        let check = judge(&answers(Ok("v1"), Ok((500, text))));
        assert_eq!(
            check.readyz,
            Some(Readyz {
                passed: 2,
                total: 3,
                failing: vec!["etcd".into()]
            })
        );
        assert_eq!(check.error.as_deref(), Some("/readyz answers 500, failing: etcd"));
        assert_eq!(
            (check.version.as_deref(), check.latency_ms),
            (Some("v1"), Some(4.0))
        );
    }

    #[test]
    fn a_lease_that_cannot_be_read_is_a_note_and_no_verdict() {
        let rung = Rung::new("controllers", RungStatus::Unknown, "");
        let mut check = ApiServerCheck {
            status: Status::Ok,
            ..ApiServerCheck::default()
        };
        add_controllers(&mut check, &rung, None, None);
        assert_eq!(
            (check.status, &*check.notes),
            (Status::Ok, ["controllers not seen".into()].as_slice())
        );
    }

    #[test]
    fn frozen_counts_are_degraded_and_do_not_hide_a_worse_failure() {
        let rung = Rung {
            class: Some("unhealthy".into()),
            ..Rung::new("controllers", RungStatus::Failed, "")
        };
        let add = |status, class: &str| {
            let mut check = ApiServerCheck {
                status,
                class: Some(class.into()),
                ..ApiServerCheck::default()
            };
            add_controllers(&mut check, &rung, Some(NOW), None);
            (check.status, check.class, check.frozen_since.is_some())
        };
        for (status, class, expected) in [
            (Status::Ok, "", "unhealthy"),
            (Status::Unknown, "forbidden", "unhealthy"),
            (Status::Degraded, "overloaded", "overloaded"),
        ] {
            assert_eq!(
                add(status, class),
                (Status::Degraded, Some(expected.to_owned()), true),
                "{status:?}"
            );
        }
    }
}
