//! The sentence of a cause, and the words of it that other causes can share.
//!
//! The code that makes a cause knows whether the sentence says why. Causes are folded by these words alone, and no code reads
//! the sentence.

use crate::check::text::one_line;
use crate::report::{Cause, Code, gist, up_to_bracket, without_time};

/// A sentence, with what of it makes causes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct Sentence {
    pub message: String,
    /// See [`Cause::gist`].
    pub gist: String,
    /// See [`Cause::shared_words`].
    pub shared_words: Option<String>,
}

impl Sentence {
    /// A sentence of the scheduler, a registry or the API server. Without names and numbers, it is the same for all that have
    /// the same trouble.
    pub fn general(message: impl Into<String>) -> Self {
        let sentence = Self::without_reason(message);
        Self {
            shared_words: Some(sentence.gist.clone()),
            ..sentence
        }
    }

    /// A sentence in the own words of a program, a probe or a runtime. It is the same only to the letter.
    pub fn literal(message: impl Into<String>) -> Self {
        let sentence = Self::without_reason(message);
        Self {
            shared_words: Some(sentence.message.clone()),
            ..sentence
        }
    }

    /// A sentence that does not say why: different workloads show it for different reasons.
    pub fn without_reason(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            gist: gist(&message),
            shared_words: None,
            message,
        }
    }

    /// How a container ended, how often it restarted, and the last line that it wrote. An exit code alone does not say why;
    /// the line does, without its time.
    pub fn ended(how: &str, restarts: Option<&str>, said: Option<&str>) -> Self {
        let count = restarts.map_or(String::new(), |n| format!(" ({n})"));
        let said = said.map_or(String::new(), |line| format!(": {line}"));
        let message = one_line(&format!("{how}{count}{said}"));
        Self {
            gist: match restarts {
                Some(_) => how.to_owned(),
                None => up_to_bracket(&message).to_owned(),
            },
            shared_words: (!said.is_empty()).then(|| without_time(&one_line(&format!("{how}{said}")))),
            message,
        }
    }

    /// With the number of restarts at its end.
    pub fn with_restarts(self, restarts: &str) -> Self {
        Self {
            message: one_line(&format!("{} ({restarts})", self.message)),
            ..self
        }
    }

    /// A cause with that sentence, shown by one object.
    pub fn into_cause(self, code: Code) -> Cause {
        Cause {
            passes: Some(code.passes_by_itself()),
            code,
            message: self.message,
            gist: self.gist,
            shared_words: self.shared_words,
            count: 1,
            ..Cause::default()
        }
    }
}

/// Whether the cause of a container that ended says why, without a line of its log.
#[must_use]
pub fn says_why(cause: &Cause) -> bool {
    cause.shared_words.is_some() || cause.code == Code::OutOfMemory
}

/// Adds a line of the log to the cause of a container that ended, unless the cause says why already.
pub fn add_log_line(cause: &mut Cause, line: &str) {
    if says_why(cause) {
        return;
    }
    let before = &cause.gist;
    cause.shared_words = Some(without_time(&one_line(&format!("{before}: {line}"))));
    cause.message = one_line(&format!("{}: {line}", cause.message));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(sentence: Sentence) -> (String, String, Option<String>) {
        (sentence.message, sentence.gist, sentence.shared_words)
    }

    #[test]
    fn a_container_that_said_nothing_shares_no_words() {
        let restarts = Some("7 restarts");
        let text = str::to_owned;
        for (sentence, message, gist, shared) in [
            (
                Sentence::ended("container app exited 1", restarts, None),
                "container app exited 1 (7 restarts)",
                "container app exited 1",
                None,
            ),
            (
                Sentence::ended("container app exited 1", None, None),
                "container app exited 1",
                "container app exited 1",
                None,
            ),
            (
                Sentence::ended("container app exited 1", restarts, Some("11:00:07 no route (2)")),
                "container app exited 1 (7 restarts): 11:00:07 no route (2)",
                "container app exited 1",
                Some("container app exited 1: no route (2)"),
            ),
            (
                Sentence::ended("container app exited 1", None, Some("11:00:07 no route (2)")),
                "container app exited 1: 11:00:07 no route (2)",
                "container app exited 1: 11:00:07 no route",
                Some("container app exited 1: no route (2)"),
            ),
        ] {
            let shared = shared.map(text);
            assert_eq!(parts(sentence), (text(message), text(gist), shared));
        }
    }

    #[test]
    fn a_sentence_shares_all_of_it_or_its_gist_or_nothing() {
        let said = "container app: port 8080 is taken";
        let gist = || "container app: port  is taken".to_owned();
        let sentences = [
            Sentence::general(said),
            Sentence::literal(said),
            Sentence::without_reason(said),
        ];
        for sentence in &sentences {
            assert_eq!((sentence.message.as_str(), &sentence.gist), (said, &gist()));
        }
        let counted = sentences.map(|sentence| sentence.with_restarts("3 restarts"));
        let [general, literal, nothing] = counted.map(parts);
        let message = || format!("{said} (3 restarts)");
        assert_eq!(general, (message(), gist(), Some(gist())));
        assert_eq!(literal, (message(), gist(), Some(said.to_owned())));
        assert_eq!(nothing, (message(), gist(), None));
    }

    #[test]
    fn a_line_of_the_log_says_why() {
        let restarts = Some("7 restarts");
        let mut cause = Sentence::ended("container app exited 1", restarts, None).into_cause(Code::CrashLoop);
        add_log_line(&mut cause, "2026-03-02T11:00:07Z no route");
        assert_eq!(
            (cause.message.as_str(), cause.gist(), cause.shared_words()),
            (
                "container app exited 1 (7 restarts): 2026-03-02T11:00:07Z no route",
                "container app exited 1",
                Some("container app exited 1: no route")
            )
        );
    }
}
