//! A store of metrics, asked about all clusters at once.

use super::contexts;
use crate::cli::{FleetSettings, Inventory};
use crate::exit;
use crate::source::{StoreAnswer, StoreClient, StoreSettings};
use futures_util::future::{join, join_all};
use sre_shared::cluster::{RunLimit, read_bounded};
use sre_shared::failure::{Class, Failure};
use sre_shared::fleet::{
    AGENT_SERIES, FleetCluster, FleetQuery, FleetReport, FleetSource, FleetState, SILENT_WINDOW,
    StoreAnswers, choose, known_query, queries, store_clusters,
};
use sre_shared::resource::Time;
use sre_shared::run::clock;
use std::collections::BTreeSet;
use std::path::Path;
use tokio::time::timeout;

/// Bytes of an inventory at most.
const LARGEST: u64 = 4 << 20;
/// Warnings of the store that are shown.
const WARNINGS: usize = 5;

/// A store, and the clusters that must be in it.
pub struct FleetStore {
    client: StoreClient,
    inventory: Vec<String>,
}

impl FleetStore {
    /// Reads the files that the flags name.
    ///
    /// # Errors
    /// One line that says which input is wrong.
    pub async fn open(settings: &FleetSettings, store: StoreSettings) -> Result<Self, String> {
        let limit = RunLimit::from_now(settings.health.limit);
        let inventory = match &settings.inventory {
            Inventory::None => Vec::new(),
            Inventory::Contexts => {
                let contexts = contexts::contexts(settings).await?.contexts;
                contexts.into_iter().map(|context| context.name).collect()
            }
            Inventory::File(path) => names(path, limit).await?,
        };
        let client = StoreClient::open(store, limit).await;
        let client = client.map_err(|failure| format!("{failure}; {}", failure.hint()))?;
        Ok(Self { client, inventory })
    }

    /// Asks once.
    ///
    /// # Errors
    /// One line, and the exit code, if the store does not answer, or if a pattern takes no cluster.
    pub async fn round(&self, settings: &FleetSettings) -> Result<FleetReport, (String, u8)> {
        let limit = RunLimit::from_now(settings.health.limit);
        let label = &settings.label;
        let now = clock::system();
        let every_name = settings.health.save.is_some() || settings.health.baseline.is_some();
        let ask = async |(query, text): (FleetQuery, String)| {
            self.client
                .query(&text, limit)
                .await
                .map(|answer| (query, answer))
        };
        let since = now.seconds_after(Time::from_seconds(SILENT_WINDOW));
        let asked = join_all(queries(label, every_name).map(ask));
        let (known, asked) = join(self.known(label, since, limit), asked).await;
        let failed = |failure: Failure| self.failure(&failure);
        let (known, warned) = known.map_err(failed)?;
        let mut answers = StoreAnswers::new();
        let mut warnings = BTreeSet::from_iter(warned);
        let mut take = |(query, answer): (FleetQuery, StoreAnswer)| {
            answers.insert(query, answer.samples);
            warnings.extend(answer.warnings);
        };
        for answer in asked {
            take(answer.map_err(failed)?);
        }
        let mut rows = store_clusters(&answers, label, &known, &self.inventory);
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        let chosen = choose(&names, &settings.patterns)
            .map_err(|unused| (unused.sentence("cluster of the store"), exit::USAGE))?;
        let chosen = chosen.into_iter().filter_map(|place| names.get(place));
        let chosen: BTreeSet<String> = chosen.map(|name| (*name).to_owned()).collect();
        let is_chosen = |row: &FleetCluster| chosen.contains(&row.name);
        let is_silent = |row: &FleetCluster| row.state == FleetState::Silent && row.last_seen.is_none();
        let silent = rows.iter().filter(|row| is_chosen(row) && is_silent(row));
        let silent: Vec<String> = silent.map(|row| row.name.clone()).collect();
        if let Some(query) = FleetQuery::silence(label, &silent) {
            match self.client.query(&query, limit).await {
                Ok(answer) => {
                    answers.insert(FleetQuery::Silence, answer.samples);
                    // Thanos warns if none of its stores has a cluster that the query names.
                    let is_other = |warning: &String| !warning.contains("No StoreAPIs matched");
                    warnings.extend(answer.warnings.into_iter().filter(is_other));
                    rows = store_clusters(&answers, label, &known, &self.inventory);
                }
                // The clusters are silent all the same.
                Err(failure) => {
                    let (line, _) = self.failure(&failure);
                    warnings.insert(format!("since when clusters are silent is not known: {line}"));
                }
            }
        }
        rows.retain(is_chosen);
        let source = FleetSource {
            mode: "store".to_owned(),
            store: Some(self.client.url().to_string()),
            warnings: warnings.into_iter().take(WARNINGS).collect(),
        };
        Ok(FleetReport::new(source, now.to_string(), rows))
    }

    /// The clusters that the store has known since that time, and its warnings. A proxy that lets nothing through but queries, as
    /// prom-label-proxy does by default, is asked by a query.
    async fn known(
        &self,
        label: &str,
        since: i64,
        limit: RunLimit,
    ) -> Result<(Vec<String>, Vec<String>), Failure> {
        let failure = match self.client.label_values(label, AGENT_SERIES, since, limit).await {
            Ok(known) => return Ok(known),
            Err(failure) => failure,
        };
        match failure.class {
            Class::NotFound | Class::Forbidden | Class::Rejected | Class::NotAnApiServer => {}
            _ => return Err(failure),
        }
        let answer = self.client.query(&known_query(label), limit).await?;
        let names = answer.samples.iter().map(|sample| sample.label(label).to_owned());
        Ok((names.collect(), answer.warnings))
    }

    fn failure(&self, failure: &Failure) -> (String, u8) {
        let line = format!(
            "store {}: {}: {failure}; {}",
            self.client.url(),
            failure.class.as_str(),
            failure.hint()
        );
        let code = if failure.class == Class::BadConfiguration {
            exit::USAGE
        } else {
            exit::UNREACHED
        };
        (line, code)
    }
}

/// The names in a file, one a line. Empty lines and those that begin with `#` are none.
async fn names(path: &Path, limit: RunLimit) -> Result<Vec<String>, String> {
    let wrong = |why: &str| format!("--inventory {}: {why}", path.display());
    let (own, until) = (path.to_owned(), limit.until);
    let reading = tokio::task::spawn_blocking(move || read_bounded(&own, LARGEST, until));
    let bytes = match timeout(limit.left(), reading).await {
        Ok(Ok(Ok(bytes))) => bytes,
        Ok(Ok(Err(error))) => return Err(wrong(&error.to_string())),
        Ok(Err(_)) | Err(_) => return Err(wrong("it was not read in time")),
    };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is no text in UTF-8"))?;
    let lines = text.lines().map(str::trim);
    let names = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    if names.is_empty() {
        return Err(wrong("it names no cluster: write one name a line"));
    }
    Ok(names.into_iter().collect())
}
