//! Tests of the command line: flags, their defaults, and refusals.

use super::grammar::Args;
use super::values::{delay, limit, optional_address};
use super::*;

fn read(words: &str) -> Result<Command, clap::Error> {
    super::read(
        std::iter::once("sre-agent")
            .chain(words.split_whitespace())
            .map(OsString::from),
    )
}

fn serve(words: &str) -> Serve {
    match read(words) {
        Ok(Command::Serve(serve)) => *serve,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_flags_have_the_documented_defaults() {
    let command = serve("");
    let settings = command.settings;
    assert_eq!(settings.cluster.source, ConfigSource::InCluster);
    assert_eq!(settings.address.to_string(), ":8080");
    assert_eq!(settings.kinds, Kind::by_default().collect::<Vec<_>>());
    assert!(settings.namespaces.is_empty());
    assert_eq!(settings.stale_after, Duration::from_mins(3));
    assert_eq!(settings.request_timeout, Duration::from_secs(10));
    assert_eq!(settings.max_connections, 1024);
    assert_eq!(settings.metrics_address, None);
    assert_eq!(settings.shutdown_delay, Duration::ZERO);
    assert_eq!((settings.slo, serve("--slo=").settings.slo), (99.9, 99.9));
    assert_eq!(
        (
            settings.write_canary,
            serve("--write-canary=").settings.write_canary
        ),
        (None, None)
    );
    assert!(settings.causes && serve("--causes=").settings.causes);
    assert_eq!(
        (command.log_format, command.log_level),
        (LogFormat::Text, LogLevel::Info)
    );
}

#[test]
fn every_flag_is_read() {
    let words = "--kubeconfig k --context c --address [::1]:1 --metrics-address :9 --shutdown-delay 5s --kinds deploy,deployments --namespaces b,a,b \
                 --stale-after 90s --request-timeout 2s --max-connections 3 --log-format json --log-level debug --causes=false";
    let command = serve(words);
    let settings = command.settings;
    assert_eq!(settings.cluster.source, ConfigSource::File("k".into()));
    assert_eq!(settings.cluster.context.as_deref(), Some("c"));
    assert_eq!(settings.cluster.deadlines.connect, Duration::from_secs(2));
    assert_eq!(settings.metrics_address.unwrap().to_string(), ":9");
    assert_eq!(settings.shutdown_delay, Duration::from_secs(5));
    assert_eq!(settings.kinds, [Kind::Deployment]);
    assert_eq!(settings.namespaces, ["a", "b"]);
    assert!(!settings.causes);
    assert_eq!(
        (settings.stale_after.as_secs(), settings.max_connections),
        (90, 3)
    );
    assert_eq!(
        (command.log_format, command.log_level),
        (LogFormat::Json, LogLevel::Debug)
    );
}

#[test]
fn every_flag_has_its_environment_variable() {
    for argument in Args::command()
        .get_arguments()
        .filter(|a| !["help", "version"].contains(&a.get_id().as_str()))
    {
        let name = argument.get_long().unwrap().replace('-', "_").to_uppercase();
        assert_eq!(argument.get_env().unwrap(), format!("SRE_AGENT_{name}").as_str());
    }
}

#[test]
fn a_delay_may_be_zero() {
    assert_eq!(delay("0"), Ok(Duration::ZERO));
    assert_eq!(delay(" 0s "), Ok(Duration::ZERO));
    assert_eq!(delay("5s"), Ok(Duration::from_secs(5)));
    assert!(delay("5").is_err());
}

#[test]
fn an_invalid_limit_is_refused_with_the_nearest_right_one() {
    assert_eq!(limit(" 2s "), Ok(Duration::from_secs(2)));
    assert_eq!(limit("90"), Err("the unit is missing, did you mean 90s?".into()));
    assert_eq!(limit("99999h"), Err("longer than a year".into()));
    for text in ["", "-3m", "1m30", "0", "0s", "0ms", "99999999999h"] {
        assert!(limit(text).is_err(), "{text}");
    }
}

#[test]
fn an_empty_metrics_address_is_none() {
    assert_eq!(optional_address("").unwrap().0, None);
}

#[test]
fn urls_to_probe_are_read() {
    let Ok(Command::Probe(probe)) = read("probe http://a/healthz tcp://10.0.0.1:80 --timeout 2s") else {
        panic!("no probe");
    };
    assert_eq!(
        (probe.targets.len(), probe.timeout, probe.patience),
        (2, Duration::from_secs(2), Duration::ZERO)
    );
    let Ok(Command::Probe(probe)) = read("probe --patience=30s http://a/") else {
        panic!("no probe");
    };
    assert_eq!(probe.patience, Duration::from_secs(30));
}

#[test]
fn kinds_are_chosen_by_every_name_and_watched_in_one_order() {
    let kinds = |words: &str| match read(words) {
        Ok(Command::Serve(serve)) => serve.settings.kinds,
        other => panic!("{words}: {other:?}"),
    };
    assert_eq!(
        kinds("--kinds cj,sts,StatefulSet"),
        [Kind::StatefulSet, Kind::CronJob]
    );
    assert_eq!(
        kinds("--kinds svc,pvc"),
        [Kind::PersistentVolumeClaim, Kind::Service]
    );
    assert_eq!(kinds("--kinds job,all"), Kind::ALL);
    assert_eq!(kinds("--kinds="), Kind::by_default().collect::<Vec<_>>());
}

#[test]
fn the_chart_chooses_the_same_kinds_and_knows_every_other() {
    let command = Args::command();
    let flag = command.get_arguments().find(|flag| flag.get_id() == "kinds");
    let help = flag.and_then(|flag| flag.get_help()).unwrap().to_string();
    let defaults: Vec<&str> = Kind::by_default().map(Kind::plural).collect();
    assert!(
        help.contains(&format!("[default: {}]", defaults.join(","))),
        "{help}"
    );
    let values = include_str!("../../../helm/sre-agent/values.yaml");
    let listed = format!("\nkinds:\n  - {}\n\n", defaults.join("\n  - "));
    assert!(
        values.contains(&listed),
        "helm/sre-agent/values.yaml does not hold {listed}"
    );
    let schema = include_str!("../../../helm/sre-agent/values.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let known = schema["properties"]["kinds"]["items"]["enum"].as_array().unwrap();
    for kind in Kind::ALL {
        assert!(
            known.contains(&kind.plural().into()),
            "values.schema.json lacks {}",
            kind.plural()
        );
    }
}

#[test]
fn the_chart_grants_the_related_kinds_that_each_kind_is_judged_by() {
    let chart = include_str!("../../../helm/sre-agent/templates/_helpers.tpl");
    for kind in Kind::ALL {
        let others: Vec<&str> = kind.related_kinds().iter().map(|c| c.plural()).collect();
        let start = format!("{}: {{group: ", kind.plural());
        let line = chart.lines().find(|line| line.starts_with(&start)).unwrap();
        let reads = format!(", reads: [{}]}}", others.join(", "));
        assert_eq!(line.ends_with(&reads), !others.is_empty(), "{line}");
        assert_eq!(line.contains("reads"), !others.is_empty(), "{line}");
    }
}

#[test]
fn tokens_and_tls_are_off_unless_they_are_asked_for() {
    let settings = |words: &str| {
        let settings = serve(words).settings;
        (settings.authenticate, settings.tls)
    };
    for (words, authenticate) in [
        ("", false),
        ("--authenticate", true),
        ("--authenticate=true", true),
        ("--authenticate=false", false),
    ] {
        assert_eq!(settings(words), (authenticate, None), "{words}");
    }
    let files = TlsFiles {
        certificate: "a.crt".into(),
        key: "a.key".into(),
    };
    assert_eq!(
        settings("--tls-cert-file a.crt --tls-private-key-file a.key"),
        (false, Some(files))
    );
}

#[test]
fn wrong_input_is_refused_with_the_nearest_right_one() {
    for (words, part) in [
        ("--context c", "give --kubeconfig PATH too"),
        ("--kinds deploymnts", "did you mean \"deployments\"?"),
        ("--kinds zzz", "those are: deployments"),
        ("--kinds apiserver", "the API server is always checked"),
        ("--namespaces Shop", "no name of a namespace"),
        ("--namespaces a,,b", "a name in --namespaces is empty"),
        ("--namespaces *", "leave --namespaces out"),
        ("--address 8080", "did you mean :8080?"),
        ("--stale-after 90", "did you mean 90s?"),
        ("--causes=some", "neither true nor false"),
        ("--max-connections 0", "0 is not in 1..=65535"),
        ("--log-level inf", "info"),
        ("--metrics-address 9", "did you mean :9?"),
        ("--shutdown-delay 5", "did you mean 5s?"),
        ("serve", "unrecognized subcommand 'serve'"),
        ("probe", "required arguments were not provided"),
        ("probe ftp://a/", "only HTTP and HTTPS"),
        ("--authenticate=maybe", "neither true nor false"),
        ("--authenticate x", "cannot be used with"),
        ("--tls-cert-file a", "a certificate needs its key"),
        ("--tls-private-key-file a", "a certificate needs its key"),
        ("probe http://a/ --timeout 0s", "longer than 0"),
        ("--address :1 probe http://a/", "cannot be used with"),
    ] {
        let error = read(words).unwrap_err().to_string();
        assert!(error.contains(part), "{words}: {error}");
    }
}

#[test]
fn an_objective_is_a_percentage_with_an_error_budget() {
    for (text, slo) in [("99.9", Some(99.9)), ("99.99%", Some(99.99)), ("50", Some(50.0))] {
        assert_eq!(super::values::slo(text).ok(), slo, "{text}");
    }
    for (text, message) in [
        ("0.999", "it is in percent, did you mean 99.9?"),
        ("100", "it is at least 50 and less than 100"),
        ("0", "it is at least 50 and less than 100"),
        ("-5", "it is at least 50 and less than 100"),
        ("NaN", "it is at least 50 and less than 100"),
        ("three nines", "a number of percent is expected, such as 99.9"),
    ] {
        assert_eq!(super::values::slo(text), Err(message.into()), "{text}");
    }
    let lease = serve("--write-canary sre-tools/canary").settings.write_canary;
    assert_eq!(
        lease.map(|lease| lease.to_string()).as_deref(),
        Some("sre-tools/canary")
    );
    assert!(read("--write-canary canary").is_err());
}
