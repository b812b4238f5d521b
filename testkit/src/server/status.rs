//! Owns the `kind: Status` bodies of an API server: the reason, message and details of each code.
//! Must not know why an answer fails.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::resource::Target;

/// A failure as an API server words it.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub code: StatusCode,
    reason: &'static str,
    message: String,
    details: Option<Value>,
    metadata: Value,
}

impl Status {
    fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
            metadata: json!({}),
        }
    }

    fn details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    /// A user may not do this with a resource.
    pub fn forbidden(user: &str, verb: &str, target: &Target) -> Self {
        let resource = target.resource;
        let subject = match &target.name {
            Some(name) => format!("{} \"{name}\"", resource.qualified()),
            None => resource.qualified(),
        };
        let scope = match (&target.namespace, &target.name) {
            (Some(namespace), _) => format!("in the namespace \"{namespace}\""),
            // For authorization a Namespace object is in the namespace of its name.
            (None, Some(name)) if resource.kind == "Namespace" => format!("in the namespace \"{name}\""),
            (None, _) => "at the cluster scope".to_owned(),
        };
        let message = format!(
            "{subject} is forbidden: User \"{user}\" cannot {verb} resource \"{}\" in API group \"{}\" {scope}",
            resource.plural, resource.group
        );
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).details(details_of(target))
    }

    /// A user may not create an object that is answered and not stored. The names in the path follow `serviceaccounts`.
    pub fn forbidden_create(user: &str, group: &str, resource: &str, path: &str) -> Self {
        let qualified = match (group, resource.split_once('/')) {
            ("", Some((plural, _))) => {
                let name = path.rsplit('/').nth(1).unwrap_or_default();
                format!("{plural} \"{name}\"")
            }
            _ => format!("{resource}.{group}"),
        };
        let scope = match path
            .strip_prefix("/api/v1/namespaces/")
            .and_then(|rest| rest.split_once('/'))
        {
            Some((namespace, _)) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        let message = format!(
            "{qualified} is forbidden: User \"{user}\" cannot create resource \"{resource}\" in API group \"{group}\" {scope}"
        );
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).details(json!({}))
    }

    /// A user may not read a path that is no resource.
    pub fn forbidden_path(user: &str, path: &str) -> Self {
        let message = format!("forbidden: User \"{user}\" cannot get path \"{path}\"");
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).details(json!({}))
    }

    pub fn not_found(target: Option<&Target>) -> Self {
        match target.and_then(|target| target.name.as_ref().map(|name| (target, name))) {
            Some((target, name)) => {
                let message = format!("{} \"{name}\" not found", target.resource.qualified());
                Self::new(StatusCode::NOT_FOUND, "NotFound", message).details(details_of(target))
            }
            None => Self::new(
                StatusCode::NOT_FOUND,
                "NotFound",
                "the server could not find the requested resource",
            )
            .details(json!({})),
        }
    }

    /// No pod is behind a Service, or there is no such Service.
    pub fn no_endpoints(service: &str) -> Self {
        let message = format!("no endpoints available for service \"{service}\"");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
    }

    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
        .details(json!({}))
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// A watch from a version whose events are no longer kept.
    pub fn expired_version(asked: u64, oldest: u64) -> Self {
        Self::new(
            StatusCode::GONE,
            "Expired",
            format!("too old resource version: {asked} ({oldest})"),
        )
    }

    /// A page of a list whose snapshot is no longer kept. It has a token to go on with newer data.
    pub fn expired_continue(token: &str) -> Self {
        let message = "The provided continue parameter is too old to display a consistent list result. You can \
                       start a new list without the continue parameter, or use the continue token in this \
                       response to retrieve the remainder of the results. Continuing with the provided token \
                       results in an inconsistent list - objects that were created, modified, or deleted \
                       between the time the first chunk was returned and now may show up in the list.";
        let mut status = Self::new(StatusCode::GONE, "Expired", message);
        status.metadata = json!({"continue": token});
        status
    }

    pub fn internal(cause: &str) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            format!("Internal error occurred: {cause}"),
        )
        .details(json!({"causes": [{"message": cause}]}))
    }

    /// The status that an API server answers with a code to this request.
    pub fn from_code(code: u16, user: &str, verb: &str, path: &str, retry_after: Option<u64>) -> Self {
        let target = Target::parse(path);
        let status = match code {
            400 => Self::bad_request("the server rejected our request for an unknown reason"),
            401 => Self::unauthorized(),
            403 => match &target {
                Some(target) => Self::forbidden(user, verb, target),
                None => Self::forbidden_path(user, path),
            },
            404 => Self::not_found(target.as_ref()),
            405 => Self::method_not_allowed(),
            410 if verb == "watch" => Self::expired_version(1, 1000),
            410 => Self::expired_continue(""),
            429 => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequests",
                "Too many requests, please try again later.",
            )
            .details(json!({})),
            500 => Self::internal("etcdserver: request timed out"),
            503 => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
            )
            .details(json!({})),
            504 => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "Timeout",
                "Timeout: request did not complete within the allotted timeout",
            )
            .details(json!({})),
            other => {
                let code = StatusCode::from_u16(other).expect("a test names a valid status code");
                let message = format!("the server responded with the status code {other}");
                Self::new(code, "", message)
            }
        };
        status.retry(retry_after)
    }

    fn retry(mut self, seconds: Option<u64>) -> Self {
        if let (Some(seconds), Some(Value::Object(details))) = (seconds, &mut self.details) {
            details.insert("retryAfterSeconds".to_owned(), Value::from(seconds));
        }
        self
    }

    /// The body, with the fields in an API server's order.
    pub fn to_json(&self) -> String {
        let mut fields = vec![
            ("kind", Value::from("Status")),
            ("apiVersion", Value::from("v1")),
            ("metadata", self.metadata.clone()),
            ("status", Value::from("Failure")),
            ("message", Value::from(self.message.as_str())),
        ];
        if !self.reason.is_empty() {
            fields.push(("reason", Value::from(self.reason)));
        }
        if let Some(details) = &self.details {
            fields.push(("details", details.clone()));
        }
        fields.push(("code", Value::from(self.code.as_u16())));
        let fields = fields
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect::<Vec<_>>();
        format!("{{{}}}", fields.join(","))
    }
}

