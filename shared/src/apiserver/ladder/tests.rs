use super::*;
use crate::apiserver::facts::{AddressAnswers, HealthAnswers, PathTrace, WriteAnswer};
use crate::cluster::{
    ConnectionInfo, CredentialInfo, DialTrace, FlowControl, Handshake, Rules, Step, UserInfo,
};
use crate::failure::{Class, Failure};
use crate::resource::Time;
use std::net::SocketAddr;
use std::time::Duration;

const NOW: Time = Time::from_seconds(1_790_000_000);

fn connection() -> ConnectionInfo {
    ConnectionInfo {
        files: vec!["/home/jane/.kube/config".into()],
        context: Some("prod eu".into()),
        server: "https://api.example:6443".into(),
        host: "api.example".into(),
        port: 6443,
        credential: CredentialInfo {
            kind: "token".into(),
            ..CredentialInfo::default()
        },
        ..ConnectionInfo::default()
    }
}

fn answers() -> HealthAnswers {
    HealthAnswers {
        version: Ok("v1.37.2".into()),
        latency: Duration::from_millis(5),
        is_version_former: false,
        readyz: Ok((200, "[+]ping ok\nreadyz check passed\n".into())),
        livez: None,
        leases: Vec::new(),
        write: None,
        server_time: Some(NOW),
        local_time: NOW,
    }
}

fn walk(connection: &ConnectionInfo, answers: &HealthAnswers, trace: &PathTrace) -> Vec<Rung> {
    rungs(&Facts {
        connection,
        answers,
        trace: Some(trace),
        flow: None,
    })
}

fn rung(rungs: &[Rung], name: &str) -> Rung {
    let found = rungs.iter().find(|rung| rung.rung == name);
    found
        .cloned()
        .unwrap_or_else(|| panic!("no {name} in {rungs:#?}"))
}

fn step<T>(result: Result<T, Failure>) -> Step<T> {
    Step {
        elapsed: Duration::from_millis(1),
        result,
    }
}

fn at(last: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, last], 6443))
}

#[test]
fn one_of_several_addresses_that_refuses_is_a_warning_and_all_of_them_a_failure() {
    let refused = || Err(Failure::new(Class::Refused, "Connection refused"));
    let rung_with = |results: Vec<Result<(), Failure>>, version: Result<String, Failure>| {
        let trace = PathTrace {
            dial: DialTrace {
                tcp: (1..).map(at).zip(results.into_iter().map(step)).collect(),
                ..DialTrace::default()
            },
            ..PathTrace::default()
        };
        rung(
            &walk(&connection(), &HealthAnswers { version, ..answers() }, &trace),
            "tcp",
        )
    };
    let one = rung_with(vec![Ok(()), refused(), Ok(())], Ok("v1".into()));
    assert_eq!(
        (one.status, one.message.as_str(), one.hint.as_deref()),
        (
            RungStatus::Warning,
            "1 of 3 addresses refuses: 10.0.0.2:6443: Connection refused",
            Some("nc -vz 10.0.0.2 6443")
        )
    );
    assert_eq!(one.addresses.len(), 3);
    let gone = Failure::new(Class::Refused, "Connection refused");
    let all = rung_with(vec![refused(), refused()], Err(gone));
    assert_eq!(
        (all.status, all.side.as_deref()),
        (RungStatus::Failed, Some("the control plane"))
    );
    // An open connection is still used after its path has broken.
    let open = rung_with(vec![refused(), refused()], Ok("v1".into()));
    assert_eq!(open.status, RungStatus::Warning);
}

