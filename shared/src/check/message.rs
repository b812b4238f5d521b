//! The sentence of a verdict. If it begins with counts, the part that follows them is kept too, since a screen shows the counts
//! in another place.

/// A sentence, and its detail: the part behind the counts, if it begins with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub text: String,
    pub detail: Option<String>,
}

impl Message {
    /// `2 of 3 ready`
    pub fn ready_of_desired(ready: i64, desired: i64) -> Self {
        Self::counts(format!("{ready} of {desired} ready"))
    }

    /// A sentence that is counts alone, the first part of others.
    pub fn counts(text: String) -> Self {
        Self {
            text,
            detail: Some(String::new()),
        }
    }

    /// The sentence, and behind a comma another.
    pub fn join(self, other: &str) -> Self {
        let joined = |text: &str| match text {
            "" => other.to_owned(),
            text => format!("{text}, {other}"),
        };
        Self {
            detail: self.detail.as_deref().map(joined),
            text: joined(&self.text),
        }
    }

    /// The sentence, and right behind it the text.
    pub fn append(self, text: &str) -> Self {
        Self {
            detail: self.detail.map(|detail| detail + text),
            text: self.text + text,
        }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self { text, detail: None }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[test]
    fn the_detail_is_what_follows_the_counts() {
        let counts = || Message::ready_of_desired(2, 3);
        let parts = |message: Message| (message.text, message.detail);
        let expected = |text: &str, detail: Option<&str>| (text.to_owned(), detail.map(str::to_owned));
        assert_eq!(parts(counts()), expected("2 of 3 ready", Some("")));
        assert_eq!(
            parts(counts().join("2 available").append(": too few")),
            expected("2 of 3 ready, 2 available: too few", Some("2 available: too few"))
        );
        assert_eq!(
            parts(Message::from("ready").join("back for 9 s")),
            expected("ready, back for 9 s", None)
        );
    }
}
