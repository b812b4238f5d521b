//! The questions to the API server about itself and about who asks.

use crate::cluster::{Answer, Client, Refusal};
use crate::failure::{Class, Failure};
use crate::resource::Lease;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Larger than any `/version` or `/readyz?verbose`.
const LIMIT: usize = 256 << 10;
/// An identity with thousands of rules has a megabyte of them.
const LIMIT_OF_RULES: usize = 16 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

/// Asks `/version`: the `gitVersion`, and how long it took from the first packet to the last byte.
///
/// # Errors
/// `notAnApiServer` where the answer is no version, such as the 200 with which a captive portal greets.
pub async fn version(client: &Client) -> (Result<String, Failure>, Duration) {
    let started = tokio::time::Instant::now();
    let result = once_more(client, "/version").await;
    let elapsed = started.elapsed();
    let version = match result {
        Ok(Whole {
            status: 200, text, ..
        }) => match serde_json::from_str::<Version>(&text) {
            Ok(version) => Ok(version.git_version),
            Err(error) => {
                let head: String = text.trim_start().chars().take(40).collect();
                Err(Failure {
                    endpoint: format!("{}/version", client.server()),
                    elapsed,
                    ..Failure::new(
                        Class::NotAnApiServer,
                        format!("/version answers {head:?}, which is no version: {error}"),
                    )
                })
            }
        },
        Ok(Whole {
            status,
            text,
            retry_after,
        }) => Err(Failure {
            endpoint: format!("{}/version", client.server()),
            elapsed,
            ..of_version(status, &text, retry_after)
        }),
        Err(failure) => Err(failure),
    };
    (version, elapsed)
}

/// An API server has a `/version`: what answers that it has none is something else, or another address of it.
fn of_version(status: u16, text: &str, retry_after: Option<Duration>) -> Failure {
    let class = crate::cluster::classify::code(status).unwrap_or(Class::NotAnApiServer);
    let failure = crate::cluster::classify::answer(class, status, text.as_bytes(), retry_after);
    match failure.class {
        Class::NotFound => Failure {
            class: Class::NotAnApiServer,
            message: format!(
                "what answers is not an API server: /version answers {}",
                failure.message
            ),
            ..failure
        },
        _ => failure,
    }
}

/// What `/readyz?verbose` answered: the status code decides, the text informs.
pub type Readiness = (u16, String);

/// Asks `/readyz?verbose`.
///
/// # Errors
/// Only where there was no answer: 500 is one.
pub async fn readyz(client: &Client) -> Result<Readiness, Failure> {
    let whole = once_more(client, "/readyz?verbose").await?;
    Ok((whole.status, whole.text))
}

/// Asks `/livez?verbose`, which tells an API server that hangs or dies from one that only is not ready.
///
/// # Errors
/// As [`readyz`].
pub async fn livez(client: &Client) -> Result<Readiness, Failure> {
    let whole = once_more(client, "/livez?verbose").await?;
    Ok((whole.status, whole.text))
}

/// Reads the Lease of a part of the control plane, once.
///
/// # Errors
/// Those of the request; `notAnApiServer` where the answer is no Lease.
pub async fn lease(client: &Client, name: &str) -> Result<Lease, Failure> {
    let path = format!("{}/{name}", crate::cluster::path_of::<Lease>(Some("kube-system")));
    let body = client.get_whole(&path, "application/json", LIMIT).await?;
    crate::cluster::api::list::object(&body).map_err(|failure| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..failure
    })
}

/// Who the API server takes this client for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct UserInfo {
    /// The user's name.
    pub username: String,
    /// The user's groups.
    pub groups: Vec<String>,
}

/// Asks the API server who this client is, by a `SelfSubjectReview`, which every authenticated user may create
/// (`system:basic-user`) since Kubernetes 1.28.
///
/// # Errors
/// Those of the request; `notAnApiServer` where the answer is no review.
pub async fn whoami(client: &Client) -> Result<UserInfo, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ReviewStatus {
        user_info: UserInfo,
    }
    const PATH: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const REVIEW: &str = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
    let status: ReviewStatus = review(client, PATH, REVIEW.to_owned()).await?;
    Ok(status.user_info)
}

