//! Owns the query parameters: which there are, what they mean, and why one is refused.
//! Must not know which path takes which of them, nor how a refusal is written.

use super::moment::Moment;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode;
use sre_shared::kind::Kind;
use sre_shared::live::{ObjectKey, Selection};
use sre_shared::nearest::nearest;
use sre_shared::report::{FailOn, State};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

/// The words of [`FailOn`].
const FAIL_WORDS: [&str; 3] = ["progressing", "degraded", "unknown"];

/// The value of `namespace` that asks for every namespace of the cluster, watched or not.
const EVERYWHERE: &str = "*";

/// The parts of the report that a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestedParts {
    /// Whether it asks for the part of the API server.
    pub api_server: bool,
    /// The kinds it asks for.
    pub kinds: Vec<Kind>,
}

/// A query that was read.
#[derive(Debug, Default)]
pub struct Query {
    /// `namespace`, `name`, `selector`, `state`, `items`, `ignore` and `continue`.
    pub selection: Selection,
    /// `kinds`: the parts of the report; `None` for all.
    pub parts: Option<RequestedParts>,
    /// `objects`: of these kinds only the objects of these names.
    pub objects: Vec<(Kind, BTreeSet<String>)>,
    /// `items=none`: whether no objects and no findings are shown.
    pub no_items: bool,
    /// `fail`: which states make the answer a 500.
    pub fail: Option<FailOn>,
    /// `limit`: how many objects are shown at most.
    pub limit: Option<NonZeroUsize>,
    /// `verbose`.
    pub verbose: bool,
    /// `kind`: only its objects.
    pub kind: Option<Kind>,
    /// `since`: nothing before it.
    pub since: Option<Moment>,
    /// `until`: nothing after it.
    pub until: Option<Moment>,
    /// `at`: the moment that the report is about; `None` for the present.
    pub at: Option<Moment>,
}

/// A sentence that says why a query is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidQuery(String);

/// Reads the part of a URL behind the question mark; `allowed` are the parameters that the path takes.
///
/// # Errors
/// [`InvalidQuery`] for a parameter that is unknown, comes twice or has an invalid value.
pub fn read(query: Option<&str>, allowed: &[&str]) -> Result<Query, InvalidQuery> {
    let mut read = Query::default();
    let mut seen: Vec<String> = Vec::new();
    for pair in query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if !allowed.contains(&name.as_str()) {
            return Err(InvalidQuery(unknown(&name, allowed)));
        }
        if seen.contains(&name) {
            return Err(InvalidQuery(format!(
                "the parameter {name:?} is there twice, give it once"
            )));
        }
        read.take(&name, value)?;
        seen.push(name);
    }
    Ok(read)
}

impl Query {
    fn take(&mut self, name: &str, value: String) -> Result<(), InvalidQuery> {
        let selection = &mut self.selection;
        match name {
            "namespace" if value == EVERYWHERE => selection.everywhere = true,
            "namespace" => selection.namespace = Some(namespace(value)?),
            "kinds" => self.parts = Some(parts(&value)?),
            "selector" => {
                selection.selector = value
                    .parse()
                    .map_err(|error| InvalidQuery(format!("selector: {error}")))?;
                selection.selector_text = value;
            }
            "since" => self.since = Some(moment(name, &value)?),
            "until" => self.until = Some(moment(name, &value)?),
            "at" => self.at = Some(moment(name, &value)?),
            "kind" => self.kind = Some(kind(&value)?),
            "name" => selection.names = BTreeSet::from([object_name(value)?]),
            "objects" => self.objects = objects(&value)?,
            "state" => selection.states = Some(states(&value)?),
            "fail" => self.fail = Some(fail(&value)?),
            "limit" => {
                let wrong = || InvalidQuery(format!("limit: {value:?} is no number of 1 or more"));
                let digits = value.bytes().all(|b| b.is_ascii_digit());
                self.limit = Some(value.parse().ok().filter(|_| digits).ok_or_else(wrong)?);
            }
            "continue" => selection.after = Some(from_token(&value)?),
            "items" => {
                (selection.notable, self.no_items) = match value.as_str() {
                    "notable" => (true, false),
                    "all" => (false, false),
                    "none" => (false, true),
                    _ => {
                        return Err(InvalidQuery(format!(
                            "items: {value:?} is none of all, notable, none"
                        )));
                    }
                };
            }
            "ignore" => {
                selection.no_ignore = match value.as_str() {
                    "true" => false,
                    "false" => true,
                    _ => {
                        return Err(InvalidQuery(format!(
                            "ignore: {value:?} is neither true nor false"
                        )));
                    }
                };
            }
            "verbose" => {
                self.verbose = match value.as_str() {
                    "" | "true" | "1" => true,
                    "false" | "0" => false,
                    _ => {
                        return Err(InvalidQuery(format!(
                            "verbose: {value:?} is neither true nor false"
                        )));
                    }
                };
            }
            _ => return Err(InvalidQuery(unknown(name, &[]))),
        }
        Ok(())
    }
}

