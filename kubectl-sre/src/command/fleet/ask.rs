//! Asks one cluster of a fleet: by the first of its contexts whose credential is accepted.

use crate::command::health::{add_scope, is_unreached, log_exchange};
use crate::source::{LiveSettings, Source};
use sre_shared::cluster::{KubeconfigContext, Observer, RunLimit};
use sre_shared::failure::Class;
use sre_shared::report::Report;
use sre_shared::run::Request;
use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;

/// A cluster that has answered nothing for so long is not at work: it gives its place to another one. A distant one takes as long
/// for TCP, TLS and the first answer.
const SILENT: Duration = Duration::from_millis(250);
/// Contexts of one cluster that are tried.
const TRIED: usize = 3;

/// What all clusters of a fleet are asked, and the bounds that they share.
pub struct FleetQuestion {
    pub live: LiveSettings,
    pub request: Request,
    /// The limit of one cluster.
    pub limit: Duration,
    pub verbose: bool,
    /// Whether there is a terminal on which a plugin can ask the person something.
    pub has_terminal: bool,
    /// Held by the one plugin that may ask.
    pub turn: Mutex<()>,
    /// A place for each cluster whose connections may be open.
    pub open: Semaphore,
    /// A place for each cluster that is at work at the same time. One that is silent needs none.
    pub places: Semaphore,
    /// The plugins that may still ask.
    pub askers: Cell<usize>,
}

/// The answer of one cluster.
pub struct FleetAnswer {
    /// The context by which it was asked.
    pub context: String,
    pub report: Report,
    pub is_reached: bool,
    pub warnings: Vec<String>,
    /// The source, which a later round can ask again.
    pub source: Rc<Source>,
}

impl FleetQuestion {
    /// Whether that context's plugin may ask something.
    pub fn may_ask(&self, context: &KubeconfigContext) -> bool {
        context.may_ask && self.has_terminal
    }

    /// Asks a cluster by its contexts; `None` without any. `kept` is the source of an earlier round, with its context.
    pub async fn ask(
        &self,
        contexts: &[KubeconfigContext],
        kept: Option<(String, Rc<Source>)>,
    ) -> Option<FleetAnswer> {
        if let Some((context, source)) = kept {
            return Some(self.report(context, source, None).await);
        }
        let mut first = None;
        for context in contexts.iter().take(TRIED) {
            let answer = self.ask_context(context).await;
            if !answer.lacks_credential() {
                return Some(answer);
            }
            first.get_or_insert(answer);
        }
        first
    }

    async fn ask_context(&self, context: &KubeconfigContext) -> FleetAnswer {
        let has_answered = Arc::new(AtomicBool::new(false));
        let source = Rc::new(Source::unopened(
            with_context(&self.live, &context.name),
            Some(self.observer(Arc::clone(&has_answered))),
        ));
        if self.may_ask(context) {
            let turn = self.turn.lock().await;
            // The report has the failure, if there is one.
            let _ = source.connect(RunLimit::from_now(self.limit)).await;
            drop(turn);
            self.askers.set(self.askers.get().saturating_sub(1));
        }
        self.report(context.name.clone(), source, Some(&has_answered))
            .await
    }

    /// Notes the first answer, and shows each exchange if that is asked for.
    fn observer(&self, has_answered: Arc<AtomicBool>) -> Observer {
        let verbose = self.verbose;
        Arc::new(move |exchange| {
            if exchange.status.is_some() {
                has_answered.store(true, Relaxed);
            }
            if verbose {
                log_exchange(exchange);
            }
        })
    }

    async fn report(
        &self,
        context: String,
        source: Rc<Source>,
        has_answered: Option<&AtomicBool>,
    ) -> FleetAnswer {
        let mut report = self.ask_source(&source, has_answered).await;
        add_scope(&mut report, &self.request);
        if report.source.context.is_none() {
            report.source.context = Some(context.clone());
        }
        FleetAnswer {
            is_reached: !is_unreached(&report),
            warnings: source.warnings(),
            context,
            report,
            source,
        }
    }

    /// Asks a cluster once its turn has come. `has_answered` says whether it has answered anything yet; without it the cluster is one
    /// that has answered before.
    async fn ask_source(&self, source: &Source, has_answered: Option<&AtomicBool>) -> Report {
        // Nobody closes them.
        let _open = self.open.acquire().await;
        let place = self.places.acquire().await;
        // The time in which it waits for its places is not its own.
        let limit = RunLimit::from_now(self.limit);
        // A credential plugin is work. The report has the failure, if there is one.
        let _ = source.connect(limit).await;
        let mut asking = pin!(source.report(&self.request, limit, &|_| {}));
        if let Ok(report) = timeout(SILENT, &mut asking).await {
            return report;
        }
        let is_at_work = has_answered.is_none_or(|answered| answered.load(Relaxed));
        let _place = is_at_work.then_some(place);
        asking.await
    }
}

impl FleetAnswer {
    /// Whether the credential of the context is the trouble, so that another context of the cluster may do.
    fn lacks_credential(&self) -> bool {
        let check = self.report.api_server().and_then(|check| check.class.as_deref());
        let gap = self
            .report
            .coverage
            .not_seen
            .first()
            .map(|gap| gap.class.as_str());
        let class = check.or(gap).and_then(Class::from_word);
        let of_credential = [Class::BadConfiguration, Class::Credential, Class::Unauthenticated];
        class.is_some_and(|class| of_credential.contains(&class))
    }
}

/// The same source by another context.
fn with_context(live: &LiveSettings, context: &str) -> LiveSettings {
    let mut live = live.clone();
    match &mut live {
        LiveSettings::Cluster(settings) | LiveSettings::Agent(settings, _) => {
            settings.context = Some(context.to_owned());
        }
        // The grammar refuses it.
        LiveSettings::Url(..) => {}
    }
    live
}
