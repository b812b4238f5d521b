//! Tests of the API server on the screen.

use super::*;

#[test]
fn an_unreachable_api_server_is_shown_with_its_class_and_side() {
    let failure = Failure {
        endpoint: "https://10.0.0.1:6443/version".into(),
        elapsed: Duration::from_secs(5),
        ..Failure::new(Class::Timeout, "no connection within 5 s")
    };
    let ask = Request {
        kinds: vec![run::KindTarget::all(Kind::Deployment)],
        ..Request::everything()
    };
    let mut report = run::unreached(&ask, &failure, Source::default(), now);
    report.source.context = Some("prod-eu".into());
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    UNKNOWN  prod-eu  the API server cannot be asked (timeout)

    ? API server https://10.0.0.1:6443/version  no connection within 5 s (after 5.0 s)
        on the side of the network, at http
        check firewall, VPN and proxy on the way, then the load of the API server

    ? not seen: deployments  timeout: no connection within 5 s

    API server   unknown   timeout
    Deployments  unknown   not seen
    looked at nothing, all namespaces, in 62 ms
    "#);
}

#[test]
fn an_api_server_that_fails_its_own_checks_is_shown_with_them() {
    let sick = ApiServerCheck {
        status: Status::Degraded,
        class: Some("unhealthy".into()),
        error: Some("/readyz answers 500, failing: etcd, informer-sync".into()),
        endpoint: Some("/readyz".into()),
        hint: Some("kubectl get --raw '/readyz?verbose'".into()),
        readyz: Some(Readyz {
            passed: 45,
            total: 47,
            failing: vec!["etcd".into(), "informer-sync".into()],
        }),
        ..healthy_api_server()
    };
    insta::assert_snapshot!(screen(&cluster(sick, [deployment("shop", "web")]), &STYLE), @"
    DEGRADED  prod-eu  v1.37.2  the API server is not well (unhealthy); Deployment shop/web is healthy, 1/1 ready

    ✗ API server  /readyz answers 500, failing: etcd, informer-sync
        kubectl get --raw '/readyz?verbose'

    API server   degraded  reached in 9.1 ms, readyz fails: etcd, informer-sync
    Deployments  ok        1 healthy
    looked at Deployments and the API server, objects in 1 namespace, in 62 ms
    ");
}

#[test]
fn a_window_of_the_record_is_shown_once_half_of_it_was_watched() {
    let window = |name: &str, watched: Option<u64>, checks: u64, availability: f64| Window {
        window: name.into(),
        watched_seconds: watched,
        checks,
        availability: Some(availability),
        p50_ms: Some(3.0),
        p99_ms: Some(8.0),
        max_ms: Some(8.4),
        ..Window::default()
    };
    let line = |windows: Vec<Window>| {
        let check = ApiServerCheck {
            record: Some(Record {
                windows,
                ..Record::default()
            }),
            ..healthy_api_server()
        };
        let text = screen(&cluster(check, [deployment("shop", "web")]), &STYLE);
        let line = text
            .lines()
            .find(|line| line.starts_with("Record"))
            .map(str::trim_end);
        line.map(|line| line.trim_start_matches("Record").trim_start().to_owned())
    };
    let began = |seconds: u64, checks: u64| {
        let watched = |length: u64| Some(seconds.min(length));
        vec![
            window("5m", watched(300), checks.min(30), 1.0),
            window("1h", watched(3600), checks, 1.0),
            window("1d", watched(86_400), checks, 1.0),
        ]
    };
    let latency = "p50 3.0 ms p99 8.0 ms max 8.4 ms";
    for (seconds, checks, expected) in [
        (0, 1, format!("100 % of 1 check in 0 s, {latency}")),
        (8, 5, format!("100 % of 5 checks in 8 s, {latency}")),
        (149, 20, format!("100 % of 20 checks in 2 min, {latency}")),
        (150, 20, format!("5m 100 %, {latency}")),
        (1800, 180, format!("5m 100 %, {latency}; 1h 100 %, {latency}")),
        (
            43_200,
            4320,
            format!("5m 100 %, {latency}; 1h 100 %, {latency}; 1d 100 %, {latency}"),
        ),
    ] {
        assert_eq!(line(began(seconds, checks)), Some(expected), "{seconds}");
    }
    // An older agent does not report the watched seconds, so no window is named.
    let older = vec![window("5m", None, 30, 1.0), window("24h", None, 900, 0.9999)];
    assert_eq!(line(older), Some(format!("99.99 % of 900 checks, {latency}")));
    let mut nothing = began(0, 0);
    for window in &mut nothing {
        window.availability = None;
    }
    assert_eq!(line(nothing), None);
}

#[test]
fn the_record_shows_steps_burn_rates_and_a_demand() {
    let window = |name: &str, seconds: u64, availability: f64| Window {
        window: name.into(),
        watched_seconds: Some(seconds),
        availability: Some(availability),
        phases: ["connect", "tls", "request"]
            .into_iter()
            .map(|phase| PhaseLatency {
                phase: phase.into(),
                count: 60,
                p50_ms: 0.8,
                p90_ms: 1.5,
                p99_ms: 12.0,
                max_ms: 13.0,
            })
            .collect(),
        ..Window::default()
    };
    let check = |availability: f64| {
        let mut record = Record {
            windows: vec![
                window("5m", 300, availability),
                window("30m", 1800, 1.0),
                window("1h", 3600, availability),
                window("6h", 21_600, 0.9995),
                window("1d", 3600, 1.0),
            ],
            ..Record::default()
        };
        slo::add_burn_rates(&mut record, 99.9);
        let mut check = ApiServerCheck {
            record: Some(record),
            ..healthy_api_server()
        };
        slo::demand_availability(&mut check, 99.9, "1h");
        let text = screen(&cluster(check, [deployment("shop", "web")]), &STYLE);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (availability, slo, demand) in [
        (
            1.0,
            "99.9 %, budget burns 1h 0x and 5m 0x (limit 14.4); 6h 0.5x and 30m 0x (limit 6)",
            "99.9 % of 1h is reached, 100 %",
        ),
        (
            0.98,
            "99.9 %, budget burns 1h 20x and 5m 20x (over 14.4)",
            "99.9 % of 1h is missed, 98 %",
        ),
    ] {
        let text = check(availability);
        for part in [slo, demand, "1h p50 p90 p99: connect 0.8"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
