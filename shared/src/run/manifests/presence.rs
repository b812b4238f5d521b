//! Looks for objects without a verdict. Only their metadata is asked for, one object a request: whoever applies an object may
//! get it, and a list of Secrets or ConfigMaps would bring more than is asked for.

use super::plan::{ManifestPlan, PresentObject};
use crate::check::present_item;
use crate::cluster::{Client, object_metadata};
use crate::failure::{Class, Failure};
use crate::kind::RbacRule;
use crate::report::{Item, KindCheck, NotSeen, Scope, State};
use crate::run::agent::NOT_WATCHED;
use crate::run::not_seen::{name_not_found, not_seen};
use futures_util::stream::{self, StreamExt as _};
use std::pin::Pin;

/// Requests at the same time. The API server's fair queue then has room for other clients.
const REQUESTS_AT_ONCE: usize = 8;

/// What is known of an object.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "each becomes the large one within seconds"
)]
pub(super) enum Presence {
    /// It was not looked for yet.
    Pending,
    /// No agent keeps it, and there is no cluster to look for it.
    NotKept,
    /// It was looked for.
    Tried(Result<Item, Failure>),
}

/// What is known of the objects of a plan if only an agent is asked.
pub(super) fn not_kept(plan: &ManifestPlan) -> Vec<Presence> {
    vec![Presence::NotKept; plan.present.len()]
}

type Look<'a> = Pin<Box<dyn Future<Output = Result<Item, Failure>> + Send + 'a>>;

/// Looks for these objects.
pub(super) async fn look_for(client: &Client, objects: &[&PresentObject]) -> Vec<Result<Item, Failure>> {
    // Collected first: a closure in the stream would bind the whole run to one thread.
    let looks: Vec<Look<'_>> = objects.iter().map(|object| look(client, object)).collect();
    stream::iter(looks).buffered(REQUESTS_AT_ONCE).collect().await
}

fn look<'a>(client: &'a Client, object: &'a PresentObject) -> Look<'a> {
    Box::pin(async move {
        let PresentObject {
            resource_type,
            namespace,
            name,
        } = object;
        let meta = object_metadata(client, resource_type, namespace.as_deref(), name).await?;
        Ok(present_item(resource_type, &meta))
    })
}

/// Whether an object is there and is not being deleted.
pub(super) fn stays(item: &Item) -> bool {
    item.state == State::Healthy
}

/// One check for each kind of these objects, and the entries for those that could not be seen.
pub(super) fn checks(objects: &[PresentObject], found: &[Presence]) -> (Vec<KindCheck>, Vec<NotSeen>) {
    let mut kinds: Vec<(String, Vec<Item>, bool)> = Vec::new();
    let mut entries: Vec<NotSeen> = Vec::new();
    for (object, presence) in objects.iter().zip(found) {
        let name = object.resource_type.name();
        let at = kinds.iter().position(|(known, ..)| *known == name);
        let at = at.unwrap_or_else(|| {
            kinds.push((name, Vec::new(), true));
            kinds.len().saturating_sub(1)
        });
        let Some((_, items, all_seen)) = kinds.get_mut(at) else {
            continue;
        };
        let entry = match presence {
            Presence::Tried(Ok(item)) => {
                items.push(item.clone());
                continue;
            }
            Presence::Tried(Err(failure)) => entry(object, failure),
            Presence::Pending => gap(object, "notListed", "the API server has not answered yet"),
            Presence::NotKept => NotSeen {
                hint: Some(
                    "add --kubeconfig or --context, by which the plugin looks for them itself; or leave out --agent-url"
                        .to_owned(),
                ),
                ..gap(object, NOT_WATCHED, "the agent does not watch them")
            },
        };
        *all_seen = false;
        // The API server names the object in its refusal, so that the sentences of two refusals differ.
        let is_known = entries.iter().any(|known| {
            entry.class != Class::NotFound.as_str()
                && (&known.thing, &known.scope, &known.class) == (&entry.thing, &entry.scope, &entry.class)
        });
        if !is_known && !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let checks = kinds
        .into_iter()
        .map(|(name, items, all_seen)| KindCheck {
            every_object: true,
            ..KindCheck::of(&name, items, all_seen)
        })
        .collect();
    (checks, entries)
}

/// The entry for an object that is not there, or for its kind in its namespace if that may not be read.
fn entry(object: &PresentObject, failure: &Failure) -> NotSeen {
    let PresentObject {
        resource_type,
        namespace,
        name,
    } = object;
    if failure.class == Class::NotFound {
        return name_not_found(resource_type, name, namespace.as_deref(), &[]);
    }
    let rule = RbacRule::on_resource(&resource_type.group, &resource_type.plural, "get");
    NotSeen {
        scope: Scope::new(namespace.as_deref()),
        resource: Some(resource_type.resource()),
        ..not_seen(resource_type.name(), failure, Some(&rule))
    }
}

/// The entry for objects that were not looked for.
fn gap(object: &PresentObject, class: &str, why: &str) -> NotSeen {
    NotSeen {
        thing: object.resource_type.name(),
        resource: Some(object.resource_type.resource()),
        scope: Scope::new(object.namespace.as_deref()),
        class: class.to_owned(),
        error: Some(why.to_owned()),
        ..NotSeen::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::unjudged_type;
    use crate::report::Status;
    use crate::resource::ObjectMeta;

    fn config_map(namespace: &str, name: &str) -> PresentObject {
        PresentObject {
            resource_type: unjudged_type("v1", "ConfigMap").expect("a kind without a verdict"),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }
    }

    fn item(object: &PresentObject) -> Item {
        let meta = ObjectMeta {
            name: object.name.clone(),
            namespace: object.namespace.clone().unwrap_or_default(),
            ..ObjectMeta::default()
        };
        present_item(&object.resource_type, &meta)
    }

    #[test]
    fn an_object_that_is_missing_is_named_and_a_kind_that_is_forbidden_is_named_once() {
        let objects = [
            config_map("shop", "a"),
            config_map("shop", "b"),
            config_map("bank", "c"),
            config_map("bank", "d"),
            config_map("late", "e"),
            config_map("far", "f"),
        ];
        let failed = |class: Class, why: &str| Presence::Tried(Err(Failure::new(class, why)));
        let found = [
            Presence::Tried(Ok(item(&objects[0]))),
            failed(Class::NotFound, "b"),
            failed(Class::Forbidden, "c"),
            failed(Class::Forbidden, "d"),
            Presence::Pending,
            Presence::NotKept,
        ];
        let (checks, entries) = checks(&objects, &found);
        let checks: Vec<_> = checks
            .iter()
            .map(|kind| (kind.check.as_str(), kind.status, kind.items.len()))
            .collect();
        assert_eq!(checks, [("configmaps", Status::Unknown, 1)]);
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| {
                let missing = entry.missing.as_ref().map(ToString::to_string);
                (entry.what(), entry.class.as_str(), missing)
            })
            .collect();
        assert_eq!(
            entries,
            [
                ("configmap b".to_owned(), "notFound", None),
                (
                    "configmaps in namespace bank".to_owned(),
                    "forbidden",
                    Some("configmaps get".to_owned())
                ),
                ("configmaps in namespace late".to_owned(), "notListed", None),
                ("configmaps in namespace far".to_owned(), "notWatched", None),
            ]
        );
    }
}
