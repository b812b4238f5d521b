//! Whether the API server is well, from what it answered to `/version` and `/readyz?verbose`.
//!
//! `/version` proves HTTP, TLS and a real API server; the status code of `/readyz` decides whether it is well,
//! and its lines only tell which part is not.

use crate::report::{ApiServerCheck, Readyz, Status};

/// What the two requests brought.
#[derive(Debug, Clone)]
pub struct Answers {
    /// `gitVersion` of a decoded `/version`.
    pub version: Result<String, Failed>,
    /// Milliseconds that `/version` took.
    pub latency_ms: f64,
    /// Status code and text of `/readyz?verbose`, whatever the code.
    pub readyz: Result<(u16, String), Failed>,
}

/// A request that brought no usable answer, already classified.
#[derive(Debug, Clone, Default)]
pub struct Failed {
    /// Class, a stable word such as `refused`.
    pub class: &'static str,
    /// Whether the API server itself answered with 5xx or 429: then it is known to be in trouble, where
    /// otherwise nothing is known of it.
    pub in_trouble: bool,
    /// The underlying error.
    pub error: String,
    /// The address that was asked.
    pub endpoint: String,
    /// Milliseconds until the failure was known.
    pub elapsed_ms: f64,
    /// The missing rule, where one is.
    pub missing: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

/// Judges the API server.
#[must_use]
pub fn judge(answers: &Answers) -> ApiServerCheck {
    let mut check = match &answers.version {
        Ok(version) => ApiServerCheck {
            status: Status::Ok,
            version: Some(version.clone()),
            latency_ms: Some(answers.latency_ms),
            ..ApiServerCheck::default()
        },
        Err(failed) => failure(failed),
    };
    match &answers.readyz {
        Ok((code, text)) => {
            let readyz = readyz_lines(text);
            match code {
                200 if readyz.is_some() || is_ready(text) => {}
                200 => worsen(&mut check, readyz_failure("notAnApiServer", false, 200, None)),
                403 => check.notes.push("readyz not allowed".into()),
                404 if answers.version.is_err() => {}
                404 => check.notes.push("readyz not served".into()),
                401 => worsen(
                    &mut check,
                    readyz_failure("unauthenticated", false, *code, readyz.as_ref()),
                ),
                429 => worsen(
                    &mut check,
                    readyz_failure("overloaded", true, *code, readyz.as_ref()),
                ),
                500..=599 => worsen(
                    &mut check,
                    readyz_failure("unhealthy", true, *code, readyz.as_ref()),
                ),
                _ => worsen(
                    &mut check,
                    readyz_failure("notAnApiServer", false, *code, readyz.as_ref()),
                ),
            }
            check.readyz = readyz;
        }
        Err(failed) => worsen(&mut check, failure(failed)),
    }
    check
}

fn failure(failed: &Failed) -> ApiServerCheck {
    ApiServerCheck {
        status: if failed.in_trouble {
            Status::Degraded
        } else {
            Status::Unknown
        },
        class: Some(failed.class.to_owned()),
        error: Some(failed.error.clone()),
        // A failure before the first packet has neither.
        endpoint: Some(failed.endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
        elapsed_ms: Some(failed.elapsed_ms).filter(|ms| *ms > 0.0),
        missing: failed.missing.clone(),
        hint: failed.hint.clone(),
        ..ApiServerCheck::default()
    }
}

fn readyz_failure(
    class: &'static str,
    in_trouble: bool,
    code: u16,
    readyz: Option<&Readyz>,
) -> ApiServerCheck {
    let failing = readyz
        .as_ref()
        .map(|r| r.failing.join(", "))
        .filter(|f| !f.is_empty());
    failure(&Failed {
        class,
        in_trouble,
        error: match failing {
            Some(parts) => format!("/readyz answers {code}, failing: {parts}"),
            None => format!("/readyz answers {code}"),
        },
        endpoint: "/readyz".into(),
        hint: Some("kubectl get --raw '/readyz?verbose'".into()),
        ..Failed::default()
    })
}

/// Takes over a failure that is worse than what is known so far; the first of two equal ones stays, since
/// `/version` is asked of the same server and is the simpler request.
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

/// The plain answer, or what stands below the lines.
fn is_ready(text: &str) -> bool {
    let text = text.trim();
    text == "ok" || text.ends_with("check passed")
}

/// Counts the lines of `/readyz?verbose`; `None` where there are none, as in the plain answer `ok`.
#[must_use]
pub fn readyz_lines(text: &str) -> Option<Readyz> {
    let mut readyz = Readyz::default();
    for line in text.lines() {
        if line.starts_with("[+]") {
            readyz.passed += 1;
            readyz.total += 1;
        } else if let Some(rest) = line.strip_prefix("[-]") {
            readyz.total += 1;
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

    fn answers(version: Result<&str, Failed>, readyz: Result<(u16, &str), Failed>) -> Answers {
        Answers {
            version: version.map(Into::into),
            latency_ms: 4.0,
            readyz: readyz.map(|(code, text)| (code, text.to_owned())),
        }
    }

    fn failed(class: &'static str, in_trouble: bool) -> Failed {
        Failed {
            class,
            in_trouble,
            error: format!("{class}!"),
            ..Failed::default()
        }
    }

    #[test]
    fn the_verdict_follows_what_was_answered() {
        type Row = (
            Result<&'static str, Failed>,
            Result<(u16, &'static str), Failed>,
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
                Err(failed("timeout", false)),
                Status::Unknown,
                Some("timeout"),
            ),
            (
                Err(failed("forbidden", false)),
                Ok((200, "ok")),
                Status::Unknown,
                Some("forbidden"),
            ),
            (
                Err(failed("forbidden", false)),
                Ok((500, "")),
                Status::Degraded,
                Some("unhealthy"),
            ),
            (
                Err(failed("unhealthy", true)),
                Err(failed("timeout", false)),
                Status::Degraded,
                Some("unhealthy"),
            ),
            (
                Err(failed("refused", false)),
                Err(failed("timeout", false)),
                Status::Unknown,
                Some("refused"),
            ),
            (
                Err(failed("notAnApiServer", false)),
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
}
