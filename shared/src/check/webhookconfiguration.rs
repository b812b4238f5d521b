//! Whether the webhooks can answer that the API server calls before it writes.
//!
//! A webhook whose `failurePolicy` is `Fail`, the default, refuses every request under its rules while nothing answers
//! for it (`staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook` in kubernetes/kubernetes): often the creation of
//! every pod. So a webhook is degraded if its Service is missing, lacks the called port, or has no ready endpoint. With
//! `Ignore` the requests pass unchecked, which is a note. A webhook that calls an address is not judged, since
//! nothing is known about its server. Neither is one whose Service is an alias of a name outside.
//!
//! The API server looks the port up in the Service, 443 if the webhook names none (`findServicePort` in
//! `staging/src/k8s.io/apiserver/pkg/util/proxy`). It trusts only its own authorities if the webhook names none, and no
//! public authority signs for a name such as `hook.policy.svc`. So a webhook that calls a Service without `caBundle` is
//! a warning.

use super::cause::Sentence;
use super::lifecycle::{self, Preliminaries};
use super::related::{RelatedKind, RelatedNeed, RelatedObjects};
use super::verdict::Verdict;
use super::{Check, Evidence};
use crate::kind::{JudgedKind, KindInfo};
use crate::report::{Cause, Code, Item, Notes, ObjectRef, State};
use crate::resource::{
    MutatingWebhookConfiguration, ObjectMeta, Resource as _, ServicePort, Time,
    ValidatingWebhookConfiguration, Webhook, WebhookClientConfig, WebhookService,
};

/// How many rules of a webhook are listed.
const RULES: usize = 3;

/// The port of a Service that is called if the webhook names none.
const HTTPS: i32 = 443;

/// How many ports of a Service are listed.
const PORTS: usize = 3;

impl JudgedKind for ValidatingWebhookConfiguration {
    const INFO: KindInfo = KindInfo::new(
        "validatingwebhookconfiguration",
        "ValidatingWebhookConfigurations",
    );
}

impl Check for ValidatingWebhookConfiguration {
    const RELATED_KINDS: &'static [RelatedKind] = &[RelatedKind::EndpointSlices, RelatedKind::Services];

    fn related_needs(&self, known: &RelatedObjects) -> Vec<RelatedNeed> {
        related_needs(&self.webhooks, known)
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let judged = WebhookVerdict::judge(self.meta(), &self.webhooks, evidence);
        judged.into_item(|verdict| verdict.item(self))
    }
}

impl JudgedKind for MutatingWebhookConfiguration {
    const INFO: KindInfo = KindInfo::new("mutatingwebhookconfiguration", "MutatingWebhookConfigurations");
}

impl Check for MutatingWebhookConfiguration {
    const RELATED_KINDS: &'static [RelatedKind] = &[RelatedKind::EndpointSlices, RelatedKind::Services];

    fn related_needs(&self, known: &RelatedObjects) -> Vec<RelatedNeed> {
        related_needs(&self.webhooks, known)
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let judged = WebhookVerdict::judge(self.meta(), &self.webhooks, evidence);
        judged.into_item(|verdict| verdict.item(self))
    }
}

impl WebhookService {
    /// The port that is called.
    fn number(&self) -> i32 {
        self.port.unwrap_or(HTTPS)
    }
}

fn service(hook: &Webhook) -> Option<&WebhookService> {
    let config = hook.client_config.as_ref()?;
    config.service.as_ref().filter(|_| !hook.rules.is_empty())
}

fn related_needs(hooks: &[Webhook], known: &RelatedObjects) -> Vec<RelatedNeed> {
    hooks
        .iter()
        .filter_map(service)
        .flat_map(|s| {
            [RelatedKind::EndpointSlices, RelatedKind::Services].map(|kind| (kind, s.namespace.clone()))
        })
        .filter(|(kind, namespace)| !known.is_asked(*kind, namespace))
        .collect()
}

