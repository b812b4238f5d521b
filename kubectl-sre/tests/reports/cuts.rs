//! No dump becomes ok by losing a part: each is cut at many places, and each loses the kinds of its objects.

use super::judge::{AT, dump};
use sre_shared::dump::{File, Objects};
use sre_shared::kind::Kind;
use sre_shared::report::{Report, Status};
use sre_shared::resource::Time;
use sre_shared::run::{self, KindTarget, Request, clock};

/// How many times each dump is cut.
const CUTS: usize = 60;

fn judge(name: &str, bytes: Vec<u8>) -> Report {
    let ask = Request {
        kinds: Kind::ALL.iter().copied().map(KindTarget::all).collect(),
        ..Request::default()
    };
    run::dump(
        &Objects::read(vec![File::new(name, bytes)]),
        name,
        &ask,
        Time::parse(AT).ok(),
        clock::system,
    )
}

fn objects(report: &Report) -> Vec<String> {
    let items = report.kinds().flat_map(|check| &check.items);
    items
        .map(|item| format!("{} {}/{}", item.kind, item.namespace, item.name))
        .collect()
}

/// Every dump that is a file, with its name.
fn dumps() -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(dump("")).expect("the dumps are there");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files = paths.filter(|path| path.is_file());
    files
        .map(|path| {
            let name = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read(&path).expect("it can be read"))
        })
        .collect()
}

/// Whether one document ends there and the next begins. Then nothing shows that another one is missing.
fn is_between(bytes: &[u8], end: usize) -> bool {
    let (before, behind) = bytes.split_at(end);
    let next = behind.trim_ascii_start();
    let begins = [&b"---"[..], b"{", b"apiVersion:"]
        .iter()
        .any(|start| next.starts_with(start));
    begins && (before.ends_with(b"\n") || before.ends_with(b"}") || behind.starts_with(b"\n"))
}

#[test]
fn a_dump_that_was_cut_is_never_ok_about_objects_that_it_lost() {
    let dumps = dumps();
    assert!(dumps.len() > 30, "{}", dumps.len());
    let mut wrong = Vec::new();
    for (name, bytes) in dumps {
        let whole = objects(&judge(&name, bytes.clone()));
        for number in 1..=CUTS {
            let end = bytes.len() * number / (CUTS + 1);
            if is_between(&bytes, end) {
                continue;
            }
            let report = judge(&name, bytes[..end].to_vec());
            if report.status == Status::Ok && objects(&report) != whole {
                let rest = String::from_utf8_lossy(&bytes[end..])
                    .chars()
                    .take(40)
                    .collect::<String>();
                wrong.push(format!(
                    "{name} cut at {end}, before {rest:?}: {:?}",
                    objects(&report)
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_dump_whose_objects_lost_their_kinds_is_never_ok_about_them() {
    for (name, bytes) in dumps() {
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        for kind in Kind::ALL {
            let kind = kind.kind();
            let lost = text
                .replace(&format!("\"kind\": \"{kind}\",\n"), "\n")
                .replace(&format!("\n  kind: {kind}\n"), "\n");
            if lost == text {
                continue;
            }
            let (whole, report) = (
                judge(&name, text.clone().into_bytes()),
                judge(&name, lost.into_bytes()),
            );
            // If it is the kind of an owner or of a target, no object is lost.
            assert!(
                report.status != Status::Ok || objects(&report) == objects(&whole),
                "{name} without {kind}: {:?}",
                objects(&report)
            );
        }
    }
}

#[test]
fn a_dump_that_was_damaged_anywhere_is_read_to_its_end() {
    // A fixed seed, so that the damage is the same in each run.
    let mut seed = 7_u64;
    let mut next = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits fit") % below
    };
    for (name, bytes) in dumps() {
        for _ in 0..CUTS / 2 {
            let mut damaged = bytes.clone();
            for _ in 0..=next(3) {
                let at = next(damaged.len());
                match next(4) {
                    0 => damaged[at] = b"{}[]\",:\n- \0\xff"[next(12)],
                    1 => drop(damaged.remove(at)),
                    2 => damaged.insert(at, b"{}[]\",:\n- \0\xff"[next(12)]),
                    _ => {
                        let end = (at + next(400)).min(damaged.len());
                        damaged.drain(at..end);
                    }
                }
            }
            let report = judge(&name, damaged);
            assert_eq!(report.kind, "HealthReport", "{name}");
        }
    }
}
