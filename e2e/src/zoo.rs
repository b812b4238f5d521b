//! The zoo: one directory a case in `e2e/zoo`, with its objects in `manifest.yaml` and the verdict in `expect.yaml`.
//!
//! Each failure is real: controllers, the scheduler and a kubelet cause it. The manifests are applied in an order without
//! races: quotas, policies and webhooks that refuse pods are in force before there are pods.

use crate::deadline::until;
use crate::environment::{self, root};
use crate::node::{self, RUNS, kubectl};
use crate::report::{Report, list, word};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The node without a kubelet, which the case `node-lost` makes.
const LOST: &str = "zoo-lost";
/// Kinds of pods, and of controllers that make pods.
const WORKLOADS: [&str; 7] = [
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Pod",
    "Job",
    "CronJob",
];
/// How many cases take their steps at the same time.
const HANDS: usize = 6;

/// One case.
#[derive(Debug)]
pub struct Case {
    /// The name of its directory. Its namespace is this name with `zoo-` before it.
    pub name: String,
    /// Its description, in one line.
    pub what: String,
    /// Whether it is a failure, or only looks like one.
    pub is_broken: bool,
    /// The step on the node that it needs first.
    pub when: Option<String>,
    /// The expected verdicts, one for each object.
    pub expect: Vec<Value>,
    manifest: Vec<Value>,
    then: Vec<String>,
}

impl Case {
    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> String {
        format!("zoo-{}", self.name)
    }

    fn read(name: String) -> Self {
        let directory = root().join("e2e/zoo").join(&name);
        let read = |file: &str| {
            let path = directory.join(file);
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let parse = |text: &str| -> Value {
            serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("zoo/{name}: {error}"))
        };
        let expect = read("expect.yaml").unwrap_or_else(|error| panic!("{error}"));
        let expect = parse(&expect);
        let manifest = read("manifest.yaml").unwrap_or_default();
        let manifest = manifest.split("---\n").filter(|t| !t.trim().is_empty());
        Self {
            what: word(&expect["what"]).to_owned(),
            is_broken: word(&expect["is"]) == "broken",
            when: expect["when"].as_str().map(str::to_owned),
            then: list(&expect["then"]).iter().map(|s| word(s).to_owned()).collect(),
            expect: list(&expect["expect"]).to_vec(),
            manifest: manifest.map(parse).collect(),
            name,
        }
    }

