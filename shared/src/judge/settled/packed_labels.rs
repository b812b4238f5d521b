//! An object's name and labels in one piece of memory. Words that other objects have too are numbers of the dictionary,
//! and a value that begins with the object's name is the rest of it.

use super::dictionary::Dictionary;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A word of its own follows.
const LITERAL: u32 = 0;
/// The object's name and the word that follows.
const AFTER_NAME: u32 = 1;
/// This and each higher number is a word of the dictionary.
const FIRST_WORD: u32 = 2;

/// The name and the labels of an object.
#[derive(Debug, Clone)]
pub(super) struct PackedLabels(Box<[u8]>);

impl PackedLabels {
    pub(super) fn new(name: &str, labels: &BTreeMap<String, String>, words: &mut Dictionary) -> Self {
        let mut bytes = Vec::new();
        push_text(&mut bytes, name);
        for (key, value) in labels {
            push_word(&mut bytes, key, words);
            match value.strip_prefix(name).filter(|_| !name.is_empty()) {
                Some(rest) => {
                    push_number(&mut bytes, AFTER_NAME);
                    push_text(&mut bytes, rest);
                }
                None => push_word(&mut bytes, value, words),
            }
        }
        Self(bytes.into_boxed_slice())
    }

    pub(super) fn name(&self) -> &str {
        Unpacker(&self.0).text().unwrap_or_default()
    }

    /// The value of a label.
    pub(super) fn get<'a>(&'a self, key: &str, words: &'a Dictionary) -> Option<Cow<'a, str>> {
        let mut rest = Unpacker(&self.0);
        let name = rest.text()?;
        loop {
            let is_it = rest.word(words)? == PackedWord::Whole(key);
            let value = rest.word(words)?;
            if is_it {
                return Some(match value {
                    PackedWord::Whole(value) => Cow::Borrowed(value),
                    PackedWord::AfterName("") => Cow::Borrowed(name),
                    PackedWord::AfterName(rest) => Cow::Owned(format!("{name}{rest}")),
                });
            }
        }
    }

    /// Bytes of memory.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        #[allow(clippy::cast_possible_truncation, reason = "seven bits")]
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    #[allow(clippy::cast_possible_truncation, reason = "less than eight bits")]
    bytes.push(number as u8);
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    // An object is smaller than 4 GB.
    let length = u32::try_from(text.len()).unwrap_or(0);
    push_number(bytes, length);
    bytes.extend(text.bytes().take(length as usize));
}

fn push_word(bytes: &mut Vec<u8>, word: &str, words: &mut Dictionary) {
    if let Some(number) = words.number(word) {
        push_number(bytes, FIRST_WORD.saturating_add(number));
    } else {
        push_number(bytes, LITERAL);
        push_text(bytes, word);
    }
}

/// The rest of what was packed.
struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn word(&mut self, words: &'a Dictionary) -> Option<PackedWord<'a>> {
        match self.number()? {
            LITERAL => self.text().map(PackedWord::Whole),
            AFTER_NAME => self.text().map(PackedWord::AfterName),
            number => words
                .word(number.saturating_sub(FIRST_WORD))
                .map(PackedWord::Whole),
        }
    }
}

/// A word as it was packed.
#[derive(PartialEq, Eq)]
enum PackedWord<'a> {
    Whole(&'a str),
    /// The rest after the object's name. No key is packed like this.
    AfterName(&'a str),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        owned.collect()
    }

    #[test]
    fn every_label_is_read_as_it_was_packed() {
        let mut words = Dictionary::default();
        let long = "v".repeat(200);
        let all = labels(&[
            ("app", "web"),
            ("chart", "web-1.2.3"),
            ("empty", ""),
            ("long", &long),
            ("tier", "front"),
            ("ünï", "cödé"),
        ]);
        for name in ["web", "", "web-1.2.3", "w", "front"] {
            // The first two are packed without the dictionary, and fill it.
            for _ in 0..4 {
                let packed = PackedLabels::new(name, &all, &mut words);
                assert_eq!(packed.name(), name);
                for (key, value) in &all {
                    assert_eq!(packed.get(key, &words).as_deref(), Some(value.as_str()), "{key}");
                }
                assert_eq!(packed.get("web", &words), None);
                assert_eq!(packed.get("", &words), None);
            }
        }
    }

    #[test]
    fn shared_words_take_a_byte() {
        let mut words = Dictionary::default();
        let all = labels(&[
            ("app.kubernetes.io/managed-by", "Helm"),
            ("app.kubernetes.io/name", "web"),
        ]);
        for _ in 0..2 {
            PackedLabels::new("api", &all, &mut words);
        }
        let packed = PackedLabels::new("web", &all, &mut words);
        // Name 1 + 3, three words, and a value that is the name.
        assert_eq!(packed.len(), 4 + 3 + 2);
    }

    #[test]
    fn no_bytes_are_a_panic() {
        let words = Dictionary::default();
        for bytes in [&[][..], &[0xff; 9], &[0, 0, 200], &[1, b'a', 7, 7]] {
            let packed = PackedLabels(bytes.into());
            assert_eq!(packed.get("a", &words), None);
            let _ = packed.name();
        }
    }
}
