//! Which objects a report shows beside those that fall short: objects that did so a while ago. Without them nobody would see
//! that they became healthy.

use crate::live::ObjectKey;
use crate::report::Item;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long an object is shown after it last fell short.
const SHOWN: Duration = Duration::from_mins(10);
/// The most objects that are shown for that reason.
const MOST: usize = 1000;

/// Objects that fell short, by the number of their part and their key, with the time at which they last did.
#[derive(Debug, Default)]
pub struct ShownObjects(HashMap<(usize, ObjectKey), Instant>);

impl ShownObjects {
    /// Notes the items of a part.
    pub fn note(&mut self, part: usize, items: &[Item]) {
        let now = Instant::now();
        for item in items.iter().filter(|item| !item.state.is_fine()) {
            let key = (part, ObjectKey::new(&item.namespace, &item.name));
            if self.0.len() < MOST || self.0.contains_key(&key) {
                self.0.insert(key, now);
            }
        }
    }

    /// Forgets the objects that have been healthy for long.
    pub fn forget_old(&mut self) {
        self.0.retain(|_, at| at.elapsed() < SHOWN);
    }

    /// The objects of a part.
    pub fn of_part(&self, part: usize) -> impl Iterator<Item = &ObjectKey> {
        let keys = self.0.keys();
        keys.filter(move |(number, _)| *number == part)
            .map(|(_, key)| key)
    }
}
