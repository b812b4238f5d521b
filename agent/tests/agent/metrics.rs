//! Owns the metrics that Prometheus reads.

use crate::harness::{Answer, RunningAgent, listed_agent, settings, start};
use sre_shared::failure::Class;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Fault, Match, WatchFault};
use std::fmt::Write as _;
use std::time::Duration;

fn degraded(namespace: &str, name: &str) -> Deployment {
    Deployment::new(namespace, name).replicas(3).counts(3, 3, 2, 2)
}

async fn shop() -> (ApiServer, RunningAgent) {
    let server = ApiServer::builder()
        .deployments([
            Deployment::new("shop", "web"),
            degraded("shop", "api"),
            Deployment::new("bank", "ledger").replicas(2).counts(2, 2, 0, 0),
        ])
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    // One check, and then none that a test would have to count.
    settings.pace.probe_every = Duration::from_hours(1);
    let agent = start(settings).await;
    agent
        .until("/metrics", |a| {
            value(a, "sre_apiserver_up") == Some(1)
                && value(a, "sre_cache_synced{kind=\"deployments\"}") == Some(1)
        })
        .await;
    server.wait_for_watches(1).await;
    (server, agent)
}

/// The text, with `?` for values that no test can know.
fn known(text: &str) -> String {
    let unknown = [
        "process_start_time_seconds ",
        "process_resident_memory_bytes ",
        "process_cpu_seconds_total ",
        "process_open_fds ",
        "process_max_fds ",
        "sre_http_request_duration_seconds",
        "sre_cache_last_event_timestamp_seconds{",
        "sre_object_unhealthy_since_timestamp_seconds{",
        "sre_watch_total{kind=\"deployments\",result=\"success\"}",
        "sre_apiserver_check_duration_seconds_sum ",
        "sre_cache_age_seconds{",
        "sre_http_requests_total{path=\"/metrics\",code=\"200\"}",
    ];
    let mut known = String::new();
    // They come once the way was walked; record.rs has them.
    let of_the_way = [
        "sre_apiserver_phase_duration_seconds",
        "sre_apiserver_certificate_expiry_timestamp_seconds",
    ];
    let is_known = |line: &&str| !of_the_way.iter().any(|family| line.contains(family));
    for line in text.lines().filter(is_known) {
        let (sample, _) = line.rsplit_once(' ').unwrap();
        let bucket =
            line.starts_with("sre_apiserver_check_duration_seconds_bucket") && !line.contains("+Inf");
        if bucket || unknown.iter().any(|prefix| line.starts_with(prefix)) {
            writeln!(known, "{sample} ?").unwrap();
        } else {
            writeln!(known, "{line}").unwrap();
        }
    }
    known
}

/// Classes that no check of the API server meets.
fn never_met(class: Class) -> bool {
    matches!(
        class,
        Class::BadConfiguration
            | Class::Expired
            | Class::TooLarge
            | Class::NoAgent
            | Class::AgentNotReady
            | Class::AgentUnreachable
            | Class::AgentVersion
            | Class::NotAnAgent
    )
}

fn zeros(family: &str, labels: &str) -> String {
    let mut lines = String::new();
    for class in Class::ALL.into_iter().filter(|class| !never_met(*class)) {
        writeln!(lines, "{family}{{{labels}class=\"{}\"}} 0", class.as_str()).unwrap();
    }
    lines
}

fn buckets() -> String {
    let mut lines = String::new();
    for le in [
        "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0",
    ] {
        writeln!(
            lines,
            "sre_apiserver_check_duration_seconds_bucket{{le=\"{le}\"}} ?"
        )
        .unwrap();
    }
    lines
}

fn request_durations() -> String {
    let mut lines = String::new();
    for sample in ["sum", "count"] {
        writeln!(lines, "sre_http_request_duration_seconds_{sample} ?").unwrap();
    }
    for le in ["0.001", "0.005", "0.025", "0.1", "0.5", "2.5", "10.0", "+Inf"] {
        writeln!(lines, "sre_http_request_duration_seconds_bucket{{le=\"{le}\"}} ?").unwrap();
    }
    lines
}

