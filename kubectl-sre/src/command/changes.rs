//! `kubectl sre changes`: opens the source, writes its timeline, and says by the exit code whether all was seen.

use super::health::{log_exchange, uses_current_context};
use crate::cli::ChangesSettings;
use crate::output::timeline::{TimelineStyle, write};
use crate::source::Source;
use crate::{Shell, exit};
use sre_shared::cluster::{Observer, RunLimit};
use sre_shared::failure::Class;
use sre_shared::report::Timeline;
use std::sync::Arc;

/// The exit code if something was not seen.
const NOT_SEEN: u8 = 3;

/// Runs it and returns the exit code.
pub async fn run(settings: ChangesSettings, shell: &mut Shell) -> u8 {
    let limit = RunLimit::from_now(settings.limit);
    if settings.verbose && uses_current_context(&settings.source) {
        shell.complain("using the current context of the kubeconfig");
    }
    let observer = settings.verbose.then(|| Arc::new(log_exchange) as Observer);
    let source = match Source::open(settings.source, limit, observer).await {
        Ok(source) => source,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return exit::USAGE;
        }
    };
    for warning in source.warnings() {
        shell.complain(&format!("warning: {warning}"));
    }
    let timeline = source.timeline(&settings.request, limit).await;
    let style = TimelineStyle {
        color: shell.colors(settings.color),
        width: shell.size().map(|(width, _)| width),
        no_headers: settings.no_headers,
        zone: crate::shell::local_time_zone(),
    };
    shell.write(|out| write(settings.format, &timeline, &style, out));
    exit_code(&timeline)
}

fn exit_code(timeline: &Timeline) -> u8 {
    let is_unreached = |class: &str| Class::from_word(class).is_some_and(Class::is_unreached);
    let gaps = &timeline.not_seen;
    if gaps.is_empty() {
        0
    } else if timeline.entries.is_empty() && gaps.iter().all(|gap| is_unreached(&gap.class)) {
        exit::UNREACHED
    } else {
        NOT_SEEN
    }
}
