//! Owns the credential that requests carry: obtained once, shared by all requests, renewed when its time is over or when
//! the API server refuses it. Must not know what is asked.

pub(super) mod exec;

use crate::cluster::bounded_file;
use crate::cluster::config::file::Secret;
use crate::cluster::credential::exec::Plugin;
use crate::failure::{Class, Failure};
use crate::resource::Time;
use base64::Engine as _;
use http::HeaderValue;
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

/// As client-go (`transport.NewCachedFileTokenSource`): the kubelet renews a token at 80 % of its time, which is ten
/// minutes at the least.
const REREAD: Duration = Duration::from_mins(1);
/// No clock overflows with it, and no run is longer.
const LONGEST_READ: Duration = Duration::from_hours(1);
/// A plugin that was run because its credential was refused, and gave another one that is refused, would give the same
/// again: the other requests of the same run do not run it.
const RUN_AGAIN: Duration = Duration::from_secs(10);

/// Where a credential comes from.
pub(crate) enum Origin {
    /// There is none, or the client's certificate is the whole of it.
    None,
    /// A header that stays: a token, or user and password.
    Fixed(HeaderValue),
    /// A file that is renewed; the header is what else there is while it cannot be read.
    File(PathBuf, Option<HeaderValue>),
    /// A plugin that is run.
    Plugin(Box<Plugin>),
}

/// A credential as it is now.
#[derive(Clone, Default)]
pub(crate) struct Current {
    /// `Authorization`
    pub header: Option<HeaderValue>,
    /// Certificate and key of a plugin.
    pub identity: Option<Arc<CertifiedKey>>,
    /// When it ends, where that was said.
    pub expires: Option<Time>,
    /// How long a plugin took.
    pub elapsed: Option<Duration>,
    /// Counts those that there were.
    pub number: u64,
}

struct Held {
    current: Current,
    read: Instant,
    /// Whether a plugin gave it after the API server had refused another one.
    in_place_of_a_refused: bool,
}

/// The one credential of a client.
pub(crate) struct Credentials {
    origin: Origin,
    /// Held while a plugin runs, so that it runs once for all who wait.
    held: Mutex<Option<Held>>,
}

