//! What an answer costs: it grows with what is wrong, and little with the size of the cluster. Memory and requests for memory are
//! counted, which is the same in every run, unlike time.

use kubectl_sre::output::{Format, Style, TableOptions, write};
use serde_json::Value;
use sre_fuzz::memory::{peak_of, requests_of};
use sre_shared::decode::{ListReader, Piece};
use sre_shared::dump::{File, Objects};
use sre_shared::report::Report;
use sre_shared::resource::{Deployment, Time, from_json};
use sre_shared::run::{KindTarget, Request, clock, dump};
use sre_testkit::object::{self, List};
use std::io::Write;

const KIB: usize = 1 << 10;

fn list(healthy: usize, short: usize) -> String {
    let object = |number: usize| object::Deployment::new("shop", &format!("web-{number}")).replicas(3);
    let good = (0..healthy).map(object);
    let bad = (healthy..healthy + short).map(|number| object(number).counts(3, 3, 1, 1));
    List::new("DeploymentList", "apps/v1")
        .items(good.chain(bad).map(Value::from))
        .to_json()
}

fn report(healthy: usize, short: usize) -> Report {
    let objects = Objects::read(vec![File::new("dump.json", list(healthy, short).into_bytes())]);
    let request = Request {
        kinds: vec![KindTarget::all(
            sre_shared::kind::Kind::from_word("deployments").expect("a kind"),
        )],
        ..Request::default()
    };
    dump(
        &objects,
        "dump.json",
        &request,
        Time::parse("2026-11-01T12:00:00Z").ok(),
        clock::system,
    )
}

/// A place that takes any bytes and keeps none.
struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The most memory that writing takes beside the report.
fn memory_of(format: Format, report: &Report) -> usize {
    let style = Style::default();
    peak_of(|| write(format, report, &style, &TableOptions::default(), &mut Nowhere).expect("no error")).1
}

#[test]
fn a_list_is_cut_into_items_in_the_memory_of_one() {
    let peak = |items: usize| {
        let text = list(items, 0);
        let mut reader = ListReader::for_content_type("application/json");
        let mut found = 0;
        let ((), peak) = peak_of(|| {
            for bytes in text.as_bytes().chunks(16 * KIB) {
                let mut take = |piece: Piece<'_>| found += usize::from(matches!(piece, Piece::Item(_)));
                reader.push(bytes, &mut take).expect("a list");
            }
            reader.finish().expect("a whole list");
        });
        assert_eq!(found, items);
        peak
    };
    let (few, many) = (peak(100), peak(3000));
    assert!(
        many <= few + 4 * KIB,
        "{few} bytes for 100 items, {many} for 3,000"
    );
    assert!(many <= 64 * KIB, "{many}");
}

#[test]
fn an_item_is_decoded_with_few_requests_for_memory() {
    let text: Value = serde_json::from_str(&list(1, 0)).expect("JSON");
    let item = text["items"][0].to_string();
    let (object, requests) = requests_of(|| from_json::<Deployment>(item.as_bytes()));
    assert!(object.is_ok());
    assert!(requests <= 40, "{requests} requests for memory");
}

#[test]
fn the_screen_costs_what_is_wrong_and_not_what_is_well() {
    let memory = |healthy, short| memory_of(Format::Human, &report(healthy, short));
    let (small, large) = (memory(100, 5), memory(3000, 5));
    assert!(
        large <= small + 16 * KIB,
        "{small} bytes beside 100 healthy objects, {large} beside 3,000"
    );
}

#[test]
fn json_is_written_piece_by_piece() {
    let peak = memory_of(Format::Json, &report(3000, 5));
    assert!(peak <= 16 * KIB, "{peak}");
}
