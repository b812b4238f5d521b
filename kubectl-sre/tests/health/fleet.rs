//! `fleet` and `health --contexts`: many clusters at once, those that cannot be reached among them.

use super::plugin::{PluginRun, run, run_in};
use serde_json::{Value, json};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Certificate, Fault, Match};
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

const TOKEN: &str = "s3cr3t-of-the-tests";

/// A context of a test: its name, the address of its cluster, the file of its authority, and its user in YAML.
pub struct TestContext<'a> {
    pub name: &'a str,
    pub server: String,
    pub authority: Option<String>,
    pub user: String,
}

impl<'a> TestContext<'a> {
    /// The context of a server with a token.
    pub fn new(name: &'a str, server: &ApiServer) -> Self {
        let authority = server.kubeconfig().with_file_name("ca.crt");
        Self {
            name,
            server: server.url().to_owned(),
            authority: server.ca_pem().map(|_| authority.display().to_string()),
            user: format!("{{token: {TOKEN}}}"),
        }
    }
}

/// Writes a kubeconfig with these contexts, each with a cluster and a user of its own.
pub fn kubeconfig(directory: &Path, contexts: &[TestContext<'_>]) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let (mut clusters, mut users, mut entries) = (String::new(), String::new(), String::new());
    for (number, context) in contexts.iter().enumerate() {
        let authority = context.authority.as_ref().map_or_else(String::new, |path| {
            format!(", certificate-authority: {}", quoted(path))
        });
        let server = quoted(&context.server);
        let _ = writeln!(
            clusters,
            "- {{name: c{number}, cluster: {{server: {server}{authority}}}}}"
        );
        let _ = writeln!(users, "- {{name: u{number}, user: {}}}", context.user);
        let name = quoted(context.name);
        let _ = writeln!(
            entries,
            "- {{name: {name}, context: {{cluster: c{number}, user: u{number}}}}}"
        );
    }
    let text =
        format!("apiVersion: v1\nkind: Config\nclusters:\n{clusters}users:\n{users}contexts:\n{entries}");
    let path = directory.join("config");
    std::fs::write(&path, text).expect("the directory can be written to");
    path.display().to_string()
}

pub fn healthy() -> ApiServer {
    ApiServer::builder()
        .token(TOKEN)
        .deployments([Deployment::new("shop", "web"), Deployment::new("bank", "ledger")])
        .start_blocking()
}

fn short() -> ApiServer {
    ApiServer::builder()
        .token(TOKEN)
        .git_version("v1.36.4")
        .deployments([
            Deployment::new("shop", "checkout").replicas(3).counts(3, 3, 0, 0),
            Deployment::new("shop", "cart").replicas(3).counts(3, 3, 1, 1),
            Deployment::new("bank", "ledger"),
        ])
        .start_blocking()
}

pub fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("the machine has a writable temporary directory")
}

/// Runs it, and asserts that no secret is shown.
fn ask(kubeconfig: &str, args: &[&str]) -> PluginRun {
    let ran = run(&[args, &["--kubeconfig", kubeconfig]].concat());
    assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    ran
}

/// The name, the state and the class of each cluster of a result.
pub fn rows(ran: &PluginRun) -> Vec<(String, String, String)> {
    let fleet = ran.json();
    let word = |cluster: &Value, key: &str| cluster[key].as_str().unwrap_or_default().to_owned();
    let clusters = fleet["clusters"].as_array().cloned().unwrap_or_default();
    clusters
        .iter()
        .map(|cluster| {
            (
                word(cluster, "name"),
                word(cluster, "state"),
                word(cluster, "class"),
            )
        })
        .collect()
}

pub fn row(name: &str, state: &str, class: &str) -> (String, String, String) {
    (name.to_owned(), state.to_owned(), class.to_owned())
}