fn unknown(name: &str, allowed: &[&str]) -> String {
    let hint = match nearest(name, allowed.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None if allowed.is_empty() => "this path takes none".to_owned(),
        None => format!("this path takes {}", allowed.join(", ")),
    };
    format!("there is no parameter {name:?}; {hint}")
}

/// Decodes percent-encoding, and `+` as a space, as HTML forms and the libraries of most languages encode it.
fn decode(text: &str) -> Result<String, InvalidQuery> {
    let bad = || InvalidQuery(format!("{text:?} is not percent-encoded UTF-8"));
    let spaced: Vec<u8> = text.bytes().map(|b| if b == b'+' { b' ' } else { b }).collect();
    let mut rest = spaced.as_slice();
    while let Some(at) = rest.iter().position(|b| *b == b'%') {
        let digits = rest.get(at + 1..at + 3).ok_or_else(bad)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(bad());
        }
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    String::from_utf8(percent_decode(&spaced).collect()).map_err(|_| bad())
}

fn moment(name: &str, value: &str) -> Result<Moment, InvalidQuery> {
    Moment::parse(value).map_err(|wrong| InvalidQuery(format!("{name}: {wrong}")))
}

/// One kind, by every name that kubectl takes.
fn kind(value: &str) -> Result<Kind, InvalidQuery> {
    Kind::from_word(value).ok_or_else(|| {
        let known = || Kind::ALL.iter().map(|kind| kind.plural());
        InvalidQuery(match nearest(value, known()) {
            Some(near) => format!("kind: there is no {value:?}, did you mean {near:?}?"),
            None => format!(
                "kind: {value:?} is none of {}",
                known().collect::<Vec<_>>().join(", ")
            ),
        })
    })
}

fn namespace(value: String) -> Result<String, InvalidQuery> {
    if value.is_empty() {
        return Err(InvalidQuery(
            "namespace: the value is empty, leave the parameter out for all that are watched".into(),
        ));
    }
    let fits = value.len() <= 63
        && value
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !value.starts_with('-')
        && !value.ends_with('-');
    if fits {
        Ok(value)
    } else {
        Err(InvalidQuery(format!(
            "namespace: {value:?} is no name, which consists of a-z, 0-9 and -"
        )))
    }
}

/// Whether it can be the name of an object. Some kinds take other characters than a namespace does, such as dots and colons.
fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    (1..=253).contains(&name.len()) && name.chars().all(is_part)
}

fn object_name(value: String) -> Result<String, InvalidQuery> {
    if is_name(&value) {
        return Ok(value);
    }
    Err(InvalidQuery(format!(
        "name: {value:?} is no name of an object, such as web"
    )))
}

