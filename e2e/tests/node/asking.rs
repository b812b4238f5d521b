//! `--agent` through the real service proxy.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::node::{self, RUNS, RestrictedNamespace, deployment, kubectl};
use sre_e2e::{Release, Report, User};

/// A user with only the rights of the chart's Role.
fn on_call(namespace: &str) -> User {
    kubectl().ok(&["--namespace", namespace, "create", "serviceaccount", "on-call"]);
    node::service_account(namespace, "on-call")
}

fn workloads() -> RestrictedNamespace {
    let shop = RestrictedNamespace::new("shop");
    shop.create(deployment("web", 2, &["sleep", "3600"]));
    shop.create(deployment("none", 0, &["sleep", "3600"]));
    let mut crashing = deployment("crashing", 1, &["false"]);
    // A container without a probe is ready for a moment before it ends, and then its Deployment is settling.
    crashing["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] =
        json!({"exec": {"command": ["true"]}, "initialDelaySeconds": 3600});
    crashing["spec"]["progressDeadlineSeconds"] = json!(3);
    shop.create(crashing);
    let mut slow = deployment("slow", 1, &["sleep", "3600"]);
    slow["spec"]["minReadySeconds"] = json!(3600);
    slow["spec"]["progressDeadlineSeconds"] = json!(3601);
    shop.create(slow);
    shop.run(&["rollout", "status", "deployment/web", "--timeout=90s"]);
    shop.run(&[
        "wait",
        "deployment/slow",
        "--for=jsonpath={.status.readyReplicas}=1",
        "--timeout=90s",
    ]);
    until("the crash loop is past its deadline", RUNS, || {
        let object = shop.run(&["get", "deployment", "crashing", "--output", "json"]);
        if object.contains("ProgressDeadlineExceeded") {
            Ok(())
        } else {
            Err(object)
        }
    });
    shop
}

fn essence(report: &Report) -> Value {
    let mut report = report.0.clone();
    for field in ["source", "observedAt", "ageSeconds"] {
        report.as_object_mut().map(|map| map.remove(field));
    }
    for check in report["checks"].as_array_mut().into_iter().flatten() {
        // The path to the API server and the identity depend on the place. The rest of the check is compared below.
        for field in ["latencyMs", "identity", "ladder", "record", "vantage"] {
            check.as_object_mut().map(|map| map.remove(field));
        }
        for item in check["items"].as_array_mut().into_iter().flatten() {
            // A message can hold an age, which grows between two questions.
            item.as_object_mut().map(|map| map.remove("message"));
        }
    }
    for entry in report["coverage"]["notSeen"].as_array_mut().into_iter().flatten() {
        entry.as_object_mut().map(|map| map.remove("hint"));
    }
    report
}

#[test]
fn the_agent_reports_the_same_as_the_plugin() {
    let _shop = workloads();
    let _release = Release::install("sre-tools", &["--set", "causes.enabled=false"]);
    for (line, code) in [
        ("-n shop", 2),
        ("-n sre-tools", 0),
        ("-n shop deploy/web", 0),
        ("-n shop deploy/slow", 1),
        ("-n shop deploy/crashing", 2),
        ("-n shop deploy/wbe", 3),
        ("-n nowhere", 3),
        ("-n shop --fail-on progressing deploy/crashing", 0),
        ("apiserver", 0),
        ("", 2),
    ] {
        until(line, RUNS, || {
            // The counts of a crash loop change between two runs.
            let (direct, mine) = node::plugin().health(&format!("--cause none {line}"));
            let (proxied, agents) = node::plugin().health(&format!("--agent --cause none {line}"));
            assert_eq!(agents.0["source"]["agent"], "sre-tools/sre-agent");
            let same = (direct, proxied) == (code, code) && essence(&mine) == essence(&agents);
            if same {
                Ok(())
            } else {
                Err(format!("{direct} {proxied}\n{:#}\n{:#}", mine.0, agents.0))
            }
        });
    }
    let (_, agents) = node::plugin().health("--agent apiserver");
    let check = agents.api_server();
    assert_eq!(
        (
            &check["vantage"]["conclusion"],
            &check["vantage"]["own"]["status"],
            &check["vantage"]["agent"]["status"]
        ),
        (&json!("well"), &json!("ok"), &json!("ok")),
        "{check:#}"
    );
    assert_eq!(
        check["record"]["windows"][0]["availability"],
        json!(1.0),
        "{check:#}"
    );
}

#[test]
fn the_charts_role_is_all_that_a_user_needs() {
    let tools = RestrictedNamespace::new("people");
    let someone = on_call("people");
    let subject = "serviceProxier.subjects[0].kind=ServiceAccount,serviceProxier.subjects[0].name=on-call,\
                   serviceProxier.subjects[0].namespace=people";
    let release = Release::install("sre-tools", &[]);
    let refused = someone.plugin().run("health --agent");
    assert_eq!(refused.code, Some(3), "{refused}");
    for part in [
        "not seen: agent sre-tools/sre-agent (forbidden)",
        "missing rule services/proxy get for sre-agent:http in namespace sre-tools",
        "kubectl -n sre-tools create role sre-agent-proxy --verb=get --resource=services/proxy \
         --resource-name=sre-agent:http && kubectl -n sre-tools create rolebinding sre-people:on-call-agent \
         --role=sre-agent-proxy --serviceaccount=people:on-call",
    ] {
        assert!(refused.stdout.contains(part), "no {part:?}\n{refused}");
    }
    release.upgrade(&["--set", "serviceProxier.create=true", "--set", subject]);
    until("the Role holds", RUNS, || {
        let allowed = someone.plugin().run("health --agent");
        match allowed.code {
            Some(0..=2) => Ok(()),
            _ => Err(allowed),
        }
    });
    // The command of the hint grants the same right.
    release.upgrade(&["--set", "serviceProxier.create=false"]);
    let role =
        "create role sre-agent-proxy --verb=get --resource=services/proxy --resource-name=sre-agent:http";
    release.space.run(&role.split(' ').collect::<Vec<_>>());
    let binding = "create rolebinding sre-agent-proxy --role=sre-agent-proxy --serviceaccount=people:on-call";
    release.space.run(&binding.split(' ').collect::<Vec<_>>());
    until("the Role of the hint holds", RUNS, || {
        let allowed = someone.plugin().run("health --agent");
        match allowed.code {
            Some(0..=2) => Ok(()),
            _ => Err(allowed),
        }
    });
    drop(tools);
}

#[test]
fn an_absent_agent_differs_from_one_that_is_not_ready_or_cannot_be_dialled() {
    let ask = |flags: &str| {
        let (code, report) = node::plugin().health(flags);
        assert!(
            code != 3 || report.0["coverage"]["notSeen"][0].is_object(),
            "{:#}",
            report.0
        );
        let entry = report.0["coverage"]["notSeen"][0].clone();
        (code, entry["class"].clone(), entry["error"].clone())
    };
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();

    let (code, class, error) = ask("--agent");
    assert_eq!((code, class), (69, json!("noAgent")));
    assert!(text(error).contains("no Service in this cluster is an agent's"));
    assert_eq!(ask("--agent=sre-tools/sre-agent").1, json!("noAgent"));

    // An agent in another namespace is suggested and not asked.
    let release = Release::install("elsewhere", &[]);
    let (code, report) = node::plugin().health("--agent apiserver");
    assert_eq!(
        (code, &report.0["source"]["agent"]),
        (69, &json!("sre-tools/sre-agent"))
    );
    let hint = text(report.0["coverage"]["notSeen"][0]["hint"].clone());
    assert!(
        hint.contains("another Service is labelled as an agent's and was not asked; if you trust it: --agent=elsewhere/sre-agent"),
        "{hint}"
    );
    let quiet = node::plugin()
        .run("health --agent=elsewhere/sre-agent -q apiserver")
        .expect_code(0);
    assert!(quiet.stdout.contains(", by agent elsewhere/sre-agent"), "{quiet}");

    // A Service that answers and is not an agent's.
    let shop = RestrictedNamespace::new("shop");
    let mut web = deployment("frontend", 1, &["sleep", "3600"]);
    web["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([{"containerPort": 8080}]);
    shop.create(web);
    shop.run(&["rollout", "status", "deployment/frontend", "--timeout=90s"]);
    shop.create(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "frontend"},
                       "spec": {"selector": {"app": "frontend"}, "ports": [{"port": 80, "targetPort": 8080}]}}));
    until("its pod is an endpoint", RUNS, || {
        let (code, class, error) = ask("--agent=shop/frontend");
        let says = text(error);
        if (code, &class) == (69, &json!("notAnAgent")) && says.contains("it has the port 80") {
            Ok(())
        } else {
            Err(format!("{code} {class} {says}"))
        }
    });
    drop(shop);

    release
        .space
        .run(&["scale", "deployment/sre-agent", "--replicas=0"]);
    until("the last pod is gone", RUNS, || {
        let (code, class, error) = ask("--agent=elsewhere/sre-agent");
        if (code, &class) == (69, &json!("agentNotReady")) {
            Ok(())
        } else {
            Err(format!("{code} {class} {error}"))
        }
    });
    assert_eq!(ask("--agent").1, json!("noAgent"));

    // The API server dials a port on which nothing listens.
    release
        .space
        .run(&["scale", "deployment/sre-agent", "--replicas=1"]);
    release
        .space
        .run(&["rollout", "status", "deployment/sre-agent", "--timeout=90s"]);
    let port = json!([{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 9}]).to_string();
    release
        .space
        .run(&["patch", "service", "sre-agent", "--type=json", "--patch", &port]);
    until("the dial fails", RUNS, || {
        let (code, class, error) = ask("--agent=elsewhere/sre-agent");
        if (code, &class) == (69, &json!("agentUnreachable")) {
            Ok(())
        } else {
            Err(format!("{code} {class} {error}"))
        }
    });
    let screen = node::plugin().run("health --agent=elsewhere/sre-agent");
    assert!(
        screen
            .stdout
            .contains("kubectl -n elsewhere port-forward service/sre-agent 8080"),
        "{screen}"
    );
}