    fn objects(&self, is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = Value> {
        let wanted = self.manifest.iter().filter(move |o| is_wanted(word(&o["kind"])));
        wanted.cloned()
    }

    /// Whether a webhook or a policy of its own refuses its pods.
    fn closes_itself(&self) -> bool {
        let mut hooks = self.manifest.iter().flat_map(|o| list(&o["webhooks"]));
        hooks.any(|hook| hook["failurePolicy"] == "Fail")
            || self
                .objects(|kind| kind == "ValidatingAdmissionPolicyBinding")
                .next()
                .is_some()
    }

    fn take_steps(&self) {
        for step in &self.then {
            let words: Vec<&str> = step.split_whitespace().collect();
            kubectl().ok(&[&["--namespace", &self.namespace()], &words[..]].concat());
        }
    }

    /// The expectations of this case that a report does not meet, one line for each.
    #[must_use]
    pub fn lacking(&self, report: &Report, node: &str) -> Vec<String> {
        let mut lacking = Vec::new();
        for expected in &self.expect {
            let target = word(&expected["target"]).replace("{node}", node);
            let expected: Value = serde_json::from_str(&expected.to_string().replace("{node}", node))
                .expect("a name in the place of another");
            let Some(item) = item(report, &self.namespace(), &target) else {
                lacking.push(format!("{}: {target} is not in the report", self.name));
                continue;
            };
            if let Some(how) = difference(&expected, item) {
                lacking.push(format!("{}: {target}: {how}", self.name));
            }
        }
        if !self.is_broken {
            let own = items(report).filter(|i| i["namespace"] == self.namespace());
            for item in own.filter(|i| i["healthy"] == false) {
                lacking.push(format!("{}: not silent: {item}", self.name));
            }
        }
        lacking
    }
}

/// All cases, by name.
#[must_use]
pub fn cases() -> Vec<Case> {
    let entries = std::fs::read_dir(root().join("e2e/zoo")).expect("the zoo is a directory");
    let mut names: Vec<String> = entries
        .map(|e| {
            e.expect("the zoo can be read")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names.into_iter().map(Case::read).collect()
}

/// The name of the node that runs pods.
#[must_use]
pub fn real_node() -> String {
    let nodes = kubectl().get(&["nodes"]);
    let names = list(&nodes["items"]).iter().map(|n| word(&n["metadata"]["name"]));
    names.filter(|name| *name != LOST).collect()
}

/// Applies the manifests of all cases, and takes their steps.
pub fn populate(cases: &[Case]) {
    let create = |is_wanted: &dyn Fn(&str) -> bool| {
        let objects: Vec<Value> = cases.iter().flat_map(|c| c.objects(is_wanted)).collect();
        kubectl().create(&json!({"apiVersion": "v1", "kind": "List", "items": objects}));
    };
    create(&|kind| kind == "Namespace");
    create(&|kind| kind != "Namespace" && !WORKLOADS.contains(&kind));
    await_rules(cases);
    create(&|kind| WORKLOADS.contains(&kind));
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    case.take_steps();
                }
            });
        }
    });
}

/// Waits until accounts, quotas and webhooks are in force, which the API server and controllers do after they answer.
fn await_rules(cases: &[Case]) {
    until("each namespace has its account", RUNS, || {
        let accounts = kubectl().get(&["serviceaccounts", "--all-namespaces"]);
        let own = cases.iter().flat_map(|c| c.objects(|kind| kind == "Namespace"));
        let mut without = own.filter(|namespace| {
            let mut accounts = list(&accounts["items"]).iter();
            !accounts.any(|a| a["metadata"]["namespace"] == namespace["metadata"]["name"])
        });
        without.next().map_or(Ok(()), Err)
    });
    until("each quota is counted", RUNS, || {
        let quotas = kubectl().get(&["resourcequotas", "--all-namespaces"]);
        let mut without = list(&quotas["items"])
            .iter()
            .filter(|q| q["status"]["hard"].is_null());
        without.next().map_or(Ok(()), |q| Err(q.to_string()))
    });
    for case in cases.iter().filter(|c| c.closes_itself()) {
        until("what is to refuse a pod does", RUNS, || {
            let namespace = case.namespace();
            let words = [
                "run",
                "probe",
                "--image=none",
                "--dry-run=server",
                "--namespace",
                &namespace,
            ];
            let tried = kubectl().run(&words, None);
            if tried.code == Some(0) { Err(tried) } else { Ok(()) }
        });
    }
}

/// Compares a report with the expectations of these cases.
///
/// # Errors
/// Both sides of each difference.
pub fn compare<'c>(
    cases: impl IntoIterator<Item = &'c Case>,
    report: &Report,
    node: &str,
) -> Result<(), String> {
    let lacking: Vec<String> = cases
        .into_iter()
        .flat_map(|case| case.lacking(report, node))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let mut text = format!("{} differences\n", lacking.len());
    for line in lacking {
        let _ = writeln!(text, "  {line}");
    }
    Err(text)
}

/// Compares the verdicts of two reports about objects of the zoo that both judge.
///
/// # Errors
/// Both sides of each difference.
pub fn same_verdicts(one: &Report, other: &Report) -> Result<(), String> {
    let mut text = String::new();
    for item in items(one).filter(|i| word(&i["namespace"]).starts_with("zoo-")) {
        let id = ["kind", "namespace", "name"];
        let mut theirs = items(other).filter(|i| id.iter().all(|field| i[field] == item[field]));
        let theirs = theirs.next().unwrap_or(&Value::Null);
        if ["state", "healthy", "reason"]
            .iter()
            .any(|field| item[field] != theirs[field])
        {
            let _ = writeln!(text, "  {item}\n  {theirs}");
        }
    }
    if text.is_empty() { Ok(()) } else { Err(text) }
}

