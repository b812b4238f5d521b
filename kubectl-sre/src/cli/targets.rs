//! The targets of `health`, in kubectl's own forms.
//!
//! kubectl reads `TYPE NAME...`, `TYPE1,TYPE2 NAME...` and `TYPE/NAME...`, and refuses the last beside the others
//! (`ResourceTypeOrNameArgs` in `pkg/resource/builder.go` of kubernetes/cli-runtime). Two more forms are taken here:
//! `deploy sts`, which for kubectl is a Deployment named `sts`, judges both kinds, and `deploy job/migrate` judges a kind
//! and an object of another one. Neither reading leaves out an object that was asked for.

use super::unjudged;
use super::values::{LONGEST_NAME, custom_name, is_name};
use sre_shared::kind::{Kind, ResourceArg};
use sre_shared::nearest::nearest;

/// What to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `apiserver`
    ApiServer,
    /// A kind, or one object of it.
    Kind(Kind, Option<String>),
    /// A kind that discovery has to find, or one object of it.
    Custom(ResourceArg, Option<String>),
}

const API_SERVER: &str = "apiserver";

/// The targets that these words name.
///
/// # Errors
/// One line that says which word is wrong, and what is right.
pub(super) fn parse(words: &[String]) -> Result<Vec<Target>, String> {
    let mut targets = Vec::new();
    let is_api_server = |word: &&str| word.eq_ignore_ascii_case(API_SERVER);
    let (api_server, words): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(is_api_server);
    targets.extend(api_server.first().map(|_| Target::ApiServer));
    let (slashed, plain): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| word.contains('/'));
    for word in &slashed {
        targets.extend(objects(word)?);
    }
    let Some((first, rest)) = plain.split_first() else {
        return Ok(targets);
    };
    let first_kinds = kinds(first, None)?;
    // Names of nodes have dots, as kinds with a group have, so that such a word is a kind only in front.
    let is_kind = |word: &&str| word.split(',').all(|part| Kind::from_word(part).is_some());
    let (more_kinds, names): (Vec<&str>, Vec<&str>) = rest.iter().copied().partition(is_kind);
    match (more_kinds.first(), names.first(), slashed.first()) {
        (Some(kind), Some(name), _) => Err(format!(
            "{kind:?} is a kind and {name:?} is none: give the kinds and then the names, such as {first},{kind} {name}"
        )),
        (None, Some(name), Some(object)) => Err(format!(
            "{name:?} beside {object:?}: each object needs its kind there: {} {object}",
            with_names(first, &names)
        )),
        (None, Some(_), None) => {
            for kind in &first_kinds {
                for name in &names {
                    targets.push(kind.with_name(first, name)?);
                }
            }
            Ok(targets)
        }
        (_, None, _) => {
            let mut whole = first_kinds;
            for word in more_kinds {
                whole.extend(kinds(word, None)?);
            }
            let is_whole = |word: &&&str| {
                objects(word).is_ok_and(|of| of.iter().any(|o| whole.iter().any(|k| k.is_kind_of(o))))
            };
            if let Some(object) = slashed.iter().find(is_whole) {
                return Err(format!(
                    "{object:?} is one object of a kind that is named as a whole too: leave out one of the two"
                ));
            }
            targets.extend(whole);
            Ok(targets)
        }
    }
}

impl Target {
    /// An object of this kind.
    fn with_name(&self, word: &str, name: &str) -> Result<Self, String> {
        if !is_name(name, LONGEST_NAME) {
            return Err(format!(
                "{name:?} is no name of an object, such as {word}/checkout"
            ));
        }
        let name = Some(name.to_owned());
        Ok(match self {
            Self::ApiServer => Self::ApiServer,
            Self::Kind(kind, _) => Self::Kind(*kind, name),
            Self::Custom(custom, _) => Self::Custom(custom.clone(), name),
        })
    }

    /// Whether the other is of this kind.
    fn is_kind_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ApiServer, Self::ApiServer) => true,
            (Self::Kind(kind, _), Self::Kind(other, _)) => kind == other,
            (Self::Custom(custom, _), Self::Custom(other, _)) => custom == other,
            _ => false,
        }
    }
}

/// The objects of `KIND/NAME`, or of `KIND1,KIND2/NAME`.
fn objects(word: &str) -> Result<Vec<Target>, String> {
    let (words, name) = word.split_once('/').unwrap_or((word, ""));
    let kinds = kinds(words, Some(name))?;
    let with_name = |kind: Target| {
        kind.with_name(words, name)
            .map_err(|error| format!("{word:?}: {error}"))
    };
    kinds.into_iter().map(with_name).collect()
}

/// The kinds of `KIND`, or of `KIND1,KIND2`. The name is the one that follows.
fn kinds(words: &str, name: Option<&str>) -> Result<Vec<Target>, String> {
    words.split(',').map(|word| kind(word, name)).collect()
}

