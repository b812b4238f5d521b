//! Owns how items are written that differ in nothing but namespace, name, uid and generation: most objects of a cluster are
//! healthy for the same reason. Must not know where items come from.

use serde::Serialize;
use sre_shared::report::Item;

/// Items that were written a moment ago, in pieces that the next one can use again. Neighbours in a list often differ in nothing
/// but their number of pods.
#[derive(Default)]
pub struct ItemTemplate {
    recent: Vec<WrittenPieces>,
    /// The place of the next one.
    oldest: usize,
}

/// How many written items are kept.
const RECENT: usize = 16;

struct WrittenPieces {
    item: Item,
    /// The bytes up to the namespace.
    before: Vec<u8>,
    /// The bytes after the generation.
    after: Vec<u8>,
}

const NAMESPACE: &[u8] = b",\"namespace\":";
const NAME: &[u8] = b",\"name\":";
const UID: &[u8] = b",\"uid\":";
const GENERATION: &[u8] = b",\"generation\":";

impl ItemTemplate {
    /// Writes an item as JSON, exactly as serde does.
    ///
    /// # Errors
    /// If it does not serialise, which does not happen.
    pub fn write(&mut self, item: &Item, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let known = self.recent.iter().find(|pieces| pieces.item.is_like(item));
        let Some(pieces) = known else {
            let start = out.len();
            serde_json::to_writer(&mut *out, item)?;
            let written = out.get(start..).unwrap_or_default();
            let pieces = WrittenPieces::of(item, written)?;
            self.keep(pieces);
            return Ok(());
        };
        out.extend_from_slice(&pieces.before);
        write_own(item, out)?;
        out.extend_from_slice(&pieces.after);
        Ok(())
    }

    fn keep(&mut self, pieces: Option<WrittenPieces>) {
        let Some(pieces) = pieces else { return };
        match self.recent.get_mut(self.oldest) {
            Some(former) => *former = pieces,
            None => self.recent.push(pieces),
        }
        self.oldest = (self.oldest + 1) % RECENT;
    }
}

/// Writes the fields that every object has of its own, from the namespace's value on.
fn write_own(item: &Item, out: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *out, &item.namespace)?;
    out.extend_from_slice(NAME);
    serde_json::to_writer(&mut *out, &item.name)?;
    if let Some(uid) = &item.uid {
        out.extend_from_slice(UID);
        serde_json::to_writer(&mut *out, uid)?;
    }
    if let Some(generation) = &item.generation {
        out.extend_from_slice(GENERATION);
        serde_json::to_writer(&mut *out, generation)?;
    }
    Ok(())
}

impl WrittenPieces {
    /// The pieces of an item that was written; `None` if it does not begin with kind, namespace, name, uid and generation.
    fn of(item: &Item, written: &[u8]) -> serde_json::Result<Option<Self>> {
        #[derive(Serialize)]
        struct Kind<'a> {
            kind: &'a str,
        }
        let mut before = serde_json::to_vec(&Kind { kind: &item.kind })?;
        before.pop();
        before.extend_from_slice(NAMESPACE);
        let mut head = before.clone();
        write_own(item, &mut head)?;
        Ok(written.strip_prefix(&*head).map(|after| Self {
            item: item.clone(),
            before,
            after: after.to_vec(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(namespace: &str, name: &str, more: serde_json::Value) -> Item {
        let mut value = json!({"kind": "Deployment", "namespace": namespace, "name": name, "state": "healthy",
                               "reason": "Ready", "message": "3 of 3 ready", "ready": 3});
        if let (Some(fields), serde_json::Value::Object(more)) = (value.as_object_mut(), more) {
            fields.extend(more);
        }
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn items_are_written_as_serde_writes_them() {
        let nothing = || json!({});
        let items = [
            item("shop", "a", nothing()),
            item("shop", "b", nothing()),
            item("shop", "b", json!({"uid": "u-1", "generation": 3})),
            item("shop", "b2", json!({"uid": "u-2"})),
            item("shop", "b3", json!({"generation": 4})),
            item("bank", "with \"quotes\" and ü", nothing()),
            item("bank", "c", json!({"ready": 2})),
            item(
                "bank",
                "d",
                json!({"ready": 2, "notes": ["paused"], "noteCodes": ["paused"]}),
            ),
            item("bank", "e", json!({"ready": 2, "warnings": ["w"]})),
            item("bank", "f", json!({"ready": 2, "warnings": ["w"]})),
            item("", "g", nothing()),
            item("", "", nothing()),
        ];
        let (mut template, mut out, mut expected) = (ItemTemplate::default(), Vec::new(), Vec::new());
        for item in items.iter().chain(items.iter().rev()) {
            template.write(item, &mut out).unwrap();
            serde_json::to_writer(&mut expected, item).unwrap();
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            String::from_utf8(expected).unwrap()
        );
    }

    #[test]
    fn only_the_first_of_equal_items_is_serialised() {
        let mut template = ItemTemplate::default();
        template
            .write(&item("shop", "a", json!({})), &mut Vec::new())
            .unwrap();
        template.recent[0].after = b"!".to_vec();
        let mut out = Vec::new();
        template.write(&item("bank", "b", json!({})), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"kind":"Deployment","namespace":"bank","name":"b"!"#
        );
    }
}
