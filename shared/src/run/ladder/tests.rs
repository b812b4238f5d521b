use super::*;
use crate::cluster::{Credential, Dialed, UserInfo};
use std::time::Duration;

const NOW: Time = Time::from_seconds(1_790_000_000);

fn way() -> Way {
    Way {
        files: vec!["/home/jane/.kube/config".into()],
        context: Some("prod eu".into()),
        server: "https://api.example:6443".into(),
        host: "api.example".into(),
        port: 6443,
        credential: Credential {
            kind: "token".into(),
            ..Credential::default()
        },
        ..Way::default()
    }
}

fn asked() -> Asked {
    Asked {
        version: Ok("v1.37.2".into()),
        latency: Duration::from_millis(5),
        readyz: Ok((200, "[+]ping ok\nreadyz check passed\n".into())),
        livez: None,
        leases: Vec::new(),
        server_time: Some(NOW),
        local_time: NOW,
    }
}

fn rungs(way: &Way, asked: &Asked, walked: &Walked) -> Vec<Rung> {
    let walked = Some(walked);
    let flow = None;
    Found {
        way,
        asked,
        walked,
        flow,
    }
    .rungs()
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
    let of = |results: Vec<Result<(), Failure>>, version: Result<String, Failure>| {
        let walked = Walked {
            dialed: Dialed {
                tcp: (1..).map(at).zip(results.into_iter().map(step)).collect(),
                ..Dialed::default()
            },
            ..Walked::default()
        };
        rung(&rungs(&way(), &Asked { version, ..asked() }, &walked), "tcp")
    };
    let one = of(vec![Ok(()), refused(), Ok(())], Ok("v1".into()));
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
    let all = of(vec![refused(), refused()], Err(gone));
    assert_eq!(
        (all.status, all.side.as_deref()),
        (RungStatus::Failed, Some("the control plane"))
    );
    // A connection that is open outlives the way on which it was made.
    let open = of(vec![refused(), refused()], Ok("v1".into()));
    assert_eq!(open.status, RungStatus::Warning);
}

#[test]
fn each_address_is_told_by_itself_where_they_differ() {
    let answers = |last, version: &str, readyz| AddressAnswers {
        address: at(last),
        elapsed: Duration::from_millis(2),
        version: Ok(version.into()),
        readyz,
    };
    let walked = Walked {
        addresses: vec![
            answers(1, "v1.37.2", Ok((200, "ok".into()))),
            answers(
                2,
                "v1.36.5",
                Ok((500, "[-]etcd failed: reason withheld\n".into())),
            ),
        ],
        ..Walked::default()
    };
    let rungs = rungs(&way(), &asked(), &walked);
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
fn a_credential_that_ends_is_told_before_the_api_server_refuses_it() {
    let of = |left: i64, version: Result<String, Failure>| {
        let mut way = way();
        way.credential.token_expires = Some(Time::from_seconds(NOW.seconds + left));
        let asked = Asked { version, ..asked() };
        let found = rungs(&way, &asked, &Walked::default());
        let rung = rung(&found, "credential");
        (rung.status, rung.message, rung.class, rung.hint)
    };
    let ok = || Ok("v1".to_owned());
    assert_eq!(
        of(3600, ok()),
        (
            RungStatus::Ok,
            "token, the token expires in 60 min".into(),
            None,
            None
        )
    );
    assert_eq!(of(599, ok()).0, RungStatus::Warning);
    let refused = Err(Failure::new(Class::Unauthenticated, "Unauthorized"));
    assert_eq!(
        of(-7200, refused),
        (
            RungStatus::Failed,
            "token, the token expired 2 h ago".into(),
            Some("unauthenticated".into()),
            Some("kubectl --context 'prod eu' auth whoami".into())
        )
    );
    let accepted = of(-7200, ok());
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
        let asked = Asked {
            local_time: Time::from_seconds(NOW.seconds + ahead),
            ..asked()
        };
        let clock = rung(&rungs(&way(), &asked, &Walked::default()), "clock");
        assert_eq!(
            (clock.status, clock.message.as_str(), clock.ahead_seconds),
            (status, message, Some(ahead))
        );
    }
}

#[test]
fn a_credential_that_is_lost_on_the_way_is_on_the_side_of_what_ends_tls() {
    let walked = Walked {
        identity: Some(Ok(UserInfo {
            username: "system:anonymous".into(),
            groups: Vec::new(),
        })),
        ..Walked::default()
    };
    let identity = rung(&rungs(&way(), &asked(), &walked), "identity");
    assert_eq!(
        (identity.status, identity.side.as_deref()),
        (RungStatus::Warning, Some("the load balancer or proxy"))
    );
}

#[test]
fn the_words_of_a_failure_can_know_the_side_better_than_its_class() {
    let of = |class, status, message: &str| {
        side_of(&Failure {
            status,
            ..Failure::new(class, message)
        })
    };
    for (class, status, message, side) in [
        (
            Class::Dns,
            None,
            "failed to lookup: Name or service not known",
            Side::Machine,
        ),
        (
            Class::Dns,
            None,
            "failed to lookup: Temporary failure in name resolution",
            Side::Network,
        ),
        (Class::Unhealthy, Some(502), "HTTP 502: Bad Gateway", Side::Proxy),
        (
            Class::Unhealthy,
            Some(503),
            "etcdserver: leader changed",
            Side::ControlPlane,
        ),
        (Class::Unhealthy, Some(500), "HTTP 500", Side::ControlPlane),
    ] {
        assert_eq!(of(class, status, message), side, "{message}");
    }
}

#[test]
fn a_word_that_a_shell_would_read_is_quoted() {
    assert_eq!(quoted("prod-eu"), "prod-eu");
    assert_eq!(quoted("a;rm -rf $HOME"), "'a;rm -rf $HOME'");
    assert_eq!(quoted("it's"), r"'it'\''s'");
    assert_eq!(quoted(""), "''");
}
