//! How long a request may take, and how its answer is packed.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::json;

#[test]
fn the_same_limits_and_encodings_are_taken_and_refused() {
    let f = Fixture::get();
    let alice = Kubeconfig::new(f);
    let limit = |name, value: &str| Row::new(name, &alice).flags([&format!("--request-timeout={value}")]);

    let rows = [
        limit("--request-timeout of 0", "0"),
        limit("--request-timeout of 0s", "0s"),
        limit("--request-timeout of 5, in seconds", "5"),
        limit("--request-timeout of 5s", "5s"),
        limit("--request-timeout of 1m", "1m"),
        limit("--request-timeout of 9000ms", "9000ms"),
        limit("--request-timeout of 1h2m", "1h2m"),
        limit("--request-timeout of 1.5h", "1.5h"),
        limit("--request-timeout of 10000000us", "10000000us"),
        limit("--request-timeout of +5s", "+5s"),
        limit("--request-timeout of 1ns", "1ns"),
        limit("--request-timeout of -1s", "-1s"),
        limit("--request-timeout of -1", "-1"),
        limit("--request-timeout of 5 s", "5 s"),
        limit("--request-timeout of 5S", "5S"),
        limit("--request-timeout of 1d", "1d"),
        limit("--request-timeout of .5m", ".5m"),
        limit("--request-timeout of bad", "bad"),
        limit("--request-timeout of more than a Go duration holds", "9999999h"),
        limit("an empty --request-timeout", ""),
        Row::new("--request-timeout as the next word", &alice).flags(["--request-timeout", "7s"]),
        Row::new(
            "disable-compression",
            &alice.clone().cluster(json!({"disable-compression": true})),
        ),
        Row::new("--disable-compression", &alice).flags(["--disable-compression"]),
        Row::new(
            "--disable-compression=false over disable-compression",
            &alice.clone().cluster(json!({"disable-compression": true})),
        )
        .flags(["--disable-compression=false"]),
        Row::new("--disable-compression=1", &alice).flags(["--disable-compression=1"]),
        Row::new(
            "disable-compression of the wrong type",
            &alice.clone().cluster(json!({"disable-compression": "no"})),
        ),
    ];
    compare(&rows, &[]);
}
