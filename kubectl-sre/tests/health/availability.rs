//! `--min-availability`: the exit code by an agent's record, and where it has no meaning.

use super::agent::{Agent, HEALTH, TOKEN, json_body};
use super::plugin::run;
use serde_json::{Value, json};
use sre_testkit::{ApiServer, Match};

/// Plays back an agent's answer with that record.
fn play(server: &ApiServer, agent: &Agent, windows: &Value) {
    server.clear_faults();
    let mut report: Value = serde_json::from_slice(&agent.answer("")).expect("a report");
    report["checks"][0]["record"] = json!({ "windows": windows });
    server.fail(Match::path(HEALTH), json_body(200, report.to_string()));
}

#[test]
fn an_availability_below_the_demand_is_2_and_one_that_is_not_known_is_3() {
    let server = ApiServer::builder().token(TOKEN).start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let window = |name: &str, watched: u64, availability: f64| {
        json!([{
            "window": name, "watchedSeconds": watched, "checks": 9, "availability": availability,
        }])
    };
    let none = json!([]);
    for (windows, flags, code, met, class) in [
        (
            window("1h", 3600, 0.999),
            &["--min-availability", "99.9"][..],
            0,
            json!(true),
            Value::Null,
        ),
        (
            window("1h", 3600, 0.998),
            &["--min-availability", "99.9"],
            2,
            json!(false),
            json!("belowDemand"),
        ),
        (
            window("1h", 3600, 0.998),
            &["--min-availability=99.9%"],
            2,
            json!(false),
            json!("belowDemand"),
        ),
        (
            window("1h", 1799, 1.0),
            &["--min-availability", "99.9"],
            3,
            Value::Null,
            json!("notWatchedEnough"),
        ),
        (
            window("30d", 1_296_000, 1.0),
            &["--min-availability", "100", "--window", "30d"],
            0,
            json!(true),
            Value::Null,
        ),
        (
            none,
            &["--min-availability", "99.9"],
            3,
            Value::Null,
            json!("notWatchedEnough"),
        ),
    ] {
        play(&server, &agent, &windows);
        let kubeconfig = server.kubeconfig().to_str().expect("text");
        let ask = |more: &[&str]| {
            let words = ["health", "apiserver", "--agent", "--kubeconfig", kubeconfig];
            run(&[&words[..], flags, more].concat())
        };
        let ran = ask(&["-o", "json"]);
        assert_eq!(ran.code, Some(code), "{windows} {flags:?}: {ran:?}");
        let check = &ran.json()["checks"][0];
        assert_eq!(
            (&check["record"]["demand"]["met"], &check["class"]),
            (&met, &class),
            "{windows}"
        );
        let ran = ask(&[]);
        assert_eq!(ran.code, Some(code), "{windows} {flags:?}: {ran:?}");
        let line = ran.out.lines().find(|line| line.starts_with("Demand"));
        assert!(line.is_some_and(|line| line.contains(" % of ")), "{ran:?}");
    }
}

#[test]
fn a_demand_that_no_record_can_answer_is_a_misuse() {
    for (words, line) in [
        (
            &["health", "apiserver", "--min-availability", "99.9"][..],
            "--min-availability needs the record that an agent keeps: add --agent or --agent-url",
        ),
        (
            &["health", "deploy", "--agent", "--min-availability", "99.9"],
            "--min-availability is about the API server: add the target apiserver",
        ),
        (
            &[
                "health",
                "apiserver",
                "--agent",
                "--wait",
                "--min-availability",
                "99.9",
            ],
            "--min-availability is about one report: leave it out, or --wait and -w",
        ),
        (
            &["health", "apiserver", "--agent", "--min-availability", "0.999"],
            "--min-availability: \"0.999\" is less than 1 %, did you mean 99.9?",
        ),
        (
            &["health", "apiserver", "--agent", "--min-availability", "101"],
            "--min-availability: \"101\" is no percentage, which looks like 99.9 and is at most 100",
        ),
        (
            &["health", "apiserver", "--agent", "--min-availability", "NaN"],
            "--min-availability: \"NaN\" is no percentage, which looks like 99.9 and is at most 100",
        ),
    ] {
        let ran = run(words);
        assert_eq!(ran.code, Some(64), "{words:?}: {ran:?}");
        assert!(ran.err.contains(line), "{words:?}: {ran:?}");
    }
    let ran = run(&[
        "health",
        "apiserver",
        "--agent",
        "--min-availability",
        "99",
        "--window",
        "24h",
    ]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(
        ran.err.contains("one of 5m, 30m, 1h, 2h, 6h, 1d, 3d, 30d"),
        "{ran:?}"
    );
}
