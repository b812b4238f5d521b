//! The addresses of a host.

use crate::failure::{Class, Failure, Side};
use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// The addresses of a host in the order in which they are tried: the resolver's, with the families in turn, so that a
/// family that does not work costs no more than one pause.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| resolve_failure(host, &error))?;
    let mut found: Vec<SocketAddr> = found.collect();
    let Some(first) = found.first().copied() else {
        return Err(Failure::new(Class::Dns, format!("{host} has no address")));
    };
    let mut seen = HashSet::new();
    found.retain(|address| seen.insert(*address));
    let (mut same_family, mut other_family): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|address| address.is_ipv4() == first.is_ipv4());
    same_family.reverse();
    other_family.reverse();
    let mut in_turn = Vec::new();
    while !(same_family.is_empty() && other_family.is_empty()) {
        in_turn.extend(same_family.pop());
        in_turn.extend(other_family.pop());
    }
    Ok(in_turn)
}

/// The failure of a host without an address.
fn resolve_failure(host: &str, error: &io::Error) -> Failure {
    let text = error.to_string();
    // EAI_AGAIN: no resolver answered. Any other error means that a resolver knows no such name. std has only the text of it.
    let is_silent = text.contains("emporary failure") || text.contains("Try again");
    Failure {
        side: is_silent.then_some(Side::Network),
        ..Failure::new(Class::Dns, format!("{host}: {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_that_does_not_answer_is_on_the_side_of_the_network() {
        let side = |text: &str| resolve_failure("api", &io::Error::other(text)).side();
        let lookup = "failed to lookup address information";
        assert_eq!(
            side(&format!("{lookup}: Name or service not known")),
            Side::Machine
        );
        assert_eq!(
            side(&format!("{lookup}: Temporary failure in name resolution")),
            Side::Network
        );
        assert_eq!(side(&format!("{lookup}: Try again")), Side::Network);
    }
}
