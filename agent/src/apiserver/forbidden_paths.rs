//! Owns what a check says about `/livez`, and about the paths that the agent's identity may not read.
//! Must not know how the API server is asked.

use crate::rights;
use sre_shared::failure::Class;
use sre_shared::report::{ApiServerCheck, NoteCode, Status};

/// Adds the notes about `/livez` and the missing rules to a check, and returns the paths that may not be read.
pub fn add(check: &mut ApiServerCheck, livez: Option<u16>) -> Vec<&'static str> {
    let forbidden = add_livez(check, livez);
    say_missing(check, &forbidden);
    forbidden
}

/// Adds the notes about `/livez`, and returns the paths that may not be read.
fn add_livez(check: &mut ApiServerCheck, livez: Option<u16>) -> Vec<&'static str> {
    let version = check.missing.is_some().then_some("/version");
    let readyz = check.notes.has(NoteCode::ReadyzForbidden);
    match livez {
        Some(200) if check.status == Status::Degraded => {
            check.notes.push("livez passes: it is alive and not ready");
        }
        Some(403) => check.notes.push("livez not allowed"),
        Some(code @ 500..=599) => check.notes.push(format!("livez answers {code}")),
        _ => {}
    }
    let readyz = readyz.then_some("/readyz");
    let livez = (livez == Some(403)).then_some("/livez");
    [version, readyz, livez].into_iter().flatten().collect()
}

/// Adds every rule that is missing, and how to get the first one unless another failure needs the hint.
fn say_missing(check: &mut ApiServerCheck, forbidden: &[&str]) {
    let missing: Vec<_> = forbidden
        .iter()
        .map(|path| rights::missing_on_path(path))
        .collect();
    let Some(first) = missing.first() else { return };
    let rules: Vec<_> = missing.iter().map(|missing| missing.rule.to_string()).collect();
    check.missing = Some(rules.join(", "));
    if check
        .class
        .as_deref()
        .is_none_or(|class| class == Class::Forbidden.as_str())
    {
        check.hint = Some(first.hint.clone());
    }
}