#[test]
fn addresses_that_differ_are_reported_one_by_one() {
    let answers_at = |last, version: &str, readyz| AddressAnswers {
        address: at(last),
        elapsed: Duration::from_millis(2),
        version: Ok(version.into()),
        readyz,
    };
    let trace = PathTrace {
        addresses: vec![
            answers_at(1, "v1.37.2", Ok((200, "ok".into()))),
            answers_at(
                2,
                "v1.36.5",
                Ok((500, "[-]etcd failed: reason withheld\n".into())),
            ),
        ],
        ..PathTrace::default()
    };
    let rungs = walk(&connection(), &answers(), &trace);
    let version = rung(&rungs, "version");
    assert_eq!(
        (version.status, version.message.as_str()),
        (
            RungStatus::Warning,
            "v1.37.2, and v1.36.5 at 10.0.0.2:6443: an upgrade is under way"
        )
    );
    let readyz = rung(&rungs, "readyz");
    assert_eq!(
        (readyz.status, readyz.message.as_str()),
        (
            RungStatus::Warning,
            "1 of 2 addresses is not ready: 10.0.0.2:6443"
        )
    );
    assert_eq!(
        (
            readyz.addresses[1].class.as_deref(),
            readyz.addresses[1].error.as_deref()
        ),
        (Some("unhealthy"), Some("answers 500, failing: etcd"))
    );
}

#[test]
fn a_credential_that_ends_soon_is_a_warning_before_the_api_server_refuses_it() {
    let rung_with = |left: i64, version: Result<String, Failure>| {
        let mut connection = connection();
        connection.credential.token_expires = Some(Time::from_seconds(NOW.seconds + left));
        let answers = HealthAnswers { version, ..answers() };
        let found = walk(&connection, &answers, &PathTrace::default());
        let rung = rung(&found, "credential");
        (rung.status, rung.message, rung.class, rung.hint)
    };
    let ok = || Ok("v1".to_owned());
    assert_eq!(
        rung_with(3600, ok()),
        (
            RungStatus::Ok,
            "token, the token expires in 60 min".into(),
            None,
            None
        )
    );
    assert_eq!(rung_with(599, ok()).0, RungStatus::Warning);
    let refused = Err(Failure::new(Class::Unauthenticated, "Unauthorized"));
    assert_eq!(
        rung_with(-7200, refused),
        (
            RungStatus::Failed,
            "token, the token expired 2 h ago".into(),
            Some("unauthenticated".into()),
            Some("kubectl --context 'prod eu' auth whoami".into())
        )
    );
    let accepted = rung_with(-7200, ok());
    assert_eq!(
        (accepted.0, accepted.1.as_str()),
        (
            RungStatus::Warning,
            "token, the token expired 2 h ago, yet the API server accepts it"
        )
    );
}

#[test]
fn clocks_may_differ_by_five_seconds() {
    for (ahead, status, message) in [
        (5, RungStatus::Ok, "this machine is 5 s ahead"),
        (6, RungStatus::Warning, "this machine is 6 s ahead"),
        (-6, RungStatus::Warning, "this machine is 6 s behind"),
        (0, RungStatus::Ok, "the same as here"),
    ] {
        let answers = HealthAnswers {
            local_time: Time::from_seconds(NOW.seconds + ahead),
            ..answers()
        };
        let clock = rung(&walk(&connection(), &answers, &PathTrace::default()), "clock");
        assert_eq!(
            (clock.status, clock.message.as_str(), clock.ahead_seconds),
            (status, message, Some(ahead))
        );
    }
}

#[test]
fn a_credential_that_does_not_arrive_is_on_the_side_of_the_load_balancer() {
    let trace = PathTrace {
        identity: Some(Ok(UserInfo {
            username: "system:anonymous".into(),
            groups: Vec::new(),
        })),
        ..PathTrace::default()
    };
    let identity = rung(&walk(&connection(), &answers(), &trace), "identity");
    assert_eq!(
        (identity.status, identity.side.as_deref()),
        (RungStatus::Warning, Some("the load balancer or proxy"))
    );
}

/// The first column of the table of docs/checks.md.
fn documented() -> Vec<&'static str> {
    let docs = include_str!("../../../../docs/checks.md");
    let path = docs.split("\n## The path\n").nth(1).expect("a section");
    let rows = path.lines().skip_while(|line| !line.starts_with("|---"));
    rows.skip(1)
        .take_while(|line| line.starts_with('|'))
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|names| names.split(','))
        .map(|name| name.trim().trim_matches('`'))
        .collect()
}

