//! Finds the known word that is nearest to a misspelt one.

/// The candidate most similar to `word`. `None` if none is similar enough to be a typo.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|c| (c.to_lowercase(), c))
        // Jaro-Winkler alone accepts words that share letters far apart: `certificate` and `service`.
        .filter(|(lower, _)| strsim::normalized_damerau_levenshtein(&word, lower) >= 0.5)
        .map(|(lower, c)| (strsim::jaro_winkler(&word, &lower), c))
        .filter(|(likeness, _)| *likeness >= 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typo_finds_its_word_and_nonsense_finds_none() {
        let words = ["apiserver", "deployments"];
        assert_eq!(nearest("deploymnt", words), Some("deployments"));
        assert_eq!(nearest("API-server", words), Some("apiserver"));
        assert_eq!(nearest("zzz", words), None);
        assert_eq!(nearest("dep", ["no", "deploy"]), Some("deploy"));
        assert_eq!(nearest("certificate", ["service"]), None);
        assert_eq!(nearest("nosuch", ["no"]), None);
        assert_eq!(nearest("x", []), None);
    }
}
