//! `--authenticate` and TLS against a real API server, which issues and reviews the tokens and forwards requests.
//!
//! The agent runs on this machine. For the service proxy it is a pod that only the API server knows of.

use sre_e2e::authority::{Authority, CertificateRequest, P256, Validity};
use sre_e2e::deadline::until;
use sre_e2e::endpoint::{TOOLS, serve};
use sre_e2e::{Agent, Cluster, Kubectl, User, temporary};
use std::path::PathBuf;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);

/// A token of a ServiceAccount.
fn token(cluster: &Cluster, namespace: &str, account: &str, audience: &[&str]) -> String {
    let words = [&["--namespace", namespace, "create", "token", account], audience].concat();
    cluster.kubectl().ok(&words).trim().to_owned()
}

/// A kubeconfig with the token of a ServiceAccount.
fn account(cluster: &Cluster, namespace: &str, name: &str) -> User {
    let token = token(cluster, namespace, name, &[]);
    let user = cluster.user_with(&format!("{namespace}-{name}"), str::to_owned);
    let kubectl = Kubectl::new(user.kubeconfig());
    kubectl.ok(&["config", "set-credentials", "account", "--token", &token]);
    kubectl.ok(&["config", "set-context", "--current", "--user=account"]);
    user
}

const FOR_AGENT: [&str; 2] = ["--audience", "sre-agent"];

/// A cluster with the accounts and rights that the chart makes, and the agent's account.
fn cluster_with_accounts(name: &str) -> (Cluster, User) {
    let cluster = Cluster::bare(name);
    let kubectl = cluster.kubectl();
    for line in [
        "create namespace sre-tools",
        "create namespace shop",
        "-n sre-tools create serviceaccount default",
        "-n sre-tools create serviceaccount sre-agent",
        "-n sre-tools create serviceaccount sre-agent-reader",
        "-n shop create serviceaccount web",
        "-n shop create serviceaccount on-call",
        "create clusterrole sre-agent --verb=list,watch --resource=deployments.apps,statefulsets.apps,daemonsets.apps,jobs.batch,cronjobs.batch",
        "create clusterrole sre-agent-reviews --verb=create --resource=tokenreviews.authentication.k8s.io,subjectaccessreviews.authorization.k8s.io",
        "create clusterrole sre-agent-reader --verb=get --non-resource-url=/,/health,/health/*,/history,/metrics,/openapi.json,/version",
        "create clusterrolebinding sre-agent --clusterrole=sre-agent --serviceaccount=sre-tools:sre-agent",
        "create clusterrolebinding sre-agent-reviews --clusterrole=sre-agent-reviews --serviceaccount=sre-tools:sre-agent",
        "create clusterrolebinding sre-agent-reader --clusterrole=sre-agent-reader --serviceaccount=sre-tools:sre-agent-reader",
    ] {
        kubectl.ok(&line.split(' ').collect::<Vec<_>>());
    }
    let agent = account(&cluster, TOOLS, "sre-agent");
    (cluster, agent)
}

/// The code and the word of the error.
fn refusal(agent: &Agent, token: &str) -> (u16, String) {
    let answer = agent.get_with("/health/deployments", &format!("Authorization: Bearer {token}"));
    let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
    (answer.code, error)
}

