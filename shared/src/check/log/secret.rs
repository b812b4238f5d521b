//! Masks what looks like a credential. A log line is shown without being asked for, and a screen ends up in chats and
//! tickets. This finds the forms that programs commonly write, and not every secret: words that only mention a password
//! stay, since they are often the reason of a crash.

use std::ops::Range;

/// It stands for a secret.
const MASK: &str = "***";

/// Ends of names whose values are secrets, in small letters and without `_` and `-`.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "credentials",
];

/// Beginnings of well-known tokens, by their issuers' documentation: JWT, AWS, GitHub, GitLab, Slack, Stripe, Vault.
const TOKENS: [&str; 13] = [
    "eyJ",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk_live_",
    "hvs.",
];
/// The least length of such a token.
const TOKEN: usize = 16;
/// The least length of a line that is nothing but base64, such as a line of a private key.
const BASE64: usize = 60;

/// The line with its secrets masked.
pub(in crate::check) fn mask(line: &str) -> String {
    let trimmed = line.trim();
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    if trimmed.len() >= BASE64 && trimmed.chars().all(is_base64) {
        return MASK.to_owned();
    }
    mask_words(&mask_values(line))
}

/// Masks the values of names such as `password=...`, `"token": "..."`, and `Authorization: Bearer ...`.
fn mask_values(line: &str) -> String {
    let mut masked = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = next_value(rest) {
        masked.push_str(before);
        masked.push_str(MASK);
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// The texts before and behind the next secret value.
fn next_value(text: &str) -> Option<(&str, &str)> {
    let mut separators = text.match_indices(['=', ':', ' ']);
    let value = separators.find_map(|(at, separator)| match separator {
        " " => scheme_value(text, at),
        separator => named_value(text, at, separator == "="),
    })?;
    Some((text.get(..value.start)?, text.get(value.end..)?))
}

/// The place of the value behind `Bearer ` or `Basic `.
fn scheme_value(text: &str, at: usize) -> Option<Range<usize>> {
    let scheme = text
        .get(..at)?
        .rsplit(|c: char| !c.is_ascii_alphanumeric())
        .next()?;
    let value = text.get(at + 1..)?;
    let length = value.find([' ', '"', '\'', ',', ']', '}']).unwrap_or(value.len());
    let is_scheme = ["bearer", "basic"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    (is_scheme && is_random(value.get(..length)?)).then_some(at + 1..at + 1 + length)
}

/// The place of the value behind a secret's name and its separator at `at`.
fn named_value(text: &str, at: usize, is_assigned: bool) -> Option<Range<usize>> {
    let before = text.get(..at)?.trim_end();
    let name = before.trim_end_matches(['"', '\'', '\\', ']']);
    let is_quoted_name = name.len() < before.len();
    let begin = name
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)))
        .map_or(0, |at| at + 1);
    let name: String = name
        .get(begin..)?
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let name = name.to_ascii_lowercase();
    let end = NAMES.iter().find(|end| name.ends_with(*end))?;
    let behind = text.get(at + 1..)?;
    // `=>`, `:=` and `==`.
    let operator = behind.trim_start_matches(['=', '>', ':']);
    let value = operator.trim_start();
    let has_space = value.len() < operator.len();
    let quotes: String = value.chars().take_while(|c| "\\\"'`".contains(*c)).collect();
    let inner = value.get(quotes.len()..)?;
    let length = match quotes.chars().last() {
        // In JSON within JSON, quotes are escaped.
        Some(quote) if quotes.len() > 1 => inner.find(['\\', quote]).unwrap_or(inner.len()),
        Some(quote) => inner.find(quote).unwrap_or(inner.len()),
        None => inner
            .find(|c: char| c.is_whitespace() || ",;&\"')}".contains(c))
            .unwrap_or(inner.len()),
    };
    let inside = inner.get(..length)?;
    // In a sentence a space follows the colon: `missing secret: "db-2"`, `Unexpected token: ';'`.
    let is_lone = !has_space || (is_assigned && text.get(..at)?.ends_with(' '));
    let is_generated = || is_random(inside) && !inside.contains(['-', '/']);
    let is_quoted = !quotes.is_empty() && (name != *end || end.starts_with("pass") || *end == "pwd");
    let is_value = is_lone || is_quoted_name || is_quoted || is_generated();
    let start = text.len() - inner.len();
    (is_value && !inside.is_empty()).then_some(start..start + length)
}

/// Whether a word looks like a generated one and not like a word of a sentence.
fn is_random(word: &str) -> bool {
    let has = |is: fn(&char) -> bool| word.chars().any(|c| is(&c));
    word.len() >= 8 && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic)
        || word.len() >= 24 && !word.contains(['/', '-', '_', '.'])
}