/// Whether a webhook calls a Service whose certificate the API server cannot trust.
fn lacks_authority(hook: &Webhook) -> bool {
    let authority = hook
        .client_config
        .as_ref()
        .is_some_and(WebhookClientConfig::has_authority);
    service(hook).is_some() && !authority
}

/// Whether a webhook can answer.
enum Reachability {
    Yes,
    NotSeen,
    /// Why not, and since when if that is known.
    No(String, Option<Time>),
}

/// Whether the Service of a webhook can answer.
fn reachability(target: &WebhookService, known: Option<&RelatedObjects>) -> Reachability {
    let (namespace, name) = (target.namespace.as_str(), target.name.as_str());
    let Some(known) = known else {
        return Reachability::NotSeen;
    };
    if known.has_service(namespace, name) == Some(false) {
        return Reachability::No(format!("Service {namespace}/{name} does not exist"), None);
    }
    let port = known
        .service(namespace, name)
        .filter(|service| !service.is_external)
        .map(|service| (service, service.ports.iter().find(|p| p.port == target.number())));
    if let Some((service, None)) = port {
        return Reachability::No(missing_port(target, &service.ports), None);
    }
    let named = port.and_then(|(_, port)| port).filter(|p| p.needs().is_some());
    match known.endpoints(namespace, name) {
        None => Reachability::NotSeen,
        Some(endpoints)
            if endpoints.ready() > 0 && named.is_some_and(|p| !endpoints.ports.contains(&p.name)) =>
        {
            let needed = named.and_then(ServicePort::needs).unwrap_or_default();
            Reachability::No(
                format!("no ready pod of Service {namespace}/{name} has a port named {needed}"),
                endpoints.changed,
            )
        }
        Some(endpoints) if endpoints.ready() > 0 => Reachability::Yes,
        // It may be an alias of a name outside.
        Some(_) if known.has_service(namespace, name).is_none() => Reachability::NotSeen,
        Some(endpoints) => Reachability::No(
            format!("Service {namespace}/{name} has no ready endpoint"),
            endpoints.changed,
        ),
    }
}

fn missing_port(target: &WebhookService, ports: &[ServicePort]) -> String {
    let WebhookService { namespace, name, .. } = target;
    let mut numbers: Vec<String> = ports.iter().take(PORTS).map(|p| p.port.to_string()).collect();
    if ports.len() > PORTS {
        numbers.push("more".to_owned());
    }
    let has = match numbers.as_slice() {
        [] => String::new(),
        some => format!(", it has {}", some.join(", ")),
    };
    format!("Service {namespace}/{name} has no port {}{has}", target.number())
}

/// A verdict with its causes and remarks.
struct WebhookVerdict {
    verdict: Verdict,
    causes: Vec<Cause>,
    notes: Notes,
    warnings: Vec<String>,
}

impl WebhookVerdict {
    fn judge(meta: &ObjectMeta, hooks: &[Webhook], evidence: &Evidence<'_>) -> Self {
        let (mut notes, mut causes) = (Notes::default(), Vec::new());
        let preliminaries = Preliminaries {
            meta,
            evidence,
            has_status: false,
            has_generation: false,
            malformed: None,
        };
        let preliminary = preliminaries.verdict(&mut notes);
        let is_live = preliminary.is_none();
        let verdict = preliminary.unwrap_or_else(|| verdict(meta, hooks, evidence, &mut notes, &mut causes));
        let untrusted = hooks.iter().filter(|hook| is_live && lacks_authority(hook));
        let (mut warnings, lacks) = (Vec::new(), "names no authority (caBundle) for its Service");
        for hook in untrusted {
            let words = format!("{} {lacks}: the API server does not trust it", hook.name);
            match hook.failure_policy.as_str() {
                "Ignore" => notes.push(words),
                _ => warnings.push(words),
            }
        }
        Self {
            verdict,
            causes,
            notes,
            warnings,
        }
    }

    fn into_item(self, item: impl FnOnce(Verdict) -> Item) -> Item {
        Item {
            notes: self.notes,
            warnings: self.warnings,
            causes: self.causes,
            ..item(self.verdict)
        }
    }
}

