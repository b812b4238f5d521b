//! The annotation `kubernetes.io/change-cause`, without secrets.

use crate::check::log::mask;
use crate::check::text::one_line;

/// Hides the values of variables. `kubectl set env --record` writes its whole command line, with `NAME=VALUE` for each
/// variable (kubernetes/kubectl, `pkg/cmd/set/set_env.go`).
pub(super) fn masked(text: &str) -> String {
    let line = one_line(text);
    let words: Vec<&str> = line.split(' ').collect();
    let sets_image = words.windows(2).any(|pair| *pair == ["set", "image"]);
    let hidden = words.into_iter().map(|word| match word.split_once('=') {
        Some((name, _)) if !name.starts_with("--") && !sets_image => format!("{name}=***"),
        Some((flag @ ("--env" | "--from-literal" | "--overrides" | "--patch"), _)) => format!("{flag}=***"),
        _ => word.to_owned(),
    });
    mask(&hidden.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn the_command_line_of_a_recorded_command_shows_no_value_of_a_variable() {
        for (written, shown) in [
            (
                "kubectl set env deployment/web DB_URL=postgres://u:p@db LEVEL=debug --record=true",
                "kubectl set env deployment/web DB_URL=*** LEVEL=*** --record=true",
            ),
            (
                "kubectl set image deployment/web api=checkout:v9 --record=true",
                "kubectl set image deployment/web api=checkout:v9 --record=true",
            ),
            (
                "kubectl run web --env=TOKEN=abc --image=a",
                "kubectl run web --env=*** --image=a",
            ),
            ("release 4.2\nby ci", "release 4.2 by ci"),
            ("deploy with password=hunter2", "deploy with password=***"),
        ] {
            assert_eq!(masked(written), shown);
        }
    }
}
