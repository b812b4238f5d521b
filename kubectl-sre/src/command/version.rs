//! `kubectl sre version`: the plugin's, and the API server's.

use crate::cli::{Format, Version};
use crate::{Shell, exit, output};
use serde::Serialize;
use sre_shared::cluster::{self, Class};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    plugin: &'static str,
    report: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
}

/// Runs it.
pub async fn run(args: &Version, shell: &mut Shell) -> u8 {
    let mut versions = Versions {
        plugin: env!("CARGO_PKG_VERSION"),
        report: sre_shared::report::API_VERSION,
        server: None,
    };
    let mut failed = None;
    if !args.client {
        match super::connect(&args.connection, false).await {
            Ok(client) => match cluster::version(&client).await.0 {
                Ok(version) => versions.server = Some(version),
                Err(failure) => failed = Some(failure),
            },
            Err(failure) => failed = Some(failure),
        }
    }
    shell.write(|out| match args.output {
        Format::Json => output::json(&versions, out),
        Format::Yaml => output::yaml(&versions, out),
        Format::Human => {
            writeln!(out, "Plugin: {} (report {})", versions.plugin, versions.report)?;
            match &versions.server {
                Some(server) => writeln!(out, "Server: {}", output::escape(server)),
                None => Ok(()),
            }
        }
    });
    let Some(failure) = failed else { return 0 };
    shell.complain(&output::escape(&format!(
        "error: {}: {failure}",
        failure.class.as_str()
    )));
    shell.complain(&format!("hint: {}", output::escape(failure.hint())));
    match failure.class {
        Class::BadConfiguration => exit::USAGE,
        class if class.is_unreached() => exit::UNREACHED,
        _ => 3,
    }
}
