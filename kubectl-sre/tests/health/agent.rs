//! `--agent` and `--agent-url`: answers equal those of a run without an agent, and each failure has words of its own.

use super::plugin::{PluginRun, run};
use serde_json::{Value, json};
use sre_agent::Signal;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Fault, Match};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

const SERVICE: &str = "/api/v1/namespaces/sre-tools/services/sre-agent";
pub const HEALTH: &str = "/api/v1/namespaces/sre-tools/services/sre-agent:http/proxy/health";
const SERVICES: &str = "/api/v1/services";
pub const TOKEN: &str = "s3cr3t-of-the-tests";

/// An agent that has listed every kind that it may list. It ends with the test.
pub struct Agent {
    address: SocketAddr,
    stop: tokio::sync::mpsc::Sender<Signal>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Agent {
    pub fn start(server: &ApiServer) -> Self {
        Self::start_with(server.kubeconfig(), &[])
    }

    /// Starts an agent with a kubeconfig and further flags.
    pub fn start_with(kubeconfig: &Path, flags: &[&str]) -> Self {
        let address: &[&str] = if flags.contains(&"--address") {
            &[]
        } else {
            &["--address", "127.0.0.1:0"]
        };
        let words = [&["sre-agent"], address, &["--kubeconfig"]].concat();
        let words = words.into_iter().map(OsString::from);
        let kubeconfig = kubeconfig.as_os_str().to_owned();
        let flags = flags.iter().map(OsString::from);
        let command = sre_agent::args::read(words.into_iter().chain([kubeconfig]).chain(flags));
        let Ok(sre_agent::args::Command::Serve(serve)) = command else {
            panic!("the flags are right");
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (stop, stopped) = tokio::sync::mpsc::channel(2);
        let agent = runtime
            .block_on(sre_agent::Agent::start(serve.settings))
            .expect("the agent starts");
        let address = agent.address().expect("it listens");
        let thread = std::thread::spawn(move || runtime.block_on(agent.serve(stopped)));
        let agent = Self {
            address,
            stop,
            thread: Some(thread),
        };
        let mut last = Value::Null;
        for _ in 0..1000 {
            let report: Value = serde_json::from_slice(&agent.answer("")).expect("a report");
            let not_seen = report["coverage"]["notSeen"].as_array().expect("a list");
            let stays = |entry: &Value| entry["class"] == "forbidden" || entry["class"] == "notFound";
            if not_seen.iter().all(stays) {
                return agent;
            }
            last = report["coverage"]["notSeen"].clone();
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the agent never listed: {last:#}")
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its answer, to be played back by the scripted API server's proxy.
    pub fn answer(&self, query: &str) -> Vec<u8> {
        self.get(&format!("/health{query}"))
    }

    /// Its answer to a path with a query.
    pub fn get(&self, path: &str) -> Vec<u8> {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(self.address).expect("it listens");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .expect("it reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("it answers");
        let at = bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .expect("there is a head");
        bytes.split_off(at + 4)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // The second signal ends it at once, even if a client is still connected.
        let _ = self.stop.try_send(Signal::Interrupt);
        let _ = self.stop.try_send(Signal::Interrupt);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn builder() -> ApiServerBuilder {
    ApiServer::builder().token(TOKEN).context("prod-eu").deployments([
        Deployment::new("shop", "checkout").replicas(3).counts(3, 3, 1, 1),
        Deployment::new("shop", "search").label("tier", "web"),
        Deployment::new("shop", "cart").replicas(2).paused(),
        Deployment::new("bank", "ledger"),
        // A long deadline, so that the test does not run out of it while the screen counts minutes.
        Deployment::new("bank", "going").deleting("2126-11-23T18:00:00Z", &["keep"]),
    ])
}

pub fn ask(server: &ApiServer, args: &[&str]) -> PluginRun {
    let kubeconfig = server.kubeconfig().display().to_string();
    let ran = run(&[args, &["--kubeconfig", &kubeconfig]].concat());
    assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    ran
}

pub fn json_body(status: u16, body: impl AsRef<[u8]>) -> Fault {
    Fault::WrongBody {
        status,
        content_type: "application/json".into(),
        body: body.as_ref().to_vec(),
    }
}

/// A refusal of the API server.
fn refusal(code: u16, reason: &str, message: &str) -> Fault {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                        "message": message, "reason": reason, "code": code});
    json_body(code, status.to_string())
}

fn no_endpoints() -> Fault {
    refusal(
        503,
        "ServiceUnavailable",
        "no endpoints available for service \"sre-agent\"",
    )
}

fn not_found() -> Fault {
    refusal(404, "NotFound", "services \"sre-agent\" not found")
}

/// The Service of the chart.
fn agents_service() -> Fault {
    let service = json!({
        "kind": "Service", "apiVersion": "v1",
        "metadata": {"name": "sre-agent", "labels": {"app.kubernetes.io/name": "sre-agent"}},
        "spec": {"ports": [{"name": "http", "port": 8080}]},
    });
    json_body(200, service.to_string())
}

fn services(names: &[(&str, &str)]) -> Fault {
    let items: Vec<_> = names
        .iter()
        .map(|(namespace, name)| json!({"metadata": {"namespace": namespace, "name": name}}))
        .collect();
    json_body(
        200,
        json!({"kind": "ServiceList", "apiVersion": "v1", "metadata": {}, "items": items}).to_string(),
    )
}

/// The part of a report that does not depend on who made it.
fn essence(mut report: Value) -> Value {
    for field in ["source", "observedAt", "ageSeconds"] {
        report.as_object_mut().map(|map| map.remove(field));
    }
    for check in report["checks"].as_array_mut().into_iter().flatten() {
        for field in ["latencyMs", "identity", "ladder", "record", "vantage"] {
            check.as_object_mut().map(|map| map.remove(field));
        }
    }
    for entry in report["coverage"]["notSeen"].as_array_mut().into_iter().flatten() {
        entry.as_object_mut().map(|map| map.remove("hint"));
    }
    report
}

/// The screen without the lines that depend on who made the report.
fn screen(ran: &PluginRun) -> Vec<String> {
    ran.out
        .lines()
        .filter(|line| {
            let own = ["looked at", "API server ", "Record ", "Two views "];
            !own.iter().any(|start| line.starts_with(start))
        })
        .map(|line| line.replace("  prod-eu  ", "  ").replacen("  v1.37.2  ", "  ", 1))
        .collect()
}

#[test]
fn the_agent_and_the_cluster_give_the_same_answer() {
    let server = builder().start_blocking();
    let agent = Agent::start(&server);
    for (args, code) in [
        ("health", 2),
        ("health -n shop", 2),
        ("health -n bank", 0),
        ("health deployments", 2),
        ("health apiserver", 0),
        ("health deploy/checkout", 2),
        ("health deploy/search deploy/ledger", 0),
        ("health deploy/going", 2),
        ("health deploy/serch", 3),
        ("health deploy/checkout -n bank", 3),
        ("health -l tier=web", 0),
        ("health -l tier=none", 3),
        ("health --fail-on progressing", 0),
        ("health --fail-on unknown deploy/serch", 3),
    ] {
        let args: Vec<&str> = args.split(' ').collect();
        let json = [&args[..], &["-o", "json"]].concat();
        let direct = ask(&server, &json);
        let url = run(&[&json[..], &["--agent-url", &agent.url()]].concat());
        let path = url_query(&args);
        server.fail(Match::path(HEALTH), json_body(200, agent.answer(&path)));
        let proxied = ask(&server, &[&json[..], &["--agent"]].concat());
        server.clear_faults();
        assert_eq!(
            (direct.code, url.code, proxied.code),
            (Some(code), Some(code), Some(code)),
            "{args:?}: {url:?}"
        );
        let expected = essence(direct.json());
        let selected = expected["coverage"]["notSeen"][0]["what"]
            .as_str()
            .is_some_and(|w| w.contains("matching"));
        for ran in [&url, &proxied] {
            let got = essence(ran.json());
            if selected {
                // The sentences differ: the agent's has the namespace.
                assert_eq!(got["checks"], expected["checks"], "{args:?}");
            } else {
                assert_eq!(got, expected, "{args:?}");
            }
            assert_eq!(ran.json()["source"]["mode"], "agent");
        }
        let human = run(&[&args[..], &["--agent-url", &agent.url()]].concat());
        assert_eq!(human.code, Some(code), "{args:?}");
        if !selected {
            assert_eq!(screen(&human), screen(&ask(&server, &args)), "{args:?}");
        }
    }
}

/// The query that the plugin sends for these arguments.
fn url_query(args: &[&str]) -> String {
    let after = |flag| {
        args.iter()
            .position(|a| *a == flag)
            .and_then(|at| args.get(at + 1))
    };
    let mut query = Vec::new();
    query.extend(after("-n").map(|n| format!("namespace={n}")));
    query.extend(after("-l").map(|l| format!("selector={}", l.replace('=', "%3D"))));
    if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    }
}

#[test]
fn the_default_agent_is_asked_once_for_the_items_that_a_person_reads() {
    let server = builder().start_blocking();
    // It makes no requests of its own between those of the plugin.
    let agent = Agent::start_with(server.kubeconfig(), &["--causes=false"]);
    server.fail(
        Match::path(HEALTH),
        json_body(200, agent.answer("?items=notable")),
    );
    server.clear_requests();
    let ran = ask(&server, &["health", "--agent"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""), "{ran:?}");
    assert_eq!(
        ran.headline(),
        "DEGRADED  prod-eu  v1.37.2  1 of 4 Deployments is not healthy"
    );
    let looked = ran.out.lines().last().unwrap_or_default();
    let by = format!(
        "looked at 5 kinds and the API server, all namespaces, by agent sre-tools/sre-agent v{}",
        env!("CARGO_PKG_VERSION")
    );
    assert!(looked.starts_with(&by), "{looked}");
    let of_plugin: Vec<_> = server.requests_for(&Match::under("/api/v1/"));
    let paths: Vec<_> = of_plugin.iter().map(|r| r.path.as_str()).collect();
    assert_eq!(paths, [HEALTH]);
    assert_eq!(
        of_plugin[0].query,
        "kinds=apiserver%2Cdeployments%2Cstatefulsets%2Cdaemonsets%2Cjobs%2Ccronjobs&items=notable"
    );
    // With -q the line says whose answer it is too.
    let quiet = ask(&server, &["health", "--agent", "-q"]);
    assert_eq!(
        quiet.out,
        "DEGRADED  prod-eu  v1.37.2  1 of 4 Deployments is not healthy, by agent sre-tools/sre-agent\n"
    );
    let source = ask(&server, &["health", "--agent", "-o", "json"]).json()["source"].clone();
    assert_eq!(source["agent"], "sre-tools/sre-agent");
    assert_eq!(source["agentVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(source["context"], "prod-eu");
}

#[test]
fn a_service_in_another_namespace_is_suggested_and_never_asked() {
    let server = builder().start_blocking();
    // It makes no requests of its own between those of the plugin.
    let agent = Agent::start_with(server.kubeconfig(), &["--causes=false"]);
    let elsewhere = "/api/v1/namespaces/ops/services/health:http/proxy/health";
    server.fail(Match::path(SERVICES), services(&[("ops", "health")]));
    server.fail(Match::path(elsewhere), json_body(200, agent.answer("")));
    server.fail(Match::path(HEALTH), no_endpoints());
    for (own, class, says) in [
        (
            not_found(),
            "noAgent",
            "there is no Service sre-agent in namespace sre-tools",
        ),
        (
            agents_service(),
            "agentNotReady",
            "the agent is installed as sre-tools/sre-agent and none of its pods is ready",
        ),
    ] {
        let id = server.fail(Match::path(SERVICE), own);
        let ran = ask(&server, &["health", "--agent", "-o", "json"]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(69), ""));
        let entry = &ran.json()["coverage"]["notSeen"][0];
        assert_eq!((&entry["class"], &entry["error"]), (&json!(class), &json!(says)));
        let hint = entry["hint"].as_str().unwrap_or_default();
        let suggested = "another Service is labelled as an agent's and was not asked; if you trust it: --agent=ops/health";
        assert!(hint.ends_with(suggested), "{hint}");
        assert!(server.requests_for(&Match::path(elsewhere)).is_empty());
        server.clear_fault(id);
    }
    let listed = server.requests_for(&Match::path(SERVICES));
    assert_eq!(
        listed[0].query,
        "labelSelector=app.kubernetes.io%2Fname%3Dsre-agent"
    );
    // If it is named, it is asked at once.
    server.clear_requests();
    let ran = ask(&server, &["health", "--agent=ops/health", "-q"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.out.ends_with(", by agent ops/health\n"), "{}", ran.out);
    assert_eq!(server.requests_for(&Match::under("/api/v1/namespaces")).len(), 1);
    assert!(server.requests_for(&Match::path(SERVICES)).is_empty());
}

#[test]
fn each_way_to_fail_has_its_own_class_words_and_next_step() {
    struct Case {
        faults: Vec<(&'static str, Fault)>,
        args: &'static [&'static str],
        code: i32,
        class: &'static str,
        says: &'static str,
        hint: &'static str,
    }
    let case = |faults, class, code, says, hint| Case {
        faults,
        args: &["health", "--agent"],
        code,
        class,
        says,
        hint,
    };
    let forbidden = || {
        refusal(
            403,
            "Forbidden",
            "services \"sre-agent:http\" is forbidden: User \"joe\" cannot get resource \"services/proxy\" in API group \"\" in the namespace \"sre-tools\"",
        )
    };
    let cases = [
        case(
            vec![(HEALTH, no_endpoints()), (SERVICES, services(&[]))],
            "noAgent",
            69,
            "no Service in this cluster is an agent's",
            "helm install sre-agent ./helm/sre-agent -n sre-tools --create-namespace",
        ),
        case(
            vec![
                (HEALTH, no_endpoints()),
                (SERVICE, agents_service()),
                (SERVICES, services(&[("sre-tools", "sre-agent")])),
            ],
            "agentNotReady",
            69,
            "the agent is installed as sre-tools/sre-agent and none of its pods is ready",
            "kubectl -n sre-tools get pods -l app.kubernetes.io/name=sre-agent",
        ),
        case(
            vec![
                (HEALTH, no_endpoints()),
                (SERVICE, refusal(403, "Forbidden", "services is forbidden")),
                (SERVICES, refusal(403, "Forbidden", "services is forbidden")),
            ],
            "agentNotReady",
            69,
            "there is no such Service, it has no port named http, or none of its pods is ready; which of them may not be looked up",
            "--agent=NAMESPACE/SERVICE",
        ),
        case(
            vec![
                (HEALTH, no_endpoints()),
                (
                    SERVICE,
                    refusal(500, "InternalError", "etcdserver: leader changed"),
                ),
            ],
            "agentNotReady",
            69,
            "which of them could not be looked up: etcdserver: leader changed",
            "--agent=NAMESPACE/SERVICE",
        ),
        case(
            vec![
                (HEALTH, no_endpoints()),
                (SERVICES, services(&[("a", "x"), ("b", "y")])),
            ],
            "noAgent",
            69,
            "there is no Service sre-agent in namespace sre-tools",
            "other Services are labelled as an agent's and were not asked; if you trust one: --agent=a/x, --agent=b/y",
        ),
        case(
            vec![
                (HEALTH, no_endpoints()),
                (
                    SERVICE,
                    json_body(
                        200,
                        r#"{"metadata": {"name": "sre-agent"}, "spec": {"ports": [{"port": 80}, {"name": "admin", "port": 81}]}}"#,
                    ),
                ),
            ],
            "notAnAgent",
            69,
            "it has the ports 80, 81 (admin), and an agent's Service has a port named http",
            "kubectl get services -A -l app.kubernetes.io/name=sre-agent lists the agents",
        ),
        case(
            vec![
                (HEALTH, no_endpoints()),
                (
                    SERVICE,
                    json_body(
                        200,
                        r#"{"metadata": {"name": "sre-agent"}, "spec": {"ports": [{"name": "http", "port": 80}]}}"#,
                    ),
                ),
            ],
            "agentNotReady",
            69,
            "Service sre-tools/sre-agent has no ready pod, and no label app.kubernetes.io/name=sre-agent",
            "kubectl -n sre-tools get pods",
        ),
        Case {
            args: &["health", "--agent=sre-tools/sre-agent"],
            ..case(
                vec![
                    (HEALTH, no_endpoints()),
                    (SERVICE, not_found()),
                    (SERVICES, refusal(403, "Forbidden", "services is forbidden")),
                ],
                "noAgent",
                69,
                "there is no Service sre-agent in namespace sre-tools",
                "kubectl get services -A -l app.kubernetes.io/name=sre-agent lists the agents",
            )
        },
        case(
            vec![(HEALTH, forbidden())],
            "forbidden",
            3,
            "cannot get resource \"services/proxy\"",
            "create role sre-agent-proxy --verb=get --resource=services/proxy --resource-name=sre-agent:http",
        ),
        case(
            vec![(
                HEALTH,
                refusal(
                    503,
                    "ServiceUnavailable",
                    "error trying to reach service: dial tcp 10.244.0.7:8080: connect: connection refused",
                ),
            )],
            "agentUnreachable",
            69,
            "dial tcp 10.244.0.7:8080",
            "kubectl -n sre-tools port-forward service/sre-agent 8080, then --agent-url http://127.0.0.1:8080",
        ),
        case(
            vec![(HEALTH, Fault::Hang)],
            "agentUnreachable",
            69,
            "the API server answers, and nothing came through its proxy to sre-tools/sre-agent",
            "port-forward",
        ),
        case(
            vec![(
                HEALTH,
                json_body(
                    404,
                    r#"{"error":"unknownPath","message":"there is no such path"}"#,
                ),
            )],
            "agentVersion",
            3,
            "the agent does not know what it was asked: there is no such path",
            "same version",
        ),
        case(
            vec![(
                HEALTH,
                json_body(200, r#"{"apiVersion":"sre/v9","kind":"HealthReport"}"#),
            )],
            "agentVersion",
            3,
            "the agent reports as sre/v9, and this plugin understands sre/v1",
            "same version",
        ),
        case(
            vec![(HEALTH, Fault::captive_portal())],
            "notAnAgent",
            69,
            "what answers is no agent: HTTP 200",
            "check the name",
        ),
        case(
            // The answer of many services at /health.
            vec![(HEALTH, json_body(200, r#"{"status":"ok","checks":[]}"#))],
            "notAnAgent",
            69,
            "what answers is no agent: HTTP 200",
            "check the name",
        ),
        case(
            // An agent of a later release may refuse for a reason that this one does not know.
            vec![(
                HEALTH,
                json_body(403, r#"{"error":"tooOld","message":"ask by report sre/v2"}"#),
            )],
            "notAnAgent",
            69,
            "what answers is no agent: HTTP 403",
            "if it is an agent, it is newer than this plugin: install the plugin of its version",
        ),
        case(
            vec![(HEALTH, json_body(500, "{}"))],
            "notAnAgent",
            69,
            "what answers is no agent: HTTP 500",
            "check the name",
        ),
    ];
    for case in cases {
        let server = builder().start_blocking();
        for (path, fault) in case.faults {
            server.fail(Match::path(path), fault);
        }
        let args = [case.args, &["-o", "json", "--timeout", "3s"]].concat();
        let ran = ask(&server, &args);
        assert_eq!((ran.code, ran.err.as_str()), (Some(case.code), ""), "{ran:?}");
        let report = ran.json();
        let entry = &report["coverage"]["notSeen"][0];
        assert_eq!(report["status"], "unknown");
        assert_eq!(entry["what"], "agent sre-tools/sre-agent", "{report:#}");
        assert_eq!(entry["class"], case.class, "{report:#}");
        for (field, part) in [("error", case.says), ("hint", case.hint)] {
            let text = entry[field].as_str().unwrap_or_default();
            assert!(text.contains(part), "{field} {text:?} has no {part:?}");
        }
        let rule = (case.class == "forbidden")
            .then_some("services/proxy get for sre-agent:http in namespace sre-tools");
        assert_eq!(entry["missing"].as_str(), rule);
        let human = ask(&server, &[case.args, &["--timeout", "3s"]].concat());
        assert_eq!(human.code, Some(case.code));
        assert!(
            human
                .headline()
                .starts_with("UNKNOWN  prod-eu  not seen: agent sre-tools/sre-agent"),
            "{}",
            human.out
        );
        assert!(human.out.contains(case.hint), "{}", human.out);
        assert_eq!(
            human.out.lines().filter(|l| !l.is_empty()).count(),
            3,
            "{}",
            human.out
        );
    }
}

#[test]
fn an_agent_whose_pod_has_just_ended_is_asked_again() {
    let server = builder().start_blocking();
    let agent = Agent::start(&server);
    let gone = refusal(503, "ServiceUnavailable", "error trying to reach service: EOF");
    server.fail_times(1, Match::path(HEALTH), gone);
    server.fail(Match::path(HEALTH), json_body(200, agent.answer("")));
    assert_eq!(ask(&server, &["health", "--agent", "-q"]).code, Some(2));
    assert_eq!(server.requests_for(&Match::path(HEALTH)).len(), 2);
}

#[test]
fn an_unreachable_api_server_is_not_reported_as_an_agent() {
    let server = builder().start_blocking();
    server.stop();
    let ran = ask(&server, &["health", "--agent", "-o", "json"]);
    assert_eq!(ran.code, Some(69));
    let report = ran.json();
    assert_eq!(report["source"]["mode"], "agent");
    assert_eq!(report["source"]["context"], "prod-eu");
    assert_eq!(report["checks"][0]["class"], "refused");
    server.start_again();
    server.fail(Match::path("/version"), Fault::Hang);
    server.fail(Match::path(HEALTH), Fault::Hang);
    let ran = ask(
        &server,
        &["health", "--agent", "-o", "json", "--timeout", "2500ms"],
    );
    assert_eq!(ran.code, Some(69));
    assert_eq!(ran.json()["checks"][0]["class"], "timeout");
}

#[test]
fn old_data_is_marked_and_too_old_data_is_unknown() {
    let server = builder().start_blocking();
    let agent = Agent::start(&server);
    let recorded: Value = serde_json::from_slice(&agent.answer("")).expect("a report");
    let mut stale = recorded.clone();
    stale["stale"] = json!(true);
    stale["ageSeconds"] = json!(125);
    let id = server.fail(Match::path(HEALTH), json_body(200, stale.to_string()));
    let ran = ask(&server, &["health", "--agent"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.headline(),
        "DEGRADED  prod-eu  v1.37.2  1 of 4 Deployments is not healthy; stale, as of 2 min ago"
    );
    server.clear_fault(id);
    let mut old = stale;
    old["status"] = json!("unknown");
    old["checks"][1]["status"] = json!("unknown");
    old["coverage"]["notSeen"] =
        json!([{"what": "deployments", "class": "stale", "error": "nothing was heard"}]);
    server.fail(Match::path(HEALTH), json_body(200, old.to_string()));
    let ran = ask(&server, &["health", "--agent"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(
        ran.headline(),
        "UNKNOWN  prod-eu  v1.37.2  1 of 4 Deployments fell short when last seen; not seen: deployments (stale); \
         stale, as of 2 min ago"
    );
    // The age of one object's verdict is the same.
    assert_eq!(
        ask(&server, &["health", "--agent", "deploy/checkout"]).code,
        Some(3)
    );
}

#[test]
fn an_agent_that_sees_no_api_server_has_the_same_exit_code_in_every_output() {
    let well = ApiServer::builder()
        .token(TOKEN)
        .deployments([Deployment::new("shop", "search")])
        .start_blocking();
    let agent = Agent::start(&well);
    well.stop();
    // The agent answers with its last check of the API server for a second.
    let noticed = (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        run(&["health", "--agent-url", &agent.url(), "-o", "json"]).json()["checks"][0]["status"] == "unknown"
    });
    assert!(noticed);
    for args in [
        &["health"][..],
        &["health", "-q"],
        &["health", "-o", "json"],
        &["health", "-o", "yaml"],
    ] {
        let ran = run(&[args, &["--agent-url", &agent.url()]].concat());
        // The agent answers with the objects it has kept, so an agent was reached.
        assert_eq!(ran.code, Some(3), "{args:?}: {ran:?}");
    }
}

#[test]
fn a_newer_agent_is_understood_except_for_unknown_words() {
    let server = builder().start_blocking();
    let report = json!({
        "apiVersion": "sre/v1", "kind": "HealthReport", "status": "degraded", "weather": "fine",
        "observedAt": "2026-11-23T18:40:12Z",
        "source": {"mode": "agent", "planet": "earth"},
        "coverage": {"kinds": ["deployments", "statefulsets"], "namespaces": "all", "notSeen": []},
        "checks": [
            {"check": "apiserver", "status": "ok", "version": "v1.40.0"},
            {"check": "deployments", "status": "ok", "summary": {"total": 1, "healthy": 1}, "items": []},
            {"check": "statefulsets", "status": "degraded", "summary": {"total": 1, "degraded": 1}, "items": [
                {"kind": "StatefulSet", "namespace": "shop", "name": "db", "state": "degraded", "healthy": false,
                 "desired": 3, "ready": 1, "reason": "ReadyBelowDesired"}]},
        ],
    });
    server.fail(Match::path(HEALTH), json_body(200, report.to_string()));
    let ran = ask(&server, &["health", "--agent"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.out.contains("✗ StatefulSet shop/db  1/3 ready"),
        "{}",
        ran.out
    );
    // A part that was not asked for does not count.
    assert_eq!(ask(&server, &["health", "deployments", "--agent"]).code, Some(0));
}

#[test]
fn an_answer_that_calls_itself_ok_is_not_if_its_objects_or_counts_say_otherwise() {
    let server = builder().start_blocking();
    let item = |name: &str, state: &str, healthy: bool| {
        json!({"kind": "Deployment", "namespace": "shop", "name": name, "state": state, "healthy": healthy,
            "desired": 3, "ready": 1, "reason": "ReadyBelowDesired"})
    };
    let bad = item("web", "degraded", false);
    let mut acknowledged = bad.clone();
    acknowledged["acknowledged"] = json!({"reason": "known"});
    for (summary, items, code) in [
        (json!({"total": 1, "healthy": 1}), vec![bad.clone()], 2),
        (json!({"total": 1, "degraded": 1}), Vec::new(), 2),
        (
            json!({"total": 1, "unavailable": 1, "acknowledged": 0}),
            vec![item("a", "healthy", true)],
            2,
        ),
        (
            json!({"total": 1, "degraded": 1, "acknowledged": 1}),
            vec![acknowledged],
            0,
        ),
    ] {
        let report = json!({
            "apiVersion": "sre/v1", "kind": "HealthReport", "status": "ok",
            "observedAt": "2026-11-23T18:40:12Z", "source": {"mode": "agent"},
            "coverage": {"kinds": ["deployments"], "namespaces": "all", "notSeen": []},
            "checks": [{"check": "deployments", "status": "ok", "summary": summary, "items": items}],
        });
        let id = server.fail(Match::path(HEALTH), json_body(200, report.to_string()));
        assert_eq!(
            ask(&server, &["health", "deployments", "--agent"]).code,
            Some(code),
            "{report}"
        );
        server.clear_fault(id);
    }
}

#[test]
fn a_kind_that_the_agent_does_not_watch_is_not_seen() {
    let server = builder().start_blocking();
    let report = json!({
        "apiVersion": "sre/v1", "kind": "HealthReport", "status": "ok",
        "observedAt": "2026-11-23T18:40:12Z", "source": {"mode": "agent"},
        "coverage": {"kinds": [], "namespaces": "all", "notSeen": []},
        "checks": [{"check": "apiserver", "status": "ok", "version": "v1.37.2"}],
    });
    server.fail(Match::path(HEALTH), json_body(200, report.to_string()));
    let ran = ask(&server, &["health", "--agent", "-o", "json"]);
    assert_eq!(ran.code, Some(3));
    assert_eq!(ran.json()["coverage"]["notSeen"][0]["class"], "notWatched");
    assert_eq!(ask(&server, &["health", "--agent", "apiserver"]).code, Some(0));
}

#[test]
fn a_named_kind_that_the_agents_cluster_does_not_serve_is_not_found() {
    let part =
        json!({"check": "rollouts", "status": "ok", "served": false, "summary": {"total": 0}, "items": []});
    let report = json!({"apiVersion": "sre/v1", "kind": "HealthReport", "status": "ok",
        "observedAt": "2026-03-01T12:00:00Z", "source": {"mode": "agent"},
        "coverage": {"kinds": ["rollouts"], "namespaces": "all"}, "checks": [part]});
    let server = builder().start_blocking();
    server.fail(Match::path(HEALTH), json_body(200, report.to_string()));
    let ran = ask(&server, &["health", "rollouts", "--agent", "-o", "json"]);
    assert_eq!(
        (ran.code, ran.json()["coverage"]["notSeen"][0]["class"].clone()),
        (Some(3), json!("notFound"))
    );
}

#[test]
fn a_namespace_in_which_nothing_was_found_is_looked_up() {
    let server = builder().namespaces(["shop", "bank", "empty"]).start_blocking();
    let agent = Agent::start(&server);
    let empty = agent.answer("?namespace=empty");
    let id = server.fail(Match::path(HEALTH), json_body(200, &empty));
    assert_eq!(ask(&server, &["health", "--agent", "-n", "empty"]).code, Some(0));
    server.clear_fault(id);
    let id = server.fail(
        Match::path(HEALTH),
        json_body(200, agent.answer("?namespace=emty")),
    );
    let typo = ask(&server, &["health", "--agent", "-n", "emty"]);
    assert_eq!(typo.code, Some(3));
    assert!(typo.out.contains("did you mean \"empty\"?"), "{}", typo.out);
    server.clear_fault(id);
    server.fail(Match::path(HEALTH), json_body(200, &empty));
    // With a URL the namespace cannot be looked up, so the verdict is unknown.
    let ran = run(&["health", "--agent-url", &agent.url(), "-n", "empty"]);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.out.contains("whether it exists could not be looked up"),
        "{}",
        ran.out
    );
    // Without the right to look.
    server.set_access("kubernetes-admin", Access::admin().without("get", "namespaces"));
    let blind = ask(&server, &["health", "--agent", "-n", "empty"]);
    assert_eq!(blind.code, Some(3), "{blind:?}");
}

#[test]
fn a_namespace_is_looked_up_if_only_cluster_scoped_objects_were_found() {
    let server = builder().namespaces(["empty"]).start_blocking();
    let empty = Agent::start(&server).answer("?namespace=empty");
    let mut report: Value = serde_json::from_slice(&empty).expect("a report");
    let node = json!({"check": "nodes", "status": "ok", "summary": {"total": 1, "healthy": 1}, "items": []});
    for (list, entry) in [("/checks", node), ("/coverage/kinds", json!("nodes"))] {
        let list = report.pointer_mut(list).and_then(Value::as_array_mut);
        list.expect("it is there").push(entry);
    }
    server.fail(Match::path(HEALTH), json_body(200, report.to_string().as_bytes()));
    let line = ["health", "--agent", "--kinds", "deployments,nodes", "-n"];
    let of = |namespace| ask(&server, &[&line[..], &[namespace]].concat());
    assert_eq!((of("empty").code, of("emty").code), (Some(0), Some(3)));
}

#[test]
fn a_url_without_an_agent_ends_with_69_and_a_hint() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("it has an address");
    let silent = run(&[
        "health",
        "--agent-url",
        &format!("http://me:pa55@{address}"),
        "--timeout",
        "1s",
    ]);
    assert_eq!(silent.code, Some(69));
    assert!(
        silent.out.contains("timeout: no answer within 1 s"),
        "{}",
        silent.out
    );
    assert!(!format!("{silent:?}").contains("pa55"), "{silent:?}");
    drop(free);
    let refused = run(&[
        "health",
        "--agent-url",
        &format!("http://{address}"),
        "-o",
        "json",
    ]);
    assert_eq!(refused.code, Some(69));
    let entry = &refused.json()["coverage"]["notSeen"][0];
    assert_eq!(entry["class"], "refused");
    assert_eq!(entry["what"], format!("agent http://{address}"));
    assert!(
        entry["hint"].as_str().is_some_and(|h| h.contains("port-forward")),
        "{entry}"
    );
}

#[test]
fn version_prints_the_version_of_the_agent() {
    let server = builder().start_blocking();
    let agent = Agent::start(&server);
    let own = env!("CARGO_PKG_VERSION");
    let ran = run(&["version", "--agent-url", &agent.url()]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (
            Some(0),
            format!("Plugin: {own} (report sre/v1)\nAgent:  {own}\n").as_str()
        )
    );
    let path = "/api/v1/namespaces/sre-tools/services/sre-agent:http/proxy/version";
    server.fail(
        Match::path(path),
        json_body(200, r#"{"name":"sre-agent","version":"9.9.9"}"#),
    );
    let ran = ask(&server, &["version", "--agent", "-o", "json"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.json()["agent"], "9.9.9");
    assert_eq!(ran.json()["server"], "v1.37.2");
}

#[test]
fn the_agents_view_is_compared_with_the_view_from_here() {
    let server = builder().start_blocking();
    let agent = Agent::start(&server);
    let url = agent.url();
    let kubeconfig = server.kubeconfig().display().to_string();
    let both = [
        "health",
        "apiserver",
        "--agent-url",
        &url,
        "--kubeconfig",
        &kubeconfig,
    ];
    let ran = run(&both);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out
            .contains("Two views             well from both places: from here ok in "),
        "{}",
        ran.out
    );
    // Nothing listens at the address of the flags.
    let away = [&both[..], &["--server", "https://127.0.0.1:1"]].concat();
    let ran = run(&[&away[..], &["-o", "json"]].concat());
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let check = &ran.json()["checks"][0];
    assert_eq!(
        (&check["class"], &check["side"], &check["vantage"]["conclusion"]),
        (
            &json!("refused"),
            &json!("the control plane"),
            &json!("wayFromHere")
        )
    );
    assert_eq!(check["vantage"]["agent"]["status"], "ok");
    let ran = run(&away);
    assert!(
        ran.out.contains(
            "the trouble is on the way from here: from here unknown (refused), from the agent ok in "
        ),
        "{}",
        ran.out
    );
}
