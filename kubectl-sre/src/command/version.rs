//! `kubectl sre version`: prints the versions of the plugin and of the API server, and of the agent if one is asked.

use crate::cli::VersionSettings;
use crate::output::Format;
use crate::source::{OpenError, Source, SourceSettings};
use crate::{Shell, exit, output};
use serde::Serialize;
use sre_shared::cluster::RunLimit;
use sre_shared::failure::{Class, Failure};
use std::time::Duration;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    plugin: &'static str,
    report: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
}

/// Runs it and returns the exit code.
pub async fn run(settings: VersionSettings, shell: &mut Shell) -> u8 {
    let mut versions = Versions {
        plugin: env!("CARGO_PKG_VERSION"),
        report: sre_shared::report::API_VERSION,
        server: None,
        agent: None,
    };
    let failed = match settings.source {
        Some(source) => Box::pin(ask(source, settings.limit, &mut versions)).await.err(),
        None => None,
    };
    shell.write(|out| match settings.format {
        Format::Json => output::json::write(&versions, out),
        Format::Yaml => output::yaml::write(&versions, out),
        // The grammar takes no other format.
        _ => {
            writeln!(out, "Plugin: {} (report {})", versions.plugin, versions.report)?;
            if let Some(agent) = &versions.agent {
                writeln!(out, "Agent:  {}", output::escape(agent))?;
            }
            match &versions.server {
                Some(server) => writeln!(out, "Server: {}", output::escape(server)),
                None => Ok(()),
            }
        }
    });
    let Some(failure) = failed else { return 0 };
    shell.complain(&format!("error: {}: {failure}", failure.class.as_str()));
    shell.complain(&format!("hint: {}", failure.hint()));
    match failure.class {
        Class::BadConfiguration => exit::USAGE,
        class if class.is_unreached() => exit::UNREACHED,
        _ => 3,
    }
}

/// Adds the versions of the API server and of the agent, up to the first failure.
async fn ask(source: SourceSettings, limit: Duration, versions: &mut Versions) -> Result<(), Failure> {
    let limit = RunLimit::from_now(limit);
    let source = match Source::open(source, limit, None).await {
        Ok(source) => source,
        Err(OpenError::Configuration(failure)) => return Err(failure),
        Err(OpenError::Files(line)) => return Err(Failure::new(Class::BadConfiguration, line)),
    };
    versions.server = source.server_version(limit).await?;
    versions.agent = source.agent_version(limit).await?;
    Ok(())
}
