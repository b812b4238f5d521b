//! A TCP connection to each address.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::{address_result, broken_rung, connection_side};
use crate::apiserver::milliseconds::milliseconds;
use crate::failure::{Class, Failure};
use crate::report::{Rung, RungStatus};
use std::net::SocketAddr;

/// Addresses that the sentence names. `addresses` has all of them.
const NAMED: usize = 4;

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let tried = &facts.trace?.dial.tcp;
    let failures: Vec<(SocketAddr, &Failure)> = tried
        .iter()
        .filter_map(|(address, step)| Some((*address, step.result.as_ref().err()?)))
        .collect();
    let mut rung = match failures.as_slice() {
        [] if tried.is_empty() => return None,
        [] => {
            let all: Vec<_> = tried.iter().map(|(address, _)| *address).collect();
            Rung::new("tcp", RungStatus::Ok, format!("connected to {}", names(&all)))
        }
        [(address, failure), ..] => {
            let mut rung = broken_rung("tcp", failure, connection_side(facts, failure));
            rung.message = message(&failures, failure, tried.len());
            rung.hint
                .get_or_insert_with(|| format!("nc -vz {} {}", address.ip(), address.port()));
            if failures.len() < tried.len() {
                rung.status = RungStatus::Warning;
            }
            rung
        }
    };
    rung.addresses = tried
        .iter()
        .map(|(address, step)| address_result(*address, step.elapsed, step.result.as_ref().err()))
        .collect();
    rung.elapsed_ms = tried
        .iter()
        .filter(|(_, step)| step.result.is_ok() || rung.status == RungStatus::Failed)
        .map(|(_, step)| milliseconds(step.elapsed))
        .reduce(f64::max);
    Some(rung)
}

fn message(failures: &[(SocketAddr, &Failure)], first: &Failure, all: usize) -> String {
    let alike = failures.iter().all(|(_, failure)| failure.class == first.class);
    let verb = match (first.class, failures.len()) {
        (Class::Refused, 1) => "refuses",
        (Class::Refused, _) if alike => "refuse",
        (Class::Timeout, 1) => "does not answer",
        (Class::Timeout, _) if alike => "do not answer",
        _ => "cannot be connected to",
    };
    let which: Vec<_> = failures.iter().map(|(address, _)| *address).collect();
    let (which, error) = (names(&which), &first.message);
    match all {
        1 => format!("{which} {verb}: {error}"),
        all => format!("{} of {all} addresses {verb}: {which}: {error}", failures.len()),
    }
}

fn names(addresses: &[SocketAddr]) -> String {
    let some: Vec<_> = addresses.iter().take(NAMED).map(ToString::to_string).collect();
    let rest = if addresses.len() > NAMED { ", ..." } else { "" };
    format!("{}{rest}", some.join(", "))
}