fn verdict(
    meta: &ObjectMeta,
    hooks: &[Webhook],
    evidence: &Evidence<'_>,
    notes: &mut Notes,
    causes: &mut Vec<Cause>,
) -> Verdict {
    let mut blocking: Vec<(&Webhook, String, Option<Time>)> = Vec::new();
    let mut not_seen = None;
    let mut elsewhere = 0;
    for hook in hooks.iter().filter(|hook| !hook.rules.is_empty()) {
        let Some(target) = service(hook) else {
            elsewhere += 1;
            continue;
        };
        match (
            reachability(target, evidence.related),
            hook.failure_policy.as_str(),
        ) {
            (Reachability::Yes, _) => {}
            (Reachability::NotSeen, "Ignore") => {}
            (Reachability::NotSeen, _) => not_seen = not_seen.or(Some(hook)),
            (Reachability::No(why, _), "Ignore") => {
                notes.push(format!("{} lets everything pass unasked: {why}", hook.name));
            }
            (Reachability::No(why, since), _) => blocking.push((hook, why, since)),
        }
    }
    if elsewhere > 0 {
        notes.push(match elsewhere {
            1 => "1 webhook calls an address, which is not looked at".to_owned(),
            n => format!("{n} webhooks call an address, which is not looked at"),
        });
    }
    // A refused pod names the webhook too: both causes are one.
    causes.extend(blocking.iter().map(|(hook, why, since)| {
        Cause {
            since: since.map(|t| t.to_string()),
            subject: Some(ObjectRef::named("Webhook", &hook.name)),
            ..Sentence::without_reason(format!("{} refuses {}: {why}", hook.name, rules_text(hook)))
                .into_cause(Code::AdmissionWebhook)
        }
    }));
    if let Some((hook, why, since)) = blocking.first() {
        if let Some(selector) = &hook.namespace_selector
            && !selector.to_string().is_empty()
        {
            notes.push(format!("only in namespaces with {selector}"));
        }
        let more = match blocking.len() {
            1 => String::new(),
            n => format!(", and {} more webhooks", n - 1),
        };
        let message = format!("{} refuses {}: {why}{more}", hook.name, rules_text(hook));
        let recent = lifecycle::is_recent(evidence.now, meta.creation_timestamp, *since);
        let since = (*since).max(meta.creation_timestamp);
        return if recent {
            Verdict::new(State::Progressing, false, Code::WebhookStarting, message)
        } else {
            Verdict::degraded(Code::WebhookBlocks, message)
        }
        .since(since);
    }
    if let Some(hook) = not_seen {
        return Verdict::unknown(
            Code::EndpointsNotSeen,
            format!("whether anything answers for {} was not seen", hook.name),
        );
    }
    match hooks.len() {
        0 => Verdict::healthy(Code::NoWebhooks, "no webhook"),
        1 => Verdict::healthy(Code::Ready, "1 webhook, none found to block"),
        n => Verdict::healthy(Code::Ready, format!("{n} webhooks, none found to block")),
    }
}

/// The requests for which a webhook is called, such as `CREATE of pods`.
fn rules_text(hook: &Webhook) -> String {
    let mut all: Vec<String> = hook
        .rules
        .iter()
        .take(RULES)
        .map(|with| {
            let operations = match with.operations.join(", ") {
                all if all == "*" || all.is_empty() => "every request".to_owned(),
                some => some,
            };
            let rule = with.rule.clone().unwrap_or_default();
            let group = match rule.api_groups.as_slice() {
                [one] if !one.is_empty() && one != "*" => format!(".{one}"),
                _ => String::new(),
            };
            let resources: Vec<String> = rule
                .resources
                .iter()
                .map(|r| {
                    if r == "*" {
                        format!("everything{group}")
                    } else {
                        format!("{r}{group}")
                    }
                })
                .collect();
            format!("{operations} of {}", resources.join(", "))
        })
        .collect();
    if hook.rules.len() > RULES {
        all.push("more".to_owned());
    }
    all.join(" and ")
}
