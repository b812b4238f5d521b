//! Label selectors of flags, of the agent's queries and of objects.

use crate::text;
use sre_shared::selector::Selector;
use std::collections::BTreeMap;

/// Holds if a selector is the same whenever it is read, and if a longer one never selects more.
pub fn holds(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let Ok(selector) = text.parse::<Selector>() else {
        return;
    };
    assert_eq!(Ok(&selector), text.parse::<Selector>().as_ref());
    assert_eq!(selector.is_empty(), text.trim().is_empty());
    let Ok(longer) = format!("{text},sre-fuzz=yes").parse::<Selector>() else {
        return;
    };
    let words = text.split(|c: char| !c.is_alphanumeric()).take(8);
    let mut labels: BTreeMap<String, String> = words.map(|word| (word.to_owned(), word.to_owned())).collect();
    assert!(!longer.matches(&labels) || selector.matches(&labels));
    assert!(selector.is_empty() || !longer.matches(&labels));
    labels.insert("sre-fuzz".into(), "yes".into());
    assert_eq!(longer.matches(&labels), selector.matches(&labels));
}
