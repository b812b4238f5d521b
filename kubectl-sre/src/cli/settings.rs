//! The settings of a command, made of its flags. Flags override the environment and the kuberc file, which the library
//! reads when it opens the connection.

use super::grammar::{CauseSearch, ConnectionArgs, GateArgs, HealthArgs, ProgressFormat, VersionArgs};
use super::output_choice::OutputChoice;
use super::targets::Target;
use super::usage::cluster_flag;
use super::values::{KindChoice, Token};
use crate::output::{Format, TableOptions};
use crate::shell::Color;
use crate::source::{AgentSettings, LiveSettings, ManifestFiles, SourceSettings};
use sre_shared::cluster::{ConfigSource, Deadlines, Kuberc, Overrides, Settings};
use sre_shared::follow::{WaitResource, WaitRules, WaitTarget};
use sre_shared::kind::Kind;
use sre_shared::report::FailOn;
use sre_shared::run::{
    AgentItems, Causes, ChangeSources, ConfigMaps, CustomTarget, KindTarget, PAGE_SIZE, Request,
};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// The limit of a run against a cluster.
const CLUSTER_LIMIT: Duration = Duration::from_mins(1);
/// The limit of a run that asks an agent.
const AGENT_LIMIT: Duration = Duration::from_secs(10);
/// An agent's watches hear of a change after the API server has answered it. They take some milliseconds, and longer on a busy
/// control plane.
const AGENT_LAG: Duration = Duration::from_secs(3);

/// Whether a change is followed, and how.
#[derive(Debug, Clone)]
pub enum FollowMode {
    /// Until the wait ends by these rules.
    Wait(WaitRules),
    /// Until somebody ends it, or for this long.
    Watch(Option<Duration>),
}

/// The settings of `health`.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct HealthSettings {
    /// Whether a change is followed; `None` for one report.
    pub follow: Option<FollowMode>,
    /// How the changes during a wait are shown.
    pub progress: ProgressFormat,
    /// Where the report comes from.
    pub source: SourceSettings,
    /// What to judge.
    pub request: Request,
    /// The limit of the whole run.
    pub limit: Duration,
    /// The file in which the report is saved.
    pub save: Option<PathBuf>,
    /// The saved report that this one is compared with.
    pub baseline: Option<BaselineSettings>,
    /// The least availability of the API server in percent, and the window.
    pub min_availability: Option<(f64, String)>,
    /// Which states make the exit code non-zero.
    pub fail_on: FailOn,
    /// The format of stdout.
    pub format: Format,
    /// The files beside it, each with its format.
    pub output_files: Vec<(Format, PathBuf)>,
    /// When to use colour.
    pub color: Color,
    /// Whether to print each request on stderr, and healthy parts of the screen too.
    pub verbose: bool,
    /// Whether to show every problem in full.
    pub all: bool,
    /// What a table shows.
    pub table: TableOptions,
    /// Whether to print only the verdict.
    pub quiet: bool,
}

/// What a report is compared with.
#[derive(Debug)]
pub struct BaselineSettings {
    /// The file of the saved report.
    pub path: PathBuf,
    /// Whether to compare even if it is about something else.
    pub force: bool,
}

/// The settings of `gate`.
#[derive(Debug)]
pub struct GateSettings {
    /// How the objects are read and shown, before and after the command. The limit is that of one run.
    pub health: HealthSettings,
    /// The rules of the wait after the command.
    pub rules: WaitRules,
    /// The command: a program and its arguments.
    pub command: Vec<OsString>,
}

/// The settings of `version`.
#[derive(Debug)]
pub struct VersionSettings {
    /// The source whose versions are shown beside the plugin's; `None` to show the plugin's alone.
    pub source: Option<SourceSettings>,
    /// The limit of the whole run.
    pub limit: Duration,
    /// Output format.
    pub format: Format,
}

