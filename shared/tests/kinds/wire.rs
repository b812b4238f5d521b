//! An object that Kubernetes' own types write reads the same in JSON and in protobuf.
//!
//! `wire.tsv` has a line for each kind, written by the Go types of `k8s.io/api` and `k8s.io/kube-aggregator` 0.37.2: the
//! kind, the object as JSON, and its protobuf in hexadecimal. Every field that is read differs from its default, and
//! the other fields are set too.

use sre_shared::resource::{
    ApiService, Condition as _, CronJob, DaemonSet, DaemonSetTemplate, DeploymentTemplate, EndpointSlice,
    Event, HorizontalPodAutoscaler, Job, MutatingWebhookConfiguration, Namespace, Node,
    PersistentVolumeClaim, Pod, PodDisruptionBudget, ReplicaSet, ReplicaSetTemplate, ReplicationController,
    ReplicationControllerSpec, Resource, Service, StatefulSetTemplate, Templated,
    ValidatingWebhookConfiguration, from_json, from_proto,
};

const WIRE: &str = include_str!("wire.tsv");

fn both<T: Resource + PartialEq + std::fmt::Debug>() -> T {
    let line = WIRE
        .lines()
        .find(|line| line.split('\t').next() == Some(T::KIND))
        .unwrap_or_else(|| panic!("no line of {}", T::KIND));
    let fields: Vec<&str> = line.split('\t').collect();
    let bytes: Vec<u8> = (0..fields[2].len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&fields[2][at..at + 2], 16).expect("hexadecimal"))
        .collect();
    let json: T = from_json(fields[1].as_bytes()).expect("JSON of the kind");
    let proto: T = from_proto(&bytes).expect("protobuf of the kind");
    assert_eq!(json, proto, "{}", T::KIND);
    json
}

