//! `kubectl sre explain`, and that it knows every word that a screen can show.

use crate::plugin::run;
use kubectl_sre::glossary::{DOCS, Glossary, Role};
use sre_shared::digest::OverallHealth;
use sre_shared::failure::{Class, Side};
use sre_shared::kind::Kind;
use sre_shared::report::{Code, NoteCode, State};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[test]
fn a_word_of_a_report_is_explained_in_any_case() {
    let ran = run(&["explain", "crashloop"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(ran.headline(), "CrashLoop  (cause)");
    for text in [
        "kubectl -n NAMESPACE logs POD -c CONTAINER --previous",
        "kubectl -n NAMESPACE annotate KIND NAME 'sre/ignore=CrashLoop until YYYY-MM-DD, why'",
    ] {
        assert!(ran.out.contains(text), "{text}\n{}", ran.out);
    }
    let ran = run(&["explain", "notWatched"]);
    assert_eq!(ran.headline(), "notWatched  (class)");
    assert!(!ran.out.contains("annotate"), "{}", ran.out);
}

#[test]
fn a_word_of_kubernetes_leads_to_the_word_that_explains_it() {
    let ran = run(&["explain", "OOMKilled"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let mut lines = ran.out.lines();
    assert_eq!(lines.next(), Some("OOMKilled  (word of Kubernetes)"));
    assert!(lines.any(|line| line == "See OutOfMemory."), "{}", ran.out);
    assert!(lines.any(|line| line == "OutOfMemory  (cause)"), "{}", ran.out);
}

#[test]
fn several_words_are_explained_once_each_and_a_word_can_be_several_arguments() {
    let ran = run(&[
        "explain",
        "controllers",
        "not",
        "seen",
        "OOMKilled",
        "OutOfMemory:",
        "deploy",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let is_heading = |line: &&str| line.ends_with(')') && line.contains("  (");
    let headings: Vec<&str> = ran.out.lines().filter(is_heading).collect();
    assert_eq!(
        headings,
        [
            "controllers not seen, leasesForbidden, leasesAbsent  (word of the screen)",
            "OOMKilled  (word of Kubernetes)",
            "OutOfMemory  (cause)",
            "Deployment  (kind)"
        ]
    );
}

#[test]
fn without_a_word_every_word_has_its_whole_first_sentence() {
    let ran = run(&["explain"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    for lines in [
        "\n  Deployment                The literal question gets a literal answer: healthy\n\
         \x20                           is true only if the controller has seen the latest\n",
        "\n  ContainerHook             A lifecycle hook fails",
        "\n  timeout                   No answer, or no further byte, in time\n",
        "\n  OutOfMemory               OOMKilled, OOMKilling, SystemOOM\n",
    ] {
        assert!(ran.out.contains(lines), "{lines}\n{}", ran.out);
    }
    // Paths of sources are longer than the column and are not broken.
    let is_too_wide = |line: &&str| line.chars().count() > 80 && line.trim().contains(' ');
    assert_eq!(ran.out.lines().find(is_too_wide), None);
}

#[test]
fn an_unknown_word_is_refused_with_the_nearest() {
    let ran = run(&["explain", "CrashLop", "Quota"]);
    assert_eq!(
        (ran.code, ran.headline(), ran.err.as_str()),
        (
            Some(64),
            "Quota  (cause)",
            "error: unknown word \"CrashLop\", did you mean \"CrashLoop\"?\n"
        )
    );
    let ran = run(&["explain", "\u{1b}zzz"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (
            Some(64),
            "",
            "error: unknown word \"\\\\u{1b}zzz\": kubectl sre explain lists every one\n"
        )
    );
}

#[test]
fn every_word_that_the_report_defines_is_known_in_its_role() {
    let glossary = Glossary::new(DOCS);
    let unknown = |role: &[Role], word: &str| {
        let found = glossary.find(word);
        let is_known = found.iter().any(|section| role.contains(&section.role));
        (!is_known).then(|| word.to_owned())
    };
    let kinds = Kind::ALL
        .iter()
        .flat_map(|kind| [kind.kind(), kind.title(), kind.plural(), kind.singular()]);
    let mut missing: Vec<String> = kinds.filter_map(|word| unknown(&[Role::Kind], word)).collect();
    let codes = Code::ALL.iter().map(Code::as_str);
    missing.extend(codes.filter_map(|word| unknown(&[Role::Reason, Role::Cause], word)));
    missing.extend(
        State::ALL
            .iter()
            .filter_map(|state| unknown(&[Role::State], state.as_str())),
    );
    let agents = [
        "undecodable",
        "notRead",
        "stale",
        "notWatched",
        "turnedOff",
        "notListed",
        "notAsked",
    ];
    let classes = Class::ALL.into_iter().map(Class::as_str).chain(agents);
    missing.extend(classes.filter_map(|word| unknown(&[Role::Class], word)));
    let sides = [
        Side::Machine,
        Side::Network,
        Side::Proxy,
        Side::ControlPlane,
        Side::Rights,
    ];
    missing.extend(
        sides
            .into_iter()
            .filter_map(|side| unknown(&[Role::Side], side.as_str())),
    );
    let verdicts = [
        OverallHealth::Ok,
        OverallHealth::Progressing,
        OverallHealth::Degraded,
        OverallHealth::Unknown,
    ];
    let verdicts = verdicts.into_iter().map(OverallHealth::as_str);
    missing.extend(verdicts.filter_map(|word| unknown(&[Role::Screen, Role::State], word)));
    let notes = NoteCode::ALL.iter().map(|code| code.as_str());
    missing.extend(notes.filter_map(|word| unknown(&[Role::Screen], word)));
    assert_eq!(missing, [""; 0]);
}

/// The words in CamelCase of a text, such as `CrashLoop`; names of APIs with a dot or a slash are none.
fn camel_case(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "._/-$<>\\".contains(c)));
    let words = words.map(|word| word.trim_end_matches('.'));
    let is_camel_case = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().all(|c| c.is_ascii_alphabetic())
            && word.chars().skip(1).any(|c| c.is_ascii_uppercase())
            && word.chars().any(|c| c.is_ascii_lowercase())
    };
    words.filter(is_camel_case).collect()
}

fn files(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("the directory is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
}

/// Kinds that have no verdict, of Kubernetes and of other projects, and a word of this language.
const OTHER_NAMES: &[&str] = &[
    "APIs",
    "CloneSet",
    "ConfigMap",
    "DeploymentConfig",
    "EndpointSlices",
    "EphemeralRunner",
    "JobSet",
    "PriorityClass",
    "ResourceQuota",
    "SparkApplication",
    "StorageClass",
    "TaskRun",
    "ValidatingAdmissionPolicy",
];

#[test]
fn every_word_in_camel_case_that_a_check_writes_is_known() {
    let glossary = Glossary::new(DOCS);
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/src");
    let mut sources = Vec::new();
    for part in ["check", "digest", "judge", "apiserver"] {
        files(&shared.join(part), "rs", &mut sources);
    }
    let mut unknown = BTreeSet::new();
    for path in sources
        .iter()
        .filter(|path| !path.to_string_lossy().contains("tests"))
    {
        let text = std::fs::read_to_string(path).expect("a source is text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for literal in line.split('"').skip(1).step_by(2) {
                let words = camel_case(literal).into_iter();
                unknown.extend(
                    words
                        .filter(|word| glossary.find(word).is_empty())
                        .map(str::to_owned),
                );
            }
        }
    }
    unknown.retain(|word| !OTHER_NAMES.contains(&word.as_str()));
    assert_eq!(unknown.into_iter().collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_word_in_camel_case_on_the_screens_of_the_dumps_is_known() {
    let glossary = Glossary::new(DOCS);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut dumps = Vec::new();
    for (dir, extension) in [
        ("tests/reports/dumps", "json"),
        ("tests/reports/dumps", "yaml"),
        ("../examples", "yaml"),
    ] {
        files(&here.join(dir), extension, &mut dumps);
    }
    let mut unknown = BTreeSet::new();
    for dump in &dumps {
        let ran = run(&["health", "-v", "-f", &dump.to_string_lossy()]);
        for word in camel_case(&ran.out) {
            if glossary.find(word).is_empty() && !OTHER_NAMES.contains(&word) {
                let dump = dump.file_name().unwrap_or_default().to_string_lossy();
                unknown.insert(format!("{word} in {dump}"));
            }
        }
    }
    assert_eq!(unknown.into_iter().collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_heading_and_note_of_the_screen_is_known() {
    let glossary = Glossary::new(DOCS);
    let health = include_str!("../../../shared/src/apiserver/health.rs");
    let notes = health
        .split(".push(\"")
        .skip(1)
        .chain(health.split("Note = \"").skip(1))
        .filter_map(|rest| rest.split('"').next());
    let notes: Vec<&str> = notes.collect();
    assert!(notes.contains(&"controllers not seen"), "{notes:?}");
    let headings = [
        "API server",
        "Controllers",
        "Two views",
        "Record",
        "looked at",
        "not seen",
        "missing rule",
    ];
    let words = [
        "readyz not allowed",
        "not judged itself",
        "acknowledged",
        "paused",
        "cordoned",
        "old revision still serving",
    ];
    let words = notes.into_iter().chain(headings).chain(words);
    let missing: Vec<&str> = words.filter(|word| glossary.find(word).is_empty()).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_rung_of_the_path_is_known() {
    let glossary = Glossary::new(DOCS);
    let rungs = [
        "kubeconfig",
        "credential",
        "proxy",
        "dns",
        "tcp",
        "tunnel",
        "tls",
        "http",
        "clock",
        "identity",
        "rights",
        "version",
        "livez",
        "readyz",
        "flowControl",
        "controllers",
    ];
    let is_rung = |word: &&str| {
        glossary
            .find(word)
            .iter()
            .any(|section| section.role == Role::Rung)
    };
    let missing: Vec<&str> = rungs.into_iter().filter(|word| !is_rung(word)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn programs_read_the_words_as_json_with_whether_a_problem_passes_by_itself() {
    let ran = run(&[
        "explain",
        "PodSecurity",
        "quota",
        "OOMKilled",
        "notWatched",
        "-o",
        "json",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let sections = ran.json();
    let sections = sections.as_array().expect("a list");
    let facts: Vec<_> = sections
        .iter()
        .map(|section| {
            (
                &section["words"][0],
                &section["role"],
                &section["passes"],
                &section["explainedBy"],
            )
        })
        .collect();
    let (text, nothing) = (
        |text: &str| serde_json::Value::from(text),
        serde_json::Value::Null,
    );
    assert_eq!(
        facts,
        [
            (&text("PodSecurity"), &text("cause"), &text("no"), &nothing),
            (&text("Quota"), &text("cause"), &text("maybe"), &nothing),
            (
                &text("OOMKilled"),
                &text("word of Kubernetes"),
                &nothing,
                &serde_json::json!(["OutOfMemory"])
            ),
            (&text("notWatched"), &text("class"), &nothing, &nothing),
        ]
    );
    let said = sections[0]["text"].as_str().expect("text");
    assert!(said.contains("Passes by itself: no. "), "{said}");
    assert!(
        run(&["explain", "PodSecurity"])
            .out
            .contains("Passes by itself: no. ")
    );

    let all = run(&["explain", "-o", "json"]).json();
    let passes = |section: &&serde_json::Value| section.get("passes").is_some();
    let count = all.as_array().expect("a list").iter().filter(passes).count();
    assert!(count >= Code::ALL.len(), "{count}");
    let ran = run(&["explain", "CrashLop", "-o", "json"]);
    assert_eq!((ran.code, ran.out.trim()), (Some(64), "[]"));
    assert_eq!(
        ran.err,
        "error: unknown word \"CrashLop\", did you mean \"CrashLoop\"?\n"
    );
}
