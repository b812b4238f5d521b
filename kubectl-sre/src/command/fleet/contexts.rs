//! The clusters of the kubeconfig's contexts, asked all at once.

use super::ask::{FleetAnswer, FleetQuestion};
use super::view::FleetView;
use crate::Shell;
use crate::cli::FleetSettings;
use crate::source::{LiveSettings, Source, SourceSettings};
use sre_shared::cluster::{
    ConfigSource, KubeconfigClash, KubeconfigContext, KubeconfigContexts, kubeconfig_contexts,
};
use sre_shared::fleet::{FleetCluster, FleetReport, FleetSource, FleetState, choose};
use sre_shared::run::clock;
use sre_shared::shell::quoted;
use std::cell::Cell;
use std::io::IsTerminal as _;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

/// Clusters that are at work at the same time.
const AT_A_TIME: u64 = 16;
/// Clusters whose connections may be open at the same time, those that do not answer among them.
const OPEN_AT_A_TIME: u64 = 128;
/// Open files of a cluster that is asked: connections for the lists that are read together, for the API server's check and for the
/// trace, and a plugin's pipes. `ls /proc/PID/fd` of a run shows 10 at most.
const FILES_EACH: u64 = 12;
/// Open files of the process itself.
const OWN_FILES: u64 = 32;
/// The longest wait for the kubeconfig.
const READING: Duration = Duration::from_secs(10);
/// The limit of a cluster in a round of `-w`, whose own limit is that of the watch.
const ROUND: Duration = Duration::from_mins(1);

/// The clusters of contexts.
pub struct FleetMembers {
    members: Vec<Member>,
    /// What is left out, and so is not known.
    warnings: Vec<String>,
    question: Rc<FleetQuestion>,
    /// Whether the connections of all clusters may stay open.
    keeps_sources: bool,
}

/// One cluster.
struct Member {
    /// The contexts that reach it, the one to try first in front.
    contexts: Vec<KubeconfigContext>,
    kept: Option<(String, Rc<Source>)>,
    /// Warnings that were shown.
    warned: Vec<String>,
}

impl Member {
    fn name(&self) -> &str {
        self.contexts.first().map_or("", |context| context.name.as_str())
    }
}

impl FleetMembers {
    /// Reads the kubeconfig and chooses the contexts.
    ///
    /// # Errors
    /// One line that says which input is wrong.
    pub async fn open(settings: &FleetSettings, shell: &mut Shell) -> Result<Self, String> {
        let KubeconfigContexts { contexts, clashes } = contexts(settings).await?;
        if contexts.is_empty() {
            return Err(match &settings.kubeconfig {
                ConfigSource::File(path) => {
                    format!(
                        "the kubeconfig {} has no context, or does not exist",
                        path.display()
                    )
                }
                _ => "the kubeconfig has no context: set KUBECONFIG, or give --kubeconfig FILE".to_owned(),
            });
        }
        let names: Vec<&str> = contexts.iter().map(|context| context.name.as_str()).collect();
        let chosen = choose(&names, &settings.patterns).map_err(|text| text.sentence("context"))?;
        let chosen = contexts
            .iter()
            .enumerate()
            .filter(|(number, _)| chosen.contains(number))
            .map(|(_, context)| context.clone());
        let chosen: Vec<KubeconfigContext> = chosen.collect();
        let is_chosen = |clash: &&KubeconfigClash| chosen.iter().any(|context| context.name == clash.context);
        let (hidden, mixed): (Vec<_>, Vec<_>) = clashes
            .iter()
            .filter(is_chosen)
            .partition(|clash| clash.hides_a_cluster());
        for clash in mixed {
            shell.complain(&format!("warning: {}", with_other_user(clash)));
        }
        let warnings = hidden.into_iter().map(with_other_cluster).collect();
        let members = group(chosen.into_iter());
        let health = &settings.health;
        let SourceSettings::Live(live) = &health.source else {
            // The grammar refuses files and manifests.
            return Err("many clusters are asked live: leave out -f and --manifest".to_owned());
        };
        let files = open_files();
        let count = u64::try_from(members.len()).unwrap_or(u64::MAX);
        let question = FleetQuestion {
            live: live.clone(),
            request: health.request.clone(),
            limit: if health.follow.is_some() {
                health.limit.min(ROUND)
            } else {
                health.limit
            },
            verbose: health.verbose,
            has_terminal: std::io::stdin().is_terminal(),
            turn: Mutex::new(()),
            open: Semaphore::new(places(files, OPEN_AT_A_TIME)),
            places: Semaphore::new(places(files, AT_A_TIME)),
            askers: Cell::new(0),
        };
        Ok(Self {
            members,
            warnings,
            question: Rc::new(question),
            keeps_sources: health.follow.is_some()
                && count.saturating_mul(FILES_EACH).saturating_add(OWN_FILES) < files,
        })
    }