#[test]
fn the_ladder_is_the_table_of_the_docs() {
    let names: Vec<_> = LADDER.iter().map(|(name, _, _)| *name).collect();
    assert_eq!(names, documented());
}

#[test]
fn each_rung_has_a_file_and_each_file_one_rung() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/apiserver/ladder");
    let files = std::fs::read_dir(directory).expect("the sources are there");
    let mut files: Vec<_> = files
        .map(|file| file.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|file| file != "mod.rs" && file != "tests.rs")
        .collect();
    files.sort();
    let snake = |name: &str| name.replace("flowControl", "flow_control");
    let mut rungs: Vec<_> = LADDER
        .iter()
        .map(|(name, _, _)| format!("{}.rs", snake(name)))
        .collect();
    rungs.sort();
    assert_eq!(files, rungs);
}

#[test]
fn a_path_that_holds_has_every_rung_in_the_order_of_the_table() {
    let mut connection = connection();
    connection.proxy.url = Some("http://proxy:3128".into());
    let answers = HealthAnswers {
        livez: Some(Ok((200, "ok".into()))),
        leases: vec![("kube-scheduler", Err(Failure::new(Class::NotFound, "no")))],
        write: Some(WriteAnswer {
            lease: "sre-tools/canary".parse().unwrap(),
            elapsed: Duration::from_millis(7),
            result: Ok(()),
        }),
        ..answers()
    };
    let trace = PathTrace {
        dial: DialTrace {
            resolved: Some(step(Ok(vec![at(1).ip()]))),
            tcp: vec![(at(1), step(Ok(())))],
            proxy: Some(step(Ok(()))),
            tls: Some(step(Ok(Handshake::default()))),
            ..DialTrace::default()
        },
        identity: Some(Ok(UserInfo::default())),
        rules: Some(("default".into(), Ok(Rules::default()))),
        addresses: Vec::new(),
    };
    let flow = FlowControl {
        schema: "a".into(),
        level: "b".into(),
        ..FlowControl::default()
    };
    let whole = rungs(&Facts {
        connection: &connection,
        answers: &answers,
        trace: Some(&trace),
        flow: Some(flow),
    });
    let whole: Vec<_> = whole.iter().map(|rung| rung.rung.as_str()).collect();
    let table: Vec<_> = LADDER.iter().map(|(name, _, _)| *name).collect();
    assert_eq!(whole, table);
}

#[test]
fn the_rungs_below_a_broken_one_are_left_out_if_they_need_it() {
    let gone = || Failure::new(Class::Refused, "Connection refused");
    let last = |version: Result<String, Failure>, identity: Option<Failure>, tcp: Option<Failure>| {
        let trace = PathTrace {
            dial: DialTrace {
                tcp: vec![(at(1), step(tcp.map_or(Ok(()), Err)))],
                ..DialTrace::default()
            },
            identity: identity.map(Err),
            ..PathTrace::default()
        };
        let answers = HealthAnswers { version, ..answers() };
        let rungs = walk(&connection(), &answers, &trace);
        rungs.last().map(|rung| (rung.rung.clone(), rung.status))
    };
    let ok = || Ok("v1".to_owned());
    let at_rung = |name: &str, status| Some((name.to_owned(), status));
    let refused = || Some(Failure::new(Class::Unauthenticated, "Unauthorized"));
    let plugin = Failure::new(Class::Credential, "exit code 1");
    assert_eq!(
        last(Err(gone()), None, Some(gone())),
        at_rung("tcp", RungStatus::Failed)
    );
    assert_eq!(last(Err(gone()), None, None), at_rung("http", RungStatus::Failed));
    assert_eq!(last(ok(), None, Some(gone())), at_rung("readyz", RungStatus::Ok));
    assert_eq!(
        last(ok(), refused(), None),
        at_rung("identity", RungStatus::Failed)
    );
    // No request was sent, so nothing below the connection is known.
    assert_eq!(last(Err(plugin), None, None), at_rung("tcp", RungStatus::Ok));
}