impl Credentials {
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            held: Mutex::new(None),
        }
    }

    /// How long obtaining it may take: what is left of the run, or `usual` where a run has no end; where a plugin can ask
    /// the person, at least a minute.
    pub fn patience(&self, run: Option<Instant>, usual: Duration) -> Duration {
        let limit = run.map_or(usual, |until| until.saturating_duration_since(Instant::now()));
        match &self.origin {
            Origin::Plugin(plugin) if plugin.is_interactive() => limit.max(Duration::from_mins(1)),
            _ => limit,
        }
    }

    /// The credential, obtained first where there is none or where its time is over.
    ///
    /// # Errors
    /// Class `credential`, where it cannot be obtained within the limit.
    pub async fn current(&self, limit: Duration) -> Result<Current, Failure> {
        match &self.origin {
            Origin::None => return Ok(Current::default()),
            Origin::Fixed(header) => {
                return Ok(Current {
                    header: Some(header.clone()),
                    ..Current::default()
                });
            }
            Origin::File(..) | Origin::Plugin(_) => {}
        }
        let obtained = timeout(limit, async {
            let mut held = self.held.lock().await;
            if let Some(held) = held.as_ref().filter(|held| self.is_fresh(held)) {
                return Ok(held.current.clone());
            }
            Box::pin(self.obtain(&mut held, limit)).await
        });
        obtained.await.unwrap_or_else(|_| {
            Err(Failure::new(
                Class::Credential,
                format!(
                    "the credential plugin gave no answer within {} s",
                    limit.as_secs_f64()
                ),
            ))
        })
    }

    /// The plugin that gives it, where one does.
    pub fn plugin(&self) -> Option<&Plugin> {
        match &self.origin {
            Origin::Plugin(plugin) => Some(plugin),
            _ => None,
        }
    }

    /// The plugin that is being run at this moment.
    pub fn running(&self) -> Option<&Plugin> {
        self.plugin().filter(|_| self.held.try_lock().is_err())
    }

    /// Another credential in the place of one that the API server refused; `None` where there is no other.
    pub async fn renewed(&self, refused: &Current, limit: Duration) -> Option<Current> {
        if matches!(self.origin, Origin::None | Origin::Fixed(_)) {
            return None;
        }
        let renewed = timeout(limit, async {
            let mut held = self.held.lock().await;
            match held.as_ref() {
                // Another request has renewed it meanwhile.
                Some(held) if held.current.number != refused.number => Some(held.current.clone()),
                Some(held) if held.in_place_of_a_refused && held.read.elapsed() < RUN_AGAIN => None,
                _ => {
                    let renewed = Box::pin(self.obtain(&mut held, limit)).await.ok()?;
                    if let (Some(held), Origin::Plugin(_)) = (held.as_mut(), &self.origin) {
                        held.in_place_of_a_refused = true;
                    }
                    Some(renewed)
                }
            }
        });
        let renewed = renewed.await.ok()??;
        // A plugin's certificate has no header to compare.
        let same = renewed.header == refused.header && renewed.identity.is_none();
        (!same).then_some(renewed)
    }

    fn is_fresh(&self, held: &Held) -> bool {
        match self.origin {
            Origin::File(..) => held.read.elapsed() < REREAD,
            _ => held.current.expires.is_none_or(|until| now() <= until),
        }
    }

    async fn obtain(&self, held: &mut Option<Held>, limit: Duration) -> Result<Current, Failure> {
        let number = held.as_ref().map_or(0, |held| held.current.number) + 1;
        let current = match &self.origin {
            Origin::Plugin(plugin) => {
                let started = Instant::now();
                let obtained = plugin.run(limit).await?;
                Current {
                    header: obtained
                        .token
                        .as_ref()
                        .map(|token| bearer(token, "the credential plugin's token"))
                        .transpose()?,
                    identity: obtained.identity,
                    expires: obtained.expires,
                    elapsed: Some(started.elapsed()),
                    number,
                }
            }
            Origin::File(path, otherwise) => {
                let header = match (
                    read_beside(path, held.is_some(), limit).await,
                    otherwise,
                    held.as_ref(),
                ) {
                    (Ok(header), ..) => header,
                    // As client-go: the last token that was read, else the one beside the file.
                    (Err(_), _, Some(former)) if former.current.header.is_some() => former
                        .current
                        .header
                        .clone()
                        .unwrap_or(HeaderValue::from_static("")),
                    (Err(_), Some(token), _) => token.clone(),
                    (Err(failure), None, _) => return Err(failure),
                };
                Current {
                    header: Some(header),
                    number,
                    ..Current::default()
                }
            }
            Origin::None | Origin::Fixed(_) => Current::default(),
        };
        *held = Some(Held {
            current: current.clone(),
            read: Instant::now(),
            in_place_of_a_refused: false,
        });
        Ok(current)
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the end of a credential is a time of this machine's clock"
)]
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time::from_seconds(since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)))
}

/// Reads a token file beside the runtime: it can be one that does not answer. One that was read already is read again only
/// where that is possible: a FIFO is empty by then.
async fn read_beside(path: &Path, again: bool, limit: Duration) -> Result<HeaderValue, Failure> {
    let limit = limit.min(LONGEST_READ);
    // It ends before whoever waits for it gives up, so that it can say why.
    let (own, until) = (path.to_owned(), Instant::now() + limit.mul_f32(0.9));
    let reading = tokio::task::spawn_blocking(move || {
        if again && !bounded_file::is_regular(&own) {
            return Err(bad(&own, "it is no regular file any more"));
        }
        read(&own, until)
    });
    match timeout_at(until + limit / 20, reading).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) | Err(_) => Err(bad(path, "it was not read in time")),
    }
}

fn bad(path: &Path, why: &str) -> Failure {
    Failure::new(
        Class::BadConfiguration,
        format!("tokenFile {}: {why}", path.display()),
    )
    .with_hint("check tokenFile in the kubeconfig, and who may read that file")
}