    /// Asks all of them once.
    pub async fn round(
        &mut self,
        settings: &FleetSettings,
        view: &mut FleetView,
        shell: &mut Shell,
    ) -> FleetReport {
        let local = LocalSet::new();
        let rows = local.run_until(self.rows(settings, view, shell)).await;
        let mode = match &self.question.live {
            LiveSettings::Cluster(_) => "contexts",
            LiveSettings::Agent(..) | LiveSettings::Url(..) => "agents",
        };
        let source = FleetSource {
            mode: mode.to_owned(),
            warnings: self.warnings.clone(),
            ..FleetSource::default()
        };
        FleetReport::new(source, clock::system().to_string(), rows)
    }

    async fn rows(
        &mut self,
        settings: &FleetSettings,
        view: &mut FleetView,
        shell: &mut Shell,
    ) -> Vec<FleetCluster> {
        let mut tasks = JoinSet::new();
        let question = &self.question;
        let fresh = self.members.iter().filter(|member| member.kept.is_none());
        let asking = fresh.filter(|member| member.contexts.iter().any(|context| question.may_ask(context)));
        question.askers.set(asking.count());
        for (number, member) in self.members.iter_mut().enumerate() {
            let question = Rc::clone(question);
            let (contexts, kept) = (member.contexts.clone(), member.kept.take());
            tasks.spawn_local(async move { (number, question.ask(&contexts, kept).await) });
        }
        let mut rows: Vec<Option<FleetCluster>> = self.members.iter().map(|_| None).collect();
        let mut shown: Vec<Option<FleetCluster>> = self.members.iter().map(|_| None).collect();
        let started = Instant::now();
        view.show(&shown, &self.names(), question.askers.get(), started, shell);
        while let Some(ended) = tasks.join_next().await {
            let Ok((number, Some(answer))) = ended else {
                continue;
            };
            let Some(member) = self.members.get_mut(number) else {
                continue;
            };
            for warning in &answer.warnings {
                if !member.warned.contains(warning) {
                    view.leave(shell);
                    shell.complain(&format!("warning: {}: {warning}", answer.context));
                    member.warned.push(warning.clone());
                }
            }
            let kept = Some((answer.context.clone(), Rc::clone(&answer.source)));
            member.kept = kept.filter(|_| self.keeps_sources && answer.is_reached);
            let mut row = row(member, answer, settings);
            // The view needs no report, which can be large.
            let report = row.report.take();
            if let Some(place) = shown.get_mut(number) {
                *place = Some(row.clone());
            }
            row.report = report;
            if let Some(place) = rows.get_mut(number) {
                *place = Some(row);
            }
            view.show(&shown, &self.names(), self.question.askers.get(), started, shell);
        }
        let lost = |name: &str| {
            let message = "its run ended without a result".to_owned();
            FleetCluster::unseen(name.to_owned(), FleetState::Unknown, message)
        };
        let named = rows.into_iter().zip(&self.members);
        named
            .map(|(row, member)| row.unwrap_or_else(|| lost(member.name())))
            .collect()
    }

