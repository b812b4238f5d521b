use super::values::{duration, run_timeout};
use super::*;
use sre_shared::cluster::{Kuberc, Overrides};
use sre_shared::kind::Kind;
use sre_shared::run::{Causes, Request};
use std::collections::BTreeMap;
use std::time::Duration;

/// The request that a command line makes.
fn request(line: &str) -> Request {
    let args = std::iter::once("x").chain(line.split_whitespace());
    match parse(args.map(OsString::from)) {
        Ok(Command::Health(health)) => health.request(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn logs_are_read_unasked_only_for_a_person_on_a_terminal() {
    let causes = |line: &str, on_terminal| {
        let args = std::iter::once("x").chain(line.split_whitespace());
        match parse(args.map(OsString::from)) {
            Ok(Command::Health(health)) => HealthSettings::new(&health, on_terminal).request.causes,
            other => panic!("{other:?}"),
        }
    };
    for (line, on_terminal, off_terminal) in [
        ("health", Causes::WithQuickLogs, Causes::WithoutLogs),
        ("health -v", Causes::WithQuickLogs, Causes::WithoutLogs),
        ("health -o junit=x", Causes::WithoutLogs, Causes::WithoutLogs),
        ("health --save x", Causes::WithoutLogs, Causes::WithoutLogs),
        ("health --logs", Causes::WithLogs, Causes::WithLogs),
        ("health --logs=1 -o json", Causes::WithLogs, Causes::WithLogs),
        ("health --logs=false", Causes::WithoutLogs, Causes::WithoutLogs),
        (
            "health --logs --logs=false",
            Causes::WithoutLogs,
            Causes::WithoutLogs,
        ),
        (
            "health --logs=false --agent",
            Causes::WithoutLogs,
            Causes::WithoutLogs,
        ),
        ("health -o json", Causes::WithoutLogs, Causes::WithoutLogs),
        ("health -q", Causes::WithoutLogs, Causes::WithoutLogs),
        ("health --cause none", Causes::None, Causes::None),
    ] {
        assert_eq!(causes(line, true), on_terminal, "{line}");
        assert_eq!(causes(line, false), off_terminal, "{line}");
    }
}

fn usage(line: &str) -> String {
    let args = std::iter::once("kubectl-sre")
        .chain(line.split_whitespace())
        .map(OsString::from);
    match parse(args) {
        Err(Refusal::Usage(line)) => line,
        other => format!("{other:?}"),
    }
}

#[test]
fn every_refused_input_gets_one_line_with_the_nearest_right_one() {
    for (line, expected) in [
        (
            "-nshop health",
            "-n goes after the command: kubectl sre health -nshop ...",
        ),
        (
            "--context=prod health",
            "--context goes after the command: kubectl sre health --context=prod ...",
        ),
        (
            "--colour",
            "unknown flag --colour: kubectl sre health --help lists those there are",
        ),
        (
            "health --manifest x deploy",
            "a TARGET has no meaning with --manifest, whose objects are judged: leave out one of the two",
        ),
        (
            "health --manifest x --kinds deploy",
            "--kinds has no meaning with --manifest, whose objects are judged: leave out one of the two",
        ),
        (
            "health --manifest x -l app=web",
            "-l has no meaning with --manifest, whose objects are judged: leave out one of the two",
        ),
        (
            "health --manifest x -A",
            "-A has no meaning with --manifest, whose objects are judged: leave out one of the two",
        ),
        (
            "health --manifest x -f y",
            "-f has no meaning with --manifest, whose objects are judged: leave out one of the two",
        ),
        ("health --manifest", "--manifest needs a value"),
        ("helth", "unknown command \"helth\", did you mean \"health\"?"),
        (
            "health deploymnts",
            "unknown target \"deploymnts\", did you mean \"deployments\"?",
        ),
        (
            "health deplyo/web",
            "unknown target \"deplyo/web\", did you mean \"deploy/web\"?",
        ),
        (
            "health zzz",
            "unknown target \"zzz\": apiserver, deployments, deploy/NAME or, of another API group, certificates.cert-manager.io",
        ),
        (
            "health deploy/",
            "\"deploy/\": \"\" is no name of an object, such as deploy/checkout",
        ),
        (
            "health -o jsn",
            "\"jsn\" is no value of --output, did you mean \"json\"? (one of human, wide, json, yaml, name, markdown, github, junit, prometheus)",
        ),
        (
            "health --colour never",
            "unknown flag --colour, did you mean --color?",
        ),
        ("health --agents", "unknown flag --agents, did you mean --agent?"),
        (
            "health --agent=sre-agent",
            "--agent: \"sre-agent\" is no NAMESPACE/SERVICE, such as sre-tools/sre-agent",
        ),
        (
            "health --agent-url localhost:8080",
            "--agent-url: it is no URL, did you mean http://localhost:8080?",
        ),
        (
            "health deploy --agent-url http://x --context y",
            "--context has no meaning with --agent-url, unless the API server is judged too: leave one of them out, \
             or add the target apiserver",
        ),
        (
            "health -f x --agent",
            "--agent has no meaning with -f, which asks no cluster: leave one of them out",
        ),
        (
            "health --agent --agent-url http://x",
            "the argument '--agent[=<NAMESPACE/SERVICE>]' cannot be used with '--agent-url <URL>'",
        ),
        (
            "health --fail-on broken",
            "--fail-on: \"broken\" is none of progressing, degraded, unknown",
        ),
        (
            "health -n Shop",
            "--namespace: \"Shop\" is no name of a namespace: lower-case letters, digits and -, at most 63",
        ),
        (
            "health -n shop -n pay",
            "-n shop and -n pay: give one namespace, or leave out -n for all of them",
        ),
        (
            "health --kinds deploy,cm",
            "--kinds: ConfigMaps are not judged; kinds: deployments, statefulsets, daemonsets, jobs, cronjobs, rollouts, \
             replicasets, replicationcontrollers, pods, nodes, namespaces, persistentvolumeclaims, services, \
             horizontalpodautoscalers, poddisruptionbudgets, apiservices, validatingwebhookconfigurations, \
             mutatingwebhookconfigurations",
        ),
        ("zzz", "unknown command \"zzz\": kubectl sre help lists them"),
        (
            "health -l a=b,",
            "--selector: \"a=b,\" is no label selector: a requirement is empty",
        ),
        (
            "health --timeout soon",
            "--timeout: \"soon\" is no time: a number of seconds, or such as 500ms, 30s, 5m or 1h30m",
        ),
        (
            "health --cause some",
            "\"some\" is no value of --cause: one of auto, all, none",
        ),
        (
            "health --state degraded",
            "--state is for lists of objects: add -o wide or -o name",
        ),
        (
            "health -o json --sort-by name",
            "--sort-by is for lists of objects: add -o wide or -o name",
        ),
        (
            "health -o wide --state degarded",
            "--state: \"degarded\" is no state, did you mean \"degraded\"?",
        ),
        (
            "version -o wide",
            "--output: \"wide\" is a form of the report of health and gate: give human, json or yaml",
        ),
        (
            "health --logs --cause none",
            "--logs has no meaning with --cause none: leave one of them out",
        ),
        (
            "health --logs -f x",
            "--logs has no meaning with -f, since a dump holds no logs: leave one of them out",
        ),
        (
            "health --logs --agent",
            "--logs has no meaning with --agent, which reads no logs: leave one of them out",
        ),
        (
            "health --logs=maybe",
            "--logs: \"maybe\" is neither true nor false",
        ),
        ("health -f x --at noon", "--at: \"noon\" is not an RFC 3339 time"),
        (
            "health -f x apiserver",
            "the API server cannot be judged from a dump: leave out apiserver, or -f",
        ),
        (
            "health -f x --kinds deploy,apiserver",
            "the API server cannot be judged from a dump: leave out apiserver, or -f",
        ),
        (
            "health --kinds deploy,cronjbs",
            "--kinds: unknown kind \"cronjbs\", did you mean \"cronjobs\"?",
        ),
        (
            "health --kinds deploy/web",
            "--kinds: \"deploy/web\" names one object: give it as TARGET, without --kinds",
        ),
        (
            "health --kinds deploy sts",
            "--kinds chooses kinds and so does a TARGET: give one of the two",
        ),
        (
            "health -f x --context y",
            "--context has no meaning with -f, which asks no cluster: leave one of them out",
        ),
    ] {
        let got = usage(line);
        assert!(
            got == expected || (line.contains("--at") && got.starts_with(expected)),
            "{line}: {got}"
        );
    }
    let at = |rest: &str| usage(&format!("health --at 2026-01-01T00:00:00Z {rest}"));
    assert!(
        at("").starts_with("--at asks the history of an agent, since an API server knows only the present")
    );
    for (rest, part) in [
        ("--agent -l app=web", "-l, since the history has no labels"),
        ("--agent apiserver", "apiserver, which the history does not have"),
        ("--agent --kinds apiserver,jobs", "apiserver, which"),
        ("--agent-url http://127.0.0.1:1 --wait", "--wait, which waits"),
        ("--agent -w", "-w, which shows"),
        ("--agent --manifest x", "--manifest, whose"),
    ] {
        assert!(
            at(rest).starts_with(&format!("--at has no meaning with {part}")),
            "{rest}: {}",
            at(rest)
        );
    }
    assert!(!usage("health -q -v").contains('\n'));
}

#[test]
fn every_flag_of_a_connection_means_the_same_as_in_kubectl() {
    let line = "x health -n shop --cluster c --user u -s https://s --tls-server-name t \
                --insecure-skip-tls-verify --certificate-authority ca --client-certificate crt --client-key key \
                --token tok --as joe --as-group g --as-group h --as-uid 7 --as-user-extra a=1 --as-user-extra a=2 \
                --disable-compression=true --kuberc k";
    let Ok(Command::Health(health)) = parse(line.split_whitespace().map(OsString::from)) else {
        panic!("the flags are refused");
    };
    let text = |value: &str| Some(value.to_owned());
    assert_eq!(
        health.connection.overrides(health.namespace()),
        Overrides {
            cluster: text("c"),
            user: text("u"),
            namespace: text("shop"),
            server: text("https://s"),
            tls_server_name: text("t"),
            insecure_skip_tls_verify: true,
            certificate_authority: text("ca"),
            client_certificate: text("crt"),
            client_key: text("key"),
            token: text("tok"),
            impersonate: text("joe"),
            impersonate_uid: text("7"),
            impersonate_groups: vec!["g".into(), "h".into()],
            impersonate_user_extra: BTreeMap::from([("a".to_owned(), vec!["1".to_owned(), "2".to_owned()])]),
            disable_compression: true,
            kuberc: Kuberc::File("k".into()),
        }
    );
    assert!(!format!("{health:?}").contains("tok\""), "a token is never shown");
    let line =
        "x health --context a --context b -n= --kubeconfig= --as joe --as-user-extra a --request-timeout=-1s";
    let Ok(Command::Health(health)) = parse(line.split_whitespace().map(OsString::from)) else {
        panic!("flags that kubectl takes are refused");
    };
    assert_eq!(
        (health.connection.context.as_deref(), health.request().namespace),
        (Some("b"), None)
    );
    assert_eq!(health.connection.request_timeout, Duration::ZERO);
    assert_eq!(
        health.connection.overrides(health.namespace()),
        Overrides {
            namespace: text(""),
            impersonate: text("joe"),
            kuberc: Kuberc::Environment,
            ..Overrides::default()
        }
    );
    assert_eq!(
        usage("health -f x --token y"),
        "--token has no meaning with -f, which asks no cluster: leave one of them out"
    );
    for (value, expected) in [
        ("=1", Some(true)),
        ("=F", Some(false)),
        ("", Some(true)),
        ("=yes", None),
    ] {
        let line = format!("x health --insecure-skip-tls-verify{value}");
        let parsed = match parse(line.split_whitespace().map(OsString::from)) {
            Ok(Command::Health(health)) => Some(health.connection.insecure_skip_tls_verify),
            _ => None,
        };
        assert_eq!(parsed, expected, "{line}");
    }
}

#[test]
fn without_a_command_and_with_help_the_help_is_shown() {
    let help = |line: &str| {
        let args = std::iter::once("kubectl-sre").chain(line.split_whitespace());
        match parse(args.map(OsString::from)) {
            Err(Refusal::Help(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    };
    let bare = help("");
    assert!(bare.contains("\n  health "), "{bare}");
    assert!(bare.contains("    kubectl sre health deploy checkout"), "{bare}");
    for line in ["help", "--help", "-h"] {
        assert_eq!(help(line), bare, "{line}");
    }
    for line in ["help health", "health -h"] {
        assert!(
            help(line).contains("Usage: kubectl sre health [OPTIONS] [TARGET]..."),
            "{line}"
        );
    }
    assert_eq!(
        usage("help helth"),
        "unknown command \"helth\", did you mean \"health\"?"
    );
}

#[test]
fn times_are_read_as_kubectl_reads_them() {
    let ms = |text| duration(text).map(|d| d.as_millis());
    assert_eq!(ms("0"), Ok(0));
    assert_eq!(ms("90"), Ok(90_000));
    assert_eq!(ms("1h30m"), Ok(5_400_000));
    assert_eq!(ms("500ms"), Ok(500));
    assert_eq!(ms("1.5s"), Ok(1500));
    assert_eq!(ms("2500us"), Ok(2));
    assert_eq!(ms("0s"), Ok(0));
    assert_eq!(ms(".5s"), Ok(500));
    assert_eq!(ms("1.s"), Ok(1000));
    assert_eq!(ms("1m30s"), Ok(90_000));
    assert_eq!(ms("+5s"), Ok(5000));
    assert_eq!(ms("3000us"), Ok(3));
    assert_eq!(ms("1000h"), Ok(3_600_000_000));
    for wrong in [
        "",
        "+",
        "s",
        "-1s",
        "-1",
        "1x",
        "1d",
        "9999999h",
        "1..5s",
        "5 s",
        "1s30",
        ".",
        "18446744073709549568s18446744073709549568s",
        "99999999999999999999999h",
        "9223372036s9223372036s",
    ] {
        assert!(duration(wrong).is_err(), "{wrong}");
    }
    for nothing in ["0", "0s", "0.0s", "+0", "0.1ns"] {
        assert_eq!(
            usage(&format!("health --timeout {nothing}")),
            format!(
                "--timeout: \"{nothing}\" leaves no time to ask anything: give such as 30s or 5m, or leave it out"
            )
        );
    }
    assert_eq!(run_timeout("8ms"), Ok(Duration::from_millis(8)));
}

#[test]
fn the_name_in_the_usage_follows_the_name_of_the_program() {
    let name = |arg0: &str| program_name(Some(arg0.into()));
    assert_eq!(name("/usr/local/bin/kubectl-sre"), "kubectl sre");
    assert_eq!(name("kubectl-sre.exe"), "kubectl sre");
    assert_eq!(name("./sre"), "sre");
}

#[test]
fn targets_become_a_request() {
    let ask = |line: &str| {
        let ask = request(line);
        (
            ask.api_server,
            ask.kinds.into_iter().map(|w| w.names).collect::<Vec<_>>(),
            ask.namespace,
        )
    };
    assert_eq!(ask("health"), (true, vec![vec![]; 5], None));
    assert_eq!(ask("health apiserver"), (true, vec![], None));
    assert_eq!(ask("health deploy -n a"), (false, vec![vec![]], Some("a".into())));
    assert_eq!(
        ask("health deploy/a deploy/b deploy/a"),
        (false, vec![vec!["a".into(), "b".into()]], None)
    );
    assert_eq!(
        ask("health deploy,sts a -n b -n b"),
        (false, vec![vec!["a".into()], vec!["a".into()]], Some("b".into()))
    );
    assert_eq!(ask("health -n a -A").2, None);
}

#[test]
fn kinds_are_chosen_by_every_name_in_any_order_and_reported_in_one() {
    let ask = |line: &str| {
        let ask = request(line);
        let kinds: Vec<&str> = ask.kinds.iter().map(|w| w.kind.plural()).collect();
        (ask.api_server, ask.by_default, kinds.join(","))
    };
    let defaults = "deployments,statefulsets,daemonsets,jobs,cronjobs";
    let every: Vec<&str> = Kind::ALL.iter().map(|k| k.plural()).collect();
    for (line, expected) in [
        ("health", (true, true, defaults)),
        ("health --kinds all", (true, false, every.join(",").as_str())),
        (
            "health --kinds cj,Deployment,deploy",
            (false, false, "deployments,cronjobs"),
        ),
        ("health --kinds=jobs.batch,apiserver", (true, false, "jobs")),
        ("health --kinds apiserver", (true, false, "")),
        (
            "health --kinds ds --kinds sts",
            (false, false, "statefulsets,daemonsets"),
        ),
        ("health job/a deploy", (false, false, "deployments,jobs")),
    ] {
        let (api_server, by_default, kinds) = ask(line);
        assert_eq!((api_server, by_default, kinds.as_str()), expected, "{line}");
    }
}

#[test]
fn a_kind_with_a_group_that_is_not_built_in_is_left_to_the_api_server() {
    let custom = |line: &str| match parse(line.split_whitespace().map(OsString::from)) {
        Ok(Command::Health(health)) => {
            let ask = health.request();
            assert!(!ask.api_server && ask.kinds.is_empty(), "{line}");
            let custom = ask.custom.into_iter();
            custom.map(|w| (w.kind.to_string(), w.names.join(","))).collect()
        }
        other => vec![(format!("{other:?}"), String::new())],
    };
    let kind = "certificates.cert-manager.io";
    let one = |kind: &str, names: &str| vec![(kind.to_owned(), names.to_owned())];
    assert_eq!(custom(&format!("x health {kind}")), one(kind, ""));
    assert_eq!(
        custom(&format!("x health {kind}/a {kind}/b {kind}/a")),
        one(kind, "a,b")
    );
    assert_eq!(custom(&format!("x health {kind} a b")), one(kind, "a,b"));
    assert_eq!(
        custom("x health Certificates.v1.cert-manager.io/web"),
        one("certificates.v1.cert-manager.io", "web")
    );
    assert_eq!(
        usage("health certificates.cert-manager.io/Web"),
        "\"certificates.cert-manager.io/Web\": \"Web\" is no name of an object, such as \
         certificates.cert-manager.io/checkout"
    );
    assert_eq!(
        usage("health deploy..apps"),
        "unknown target \"deploy..apps\", did you mean \"deploy\"?"
    );
}
