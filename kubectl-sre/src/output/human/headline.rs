//! The verdict: the first lines of the screen, and its only line with `-q`.

use super::{Screen, health_paint};
use crate::output::escape;

impl Screen<'_> {
    /// The verdict over the screen.
    pub(super) fn headline(&self) -> Vec<String> {
        let headline = &self.digest.headline;
        let word = headline.health.as_str().to_ascii_uppercase();
        let text = self.sentence(&headline.sentences);
        self.wrap((&self.verdict_word(), word.len() + 2), 2, &text)
    }

    /// The verdict as the only line. It has to say what the rest of the screen would: about one object why it falls short, and
    /// whose answer it is.
    pub(super) fn verdict(&self) -> String {
        let headline = &self.digest.headline;
        let sentences = self.digest.brief(self.report);
        let agent = headline.agent.as_deref();
        let by = agent.map_or(String::new(), |agent| format!(", by agent {}", escape(agent)));
        format!("{}{}{by}", self.verdict_word(), self.sentence(&sentences))
    }

    fn verdict_word(&self) -> String {
        let health = self.digest.headline.health;
        let word = health.as_str().to_ascii_uppercase();
        format!("{}  ", self.paint(health_paint(health).bold(), &word))
    }

    /// Where it was judged, and the sentences that say why.
    fn sentence(&self, sentences: &[String]) -> String {
        let headline = &self.digest.headline;
        let sentences = sentences.join("; ");
        let parts = headline.place.iter().chain(&headline.version).chain([&sentences]);
        let parts: Vec<String> = parts.map(|part| escape(part)).collect();
        parts.join("  ")
    }
}