#[test]
fn every_kind_reads_the_same_in_both_encodings() {
    let set = both::<ReplicaSet>();
    assert_eq!(set.status.as_ref().and_then(|s| s.available_replicas), Some(1));
    assert!(
        set.failed_create()
            .is_some_and(|c| c.last_transition_time.is_some() && c.message == "no")
    );
    both::<DaemonSet>();
    let controller = both::<ReplicationController>();
    assert_eq!(
        (
            controller.spec,
            controller.status.map(|s| s.conditions[0].reason.clone())
        ),
        (
            Some(ReplicationControllerSpec {
                replicas: Some(3),
                min_ready_seconds: Some(5),
            }),
            Some("FailedCreate".into())
        )
    );
    let node = both::<Node>();
    assert!(node.is_cordoned());
    let taints: Vec<_> = node
        .taints()
        .iter()
        .map(|t| (t.key.as_str(), t.effect.as_str()))
        .collect();
    assert_eq!(taints, [("k", "NoSchedule")]);
    assert_eq!(
        node.condition("Ready").map(|c| c.message.as_str()),
        Some("stopped")
    );
    let namespace = both::<Namespace>();
    assert_eq!(
        namespace.spec.map(|s| s.finalizers),
        Some(vec!["kubernetes".to_owned()])
    );
    let status = namespace.status.expect("a status");
    assert_eq!(
        (status.phase.as_str(), status.conditions[0].words()),
        ("Terminating", "r: m".to_owned())
    );
    let claim = both::<PersistentVolumeClaim>();
    assert_eq!(
        claim.spec.map(|s| (s.volume_name, s.storage_class_name)),
        Some(("pv".into(), Some("fast".into())))
    );
    let status = claim.status.expect("a status");
    assert_eq!(status.conditions[0].words(), "r: m");
    assert_eq!(
        status
            .allocated_resource_statuses
            .get("storage")
            .map(String::as_str),
        Some("ControllerResizeInfeasible")
    );
    let service = both::<Service>();
    assert!(
        service.is_external()
            && service
                .spec
                .as_ref()
                .is_some_and(|s| s.selector.len() == 1 && !s.external_name.is_empty())
    );
    let ports: Vec<_> = service
        .ports()
        .iter()
        .map(|p| (p.name.as_str(), p.port, p.needs()))
        .collect();
    assert_eq!(ports, [("http", 80, Some("web")), ("m", 9, None)]);
    let spec = service.spec.as_ref().expect("a spec");
    assert_eq!(spec.load_balancer_class, "x.example/lb");
    let places: Vec<_> = service
        .load_balancer_places()
        .map(|p| {
            (
                p.ip.as_str(),
                p.hostname.as_str(),
                p.ports[0].port,
                p.ports[0].error.as_str(),
            )
        })
        .collect();
    assert_eq!(places, [("192.0.2.1", "lb.example.com", 80, "Refused")]);
    let said = service.status.as_ref().map(|s| s.conditions[0].words());
    assert_eq!(said.as_deref(), Some("r: m"));
    let slice = both::<EndpointSlice>();
    let endpoints: Vec<_> = slice
        .endpoints
        .iter()
        .map(|e| (e.is_ready(), e.is_terminating(), e.is_serving_to_the_end()))
        .collect();
    assert_eq!(
        (endpoints, slice.address_type.as_str()),
        (vec![(false, true, true), (true, false, false)], "IPv6")
    );
    let target = slice.endpoints[0].target_ref.as_ref();
    assert_eq!(
        target.map(|t| (t.kind.as_str(), t.name.as_str())),
        Some(("Pod", "web-1"))
    );
    assert_eq!(slice.ports[0].name, "http");
    let hpa = both::<HorizontalPodAutoscaler>();
    assert_eq!(
        hpa.spec.as_ref().map(|s| (s.min_replicas, s.max_replicas)),
        Some((Some(2), Some(9)))
    );
    let status = hpa.status.as_ref().expect("a status");
    let counts = (
        status.observed_generation,
        status.current_replicas,
        status.desired_replicas,
    );
    assert_eq!(counts, (Some(3), Some(4), Some(5)));
    assert!(hpa.condition("ScalingActive").is_some());
    let budget = both::<PodDisruptionBudget>();
    assert!(budget.always_lets_unready_pods_go());
    assert_eq!(
        budget.selector().map(ToString::to_string).as_deref(),
        Some("app=web")
    );
    let budget = budget.status.expect("a status");
    let counts = (
        budget.disruptions_allowed,
        budget.current_healthy,
        budget.desired_healthy,
        budget.expected_pods,
    );
    assert_eq!(counts, (Some(1), Some(2), Some(3), Some(4)));
    assert_eq!(budget.conditions[0].words(), "SyncFailed: m");
    let served = both::<ApiService>();
    assert_eq!(
        served.spec.and_then(|s| s.service).map(|s| s.name),
        Some("metrics".into())
    );
    assert_eq!(
        served.status.map(|s| s.conditions[0].words()),
        Some("r: m".into())
    );
}

