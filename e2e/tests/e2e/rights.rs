//! The commands that a run prints for missing rights, pasted by an admin: the next run lacks none.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::report::{list, word};
use sre_e2e::{Cluster, Deployment, Kubectl, Namespace, Report, User};
use std::time::Duration;

/// The commands of the report, if a right is missing.
fn commands(report: &Value) -> Vec<String> {
    let commands = list(&report["coverage"]["grant"]["commands"]).iter();
    commands.map(|command| word(command).to_owned()).collect()
}

/// The commands that a user gets who sees nothing. Each is one line of the screen.
fn printed(user: &User, flags: &str) -> Vec<String> {
    let (code, report) = user.plugin().health(flags);
    assert_eq!((code, report.status()), (3, "unknown"), "{:#}", report.0);
    let commands = commands(&report.0);
    let screen = user
        .plugin()
        .run(&format!("health {flags}"))
        .expect_code(3)
        .stdout;
    for command in &commands {
        let lines = screen.lines().filter(|line| line.trim() == command);
        assert_eq!(lines.count(), 1, "{command}\n{screen}");
    }
    commands
}

/// Pastes the commands into a shell of the admin.
fn paste(commands: &[String]) {
    let directory = Kubectl::program().parent().expect("a folder").display();
    for command in commands {
        let line = format!("set -o pipefail; PATH={directory}:$PATH; {command}");
        let _ = Cluster::shared().plugin().run_in_shell(&line).expect_code(0);
    }
}

/// A namespace with a healthy Deployment and one that falls short, whose causes need further rights.
fn shop() -> Namespace<'static> {
    let ns = Namespace::new("grants");
    ns.create([Deployment::new("good", 1), Deployment::new("short", 2)]);
    ns.wait_ready("good", 1);
    ns.wait_ready("short", 2);
    ns.break_pods("short", 1);
    ns.wait("short", &["{.status.readyReplicas}=1"]);
    ns
}

/// The run of a user whose rights were just granted. The API server learns of them a moment later, and not all at once.
fn run_granted(user: &User, flags: &str) -> (i32, Report) {
    until("the rights count", Duration::from_secs(20), || {
        let (code, report) = user.plugin().health(flags);
        if report.0["coverage"]["notSeen"] == json!([]) {
            Ok((code, report))
        } else {
            Err(format!("{:#}", report.0["coverage"]))
        }
    })
}

fn assert_nothing_is_missing(report: &Value) {
    let coverage = &report["coverage"];
    assert_eq!(coverage["notSeen"], json!([]), "{coverage:#}");
    assert_eq!(coverage.get("grant"), None, "{coverage:#}");
    let causes = list(&coverage["causesNotSeen"]).iter();
    let missing: Vec<&Value> = causes.filter(|entry| entry.get("missing").is_some()).collect();
    assert_eq!(missing, [&Value::Null; 0]);
}

/// The objects of a namespace that a report judges, by kind, name and numbers. Not their states: a
/// pod that does not start is a rollout under way first, and a problem a minute later.
fn judged(report: &Value, namespace: &str) -> Vec<String> {
    let checks = list(&report["checks"]).iter();
    let items = checks.filter_map(|check| check["items"].as_array()).flatten();
    let here = items.filter(|item| item["namespace"] == namespace);
    here.map(|item| {
        let part = |key: &str| item[key].to_string();
        ["kind", "name", "available", "desired"].map(part).join(" ")
    })
    .collect()
}

/// Only the objects of its own namespace are compared: other tests change the rest of the cluster
/// between the two runs.
fn assert_sees_what_the_admin_sees(user: &User, flags: &str, ns: &Namespace) {
    let admin = Cluster::shared().plugin().health(flags).1;
    let (code, report) = run_granted(user, flags);
    assert!([0, 1, 2].contains(&code), "{code} {:#}", report.0);
    let seen = judged(&report.0, ns.name());
    assert_eq!(seen, judged(&admin.0, ns.name()));
    assert!(seen.len() >= 2, "{seen:?}");
    assert_nothing_is_missing(&report.0);
}

#[test]
fn two_pasted_lines_grant_all_that_a_run_needs() {
    let ns = shop();
    let user = Cluster::shared().user(&format!("grants-{}", std::process::id()));
    let lines = printed(&user, "");
    assert_eq!(lines.len(), 2, "{lines:?}");
    paste(&lines);
    assert_sees_what_the_admin_sees(&user, "", &ns);
    // Another question needs more: the role that is there grows by the same command.
    let more = "deploy,svc,pvc,hpa,pdb,nodes";
    let lines = commands(&user.plugin().health(more).1.0);
    paste(lines.get(..1).unwrap_or_default());
    assert_sees_what_the_admin_sees(&user, more, &ns);
    assert_sees_what_the_admin_sees(&user, "", &ns);
}

#[test]
fn in_one_namespace_one_line_binds_to_view_and_it_has_all_kinds() {
    let ns = shop();
    let name = format!("{}-view", ns.name());
    let user = Cluster::shared().user(&name);
    let flags = format!("-n {}", ns.name());
    let lines = printed(&user, &flags);
    assert_eq!(
        lines,
        [format!(
            "kubectl -n {} create rolebinding sre-{name} --clusterrole=view --user={name}",
            ns.name()
        )]
    );
    paste(&lines);
    let all = "deploy,sts,ds,job,cj,rs,rc,pods,svc,pvc,hpa,pdb";
    for flags in [flags.clone(), format!("{all} {flags} --logs")] {
        let (code, report) = run_granted(&user, &flags);
        let (_, admin) = Cluster::shared().plugin().health(&flags);
        assert!([0, 1, 2].contains(&code), "{code} {:#}", report.0);
        assert_eq!(judged(&report.0, ns.name()), judged(&admin.0, ns.name()));
        assert_eq!(report.0["coverage"]["notSeen"], json!([]));
        let unseen = list(&report.0["coverage"]["causesNotSeen"]).iter();
        let missing = unseen.filter_map(|entry| entry["missing"].as_str());
        // Only a role of the cluster shows nodes.
        assert_eq!(
            missing.filter(|rule| *rule != "nodes list").collect::<Vec<_>>(),
            [""; 0]
        );
    }
}

#[test]
fn a_service_account_and_an_odd_name_are_named_as_kubectl_takes_them() {
    let ns = shop();
    ns.run(&["create", "serviceaccount", "reader"]);
    let odd = format!("https://idp.example#Ann Lee's {}", ns.name());
    let account = format!("system:serviceaccount:{}:reader", ns.name());
    for name in [odd, account] {
        let quoted = name.replace('\'', r"'\''");
        let line = format!(r#""$PLUGIN" health -o json --as '{quoted}'"#);
        let report = || {
            let run = Cluster::shared().plugin().run_in_shell(&line);
            Report::parse(&run.stdout).expect("a report").0
        };
        let lines = commands(&report());
        assert_eq!(lines.len(), 2, "{lines:?}");
        paste(&lines);
        assert_nothing_is_missing(&report());
    }
}
