//! The rights that a run needs, if it lacks one: all at once, so that the next run lacks none.

use super::identity::identity;
use super::request::{Causes, Request};
use crate::cluster::Client;
use crate::failure::Class;
use crate::kind::{Kind, RbacRule, ResourceType};
use crate::report::{Grant, Identity, Namespaces, NeededRights, NotSeen, NoteCode, Report, Scope};
use crate::resource::{Event, Job, Namespace, Node, Pod, ReplicaSet};

/// The commands that grant the rights of a run; `None` if it lacks none. The name of the user is asked for, if it is not
/// known yet.
pub(super) async fn grant(client: &Client, request: &Request, report: &Report) -> Option<Grant> {
    let coverage = &report.coverage;
    let lacking: Vec<&NotSeen> = coverage
        .not_seen
        .iter()
        .chain(&coverage.causes_not_seen)
        .filter(|entry| entry.missing.is_some())
        .collect();
    let api_server = report.api_server();
    let is_refused =
        api_server.is_some_and(|check| check.class.as_deref() == Some(Class::Forbidden.as_str()));
    if lacking.is_empty() && !is_refused {
        return None;
    }
    let mut needed = if lacking.is_empty() {
        NeededRights::default()
    } else {
        needed_rights(request, report, &lacking)
    };
    let hides_health = api_server.is_some_and(|check| check.notes.has(NoteCode::ReadyzForbidden));
    if is_refused || hides_health {
        needed.add(&RbacRule::on_path("/readyz"), false);
    }
    if api_server.is_some_and(|check| check.notes.has(NoteCode::LeasesForbidden)) {
        needed.add(
            &RbacRule::on_resource("coordination.k8s.io", "leases", "get"),
            false,
        );
    }
    let user = user(client, report).await;
    Some(Grant::new(
        user.as_ref(),
        &needed,
        place(request, report, &lacking),
    ))
}

/// The user as the API server knows it.
async fn user(client: &Client, report: &Report) -> Option<Identity> {
    if let Some(known) = report.api_server().and_then(|check| check.identity.clone()) {
        return Some(known);
    }
    identity(client).await
}

/// The rights on all kinds that the run reads: those that it judges, those that verdicts need, those that have the causes.
fn needed_rights(request: &Request, report: &Report, lacking: &[&NotSeen]) -> NeededRights {
    let mut needed = NeededRights::default();
    let mut add = |resource_type: &ResourceType| needed.add(&resource_type.rule(), resource_type.namespaced);
    let is_unserved = |kind: Kind| {
        let mut checks = report.kinds();
        checks.any(|check| check.check == kind.plural() && check.served == Some(false))
    };
    let kinds: Vec<Kind> = request.kinds.iter().map(|target| target.kind).collect();
    let kinds: Vec<Kind> = kinds.into_iter().filter(|kind| !is_unserved(*kind)).collect();
    for kind in &kinds {
        add(&kind.resource_type());
    }
    for related in kinds.iter().flat_map(|kind| kind.related_kinds()) {
        add(&related.resource_type());
    }
    if request.causes != Causes::None && kinds.iter().any(|kind| kind.is_workload()) {
        add(&ResourceType::from_view::<Pod>());
        add(&ResourceType::from_view::<ReplicaSet>());
        add(&ResourceType::from_view::<Job>());
        add(&ResourceType::from_view::<Event>());
        add(&ResourceType::from_view::<Node>());
    }
    // Custom resources have no kind here, and neither have the logs.
    for rule in lacking.iter().filter_map(|entry| entry.missing.as_ref()) {
        let is_namespaced = Kind::from_word(&rule.qualified_resource()).is_none_or(Kind::is_namespaced);
        needed.add(rule, is_namespaced);
    }
    if request.causes == Causes::WithLogs {
        needed.add(&RbacRule::on_resource("", "pods/log", "get"), true);
    }
    // A namespace may be in deletion. Everybody who may read its objects may get it, by a role in it.
    if kinds.iter().any(|kind| kind.is_namespaced()) || !request.custom.is_empty() {
        needed.add(&ResourceType::from_view::<Namespace>().rule(), true);
    }
    needed
}

/// The one namespace in which rights are missing.
fn place<'a>(request: &'a Request, report: &'a Report, lacking: &[&'a NotSeen]) -> Option<&'a str> {
    let is_in_namespace = |entry: &NotSeen| {
        let kind = entry.resource.as_deref().and_then(Kind::from_word);
        kind.is_none_or(Kind::is_namespaced)
    };
    let gaps = &report.coverage.not_seen;
    // Only a role for the cluster grants a kind in no namespace. A cause in such a kind is not worth one.
    let judged = lacking.iter().filter(|entry| gaps.contains(entry));
    if lacking.is_empty() || !judged.clone().all(|entry| is_in_namespace(entry)) {
        return None;
    }
    if let Some(namespace) = request.namespace.as_deref() {
        return Some(namespace);
    }
    // If only the context's namespace may be read, rights may be missing in it, or only in the others.
    let is_elsewhere =
        |entry: &&&NotSeen| matches!(entry.scope, Scope::Namespaces(_)) && gaps.contains(entry);
    if let Namespaces::These(only) = &report.coverage.namespaces
        && let [only] = only.as_slice()
    {
        let is_missing_here = lacking.iter().any(|entry| !is_elsewhere(&entry));
        return is_missing_here.then_some(only.as_str());
    }
    let mut places = lacking
        .iter()
        .filter(|entry| is_in_namespace(entry))
        .map(|entry| entry.scope.namespace());
    let first = places.next().flatten()?;
    places.all(|place| place == Some(first)).then_some(first)
}
