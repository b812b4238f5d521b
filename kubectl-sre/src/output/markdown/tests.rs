//! The Markdown as a renderer reads it that is not ours: comrak, by the rules of `CommonMark` and of GitHub.

use super::super::sample::{HOSTILE, about, hostile, many, sample, unreached, well};
use super::{MOST_BYTES, write};
use crate::output::escape;
use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use sre_shared::report::Report;

fn markdown(report: &Report) -> String {
    let mut out = Vec::new();
    write(report, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("Markdown is text")
}

/// Every extension of GitHub and GitLab, so that as much as possible is markup.
fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.superscript = true;
    extension.footnotes = true;
    extension.alerts = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.description_lists = true;
    options
}

/// What a renderer made of a text.
#[derive(Default)]
struct Rendered {
    /// Texts outside of code, where bots look for mentions and references.
    plain: String,
    /// Texts of code.
    code: Vec<String>,
    /// Markup that is neither a table, a list, bold text, code nor our own HTML.
    foreign: Vec<String>,
    /// The number of cells of each row.
    cells: Vec<usize>,
}

fn render(text: &str) -> Rendered {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options());
    let mut rendered = Rendered::default();
    for node in root.descendants() {
        let value = &node.data.borrow().value;
        match value {
            NodeValue::Text(text) => {
                rendered.plain.push_str(text);
                rendered.plain.push('\n');
            }
            NodeValue::Code(code) => rendered.code.push(code.literal.clone()),
            NodeValue::TableRow(_) => rendered.cells.push(node.children().count()),
            NodeValue::HtmlBlock(html) => {
                let ours = [
                    "<details><summary>Evidence</summary>\n",
                    "<details><summary>Parts</summary>\n",
                    "</details>\n",
                ];
                if !ours.contains(&html.literal.as_str()) {
                    rendered.foreign.push(html.literal.clone());
                }
            }
            NodeValue::Document
            | NodeValue::Paragraph
            | NodeValue::Strong
            | NodeValue::List(_)
            | NodeValue::Item(_)
            | NodeValue::Table(_)
            | NodeValue::TableCell => {}
            other => rendered.foreign.push(format!("{other:?}")),
        }
    }
    rendered
}

#[test]
fn a_comment_has_the_verdict_a_table_of_the_problems_and_the_rest_folded_away() {
    insta::assert_snapshot!(markdown(&sample()));
}

#[test]
fn a_report_without_a_problem_is_its_verdict_and_its_parts() {
    insta::assert_snapshot!(markdown(&well()));
}

#[test]
fn an_api_server_that_does_not_answer_is_a_row_of_the_table() {
    insta::assert_snapshot!(markdown(&unreached()));
}

// github/markup#1168, agent-sh/agnix#924: a backslash does not keep `@name` from being a mention; code does.
#[test]
fn no_text_of_the_cluster_is_markup_a_mention_or_a_reference() {
    let mut reports = vec![sample(), hostile(), unreached()];
    reports.extend(HOSTILE.map(about));
    for report in reports {
        let text = markdown(&report);
        let rendered = render(&text);
        assert_eq!(rendered.foreign, [""; 0], "{text}");
        let is_mark = |c: char| "@#!~^$&<>*_`[]\\|{}".contains(c);
        let marks: Vec<&str> = rendered
            .plain
            .lines()
            .filter(|line| line.contains(is_mark))
            .collect();
        assert_eq!(marks, [""; 0], "{text}");
        for word in [
            "://", "www.", "deadbeef", "GH-12", "PROJ-123", "UTF-8", ":100:", "%3",
        ] {
            assert!(!rendered.plain.contains(word), "{word}: {text}");
        }
    }
}

// firecrawl/anydoc#84, github/markup#1437: a pipe ends a cell in code too.
#[test]
fn each_row_has_four_cells_whatever_the_cluster_writes() {
    for report in [sample(), hostile(), many(100)] {
        let text = markdown(&report);
        let cells = render(&text).cells;
        assert!(cells.len() > 2, "{text}");
        assert!(cells.iter().all(|cells| *cells == 4), "{cells:?}");
    }
}

#[test]
fn a_text_in_code_reads_as_the_cluster_wrote_it() {
    for text in HOSTILE {
        // Outside of a table, which has its own rule for pipes.
        let code = super::code(text);
        let rendered = render(&code);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let read: Vec<String> = rendered.code.iter().map(|code| words(code)).collect();
        assert_eq!(read, [words(&escape(text))], "{code}");
    }
}

// Prow's `(?mi)^/lgtm` and GitLab's quick actions read the source line by line, code or not.
#[test]
fn no_line_begins_with_a_text_of_the_cluster() {
    let text = markdown(&hostile());
    let begins = [
        "**",
        "|",
        "- ",
        "  - ",
        "<details>",
        "</details>",
        "The table",
        "",
    ];
    for line in text.lines() {
        let is_ours = begins.iter().any(|begin| match *begin {
            "" => line.is_empty(),
            begin => line.starts_with(begin),
        });
        assert!(is_ours, "{line}");
    }
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\r', '\t']));
}

// dflook/terraform-github-actions#133, runatlantis/atlantis#55: GitHub refuses a comment of more than 65,536 characters.
#[test]
fn a_comment_is_never_too_long_and_says_what_it_leaves_out() {
    for count in [10, 200, 2000] {
        let text = markdown(&many(count));
        assert!(text.len() <= MOST_BYTES, "{count}: {}", text.len());
        let rendered = render(&text);
        assert_eq!(rendered.foreign, [""; 0]);
        let rows = rendered.cells.len() - 1;
        let left = count + 1 - rows;
        let says = format!("leaves out {left} problems, 1 of them about what was not seen");
        assert_eq!(left > 0, text.contains(&says), "{count}");
        assert_eq!(left > 0, text.contains("leaves out"), "{count}");
        assert!(text.contains("<summary>Parts</summary>") && text.ends_with("</details>\n"));
    }
}

#[test]
fn plain_words_stay_plain() {
    for text in [
        "container api exited 1 (7 restarts)",
        "10.5 of 12 GB: 88% used",
        "no Deployments found, größe",
    ] {
        assert_eq!(super::inline(text), text);
    }
    for text in [
        "@all", "#1", "a:b", "%3", "UTF-8", "x_y", "1234567", "http://x", "",
    ] {
        assert!(!super::is_plain(text), "{text}");
    }
}

// pylint-dev/pylint#10948: what follows a line of HTML without a blank line is no Markdown.
#[test]
fn what_is_folded_away_is_rendered_too() {
    let arena = Arena::new();
    let text = markdown(&sample());
    let root = parse_document(&arena, &text, &options());
    let items = root
        .descendants()
        .filter(|node| matches!(node.data.borrow().value, NodeValue::Item(_)));
    let lines = text.lines().filter(|line| line.trim_start().starts_with("- "));
    assert_eq!(items.count(), lines.count(), "{text}");
}

// meixger/hackernews-daily#311: a link to an issue leaves a remark there.
#[test]
fn a_link_is_no_link() {
    let text = markdown(&about(
        "see https://github.com/acme/shop/issues/1 and acme/shop#1",
    ));
    let rendered = render(&text);
    assert!(!rendered.plain.contains("acme"), "{text}");
    assert_eq!(rendered.foreign, [""; 0], "{text}");
}
