//! The entries of a report for objects that a dump lacks. A gap in the requested objects makes a verdict unknown, a gap
//! in objects that would only explain a verdict costs the causes, and any other gap is passed over.

use super::plural::plural;
use crate::check::RelatedKind;
use crate::dump::{DumpGap, Objects, UnseenObjects, resource_of};
use crate::failure::Class;
use crate::kind::ResourceType;
use crate::report::{NotSeen, Scope};
use crate::run::request::{Causes, Request};

/// The resources in which causes are found.
const EVIDENCE: [&str; 5] = ["pods", "replicasets", "jobs", "events", "nodes"];

/// The meaning of a gap for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// The objects were requested, or may have been.
    Asked,
    /// The objects would explain requested objects.
    Explains,
    /// The objects do not matter.
    Nothing,
}

/// The entries for the gaps in requested objects, and those for the gaps in objects that only explain them.
pub(super) fn not_seen(objects: &Objects, request: &Request) -> (Vec<NotSeen>, Vec<NotSeen>) {
    let (mut asked, mut explaining) = (Vec::new(), Vec::new());
    for gap in objects.gaps() {
        match weight(gap, request) {
            Weight::Asked => asked.push(entry(gap)),
            Weight::Explains if !gap.refusal => asked.push(entry(gap)),
            Weight::Explains if request.causes != Causes::None => explaining.push(entry(gap)),
            Weight::Explains | Weight::Nothing => {}
        }
    }
    (asked, explaining)
}

fn weight(gap: &DumpGap, request: &Request) -> Weight {
    let Some(about) = &gap.about else {
        return Weight::Asked;
    };
    if let (Some(asked), Some(namespace)) = (&request.namespace, &about.namespace)
        && asked != namespace
    {
        return Weight::Nothing;
    }
    let group = about.group.as_deref();
    let Some(resource) = about.resource.as_deref() else {
        // Nothing is known about a whole group.
        let kinds = request.kinds.iter().map(|wanted| wanted.kind.group());
        let mut asked = kinds.chain(request.custom.iter().map(|wanted| wanted.kind.group.as_str()));
        return if asked.any(|asked| Some(asked) == group) {
            Weight::Asked
        } else {
            Weight::Nothing
        };
    };
    let is_custom = request.custom.iter().any(|wanted| {
        let named = plural(resource) == wanted.kind.word || resource == wanted.kind.word;
        resource == "custom-resources" || (named && group.is_none_or(|group| group == wanted.kind.group))
    });
    // Without the list of namespaces, the lists of none of them are in the dump.
    if is_custom || resource == "namespaces" {
        return Weight::Asked;
    }
    match resource_of(group, resource) {
        Some((_, plural)) if request.kinds.iter().any(|wanted| wanted.kind.plural() == plural) => {
            Weight::Asked
        }
        Some((_, plural)) if EVIDENCE.contains(&plural) => Weight::Explains,
        _ => Weight::Nothing,
    }
}

/// The namespaces in which not all objects of a related kind were seen, with the entry for each; `None` for all
/// namespaces.
pub(super) fn related_gaps(
    objects: &Objects,
    kind: RelatedKind,
) -> impl Iterator<Item = (Option<&str>, NotSeen)> {
    resource_gaps(objects, kind.plural()).map(|(namespace, gap)| (namespace, entry(gap)))
}

/// The namespaces in which not all objects of a resource were seen.
pub(super) fn resource_gaps<'a>(
    objects: &'a Objects,
    plural: &'static str,
) -> impl Iterator<Item = (Option<&'a str>, &'a DumpGap)> {
    objects.gaps().iter().filter_map(move |gap| {
        let UnseenObjects {
            group,
            resource,
            namespace,
        } = gap.about.as_ref()?;
        let (_, found) = resource_of(group.as_deref(), resource.as_deref()?)?;
        (found == plural).then_some((namespace.as_deref(), gap))
    })
}

