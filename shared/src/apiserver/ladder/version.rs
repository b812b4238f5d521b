//! The version of the API server, and of each of its addresses.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::{address_result, broken_rung};
use crate::apiserver::hint;
use crate::failure::{Class, Side};
use crate::report::{AddressResult, Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let raw = || Some(hint::kubectl(facts.connection, "get --raw /version"));
    let mut rung = match &facts.answers.version {
        Ok(version) => match other_versions(facts, version).as_slice() {
            [] => Rung::new("version", RungStatus::Ok, version.clone()),
            others => Rung {
                side: Some(Side::ControlPlane.as_str().to_owned()),
                hint: raw(),
                ..Rung::new(
                    "version",
                    RungStatus::Warning,
                    format!("{version}, and {}: an upgrade is under way", others.join(", ")),
                )
            },
        },
        Err(failure)
            if matches!(
                failure.class,
                Class::Unhealthy | Class::Rejected | Class::NotFound
            ) =>
        {
            Rung {
                hint: raw(),
                ..broken_rung("version", failure, failure.side())
            }
        }
        Err(failure) => Rung::new(
            "version",
            RungStatus::Unknown,
            format!("unknown: {}", failure.message),
        ),
    };
    rung.addresses = facts
        .addresses()
        .iter()
        .map(|answers| AddressResult {
            version: answers.version.as_ref().ok().cloned(),
            ..address_result(answers.address, answers.elapsed, answers.version.as_ref().err())
        })
        .collect();
    Some(rung)
}

/// The addresses that answer with another version, with that version.
fn other_versions(facts: &Facts<'_>, version: &str) -> Vec<String> {
    let addresses = facts.addresses().iter();
    addresses
        .filter_map(|answers| match &answers.version {
            Ok(other) if other != version => Some(format!("{other} at {}", answers.address)),
            _ => None,
        })
        .collect()
}
