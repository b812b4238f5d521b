//! A run on a dump: the objects in files are judged as those of a cluster.

mod evidence;
mod gaps;
mod kind;
mod plural;
mod related;
mod revisions;
mod scaled;
mod written;

use super::assemble::{Parts, assemble};
use super::emptiness::Emptiness;
use super::not_seen::one_or_other;
use crate::dump::Objects;
use crate::judge::{Judged, OwnerFilter, UnansweredObjects};
use crate::report::{NotSeen, Report, Source};
use crate::resource::Time;
use crate::run::clock::Clock;
use crate::run::request::Request;
use evidence::{DumpEvidence, EvidenceInDump};
use kind::DumpReader;
use scaled::ScaledObjects;

/// Judges a dump. Only kinds that it holds are judged, and the API server is no part of it.
///
/// The time is `at`, or else the newest time in the dump. `clock` is used only if there is neither.
#[must_use]
pub fn dump(objects: &Objects, name: &str, request: &Request, at: Option<Time>, clock: Clock) -> Report {
    let found = EvidenceInDump::new(objects, at, clock);
    let evidence = DumpEvidence::new(&found, request);
    let owners = if request.every_object {
        OwnerFilter::every()
    } else {
        OwnerFilter::default()
    };
    let reader = DumpReader {
        objects,
        evidence: &evidence,
        request,
        owners: &owners,
    };
    let kinds = reader.kinds();
    let mut graph = found.owner_graph();
    for (kind, judged) in &kinds {
        graph.add_judged(kind.group(), &judged.items);
    }
    let mut kinds: Vec<Judged> = kinds.into_iter().map(|(_, judged)| judged).collect();
    let mut others = reader.other_kinds();
    let custom = request.custom.iter().map(|target| reader.custom(target, name));
    let mut custom: Vec<Judged> = custom.collect();
    let deletions = reader.namespace_deletions(&kinds.iter().chain(&others).chain(&custom));
    kinds
        .iter_mut()
        .chain(&mut others)
        .chain(&mut custom)
        .for_each(|judged| judged.leave_out(&deletions));
    let unanswered = UnansweredObjects::take(kinds.iter_mut().chain(&mut others), &graph);
    let mut scaled = ScaledObjects::default();
    let controllers = unanswered.check(found.now(), |controller| scaled.facts(objects, controller));
    kinds.extend(custom);
    let empty = why_empty(&kinds, request).filter(|_| controllers.is_none());
    let (mut not_seen, causes_not_seen) = gaps::not_seen(objects, request);
    not_seen.extend(found.not_understood(request));
    if kinds.is_empty() && not_seen.is_empty() {
        not_seen.push(holds_none(name, request));
    }
    let source = Source {
        mode: "file".into(),
        file: Some(name.to_owned()),
        ..Source::default()
    };
    let parts = Parts {
        api_server: None,
        kinds,
        controllers,
        empty,
        not_seen,
        causes_not_seen,
        deletions,
    };
    assemble(source, found.time(), parts, request)
}

/// The entry for a dump that holds the requested kinds and none of the requested objects. It may be a dump of other
/// namespaces.
fn why_empty(kinds: &[Judged], request: &Request) -> Option<NotSeen> {
    let emptiness = Emptiness::new(kinds);
    let empty = kinds.iter().filter(|judged| judged.is_empty());
    let checks: Vec<&str> = empty.clone().map(|judged| judged.check.as_str()).collect();
    if let Some(entry) = emptiness.selector(request, &checks) {
        return Some(entry);
    }
    let namespace = emptiness.namespace(request)?;
    let namespaced = empty.filter(|judged| judged.namespaced);
    let checks: Vec<&str> = namespaced.map(|judged| judged.check.as_str()).collect();
    Some(NotSeen {
        thing: format!("namespace {namespace}"),
        resource: Some("namespaces".into()),
        class: "notFound".into(),
        error: Some(format!(
            "the dump holds no {} of namespace {namespace}",
            one_or_other(&checks)
        )),
        hint: Some("leave -n out to judge all that the dump holds".into()),
        ..NotSeen::default()
    })
}

/// The entry for a dump that holds no object of any requested kind.
fn holds_none(name: &str, request: &Request) -> NotSeen {
    let titles: Vec<&str> = request.kinds.iter().map(|target| target.kind.title()).collect();
    NotSeen {
        thing: titles.join(", "),
        class: "notFound".into(),
        error: Some(format!("{name} holds none")),
        hint: Some("kubectl get deployments,replicasets,pods,events -A -o yaml writes such a dump".into()),
        ..NotSeen::default()
    }
}