impl HealthSettings {
    /// The settings by the flags, and by whether a person reads the result on a terminal.
    #[must_use]
    pub fn new(args: &HealthArgs, on_terminal: bool) -> Self {
        let mut request = args.request();
        if request.causes == Causes::WithoutLogs && on_terminal && args.shows_logs_unasked() {
            request.causes = Causes::WithQuickLogs;
        }
        let namespace = args.namespace();
        Self {
            follow: args.follow_mode(&request),
            progress: args.progress.unwrap_or(ProgressFormat::Auto),
            source: match (&args.filename, &args.manifest) {
                (Some(path), _) => SourceSettings::Files {
                    path: path.clone(),
                    at: args.at,
                },
                (None, Some(path)) => SourceSettings::Manifests {
                    // The agent does not keep objects of every kind.
                    live: args.connection.source(namespace, true),
                    manifests: ManifestFiles::new(path.clone(), namespace),
                },
                (None, None) => SourceSettings::Live(args.connection.source(namespace, request.api_server)),
            },
            request,
            limit: args.connection.run_limit(),
            save: args.save.clone(),
            baseline: args.baseline.clone().map(|path| BaselineSettings {
                path,
                force: args.force,
            }),
            min_availability: args
                .min_availability
                .map(|percent| (percent, args.window.clone())),
            fail_on: args.fail_on,
            format: args.format(),
            output_files: args
                .output_files()
                .map(|(format, path)| (format, path.clone()))
                .collect(),
            color: args.color,
            verbose: args.verbose,
            all: args.all,
            table: TableOptions {
                states: args.states.clone(),
                sort_by: args.sort_by,
                no_headers: args.no_headers,
            },
            quiet: args.quiet,
        }
    }
}

impl GateSettings {
    /// The settings by the flags, and by whether a person reads the result on a terminal.
    #[must_use]
    pub fn new(args: &GateArgs, on_terminal: bool) -> Self {
        let mut health = HealthSettings::new(&args.health, on_terminal);
        // Objects can be compared only if each is listed. `--timeout` is the limit of the wait.
        health.request.items = AgentItems::All;
        health.limit = CLUSTER_LIMIT;
        Self {
            rules: args.health.wait_rules(&health.request),
            health,
            command: args.command.clone(),
        }
    }
}

impl VersionSettings {
    /// The settings by the flags.
    #[must_use]
    pub fn new(args: &VersionArgs) -> Self {
        Self {
            source: (!args.client).then(|| SourceSettings::Live(args.connection.source(None, false))),
            limit: args.connection.run_limit(),
            format: args.output,
        }
    }
}

impl ConnectionArgs {
    /// The source to ask: a URL or the agent if one is given, else the cluster. `beside_agent` says whether the cluster is asked
    /// too if an agent is asked by its URL.
    pub(super) fn source(&self, namespace: Option<&str>, beside_agent: bool) -> LiveSettings {
        match (&self.agent_url, &self.agent) {
            (Some(url), _) => {
                let wanted = beside_agent && self.reaches_cluster();
                let agent = AgentSettings {
                    url: url.clone(),
                    token_file: self.agent_token_file.clone(),
                };
                LiveSettings::Url(agent, wanted.then(|| self.cluster_settings(namespace)))
            }
            (None, Some(agent)) => LiveSettings::Agent(self.cluster_settings(namespace), agent.clone()),
            (None, None) => LiveSettings::Cluster(self.cluster_settings(namespace)),
        }
    }

