//! Places of a command line, and the words that fit there. None of these lines reaches a cluster.

use super::complete;

/// The candidates for the last word of a line. A line that ends with a space is completed by a new word.
fn answer(line: &str) -> String {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(complete(&words)).to_string()
}

/// The words of the candidates in one line, and the directive.
fn words(line: &str) -> String {
    let answer = answer(line);
    let words = answer
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn subcommands_are_completed_with_what_they_do() {
    assert_eq!(
        words(""),
        "changes completion explain fleet gate health help version :4"
    );
    assert_eq!(
        answer("ga"),
        "gate\tRun a command, wait for what it changes, and fail on what it makes worse\n:4\n"
    );
    assert_eq!(words("help e"), "explain :4");
    assert_eq!(words("completion "), "bash fish help install powershell zsh :4");
    assert_eq!(words("completion install --d"), "--dir --dry-run :4");
    assert_eq!(words("nonsense "), ":4");
    assert_eq!(words("version "), ":4");
}

#[test]
fn flags_are_completed_with_their_help_and_each_once() {
    assert_eq!(
        answer("health --all-"),
        "--all-namespaces\tAll namespaces, which is the default\n:4\n"
    );
    assert_eq!(words("health --all-namespaces --all-"), ":4");
    assert_eq!(words("health -A --all-"), ":4");
    assert_eq!(words("health --as-group ops --as-g"), "--as-group :4");
    assert_eq!(words("health -n"), "-n :4");
    assert!(
        words("health -").starts_with("--agent "),
        "the short ones are not listed"
    );
    assert_eq!(words("health --nonsense --al"), ":4");
    // gate refuses what its help leaves out.
    assert_eq!(words("gate --filen"), ":4");
    assert_eq!(words("health --filen"), "--filename :4");
    assert_eq!(
        words("version --cl"),
        "--client --client-certificate --client-key --cluster :4"
    );
}

#[test]
fn values_of_a_flag_are_those_that_it_takes() {
    for (line, expected) in [
        (
            "health -o ",
            "github human json junit markdown name prometheus wide yaml :4",
        ),
        ("health --output=js", "json :4"),
        ("health -oj", "-ojson -ojunit :4"),
        ("health -o=j", "json junit :4"),
        ("health -Ao j", "json junit :4"),
        ("explain -o ", "human json yaml :4"),
        ("version --output ", "human json yaml :4"),
        ("health --color ", "always auto never :4"),
        ("health --cause=", "all auto none :4"),
        ("gate --progress ", "auto json :4"),
        ("health --sort-by na", "name namespace :4"),
        ("health --logs=", "false true :4"),
        ("health --fail-on degraded,u", "degraded,unknown :4"),
        ("health --state degraded,una", "degraded,unavailable :4"),
        ("health --kinds deploy,st", "deploy,statefulsets :4"),
        ("health --kinds=a", "all apiserver apiservices :4"),
        ("health --chunk-size ", ":4"),
        ("health --context", "--context --contexts :4"),
        // The value of --agent follows a sign, so that the next word is another one.
        ("health --agent --no-h", "--no-headers :4"),
        ("health --nonsense=", ":4"),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
}

#[test]
fn files_are_completed_only_where_files_are_taken() {
    for line in [
        "health -f ",
        "health --filename=du",
        "health --manifest ",
        "health --kubeconfig ",
        "health --certificate-authority ca",
        "completion install --dir ",
        "gate -n shop -- kubectl apply -f ",
        "gate -- kub",
    ] {
        assert_eq!(words(line), ":0", "{line}");
    }
    for line in [
        "health --timeout ",
        "health -l ",
        "health --token ",
        "health -f x -n ",
        "health -- nonsense",
    ] {
        assert_eq!(words(line), ":4", "{line}");
    }
}

#[test]
fn a_kind_is_completed_by_its_plural_or_by_the_name_that_fits() {
    for (line, expected) in [
        ("health dep", "deployments :4"),
        ("gate sts", "sts :4"),
        ("health po", "poddisruptionbudgets pods :4"),
        ("health hp", "hpa :4"),
        ("health deploy,svc,no", "deploy,svc,nodes :4"),
        ("health apis", "apiserver apiservices :4"),
        ("health apiserver apis", "apiservices :4"),
        ("health deploy/web st", "statefulsets :4"),
        // A TARGET beside these is refused.
        ("health --kinds pods ", ":4"),
        ("health --manifest x.yaml ", ":4"),
        // No cluster knows the names of a dump.
        ("health -f dump.json deploy ", ":4"),
        ("health nonsense ", ":4"),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
    assert_eq!(
        answer("health statefuls"),
        "statefulsets\tStatefulSet (statefulset, sts)\n:4\n"
    );
}

#[test]
fn words_of_reports_are_completed_with_what_they_mean() {
    let answer = answer("explain CrashL");
    let (word, meaning) = answer.split_once('\t').expect("a description");
    assert_eq!(word, "CrashLoop");
    assert!(!meaning.trim().is_empty(), "{answer}");
    // A shell would read two words.
    assert!(
        !words("explain ").contains("controllers not"),
        "{}",
        words("explain ")
    );
}
