//! Owns the word, the symbol and the colour of a state. None of them stands alone.

use sre_shared::digest::{OverallHealth, Severity};
use sre_shared::report::{Item, State};

/// How a state is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol {
    /// The sign, as on the screen of the plugin.
    pub sign: &'static str,
    /// The word.
    pub word: &'static str,
    /// The class of the style sheet, which has its colour.
    pub class: &'static str,
}

impl From<OverallHealth> for Symbol {
    fn from(health: OverallHealth) -> Self {
        let (sign, class) = match health {
            OverallHealth::Ok => ("✓", "ok"),
            OverallHealth::Progressing => ("~", "progressing"),
            OverallHealth::Degraded => ("✗", "broken"),
            OverallHealth::Unknown => ("?", "unknown"),
        };
        Self {
            sign,
            word: health.as_str(),
            class,
        }
    }
}

impl From<Severity> for Symbol {
    fn from(severity: Severity) -> Self {
        let (sign, word, class) = match severity {
            Severity::Broken => ("✗", "broken", "broken"),
            Severity::Warning => ("!", "warning", "warning"),
            Severity::Unknown => ("?", "unknown", "unknown"),
            Severity::Progressing => ("~", "progressing", "progressing"),
        };
        Self { sign, word, class }
    }
}

impl From<State> for Symbol {
    fn from(state: State) -> Self {
        let (sign, class) = match state {
            State::Healthy | State::Succeeded => ("✓", "ok"),
            State::Suspended => ("–", "ok"),
            State::Progressing | State::Terminating => ("~", "progressing"),
            State::Degraded | State::Unavailable => ("✗", "broken"),
            State::Unknown => ("?", "unknown"),
        };
        Self {
            sign,
            word: state.as_str(),
            class,
        }
    }
}

impl Symbol {
    /// The state of an object, in the colour of what it means for users.
    pub fn from_item(item: &Item) -> Self {
        let state = Self::from(item.state);
        match Severity::from_item(item) {
            Some(severity) => Self {
                word: state.word,
                ..Self::from(severity)
            },
            None => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_different_colours_differ_in_sign_and_word_too() {
        let states = State::ALL.map(Symbol::from);
        let severities = [
            Severity::Broken,
            Severity::Warning,
            Severity::Unknown,
            Severity::Progressing,
        ];
        let severities = severities.map(Symbol::from);
        for group in [states.as_slice(), &severities] {
            for one in group {
                for other in group.iter().filter(|other| other.class != one.class) {
                    assert_ne!(one.sign, other.sign, "{one:?} {other:?}");
                    assert_ne!(one.word, other.word, "{one:?} {other:?}");
                }
            }
        }
    }
}