    /// How to reach the cluster. The limit of the run is added when it begins.
    fn cluster_settings(&self, namespace: Option<&str>) -> Settings {
        let usual = Deadlines::default();
        Settings {
            source: self
                .kubeconfig
                .clone()
                .map_or(ConfigSource::Environment, ConfigSource::File),
            context: self.context.clone(),
            overrides: self.overrides(namespace),
            deadlines: Deadlines {
                request: Some(self.request_timeout).filter(|t| !t.is_zero()),
                // An agent is silent until it has asked its own API server: it may use the whole limit.
                idle: if self.agent.is_some() {
                    self.run_limit()
                } else {
                    usual.idle
                },
                ..usual
            },
            user_agent: concat!("kubectl-sre/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// The flags that override the kubeconfig.
    #[must_use]
    pub fn overrides(&self, namespace: Option<&str>) -> Overrides {
        let mut impersonate_user_extra = BTreeMap::<String, Vec<String>>::new();
        // kubectl ignores an entry without a value.
        for (key, value) in self
            .impersonate_user_extra
            .iter()
            .filter_map(|e| e.split_once('='))
        {
            impersonate_user_extra
                .entry(key.to_owned())
                .or_default()
                .push(value.to_owned());
        }
        Overrides {
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            namespace: namespace.map(str::to_owned),
            server: self.server.clone(),
            tls_server_name: self.tls_server_name.clone(),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            certificate_authority: self.certificate_authority.clone(),
            client_certificate: self.client_certificate.clone(),
            client_key: self.client_key.clone(),
            token: self.token.as_ref().map(Token::secret).map(str::to_owned),
            impersonate: self.impersonate.clone(),
            impersonate_uid: self.impersonate_uid.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            impersonate_user_extra,
            disable_compression: self.disable_compression,
            kuberc: self
                .kuberc
                .clone()
                .filter(|path| !path.as_os_str().is_empty())
                .map_or(Kuberc::Environment, Kuberc::File),
        }
    }

    /// Whether a flag says how to reach a cluster.
    #[must_use]
    pub fn reaches_cluster(&self) -> bool {
        cluster_flag(self).is_some()
    }

    /// The limit of the whole run.
    #[must_use]
    pub fn run_limit(&self) -> Duration {
        self.timeout.unwrap_or(if self.asks_agent() {
            AGENT_LIMIT
        } else {
            CLUSTER_LIMIT
        })
    }

    /// The limit of a timeline. With an agent the lists of the cluster are read all the same.
    #[must_use]
    pub fn timeline_limit(&self) -> Duration {
        let is_agent_alone = self.agent_url.is_some() && !self.reaches_cluster();
        self.timeout.unwrap_or(if is_agent_alone {
            AGENT_LIMIT
        } else {
            CLUSTER_LIMIT
        })
    }

    /// Whether an agent is asked.
    fn asks_agent(&self) -> bool {
        self.agent.is_some() || self.agent_url.is_some()
    }
}

impl HealthArgs {
    /// The namespace of `-n`.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespaces.first().map(String::as_str)
    }

    /// Whether a change is followed.
    fn follow_mode(&self, request: &Request) -> Option<FollowMode> {
        let timeout = self.connection.timeout;
        if self.watch {
            return Some(FollowMode::Watch(timeout));
        }
        self.wait.then(|| FollowMode::Wait(self.wait_rules(request)))
    }

    /// The rules of a wait.
    fn wait_rules(&self, request: &Request) -> WaitRules {
        let usual = WaitRules::default();
        WaitRules {
            grace: self.grace.unwrap_or(usual.grace),
            settle: self.settle.unwrap_or(usual.settle),
            lag: if self.connection.asks_agent() {
                AGENT_LAG
            } else {
                usual.lag
            },
            timeout: self.connection.timeout.or(usual.timeout),
            fail_on: self.fail_on,
            targets: wait_targets(request),
            expects_kinds: self.manifest.is_some(),
        }
    }

    /// Whether log lines are shown on a terminal without being asked for. They are not written to files, pipes and the
    /// logs of CI, since they may hold secrets.
    fn shows_logs_unasked(&self) -> bool {
        self.logs.is_none() && self.writes_screen_alone() && !self.quiet
    }

    /// The format of stdout.
    #[must_use]
    pub fn format(&self) -> Format {
        OutputChoice::of_stdout(&self.output)
    }

    /// The formats of files, with their paths.
    pub fn output_files(&self) -> impl Iterator<Item = (Format, &PathBuf)> {
        OutputChoice::of_files(&self.output)
    }

    /// Whether stdout or a file has that format.
    #[must_use]
    pub fn writes(&self, format: Format) -> bool {
        self.format() == format || self.output_files().any(|(other, _)| other == format)
    }

    /// Whether a person on the screen is the only reader of the report.
    fn writes_screen_alone(&self) -> bool {
        self.format() == Format::Human && self.output_files().next().is_none() && self.save.is_none()
    }

    /// What to judge, by the targets and flags.
    #[must_use]
    pub fn request(&self) -> Request {
        let request = Request {
            namespace: self
                .namespace()
                .filter(|name| !name.is_empty() && !self.all_namespaces)
                .map(str::to_owned),
            selector_text: self.selector.clone(),
            // The grammar has parsed it already, so it cannot fail here.
            selector: self.selector.parse().unwrap_or_default(),
            field_selector: self.field_selector.clone(),
            page_size: self.chunk_size.unwrap_or(PAGE_SIZE),
            exact_pages: self.chunk_size.is_some(),
            no_ignore: self.no_ignore,
            causes: match (self.cause, self.logs) {
                (CauseSearch::None, _) => Causes::None,
                (_, Some(true)) => Causes::WithLogs,
                _ => Causes::WithoutLogs,
            },
            changes: match self.cause {
                CauseSearch::All => ChangeSources {
                    config_maps: ConfigMaps::Asked,
                    ..ChangeSources::DEFAULT
                },
                CauseSearch::Auto | CauseSearch::None => ChangeSources::DEFAULT,
            },
            // A person reads only problems; a program gets every object.
            items: if self.writes_screen_alone() && self.baseline.is_none() {
                AgentItems::Notable
            } else {
                AgentItems::All
            },
            ..Request::everything()
        };
        let request = match (self.targets.is_empty(), self.kinds.is_empty()) {
            // The manifests name the objects.
            (true, true) if self.manifest.is_some() => Request {
                by_default: false,
                every_object: true,
                api_server: false,
                kinds: Vec::new(),
                ..request
            },
            (true, true) => request,
            (true, false) => self.with_kinds(request),
            (false, _) => self.with_targets(request),
        };
        match self.at.filter(|_| self.filename.is_none()) {
            // An agent's history has no states of the API server.
            Some(at) => Request {
                api_server: false,
                at: Some(at),
                ..request
            },
            None => request,
        }
    }

    /// The kinds of `--kinds`, in the order of the registry.
    fn with_kinds(&self, request: Request) -> Request {
        let all = self.kinds.contains(&KindChoice::All);
        let is_chosen = |kind: &&Kind| all || self.kinds.contains(&KindChoice::Kind(**kind));
        let kinds = Kind::ALL.iter().filter(is_chosen);
        Request {
            by_default: false,
            all_kinds: all,
            every_object: !all,
            api_server: all || self.kinds.contains(&KindChoice::ApiServer),
            kinds: kinds.map(|kind| KindTarget::all(*kind)).collect(),
            ..request
        }
    }

    /// The targets, each kind once and in the order of the registry.
    fn with_targets(&self, request: Request) -> Request {
        let kinds = Kind::ALL.iter().filter_map(|kind| {
            let of_kind = self.targets.iter().filter_map(|target| match target {
                Target::Kind(other, name) if other == kind => Some(name.as_deref()),
                _ => None,
            });
            let names = object_names(of_kind)?;
            Some(KindTarget { kind: *kind, names })
        });
        Request {
            by_default: false,
            every_object: true,
            api_server: self.targets.contains(&Target::ApiServer),
            kinds: kinds.collect(),
            custom: self.custom_targets(),
            ..request
        }
    }

    /// The targets of kinds that discovery has to find, each kind once and in the order in which it was given.
    fn custom_targets(&self) -> Vec<CustomTarget> {
        let mut targets: Vec<CustomTarget> = Vec::new();
        for target in &self.targets {
            let Target::Custom(kind, _) = target else {
                continue;
            };
            if targets.iter().any(|known| known.kind == *kind) {
                continue;
            }
            let of_kind = self.targets.iter().filter_map(|target| match target {
                Target::Custom(other, name) if other == kind => Some(name.as_deref()),
                _ => None,
            });
            targets.extend(object_names(of_kind).map(|names| CustomTarget {
                kind: kind.clone(),
                names,
            }));
        }
        targets
    }
}

/// The objects and kinds of a request, for a wait. None if no kind was chosen: everything is waited for then.
fn wait_targets(request: &Request) -> Vec<WaitTarget> {
    if request.by_default {
        return Vec::new();
    }
    let kinds = request.kinds.iter();
    let kinds = kinds.map(|target| (WaitResource::Kind(target.kind), &target.names));
    let custom = request.custom.iter();
    let custom = custom.map(|target| (WaitResource::Custom(target.kind.clone()), &target.names));
    let mut targets = Vec::new();
    for (resource, names) in kinds.chain(custom) {
        let is_namespaced = match &resource {
            WaitResource::Kind(kind) => kind.is_namespaced(),
            WaitResource::Custom(_) | WaitResource::Manifest { .. } => true,
        };
        let target = |name: Option<&String>| WaitTarget {
            resource: resource.clone(),
            namespace: request.namespace.clone().filter(|_| is_namespaced),
            name: name.cloned(),
            uid: None,
            generation: None,
        };
        if names.is_empty() {
            targets.push(target(None));
        }
        targets.extend(names.iter().map(|name| target(Some(name))));
    }
    targets
}

/// The names of the objects that targets of one kind ask for, each once. They are empty if one of the targets asks for
/// the whole kind. `None` without a target.
fn object_names<'a>(targets: impl Iterator<Item = Option<&'a str>>) -> Option<Vec<String>> {
    let mut targets = targets.peekable();
    targets.peek()?;
    let mut names: Vec<String> = Vec::new();
    let mut whole_kind = false;
    for name in targets {
        match name {
            None => whole_kind = true,
            Some(name) if names.iter().any(|known| known == name) => {}
            Some(name) => names.push(name.to_owned()),
        }
    }
    Some(if whole_kind { Vec::new() } else { names })
}
