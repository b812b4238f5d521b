//! Files that somebody collected from a cluster.

use crate::input::Choices;
use crate::memory;
use kubectl_sre::output::{Format, Style, TableOptions, write};
use sre_shared::dump::{File, Objects};
use sre_shared::kind::Kind;
use sre_shared::report::{Report, Status};
use sre_shared::resource::Time;
use sre_shared::run::{self, Causes, KindTarget, Request, clock};

/// The time at which all inputs are judged.
pub const AT: &str = "2026-11-01T12:00:00Z";
/// Memory that judging needs for its own.
const START: usize = 4 << 20;

const NAMES: [&str; 4] = ["dump.json", "dump.yaml", "dump.txt", "ns/pods/web-0.yaml"];

/// The report about a file, with every kind.
pub fn judge(name: &str, bytes: &[u8]) -> Report {
    let objects = Objects::read(vec![File::new(name, bytes.to_vec())]);
    let request = Request {
        kinds: Kind::ALL.iter().copied().map(KindTarget::all).collect(),
        causes: Causes::WithoutLogs,
        by_default: true,
        all_kinds: true,
        ..Request::default()
    };
    run::dump(&objects, name, &request, Time::parse(AT).ok(), clock::system)
}

/// Holds if judging is bounded and repeatable, if every output of it can be written, and if nothing is never ok.
pub fn holds(input: &[u8]) {
    let mut choices = Choices::new(input);
    let name = NAMES[usize::from(choices.byte()) % NAMES.len()];
    let bytes = choices.rest();
    let report = memory::bounded(bytes, START, 2000, || judge(name, bytes));
    let again = judge(name, bytes);
    assert_eq!(json(&report), json(&again));
    print_all(&report);
    let objects: usize = report.kinds().map(|kind| kind.items.len()).sum();
    assert!(report.status != Status::Ok || objects > 0, "ok about nothing");
}

/// Writes the report in every format.
pub fn print_all(report: &Report) {
    let narrow = Style {
        width: Some(20),
        height: Some(10),
        color: true,
        ..Style::default()
    };
    let all = Style {
        all: true,
        verbose: true,
        ..Style::default()
    };
    for style in [Style::default(), narrow, all] {
        let text = written(Format::Human, report, &style);
        assert!(!text.is_empty());
    }
    for format in [Format::Wide, Format::Yaml] {
        written(format, report, &Style::default());
    }
    let text = json(report);
    assert!(serde_json::from_str::<Report>(&text).is_ok(), "{text}");
}

/// The report as JSON.
pub fn json(report: &Report) -> String {
    written(Format::Json, report, &Style::default())
}

fn written(format: Format, report: &Report, style: &Style) -> String {
    let mut bytes = Vec::new();
    write(format, report, style, &TableOptions::default(), &mut bytes).expect("a vector takes all bytes");
    String::from_utf8(bytes).expect("an output is text")
}