#[test]
fn related_kinds_read_the_same_in_both_encodings() {
    let pod = both::<Pod>();
    assert_eq!((pod.node(), pod.made_for()), (Some("n1"), Some("n7")));
    assert!(pod.is_meant_to_end());
    assert!(pod.is_sidecar("proxy") && !pod.is_active() && !pod.is_ready());
    let spec = pod.spec.as_ref().expect("a spec");
    assert_eq!(
        (
            spec.scheduler_name.as_str(),
            spec.image_pull_secrets[0].name.as_str(),
            spec.readiness_gates[0].condition_type.as_str()
        ),
        ("volcano", "regcred", "lb")
    );
    let own = spec.containers[0].resources.as_ref().expect("resources");
    let all = spec.resources.as_ref().expect("resources");
    assert_eq!(
        (
            own.memory_limit(),
            own.request("cpu"),
            all.memory_limit(),
            all.request("cpu")
        ),
        (Some("128Mi"), Some("500m"), Some("1Gi"), None)
    );
    let affinity = spec.affinity.as_ref().and_then(|a| a.node_affinity.clone());
    let terms = affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution);
    let label = &terms.expect("terms").node_selector_terms[0].match_expressions[0];
    assert_eq!(
        (
            label.key.as_str(),
            label.operator.as_str(),
            label.values[0].as_str()
        ),
        ("zone", "NotIn", "a")
    );
    assert_eq!(spec.node_selector.get("disk").map(String::as_str), Some("ssd"));
    let status = pod.status.as_ref().expect("a status");
    assert_eq!(
        (
            status.phase.as_str(),
            status.reason.as_str(),
            status.message.as_str()
        ),
        ("Failed", "Evicted", "low on memory")
    );
    let app = &status.container_statuses[0];
    let last = app.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    assert_eq!(
        (
            app.restart_count,
            app.image.as_str(),
            app.started,
            last.map(|t| (t.exit_code, t.signal, t.message.as_str()))
        ),
        (7, "i", Some(false), Some((3, 9, "m")))
    );
    assert!(status.init_container_statuses[0].ready);
    let job = both::<Job>();
    assert!(job.is_over());
    let failed = job.status.as_ref().map(|s| s.failed_indexes.as_str());
    assert_eq!(failed, Some("1,3"));
    let counts = job
        .status
        .map(|s| (s.active, s.ready, s.succeeded, s.failed, s.start_time.is_some()));
    assert_eq!(counts, Some((Some(1), Some(1), Some(2), Some(3), true)));
    let spec = job.spec.expect("a spec");
    assert_eq!(
        (spec.parallelism, spec.completions, spec.suspend),
        (Some(2), Some(5), Some(true))
    );
    assert_eq!(
        (
            spec.active_deadline_seconds,
            spec.managed_by.as_str(),
            spec.success_policy.is_some()
        ),
        (Some(9), "example.com/x", true)
    );
    let cron = both::<CronJob>();
    let spec = cron.spec.expect("a spec");
    assert_eq!(
        (spec.schedule.as_str(), spec.time_zone.as_deref(), spec.suspend),
        ("@hourly", Some("UTC"), Some(true))
    );
    assert_eq!(
        (spec.starting_deadline_seconds, spec.concurrency_policy.as_str()),
        (Some(30), "Forbid")
    );
    let status = cron.status.expect("a status");
    assert_eq!(status.active[0].name, "c-1");
    assert!(status.last_schedule_time.is_some() && status.last_successful_time == status.last_schedule_time);
    let event = both::<Event>();
    assert_eq!(
        (
            event.about(),
            event.container(),
            event.reason.as_str(),
            event.message.as_str(),
            event.time().map(|t| t.seconds),
            event.is_warning(),
            event.claim(),
        ),
        (
            "u-9",
            Some("app"),
            "Unhealthy",
            "Readiness probe failed: no",
            // The time of the series.
            Some(1_790_000_001),
            true,
            None,
        )
    );
}

#[test]
fn the_templates_of_every_workload_read_the_same_in_both_encodings() {
    fn of<T: Templated + PartialEq + std::fmt::Debug>() -> (i64, usize) {
        let workload = both::<T>();
        (
            workload.desired(),
            workload.labels().map_or(0, std::collections::BTreeMap::len),
        )
    }
    assert_eq!(of::<DeploymentTemplate>(), (4, 2));
    assert_eq!(of::<StatefulSetTemplate>(), (0, 2));
    assert_eq!(of::<ReplicaSetTemplate>(), (3, 2));
    assert_eq!(of::<DaemonSetTemplate>(), (3, 2));
}

#[test]
fn webhooks_read_the_same_in_both_encodings_and_in_both_kinds() {
    let validating = both::<ValidatingWebhookConfiguration>().webhooks;
    let mutating = both::<MutatingWebhookConfiguration>().webhooks;
    for (hook, policy) in [(&validating[0], "Ignore"), (&mutating[0], "Fail")] {
        assert_eq!(
            (hook.name.as_str(), hook.failure_policy.as_str()),
            ("x.example.com", policy)
        );
        let service = hook.client_config.as_ref().and_then(|c| c.service.as_ref());
        assert_eq!(
            service.map(|s| (s.namespace.as_str(), s.name.as_str(), s.port)),
            Some(("policy", "hook", Some(1)))
        );
        let client = hook.client_config.as_ref().expect("whom it calls");
        assert_eq!(
            (client.ca_bundle.as_slice(), client.has_authority()),
            (&b"ca"[..], false)
        );
        let rule = hook.rules[0].rule.as_ref().expect("a rule");
        assert_eq!(
            (
                hook.rules[0].operations.len(),
                rule.api_groups.join(""),
                rule.resources.join("")
            ),
            (2, "apps".into(), "deployments".into())
        );
        let selector = hook.namespace_selector.as_ref().map(ToString::to_string);
        assert_eq!(selector.as_deref(), Some("app=web,k notin (a,b)"));
    }
}