#[test]
fn an_agent_of_one_namespace_reports_no_other() {
    // All broken workloads are in namespaces that the agent does not watch.
    let _shop = workloads();
    let quiet = RestrictedNamespace::new("quiet");
    quiet.create(deployment("web", 1, &["sleep", "3600"]));
    quiet.run(&["rollout", "status", "deployment/web", "--timeout=90s"]);
    let release = Release::install("sre-tools", &["--set", "namespaces={quiet}"]);
    until("the agent has listed", RUNS, || {
        let report = release.get("/health");
        if report["checks"][1]["summary"]["healthy"] == 1 {
            Ok(())
        } else {
            Err(format!("{report:#}"))
        }
    });
    for (line, direct, agent) in [
        ("", 2, 3),
        ("-A", 2, 3),
        ("-n quiet", 0, 0),
        ("-n shop", 2, 3),
        ("-n quiet --kinds deployments,nodes", 0, 3),
        ("deploy/web", 0, 3),
        ("-n quiet deploy/web", 0, 0),
        ("deploy/crashing", 2, 3),
    ] {
        let (code, _) = node::plugin().health(line);
        let (proxied, report) = node::plugin().health(&format!("--agent {line}"));
        assert_eq!((code, proxied), (direct, agent), "{line}: {:#}", report.0);
        let entries = report.0["coverage"]["notSeen"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert_eq!(entries.is_empty(), agent == 0, "{line}: {:#}", report.0);
        assert!(
            entries.iter().all(|entry| entry["class"] == "notWatched"),
            "{line}: {:#}",
            report.0
        );
    }
    let screen = node::plugin().run("health --agent -A");
    assert!(
        screen
            .stdout
            .contains("in all namespaces but quiet  notWatched: the agent watches only namespace quiet"),
        "{screen}"
    );
    // Over HTTP a question is about the agent's own namespaces, unless it asks for every one.
    let own = release.get("/health/deployments");
    assert_eq!(
        (&own["status"], &own["coverage"]["namespaces"]),
        (&json!("ok"), &json!(["quiet"])),
        "{own:#}"
    );
    assert_eq!(
        release.get("/health/deployments?namespace=*")["status"],
        json!("unknown")
    );
}

#[test]
fn the_agent_reports_causes_with_the_charts_default_values() {
    let _shop = workloads();
    let _release = Release::install("sre-tools", &[]);
    until("the crash loop is explained", RUNS, || {
        let (code, report) = node::plugin().health("--agent -n shop deploy/crashing");
        let item = &report.0["checks"][0]["items"][0];
        let codes: Vec<&Value> = item["causes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|cause| &cause["code"])
            .collect();
        if code == 2
            && codes.contains(&&json!("CrashLoop"))
            && report.0["coverage"]["causesNotSeen"].is_null()
        {
            Ok(())
        } else {
            Err(format!("{code} {:#}", report.0))
        }
    });
}

#[test]
fn version_prints_all_three_versions() {
    let _release = Release::install("sre-tools", &[]);
    let ran = node::plugin().run("version --agent").expect_code(0);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{ran}");
    assert!(
        lines[1].starts_with("Agent:  ") && lines[2].starts_with("Server: v1."),
        "{ran}"
    );
}
