//! Flags that choose, order or request lists, with outputs and sources that have none.

use super::{Command, OsString, Refusal, parse};

fn words(line: &str) -> impl Iterator<Item = OsString> {
    std::iter::once("x")
        .chain(line.split_whitespace())
        .map(OsString::from)
}

#[test]
fn a_flag_that_has_no_meaning_is_refused_with_what_is_right() {
    for (line, expected) in [
        (
            "health -o json --no-headers",
            "--no-headers is for the table: add -o wide",
        ),
        (
            "health -o name --no-headers",
            "--no-headers is for the table: add -o wide",
        ),
        (
            "health -o junit --state degraded",
            "--state is for lists of objects: add -o wide or -o name",
        ),
        (
            "health -o markdown --all",
            "--all is for the screen, which has no room for everything: leave it out",
        ),
        (
            "health -w -o junit",
            "-o junit has no meaning with -w, which shows changes: leave it out, or give -o json for a report a change",
        ),
        (
            "health -o human -o jnit=x",
            "\"jnit\" is no value of --output, did you mean \"junit\"? (one of human, wide, json, yaml, name, markdown, github, \
             junit, prometheus)",
        ),
        ("health -o junit=", "--output: the path is empty: name a file"),
        (
            "health -o junit=x --state degraded",
            "--state is for lists of objects: add -o wide or -o name",
        ),
        (
            "health -w -o junit=x",
            "-o junit=FILE has no meaning with -w, which shows changes: leave it out, or give -o json for a report a change",
        ),
        (
            "health -w --save x",
            "--save has no meaning with -w, which shows changes: leave it out, or give -o json for a report a change",
        ),
        (
            "explain -o json=x",
            "--output: \"json=x\" is none of human, json and yaml",
        ),
        (
            "explain -o name",
            "--output: \"name\" is a form of the report of health and gate: give human, json or yaml",
        ),
        (
            "health --field-selector metadata.name",
            "--field-selector: \"metadata.name\" is no field selector: \"metadata.name\" has no =, == or !=, such as \
             metadata.name=web",
        ),
        (
            "health -f x --field-selector status.phase=Running",
            "--field-selector: status.phase is known to an API server alone; with -f give metadata.name and \
             metadata.namespace",
        ),
        (
            "health --agent --field-selector metadata.name=web",
            "--field-selector has no meaning with --agent, which answers from its cache: choose objects with -n, -l or a TARGET",
        ),
        (
            "health -f x --chunk-size 10",
            "--chunk-size has no meaning with -f, which asks no cluster: leave one of them out",
        ),
    ] {
        assert_eq!(
            parse(words(line)).err(),
            Some(Refusal::Usage(expected.to_owned())),
            "{line}"
        );
    }
}

#[test]
fn the_last_format_without_a_file_is_that_of_stdout_and_every_file_is_written() {
    let outputs = |line: &str| match parse(words(line)) {
        Ok(Command::Health(health)) => {
            let files = health
                .output_files()
                .map(|(format, path)| format!("{}={}", format.word(), path.display()));
            (health.format().word(), files.collect::<Vec<_>>().join(" "))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(outputs("health"), ("human", String::new()));
    assert_eq!(outputs("health -o json -oyaml"), ("yaml", String::new()));
    assert_eq!(outputs("health -o junit=a=b"), ("human", "junit=a=b".to_owned()));
    assert_eq!(
        outputs("health --output=junit=x.xml -o wide -o markdown=y"),
        ("wide", "junit=x.xml markdown=y".to_owned())
    );
    assert_eq!(
        outputs("health -o json=x -o json=y"),
        ("human", "json=x json=y".to_owned())
    );
}

#[test]
fn each_format_has_the_word_that_the_flag_takes() {
    use crate::output::Format;
    use clap::ValueEnum as _;
    for format in Format::value_variants() {
        let value = format.to_possible_value().expect("no format is hidden");
        assert_eq!(format.word(), value.get_name());
    }
}

#[test]
fn a_chunk_size_is_exact_and_without_it_later_pages_may_grow() {
    let page = |line: &str| match parse(words(line)) {
        Ok(Command::Health(health)) => (health.request().page_size, health.request().exact_pages),
        other => panic!("{other:?}"),
    };
    assert_eq!(page("health"), (500, false));
    assert_eq!(page("health --chunk-size 500"), (500, true));
    assert_eq!(page("health --chunk-size=0"), (0, true));
}