/// Each metric of [`shop`], in its order.
fn expected(format: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let plain = format == "plain";
    let total = if plain { "_total" } else { "" };
    let (info, kind) = if plain { ("_info", "gauge") } else { ("", "info") };
    let end = if plain { "" } else { "# EOF\n" };
    let failures = zeros("sre_apiserver_check_failures_total", "");
    let buckets = buckets();
    let requests = request_durations();
    format!(
        r#"# HELP sre_agent{info} Version of the agent and of its report
# TYPE sre_agent{info} {kind}
sre_agent_info{{version="{version}",api_version="sre/v1"}} 1
# HELP sre_check_status 1 for the status that each part of the report has, 0 for the others
# TYPE sre_check_status gauge
sre_check_status{{check="apiserver",status="ok"}} 1
sre_check_status{{check="apiserver",status="degraded"}} 0
sre_check_status{{check="apiserver",status="unknown"}} 0
sre_check_status{{check="deployments",status="ok"}} 0
sre_check_status{{check="deployments",status="degraded"}} 1
sre_check_status{{check="deployments",status="unknown"}} 0
# HELP sre_objects Objects in each state, as last seen; acknowledged objects are counted in the state acknowledged only
# TYPE sre_objects gauge
sre_objects{{kind="deployments",state="healthy"}} 1
sre_objects{{kind="deployments",state="progressing"}} 0
sre_objects{{kind="deployments",state="degraded"}} 1
sre_objects{{kind="deployments",state="unavailable"}} 1
sre_objects{{kind="deployments",state="unknown"}} 0
# HELP sre_object_unhealthy 1 for each object that is not healthy, with the first cause or else the reason; the worst first, and at most 500
# TYPE sre_object_unhealthy gauge
sre_object_unhealthy{{kind="Deployment",namespace="bank",name="ledger",state="unavailable",reason="ReadyBelowDesired"}} 1
sre_object_unhealthy{{kind="Deployment",namespace="shop",name="api",state="degraded",reason="ReadyBelowDesired"}} 1
# HELP sre_object_unhealthy_hidden Objects that are not healthy and have no series of their own
# TYPE sre_object_unhealthy_hidden gauge
sre_object_unhealthy_hidden 0
# HELP sre_apiserver_up Whether an API server answers, if only with a refusal
# TYPE sre_apiserver_up gauge
sre_apiserver_up 1
# HELP sre_apiserver_check_duration_seconds How long the checks of the API server took, failed ones included
# TYPE sre_apiserver_check_duration_seconds histogram
sre_apiserver_check_duration_seconds_sum ?
sre_apiserver_check_duration_seconds_count 1
{buckets}sre_apiserver_check_duration_seconds_bucket{{le="+Inf"}} 1
# HELP sre_apiserver_check_failures{total} Checks of the API server that were not ok, by class
# TYPE sre_apiserver_check_failures{total} counter
{failures}# HELP sre_controller_up Whether the controller renews its Lease in kube-system, of each Lease that was seen
# TYPE sre_controller_up gauge
sre_controller_up{{controller="kube-controller-manager"}} 1
sre_controller_up{{controller="kube-scheduler"}} 1
# HELP sre_cache_synced Whether every list was read at least once
# TYPE sre_cache_synced gauge
sre_cache_synced{{kind="deployments"}} 1
# HELP sre_cache_age_seconds Seconds since the last event or bookmark of the watch that has been silent for the longest
# TYPE sre_cache_age_seconds gauge
sre_cache_age_seconds{{kind="deployments"}} ?
# HELP sre_cache_last_event_timestamp_seconds When that event or bookmark came, in seconds since 1970
# TYPE sre_cache_last_event_timestamp_seconds gauge
sre_cache_last_event_timestamp_seconds{{kind="deployments"}} ?
# HELP sre_cache_stale Whether the objects may have changed unseen
# TYPE sre_cache_stale gauge
sre_cache_stale{{kind="deployments"}} 0
# HELP sre_watch{total} Lists and watches, by result; the errors are counted by class too
# TYPE sre_watch{total} counter
sre_watch_total{{kind="deployments",result="success"}} ?
sre_watch_total{{kind="deployments",result="error"}} 0
# HELP sre_watch_relists{total} Lists that were read again because a watch was lost
# TYPE sre_watch_relists{total} counter
sre_watch_relists_total{{kind="deployments"}} 0
# HELP sre_http_requests{total} Requests that were answered
# TYPE sre_http_requests{total} counter
sre_http_requests_total{{path="/health/deployments",code="200"}} 1
sre_http_requests_total{{path="/metrics",code="200"}} ?
sre_http_requests_total{{path="/metrics",code="400"}} 1
sre_http_requests_total{{path="/metrics",code="405"}} 1
sre_http_requests_total{{path="other",code="404"}} 2
# HELP sre_http_request_duration_seconds How long requests took until the answer was ready, all but streams of changes
# TYPE sre_http_request_duration_seconds histogram
{requests}# HELP sre_change_streams Streams of changes that are open
# TYPE sre_change_streams gauge
sre_change_streams 0
# HELP sre_history_transitions Transitions that are kept in memory
# TYPE sre_history_transitions gauge
sre_history_transitions 0
# HELP process_start_time_seconds When this process started, in seconds since 1970
# TYPE process_start_time_seconds gauge
process_start_time_seconds ?
# HELP process_cpu_seconds{total} CPU time that this process used, in seconds
# TYPE process_cpu_seconds{total} counter
process_cpu_seconds_total ?
# HELP process_open_fds File descriptors that are open
# TYPE process_open_fds gauge
process_open_fds ?
# HELP process_max_fds File descriptors that this process may open
# TYPE process_max_fds gauge
process_max_fds ?
# HELP process_resident_memory_bytes Memory that this process holds
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes ?
{end}"#
    )
}

