//! The dumps of `examples/` that are small enough to read.

use super::judge::{AT, verdict_of};
use std::path::Path;

#[test]
fn the_small_example_has_the_verdict_of_its_comments() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/small.yaml");
    assert_eq!(
        verdict_of(&path, &["--at", AT]),
        "exit 2\n\
         Deployment shop/checkout degraded RolloutStalled: rollout stalled, old revision still serving: \
         2 of 2 ready, 1 of 2 updated\n  \
         ContainerConfig: container checkout: secret \"payment\" not found\n  \
         ProgressDeadlineExceeded: ReplicaSet \"checkout-7d4b9\" has timed out progressing."
    );
}
