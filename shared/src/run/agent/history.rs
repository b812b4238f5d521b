//! The history of an agent, read page by page.

use super::error_body::ErrorBody;
use super::received::no_agent;
use super::refusal::AgentRefusal;
use super::token_refusal::refused;
use crate::cluster::{ServiceName, ServiceResponse};
use crate::failure::{Class, Failure};
use crate::kind::Kind;
use crate::report::{API_VERSION, HistoryPage};
use crate::timeline::WindowBound;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Transitions on a page. An agent keeps as many at most, so that mostly one page has all of them.
const PAGE: usize = 10_000;
/// The most pages that are read. An agent that sends more of them is no agent.
const PAGES: usize = 16;
/// How often the reading begins anew because another replica answers, or the agent was started again.
const ATTEMPTS: usize = 3;

/// What is asked of a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Nothing before this moment.
    pub since: Option<WindowBound>,
    /// Nothing after this moment.
    pub until: Option<WindowBound>,
    /// Only objects of this kind.
    pub kind: Option<Kind>,
    /// Only objects in this namespace; `None` for all namespaces of the cluster.
    pub namespace: Option<String>,
    /// Only objects of this name.
    pub name: Option<String>,
}

impl HistoryQuery {
    /// Path and query of a page.
    fn path(&self, next: Option<&str>) -> String {
        let limit = PAGE.to_string();
        let (since, until) = (self.since.map(bound), self.until.map(bound));
        let parameters = [
            ("since", since.as_deref()),
            ("until", until.as_deref()),
            ("kind", self.kind.map(Kind::plural)),
            ("namespace", Some(self.namespace.as_deref().unwrap_or("*"))),
            ("name", self.name.as_deref()),
            ("limit", Some(limit.as_str())),
            ("continue", next),
        ];
        let mut path = "/history".to_owned();
        let mut joint = '?';
        for (name, value) in parameters {
            let Some(value) = value else { continue };
            path.push(std::mem::replace(&mut joint, '&'));
            path.push_str(name);
            path.push('=');
            path.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        path
    }
}

/// A bound as the agent reads it. A duration counts by the agent's clock.
fn bound(bound: WindowBound) -> String {
    match bound {
        WindowBound::At(time) => time.to_string(),
        WindowBound::Ago(seconds) => format!("{seconds}s"),
    }
}

/// Reads the history of one agent, as one page: its transitions, and the gaps in between. `get` fetches a path of the agent:
/// [`super::ask_service`] through the API server, or an HTTP client of its URL. `service` is the agent's Service, if it was asked
/// through it.
///
/// # Errors
/// Those of `get`; `agentVersion` if the agent is older than its history; `notAnAgent` if something else answers; `forbidden` if
/// the agent refuses the token.
pub async fn history(
    query: &HistoryQuery,
    service: Option<&ServiceName>,
    get: impl AsyncFn(String) -> Result<ServiceResponse, AgentRefusal>,
) -> Result<HistoryPage, AgentRefusal> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match read_pages(query, service, &get).await? {
            Some(history) => return Ok(history),
            None if attempt < ATTEMPTS => {}
            None => {
                let message = "each page of the history comes from another replica of the agent, or it is started again \
                               and again";
                return Err(Failure::new(Class::AgentNotReady, message).into());
            }
        }
    }
}

/// All pages as one. `None` if a page is of another agent than the one before.
async fn read_pages(
    query: &HistoryQuery,
    service: Option<&ServiceName>,
    get: &impl AsyncFn(String) -> Result<ServiceResponse, AgentRefusal>,
) -> Result<Option<HistoryPage>, AgentRefusal> {
    let served = get(query.path(None)).await?;
    let mut history = page(&served, service)?;
    for _ in 1..PAGES {
        let Some(next) = history.next.take() else {
            return Ok(Some(history));
        };
        let served = get(query.path(Some(&next))).await?;
        if served.status == 410 {
            return Ok(None);
        }
        let mut further = page(&served, service)?;
        if further.pod != history.pod {
            return Ok(None);
        }
        history.transitions.append(&mut further.transitions);
        history.next = further.next;
    }
    let message = format!("the history has more than {PAGES} pages of {PAGE} transitions");
    Err(Failure::new(Class::NotAnAgent, message).into())
}

