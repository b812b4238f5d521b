//! The page of large and of hostile reports.

use super::last_transitions::PageScope;
use super::object_page::{ObjectPage, ObjectSetting, PageSubject};
use super::overview_page::{OverviewPage, Setting};
use crate::history::gaps::GapLog;
use crate::history::transition_history::KnownHistory;
use askama::Template as _;
use sre_shared::kind::Kind;
use sre_shared::report::{
    ApiServerCheck, Cause, CheckResult, Code, Coverage, Item, KindCheck, NotSeen, ObjectRef, Report, Source,
    State, Status, TransitionRecord, Window,
};
use sre_shared::resource::Time;

const NOW: &str = "2026-11-30T03:00:00Z";
/// Bytes of the largest page.
const LIMIT: usize = 300_000;
/// Everything that HTML, a script, a style, an address or a terminal could act upon.
const HOSTILE: &str =
    "</script></title></style><img src=//evil.example/x onerror=alert(1)>\"'`&\u{202e}\u{1b}[2J\0\n";

fn now() -> Time {
    Time::parse(NOW).unwrap()
}

fn history() -> KnownHistory {
    KnownHistory::new(GapLog::new(now(), Vec::new()))
}

fn broken(namespace: &str, name: &str, words: &str) -> Item {
    let object = ObjectRef {
        kind: "Deployment".into(),
        namespace: namespace.into(),
        name: name.into(),
    };
    Item {
        healthy: Some(false),
        desired: Some(3),
        ready: Some(0),
        since: Some("2026-11-30T02:38:00Z".into()),
        causes: vec![
            Cause {
                code: Code::from("CrashLoop"),
                message: format!("container api exited 1: {words} {name}"),
                count: 3,
                log: vec![words.chars().take(300).collect(); 20],
                hint: Some(format!("kubectl -n {namespace} logs deploy/{name}")),
                ..Cause::default()
            };
            4
        ],
        ..Item::new(
            object,
            State::Unavailable,
            Code::from("ReadyBelowDesired"),
            words.to_owned(),
        )
    }
}

fn report(items: Vec<Item>, healthy: u64) -> Report {
    let mut report = Report::new(
        Source {
            mode: "agent".into(),
            context: Some("prod-eu".into()),
            ..Source::default()
        },
        NOW.into(),
    );
    let mut check = KindCheck::of("deployments", items, true);
    check.summary.total += healthy;
    check.summary.healthy += healthy;
    report.checks = vec![CheckResult::Kind(check)];
    report.settle();
    report
}

fn html(report: &Report, namespace: Option<&str>) -> String {
    html_with(report, namespace, &history())
}

fn html_with(report: &Report, namespace: Option<&str>, history: &KnownHistory) -> String {
    let setting = Setting {
        title: None,
        kinds: vec![Kind::Deployment],
        namespace,
        spans: (900, Vec::new()),
        history,
        now: now(),
    };
    OverviewPage::new(report, &setting).render().unwrap()
}

fn large(words: &str) -> Report {
    let items = (0..500).map(|n| broken(&format!("team-{}", n % 50), &format!("service-{n}"), words));
    report(items.collect(), 9_500)
}

#[test]
fn a_page_of_ten_thousand_objects_with_five_hundred_broken_is_small_and_says_what_it_leaves_out() {
    for words in [
        "panic: DATABASE_URL is not set",
        &HOSTILE.repeat(50),
        &"\u{202e}".repeat(3000),
    ] {
        let page = html(&large(words), None);
        assert!(page.len() < LIMIT, "{} bytes", page.len());
        assert!(page.contains("<title>✗ 500 · prod-eu</title>"));
        let shown = page.matches("class=\"entry broken\"").count();
        assert!(shown > 10, "{shown}");
        assert!(
            page.contains(" more in namespace team-"),
            "what is left out has a way to it"
        );
        let selected = html(&large(words), Some("team-1"));
        assert!(selected.len() < LIMIT, "{} bytes", selected.len());
    }
}

#[test]
fn every_object_is_shown_or_counted() {
    let page = html(&large("no route"), None);
    let shown = page.matches("class=\"entry broken\"").count();
    let left: usize = page
        .split(" more in namespace")
        .filter_map(|before| before.rsplit('>').next()?.parse::<usize>().ok())
        .sum();
    assert_eq!(shown + left, 500);
}

/// The page without its texts: what a browser acts upon.
fn tags(page: &str) -> Vec<&str> {
    page.split('<')
        .skip(1)
        .filter_map(|tag| tag.split('>').next())
        .collect()
}

