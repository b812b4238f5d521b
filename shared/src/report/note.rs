//! Remarks beside a state, such as `paused`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;

/// One remark. People read its text; programs decide by its code alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The sentence that people read.
    pub text: String,
    /// The subject of the note, if a program needs to know it.
    pub code: Option<NoteCode>,
}

impl Note {
    /// A note with a code.
    pub fn coded(code: NoteCode, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: Some(code),
        }
    }
}

impl From<String> for Note {
    fn from(text: String) -> Self {
        Self { text, code: None }
    }
}

impl From<&str> for Note {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Compares a note's text.
impl PartialEq<&str> for Note {
    fn eq(&self, text: &&str) -> bool {
        self.text == *text
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident: $word:literal;)+) => {
        /// The subject of a note.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum NoteCode { $($(#[$doc])* $code,)+ }

        impl NoteCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $word,)+ }
            }

            /// `None` for a word of a newer version.
            fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$code),)+ _ => None }
            }
        }
    };
}

codes! {
    /// The pods of the object were not seen, so that its verdict rests on its counts alone.
    PodsNotSeen: "podsNotSeen";
    /// An object that should have no pods has had some for longer than pods may take to end.
    PodsLinger: "podsLinger";
    /// Its rollout is paused.
    Paused: "paused";
    /// Its state has changed more than five times within an hour, as an agent's history says.
    Flapping: "flapping";
    /// Its deletion takes long. The text has everything that the object's message says.
    DeletionLingers: "deletionLingers";
    /// The Leases of the controllers may not be read.
    LeasesForbidden: "leasesForbidden";
    /// There are no Leases of the controllers.
    LeasesAbsent: "leasesAbsent";
    /// `/readyz` may not be read.
    ReadyzForbidden: "readyzForbidden";
    /// The Lease that shows whether writes are stored may not be written to.
    WritesForbidden: "writesForbidden";
}

/// The notes of one object. Their wire form is two fields. `notes` has the texts. `noteCodes` has the code of each note, or
/// an empty word for a note without one; it is left out if no note has a code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes(Vec<Note>);

impl Notes {
    /// Adds a note.
    pub fn push(&mut self, note: impl Into<Note>) {
        self.0.push(note.into());
    }

    /// The texts alone.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.iter().map(|note| note.text.as_str()).collect()
    }

    /// Removes the notes with that code.
    pub fn remove(&mut self, code: NoteCode) {
        self.0.retain(|note| note.code != Some(code));
    }

    /// Whether a note has that code.
    #[must_use]
    pub fn has(&self, code: NoteCode) -> bool {
        self.with_code(code).is_some()
    }

    /// The first note with that code.
    #[must_use]
    pub fn with_code(&self, code: NoteCode) -> Option<&Note> {
        self.iter().find(|note| note.code == Some(code))
    }
}

impl Deref for Notes {
    type Target = [Note];

    fn deref(&self) -> &[Note] {
        &self.0
    }
}

impl<N: Into<Note>> Extend<N> for Notes {
    fn extend<I: IntoIterator<Item = N>>(&mut self, notes: I) {
        self.0.extend(notes.into_iter().map(Into::into));
    }
}

impl<N: Into<Note>> FromIterator<N> for Notes {
    fn from_iter<I: IntoIterator<Item = N>>(notes: I) -> Self {
        Self(notes.into_iter().map(Into::into).collect())
    }
}

/// The wire form.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, bound(deserialize = "T: Deserialize<'de>"))]
struct NotesJson<T> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    note_codes: Vec<T>,
}

impl<T> Default for NotesJson<T> {
    fn default() -> Self {
        Self {
            notes: Vec::new(),
            note_codes: Vec::new(),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Notes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Notes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        NotesJson::<String>::json_schema(generator)
    }
}

impl Serialize for Notes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let code = |note: &Note| note.code.map_or("", NoteCode::as_str);
        let has_codes = self.iter().any(|note| note.code.is_some());
        NotesJson {
            notes: self.texts(),
            note_codes: self.iter().filter(|_| has_codes).map(code).collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Notes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let NotesJson { notes, note_codes } = NotesJson::<String>::deserialize(deserializer)?;
        let mut codes = note_codes.iter().map(|word| NoteCode::from_word(word));
        // An older agent sends no codes. Its only note with a code is the code's word itself.
        let note = |text: String| Note {
            code: codes.next().unwrap_or_else(|| NoteCode::from_word(&text)),
            text,
        };
        Ok(Self(notes.into_iter().map(note).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Note, NoteCode, Notes};
    use serde_json::json;

    #[test]
    fn texts_and_codes_are_two_lists_on_the_wire() {
        let mut notes = Notes::default();
        notes.push("cordoned");
        assert_eq!(
            serde_json::to_value(&notes).unwrap(),
            json!({"notes": ["cordoned"]})
        );
        notes.push(Note::coded(NoteCode::Paused, "paused, its rollout had stalled"));
        let wire = json!({
            "notes": ["cordoned", "paused, its rollout had stalled"], "noteCodes": ["", "paused"],
        });
        assert_eq!(serde_json::to_value(&notes).unwrap(), wire);
        assert_eq!(serde_json::from_value::<Notes>(wire).unwrap(), notes);
        assert_eq!(serde_json::to_value(Notes::default()).unwrap(), json!({}));
    }

    #[test]
    fn notes_of_an_older_or_newer_agent_keep_their_texts() {
        let read = |wire| {
            let notes: Notes = serde_json::from_value(wire).unwrap();
            let notes = notes.iter().map(|note| (note.text.clone(), note.code));
            notes.collect::<Vec<_>>()
        };
        assert_eq!(
            read(json!({"notes": ["podsNotSeen", "paused by somebody"]})),
            [
                ("podsNotSeen".to_owned(), Some(NoteCode::PodsNotSeen)),
                ("paused by somebody".to_owned(), None)
            ]
        );
        assert_eq!(
            read(json!({"notes": ["a", "b"], "noteCodes": ["ofANewerVersion", "podsLinger"]})),
            [
                ("a".to_owned(), None),
                ("b".to_owned(), Some(NoteCode::PodsLinger))
            ]
        );
        assert_eq!(read(json!({})), []);
    }

    #[test]
    fn a_code_is_read_from_its_own_word() {
        for code in NoteCode::ALL {
            assert_eq!(NoteCode::from_word(code.as_str()), Some(*code));
        }
    }
}
