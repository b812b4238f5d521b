//! Owns label and field selectors, and which objects they take.
//! Must not know of an object more than its names and labels.

use std::collections::BTreeMap;

use super::request::RecordedRequest;
use super::resource::Target;

/// The labels of an object.
pub(crate) type Labels = BTreeMap<String, String>;

/// The objects of a list or watch.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    namespace: Option<String>,
    fields: Vec<(Field, bool, String)>,
    labels: Vec<Requirement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Namespace,
    /// One of [`EVENT_FIELDS`].
    OfEvent(&'static str),
}

/// The fields of events that a selector can name. Their values are stored with the labels, under keys that no label has.
pub(crate) const EVENT_FIELDS: [&str; 4] = ["involvedObject.kind", "involvedObject.uid", "reason", "type"];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    Equals(String, String),
    Differs(String, String),
    Exists(String),
    Absent(String),
}

impl Selector {
    /// The selector of a request, or why an API server would refuse it. Equality, existence and `in` are supported.
    pub fn from_request(request: &RecordedRequest, target: &Target) -> Result<Self, String> {
        let terms = |name: &str| {
            let text = request.parameter(name).unwrap_or_default();
            let mut depth = 0_i32;
            text.split(|c| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                c == ',' && depth == 0
            })
            .map(str::trim)
            .filter(|term| !term.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
        };
        let mut fields = Vec::new();
        for term in terms("fieldSelector") {
            let (name, equal, value) = split(&term).ok_or_else(|| format!("invalid selector: '{term}'"))?;
            let field = match name {
                "metadata.name" => Field::Name,
                "metadata.namespace" if target.resource.namespaced => Field::Namespace,
                other if target.resource.kind == "Event" && EVENT_FIELDS.contains(&other) => {
                    let known = EVENT_FIELDS.into_iter().find(|field| *field == other);
                    Field::OfEvent(known.unwrap_or_default())
                }
                other => {
                    return Err(format!(
                        "\"{other}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                    ));
                }
            };
            fields.push((field, equal, value.to_owned()));
        }
        let labels = terms("labelSelector")
            .iter()
            .map(|term| requirement(term))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            namespace: target.namespace.clone(),
            fields,
            labels,
        })
    }

    /// Whether it takes only some objects of its namespace.
    pub fn is_narrow(&self) -> bool {
        !self.fields.is_empty() || !self.labels.is_empty()
    }

    pub fn takes(&self, namespace: &str, name: &str, labels: &Labels) -> bool {
        self.namespace.as_ref().is_none_or(|wanted| wanted == namespace)
            && self.fields.iter().all(|(field, equal, value)| {
                let actual = match field {
                    Field::Name => name,
                    Field::Namespace => namespace,
                    Field::OfEvent(field) => labels.get(&format!("@{field}")).map_or("", String::as_str),
                };
                (actual == value) == *equal
            })
            && self.labels.iter().all(|requirement| match requirement {
                Requirement::In(key, values) => labels.get(key).is_some_and(|v| values.contains(v)),
                Requirement::Equals(key, value) => labels.get(key) == Some(value),
                Requirement::Differs(key, value) => labels.get(key) != Some(value),
                Requirement::Exists(key) => labels.contains_key(key),
                Requirement::Absent(key) => !labels.contains_key(key),
            })
    }
}

fn split(term: &str) -> Option<(&str, bool, &str)> {
    if let Some((key, value)) = term.split_once("!=") {
        return Some((key.trim(), false, value.trim()));
    }
    let (key, value) = term.split_once("==").or_else(|| term.split_once('='))?;
    Some((key.trim(), true, value.trim()))
}

fn requirement(term: &str) -> Result<Requirement, String> {
    let invalid = || format!("unable to parse requirement: invalid label selector term '{term}'");
    if let Some((key, values)) = term.strip_suffix(')').and_then(|t| t.split_once(" in (")) {
        let values = values.split(',').map(|v| v.trim().to_owned()).collect();
        return Ok(Requirement::In(key.to_owned(), values));
    }
    let requirement = match split(term) {
        Some((key, true, value)) => Requirement::Equals(key.to_owned(), value.to_owned()),
        Some((key, false, value)) => Requirement::Differs(key.to_owned(), value.to_owned()),
        None => match term.strip_prefix('!') {
            Some(key) => Requirement::Absent(key.to_owned()),
            None => Requirement::Exists(term.to_owned()),
        },
    };
    let key = match &requirement {
        Requirement::In(key, _)
        | Requirement::Equals(key, _)
        | Requirement::Differs(key, _)
        | Requirement::Exists(key)
        | Requirement::Absent(key) => key,
    };
    if key.is_empty() || key.contains([' ', '(', ')', '=']) {
        return Err(invalid());
    }
    Ok(requirement)
}

#[cfg(test)]
mod tests {
    use super::super::request::tests::get;
    use super::*;

    fn taken(query: &str) -> Result<Vec<&'static str>, String> {
        let target = Target::parse("/apis/apps/v1/deployments").expect("deployments are served");
        let selector = Selector::from_request(&get(&format!("/apis/apps/v1/deployments?{query}")), &target)?;
        let objects = [
            ("web", "shop", Some("front")),
            ("api", "shop", Some("back")),
            ("job", "bank", None),
        ];
        Ok(objects
            .into_iter()
            .filter(|(name, namespace, tier)| {
                let labels = tier
                    .iter()
                    .map(|tier| ("tier".to_owned(), (*tier).to_owned()))
                    .collect();
                selector.takes(namespace, name, &labels)
            })
            .map(|(name, _, _)| name)
            .collect())
    }

    #[test]
    fn equality_and_existence_are_understood() {
        assert_eq!(taken(""), Ok(vec!["web", "api", "job"]));
        assert_eq!(taken("labelSelector=tier%3Dfront"), Ok(vec!["web"]));
        assert_eq!(taken("labelSelector=tier%3D%3Dfront"), Ok(vec!["web"]));
        assert_eq!(taken("labelSelector=tier%21%3Dfront"), Ok(vec!["api", "job"]));
        assert_eq!(
            taken("labelSelector=tier+in+%28front%2Cside%29,tier"),
            Ok(vec!["web"])
        );
        assert_eq!(taken("labelSelector=tier"), Ok(vec!["web", "api"]));
        assert_eq!(taken("labelSelector=%21tier"), Ok(vec!["job"]));
        assert_eq!(taken("labelSelector=tier,tier%21%3Dback"), Ok(vec!["web"]));
        assert_eq!(taken("fieldSelector=metadata.name%3Djob"), Ok(vec!["job"]));
        assert_eq!(
            taken("fieldSelector=metadata.namespace%21%3Dshop"),
            Ok(vec!["job"])
        );
    }

    #[test]
    fn an_invalid_selector_is_refused() {
        assert_eq!(
            taken("fieldSelector=spec.replicas%3D3"),
            Err("\"spec.replicas\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                .to_owned())
        );
        assert!(taken("labelSelector=tier+notin+(front)").is_err());
    }
}
