//! A gate about more objects than a report lists if nobody asks for all of them.

use super::follow::{rolling, stderr, stdout};
use super::gate::{Room, begin, server, short};
use serde_json::{Value, json};
use sre_testkit::object::Deployment;

/// A follower lists every object of a part that has a hundred or fewer.
const MANY: usize = 150;

fn name(number: usize) -> String {
    format!("web-{number:03}")
}

fn many() -> impl Iterator<Item = Deployment> {
    (0..MANY).map(|number| Deployment::new("shop", &name(number)))
}

#[test]
fn what_changes_among_many_is_waited_for_and_everything_is_compared() {
    let server = server(many().chain([short("old")]));
    let room = Room::new();
    let mut running = begin(&server, &room, &["-o", "json", "--timeout=20s"], "0");
    server.apply(rolling(&name(7)).generation(2));
    server.apply(rolling("api"));
    assert!(server.delete("shop", &name(100)));
    room.write("go");
    let mut lines = stderr(&mut running);
    lines.with("waiting for 2 objects");
    server.apply(Deployment::new("shop", &name(7)).generation(2));
    lines.with("Deployment/shop/web-007: healthy");
    server.apply(Deployment::new("shop", "api"));
    // The report does not fit into the pipe, and comes before the end of the wait.
    let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
    lines.with("all 2 objects are as they should be, after ");
    assert_eq!(running.wait().code(), Some(0));
    let part = &report["checks"][0];
    assert_eq!(
        (&part["summary"]["total"], part["items"].as_array().map(Vec::len)),
        (&json!(MANY + 1), Some(MANY + 1))
    );
    assert_eq!(
        (&report["baseline"]["gone"], &report["baseline"]["known"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn one_of_many_that_gets_worse_fails() {
    let server = server(many());
    let room = Room::new();
    let mut running = begin(&server, &room, &["--timeout=2s"], "0");
    server.apply(short(&name(140)));
    room.write("go");
    let out = stdout(&mut running).rest();
    assert_eq!(running.wait().code(), Some(2), "{out}");
    assert!(
        out.contains("web-140") && out.contains("1 object is worse than"),
        "{out}"
    );
}

#[test]
fn a_new_object_among_many_that_is_gone_again_is_a_remark() {
    let server = server(many());
    let room = Room::new();
    let mut running = begin(&server, &room, &["--timeout=20s"], "0");
    server.apply(rolling("api"));
    room.write("go");
    let mut lines = stderr(&mut running);
    lines.with("waiting for Deployment shop/api");
    assert!(server.delete("shop", "api"));
    lines.with("note: Deployment/shop/api was new and is gone: how it ended was not seen");
    assert_eq!(running.wait().code(), Some(0));
}
