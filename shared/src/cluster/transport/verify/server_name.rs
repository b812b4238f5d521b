//! The names that a server's certificate is for.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use std::net::IpAddr;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

/// Whether the certificate is for that name, by the rules of rustls, else by those of Go, which accept `*.example` too.
///
/// # Errors
/// The error of rustls.
pub(super) fn check_name(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
) -> Result<(), rustls::Error> {
    let Err(error) = verify_server_name(&ParsedCertificate::try_from(certificate)?, name) else {
        return Ok(());
    };
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return Err(error);
    };
    let Ok(Some(names)) = parsed.subject_alternative_name() else {
        return Err(error);
    };
    let fits = names.value.general_names.iter().any(|given| match (given, name) {
        (GeneralName::DNSName(pattern), ServerName::DnsName(host)) => matches_host(pattern, host.as_ref()),
        (GeneralName::IPAddress(bytes), ServerName::IpAddress(ip)) => match IpAddr::from(*ip) {
            IpAddr::V4(ip) => ip.octets() == *bytes,
            IpAddr::V6(ip) => ip.octets() == *bytes,
        },
        _ => false,
    });
    if fits { Ok(()) } else { Err(error) }
}

/// `matchHostnames` of Go: a star stands for the whole first label, and for no other.
pub(super) fn matches_host(pattern: &str, host: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let (wanted, given): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), host.split('.').collect());
    let all = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    wanted.len() == given.len()
        && (wanted.len() > 1 || pattern != "*")
        && wanted
            .iter()
            .zip(&given)
            .enumerate()
            .all(|(place, (wanted, given))| all(given) && (wanted == given || (place == 0 && *wanted == "*")))
}
