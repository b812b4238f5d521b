//! Reports of the command that wrote a dump about parts that it could not read: kubectl's lines on stderr, the `Status` of
//! an API server, and the error files of a support bundle.

use super::gap::UnseenObjects;
use crate::resource::ApiStatus;

/// A part that was not read, as the dump reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportedGap {
    pub message: String,
    pub about: Option<UnseenObjects>,
}

/// The meaning of a line of stderr.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StderrLine {
    /// Nothing was left out: a warning or a delay.
    Nothing,
    Refused(ReportedGap),
}

/// Beginnings of lines that report nothing as left out. `+ ` and `$ ` come before a command in a shell's trace.
const HARMLESS: [&str; 11] = [
    "warning:",
    "to learn more, consult ",
    "throttling request took ",
    "waited for ",
    "no resources found",
    "flag --",
    "cluster info dumped to ",
    "wrote inspect data to ",
    "gathering data for ",
    "+ ",
    "$ ",
];

/// Beginnings of lines by which kubectl ends without an answer (`pkg/cmd/util/helpers.go` in kubernetes/kubectl).
const ERRORS: [&str; 6] = [
    "error from server",
    "error:",
    "error when ",
    "unable to connect to the server",
    "the connection to the server ",
    "unable to ",
];

/// The meaning of a line, if it is one that kubectl and its like write to stderr.
pub(super) fn parse_line(line: &str) -> Option<StderrLine> {
    let line = strip_color(line);
    // Older programs put this before lines of klog until they have read their flags. PowerShell puts the program first.
    let line = line
        .trim()
        .trim_start_matches("ERROR: logging before flag.Parse: ");
    let line = ["kubectl : ", "kubectl.exe : ", "oc : "]
        .iter()
        .find_map(|program| line.strip_prefix(program))
        .unwrap_or(line);
    if let Some((_, rest)) = line.split_once(" level=").filter(|_| line.starts_with("time=\"")) {
        // A line of logrus, as credential plugins write.
        let is_error = ["error", "fatal", "panic"]
            .iter()
            .any(|level| rest.starts_with(level));
        return Some(if is_error {
            StderrLine::Refused(gap_of_message(line))
        } else {
            StderrLine::Nothing
        });
    }
    if let Some((severity, message)) = split_klog(line) {
        return Some(match severity {
            b'I' | b'W' => StderrLine::Nothing,
            _ => parse_klog_error(message),
        });
    }
    let starts = |beginning: &&str| {
        line.get(..beginning.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
    };
    if HARMLESS.iter().any(starts) {
        return Some(StderrLine::Nothing);
    }
    ERRORS.iter().any(starts).then(|| {
        // What follows is the API server's own sentence.
        let message = match line.split_once(": ") {
            Some((_, message)) if starts(&"error") => message,
            _ => line,
        };
        StderrLine::Refused(gap_of_message(message))
    })
}

/// Splits a line of klog, `E1120 11:59:58.622735  735867 memcache.go:265] message`, into severity and message.
fn split_klog(line: &str) -> Option<(u8, &str)> {
    let bytes = line.as_bytes();
    let severity = *bytes.first().filter(|b| b"IWEF".contains(b))?;
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
    let is_one = digits(1..5) && bytes.get(5) == Some(&b' ') && digits(6..8) && bytes.get(8) == Some(&b':');
    let (_, message) = line.split_once("] ").filter(|_| is_one)?;
    Some((severity, message))
}

/// The meaning of an error of klog. If discovery failed for a group, only that group is unseen: an aggregated API that is
/// away causes such lines in every command.
fn parse_klog_error(message: &str) -> StderrLine {
    const GROUP: &str = "couldn't get resource list for ";
    let Some(at) = message.find(GROUP) else {
        return StderrLine::Refused(gap_of_message(message));
    };
    let rest = &message[at + GROUP.len()..];
    let group_version = rest.split([':', ' ']).next().unwrap_or_default();
    let group = group_version.split_once('/').map_or("", |(group, _)| group);
    StderrLine::Refused(ReportedGap {
        message: message.to_owned(),
        about: Some(UnseenObjects {
            group: Some(group.to_owned()),
            ..UnseenObjects::default()
        }),
    })
}

/// The gap that the sentence of an API server reports, with the objects that it names.
pub(super) fn gap_of_message(message: &str) -> ReportedGap {
    ReportedGap {
        message: message.trim().to_owned(),
        about: unseen_objects(message),
    }
}

fn unseen_objects(message: &str) -> Option<UnseenObjects> {
    let quoted = |after: &str| {
        let rest = message.split_once(after)?.1;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let namespace = quoted("in the namespace \"");
    if let Some(resource) = quoted("cannot list resource \"").or_else(|| quoted("cannot get resource \"")) {
        return Some(UnseenObjects {
            group: quoted("in API group \""),
            resource: Some(resource),
            namespace,
        });
    }
    // Servers before 1.14 write `User "x" cannot list deployments.apps in the namespace "y"`.
    let old = message.split_once(" cannot list ").map(|(_, rest)| rest);
    let first = match (old, message.split_once(" is forbidden: ")) {
        (Some(rest), _) => rest.split(' ').next()?,
        (None, Some((first, _))) => first.split(' ').next()?,
        (None, None) => {
            // `deployments.apps "web" not found`
            let (first, rest) = message.split_once(' ')?;
            (rest.starts_with('"') && rest.ends_with("\" not found")).then_some(first)?
        }
    };
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if first.is_empty() || !first.chars().all(is_word) {
        return None;
    }
    let (resource, group) = match first.split_once('.') {
        Some((resource, group)) => (resource, Some(group.to_owned())),
        None => (first, None),
    };
    Some(UnseenObjects {
        group,
        resource: Some(resource.to_owned()),
        namespace,
    })
}

/// The gap that a `Status` in place of a list reports; `None` for a success.
pub(super) fn gap_of_status(status: &ApiStatus) -> Option<ReportedGap> {
    if status.code < 400 && status.reason.is_empty() {
        return None;
    }
    let message = match (status.message.as_str(), status.reason.as_str()) {
        ("", reason) => format!("the API server said {reason} {}", status.code),
        (message, _) => message.to_owned(),
    };
    Some(gap_of_message(&message))
}

/// Removes the sequences that color a terminal.
fn strip_color(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after
            .split_once(|c: char| c.is_ascii_alphabetic())
            .map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about_of(group: Option<&str>, resource: &str, namespace: Option<&str>) -> UnseenObjects {
        UnseenObjects {
            group: group.map(str::to_owned),
            resource: Some(resource.to_owned()),
            namespace: namespace.map(str::to_owned),
        }
    }

    #[test]
    fn a_refusal_names_the_objects_that_it_is_about() {
        for (line, about) in [
            (
                "Error from server (Forbidden): cronjobs.batch is forbidden: User \"dev\" cannot list resource \"cronjobs\" in API group \"batch\" at the cluster scope",
                Some(about_of(Some("batch"), "cronjobs", None)),
            ),
            (
                "Error from server (Forbidden): pods is forbidden: User \"dev\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"",
                Some(about_of(Some(""), "pods", Some("shop"))),
            ),
            (
                "Error from server (Forbidden): deployments.apps is forbidden: User \"dev\" cannot list deployments.apps in the namespace \"shop\"",
                Some(about_of(Some("apps"), "deployments", Some("shop"))),
            ),
            (
                "Error from server (NotFound): deployments.apps \"web\" not found",
                Some(about_of(Some("apps"), "deployments", None)),
            ),
            ("error: You must be logged in to the server (Unauthorized)", None),
            (
                "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout",
                None,
            ),
            (
                "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
                None,
            ),
            (
                "E1120 11:59:58.622735  735867 reflector.go:147] Failed to watch *v1.Job: jobs.batch is forbidden: User \"dev\" cannot list resource \"jobs\" in API group \"batch\" at the cluster scope",
                Some(about_of(Some("batch"), "jobs", None)),
            ),
        ] {
            match parse_line(line) {
                Some(StderrLine::Refused(refusal)) => assert_eq!(refusal.about, about, "{line}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn warnings_and_delays_say_nothing_and_other_text_is_left_to_others() {
        for line in [
            "Warning: v1 ComponentStatus is deprecated in v1.19+",
            "\u{1b}[33;1mWarning:\u{1b}[0m policy/v1beta1 PodSecurityPolicy is deprecated",
            "I1120 11:59:58.507052   12345 request.go:655] Throttling request took 1.5s",
            "ERROR: logging before flag.Parse: I1120 11:59:58.507052   12345 request.go:655] slow",
            "kubectl : Warning: v1 ComponentStatus is deprecated in v1.19+",
            "time=\"2026-11-20T12:00:00Z\" level=warning msg=\"the token expires soon\"",
            "To learn more, consult https://example.com/auth",
            "W1120 11:59:58.622735  735867 warnings.go:70] batch/v1beta1 CronJob is deprecated",
            "No resources found in shop namespace.",
            "Cluster info dumped to standard output",
        ] {
            assert_eq!(parse_line(line), Some(StderrLine::Nothing), "{line}");
        }
        for line in ["kind: List", "errors: 3", "E: not klog", "items:"] {
            assert_eq!(parse_line(line), None, "{line}");
        }
    }
}
