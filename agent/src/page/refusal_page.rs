//! Owns the page that says why there is no other one.

use askama::Template;

/// An error for people.
#[derive(Debug, Template)]
#[template(path = "refusal.html")]
pub struct RefusalPage<'a> {
    status: &'a str,
    message: &'a str,
}

impl<'a> RefusalPage<'a> {
    /// The page of a status and a sentence.
    pub fn new(status: &'a str, message: &'a str) -> Self {
        Self { status, message }
    }
}
