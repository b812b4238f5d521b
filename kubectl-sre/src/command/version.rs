//! `kubectl sre version`: the plugin's, the API server's, and where an agent is asked, the agent's.

use crate::cli::{ConnectionArgs, Format, VersionArgs};
use crate::{Shell, exit, output};
use serde::Serialize;
use sre_shared::cluster;
use sre_shared::failure::{Class, Failure};
use sre_shared::run;

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

/// Runs it.
pub async fn run(args: &VersionArgs, shell: &mut Shell) -> u8 {
    let mut versions = Versions {
        plugin: env!("CARGO_PKG_VERSION"),
        report: sre_shared::report::API_VERSION,
        server: None,
        agent: None,
    };
    let failed = if args.client {
        None
    } else {
        ask(&args.connection, &mut versions).await.err()
    };
    shell.write(|out| match args.output {
        Format::Json => output::json(&versions, out),
        Format::Yaml => output::yaml(&versions, out),
        Format::Human => {
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

/// Fills in what the others are, as far as they answer; the first failure is told.
async fn ask(connection: &ConnectionArgs, versions: &mut Versions) -> Result<(), Failure> {
    if let Some(url) = &connection.agent_url {
        let served = url.get("/version", connection.run_limit(), None).await?;
        versions.agent = Some(run::agent_version(&served)?);
        return Ok(());
    }
    let client = super::connect(connection, None, false).await?;
    versions.server = Some(cluster::version(&client).await.0?);
    if let Some(agent) = &connection.agent {
        let served = run::ask_service(&client, agent, "/version").await?;
        versions.agent = Some(run::agent_version(&served)?);
    }
    Ok(())
}
