//! Field selectors in kubectl's syntax. An API server applies them to the fields that it knows of each kind; a dump knows the name
//! and the namespace of every object.

/// A parsed field selector. An empty selector matches every object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    text: String,
    terms: Vec<FieldTerm>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldTerm {
    field: String,
    value: String,
    is_equal: bool,
}

/// The text is not a field selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no field selector: {1}")]
pub struct ParseFieldSelectorError(String, String);

const NAME: &str = "metadata.name";
const NAMESPACE: &str = "metadata.namespace";

impl FieldSelector {
    /// The text as it was given, which is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches every object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The first field that is not known of every object.
    #[must_use]
    pub fn further_field(&self) -> Option<&str> {
        let fields = self.terms.iter().map(|term| term.field.as_str());
        fields
            .into_iter()
            .find(|field| ![NAME, NAMESPACE].contains(field))
    }

    /// Whether an object with that namespace and name is selected. A field that is not known selects nothing.
    #[must_use]
    pub fn matches(&self, namespace: &str, name: &str) -> bool {
        self.terms.iter().all(|term| {
            let value = match term.field.as_str() {
                NAME => name,
                NAMESPACE => namespace,
                _ => return false,
            };
            (term.value == value) == term.is_equal
        })
    }

    /// The selector of the objects with that name among the selected ones, as it is sent.
    #[must_use]
    pub fn and_name(&self, name: &str) -> String {
        match self.as_str() {
            "" => format!("{NAME}={name}"),
            text => format!("{text},{NAME}={name}"),
        }
    }
}

impl std::str::FromStr for FieldSelector {
    type Err = ParseFieldSelectorError;

    /// Reads `a=b,c==d,e!=f` as `ParseSelector` of `k8s.io/apimachinery/pkg/fields` does: a backslash keeps a comma, an equals sign
    /// or a backslash in a value.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |why: String| ParseFieldSelectorError(text.to_owned(), why);
        let mut terms = Vec::new();
        for part in split(text).into_iter().filter(|part| !part.is_empty()) {
            let (field, operator, value) = operands(part)
                .ok_or_else(|| error(format!("{part:?} has no =, == or !=, such as metadata.name=web")))?;
            let value = unescaped(value).map_err(error)?;
            if field.trim().is_empty() {
                return Err(error(format!("{part:?} names no field")));
            }
            terms.push(FieldTerm {
                field: field.trim().to_owned(),
                value,
                is_equal: operator != "!=",
            });
        }
        let text = if terms.is_empty() {
            String::new()
        } else {
            text.to_owned()
        };
        Ok(Self { text, terms })
    }
}

/// The terms, which commas separate that have no backslash before them.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut is_escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if c == ',' && !is_escaped {
            parts.extend(text.get(start..at));
            start = at.saturating_add(1);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    parts.extend(text.get(start..));
    parts
}

/// A term at its first operator.
fn operands(term: &str) -> Option<(&str, &str, &str)> {
    let at = term.char_indices().map(|(at, _)| at);
    at.into_iter().find_map(|at| {
        let (field, rest) = term.split_at_checked(at)?;
        let operator = ["!=", "==", "="]
            .into_iter()
            .find(|operator| rest.starts_with(operator))?;
        Some((field, operator, rest.strip_prefix(operator)?))
    })
}

fn unescaped(value: &str) -> Result<String, String> {
    let mut plain = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => plain.push(c),
                _ => {
                    return Err(format!(
                        "{value:?} has a backslash that is not before a comma, = or backslash"
                    ));
                }
            },
            ',' | '=' => return Err(format!("{value:?} has a {c} without a backslash")),
            c => plain.push(c),
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::FieldSelector;

    fn parse(text: &str) -> FieldSelector {
        text.parse().expect("a field selector")
    }

    // kubernetes/client-go#643: terms are joined by "and", and there are no other operators.
    #[test]
    fn terms_are_read_as_kubectl_reads_them() {
        for (text, namespace, name, matches) in [
            ("", "shop", "web", true),
            ("metadata.name=web", "shop", "web", true),
            ("metadata.name==web", "shop", "web", true),
            ("metadata.name=web", "shop", "api", false),
            ("metadata.name!=web", "shop", "api", true),
            ("metadata.name=web,metadata.namespace!=shop", "shop", "web", false),
            ("metadata.name=web,,metadata.namespace=shop,", "shop", "web", true),
            ("metadata.name=web,metadata.name=api", "shop", "web", false),
            (r"metadata.name=a\,b\=c\\d", "shop", r"a,b=c\d", true),
            ("metadata.name=", "shop", "web", false),
            ("status.phase=Running", "shop", "web", false),
        ] {
            assert_eq!(parse(text).matches(namespace, name), matches, "{text}");
        }
        assert_eq!(
            parse("metadata.name=web,status.phase=x").further_field(),
            Some("status.phase")
        );
        assert_eq!(parse("metadata.name=web").further_field(), None);
        assert!(parse(",").is_empty() && parse(",").as_str().is_empty());
        assert_eq!(
            parse("metadata.namespace=shop").and_name("web"),
            "metadata.namespace=shop,metadata.name=web"
        );
        assert_eq!(parse("").and_name("web"), "metadata.name=web");
    }

    // kubernetes/kubernetes#15128: people try the set operators of labels.
    #[test]
    fn a_text_that_is_no_field_selector_is_refused_with_what_is_right() {
        for text in [
            "metadata.name in (a,b)",
            "metadata.name",
            "=web",
            r"metadata.name=a\b",
            "metadata.name=a=b",
        ] {
            let error = text.parse::<FieldSelector>().expect_err(text).to_string();
            assert!(error.contains("is no field selector"), "{error}");
        }
    }
}
