//! Patterns of names, by the rules of shells, and the names that they choose.

use crate::nearest::nearest;

/// A pattern of names by the rules of shells (POSIX, "Pattern Matching Notation"): `*`, `?`, `[a-z]`, `[!a]` and `\`. As in `case`, a
/// `*` takes a slash too: names of EKS contexts have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextGlob {
    text: String,
    parts: Vec<GlobPart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum GlobPart {
    /// Any characters, or none.
    Run,
    /// One character.
    One,
    /// This character.
    Literal(char),
    /// One character in these ranges, or in none of them.
    Set(bool, Vec<(char, char)>),
}

impl ContextGlob {
    /// The pattern of this text. Every text is one: a bracket that is not closed is a bracket.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest: &[char] = &text.chars().collect::<Vec<_>>();
        while let Some((first, behind)) = rest.split_first() {
            rest = behind;
            match first {
                // Several are one.
                '*' if parts.last() == Some(&GlobPart::Run) => {}
                '*' => parts.push(GlobPart::Run),
                '?' => parts.push(GlobPart::One),
                '\\' => match behind.split_first() {
                    Some((escaped, behind)) => {
                        parts.push(GlobPart::Literal(*escaped));
                        rest = behind;
                    }
                    None => parts.push(GlobPart::Literal('\\')),
                },
                '[' => match set(behind) {
                    Some((part, behind)) => {
                        parts.push(part);
                        rest = behind;
                    }
                    None => parts.push(GlobPart::Literal('[')),
                },
                other => parts.push(GlobPart::Literal(*other)),
            }
        }
        Self {
            text: text.to_owned(),
            parts,
        }
    }

    /// Whether it takes a name. A name that is the pattern itself is taken too, since a name may have brackets.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        if self.text == name {
            return true;
        }
        let name: Vec<char> = name.chars().collect();
        // The usual walk with one place to go back to: the last run, which takes one more character each time.
        let (mut part, mut at) = (0_usize, 0_usize);
        let mut back: Option<(usize, usize)> = None;
        loop {
            match (self.parts.get(part), name.get(at)) {
                (None, None) => return true,
                (Some(GlobPart::Run), _) => {
                    back = Some((part, at));
                    part = part.saturating_add(1);
                }
                (Some(one), Some(c)) if one.takes(*c) => {
                    part = part.saturating_add(1);
                    at = at.saturating_add(1);
                }
                _ => {
                    let Some((run, taken)) = back.filter(|(_, taken)| *taken < name.len()) else {
                        return false;
                    };
                    let taken = taken.saturating_add(1);
                    back = Some((run, taken));
                    (part, at) = (run.saturating_add(1), taken);
                }
            }
        }
    }
}

impl GlobPart {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Run => false,
            Self::One => true,
            Self::Literal(literal) => *literal == c,
            Self::Set(negated, ranges) => {
                let is_in = ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
                is_in != *negated
            }
        }
    }
}

/// The set behind a bracket, and the characters behind it; `None` if it is not closed. A bracket that closes is one of the set if it
/// is the first.
fn set(behind: &[char]) -> Option<(GlobPart, &[char])> {
    let (negated, mut rest) = match behind.split_first() {
        Some(('!' | '^', rest)) => (true, rest),
        _ => (false, behind),
    };
    let mut ranges = Vec::new();
    loop {
        let (first, behind) = rest.split_first()?;
        match (first, behind) {
            (']', behind) if !ranges.is_empty() => return Some((GlobPart::Set(negated, ranges), behind)),
            ('\\', [escaped, behind @ ..]) => {
                ranges.push((*escaped, *escaped));
                rest = behind;
            }
            (from, ['-', to, behind @ ..]) if *to != ']' => {
                ranges.push((*from, *to));
                rest = behind;
            }
            (one, behind) => {
                ranges.push((*one, *one));
                rest = behind;
            }
        }
    }
}

/// A pattern that takes no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedGlob {
    text: String,
    near: Option<String>,
}

