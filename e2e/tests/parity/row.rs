//! A row: one setup, told to kubectl and to the plugin, and what came of each. A row states nothing but its setup, so
//! that none can be wrong about kubectl.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use serde_json::Value;
use sre_e2e::proxy::Proxy;
use sre_e2e::report::{list, word};
use sre_e2e::{Finished, Kubectl, binary, invocation};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The variable that tells the exec plugin where to note that it was run.
pub const LOG: &str = "CREDENTIAL_LOG";
/// A row's own directory, in files, variables and flags.
const DIRECTORY: &str = "{dir}";
/// Before the path of a file that is a program.
const EXECUTABLE: &str = "executable:";

/// One setup. `HOME` and the working directory are a directory of its own.
#[derive(Debug, Default)]
pub struct Row {
    name: &'static str,
    files: Vec<(&'static str, String)>,
    variables: Vec<(String, String)>,
    flags: Vec<String>,
    differs: Option<&'static str>,
}

impl Row {
    /// Without a kubeconfig, a variable or a flag.
    pub fn bare(name: &'static str) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// With that kubeconfig where kubectl looks for it by itself.
    pub fn new(name: &'static str, kubeconfig: &Kubeconfig) -> Self {
        Self::bare(name).file(".kube/config", kubeconfig.yaml())
    }

    /// With a file.
    pub fn file(mut self, path: &'static str, text: impl Into<String>) -> Self {
        self.files.push((path, text.into()));
        self
    }

    /// With a variable of the environment.
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// With these flags.
    pub fn flags<const N: usize>(mut self, flags: [&str; N]) -> Self {
        self.flags.extend(flags.map(str::to_owned));
        self
    }

    /// The plugin is meant to do otherwise, for that reason.
    pub fn differs(mut self, why: &'static str) -> Self {
        self.differs = Some(why);
        self
    }

    fn run(&self, program: &Path, words: &[&str], directory: &Path, log: &Path) -> Finished {
        let here = directory.to_string_lossy();
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        arguments.extend(self.flags.iter().map(|flag| flag.replace(DIRECTORY, &here)));
        let mut variables = vec![(LOG.to_owned(), log.display().to_string())];
        variables.extend(
            self.variables
                .iter()
                .map(|(name, value)| (name.clone(), value.replace(DIRECTORY, &here))),
        );
        invocation::run(program, &arguments, directory, &variables)
    }

    fn write_files(&self, directory: &Path) {
        for (path, text) in &self.files {
            let (mode, path) = match path.strip_prefix(EXECUTABLE) {
                Some(path) => (0o755, path),
                None => (0o600, *path),
            };
            let path = directory.join(path);
            let parent = path.parent().expect("it lies in the row's directory");
            std::fs::create_dir_all(parent).expect("the row's directory can be written");
            let text = text.replace(DIRECTORY, &directory.to_string_lossy());
            std::fs::write(&path, text).expect("the row's directory can be written");
            std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("the file is the row's own");
        }
    }
}

/// What a program made of a row.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The API server knows the caller.
    Known {
        user: String,
        groups: Vec<String>,
        namespace: String,
    },
    /// The API server was reached and may not be asked who the caller is.
    Forbidden,
    /// The configuration is refused, the API server not reached, or the caller not known.
    Failed,
    /// Neither an answer nor an error.
    Broken,
}

/// What was seen of a program.
#[derive(Debug)]
struct Seen {
    outcome: Outcome,
    /// The proxies that were asked for a connection.
    through: Vec<&'static str>,
    /// What the exec plugin was told, each time that it was run.
    credentials: Vec<String>,
    finished: Finished,
}

impl Seen {
    fn is_as(&self, oracle: &Self) -> bool {
        let credentials = match oracle.outcome {
            Outcome::Known { .. } => self.credentials == oracle.credentials,
            // Who gives up without asking has asked often enough.
            _ => self.credentials.len() <= oracle.credentials.len(),
        };
        self.outcome == oracle.outcome && self.through == oracle.through && credentials
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            outcome,
            through,
            credentials,
            finished,
        } = self;
        let code = finished.code.unwrap_or(-1);
        let said = finished.stderr.trim().replace('\n', "\n             ");
        write!(f, "{outcome:?}, exit code {code}")?;
        if !through.is_empty() {
            write!(f, ", through {through:?}")?;
        }
        if !credentials.is_empty() {
            write!(f, ", exec plugin run {}x: {credentials:?}", credentials.len())?;
        }
        write!(f, "\n             {said}")
    }
}

/// Proxies by the names that a failing row shows.
pub type Proxies<'a> = &'a [(&'static str, &'a Proxy)];