#[tokio::test]
async fn the_metrics_are_these_in_both_formats() {
    let (server, agent) = shop().await;
    for (method, path, status) in [
        ("GET", "/metrics?x=1", 400),
        ("POST", "/metrics", 405),
        ("GET", "/nix/1", 404),
        ("GET", "/nix/2", 404),
        ("GET", "/health/deployments/?limit=1", 200),
    ] {
        assert_eq!(agent.ask(method, path, "").await.status, status, "{path}");
    }
    let open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let plain = "text/plain; version=0.0.4; charset=utf-8";
    // A task of its own looks up the namespaces of objects that fall short.
    let requests = || {
        let all = server.requests().into_iter();
        all.filter(|request| !request.path.starts_with("/api/v1/namespaces/"))
            .count()
    };
    let asked = requests();
    for (accept, content_type, format) in [
        ("", open, "open"),
        ("accept: */*\r\n", open, "open"),
        // Prometheus 2.42.
        (
            "accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n",
            open,
            "open",
        ),
        ("accept: text/plain\r\n", plain, "plain"),
    ] {
        let answer = agent.ask("GET", "/metrics", accept).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(content_type))
        );
        pretty(&known(&answer.text()), &expected(format));
    }
    assert_eq!(requests(), asked, "a scrape asks the API server nothing");
}

/// Asserts equality, and reports the first line that differs.
fn pretty(is: &str, wanted: &str) {
    for (is, wanted) in is.lines().zip(wanted.lines()) {
        assert_eq!(is, wanted);
    }
    assert_eq!(is, wanted);
}

#[tokio::test]
async fn a_scrape_can_be_compressed() {
    let (_server, agent) = shop().await;
    let packed = agent.ask("GET", "/metrics", "accept-encoding: gzip\r\n").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::GzDecoder::new(packed.body.as_slice()),
        &mut text,
    )
    .unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let head = agent.ask("HEAD", "/metrics", "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

fn value(answer: &Answer, sample: &str) -> Option<u64> {
    let text = answer.text();
    let mut lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    lines
        .find(|(name, _)| *name == sample)
        .map(|(_, value)| value.parse().unwrap())
}

#[tokio::test]
async fn a_kind_that_was_not_seen_has_no_count() {
    let server = ApiServer::builder()
        .user("t", "nobody", Access::none())
        .start()
        .await;
    let agent = start(settings(&server.kubeconfig_for("nobody"))).await;
    let answer = agent
        .until("/metrics", |a| {
            value(a, "sre_not_seen{what=\"deployments\",class=\"forbidden\"}") == Some(1)
                && value(a, "sre_apiserver_up") == Some(1)
        })
        .await;
    let sample = |name: &str| value(&answer, name);
    assert_eq!(
        sample("sre_check_status{check=\"deployments\",status=\"unknown\"}"),
        Some(1)
    );
    assert_eq!(
        sample("sre_check_status{check=\"deployments\",status=\"ok\"}"),
        Some(0)
    );
    assert_eq!(sample("sre_cache_synced{kind=\"deployments\"}"), Some(0));
    for family in ["sre_objects", "sre_cache_age_seconds", "sre_cache_stale"] {
        assert!(!answer.text().contains(family), "{family}\n{}", answer.text());
    }
    let errors = sample("sre_watch_errors_total{kind=\"deployments\",class=\"forbidden\"}");
    assert!(errors > Some(0), "{}", answer.text());
}

#[tokio::test]
async fn an_outage_is_counted_and_old_data_becomes_unknown() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.stale_after = Duration::from_secs(2);
    let agent = start(settings).await;
    agent
        .until("/metrics", |a| {
            value(a, "sre_objects{kind=\"deployments\",state=\"healthy\"}") == Some(1)
                && value(a, "sre_apiserver_up") == Some(1)
        })
        .await;
    server.stop();
    let answer = agent
        .until("/metrics", |a| {
            value(a, "sre_check_status{check=\"deployments\",status=\"unknown\"}") == Some(1)
                && value(a, "sre_check_status{check=\"apiserver\",status=\"unknown\"}") == Some(1)
        })
        .await;
    let sample = |name: &str| value(&answer, name);
    assert_eq!(sample("sre_apiserver_up"), Some(0));
    assert_eq!(sample("sre_cache_stale{kind=\"deployments\"}"), Some(1));
    assert_eq!(
        sample("sre_objects{kind=\"deployments\",state=\"healthy\"}"),
        Some(1),
        "as last seen"
    );
    assert_eq!(
        sample("sre_not_seen{what=\"apiserver\",class=\"refused\"}"),
        Some(1)
    );
    assert_eq!(
        sample("sre_not_seen{what=\"deployments\",class=\"stale\"}"),
        Some(1)
    );
    assert!(sample("sre_apiserver_check_failures_total{class=\"refused\"}") > Some(0));
    assert!(sample("sre_watch_errors_total{kind=\"deployments\",class=\"refused\"}") > Some(0));
    server.start_again();
    agent
        .until("/metrics", |a| {
            value(a, "sre_check_status{check=\"deployments\",status=\"ok\"}") == Some(1)
                && value(a, "sre_apiserver_up") == Some(1)
                && !a.text().contains("sre_not_seen")
        })
        .await;
}

