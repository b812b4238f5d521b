//! JSON lists of an API server.

use crate::input::Choices;
use crate::reading::{a_cut_list_is_not_whole, read_in_any_steps};
use serde::de::IgnoredAny;
use sre_shared::resource::{Deployment, from_json};

const TYPE: &str = "application/json";

/// Holds if the list is the same in any steps, if a cut list is never whole, and if a whole list is JSON.
pub fn holds(input: &[u8]) {
    let mut choices = Choices::new(input);
    let step = 1 + usize::from(choices.byte());
    let cut = choices.below(usize::from(u16::MAX));
    let body = choices.rest();
    let list = read_in_any_steps(body, TYPE, step);
    for item in &list.items {
        let (first, second) = (from_json::<Deployment>(item), from_json::<Deployment>(item));
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
    if !list.is_whole() {
        return;
    }
    let kept = body.len().saturating_sub(1).min(cut);
    a_cut_list_is_not_whole(&list, body, kept, TYPE);
    // What an item holds is read later, and an item that cannot be read is an unknown one.
    if list.items.iter().all(|item| is_json(item)) {
        assert!(is_json(body), "a list that is no JSON");
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}
