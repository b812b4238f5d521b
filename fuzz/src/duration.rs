//! Durations of flags and annotations.

use crate::text;
use sre_shared::duration::{parse, to_text};
use std::time::Duration;

/// Holds if a duration that is read can be written and read again, and is then the same to a thousandth.
pub fn holds(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let Some(length) = parse(text) else { return };
    let written = to_text(length);
    let again = parse(&written).unwrap_or_else(|| panic!("{text:?} is written as {written:?}"));
    let lost = length.abs_diff(again);
    assert!(
        lost <= length / 1000 + Duration::from_secs(1),
        "{text:?} is written as {written:?}"
    );
}