impl UnusedGlob {
    /// The line about it. `what` says which names there are.
    #[must_use]
    pub fn sentence(&self, what: &str) -> String {
        let text = &self.text;
        match &self.near {
            Some(near) => format!("no {what} is named {text:?}, did you mean {near:?}?"),
            None => {
                format!("no {what} is named {text:?}: without a name all are asked, and the rows show theirs")
            }
        }
    }
}

/// The places of the names that the patterns take, in the order of the names. Without a pattern all of them.
///
/// # Errors
/// The first pattern that takes no name: a cluster that is left out because of a typo would look healthy.
pub fn choose(names: &[&str], patterns: &[String]) -> Result<Vec<usize>, UnusedGlob> {
    let globs: Vec<ContextGlob> = patterns.iter().map(|text| ContextGlob::new(text)).collect();
    let unused = globs
        .iter()
        .find(|glob| !names.iter().any(|name| glob.takes(name)));
    if let Some(glob) = unused {
        return Err(UnusedGlob {
            text: glob.text.clone(),
            near: nearest(&glob.text, names.iter().copied()).map(str::to_owned),
        });
    }
    let is_chosen = |name: &str| globs.is_empty() || globs.iter().any(|glob| glob.takes(name));
    let numbered = names.iter().enumerate();
    Ok(numbered
        .filter(|(_, name)| is_chosen(name))
        .map(|(number, _)| number)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{ContextGlob, choose};

    #[test]
    fn a_pattern_takes_the_names_that_a_shell_would_take() {
        for (pattern, name, expected) in [
            ("prod-*", "prod-eu", true),
            ("prod-*", "prod-", true),
            ("prod-*", "xprod-eu", false),
            ("*-eu", "prod-eu", true),
            ("*-eu", "prod-eu-1", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("p?od", "prod", true),
            ("p?od", "pod", false),
            ("lab-[0-9]", "lab-3", true),
            ("lab-[0-9]", "lab-x", false),
            ("lab-[!0-9]", "lab-x", true),
            ("lab-[^0-9]", "lab-3", false),
            ("lab-[]x]", "lab-]", true),
            ("lab-[a-]", "lab--", true),
            ("lab-[a", "lab-[a", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("a[b]", "a[b]", true),
            ("a[b]", "ab", true),
            ("PROD", "prod", false),
            ("*a*a*b", "aaaaaaaaaaaaaaaaaaaac", false),
            ("*ö?", "größe", false),
            ("gr?ß*", "größe", true),
        ] {
            assert_eq!(
                ContextGlob::new(pattern).takes(name),
                expected,
                "{pattern} {name}"
            );
        }
    }

    // The names of contexts that `aws eks update-kubeconfig` writes have colons and slashes.
    #[test]
    fn a_run_takes_slashes_and_colons() {
        let arn = "arn:aws:eks:eu-west-1:123456789012:cluster/prod";
        assert!(ContextGlob::new("*prod").takes(arn));
        assert!(ContextGlob::new("arn:aws:*:cluster/*").takes(arn));
        assert!(!ContextGlob::new("prod").takes(arn));
    }

    // derailed/k9s#2446: names with blanks.
    #[test]
    fn a_pattern_that_takes_nothing_is_refused_with_the_nearest_name() {
        let names = ["prod-eu", "prod-us", "team a"];
        let chosen = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(|text| (*text).to_owned()).collect();
            choose(&names, &patterns).map_err(|unused| unused.sentence("context"))
        };
        assert_eq!(chosen(&[]), Ok(vec![0, 1, 2]));
        assert_eq!(chosen(&["prod-us", "prod-*"]), Ok(vec![0, 1]));
        assert_eq!(chosen(&["team a"]), Ok(vec![2]));
        assert_eq!(
            chosen(&["prod-*", "prod-ue"]),
            Err("no context is named \"prod-ue\", did you mean \"prod-eu\"?".into())
        );
        assert!(chosen(&["zzz*"]).is_err_and(|line| line.starts_with("no context is named \"zzz*\": ")));
    }
}
