//! Outputs for programs, from an agent by its URL and through the API server, also beside a baseline: as from the cluster.

use super::agent::{Agent, HEALTH, TOKEN, json_body};
use super::plugin::{PluginRun, run};
use serde_json::Value;
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Fault, Match};
use std::time::Duration;

const FORMATS: [&str; 5] = ["name", "markdown", "github", "junit", "prometheus"];

fn short(name: &str) -> Deployment {
    Deployment::new("shop", name).replicas(3).counts(3, 3, 1, 1)
}

/// A server of three Deployments, and its agent behind a Service.
fn cluster() -> (ApiServer, Agent) {
    let server = ApiServer::builder()
        .token(TOKEN)
        .context("prod-eu")
        .deployments([
            short("old"),
            Deployment::new("shop", "web"),
            Deployment::new("bank", "ledger"),
        ])
        .start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    play_back(&server, &agent, 3);
    (server, agent)
}

/// Lets the API server's service proxy answer as the agent does once it has heard of so many Deployments.
fn play_back(server: &ApiServer, agent: &Agent, total: u64) {
    for _ in 0..1000 {
        let answer = agent.answer("?kinds=deployments");
        let report: Value = serde_json::from_slice(&answer).expect("a report");
        if report["summary"]["total"] == total {
            server.fail(Match::path(HEALTH), json_body(200, answer));
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the agent does not hear of {total} Deployments");
}

/// What names the source: the cluster, its agent through the API server, and the agent by its URL.
fn sources(server: &ApiServer, agent: &Agent) -> [Vec<String>; 3] {
    let kubeconfig = format!("--kubeconfig={}", server.kubeconfig().display());
    [
        vec![kubeconfig.clone()],
        vec![kubeconfig, "--agent".to_owned()],
        vec![format!("--agent-url={}", agent.url())],
    ]
}

fn ask(source: &[String], format: &str, more: &[&str]) -> PluginRun {
    let source: Vec<&str> = source.iter().map(String::as_str).collect();
    run(&[&["health", "deploy", "-o", format], &source[..], more].concat())
}

/// A text without what names the source: whom the report is from, and whether it lists the namespaces itself.
fn plain(text: &str) -> String {
    let of_source = ["- looked at ", "- by agent ", "- `by agent "];
    let lines = text.lines();
    let lines = lines.filter(|line| !of_source.iter().any(|begin| line.starts_with(begin)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_agent_gives_each_output_what_the_cluster_gives() {
    let (server, agent) = cluster();
    let [direct, proxied, by_url] = sources(&server, &agent);
    for format in FORMATS {
        let expected = ask(&direct, format, &[]);
        assert_eq!(expected.code, Some(2), "{expected:?}");
        assert!(
            expected.out.contains("old") || format == "prometheus",
            "{expected:?}"
        );
        for source in [&proxied, &by_url] {
            let ran = ask(source, format, &[]);
            assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""), "{format} {source:?}");
            assert_eq!(plain(&ran.out), plain(&expected.out), "{format} {source:?}");
        }
    }
}

#[test]
fn beside_a_baseline_each_output_has_only_what_is_new_from_every_source() {
    let (server, agent) = cluster();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("before.json").display().to_string();
    let sources = sources(&server, &agent);
    let baseline = ["--baseline", &path];
    assert_eq!(ask(&sources[0], "json", &["--save", &path]).code, Some(2));
    for (source, format) in sources
        .iter()
        .flat_map(|source| FORMATS.map(|format| (source, format)))
    {
        let ran = ask(source, format, &baseline);
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (Some(0), ""),
            "{format} {source:?}: {ran:?}"
        );
        // What was broken before is no failure of anybody's pipeline.
        for words in ["::error", "<failure", "describe"] {
            assert!(!ran.out.contains(words), "{format} {source:?}: {ran:?}");
        }
    }
    server.apply(short("new"));
    server.clear_faults();
    play_back(&server, &agent, 4);
    for source in &sources {
        // The agent gives the same answer for a moment if the same question comes again.
        let has_heard = (0..300).any(|_| ask(source, "name", &baseline).code == Some(2));
        assert!(has_heard, "{source:?}");
        let outs = FORMATS.map(|format| {
            let ran = ask(source, format, &baseline);
            assert_eq!(
                (ran.code, ran.err.as_str()),
                (Some(2), ""),
                "{format} {source:?}: {ran:?}"
            );
            ran.out
        });
        let [name, markdown, github, junit, prometheus] = &outs;
        assert_eq!(name, "-n shop deployment.apps/new\n", "{source:?}");
        assert!(
            markdown.contains("`shop/new`") && !markdown.contains("`shop/old`"),
            "{markdown}"
        );
        assert_eq!(github.matches("::error").count(), 1, "{github}");
        assert!(github.contains("shop/new"), "{github}");
        assert_eq!(junit.matches("<failure").count(), 1, "{junit}");
        let degraded = "sre_objects{kind=\"deployments\",state=\"degraded\"} 1\n";
        assert!(prometheus.contains(degraded), "{prometheus}");
    }
}

// What an agent has not seen must not become green in a test report, nor an empty list without a word.
#[test]
fn an_agent_that_does_not_answer_is_no_success_in_any_output() {
    let (server, agent) = cluster();
    let sources = sources(&server, &agent);
    server.clear_faults();
    server.fail(Match::path(HEALTH), Fault::Status(503));
    drop(agent);
    // The API server answers for an agent that is away, and nothing does for its URL.
    for (source, code) in [(&sources[1], 3), (&sources[2], 69)] {
        for format in FORMATS {
            let ran = ask(source, format, &[]);
            assert_eq!(ran.code, Some(code), "{format} {source:?}: {ran:?}");
            let says = match format {
                "name" => ran.err.contains(": not seen, "),
                "markdown" => ran.out.starts_with("**UNKNOWN**"),
                "github" => ran.out.contains("::error") || ran.out.contains("::warning"),
                "junit" => ran.out.contains("<error"),
                _ => ran.out.contains("sre_not_seen{"),
            };
            assert!(says, "{format} {source:?}: {ran:?}");
        }
    }
}
