//! `kubectl sre explain`.

use crate::plugin::run;

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
fn without_a_word_every_word_has_a_line() {
    let ran = run(&["explain"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    for line in [
        "  Deployment                The literal question gets a literal answer",
        "  ReadyBelowDesired         Fewer pods are ready than the spec asks for, and nothing under way explains it, or \
         something has certainly gone wrong",
        "  ContainerHook             A lifecycle hook fails",
        "  timeout                   No answer, or no further byte, in time",
    ] {
        assert!(ran.out.lines().any(|l| l == line), "{line}\n{}", ran.out);
    }
}

#[test]
fn an_unknown_word_is_refused_with_the_nearest() {
    let ran = run(&["explain", "CrashLoopBackOff"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (
            Some(64),
            "",
            "error: unknown code \"CrashLoopBackOff\", did you mean \"CrashLoop\"?\n"
        )
    );
    let ran = run(&["explain", "\u{1b}zzz"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            Some(64),
            "error: unknown code \"\\\\u{1b}zzz\": kubectl sre explain lists every one\n"
        )
    );
}
