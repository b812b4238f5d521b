//! Which of the default kinds this client may list in the namespace.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::broken_rung;
use crate::apiserver::hint;
use crate::cluster::{Rules, UserInfo};
use crate::failure::{Class, Side};
use crate::kind::{Kind, RbacRule};
use crate::report::{Grant, Identity, NeededRights, Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    if let Some(failure) = facts.refusal(Class::Forbidden) {
        return Some(Rung {
            missing: vec![RbacRule::on_path("/version")],
            hint: Some(hint::kubectl(facts.connection, "auth can-i get /version")),
            ..broken_rung("rights", failure, Side::Rights)
        });
    }
    let (namespace, rules) = facts.trace?.rules.as_ref()?;
    Some(match rules {
        Ok(rules) => list_rights(facts, namespace, rules),
        Err(failure) => Rung::new(
            "rights",
            RungStatus::Unknown,
            format!("unknown: {}", failure.message),
        ),
    })
}

fn list_rights(facts: &Facts<'_>, namespace: &str, rules: &Rules) -> Rung {
    let (may, may_not): (Vec<Kind>, Vec<Kind>) =
        Kind::by_default().partition(|kind| rules.allow("list", kind.group(), kind.plural()));
    let rung = if may_not.is_empty() {
        let message = format!("may list {} in namespace {namespace}", names(&may).join(", "));
        Rung::new("rights", RungStatus::Ok, message)
    } else if rules.incomplete {
        let message = format!(
            "whether {} may be listed in namespace {namespace} cannot be known beforehand",
            names(&may_not).join(", ")
        );
        Rung::new("rights", RungStatus::Unknown, message)
    } else {
        let message = format!(
            "may not list {} in namespace {namespace}",
            names(&may_not).join(", ")
        );
        Rung {
            class: Some(Class::Forbidden.as_str().to_owned()),
            side: Some(Side::Rights.as_str().to_owned()),
            hint: Some(grant(facts, namespace, &may_not)),
            missing: may_not.iter().map(|kind| kind.rule()).collect(),
            ..Rung::new("rights", RungStatus::Warning, message)
        }
    };
    Rung {
        may_list: names(&may),
        ..rung
    }
}

/// The command by which a cluster admin grants the right to list these kinds in the namespace.
fn grant(facts: &Facts<'_>, namespace: &str, kinds: &[Kind]) -> String {
    let mut needed = NeededRights::default();
    for kind in kinds {
        needed.add(&kind.rule(), kind.is_namespaced());
    }
    let user = facts
        .trace
        .and_then(|trace| trace.identity.as_ref()?.as_ref().ok());
    let user = user.map(|UserInfo { username, groups }| Identity {
        user: username.clone(),
        groups: groups.clone(),
    });
    let grant = Grant::new(user.as_ref(), &needed, Some(namespace));
    format!("a cluster admin grants it: {}", grant.commands.join(" && "))
}

fn names(kinds: &[Kind]) -> Vec<String> {
    kinds.iter().map(|kind| kind.plural().to_owned()).collect()
}