fn page(served: &ServiceResponse, service: Option<&ServiceName>) -> Result<HistoryPage, AgentRefusal> {
    if let Some(refusal) = refused(served, service) {
        return Err(refusal);
    }
    if served.status == 200
        && let Ok(page) = serde_json::from_slice::<HistoryPage>(&served.body)
        && page.kind == HistoryPage::KIND
    {
        if page.api_version == API_VERSION {
            return Ok(page);
        }
        let message = format!(
            "the agent speaks {}, and this plugin {API_VERSION}",
            page.api_version
        );
        return Err(Failure::new(Class::AgentVersion, message).into());
    }
    match ErrorBody::read(served) {
        Some(refusal) if refusal.error == "unknownPath" => {
            let message = "the agent keeps no history: it is of an older version";
            Err(Failure::new(Class::AgentVersion, message).into())
        }
        Some(refusal) if refusal.error == "invalidQuery" => {
            let message = format!("the agent does not know what it was asked: {}", refusal.message);
            Err(Failure::new(Class::AgentVersion, message).into())
        }
        _ => Err(no_agent(served).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Time;
    use serde_json::{Value, json};
    use std::cell::RefCell;

    fn answer(status: u16, body: &Value) -> ServiceResponse {
        ServiceResponse {
            status,
            body: serde_json::to_vec(body).unwrap(),
        }
    }

    fn page_of(pod: &str, names: &[&str], next: Option<&str>) -> ServiceResponse {
        let transition = |name: &&str| {
            json!({"at": "2026-11-23T18:40:12Z", "kind": "Deployment", "namespace": "shop", "name": name,
                   "from": "healthy", "to": "degraded", "reason": "ReadyBelowDesired", "ofANewerVersion": 1})
        };
        let transitions: Vec<Value> = names.iter().map(transition).collect();
        let mut page = json!({
            "apiVersion": "sre/v1", "kind": "HealthHistory", "watchedSince": "2026-11-23T10:00:00Z",
            "gaps": [{"from": "2026-11-23T11:00:00Z", "why": "ofANewerVersion"}], "transitions": transitions,
            "coverage": {}, "observedAt": "2026-11-23T19:00:00Z", "pod": pod,
        });
        if let Some(next) = next {
            page["continue"] = json!(next);
        }
        answer(200, &page)
    }

    /// Reads from an agent with these answers, and returns the paths that it was asked for.
    async fn read(
        query: &HistoryQuery,
        answers: Vec<ServiceResponse>,
    ) -> (Result<HistoryPage, AgentRefusal>, Vec<String>) {
        let (answers, paths) = (RefCell::new(answers.into_iter()), RefCell::new(Vec::new()));
        let get = async |path: String| {
            paths.borrow_mut().push(path);
            Ok(answers.borrow_mut().next().expect("an answer is left"))
        };
        let read = history(query, None, get).await;
        (read, paths.into_inner())
    }

    #[tokio::test]
    async fn the_pages_of_one_agent_are_one_history() {
        let query = HistoryQuery {
            since: Some(WindowBound::At(Time::from_seconds(0))),
            until: Some(WindowBound::Ago(90)),
            kind: Some(Kind::Deployment),
            namespace: Some("shop".to_owned()),
            ..HistoryQuery::default()
        };
        let pages = vec![
            page_of("a", &["web", "api"], Some("t-1")),
            page_of("a", &["db"], None),
        ];
        let (read, paths) = read(&query, pages).await;
        let history = read.unwrap();
        let names: Vec<&str> = history.transitions.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["web", "api", "db"]);
        assert_eq!(history.gaps[0].why.as_str(), "other");
        assert_eq!(
            paths,
            [
                "/history?since=1970%2D01%2D01T00%3A00%3A00Z&until=90s&kind=deployments&namespace=shop&limit=10000",
                "/history?since=1970%2D01%2D01T00%3A00%3A00Z&until=90s&kind=deployments&namespace=shop&limit=10000&continue=t%2D1",
            ]
        );
    }

    #[tokio::test]
    async fn pages_of_several_replicas_are_never_mixed() {
        let everything = HistoryQuery::default();
        let expired = || answer(410, &json!({"error": "expiredToken", "message": "x"}));
        let pages = vec![
            page_of("a", &["web"], Some("t")),
            expired(),
            page_of("b", &["api"], Some("t")),
            page_of("a", &["web"], None),
            page_of("b", &["api"], None),
        ];
        let (history, paths) = read(&everything, pages).await;
        assert_eq!(
            (history.unwrap().transitions[0].name.as_str(), paths.len()),
            ("api", 5)
        );
        let endless = (0..6).map(|number| {
            if number % 2 == 0 {
                page_of("a", &["web"], Some("t"))
            } else {
                expired()
            }
        });
        let (refused, _) = read(&everything, endless.collect()).await;
        assert_eq!(refused.unwrap_err().failure.class, Class::AgentNotReady);
        let many = (0..PAGES).map(|_| page_of("a", &["web"], Some("t"))).collect();
        let (refused, _) = read(&everything, many).await;
        assert_eq!(refused.unwrap_err().failure.class, Class::NotAnAgent);
    }

    #[tokio::test]
    async fn an_agent_that_keeps_no_history_is_said_to_be_older() {
        let unknown =
            json!({"error": "unknownPath", "message": "there is no such path; / lists all of them"});
        for (status, body, class) in [
            (404, unknown, Class::AgentVersion),
            (
                400,
                json!({"error": "invalidQuery", "message": "x"}),
                Class::AgentVersion,
            ),
            (200, json!({"kind": "Status"}), Class::NotAnAgent),
            (502, json!("bad gateway"), Class::NotAnAgent),
        ] {
            let (read, _) = read(&HistoryQuery::default(), vec![answer(status, &body)]).await;
            assert_eq!(read.unwrap_err().failure.class, class, "{status} {body}");
        }
    }
}