fn read(path: &Path, until: Instant) -> Result<HeaderValue, Failure> {
    let shown = path.display();
    let bad = |why: String| bad(path, &why);
    let bytes =
        bounded_file::read(path, bounded_file::TOKEN, until).map_err(|error| bad(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        bad("it is no text in UTF-8".into())
            .with_hint("PowerShell writes UTF-16 by default: Out-File -Encoding ascii")
    })?;
    match text.trim() {
        "" => Err(bad("it is empty".into())),
        token => bearer(&Secret(token.to_owned()), &format!("tokenFile {shown}")),
    }
}

/// # Errors
/// Class `badConfiguration`, where such a token cannot be sent.
pub(crate) fn bearer(token: &Secret, what: &str) -> Result<HeaderValue, Failure> {
    sensitive(format!("Bearer {}", token.0)).ok_or_else(|| {
        Failure::new(
            Class::BadConfiguration,
            format!("{what} holds a line end or another control character"),
        )
        .with_hint("write the token on one line")
    })
}

/// User and password as a header.
pub(crate) fn basic(user: &str, password: &Secret) -> Option<HeaderValue> {
    let plain = format!("{user}:{}", password.0);
    sensitive(format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(plain)
    ))
}

fn sensitive(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// When a token ends, where it is a JWT that says so.
pub(crate) fn end_of(header: &HeaderValue) -> Option<Time> {
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: serde_json::Number,
    }
    let token = header.to_str().ok()?.strip_prefix("Bearer ")?;
    let claims = token.split('.').nth(1)?;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a second more or less is no matter"
    )]
    let seconds = claims
        .exp
        .as_i64()
        .or(claims.exp.as_f64().map(|seconds| seconds as i64))?;
    Some(Time::from_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> HeaderValue {
        bearer(&Secret(text.into()), "the token").expect("a token")
    }

    #[test]
    fn the_end_of_a_token_is_read_where_it_says_one() {
        let of = |claims: &str| {
            let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
            end_of(&header(&format!("e30.{claims}.sig"))).map(|time| time.seconds)
        };
        assert_eq!(of(r#"{"exp": 1800000000}"#), Some(1_800_000_000));
        assert_eq!(of(r#"{"exp": 1.8e9}"#), Some(1_800_000_000));
        assert_eq!(of(r#"{"iss": "x"}"#), None);
        assert_eq!(end_of(&header("opaque")), None);
        assert_eq!(end_of(&header("a.b.c")), None);
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_refused_without_being_shown() {
        let failure = bearer(&Secret("s3cr3t\nx".into()), "the token").expect_err("two lines");
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(!failure.message.contains("s3cr3t"), "{failure}");
    }

    #[tokio::test]
    async fn a_token_file_is_read_again_when_it_was_refused_and_the_last_token_stays_while_it_is_away() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("token");
        let limit = Duration::from_secs(5);
        let write = |text: &str| std::fs::write(&file, text).expect("it can be written to");
        write("one\n");
        let credentials = Credentials::new(Origin::File(file.clone(), Some(header("beside"))));
        let first = credentials.current(limit).await.expect("a token");
        assert_eq!(first.header, Some(header("one")));
        write("two");
        let same = credentials.current(limit).await.expect("a token");
        assert_eq!(
            same.header,
            Some(header("one")),
            "a file is not read for each request"
        );
        let second = credentials.renewed(&first, limit).await.expect("another token");
        assert_eq!(second.header, Some(header("two")));
        let shared = credentials
            .renewed(&first, limit)
            .await
            .expect("it was renewed already");
        assert_eq!(shared.number, second.number);
        assert!(
            credentials.renewed(&second, limit).await.is_none(),
            "it is still the same"
        );
        std::fs::remove_file(&file).expect("it is there");
        assert!(credentials.renewed(&second, limit).await.is_none());
        let last = credentials.current(limit).await.expect("the last one stays");
        assert_eq!(last.header, Some(header("two")));

        let fallback = Credentials::new(Origin::File(file.clone(), Some(header("beside"))));
        let beside = fallback.current(limit).await.expect("the token beside the file");
        assert_eq!(beside.header, Some(header("beside")));
        let alone = Credentials::new(Origin::File(file, None));
        let failure = alone.current(limit).await.err().expect("there is no token");
        assert_eq!(failure.class, Class::BadConfiguration);
    }
}