    fn names(&self) -> Vec<&str> {
        self.members.iter().map(Member::name).collect()
    }
}

/// The contexts of the kubeconfig.
pub async fn contexts(settings: &FleetSettings) -> Result<KubeconfigContexts, String> {
    let until = Instant::now() + READING.min(settings.health.limit);
    let read = kubeconfig_contexts(settings.kubeconfig.clone(), until).await;
    read.map_err(|failure| format!("{failure}; {}", failure.hint()))
}

/// kubectl takes the first of several values of a name, and says nothing.
fn with_other_cluster(clash: &KubeconfigClash) -> String {
    let (name, file) = (quoted(&clash.context), quoted(&clash.file.display().to_string()));
    format!(
        "the context {name} of {file} is another cluster in an earlier file, so that this one is not asked: kubectl sre health \
         --context {name} --kubeconfig {file}"
    )
}

fn with_other_user(clash: &KubeconfigClash) -> String {
    let (name, file) = (quoted(&clash.context), quoted(&clash.file.display().to_string()));
    format!(
        "the context {name} of {file} has another user in an earlier file, and that one is taken: rename one of them"
    )
}

/// Contexts of one cluster together. The current one is tried first, then those that ask nothing.
fn group(contexts: impl Iterator<Item = KubeconfigContext>) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for context in contexts {
        let same = |member: &&mut Member| {
            let first = member.contexts.first();
            first.is_some_and(|first| first.is_same_cluster(&context))
        };
        match members.iter_mut().find(same) {
            Some(member) => member.contexts.push(context),
            None => members.push(Member {
                contexts: vec![context],
                kept: None,
                warned: Vec::new(),
            }),
        }
    }
    for member in &mut members {
        let contexts = &mut member.contexts;
        contexts.sort_by_key(|context| (!context.is_current, context.may_ask));
    }
    members
}

fn row(member: &Member, answer: FleetAnswer, settings: &FleetSettings) -> FleetCluster {
    let FleetAnswer {
        context,
        report,
        is_reached,
        ..
    } = answer;
    // The path to the API server does not lead to the agent or into a namespace.
    let is_path = !is_reached && !settings.question_flags.contains("--agent");
    let (what, flags) = if is_path {
        ("health apiserver -v", "")
    } else {
        ("health", settings.question_flags.as_str())
    };
    let kubeconfig = &settings.kubeconfig_flag;
    let hint = format!(
        "kubectl sre {what} --context {}{kubeconfig}{flags}",
        quoted(&context)
    );
    let others = member.contexts.iter().map(|other| &other.name);
    FleetCluster {
        also: others.filter(|name| **name != context).cloned().collect(),
        hint: Some(hint),
        ..FleetCluster::new(context, report, is_reached)
    }
}

/// The clusters that can be asked at the same time with so many open files, `most` at most.
fn places(files: u64, most: u64) -> usize {
    let room = files.saturating_sub(OWN_FILES) / FILES_EACH;
    usize::try_from(room.clamp(1, most)).unwrap_or(1)
}

/// The soft limit of open files.
#[cfg(unix)]
fn open_files() -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current.unwrap_or(u64::MAX)
}

/// Other systems have no such limit.
#[cfg(not(unix))]
fn open_files() -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::{AT_A_TIME, OPEN_AT_A_TIME, places};

    #[test]
    fn few_open_files_mean_few_clusters_at_a_time() {
        for (files, at_work, open) in [
            (0, 1, 1),
            (40, 1, 1),
            (64, 2, 2),
            (256, 16, 18),
            (1024, 16, 82),
            (u64::MAX, 16, 128),
        ] {
            assert_eq!(places(files, AT_A_TIME), at_work, "{files}");
            assert_eq!(places(files, OPEN_AT_A_TIME), open, "{files}");
        }
    }
}
