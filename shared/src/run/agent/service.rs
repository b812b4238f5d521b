//! The agent's Service. It is asked through the API server's proxy, and looked up if no agent answers.

use crate::cluster::{self, Client, ServiceName, ServiceResponse};
use crate::failure::{Class, Failure};
use std::time::Duration;

/// The Service that is asked by default, as `NAMESPACE/SERVICE`. The chart's own commands install the agent there.
pub const DEFAULT_AGENT: &str = "sre-tools/sre-agent";

/// The label of every agent's Service. Anybody who may create Services may set it, so a Service that has it is
/// suggested and never asked unless it is named.
const LABEL: (&str, &str) = ("app.kubernetes.io/name", "sre-agent");
/// The label as a selector.
const SELECTOR: &str = "app.kubernetes.io/name=sre-agent";
/// Larger than any report: 10,000 Deployments are 3 MB.
const LIMIT: usize = 256 << 20;
/// After this much silence the API server is asked whether it answers at all.
const SILENCE: Duration = Duration::from_secs(2);
/// Services that are suggested by name.
const SUGGESTED: usize = 3;

/// Gets a path of the agent behind that Service, and of no other.
///
/// # Errors
/// As [`cluster::ask_service`], with words and hints about agents; `notAnAgent` if the Service cannot be an agent's.
pub async fn ask_service(
    client: &Client,
    service: &ServiceName,
    path: &str,
) -> Result<ServiceResponse, Failure> {
    let failure = match ask_patiently(client, service, path).await {
        Err(failure) if matches!(failure.class, Class::NoAgent | Class::AgentNotReady) => failure,
        result => return result,
    };
    // The API server also answers "no endpoints" if the Service does not exist or lacks the port.
    let (own, labelled) = tokio::join!(
        cluster::service(client, service),
        cluster::services_by_label(client, SELECTOR)
    );
    let others = labelled.map(|all| {
        all.into_iter()
            .filter(|other| other != service)
            .collect::<Vec<_>>()
    });
    let suggested = others.as_ref().ok().and_then(|others| suggestion(others));
    let failure = match own {
        Ok(Some(found)) if !found.has_agent_port() => no_agents_port(failure, service, &found),
        Ok(Some(found)) => not_ready(failure, service, &found),
        Ok(None) if others.as_ref().is_ok_and(Vec::is_empty) && service.to_string() == DEFAULT_AGENT => {
            not_installed(failure)
        }
        Ok(None) => no_such_service(failure, service),
        Err(why) => not_there_or_not_ready(failure, service, &why),
    };
    Err(match suggested {
        Some(suggested) => {
            let hint = format!("{}; {suggested}", failure.hint());
            failure.with_hint(hint)
        }
        None => failure,
    })
}