#[test]
fn every_cluster_has_a_row_and_the_worst_decides() {
    let (well, bad) = (healthy(), short());
    let directory = directory();
    let contexts = [
        TestContext::new("prod-us", &well),
        TestContext::new("prod-eu", &bad),
    ];
    let kubeconfig = kubeconfig(directory.path(), &contexts);
    for args in [&["fleet"][..], &["health", "--contexts", "*"]] {
        let ran = ask(&kubeconfig, args);
        assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""), "{ran:?}");
        assert!(
            ran.headline().starts_with("NEEDS A LOOK  1 of 2 clusters, in "),
            "{ran:?}"
        );
        let lines: Vec<&str> = ran.out.lines().skip(2).collect();
        assert!(
            lines[0].starts_with("✗ prod-eu  v1.36.4  degraded     2 of 3 Deployments are not healthy: "),
            "{lines:#?}"
        );
        assert!(lines[0].ends_with(" and 1 more"), "{lines:#?}");
        assert!(
            lines[1].starts_with("✓ prod-us  v1.37.2  ok           both Deployments are healthy, "),
            "{lines:#?}"
        );
    }
    assert_eq!(ask(&kubeconfig, &["fleet", "prod-us"]).code, Some(0));
    assert_eq!(bad.requests_for(&Match::path("/version")).len(), 2);
    // The question is that of health.
    let ran = ask(
        &kubeconfig,
        &["health", "deploy/ledger", "-n", "bank", "--contexts", "prod-*"],
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = ask(
        &kubeconfig,
        &["fleet", "-n", "shop", "--kinds", "deploy", "-o", "json"],
    );
    let fleet = ran.json();
    assert_eq!(
        fleet["clusters"][0]["report"]["coverage"]["namespaces"],
        json!(["shop"])
    );
    let hint = fleet["clusters"][0]["hint"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        hint.starts_with("kubectl sre health --context prod-eu --kubeconfig "),
        "{hint}"
    );
    assert!(hint.ends_with(" -n shop"), "{hint}");
}

