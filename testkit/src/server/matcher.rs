//! Owns the selection of requests.
//! Must not know what is done with the selected requests.

use super::request::RecordedRequest;

/// Selects requests. All conditions that are set must hold.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Match {
    path: Option<String>,
    under: Option<String>,
    method: Option<String>,
    parameters: Vec<(String, String)>,
    watch: Option<bool>,
    pages: Option<(u32, u32)>,
    skip: u32,
}

impl Match {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests for exactly this path, with any query.
    pub fn path(path: &str) -> Self {
        Self {
            path: Some(path.to_owned()),
            ..Self::default()
        }
    }

    /// Requests whose path starts with this text.
    pub fn under(prefix: &str) -> Self {
        Self {
            under: Some(prefix.to_owned()),
            ..Self::default()
        }
    }

    /// Only this method.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only requests with this value of a query parameter.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Only watches.
    pub fn watches(mut self) -> Self {
        self.watch = Some(true);
        self
    }

    /// Everything but watches.
    pub fn lists(mut self) -> Self {
        self.watch = Some(false);
        self
    }

    /// Only the page of a list with this number; the first is 1.
    pub fn page(mut self, page: u32) -> Self {
        self.pages = Some((page, page));
        self
    }

    /// Only this page of a list and those after it.
    pub fn pages_from(mut self, page: u32) -> Self {
        self.pages = Some((page, u32::MAX));
        self
    }

    /// Skips the first `count` requests that fit. A fault counts them from the moment it is set.
    pub fn skip(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    pub(crate) fn skipped(&self) -> u32 {
        self.skip
    }

    /// Whether a request fits, regardless of [`Match::skip`].
    pub fn fits(&self, request: &RecordedRequest) -> bool {
        self.path.as_ref().is_none_or(|path| *path == request.path)
            && self
                .under
                .as_ref()
                .is_none_or(|prefix| request.path.starts_with(prefix))
            && self
                .method
                .as_ref()
                .is_none_or(|method| *method == request.method)
            && self
                .parameters
                .iter()
                .all(|(name, value)| request.parameter(name).as_deref() == Some(value.as_str()))
            && self.watch.is_none_or(|watch| watch == request.is_watch())
            && self
                .pages
                .is_none_or(|(first, last)| (first..=last).contains(&request.page()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::continue_token::ContinueToken;
    use super::super::request::tests::get;
    use super::*;

    #[test]
    fn every_condition_must_hold() {
        let second = ContinueToken {
            snapshot: 1,
            page: 2,
            offset: 5,
        }
        .to_text();
        let list = get(&format!("/apis/apps/v1/deployments?limit=5&continue={second}"));
        let watch = get("/apis/apps/v1/deployments?watch=true");
        assert!(Match::any().fits(&list));
        assert!(
            Match::path("/apis/apps/v1/deployments")
                .lists()
                .page(2)
                .fits(&list)
        );
        assert!(
            Match::under("/apis/")
                .parameter("limit", "5")
                .pages_from(2)
                .method("GET")
                .fits(&list)
        );
        assert!(!Match::any().page(1).fits(&list));
        assert!(!Match::any().pages_from(3).fits(&list));
        assert!(!Match::any().watches().fits(&list));
        assert!(!Match::any().lists().fits(&watch));
        assert!(!Match::path("/apis/apps/v1").fits(&watch));
        assert!(!Match::any().method("POST").fits(&watch));
        assert!(!Match::any().parameter("limit", "5").fits(&watch));
    }
}
