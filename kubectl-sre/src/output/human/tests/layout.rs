//! The whole screen in terminals of several sizes, with colour and without it, with long names and wide characters.

use super::*;
use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

/// The longest name that Kubernetes allows for a label, and so for most objects.
fn longest(begin: &str) -> String {
    format!("{begin}{}", "x".repeat(63 - begin.len()))
}

/// One of each sort of problem: a shared cause that some survive, objects that serve nothing or less than they should, a stalled
/// rollout, a Job, a CronJob, one that was not understood and one that is under way.
fn every_sort() -> Report {
    let registry = |count: u32| {
        json!({"causes": [cause(
            "ImagePull", "container app: dial tcp: lookup registry.example: no such host", count,
            Some("Registry/registry.example"), "kubectl -n shop describe pod web-1",
        )]})
    };
    let crash = |message: &str, log: serde_json::Value| {
        let mut crash = cause(
            "CrashLoop",
            message,
            2,
            None,
            "kubectl -n pay logs ledger-1 -c app --previous",
        );
        crash["log"] = log;
        json!({"causes": [crash]})
    };
    let long = format!("StatefulSet/{}/{}", longest("team-"), longest("db-"));
    let full = json!({"state": "degraded", "ready": 3, "reason": "ProgressDeadlineExceeded",
                      "detail": "rollout stalled: 1 of 3 updated"});
    let serving = {
        let mut serving = registry(1);
        serving["ready"] = 3.into();
        serving
    };
    let job =
        json!({"reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"});
    let failed = json!({"reason": "LastRunFailed", "message": "its last run failed 🔥 数据库不可用"});
    let moving =
        json!({"healthy": true, "ready": 3, "reason": "RollingOut", "detail": "rolling out: 2 of 3 updated"});
    report_with(&[
        ("Deployment/shop/web", "unavailable", registry(3)),
        ("Deployment/shop/api", "degraded", registry(1)),
        ("Deployment/pay/old", "degraded", serving),
        (
            "Deployment/pay/ledger",
            "unavailable",
            crash(
                "container app exited 1 (7 restarts): 😀 ошибка: 数据库连接失败",
                json!(["starting", "😀 数据库连接失败"]),
            ),
        ),
        (long.as_str(), "unavailable", json!({})),
        ("Deployment/shop/stalled", "degraded", full),
        ("Deployment/shop/fine", "healthy", json!({})),
        ("Job/ops/import", "degraded", job),
        ("CronJob/ops/nightly", "degraded", failed),
        ("Deployment/shop/moving", "progressing", moving),
    ])
}

#[test]
fn the_screen_fits_every_width() {
    for width in [40, 60, 80, 120, 200] {
        let style = Style {
            width: Some(width),
            ..STYLE
        };
        insta::assert_snapshot!(format!("width_{width}"), screen(&every_sort(), &style));
    }
}

#[test]
fn every_line_but_commands_names_and_logs_fits_the_width() {
    for width in [40, 60, 80, 120, 200] {
        let style = Style {
            width: Some(width),
            ..STYLE
        };
        let text = screen(&every_sort(), &style);
        let unbroken = |line: &&str| {
            let line = line.trim();
            !(line.starts_with("kubectl") || line.starts_with('|') || line.contains(&longest("db-")))
        };
        for line in text.lines().filter(unbroken) {
            assert!(line.width() <= width, "{width} columns: {line}");
        }
    }
}

#[test]
fn colour_changes_no_character() {
    for width in [40, 80, 200] {
        let style = Style {
            width: Some(width),
            height: Some(24),
            ..STYLE
        };
        let colored = screen(&every_sort(), &Style { color: true, ..style });
        assert_eq!(console::strip_ansi_codes(&colored), screen(&every_sort(), &style));
    }
    let style = Style {
        width: Some(80),
        color: true,
        ..STYLE
    };
    insta::assert_snapshot!("coloured", screen(&every_sort(), &style).replace('\u{1b}', "^"));
}

#[test]
fn a_terminal_without_utf8_gets_ascii_marks() {
    let style = Style {
        charset: Charset::Ascii,
        width: Some(80),
        ..STYLE
    };
    insta::assert_snapshot!("ascii", screen(&every_sort(), &style));
}

#[test]
fn a_low_terminal_has_the_worst_in_full_and_every_other_problem_in_one_line() {
    for (width, height) in [(80, 24), (60, 20), (120, 40)] {
        let style = Style {
            width: Some(width),
            height: Some(height),
            ..STYLE
        };
        insta::assert_snapshot!(format!("size_{width}x{height}"), screen(&many(), &style));
    }
}

#[test]
fn a_terminal_of_any_size_gets_a_screen() {
    let verdict = |width, height| {
        let style = Style {
            width: Some(width),
            height: Some(height),
            ..STYLE
        };
        let text = screen(&every_sort(), &style);
        text.split_whitespace().next().map(str::to_owned)
    };
    for (width, height) in [(0, 0), (1, 1), (2, 3), (9, 1), (13, 1000), (1000, 2)] {
        assert_eq!(
            verdict(width, height).as_deref(),
            Some("DEGRADED"),
            "{width}x{height}"
        );
    }
}

#[test]
fn a_name_is_whole_in_both_forms_of_a_problem() {
    let name = longest("db-");
    for height in [1, 1000] {
        let style = Style {
            width: Some(40),
            height: Some(height),
            ..STYLE
        };
        assert!(screen(&every_sort(), &style).contains(&name), "{height}");
    }
}

/// Thirty objects that fall short for thirty reasons.
fn many() -> Report {
    let names: Vec<String> = (0..30)
        .map(|n| format!("Deployment/team-{}/app-{n:02}", n % 4))
        .collect();
    let items: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let message = format!("container app exited {} (7 restarts)", number + 1);
            let cause = cause(
                "CrashLoop",
                &message,
                3,
                None,
                "kubectl -n team-0 logs app-1 -c app --previous",
            );
            let state = if number % 3 == 0 {
                "unavailable"
            } else {
                "degraded"
            };
            (name.as_str(), state, json!({"causes": [cause]}))
        })
        .collect();
    report_with(&items)
}

#[test]
fn the_verdict_is_also_the_last_line_if_the_screen_is_too_long() {
    let verdict = "DEGRADED  prod-eu  v1.37.2  30 of 30 Deployments are not healthy";
    let lines_of = |height| {
        let text = screen(
            &many(),
            &Style {
                width: Some(80),
                height: Some(height),
                ..STYLE
            },
        );
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let low = lines_of(24);
    assert_eq!((low[0].as_str(), low[low.len() - 1].as_str()), (verdict, verdict));
    let high = lines_of(100);
    assert!(high.len() < 100, "{}", high.len());
    assert_eq!(high.iter().filter(|line| *line == verdict).count(), 1);
}

#[test]
fn all_shows_every_problem_in_full() {
    let style = Style {
        width: Some(80),
        height: Some(24),
        all: true,
        ..STYLE
    };
    let text = screen(&many(), &style);
    for number in 1..=30 {
        assert!(text.contains(&format!("exited {number} ")), "{text}");
    }
    assert!(!text.contains("--all"), "{text}");
}

#[test]
fn more_problems_than_anybody_reads_are_counted() {
    let names: Vec<String> = (0..1000).map(|n| format!("Deployment/shop/app-{n:04}")).collect();
    let items: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), "unavailable", json!({})))
        .collect();
    let text = screen(&report_with(&items), &STYLE);
    let count = text.lines().filter(|line| line.starts_with('✗')).count();
    assert_eq!(count, 210);
    assert!(text.contains("  and 790 more, which --all shows\n"), "{text}");
}
