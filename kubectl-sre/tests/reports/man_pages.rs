//! docs/man: generated from the grammar of the command line. Release archives have these pages.

use clap::Command;
use std::collections::BTreeMap;
use std::path::Path;

/// The pages of a command and its subcommands, by their file names.
fn pages(command: &Command, name: &str, pages: &mut BTreeMap<String, String>) {
    pages.insert(format!("{name}.1"), page(command, name));
    let shown = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help");
    for subcommand in shown {
        self::pages(subcommand, &format!("{name}-{}", subcommand.get_name()), pages);
    }
}

fn page(command: &Command, name: &str) -> String {
    // A version would change every page with each release.
    let shown: &'static str = name.to_owned().leak();
    let named = command.clone().name(shown).version(None::<&str>);
    let man = clap_mangen::Man::new(named);
    let mut roff = Vec::new();
    man.render_name_section(&mut roff)
        .expect("a buffer takes everything");
    man.render_synopsis_section(&mut roff)
        .expect("a buffer takes everything");
    man.render_description_section(&mut roff)
        .expect("a buffer takes everything");
    man.render_options_section(&mut roff)
        .expect("a buffer takes everything");
    if command.has_subcommands() {
        man.render_subcommands_section(&mut roff)
            .expect("a buffer takes everything");
    }
    let sections = String::from_utf8(roff).expect("roff is text");
    // A page has no date: it would change each of them.
    let title = format!(".TH {} 1 \"\" kubectl-sre \"kubectl sre\"\n", name.to_uppercase());
    let mut text = title + &sections;
    if let Some(after) = command.get_after_help() {
        // A page would fill its lines, and examples are to be copied as they are.
        text.push_str(".SH NOTES\n.nf\n");
        for line in after.to_string().lines() {
            let escaped = line.replace('\\', "\\e").replace('-', "\\-");
            let guard = if escaped.starts_with(['.', '\'']) {
                "\\&"
            } else {
                ""
            };
            text.extend([guard, escaped.as_str(), "\n"]);
        }
        text.push_str(".fi\n");
    }
    text
}

#[test]
fn the_man_pages_in_the_repository_are_those_of_the_grammar() {
    let mut generated = BTreeMap::new();
    pages(&kubectl_sre::cli::grammar(), "kubectl-sre", &mut generated);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/man");
    let present: BTreeMap<String, String> = std::fs::read_dir(&repository)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).expect("a page is text");
            (
                entry.file_name().to_string_lossy().into_owned(),
                text.replace("\r\n", "\n"),
            )
        })
        .collect();
    if present != generated {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("man");
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).expect("the folder of temporary files of the tests is there");
        for (name, page) in &generated {
            std::fs::write(directory.join(name), page).expect("it can be written to");
        }
        panic!(
            "the grammar has changed: rm -rf docs/man && cp -r {} docs/man",
            directory.display()
        );
    }
}
