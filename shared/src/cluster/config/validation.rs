//! Refuses entries of a kubeconfig that contradict themselves (`tools/clientcmd/validation.go` of client-go).

use crate::cluster::bounded_file;
use crate::cluster::config::entry::{Cluster, User};
use crate::failure::Failure;

/// The part of `validateClusterInfo` that does not concern the address.
pub(super) fn check_cluster(cluster: &Cluster) -> Result<(), Failure> {
    if !cluster.certificate_authority.is_empty() && !cluster.certificate_authority_data.0.is_empty() {
        return Err(Failure::bad_configuration(
            "the cluster has certificate-authority and certificate-authority-data, and only one is allowed",
        ));
    }
    check_readable("certificate-authority", &cluster.certificate_authority)
}

/// `validateAuthInfo`, and that the files of the certificate can be read.
pub(super) fn check_user(user: &User) -> Result<(), Failure> {
    let basic = !user.username.is_empty() || !user.password.0.is_empty();
    if !user.token.0.is_empty() && basic {
        return Err(Failure::bad_configuration(
            "the user has a token and a user name with password, and only one is allowed",
        ));
    }
    let (certificate, certificate_data) = (&user.client_certificate, &user.client_certificate_data.0);
    let (key, key_data) = (&user.client_key, &user.client_key_data.0);
    if !certificate.is_empty() && !certificate_data.is_empty() {
        return Err(Failure::bad_configuration(
            "the user has client-certificate and client-certificate-data, and only one is allowed",
        ));
    }
    if !certificate.is_empty() || !certificate_data.is_empty() {
        if !key.is_empty() && !key_data.is_empty() {
            return Err(Failure::bad_configuration(
                "the user has client-key and client-key-data, and only one is allowed",
            ));
        }
        if key.is_empty() && key_data.is_empty() {
            return Err(
                Failure::bad_configuration("the user has a client certificate without its key")
                    .with_hint("add client-key or client-key-data to the user"),
            );
        }
        check_readable("client-certificate", certificate)?;
        check_readable("client-key", key)?;
    }
    let has_more_than_a_name = !user.impersonate_uid.is_empty()
        || !user.impersonate_groups.is_empty()
        || !user.impersonate_user_extra.is_empty();
    if has_more_than_a_name && user.impersonate.is_empty() {
        return Err(
            Failure::bad_configuration("groups, uid or extra cannot be impersonated without a user")
                .with_hint("name the user with --as, or in the kubeconfig with as"),
        );
    }
    if user.auth_provider.is_some() && user.exec.is_some() {
        return Err(Failure::bad_configuration(
            "the user has an auth-provider and an exec, and only one is allowed",
        ));
    }
    Ok(())
}

/// A named file has to be there even if it is not needed, as under plain HTTP.
fn check_readable(what: &str, path: &str) -> Result<(), Failure> {
    if path.is_empty() {
        return Ok(());
    }
    match bounded_file::check(std::path::Path::new(path)) {
        Ok(()) => Ok(()),
        Err(error) => Err(Failure::bad_configuration(format!("{what} {path}: {error}"))
            .with_hint("check the path; in a kubeconfig it is relative to the directory of that file")),
    }
}