/// A tag without the values of its attributes.
fn names_alone(tag: &str) -> String {
    tag.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

#[test]
fn a_hostile_cluster_adds_no_tag_no_attribute_and_no_hidden_character() {
    let plain = report(vec![broken("shop", "web", "plain")], 0);
    let mut hostile = report(vec![broken(HOSTILE, HOSTILE, HOSTILE)], 0);
    hostile.source.context = Some(HOSTILE.into());
    hostile.coverage = Coverage {
        not_seen: vec![NotSeen {
            thing: HOSTILE.into(),
            class: HOSTILE.into(),
            error: Some(HOSTILE.into()),
            hint: Some(HOSTILE.into()),
            ..NotSeen::default()
        }],
        ..Coverage::default()
    };
    for page in [html(&hostile, None), html(&plain, None)] {
        assert!(!page.contains("<img"), "{page}");
        assert!(!page.contains("</script></title>"), "{page}");
        assert!(page.matches("<script").count() == 1 && page.matches("</script").count() == 1);
        assert!(!page.contains(['\u{202e}', '\u{1b}', '\0']));
        for tag in tags(&page) {
            let names = names_alone(tag);
            assert!(!names.contains(" on"), "{tag}");
            assert!(!names.contains(" style="), "{tag}");
            for address in ["href=\"", "src=\"", "action=\""] {
                for value in tag
                    .split(address)
                    .skip(1)
                    .filter_map(|rest| rest.split('"').next())
                {
                    assert!(!value.contains(':') && !value.starts_with('/'), "{tag}");
                }
            }
        }
    }
}

#[test]
fn the_title_tells_the_state_in_a_symbol_and_a_number_or_a_word() {
    let healthy = report(Vec::new(), 3);
    assert!(html(&healthy, None).contains("<title>✓ ok · prod-eu</title>"));
    let mut gap = report(Vec::new(), 3);
    gap.coverage.not_seen = vec![NotSeen {
        thing: "jobs".into(),
        class: "forbidden".into(),
        ..NotSeen::default()
    }];
    gap.settle();
    let page = html(&gap, None);
    assert!(page.contains("<title>? unknown · prod-eu</title>"), "{page}");
    assert!(page.contains("Nothing is known to fall short. Not all of it was seen"));
    assert!(!page.contains("There are none"));
}

#[test]
fn the_state_of_the_api_server_comes_first() {
    let mut report = report(vec![broken("shop", "web", "x")], 0);
    report.checks.insert(
        0,
        CheckResult::ApiServer(ApiServerCheck {
            status: Status::Degraded,
            class: Some("refused".into()),
            error: Some("connection refused".into()),
            record: Some(sre_shared::report::Record {
                windows: vec![Window {
                    window: "5m".into(),
                    ..Window::default()
                }],
                ..sre_shared::report::Record::default()
            }),
            ..ApiServerCheck::default()
        }),
    );
    report.settle();
    let page = html(&report, None);
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in {page}"));
    assert!(place("connection refused") < place("id=\"problems\""));
    assert!(page.contains("<title>✗ 2 · prod-eu</title>"));
    let order = [
        "id=\"verdict\"",
        "id=\"findings\"",
        "id=\"problems\"",
        "id=\"parts\"",
        "id=\"record\"",
        "id=\"transitions\"",
        "id=\"coverage\"",
    ];
    let places: Vec<usize> = order.iter().map(|part| place(part)).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn transitions_are_shown_newest_first_with_the_gaps_and_only_those_of_the_namespace() {
    let mut known = history();
    for (second, namespace) in [(1, "shop"), (2, "bank"), (3, "shop")] {
        known.push(TransitionRecord {
            at: format!("2026-11-30T02:59:0{second}Z"),
            kind: "Deployment".into(),
            namespace: namespace.into(),
            name: format!("web{second}"),
            from: Some(State::Healthy),
            to: None,
            reason: Code::from("Deleted"),
            code: None,
            change: None,
        });
    }
    let page = html_with(&report(Vec::new(), 1), None, &known);
    let place = |name: &str| page.find(&format!(">Deployment {name}<"));
    assert!(place("shop/web3") < place("bank/web2") && place("bank/web2") < place("shop/web1"));
    assert!(place("shop/web3").is_some());
    let page = html_with(&report(Vec::new(), 1), Some("bank"), &known);
    assert!(page.contains("bank/web2") && !page.contains("shop/web"));
    let scope = PageScope::default();
    assert!(scope.kind.is_none());
}

#[test]
fn an_object_that_was_not_seen_is_unknown_on_its_page() {
    let mut gap = report(Vec::new(), 0);
    gap.coverage.not_seen = vec![NotSeen {
        thing: "deployments".into(),
        class: "forbidden".into(),
        ..NotSeen::default()
    }];
    gap.settle();
    let known = history();
    let setting = ObjectSetting {
        title: Some("prod"),
        kinds: vec![Kind::Deployment],
        history: &known,
        now: now(),
    };
    let subject = PageSubject {
        kind: Kind::Deployment,
        namespace: Some("shop"),
        name: "web",
    };
    let page = ObjectPage::new(&gap, &subject, &setting).render().unwrap();
    assert!(page.contains("<title>? web · prod</title>"), "{page}");
    assert!(page.contains("it was not seen, so nothing is known about it"));
    let found = report(vec![broken("shop", "web", HOSTILE)], 0);
    let page = ObjectPage::new(&found, &subject, &setting).render().unwrap();
    assert!(page.contains("<title>✗ web · prod</title>") && page.len() < LIMIT);
    assert!(page.contains("href=\"../../../style.css\""));
    assert!(page.contains("href=\"../../../../health/deployments/shop/web\""));
}