/// The other Services that are labelled as an agent's, for the person to choose.
fn suggestion(others: &[ServiceName]) -> Option<String> {
    let flags: Vec<String> = others
        .iter()
        .take(SUGGESTED)
        .map(|other| format!("--agent={other}"))
        .collect();
    let more = match others.len().saturating_sub(SUGGESTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match others {
        [] => None,
        [_] => Some(format!(
            "another Service is labelled as an agent's and was not asked; if you trust it: {}",
            flags.join("")
        )),
        _ => Some(format!(
            "other Services are labelled as an agent's and were not asked; if you trust one: {}{more}",
            flags.join(", ")
        )),
    }
}

fn not_installed(failure: Failure) -> Failure {
    Failure {
        class: Class::NoAgent,
        message: format!("no Service in this cluster is an agent's (label {SELECTOR})"),
        ..failure
    }
    .with_hint(
        "install it: helm install sre-agent ./helm/sre-agent -n sre-tools --create-namespace; or leave out --agent",
    )
}

fn no_such_service(failure: Failure, service: &ServiceName) -> Failure {
    Failure {
        class: Class::NoAgent,
        message: format!(
            "there is no Service {} in namespace {}",
            service.name, service.namespace
        ),
        ..failure
    }
    .with_hint(format!("kubectl get services -A -l {SELECTOR} lists the agents"))
}

fn not_ready(failure: Failure, service: &ServiceName, found: &cluster::ServiceInfo) -> Failure {
    let (key, value) = LABEL;
    let message = if found.labels.get(key).is_some_and(|label| label == value) {
        format!("the agent is installed as {service} and none of its pods is ready")
    } else {
        format!("Service {service} has no ready pod, and no label {SELECTOR}, which an agent's Service has")
    };
    Failure {
        class: Class::AgentNotReady,
        message,
        ..failure
    }
    .with_hint(format!(
        "kubectl -n {} get pods -l {SELECTOR}; or leave out --agent",
        service.namespace
    ))
}

fn no_agents_port(failure: Failure, service: &ServiceName, found: &cluster::ServiceInfo) -> Failure {
    let ports: Vec<String> = found.ports.iter().map(ToString::to_string).collect();
    let ports = match ports.as_slice() {
        [] => "no port".to_owned(),
        [one] => format!("the port {one}"),
        many => format!("the ports {}", many.join(", ")),
    };
    Failure {
        class: Class::NotAnAgent,
        message: format!(
            "Service {service} is no agent's: it has {ports}, and an agent's Service has a port named http"
        ),
        ..failure
    }
    .with_hint(format!(
        "kubectl get services -A -l {SELECTOR} lists the agents; or leave out --agent"
    ))
}

/// The failure if the Service could not be looked up because of `why`.
fn not_there_or_not_ready(failure: Failure, service: &ServiceName, why: &Failure) -> Failure {
    let why = match why.class {
        Class::Forbidden => "may not be looked up with your rights (services get)".to_owned(),
        _ => format!("could not be looked up: {}", why.message),
    };
    Failure {
        message: format!(
            "no agent answers at {service}: there is no such Service, it has no port named http, or none of its pods \
             is ready; which of them {why}"
        ),
        ..failure
    }
    .with_hint("name the agent with --agent=NAMESPACE/SERVICE, or leave out --agent")
}

/// Asks a Service. If no answer comes for 2 s, the API server is asked too. Otherwise a pod that cannot be reached
/// would look like an API server that cannot be reached.
async fn ask_patiently(
    client: &Client,
    service: &ServiceName,
    path: &str,
) -> Result<ServiceResponse, Failure> {
    let mut asked = std::pin::pin!(cluster::ask_service(client, service, path, LIMIT));
    let mut aside = std::pin::pin!(async {
        tokio::time::sleep(SILENCE).await;
        client.get("/version", "application/json").await.is_ok()
    });
    let mut api_server_answers = None;
    let result = loop {
        tokio::select! {
            result = &mut asked => break result,
            answers = &mut aside, if api_server_answers.is_none() => api_server_answers = Some(answers),
        }
    };
    result.map_err(|failure| match failure.class {
        Class::Timeout if api_server_answers == Some(true) => Failure {
            class: Class::AgentUnreachable,
            message: format!(
                "the API server answers, and nothing came through its proxy to {service}: {}",
                failure.message
            ),
            ..failure
        }
        .with_hint(other_route(service)),
        Class::AgentUnreachable => failure.with_hint(other_route(service)),
        Class::Forbidden => {
            let hint = format!(
                "a cluster admin grants it: kubectl -n {ns} create role sre-agent-proxy --verb=get \
                 --resource=services/proxy --resource-name={}, then a rolebinding for you (or the chart's \
                 serviceProxier); or leave out --agent",
                service.proxy_name(),
                ns = service.namespace
            );
            failure.with_hint(hint)
        }
        _ => failure,
    })
}

/// The hint to reach the agent without the control plane.
fn other_route(service: &ServiceName) -> String {
    format!(
        "the control plane cannot reach the pod's port, often a firewall to the nodes: kubectl -n {} port-forward \
         service/{} 8080, then --agent-url http://127.0.0.1:8080; or leave out --agent",
        service.namespace, service.name
    )
}