// derailed/k9s#3471, weaveworks/vscode-gitops-tools#267: one cluster that does not answer hangs the view of all.
#[test]
fn a_cluster_that_is_not_reached_is_unknown_with_its_class_and_delays_no_other() {
    let (well, silent, mute) = (healthy(), healthy(), healthy());
    silent.fail(Match::any(), Fault::HangTls);
    mute.fail(Match::any(), Fault::Hang);
    let refused = healthy();
    refused.stop();
    let server = |certificate| {
        ApiServer::builder()
            .token(TOKEN)
            .certificate(certificate)
            .start_blocking()
    };
    let (expired, unknown) = (server(Certificate::Expired), server(Certificate::UnknownCa));
    let stranger = ApiServer::builder().without_anonymous().start_blocking();
    let directory = directory();
    let asks =
        "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always, command: /bin/false}}";
    let kubeconfig = kubeconfig(
        directory.path(),
        &[
            TestContext::new("a-well", &well),
            TestContext::new("b-silent", &silent),
            TestContext::new("c-mute", &mute),
            TestContext::new("d-refused", &refused),
            TestContext::new("e-expired", &expired),
            TestContext::new("f-unknown-ca", &unknown),
            TestContext {
                user: asks.to_owned(),
                ..TestContext::new("g-asks", &stranger)
            },
        ],
    );
    let ran = ask(&kubeconfig, &["fleet", "-o", "json", "--timeout", "3s"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(
        rows(&ran),
        [
            row("b-silent", "notReached", "timeout"),
            row("c-mute", "notReached", "timeout"),
            row("d-refused", "notReached", "refused"),
            row("e-expired", "notReached", "certificateExpired"),
            row("f-unknown-ca", "notReached", "unknownAuthority"),
            row("g-asks", "notReached", "credential"),
            row("a-well", "ok", ""),
        ]
    );
    let fleet = ran.json();
    assert_eq!(
        (
            &fleet["status"],
            &fleet["summary"]["notReached"],
            &fleet["summary"]["degraded"]
        ),
        (&json!("unknown"), &json!(6), &json!(0))
    );
    // A plugin that must ask is refused without a terminal, and its cluster is not asked.
    assert!(stranger.requests().is_empty());
    let human = ask(&kubeconfig, &["fleet", "d-*"]);
    assert_eq!(human.code, Some(69), "none was reached: {human:?}");
    let address = refused.address();
    assert!(
        human
            .out
            .contains(&format!("tcp {address}: refused (the control plane)")),
        "{human:?}"
    );
    assert!(
        human
            .headline()
            .starts_with("NEEDS A LOOK  1 of 1 cluster, 1 not reached, in "),
        "{human:?}"
    );
}

#[test]
fn a_user_that_is_not_accepted_is_unknown_and_a_context_without_a_cluster_says_so() {
    let (well, stranger) = (
        healthy(),
        ApiServer::builder().without_anonymous().start_blocking(),
    );
    let directory = directory();
    let kubeconfig = kubeconfig(
        directory.path(),
        &[
            TestContext::new("stranger", &stranger),
            TestContext::new("well", &well),
        ],
    );
    let text = std::fs::read_to_string(&kubeconfig).expect("it was written");
    let more = "- {name: dangling, context: {cluster: nowhere, user: u1}}\n";
    std::fs::write(&kubeconfig, text + more).expect("it can be written");
    let ran = ask(&kubeconfig, &["fleet", "-o", "json"]);
    assert_eq!(
        rows(&ran),
        [
            row("dangling", "notReached", "badConfiguration"),
            row("stranger", "unknown", ""),
            row("well", "ok", ""),
        ],
        "{ran:?}"
    );
    let message = ran.json()["clusters"][0]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(message.contains("nowhere"), "{message}");
    assert_eq!(ran.code, Some(3));
}

#[test]
fn contexts_of_the_same_cluster_count_once_and_the_one_with_a_credential_is_asked() {
    let server = ApiServer::builder()
        .without_anonymous()
        .token(TOKEN)
        .deployments([Deployment::new("shop", "web")])
        .start_blocking();
    let directory = directory();
    let kubeconfig = kubeconfig(
        directory.path(),
        &[
            TestContext {
                user: "{token: of-nobody}".to_owned(),
                ..TestContext::new("expired", &server)
            },
            TestContext {
                server: format!("{}/", server.url()),
                ..TestContext::new("works", &server)
            },
            // Teleport tells clusters of one address and one authority apart by this name.
            TestContext {
                server: format!("{}\", tls-server-name: \"localhost", server.url()),
                ..TestContext::new("other-name", &server)
            },
        ],
    );
    let text = std::fs::read_to_string(&kubeconfig).expect("it was written");
    std::fs::write(&kubeconfig, text.replace("\\\"", "\"")).expect("it can be written");
    let ran = ask(&kubeconfig, &["fleet", "-o", "json"]);
    let fleet = ran.json();
    let also: Vec<&Value> = fleet["clusters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|c| &c["also"])
        .collect();
    assert_eq!(
        rows(&ran),
        [row("other-name", "ok", ""), row("works", "ok", "")],
        "{ran:?}"
    );
    assert_eq!(also, [&Value::Null, &json!(["expired"])]);
    let human = ask(&kubeconfig, &["fleet", "expired", "works"]);
    assert!(human.out.contains(" (also expired)"), "{human:?}");
}

#[test]
fn patterns_choose_as_in_a_shell_and_one_that_takes_nothing_is_refused() {
    let server = healthy();
    let directory = directory();
    let address = |host: &str| format!("https://{host}:{}", server.address().port());
    let context = |name| TestContext {
        // Each name is another cluster.
        server: format!("{}/{name}", address("127.0.0.1")).replace('*', "x"),
        ..TestContext::new(name, &server)
    };
    let names = ["prod-eu", "prod-us", "lab-3", "team_a"];
    let kubeconfig = kubeconfig(directory.path(), &names.map(context));
    server.clear_requests();
    let ran = ask(&kubeconfig, &["fleet", "prod-eX", "-o", "json"]);
    assert_eq!(
        (ran.code, ran.err.trim()),
        (
            Some(64),
            "error: no context is named \"prod-eX\", did you mean \"prod-eu\"?"
        )
    );
    // A typo beside a right name would leave a cluster out.
    assert_eq!(ask(&kubeconfig, &["fleet", "prod-*", "lab-9"]).code, Some(64));
    assert!(server.requests().is_empty());
    let chosen = |patterns: &[&str]| {
        let ran = ask(&kubeconfig, &[&["fleet", "-o", "json"], patterns].concat());
        let mut names: Vec<String> = rows(&ran).into_iter().map(|(name, ..)| name).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(chosen(&["prod-*"]), "prod-eu prod-us");
    assert_eq!(chosen(&["lab-[0-9]", "team?a"]), "lab-3 team_a");
    assert_eq!(chosen(&[]), "lab-3 prod-eu prod-us team_a");
    let empty = directory.path().join("empty");
    std::fs::write(&empty, "apiVersion: v1\nkind: Config\n").expect("it can be written");
    let ran = ask(&empty.display().to_string(), &["fleet"]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(
        ran.err.contains("empty has no context, or does not exist"),
        "{ran:?}"
    );
    let ran = run(&["fleet"]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(
        ran.err.contains("set KUBECONFIG, or give --kubeconfig FILE"),
        "{ran:?}"
    );
}

#[test]
fn the_agents_are_asked_and_a_cluster_without_one_is_not_reached() {
    let server = healthy();
    let directory = directory();
    let kubeconfig = kubeconfig(directory.path(), &[TestContext::new("a", &server)]);
    let ran = ask(&kubeconfig, &["fleet", "--agent", "-o", "json"]);
    assert_eq!(rows(&ran), [row("a", "notReached", "noAgent")], "{ran:?}");
    assert_eq!(
        (ran.code, &ran.json()["source"]["mode"]),
        (Some(69), &json!("agents"))
    );
    let hint = ran.json()["clusters"][0]["hint"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        hint.starts_with("kubectl sre health --context a --kubeconfig "),
        "{hint}"
    );
    assert!(hint.ends_with(" --agent=sre-tools/sre-agent"), "{hint}");
}

#[test]
fn a_flag_of_one_cluster_is_refused_and_sends_no_secret() {
    let server = healthy();
    let directory = directory();
    let kubeconfig = kubeconfig(directory.path(), &[TestContext::new("a", &server)]);
    for (args, said) in [
        (&["--token", "x"][..], "--token is about one cluster"),
        (&["--server", "https://x"], "--server is about one cluster"),
        (&["--context", "a"], "--context is about one cluster"),
        (&["-f", "x.yaml"], "-f has no meaning with many clusters"),
        (&["-o", "github"], "-o github has no meaning with many clusters"),
        (&["--wait"], "--wait has no meaning with many clusters"),
        (
            &["--agent", "--min-availability", "99.9"],
            "--min-availability has no meaning with many clusters",
        ),
        (
            &["--certificate-authority", "x"],
            "--certificate-authority is for the store of --prometheus",
        ),
        (&["--tenant", "x"], "--prometheus"),
    ] {
        let ran = ask(&kubeconfig, &[&["fleet"], args].concat());
        assert_eq!(ran.code, Some(64), "{ran:?}");
        assert!(ran.err.contains(said), "{said}: {ran:?}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_saved_result_excuses_what_was_bad_before() {
    let (well, bad) = (healthy(), short());
    let directory = directory();
    let contexts = [TestContext::new("eu", &bad), TestContext::new("us", &well)];
    let kubeconfig = kubeconfig(directory.path(), &contexts);
    let saved = directory.path().join("before.json").display().to_string();
    let ran = ask(&kubeconfig, &["fleet", "--save", &saved]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let ran = ask(&kubeconfig, &["fleet", "--baseline", &saved]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let worse = Deployment::new("shop", "web").replicas(2).counts(2, 2, 0, 0);
    well.apply(worse);
    let ran = ask(&kubeconfig, &["fleet", "--baseline", &saved]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.out.lines().any(|line| line.starts_with("✗ us ")), "{ran:?}");
    // A cluster that is gone now is not reached, and was seen then.
    well.stop();
    let ran = ask(&kubeconfig, &["fleet", "--baseline", &saved, "-o", "json"]);
    let fleet = ran.json();
    assert_eq!(fleet["clusters"][0]["state"], "notReached", "{ran:?}");
    assert!(fleet["clusters"][0]["lastSeen"].is_string(), "{ran:?}");
    let report = directory.path().join("report.json").display().to_string();
    std::fs::write(&report, r#"{"apiVersion": "sre/v1", "kind": "HealthReport"}"#)
        .expect("it can be written");
    let ran = ask(&kubeconfig, &["fleet", "--baseline", &report]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(
        ran.err.contains("sre/v1 HealthReport, not sre/v1 FleetReport"),
        "{ran:?}"
    );
}

#[test]
fn many_clusters_share_few_open_files() {
    let server = healthy();
    let directory = directory();
    let names: Vec<String> = (1..=24).map(|number| format!("c{number:02}")).collect();
    let contexts: Vec<TestContext<'_>> = names
        .iter()
        .zip(1..)
        .map(|(name, number)| TestContext {
            server: format!("https://127.0.0.{number}:{}", server.address().port()),
            ..TestContext::new(name, &server)
        })
        .collect();
    // The server listens at one address; the others of the loopback are refused.
    let kubeconfig = kubeconfig(directory.path(), &contexts);
    let ran = run_in(&[], &["fleet", "-o", "name", "--kubeconfig", &kubeconfig], "");
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(ran.out.lines().count(), 23, "{ran:?}");
    assert_eq!(
        ran.err
            .lines()
            .filter(|line| line.starts_with("warning: c"))
            .count(),
        23
    );
}

/// The address of a server that answers nothing until the flag is set, and then breaks off.
fn silent_until(is_set: &Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let is_set = Arc::clone(is_set);
    // The thread ends with the process of the tests.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            for _ in 0..10_000 {
                if is_set.load(Relaxed) {
                    break;
                }
                thread::sleep(Duration::from_millis(5));
            }
            drop(stream);
        }
    });
    format!("https://{address}")
}

#[test]
fn clusters_that_answer_nothing_keep_no_place_from_others() {
    let server = healthy();
    let is_asked = Arc::new(AtomicBool::new(false));
    let directory = directory();
    let names: Vec<String> = (1..=20).map(|number| format!("hole{number:02}")).collect();
    let holes = names.iter().map(|name| TestContext {
        server: silent_until(&is_asked),
        ..TestContext::new(name, &server)
    });
    let mut contexts: Vec<TestContext<'_>> = holes.collect();
    contexts.push(TestContext::new("last", &server));
    let kubeconfig = kubeconfig(directory.path(), &contexts);
    let ran = thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&kubeconfig, &["fleet", "-o", "json"]));
        while server.accepted() == 0 && !asking.is_finished() {
            thread::sleep(Duration::from_millis(5));
        }
        is_asked.store(true, Relaxed);
        asking.join().expect("the plugin shows no secret")
    });
    // If the last one had waited for a place, the others would have waited for their whole limit.
    let lost = names.iter().map(|name| row(name, "notReached", "connectionLost"));
    let expected: Vec<_> = lost.chain([row("last", "ok", "")]).collect();
    assert_eq!(rows(&ran), expected, "{ran:?}");
}