/// Objects as `KIND/NAME`, the kind by every name that kubectl takes.
fn objects(value: &str) -> Result<Vec<(Kind, BTreeSet<String>)>, InvalidQuery> {
    let mut objects: Vec<(Kind, BTreeSet<String>)> = Vec::new();
    for word in value.split(',').map(str::trim) {
        let object = word.split_once('/');
        let object = object.filter(|(_, name)| is_name(name));
        let Some((kind, name)) = object.and_then(|(kind, name)| Some((Kind::from_word(kind)?, name))) else {
            return Err(InvalidQuery(format!(
                "objects: {word:?} is no KIND/NAME, such as deployments/web"
            )));
        };
        match objects.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, names)) => {
                names.insert(name.to_owned());
            }
            None => objects.push((kind, BTreeSet::from([name.to_owned()]))),
        }
    }
    Ok(objects)
}

fn words<'a>(value: &'a str, name: &str, known: &[&'static str]) -> Result<Vec<&'a str>, InvalidQuery> {
    let words: Vec<&str> = value.split(',').map(str::trim).collect();
    match words.iter().find(|word| !known.contains(word)) {
        None => Ok(words),
        Some(word) => Err(InvalidQuery(match nearest(word, known.iter().copied()) {
            Some(near) => format!("{name}: there is no {word:?}, did you mean {near:?}?"),
            None => format!("{name}: {word:?} is none of {}", known.join(", ")),
        })),
    }
}

/// `apiserver`, kinds by every name that kubectl takes, or `all`.
fn parts(value: &str) -> Result<RequestedParts, InvalidQuery> {
    let mut parts = RequestedParts::default();
    let mut chosen = Vec::new();
    for word in value.split(',').map(str::trim) {
        match (word, Kind::from_word(word)) {
            ("all", _) => {
                parts.api_server = true;
                chosen.extend(Kind::ALL);
            }
            ("apiserver", _) => parts.api_server = true,
            (_, Some(kind)) => chosen.push(kind),
            (_, None) => {
                let known = || {
                    Kind::ALL
                        .iter()
                        .map(|kind| kind.plural())
                        .chain(["apiserver", "all"])
                };
                return Err(InvalidQuery(match nearest(word, known()) {
                    Some(near) => format!("kinds: there is no {word:?}, did you mean {near:?}?"),
                    None => format!(
                        "kinds: {word:?} is none of {}",
                        known().collect::<Vec<_>>().join(", ")
                    ),
                }));
            }
        }
    }
    let in_order = Kind::ALL.iter().copied().filter(|kind| chosen.contains(kind));
    parts.kinds = in_order.collect();
    Ok(parts)
}

fn states(value: &str) -> Result<Vec<State>, InvalidQuery> {
    let words = words(value, "state", &State::ALL.map(State::as_str))?;
    Ok(State::ALL
        .into_iter()
        .filter(|state| words.contains(&state.as_str()))
        .collect())
}

fn fail(value: &str) -> Result<FailOn, InvalidQuery> {
    words(value, "fail", &FAIL_WORDS)?
        .join(",")
        .parse()
        .map_err(|error| InvalidQuery(format!("fail: {error}")))
}

/// The token with which a list goes on after that object.
pub fn token(namespace: &str, name: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{namespace}/{name}"))
}

fn from_token(token: &str) -> Result<ObjectKey, InvalidQuery> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            text.split_once('/')
                .map(|(namespace, name)| ObjectKey::new(namespace, name))
        })
        .ok_or_else(|| {
            InvalidQuery(format!(
                "continue: {token:?} is no token of an answer of this agent"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &[
        "kinds",
        "namespace",
        "selector",
        "name",
        "objects",
        "state",
        "items",
        "fail",
        "limit",
        "continue",
        "ignore",
        "verbose",
        "kind",
        "since",
        "until",
        "at",
    ];

    #[test]
    fn every_parameter_is_read() {
        let text = format!(
            "namespace=shop&selector=app+in+(a%2Cb)&state=degraded,unavailable&objects=deploy/web,svc/a.b,deployments/api&name=a.b&items=none&fail=unknown&limit=5&continue={}&ignore=false&verbose",
            token("shop", "web")
        );
        let query = read(Some(&text), ALL).unwrap();
        let selection = query.selection;
        assert_eq!(selection.namespace.as_deref(), Some("shop"));
        assert_eq!(selection.selector_text, "app in (a,b)");
        assert_eq!(selection.states, Some(vec![State::Degraded, State::Unavailable]));
        assert_eq!(selection.after, Some(ObjectKey::new("shop", "web")));
        assert_eq!(
            query.fail.map(|f| (f.progressing, f.degraded, f.unknown)),
            Some((false, false, true))
        );
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            query.objects,
            [
                (Kind::Deployment, names(&["api", "web"])),
                (Kind::Service, names(&["a.b"]))
            ]
        );
        assert_eq!(query.limit.map(NonZeroUsize::get), Some(5));
        assert!(query.verbose && selection.no_ignore && query.no_items);
        assert_eq!(selection.names, names(&["a.b"]));
        assert!(read(None, &[]).is_ok());
        assert!(read(Some(""), &[]).is_ok());
    }

    #[test]
    fn a_wrong_query_is_refused_with_the_nearest_right_word() {
        for (text, part) in [
            ("namespce=a", "did you mean \"namespace\"?"),
            ("x=1", "this path takes kinds, namespace, "),
            ("limit=1&limit=1", "\"limit\" is there twice"),
            ("limit=0", "no number of 1 or more"),
            ("limit=+1", "no number"),
            ("limit=99999999999999999999999", "no number"),
            ("limit", "no number"),
            ("since=1d", "since: \"1d\" is neither a time such as"),
            ("until=", "until: \"\" is neither a time"),
            ("at=noon", "at: \"noon\" is neither a time"),
            (
                "kind=deploymet",
                "kind: there is no \"deploymet\", did you mean \"deployments\"?",
            ),
            ("kind=all", "kind: \"all\" is none of deployments, "),
            ("namespace=", "leave the parameter out"),
            ("namespace=**", "no name"),
            (
                "kinds=deploymens",
                "kinds: there is no \"deploymens\", did you mean \"deployments\"?",
            ),
            (
                "objects=deploy/web,a/b",
                "objects: \"a/b\" is no KIND/NAME, such as deployments/web",
            ),
            ("objects=deploy/a/b", "objects: \"deploy/a/b\" is no KIND/NAME"),
            ("objects=web", "objects: \"web\" is no KIND/NAME"),
            ("objects=", "objects: \"\" is no KIND/NAME"),
            ("kinds=", "is none of deployments, "),
            (
                "kinds=deploy/web",
                "kinds: there is no \"deploy/web\", did you mean",
            ),
            ("namespace=Shop", "no name"),
            ("namespace=..%2Fx", "no name"),
            ("selector=a+b", "selector: \"a b\" is no label selector"),
            ("state=degrade", "did you mean \"degraded\"?"),
            ("state=", "is none of healthy, progressing"),
            (
                "fail=degraded,broken",
                "fail: \"broken\" is none of progressing, degraded, unknown",
            ),
            ("continue=%20", "no token"),
            ("continue=YQ", "no token"),
            ("name=", "name: \"\" is no name of an object"),
            ("name=shop%2Fweb", "name: \"shop/web\" is no name"),
            ("items=some", "items: \"some\" is none of all, notable, none"),
            ("ignore", "neither true nor false"),
            ("verbose=maybe", "neither true nor false"),
            ("state=%zz", "not percent-encoded"),
            ("state=%e", "not percent-encoded"),
            ("state=%ff", "not percent-encoded UTF-8"),
        ] {
            let error = read(Some(text), ALL).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert_eq!(
            read(Some("a"), &[]).unwrap_err().to_string(),
            "there is no parameter \"a\"; this path takes none"
        );
    }
}
