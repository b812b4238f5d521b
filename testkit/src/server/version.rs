//! Owns the body of /version.
//! Must not know which versions are supported.

/// The body for a version such as `v1.37.2`, laid out as an API server writes it.
pub(crate) fn to_json(git_version: &str) -> String {
    let mut numbers = git_version.trim_start_matches('v').split('.');
    let major = numbers.next().unwrap_or_default();
    let minor = numbers.next().unwrap_or_default();
    let before = minor
        .parse::<u32>()
        .map_or_else(|_| minor.to_owned(), |minor| minor.saturating_sub(1).to_string());
    let fields = [
        ("major", major),
        ("minor", minor),
        ("emulationMajor", major),
        ("emulationMinor", minor),
        ("minCompatibilityMajor", major),
        ("minCompatibilityMinor", &before),
        ("gitVersion", git_version),
        ("gitCommit", "5b7f3a1d2c4e6f8091a2b3c4d5e6f708192a3b4c"),
        ("gitTreeState", "clean"),
        ("buildDate", "2026-02-11T10:20:30Z"),
        ("goVersion", "go1.26.0"),
        ("compiler", "gc"),
        ("platform", "linux/amd64"),
    ];
    let lines = fields.map(|(name, value)| format!("  \"{name}\": \"{value}\""));
    format!("{{\n{}\n}}", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn major_and_minor_follow_the_git_version() {
        let body: serde_json::Value = serde_json::from_str(&super::to_json("v1.37.2")).expect("it is JSON");
        assert_eq!(body["major"], "1");
        assert_eq!(body["minor"], "37");
        assert_eq!(body["minCompatibilityMinor"], "36");
        assert_eq!(body["gitVersion"], "v1.37.2");
    }
}
