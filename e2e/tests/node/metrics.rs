//! A real Prometheus scrapes the agent.

use sre_e2e::deadline::until;
use sre_e2e::node::{RUNS, RestrictedNamespace, deployment};
use sre_e2e::prometheus::{Prometheus, promtool};
use sre_e2e::{Release, portforward::PortForward};

#[test]
fn prometheus_reads_what_the_agent_counts() {
    let shop = RestrictedNamespace::new("shop");
    shop.create(deployment("web", 1, &["sleep", "3600"]));
    shop.create(deployment("crashing", 2, &["false"]));
    shop.run(&["rollout", "status", "deployment/web", "--timeout=90s"]);
    let release = Release::install("sre-tools", &[]);
    let forward = PortForward::start(&release.space.0, "service/sre-agent", 8080);
    promtool(&["check", "metrics"], &forward.text("/metrics", "text/plain"));

    let prometheus = Prometheus::start(forward.address());
    let is = |query: &str, expected: f64| {
        until(query, RUNS, || match prometheus.query(query) {
            Ok(value) if (value - expected).abs() < f64::EPSILON => Ok(()),
            other => Err(format!("{other:?}, expected {expected}")),
        });
    };
    is("up", 1.0);
    is("sre_apiserver_up", 1.0);
    is("sre_check_status{check=\"apiserver\",status=\"ok\"}", 1.0);
    is("sre_check_status{check=\"deployments\",status=\"degraded\"}", 1.0);
    is("sre_check_status{check=\"deployments\",status=\"ok\"}", 0.0);
    is("sum(sre_objects{kind=\"deployments\"})", 3.0);
    is("sre_objects{kind=\"deployments\",state=\"healthy\"}", 2.0);
    is("sre_cache_synced{kind=\"deployments\"}", 1.0);
    is("sre_cache_stale{kind=\"deployments\"}", 0.0);
    is("sre_cache_age_seconds{kind=\"deployments\"} < bool 90", 1.0);
    is("count(sre_agent_info)", 1.0);
    is("sre_apiserver_check_duration_seconds_count > bool 0", 1.0);
    shop.run(&["delete", "deployment", "crashing"]);
    is("sre_check_status{check=\"deployments\",status=\"ok\"}", 1.0);
}
