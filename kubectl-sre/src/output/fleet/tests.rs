use super::write;
use crate::output::sample::{sample, unreached, well};
use crate::output::{Format, Style};
use sre_shared::fleet::{FleetCluster, FleetReport, FleetSource};

const HOSTILE: &str = "a|b `x` @all\u{1b}[2J\u{202e} \"q\" <b>";

fn fleet() -> FleetReport {
    let cluster = |name: &str, report, is_reached| FleetCluster {
        hint: Some(format!(
            "kubectl sre health --context {}",
            sre_shared::shell::quoted(name)
        )),
        ..FleetCluster::new(name.to_owned(), report, is_reached)
    };
    let clusters = vec![
        cluster("prod-us", well(), true),
        cluster("lab-3", unreached(), false),
        cluster("prod-eu", sample(), true),
        cluster(HOSTILE, unreached(), false),
    ];
    FleetReport::new(
        FleetSource::default(),
        "2026-11-30T12:00:00Z".to_owned(),
        clusters,
    )
}

fn written(format: Format, style: &Style) -> String {
    let mut out = Vec::new();
    write(format, &fleet(), style, false, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("text")
}

fn shown(format: Format) -> String {
    written(format, &Style::default())
}

#[test]
fn the_screen_has_one_row_a_cluster_and_the_worst_first() {
    insta::assert_snapshot!(shown(Format::Human));
}

#[test]
fn a_narrow_screen_has_the_messages_below_the_names() {
    let style = Style {
        width: Some(48),
        ..Style::default()
    };
    for line in written(Format::Human, &style)
        .lines()
        .filter(|line| !line.contains("a|b"))
    {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 48, "{line}");
    }
}

// onatm/kubectl-allctx#3: a line that grep finds has to say which cluster it is from.
#[test]
fn each_line_of_the_table_begins_with_its_cluster() {
    let text = shown(Format::Wide);
    let firsts: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split("   ").next().map(str::trim))
        .collect();
    assert_eq!(firsts.len(), 5, "{text}");
    assert_eq!(
        (firsts[0], firsts[1], firsts[3], firsts[4]),
        ("CLUSTER", "prod-eu", "lab-3", "prod-us")
    );
}

// derailed/k9s#2446: names of contexts have blanks, and more.
#[test]
fn a_name_moves_no_cursor_and_stays_one_word() {
    for format in [
        Format::Human,
        Format::Wide,
        Format::Json,
        Format::Name,
        Format::Markdown,
        Format::Junit,
        Format::Prometheus,
    ] {
        let text = shown(format);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{format:?} {text}");
    }
    assert_eq!(
        shown(Format::Name).lines().collect::<Vec<_>>()[1],
        "'a|b `x` @all\\u{1b}[2J\\u{202e} \"q\" <b>'"
    );
    let markdown = shown(Format::Markdown);
    let row = markdown
        .lines()
        .find(|line| line.contains("a\\|b"))
        .expect("a row");
    assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    assert!(shown(Format::Prometheus).contains(r#"cluster="a|b `x` @all\\u{1b}[2J\\u{202e} \"q\" <b>""#));
}

#[test]
fn the_metrics_of_all_clusters_stand_together_with_their_names() {
    let text = shown(Format::Prometheus);
    for name in [
        "sre_check_status",
        "sre_not_seen",
        "sre_apiserver_up",
        "sre_fleet_cluster_reached",
    ] {
        assert_eq!(
            text.matches(&format!("# TYPE {name} gauge\n")).count(),
            1,
            "{text}"
        );
    }
    assert!(
        text.contains("sre_fleet_cluster_reached{cluster=\"lab-3\"} 0\n"),
        "{text}"
    );
    assert!(
        text.contains("sre_check_status{cluster=\"prod-us\",check=\"apiserver\",status=\"ok\"} 1\n"),
        "{text}"
    );
    assert!(!text.contains("sre_objects{cluster=\"lab-3\""), "{text}");
}

#[test]
fn a_cluster_that_was_not_seen_is_an_error_and_not_a_failure() {
    let text = shown(Format::Junit);
    assert!(
        text.contains("tests=\"4\" skipped=\"0\" failures=\"1\" errors=\"2\""),
        "{text}"
    );
}

#[test]
fn a_saved_result_is_read_as_it_was() {
    let text = shown(Format::Json);
    let back: FleetReport = serde_json::from_str(&text).expect("our own JSON");
    assert_eq!(back, fleet());
    assert_eq!((back.kind.as_str(), back.summary.not_reached), ("FleetReport", 2));
}