/// Every judged object.
fn items(report: &Report) -> impl Iterator<Item = &Value> {
    list(&report.0["checks"])
        .iter()
        .flat_map(|check| list(&check["items"]))
}

/// The item `KIND/NAME`, in that namespace or in none.
fn item<'r>(report: &'r Report, namespace: &str, target: &str) -> Option<&'r Value> {
    let (kind, name) = target.split_once('/')?;
    items(report).find(|item| {
        item["kind"] == kind
            && item["name"] == name
            && item["namespace"]
                .as_str()
                .is_none_or(|n| n.is_empty() || n == namespace)
    })
}

/// Whether a value is the expected one, or one of several expected ones.
fn is_expected(expected: &Value, actual: &Value) -> bool {
    match expected {
        Value::Null => true,
        Value::Array(several) => several.contains(actual),
        one => one == actual,
    }
}

fn difference(expected: &Value, item: &Value) -> Option<String> {
    let differs = ["state", "healthy", "reason"]
        .iter()
        .any(|field| !is_expected(&expected[field], &item[field]));
    let causes = list(&item["causes"]);
    let lacks = list(&expected["causes"]).iter().any(|wanted| {
        !causes.iter().any(|cause| {
            word(&wanted["code"]).split('|').any(|code| cause["code"] == code)
                && word(&cause["message"]).contains(word(&wanted["message"]))
        })
    });
    let notes = format!("{} {}", item["notes"], item["warnings"]);
    let unsaid = !notes.contains(word(&expected["note"]));
    (differs || lacks || unsaid).then(|| format!("expected {expected}\n    got {item}"))
}

/// The kinds in a dump of the zoo, as a person would fetch them.
pub const DUMPED: &str = "deployments,statefulsets,daemonsets,replicasets,pods,jobs,cronjobs,events,nodes,namespaces,\
    persistentvolumeclaims,services,endpointslices,horizontalpodautoscalers,poddisruptionbudgets,apiservices,\
    validatingwebhookconfigurations,mutatingwebhookconfigurations";

/// The dump of the zoo, as `kubectl get -o json` writes it.
#[must_use]
#[track_caller]
pub fn dump() -> String {
    kubectl().ok(&["get", DUMPED, "--all-namespaces", "--output", "json"])
}

/// Writes a dump, its report and the cases into the directory that `SRE_E2E_ZOO_OUT` names, if it is set. `e2e/zoo-table`
/// makes the table of `docs/zoo.md` from them.
pub fn write<'c>(cases: impl Iterator<Item = &'c Case>, dump: &str, report: &Report) {
    let Some(directory) = environment::variable("SRE_E2E_ZOO_OUT") else {
        return;
    };
    let cases = cases.map(|case| {
        let targets: Vec<&Value> = case.expect.iter().map(|e| &e["target"]).collect();
        json!({"name": case.name, "what": case.what, "broken": case.is_broken, "targets": targets})
    });
    let cases = Value::Array(cases.collect());
    for (name, text) in [
        ("cases.json", cases.to_string()),
        ("dump.json", dump.to_owned()),
        ("report.json", report.0.to_string()),
    ] {
        let path = std::path::Path::new(&directory).join(name);
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// The plugin's report about a dump.
#[must_use]
#[track_caller]
pub fn judge(dump: &str) -> Report {
    let finished = node::plugin().judge("health -f - -o json --kinds all", Some(dump.to_owned()));
    Report::parse(&finished.stdout).unwrap_or_else(|error| panic!("no report: {error}\n{finished}"))
}
