//! The agent's Service, looked up if no agent answers: what is missing, and which others there are.

use super::refusal::AgentRefusal;
use crate::cluster::{self, Client, ServiceName, ServiceScheme};
use crate::failure::{Class, Failure};

/// The Service that is asked by default, as `NAMESPACE/SERVICE`. The chart's own commands install the agent there.
pub const DEFAULT_AGENT: &str = "sre-tools/sre-agent";

/// The label of every agent's Service. Anybody who may create Services may set it, so a Service that has it is
/// suggested and never asked unless it is named.
const LABEL: (&str, &str) = ("app.kubernetes.io/name", "sre-agent");
/// The label as a selector.
const SELECTOR: &str = "app.kubernetes.io/name=sre-agent";
/// Services that are suggested by name.
const SUGGESTED: usize = 3;

/// Says why a Service has no agent that answers. The API server answers "no endpoints" also if the Service does not exist or
/// lacks the port. `with_tls` is the failure of asking over TLS.
pub(super) async fn look_up(
    client: &Client,
    service: &ServiceName,
    failure: Failure,
    with_tls: AgentRefusal,
) -> AgentRefusal {
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
        Ok(Some(found)) if found.has_agent_port(ServiceScheme::Https) => match with_tls.failure.class {
            Class::NoAgent | Class::AgentNotReady => not_ready(failure, service, &found),
            _ => return with_tls,
        },
        Ok(Some(found)) if !found.has_agent_port(ServiceScheme::Http) => {
            no_agents_port(failure, service, &found)
        }
        Ok(Some(found)) => not_ready(failure, service, &found),
        Ok(None) if others.as_ref().is_ok_and(Vec::is_empty) && service.to_string() == DEFAULT_AGENT => {
            not_installed(failure)
        }
        Ok(None) => no_such_service(failure, service),
        Err(why) => not_there_or_not_ready(failure, service, &why, &with_tls),
    };
    AgentRefusal::from(match suggested {
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
fn not_there_or_not_ready(
    failure: Failure,
    service: &ServiceName,
    why: &Failure,
    with_tls: &AgentRefusal,
) -> Failure {
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
    .with_hint(match &with_tls.missing {
        Some(rule) => format!(
            "name the agent with --agent=NAMESPACE/SERVICE, or leave out --agent; if it speaks TLS, the rule {rule} is \
             missing"
        ),
        None => "name the agent with --agent=NAMESPACE/SERVICE, or leave out --agent".to_owned(),
    })
}