/// Masks well-known tokens and the passwords of addresses.
fn mask_words(line: &str) -> String {
    let is_end = |c: char| c.is_whitespace() || "\"'`<>()[]{},;".contains(c);
    line.split_inclusive(is_end)
        .map(|word| {
            let body = word.trim_end_matches(is_end);
            let end = word.get(body.len()..).unwrap_or_default();
            // A value behind a name: `key=TOKEN`.
            let begin = body.rfind(['=', ':']).map_or(0, |at| at + 1);
            let value = body.get(begin..).unwrap_or_default();
            if value.len() >= TOKEN && TOKENS.iter().any(|token| value.starts_with(token)) {
                return format!("{}{MASK}{end}", body.get(..begin).unwrap_or_default());
            }
            match password(body) {
                Some((before, after)) => format!("{before}{MASK}{after}{end}"),
                None => word.to_owned(),
            }
        })
        .collect()
}

/// The parts of an address around its password: `user:PASSWORD@host`, with or without a scheme.
fn password(word: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = match word.split_once("://") {
        Some((scheme, rest)) => (scheme.len() + 3, rest),
        None => (0, word),
    };
    let authority = rest.split(['?', '#']).next()?;
    let at = authority.rfind('@')?;
    let (user, secret) = authority.get(..at)?.split_once(':')?;
    let host = rest.get(at + 1..)?;
    // `http://registry:4873/@scope/package`
    let is_port = secret
        .split_once('/')
        .is_some_and(|(port, _)| port.bytes().all(|b| b.is_ascii_digit()));
    let is_path = scheme == 0 && (secret.contains('/') || !user.bytes().any(|b| b.is_ascii_alphabetic()));
    // `nginx:1.27@sha256:...`
    let is_digest = host.starts_with("sha256:");
    if secret.is_empty() || is_port || is_path || is_digest || user.contains('/') {
        return None;
    }
    let begin = scheme + user.len() + 1;
    Some((word.get(..begin)?, word.get(scheme + at..)?))
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn a_credential_is_masked() {
        for (line, masked) in [
            // A database's address, as programs log it when they cannot connect.
            (
                "cannot connect to postgres://shop:hunter2@db.internal:5432/shop?sslmode=require",
                "cannot connect to postgres://shop:***@db.internal:5432/shop?sslmode=require",
            ),
            (
                "cannot parse `postgresql://step:q^G$FJ/8gAaw@db/small_step?x=1`: invalid userinfo",
                "cannot parse `postgresql://step:***@db/small_step?x=1`: invalid userinfo",
            ),
            (
                "url='mysql://root:p@ss@db:3306/x'",
                "url='mysql://root:***@db:3306/x'",
            ),
            (
                "connect to hub:s3cr3t@hub-postgresql:5432/flow",
                "connect to hub:***@hub-postgresql:5432/flow",
            ),
            (
                "dial root:secret@tcp(db:3306)/shop",
                "dial root:***@tcp(db:3306)/shop",
            ),
            ("redis://:pw@cache:6379", "redis://:***@cache:6379"),
            (
                "database 'host=db port=5432 user=app password=hunter2 dbname=app' is not available",
                "database 'host=db port=5432 user=app password=*** dbname=app' is not available",
            ),
            ("DB_PASSWORD=a,b", "DB_PASSWORD=***,b"),
            (
                r#"{"msg":"bad","db_password":"hunter2","n":1}"#,
                r#"{"msg":"bad","db_password":"***","n":1}"#,
            ),
            (
                r#"body {\"token\":\"abc\",\"n\":1}"#,
                r#"body {\"token\":\"***\",\"n\":1}"#,
            ),
            ("Password: 'two words'", "Password: '***'"),
            ("api-key:abc", "api-key:***"),
            ("token: 8f14e45fceea", "token: ***"),
            ("{:password=>\"x\"}", "{:password=>\"***\"}"),
            ("config['secret_key'] = 'x'", "config['secret_key'] = '***'"),
            ("/login?access_token=abc&x=1", "/login?access_token=***&x=1"),
            ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
            (
                "got \"Basic dXNlcjpwYXNzd29yZA==\" from proxy",
                "got \"Basic ***\" from proxy",
            ),
            (
                "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc expired",
                "jwt *** expired",
            ),
            ("key AKIAIOSFODNN7EXAMPLE is invalid", "key *** is invalid"),
            ("push to ghp_0123456789abcdefghij failed", "push to *** failed"),
            (
                "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
                "***",
            ),
            ("token=a token=b", "token=*** token=***"),
        ] {
            assert_eq!(mask(line), masked);
        }
    }

    #[test]
    fn words_that_only_mention_a_secret_stay() {
        for line in [
            "FATAL: password authentication failed for user \"app\"",
            "secret \"db\" not found",
            "missing secret: database-credentials",
            "cannot read secret: shop/db-credentials-v2",
            "SyntaxError: Unexpected token: punc",
            "invalid token: expired",
            "unexpected token: ';'",
            "missing secret: \"db-2\"",
            "password= is empty",
            "Bearer token is missing",
            "Basic authentication failed",
            "token_type=bearer",
            "nginx:1.27@sha256:0123456789abcdef0123456789abcdef0123456789abcdef",
            "GET http://registry:4873/@scope/package 404",
            "at file:///app/node_modules/express@4.18.2/lib/router.js:12:3",
            "mail to ops@example.org",
            "dial tcp 10.0.0.1:5432: connect: connection refused",
            "",
        ] {
            assert_eq!(mask(line), line);
        }
    }
}