fn entry(gap: &DumpGap) -> NotSeen {
    if !gap.refusal {
        return NotSeen {
            thing: gap.place(),
            class: "undecodable".into(),
            error: Some(gap.why.clone()),
            hint: Some("take the dump again, or mend that place".into()),
            ..NotSeen::default()
        };
    }
    let class = class(&gap.why);
    let about = gap.about.as_ref();
    let resource_type = about.and_then(resource_type);
    let missing = resource_type
        .as_ref()
        .filter(|found| class == Class::Forbidden.as_str() && !found.qualified)
        .map(ResourceType::rule);
    NotSeen {
        thing: match (&resource_type, about) {
            (Some(found), _) => found.name(),
            (None, Some(about)) => {
                format!(
                    "everything of group {}",
                    about.group.as_deref().unwrap_or_default()
                )
            }
            (None, None) => gap.place(),
        },
        scope: Scope::new(about.and_then(|about| about.namespace.as_deref())),
        resource: resource_type.map(|found| found.resource()),
        class: class.into(),
        hint: missing.is_none().then(|| match Class::from_word(class) {
            Some(class) => format!("then take the dump again; {}", class.hint()),
            None => "take the dump again".into(),
        }),
        missing,
        error: Some(gap.why.clone()),
        ..NotSeen::default()
    }
}

/// The type of the objects, as far as a dump shows it: by its group and its plural.
fn resource_type(about: &UnseenObjects) -> Option<ResourceType> {
    let named = about.resource.as_deref()?;
    let group = about.group.as_deref();
    let known = resource_of(group, named);
    let (group, plural) = known.unwrap_or((group.unwrap_or_default(), named));
    Some(ResourceType {
        group: group.to_owned().into(),
        plural: plural.to_owned().into(),
        qualified: known.is_none(),
        ..ResourceType::default()
    })
}

/// The class of a failed list, by the message of the API server or of kubectl.
fn class(message: &str) -> &'static str {
    let message = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["forbidden"]) {
        Class::Forbidden.as_str()
    } else if has(&["unauthorized", "must be logged in", "provide credentials"]) {
        Class::Unauthenticated.as_str()
    } else if has(&[
        "not found",
        "doesn't have a resource type",
        "could not find the requested resource",
        "no matches for kind",
    ]) {
        Class::NotFound.as_str()
    } else if has(&["x509", "certificate"]) {
        Class::Tls.as_str()
    } else if has(&["no such host"]) {
        Class::Dns.as_str()
    } else if has(&["refused"]) {
        Class::Refused.as_str()
    } else if has(&["timeout", "timed out", "deadline exceeded"]) {
        Class::Timeout.as_str()
    } else if has(&["too many requests", "throttl"]) {
        Class::Overloaded.as_str()
    } else if has(&["unable to handle", "internal error", "etcdserver", "unavailable"]) {
        Class::Unhealthy.as_str()
    } else {
        "notRead"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::run::request::KindTarget;

    #[test]
    fn every_kind_that_is_judged_is_known_to_dumps() {
        for kind in Kind::ALL {
            let expected = Some((kind.group(), kind.plural()));
            assert_eq!(resource_of(Some(kind.group()), kind.plural()), expected);
        }
    }

    #[test]
    fn a_gap_counts_only_if_it_concerns_the_request() {
        let about = |group: Option<&str>, resource: Option<&str>, namespace: Option<&str>| {
            Some(UnseenObjects {
                group: group.map(str::to_owned),
                resource: resource.map(str::to_owned),
                namespace: namespace.map(str::to_owned),
            })
        };
        let deployments = Request {
            kinds: vec![KindTarget::all(Kind::Deployment)],
            ..Request::default()
        };
        let in_shop = Request {
            namespace: Some("shop".into()),
            ..deployments.clone()
        };
        for (about, request, weight_) in [
            (None, &deployments, Weight::Asked),
            (None, &in_shop, Weight::Asked),
            (
                about(Some("apps"), Some("deployments"), None),
                &in_shop,
                Weight::Asked,
            ),
            (
                about(Some("extensions"), Some("deployments"), Some("shop")),
                &in_shop,
                Weight::Asked,
            ),
            (
                about(Some("apps"), Some("deployments"), Some("bank")),
                &in_shop,
                Weight::Nothing,
            ),
            (
                about(Some("batch"), Some("cronjobs"), None),
                &deployments,
                Weight::Nothing,
            ),
            (
                about(Some(""), Some("pods"), Some("shop")),
                &deployments,
                Weight::Explains,
            ),
            (
                about(Some(""), Some("secrets"), None),
                &deployments,
                Weight::Nothing,
            ),
            (about(None, Some("namespaces"), None), &deployments, Weight::Asked),
            (about(Some("apps"), None, None), &deployments, Weight::Asked),
            (
                about(Some("metrics.k8s.io"), None, None),
                &deployments,
                Weight::Nothing,
            ),
        ] {
            let gap = DumpGap {
                file: "f".into(),
                line: None,
                count: 1,
                unit: "line",
                why: String::new(),
                about,
                refusal: true,
            };
            assert_eq!(weight(&gap, request), weight_, "{gap:?}");
        }
    }
}