/// What an identity may do in one namespace, as far as the API server's authorizers can list it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    #[serde(deserialize_with = "crate::resource::null_as_default")]
    resource_rules: Vec<Rule>,
    /// Whether an authorizer could not list its rules, as a webhook cannot: then more may be allowed.
    pub incomplete: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    /// The rule is for these objects alone.
    resource_names: Vec<String>,
}

impl Rules {
    /// Whether every object of that resource may be read or changed by that verb.
    #[must_use]
    pub fn allow(&self, verb: &str, group: &str, plural: &str) -> bool {
        let has = |words: &[String], word: &str| words.iter().any(|w| w == word || w == "*");
        self.resource_rules.iter().any(|rule| {
            rule.resource_names.is_empty()
                && has(&rule.verbs, verb)
                && has(&rule.api_groups, group)
                && has(&rule.resources, plural)
        })
    }
}

/// Asks the API server what this client may do in a namespace, by a `SelfSubjectRulesReview`, which every
/// authenticated user may create (`system:basic-user`).
///
/// # Errors
/// As [`whoami`].
pub async fn rules(client: &Client, namespace: &str) -> Result<Rules, Failure> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Review<'a> {
        api_version: &'static str,
        kind: &'static str,
        spec: Spec<'a>,
    }
    #[derive(Serialize)]
    struct Spec<'a> {
        namespace: &'a str,
    }
    const PATH: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let asked = Review {
        api_version: "authorization.k8s.io/v1",
        kind: "SelfSubjectRulesReview",
        spec: Spec { namespace },
    };
    let asked = serde_json::to_string(&asked)
        .map_err(|error| Failure::new(Class::Rejected, format!("namespace {namespace:?}: {error}")))?;
    review(client, PATH, asked).await
}

/// Posts a review, which is answered and not kept, and reads the status of the answer.
async fn review<T: serde::de::DeserializeOwned>(
    client: &Client,
    path: &str,
    review: String,
) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct Review<T> {
        kind: String,
        status: T,
    }
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    let asked = serde_json::from_str::<Kind>(&review)
        .map(|asked| asked.kind)
        .unwrap_or_default();
    let answer = match client.post(path, review).await?.refusal().await? {
        Refusal::None(answer) => answer,
        Refusal::Failed(failure) => return Err(failure),
    };
    let body = answer.whole(LIMIT_OF_RULES).await?;
    let no_review = |why: String| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..Failure::new(Class::NotAnApiServer, format!("{path} answers no review: {why}"))
    };
    match serde_json::from_slice::<Review<T>>(&body) {
        Ok(review) if review.kind == asked => Ok(review.status),
        Ok(review) => Err(no_review(format!("it is of kind {:?}", review.kind))),
        Err(error) => Err(no_review(error.to_string())),
    }
}

/// A connection that was kept open may have been closed by the other side just now; that is no answer, so it is
/// asked once more. Nothing else is: the first answer is the truth.
async fn once_more(client: &Client, path: &str) -> Result<Whole, Failure> {
    match whole(client, path).await {
        Err(failure) if failure.class == Class::ConnectionLost => whole(client, path).await,
        result => result,
    }
}

/// An answer that was read to its end, whatever its status code.
struct Whole {
    status: u16,
    text: String,
    retry_after: Option<Duration>,
}

async fn whole(client: &Client, path: &str) -> Result<Whole, Failure> {
    let answer: Answer = client.get(path, "application/json, */*").await?;
    let (status, retry_after) = (answer.status, answer.retry_after);
    let body = answer.whole(LIMIT).await?;
    Ok(Whole {
        status,
        text: String::from_utf8_lossy(&body).into_owned(),
        retry_after,
    })
}