/// Runs every row through kubectl and through the plugin, and fails with all that differ.
#[track_caller]
pub fn compare(rows: &[Row], proxies: Proxies) {
    let fixture = Fixture::get();
    let secrets = fixture.secrets();
    let mut differences = Vec::new();
    for row in rows {
        let directory = fixture.new_directory("row");
        row.write_files(&directory);
        let kubectl = observe(row, &directory, proxies, kubectl);
        let plugin = observe(row, &directory, proxies, plugin);
        let shown = format!("{}\n    kubectl: {kubectl}\n    plugin:  {plugin}", row.name);
        {
            use std::io::Write as _;
            let _ = writeln!(
                std::fs::OpenOptions::new()
                    .append(true)
                    .create(true)
                    .open("/tmp/parity-dev/outcomes")
                    .unwrap(),
                "{shown}"
            );
        } // DEV
        if kubectl.outcome == Outcome::Broken || plugin.outcome == Outcome::Broken {
            differences.push(format!("BROKEN: {shown}"));
        } else if plugin.is_as(&kubectl) == row.differs.is_some() {
            let note = row.differs.map_or(String::new(), |why| {
                format!("\n    no difference any more, although: {why}")
            });
            differences.push(format!("{shown}{note}"));
        }
        let printed = format!("{}{}", plugin.finished.stdout, plugin.finished.stderr);
        if secrets.iter().any(|secret| printed.contains(secret)) {
            differences.push(format!("{}\n    the plugin prints a secret", row.name));
        }
        let _ = std::fs::remove_dir_all(directory);
    }
    assert!(
        differences.is_empty(),
        "{} of {} rows differ:\n\n{}\n",
        differences.len(),
        rows.len(),
        differences.join("\n\n")
    );
}

fn observe(
    row: &Row,
    directory: &Path,
    proxies: Proxies,
    ask: fn(&Row, &Path, &Path) -> (Outcome, Finished),
) -> Seen {
    let log: PathBuf = directory.join("credential.log");
    let before: Vec<usize> = proxies.iter().map(|(_, proxy)| proxy.uses()).collect();
    let (outcome, finished) = ask(row, directory, &log);
    let used = proxies
        .iter()
        .zip(before)
        .filter(|((_, proxy), before)| proxy.uses() > *before);
    let through = used.map(|((name, _), _)| *name).collect();
    let credentials = std::fs::read_to_string(&log).unwrap_or_default();
    let credentials = credentials.lines().map(str::to_owned).collect();
    // The next program starts from nothing too.
    let _ = std::fs::remove_file(&log);
    Seen {
        outcome,
        through,
        credentials,
        finished,
    }
}

fn kubectl(row: &Row, directory: &Path, log: &Path) -> (Outcome, Finished) {
    let asked = row.run(
        Kubectl::program(),
        &["auth", "whoami", "--output=json"],
        directory,
        log,
    );
    let outcome = match asked.code {
        Some(0) => {
            let review: Value = serde_json::from_str(&asked.stdout).expect("kubectl writes JSON");
            let user = &review["status"]["userInfo"];
            Outcome::Known {
                user: word(&user["username"]).to_owned(),
                groups: words(&user["groups"]),
                namespace: namespace_of_kubectl(row, directory),
            }
        }
        // Its own words for a 403, and the API server's to who may not impersonate.
        Some(1)
            if asked.stderr.contains("you do not have permission to call it")
                || asked.stderr.contains("Error from server (Forbidden)") =>
        {
            Outcome::Forbidden
        }
        Some(1) => Outcome::Failed,
        _ => Outcome::Broken,
    };
    (outcome, asked)
}

/// By the path that kubectl asks for: of its commands, this one needs a namespace and asks for nothing else.
fn namespace_of_kubectl(row: &Row, directory: &Path) -> String {
    let log = directory.join("credential-of-namespace.log");
    let words = ["create", "token", "no-such-serviceaccount", "--v=6"];
    let asked = row.run(Kubectl::program(), &words, directory, &log);
    let path = asked.stderr.split("/api/v1/namespaces/").nth(1);
    match path.and_then(|rest| rest.split('/').next()) {
        Some(namespace) => namespace.to_owned(),
        None => panic!("{}: kubectl asks for no namespace\n{asked}", row.name),
    }
}

fn plugin(row: &Row, directory: &Path, log: &Path) -> (Outcome, Finished) {
    let words_ = ["health", "apiserver", "--output=json"];
    let asked = row.run(&binary("kubectl-sre"), &words_, directory, log);
    let report: Value = serde_json::from_str(&asked.stdout).unwrap_or_default();
    let check = &report["checks"][0];
    let identity = &check["identity"];
    let outcome = match asked.code {
        Some(0) if identity.is_object() => Outcome::Known {
            user: word(&identity["user"]).to_owned(),
            groups: words(&identity["groups"]),
            namespace: word(&report["source"]["namespace"]).to_owned(),
        },
        // It is well, and does not say who asks.
        Some(0) => Outcome::Forbidden,
        Some(3) if check["class"] == "forbidden" => Outcome::Forbidden,
        Some(3 | 64 | 69) => Outcome::Failed,
        _ => Outcome::Broken,
    };
    (outcome, asked)
}

fn words(of: &Value) -> Vec<String> {
    list(of).iter().map(|one| word(one).to_owned()).collect()
}
