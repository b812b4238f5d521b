//! Label selectors in kubectl's syntax. They select from a dump and from the agent's cache, where no API server does.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// A parsed label selector. An empty selector matches every object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    /// As in the API server, an object without the label matches too.
    NotIn(String, Vec<String>),
    Exists(String),
    NotExists(String),
}

/// The text is not a label selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no label selector: {1}")]
pub struct ParseSelectorError(String, &'static str);

impl Selector {
    /// Whether an object with these labels is selected.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.matches_by(|key| labels.get(key).map(|value| Cow::Borrowed(value.as_str())))
    }

    /// Whether an object is selected whose labels are looked up one by one.
    pub fn matches_by<'a>(&self, label: impl Fn(&str) -> Option<Cow<'a, str>>) -> bool {
        let is_one_of = |value: Cow<'a, str>, values: &[String]| values.iter().any(|one| *one == value);
        self.requirements.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => label(key).is_some_and(|value| is_one_of(value, values)),
            Requirement::NotIn(key, values) => label(key).is_none_or(|value| !is_one_of(value, values)),
            Requirement::Exists(key) => label(key).is_some(),
            Requirement::NotExists(key) => label(key).is_none(),
        })
    }

    /// Whether the selector matches every object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

impl std::str::FromStr for Selector {
    type Err = ParseSelectorError;

    /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |why| ParseSelectorError(text.to_owned(), why);
        let mut requirements = Vec::new();
        for part in split(text).map_err(error)? {
            let part = part.trim();
            if part.is_empty() {
                if text.trim().is_empty() {
                    break;
                }
                return Err(error("a requirement is empty"));
            }
            requirements.push(requirement(part).map_err(error)?);
        }
        Ok(Self { requirements })
    }
}

/// Splits at the commas that are not in parentheses.
fn split(text: &str) -> Result<Vec<&str>, &'static str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' if depth > 0 => return Err("parentheses do not nest"),
            '(' => depth = 1,
            ')' => {
                depth = depth
                    .checked_sub(1)
                    .ok_or("a parenthesis closes that was not open")?;
            }
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err("a parenthesis is not closed");
    }
    parts.push(&text[start..]);
    Ok(parts)
}

fn requirement(part: &str) -> Result<Requirement, &'static str> {
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(non_empty_word(key)?, vec![word(value)?]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::In(non_empty_word(key)?, vec![word(value)?]));
    }
    if let Some(rest) = part.strip_suffix(')') {
        let (head, values) = rest
            .split_once('(')
            .ok_or("a parenthesis closes that was not open")?;
        let values = values.split(',').map(word).collect::<Result<Vec<_>, _>>()?;
        let mut words = head.split_whitespace();
        let (key, operator) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        return match operator {
            "in" => Ok(Requirement::In(non_empty_word(key)?, values)),
            "notin" => Ok(Requirement::NotIn(non_empty_word(key)?, values)),
            _ => Err("before the parenthesis belongs KEY in or KEY notin"),
        };
    }
    match part.strip_prefix('!') {
        Some(key) => Ok(Requirement::NotExists(non_empty_word(key)?)),
        None => Ok(Requirement::Exists(non_empty_word(part)?)),
    }
}

fn non_empty_word(text: &str) -> Result<String, &'static str> {
    let key = word(text)?;
    if key.is_empty() {
        Err("a key is empty")
    } else {
        Ok(key)
    }
}

/// Checks only the characters of a label key or value; the API server checks the rest.
fn word(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
    {
        Ok(text.to_owned())
    } else {
        Err("keys and values consist of letters, digits and -_./")
    }
}

#[cfg(test)]
mod tests {
    use super::Selector;
    use std::collections::BTreeMap;

    #[test]
    fn selectors_select_as_kubectl_does() {
        let labels: BTreeMap<String, String> = [("app", "web"), ("tier", "front")]
            .map(|(k, v)| (k.into(), v.into()))
            .into();
        for (text, expected) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier=front", true),
            ("app = web , tier", true),
            ("app=api", false),
            ("app!=api", true),
            ("none!=x", true),
            ("app in (api, web)", true),
            ("app notin (api,web)", false),
            ("none notin (x)", true),
            ("none in (x)", false),
            ("!none", true),
            ("!app", false),
            ("none", false),
            ("example.com/app=", false),
        ] {
            let selector: Result<Selector, _> = text.parse();
            assert_eq!(selector.map(|s| s.matches(&labels)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_a_selector_is_refused() {
        for text in [
            "a=b,",
            ",",
            "=x",
            "a in b",
            "a in (b",
            "a b",
            "a in ((b))",
            "a)",
            "!",
            "a=b=c",
            "a of (b)",
        ] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
    }
}