fn kind(word: &str, name: Option<&str>) -> Result<Target, String> {
    if name.is_none() && word.eq_ignore_ascii_case(API_SERVER) {
        return Ok(Target::ApiServer);
    }
    if let Some(kind) = Kind::from_word(word) {
        return Ok(Target::Kind(kind, None));
    }
    if let Some(custom) = custom_name(word) {
        return Ok(Target::Custom(custom, None));
    }
    if let Some(title) = unjudged::title(word) {
        return Err(unjudged::refusal(title));
    }
    let whole = |word: &str| name.map_or(word.to_owned(), |name| format!("{word}/{name}"));
    let given = whole(word);
    // The API server has no objects.
    let api_server = name.is_none().then_some(API_SERVER);
    let words = Kind::ALL.iter().flat_map(|k| k.words()).chain(api_server);
    Err(match nearest(word, words) {
        _ if word == "all" => format!("unknown target {given:?}: --kinds all judges every kind"),
        Some(near) => format!("unknown target {given:?}, did you mean {:?}?", whole(near)),
        None => format!(
            "unknown target {given:?}: apiserver, deployments, deploy/NAME or, of another API group, \
             certificates.cert-manager.io"
        ),
    })
}

/// Each of these names with its kind: `deploy/web deploy/api`.
fn with_names(kind: &str, names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{kind}/{name}")).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The targets of a command line in a short form: `kind` or `kind/name`, or the line that refuses it.
    fn read(line: &str) -> String {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match parse(&words) {
            Ok(targets) => {
                let targets: Vec<String> = targets.iter().map(shown).collect();
                targets.join(" ")
            }
            Err(error) => error,
        }
    }

    fn shown(target: &Target) -> String {
        let (kind, name) = match target {
            Target::ApiServer => return API_SERVER.to_owned(),
            Target::Kind(kind, name) => (kind.plural().to_owned(), name),
            Target::Custom(custom, name) => (custom.to_string(), name),
        };
        match name {
            Some(name) => format!("{kind}/{name}"),
            None => kind,
        }
    }

    #[test]
    fn every_form_of_kubectl_names_the_same_objects() {
        for (line, expected) in [
            ("deploy", "deployments"),
            ("deploy,sts", "deployments statefulsets"),
            ("deploy web", "deployments/web"),
            ("deploy web api", "deployments/web deployments/api"),
            ("deploy,svc web", "deployments/web services/web"),
            ("deploy/web svc/api", "deployments/web services/api"),
            ("deploy,svc/web", "deployments/web services/web"),
            ("deployments.v1.apps web", "deployments/web"),
            ("node ip-10-0-1-2.ec2.internal", "nodes/ip-10-0-1-2.ec2.internal"),
            (
                "certificates.cert-manager.io web",
                "certificates.cert-manager.io/web",
            ),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }

    #[test]
    fn several_kinds_and_the_api_server_may_be_words_of_their_own() {
        for (line, expected) in [
            ("apiserver", "apiserver"),
            ("apiserver,deploy", "apiserver deployments"),
            ("deploy APIserver", "apiserver deployments"),
            ("deploy web apiserver", "apiserver deployments/web"),
            ("deploy sts", "deployments statefulsets"),
            ("deploy sts,ds", "deployments statefulsets daemonsets"),
            ("deploy job/migrate", "jobs/migrate deployments"),
            (
                "deploy,certificates.cert-manager.io",
                "deployments certificates.cert-manager.io",
            ),
            ("deploy/apiserver", "deployments/apiserver"),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }

    #[test]
    fn words_that_can_be_read_in_two_ways_are_refused() {
        for (line, expected) in [
            (
                "deploy sts web",
                "\"sts\" is a kind and \"web\" is none: give the kinds and then the names, such as deploy,sts web",
            ),
            (
                "deploy web api svc/api",
                "\"web\" beside \"svc/api\": each object needs its kind there: deploy/web deploy/api svc/api",
            ),
            (
                "pod pod/web",
                "\"pod/web\" is one object of a kind that is named as a whole too: leave out one of the two",
            ),
            (
                "deploy web,api",
                "\"web,api\" is no name of an object, such as deploy/checkout",
            ),
            (
                "deploy/a/b",
                "\"deploy/a/b\": \"a/b\" is no name of an object, such as deploy/checkout",
            ),
            (
                "apiserver/x",
                "unknown target \"apiserver/x\", did you mean \"apiservice/x\"?",
            ),
            ("all", "unknown target \"all\": --kinds all judges every kind"),
            (
                "deploy,",
                "unknown target \"\": apiserver, deployments, deploy/NAME or, of another API group, \
                 certificates.cert-manager.io",
            ),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }

    #[test]
    fn a_kind_of_kubernetes_without_a_verdict_is_named_as_such() {
        for (line, title) in [
            ("cm", "ConfigMaps"),
            ("configmap/web", "ConfigMaps"),
            ("deploy,ingresses", "Ingresses"),
            ("Secrets", "Secrets"),
            ("netpol web", "NetworkPolicies"),
        ] {
            let refused = read(line);
            let begin = format!("{title} are not judged; kinds: deployments, statefulsets, ");
            assert!(refused.starts_with(&begin), "{line}: {refused}");
        }
    }
}
