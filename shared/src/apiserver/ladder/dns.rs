//! The addresses of the host that the first packet goes to.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::{broken_rung, connection_side};
use crate::apiserver::milliseconds::milliseconds;
use crate::report::{AddressResult, Rung, RungStatus};
use crate::shell::quoted;
use http::Uri;

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let step = facts.trace?.dial.resolved.as_ref()?;
    let host = first_host(facts);
    let mut rung = match &step.result {
        Ok(addresses) => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            let message = match addresses.as_slice() {
                [only] if *only == host => format!("{host} is an address"),
                some => format!("{host} is {}", some.join(", ")),
            };
            Rung {
                addresses: addresses.into_iter().map(address_only).collect(),
                ..Rung::new("dns", RungStatus::Ok, message)
            }
        }
        Err(failure) => {
            let mut rung = broken_rung("dns", failure, connection_side(facts, failure));
            if !failure.own_limit {
                rung.message = format!("{host} has no address: {}", failure.message);
            }
            rung.hint
                .get_or_insert_with(|| format!("nslookup {}", quoted(&host)));
            rung
        }
    };
    rung.elapsed_ms = Some(milliseconds(step.elapsed));
    Some(rung)
}

fn address_only(address: String) -> AddressResult {
    AddressResult {
        address,
        ..AddressResult::default()
    }
}

/// The host of the proxy, or of the API server if there is no proxy.
fn first_host(facts: &Facts<'_>) -> String {
    let proxy = facts.connection.proxy.url.as_deref();
    match proxy.and_then(|url| url.parse::<Uri>().ok()) {
        Some(url) => url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
        None => facts.connection.host.clone(),
    }
}