#[tokio::test]
async fn lists_that_are_read_again_are_counted() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let agent = listed_agent(&server).await;
    server.wait_for_watches(1).await;
    server.fail(Match::path("/apis/apps/v1/deployments").watches(), Fault::Close);
    server.disturb_watches(&WatchFault::Cut);
    server.wait_for_watches(0).await;
    server.delete("shop", "web");
    server.compact();
    server.clear_faults();
    agent
        .until("/metrics", |a| {
            value(a, "sre_watch_relists_total{kind=\"deployments\"}") == Some(1)
                && value(a, "sre_objects{kind=\"deployments\",state=\"healthy\"}") == Some(0)
        })
        .await;
}

#[tokio::test]
async fn namespaces_in_trouble_are_named_up_to_a_bound() {
    let server = ApiServer::builder()
        .user("t", "nobody", Access::none())
        .start()
        .await;
    let mut settings = settings(&server.kubeconfig_for("nobody"));
    settings.namespaces = (0..40).map(|n| format!("team-{n:02}")).collect();
    let agent = start(settings).await;
    let line = |what: &str| format!("sre_not_seen{{what=\"{what}\",class=\"forbidden\"}}");
    let answer = agent
        .until("/metrics", |a| {
            value(a, &line("deployments in further namespaces")) == Some(1)
                && value(a, "sre_cache_synced{kind=\"deployments\"}") == Some(0)
                && a.text().matches("class=\"notListed\"").count() == 0
                && value(a, "sre_apiserver_up") == Some(1)
        })
        .await;
    assert_eq!(
        answer.text().matches("\nsre_not_seen{").count(),
        21,
        "{}",
        answer.text()
    );
    assert_eq!(value(&answer, &line("deployments in namespace team-19")), Some(1));
    assert_eq!(value(&answer, &line("deployments in namespace team-20")), None);
}

#[tokio::test]
async fn metrics_can_have_an_address_of_their_own() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.metrics_address = Some("127.0.0.1:0".parse().unwrap());
    let mut agent = start(settings).await;
    let refused = agent.get("/metrics").await;
    assert_eq!(
        (refused.status, refused.json()["message"].as_str()),
        (
            404,
            Some("the metrics are served at the address of --metrics-address")
        )
    );
    let index = agent.get("/").await.text();
    assert!(!index.contains("/metrics"), "{index}");
    let main = std::mem::replace(&mut agent.address, agent.metrics);
    assert_ne!(main, agent.address);
    for (path, status) in [("/metrics", 200), ("/healthz", 200), ("/health", 404), ("/", 404)] {
        assert_eq!(agent.get(path).await.status, status, "{path}");
    }
    agent.address = main;
    agent.stop.send(sre_agent::Signal::Interrupt).await.unwrap();
    agent.wait_for_end().await;
}
