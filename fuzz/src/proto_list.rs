//! Protobuf lists of an API server.

use crate::input::Choices;
use crate::reading::{a_cut_list_is_not_whole, read_in_any_steps};
use sre_shared::decode::list_meta;
use sre_shared::resource::{Deployment, Pod, from_proto};

const TYPE: &str = "application/vnd.kubernetes.protobuf";

/// Holds if the list is the same in any steps, if its items decode twice alike, and if a cut list is never whole.
pub fn holds(input: &[u8]) {
    let mut choices = Choices::new(input);
    let step = 1 + usize::from(choices.byte());
    let cut = choices.below(usize::from(u16::MAX));
    let body = choices.rest();
    let list = read_in_any_steps(body, TYPE, step);
    for item in &list.items {
        let (first, second) = (from_proto::<Deployment>(item), from_proto::<Deployment>(item));
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
        let _ = from_proto::<Pod>(item);
    }
    for meta in &list.metas {
        let _ = list_meta(meta, false);
    }
    if list.is_whole() {
        let kept = body.len().saturating_sub(1).min(cut);
        a_cut_list_is_not_whole(&list, body, kept, TYPE);
    }
}