#[test]
fn only_tokens_for_the_agent_whose_user_may_get_the_path_are_answered() {
    let (cluster, account) = cluster_with_accounts("tokens");
    let agent = Agent::start(account.kubeconfig(), &["--authenticate"]);
    assert_eq!(agent.get("/healthz").code, 200);
    assert_eq!(agent.get("/health").code, 401);
    let reader = token(&cluster, TOOLS, "sre-agent-reader", &FOR_AGENT);
    for header in ["Authorization: Bearer", "X-Sre-Token:"] {
        let answer = agent.get_with("/health/apiserver", &format!("{header} {reader}"));
        assert_eq!(answer.code, 200, "{answer:?}");
    }
    let unauthenticated = (401, "unauthenticated".to_owned());
    // The reader's own rights do not make a token for the API server good.
    assert_eq!(
        refusal(&agent, &token(&cluster, TOOLS, "sre-agent-reader", &[])),
        unauthenticated
    );
    let other = token(&cluster, TOOLS, "sre-agent-reader", &["--audience", "vault"]);
    assert_eq!(refusal(&agent, &other), unauthenticated);
    assert_eq!(refusal(&agent, "garbage"), unauthenticated);
    let web = token(&cluster, "shop", "web", &FOR_AGENT);
    assert_eq!(refusal(&agent, &web), (401, "forbidden".to_owned()));
    // A token that is good for the agent is none for the API server.
    let user = cluster.user_with("stolen", str::to_owned);
    let kubectl = Kubectl::new(user.kubeconfig());
    kubectl.ok(&["config", "set-credentials", "thief", "--token", &reader]);
    kubectl.ok(&["config", "set-context", "--current", "--user=thief"]);
    assert!(
        kubectl
            .run(&["get", "namespaces"], None)
            .stderr
            .contains("must be logged in")
    );

    // While the API server is away a token that was good stays so, and no other becomes it.
    let late = token(&cluster, TOOLS, "sre-agent-reader", &FOR_AGENT);
    assert_eq!(refusal(&agent, &reader), (200, String::new()));
    cluster.stop();
    std::thread::sleep(Duration::from_secs(61));
    assert_eq!(refusal(&agent, &reader), (200, String::new()));
    assert_eq!(refusal(&agent, &late), (500, "cannotAuthenticate".to_owned()));
    cluster.start();
    until("the other token is good", WITHIN, || {
        match refusal(&agent, &late) {
            (200, _) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}

#[test]
fn the_plugin_needs_two_rights_to_ask_through_the_service_proxy() {
    let (cluster, account_of_agent) = cluster_with_accounts("proxied-tokens");
    let agent = Agent::start_at("0.0.0.0:0", account_of_agent.kubeconfig(), &["--authenticate"]);
    serve(&cluster, &agent, "http");
    let ran = cluster.plugin().run("health --agent -q apiserver").expect_code(0);
    assert!(ran.stdout.contains("by agent sre-tools/sre-agent"), "{ran}");
    let someone = account(&cluster, "shop", "on-call");
    let missing = |rule: &str| {
        let ran = someone.plugin().run("health --agent").expect_code(3);
        assert!(ran.stdout.contains(&format!("missing rule {rule}")), "{ran}");
        let command = ran
            .stdout
            .split("grants it: ")
            .nth(1)
            .and_then(|rest| rest.split(" (or").next());
        command.expect("the hint has a command").to_owned()
    };
    for rule in [
        "services/proxy get for sre-agent:http in namespace sre-tools",
        "serviceaccounts/token create for sre-agent-reader in namespace sre-tools",
    ] {
        let command = missing(rule);
        let _ = cluster.kubectl().run_in_shell(&command).expect_code(0);
        // A grant holds a moment after it was written.
        until("the rule holds", WITHIN, || {
            let ran = someone.plugin().run("health --agent");
            if ran.stdout.contains(&format!("missing rule {rule}")) {
                Err(ran)
            } else {
                Ok(())
            }
        });
    }
    let ran = someone.plugin().run("health --agent -q apiserver").expect_code(0);
    assert!(ran.stdout.contains("by agent sre-tools/sre-agent"), "{ran}");
    let ran = someone.plugin().run("version --agent");
    assert!(ran.stdout.contains("Agent:  "), "{ran}");
}

#[test]
fn an_agent_with_tls_is_asked_through_the_service_proxy() {
    let (cluster, account) = cluster_with_accounts("tls-tokens");
    let directory: PathBuf = temporary("agent-tls");
    let authority = Authority::root(&directory, "agent-ca");
    let pair = authority.issue(
        "agent",
        &CertificateRequest {
            subject: "/CN=sre-agent",
            extensions: &[
                "subjectAltName=DNS:sre-agent.sre-tools.svc",
                "extendedKeyUsage=serverAuth",
            ],
            validity: Validity::Now,
            key: P256,
        },
    );
    let flags = [
        "--authenticate",
        "--tls-cert-file",
        &pair.certificate_file.display().to_string(),
        "--tls-private-key-file",
        &pair.key_file.display().to_string(),
    ];
    let agent = Agent::start_at("0.0.0.0:0", account.kubeconfig(), &flags);
    let plain = agent.get("/health");
    assert_eq!(
        (plain.code, plain.json()["error"].as_str()),
        (400, Some("tlsRequired"))
    );
    serve(&cluster, &agent, "https");
    let ran = cluster.plugin().run("health --agent -q apiserver").expect_code(0);
    assert!(ran.stdout.contains("by agent sre-tools/sre-agent"), "{ran}");
}
