//! Words that many objects share, such as the keys of labels, kept once and named by number.
//!
//! Words are never dropped, since objects keep their numbers. So their number is bounded, and a word is taken only if it
//! is met twice: a hash that each object has of its own does not use up the room.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

/// The most words that are kept. Further ones stay with their objects.
const MOST_WORDS: usize = 4096;
/// The longest word that is kept. No label is longer.
const LONGEST_WORD: usize = 320;
/// How many sets of words are remembered that were met once.
const MET_SETS: usize = 256;
/// How many words a set holds. With one alone, two words of each object could push each other out for ever.
const MET_WAYS: usize = 4;

/// The shared words of one kind.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    words: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    /// The hashes of words that were met once, each in a set that follows from it, the last one first.
    met: Vec<[u32; MET_WAYS]>,
    hashes: RandomState,
}

impl Dictionary {
    /// The word of that number.
    pub(super) fn word(&self, number: u32) -> Option<&str> {
        self.words.get(usize::try_from(number).ok()?).map(|word| &**word)
    }

    /// The number of the word, if it is kept. It may be taken for that.
    pub(super) fn number(&mut self, word: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(word) {
            return Some(*number);
        }
        if self.words.len() >= MOST_WORDS || word.len() > LONGEST_WORD || !self.is_met_again(word) {
            return None;
        }
        let number = u32::try_from(self.words.len()).ok()?;
        let word: Arc<str> = word.into();
        self.words.push(Arc::clone(&word));
        self.numbers.insert(word, number);
        Some(number)
    }

    /// Whether the word was met before. It is remembered.
    fn is_met_again(&mut self, word: &str) -> bool {
        let hash = self.hashes.hash_one(word);
        self.remember(hash)
    }

    /// Whether that hash of a word was met before. It is remembered in place of the one that its set met longest ago.
    fn remember(&mut self, hash: u64) -> bool {
        self.met.resize(MET_SETS, [0; MET_WAYS]);
        #[allow(clippy::cast_possible_truncation, reason = "a part of a hash")]
        let (place, hash) = (hash as usize % MET_SETS, (hash >> 32) as u32 | 1);
        let Some(set) = self.met.get_mut(place) else {
            return false;
        };
        let is_known = set.contains(&hash);
        if !is_known {
            set.rotate_right(1);
            set[0] = hash;
        }
        is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_gets_a_number_once_it_is_met_twice() {
        let mut words = Dictionary::default();
        assert_eq!(words.number("app"), None);
        assert_eq!(words.number("app"), Some(0));
        assert_eq!(words.number("app"), Some(0));
        assert_eq!(words.word(0), Some("app"));
        assert_eq!(words.word(1), None);
    }

    #[test]
    fn words_of_the_same_set_do_not_push_each_other_out() {
        let mut words = Dictionary::default();
        let hashes = [1 << 40, 2 << 40, 3 << 40, 4 << 40];
        for is_known in [false, true, true] {
            for hash in hashes {
                assert_eq!(words.remember(hash), is_known, "{hash:x}");
            }
        }
        assert!(!words.remember(5 << 40));
        // The one that was met longest ago made room.
        assert!(!words.remember(1 << 40));
    }

    #[test]
    fn the_room_is_bounded_and_words_that_are_met_once_take_none() {
        let mut words = Dictionary::default();
        for number in 0..50_000 {
            words.number(&format!("hash-{number}"));
        }
        assert!(words.words.len() < 10, "{}", words.words.len());
        for number in 0..10_000 {
            let word = format!("word-{number}");
            words.number(&word);
            words.number(&word);
        }
        assert_eq!(words.words.len(), MOST_WORDS);
        assert_eq!(words.number("word-9999"), None);
        let long = "x".repeat(LONGEST_WORD + 1);
        let mut words = Dictionary::default();
        assert_eq!((words.number(&long), words.number(&long)), (None, None));
    }
}