fn details_of(target: &Target) -> Value {
    let mut details = Map::new();
    if let Some(name) = &target.name {
        details.insert("name".to_owned(), Value::from(name.as_str()));
    }
    if !target.resource.group.is_empty() {
        details.insert("group".to_owned(), Value::from(target.resource.group));
    }
    details.insert("kind".to_owned(), Value::from(target.resource.plural));
    Value::Object(details)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(code: u16, verb: &str, path: &str) -> (String, String) {
        let body = Status::from_code(code, "jane", verb, path, None).to_json();
        let body: Value = serde_json::from_str(&body).expect("a Status is JSON");
        assert_eq!(body["kind"], "Status");
        assert_eq!(body["code"], code);
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        (text("reason"), text("message"))
    }

    #[test]
    fn the_message_of_a_forbidden_request_names_its_target() {
        let cases = [
            (
                "list",
                "/apis/apps/v1/deployments",
                "deployments.apps is forbidden: User \"jane\" cannot list resource \"deployments\" in API group \
                 \"apps\" at the cluster scope",
            ),
            (
                "list",
                "/api/v1/namespaces/shop/pods",
                "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the \
                 namespace \"shop\"",
            ),
            (
                "get",
                "/apis/apps/v1/namespaces/shop/deployments/web",
                "deployments.apps \"web\" is forbidden: User \"jane\" cannot get resource \"deployments\" in API \
                 group \"apps\" in the namespace \"shop\"",
            ),
            (
                "get",
                "/api/v1/namespaces/shop",
                "namespaces \"shop\" is forbidden: User \"jane\" cannot get resource \"namespaces\" in API group \
                 \"\" in the namespace \"shop\"",
            ),
            (
                "get",
                "/readyz",
                "forbidden: User \"jane\" cannot get path \"/readyz\"",
            ),
        ];
        for (verb, path, expected) in cases {
            assert_eq!(
                message(403, verb, path),
                ("Forbidden".to_owned(), expected.to_owned())
            );
        }
    }

    #[test]
    fn every_code_has_its_reason() {
        let path = "/apis/apps/v1/deployments";
        let reasons =
            [400, 401, 404, 405, 410, 429, 500, 503, 504, 418].map(|code| message(code, "list", path).0);
        assert_eq!(
            reasons,
            [
                "BadRequest",
                "Unauthorized",
                "NotFound",
                "MethodNotAllowed",
                "Expired",
                "TooManyRequests",
                "InternalError",
                "ServiceUnavailable",
                "Timeout",
                ""
            ]
        );
    }

    #[test]
    fn the_fields_come_in_the_order_of_an_api_server() {
        assert_eq!(
            Status::unauthorized().to_json(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#
        );
        assert_eq!(
            Status::from_code(429, "jane", "list", "/api/v1/pods", Some(7)).to_json(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Too many requests, please try again later.","reason":"TooManyRequests","details":{"retryAfterSeconds":7},"code":429}"#
        );
    }
}
