//! The credential that requests carry: obtained once, shared by all requests, and renewed if it has expired or the API
//! server refuses it. Must not know the requests.

pub(super) mod exec;
pub(super) mod token_file;

use crate::cluster::authorization;
use crate::cluster::credential::exec::Plugin;
use crate::cluster::deadlines::seconds;
use crate::failure::{Class, Failure};
use crate::resource::Time;
use http::HeaderValue;
use rustls::sign::CertifiedKey;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// A token file that was read longer ago is read again, as in client-go (`transport.NewCachedFileTokenSource`). The kubelet
/// renews a token at 80 % of its lifetime, which is ten minutes at least.
const REREAD: Duration = Duration::from_mins(1);
/// A plugin that was run after a refusal is not run again within this time. If its new credential is refused too, another
/// run would give the same.
const RUN_AGAIN: Duration = Duration::from_secs(10);

/// Where a credential comes from.
pub(crate) enum CredentialSource {
    /// There is none besides a client certificate.
    None,
    /// A header that does not change: a token, or user and password.
    Fixed(HeaderValue),
    /// A file that is renewed, and the header that is sent if it cannot be read.
    File(PathBuf, Option<HeaderValue>),
    /// A credential plugin.
    Plugin(Box<Plugin>),
}

/// A credential as it is now.
#[derive(Clone, Default)]
pub(crate) struct CurrentCredential {
    /// Value of `Authorization`.
    pub header: Option<HeaderValue>,
    /// Certificate and key of a plugin.
    pub identity: Option<Arc<CertifiedKey>>,
    /// When it expires, if that is known.
    pub expires: Option<Time>,
    /// How long a plugin took.
    pub elapsed: Option<Duration>,
    /// How many credentials were obtained so far, this one included.
    pub number: u64,
}

struct CachedCredential {
    current: CurrentCredential,
    read: Instant,
    /// Whether a plugin gave it after the API server had refused another.
    follows_refusal: bool,
}

/// The one credential of a client.
pub(crate) struct Credentials {
    source: CredentialSource,
    /// Locked while a plugin runs, so that it runs once for all requests that wait.
    cached: Mutex<Option<CachedCredential>>,
}

impl Credentials {
    pub fn new(source: CredentialSource) -> Self {
        Self {
            source,
            cached: Mutex::new(None),
        }
    }

    /// How long obtaining it may take: what is left of the run, or `usual` if the run has no end; at least a minute if a
    /// plugin can ask the person something.
    pub fn limit(&self, run: Option<Instant>, usual: Duration) -> Duration {
        let limit = run.map_or(usual, |until| until.saturating_duration_since(Instant::now()));
        match &self.source {
            CredentialSource::Plugin(plugin) if plugin.is_interactive() => limit.max(Duration::from_mins(1)),
            _ => limit,
        }
    }

    /// The credential. It is obtained first if there is none or if it has expired.
    ///
    /// # Errors
    /// Class `credential`, if it cannot be obtained within the limit.
    pub async fn current(&self, limit: Duration) -> Result<CurrentCredential, Failure> {
        match &self.source {
            CredentialSource::None => return Ok(CurrentCredential::default()),
            CredentialSource::Fixed(header) => {
                return Ok(CurrentCredential {
                    header: Some(header.clone()),
                    ..CurrentCredential::default()
                });
            }
            CredentialSource::File(..) | CredentialSource::Plugin(_) => {}
        }
        let obtained = timeout(limit, async {
            let mut cached = self.cached.lock().await;
            if let Some(cached) = cached.as_ref().filter(|cached| self.is_fresh(cached)) {
                return Ok(cached.current.clone());
            }
            Box::pin(self.obtain(&mut cached, limit)).await
        });
        obtained.await.unwrap_or_else(|_| {
            Err(Failure::new(
                Class::Credential,
                format!("the credential plugin gave no answer within {}", seconds(limit)),
            ))
        })
    }

    /// The plugin, if the credential comes from one.
    pub fn plugin(&self) -> Option<&Plugin> {
        match &self.source {
            CredentialSource::Plugin(plugin) => Some(plugin),
            _ => None,
        }
    }

    /// The plugin, if it runs at this moment.
    pub fn running_plugin(&self) -> Option<&Plugin> {
        self.plugin().filter(|_| self.cached.try_lock().is_err())
    }

    /// Obtains another credential after the API server refused this one; `None` if there is no other.
    pub async fn renew(&self, refused: &CurrentCredential, limit: Duration) -> Option<CurrentCredential> {
        if matches!(self.source, CredentialSource::None | CredentialSource::Fixed(_)) {
            return None;
        }
        let renewed = timeout(limit, async {
            let mut cached = self.cached.lock().await;
            match cached.as_ref() {
                // Another request has renewed it meanwhile.
                Some(cached) if cached.current.number != refused.number => Some(cached.current.clone()),
                Some(cached) if cached.follows_refusal && cached.read.elapsed() < RUN_AGAIN => None,
                _ => {
                    let renewed = Box::pin(self.obtain(&mut cached, limit)).await.ok()?;
                    if let (Some(cached), CredentialSource::Plugin(_)) = (cached.as_mut(), &self.source) {
                        cached.follows_refusal = true;
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

    fn is_fresh(&self, cached: &CachedCredential) -> bool {
        match self.source {
            CredentialSource::File(..) => cached.read.elapsed() < REREAD,
            _ => cached.current.expires.is_none_or(|until| now() <= until),
        }
    }

    async fn obtain(
        &self,
        cached: &mut Option<CachedCredential>,
        limit: Duration,
    ) -> Result<CurrentCredential, Failure> {
        let number = cached.as_ref().map_or(0, |cached| cached.current.number) + 1;
        let current = match &self.source {
            CredentialSource::Plugin(plugin) => {
                let started = Instant::now();
                let obtained = plugin.run(limit).await?;
                CurrentCredential {
                    header: obtained
                        .token
                        .as_ref()
                        .map(|token| authorization::bearer(token, "the credential plugin's token"))
                        .transpose()?,
                    identity: obtained.identity,
                    expires: obtained.expires,
                    elapsed: Some(started.elapsed()),
                    number,
                }
            }
            CredentialSource::File(path, fallback) => {
                let header = match (
                    token_file::read(path, cached.is_some(), limit).await,
                    fallback,
                    cached.as_ref(),
                ) {
                    (Ok(header), ..) => header,
                    // As in client-go, the last token that was read counts, else the one beside the file.
                    (Err(_), _, Some(former)) if former.current.header.is_some() => former
                        .current
                        .header
                        .clone()
                        .unwrap_or(HeaderValue::from_static("")),
                    (Err(_), Some(token), _) => token.clone(),
                    (Err(failure), None, _) => return Err(failure),
                };
                CurrentCredential {
                    header: Some(header),
                    number,
                    ..CurrentCredential::default()
                }
            }
            CredentialSource::None | CredentialSource::Fixed(_) => CurrentCredential::default(),
        };
        *cached = Some(CachedCredential {
            current: current.clone(),
            read: Instant::now(),
            follows_refusal: false,
        });
        Ok(current)
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the expiry of a credential is compared with this machine's clock"
)]
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time::from_seconds(since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::secret::Secret;

    fn header(text: &str) -> HeaderValue {
        authorization::bearer(&Secret(text.into()), "the token").expect("a token")
    }

    #[tokio::test]
    async fn a_token_file_is_read_again_after_a_refusal_and_the_last_token_stays_if_the_file_is_gone() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("token");
        let limit = Duration::from_secs(5);
        let write = |text: &str| std::fs::write(&file, text).expect("it can be written to");
        write("one\n");
        let credentials = Credentials::new(CredentialSource::File(file.clone(), Some(header("beside"))));
        let first = credentials.current(limit).await.expect("a token");
        assert_eq!(first.header, Some(header("one")));
        write("two");
        let same = credentials.current(limit).await.expect("a token");
        assert_eq!(
            same.header,
            Some(header("one")),
            "a file is not read for each request"
        );
        let second = credentials.renew(&first, limit).await.expect("another token");
        assert_eq!(second.header, Some(header("two")));
        let shared = credentials
            .renew(&first, limit)
            .await
            .expect("it was renewed already");
        assert_eq!(shared.number, second.number);
        assert!(
            credentials.renew(&second, limit).await.is_none(),
            "it is still the same"
        );
        std::fs::remove_file(&file).expect("it is there");
        assert!(credentials.renew(&second, limit).await.is_none());
        let last = credentials.current(limit).await.expect("the last one stays");
        assert_eq!(last.header, Some(header("two")));

        let fallback = Credentials::new(CredentialSource::File(file.clone(), Some(header("beside"))));
        let beside = fallback.current(limit).await.expect("the token beside the file");
        assert_eq!(beside.header, Some(header("beside")));
        let alone = Credentials::new(CredentialSource::File(file, None));
        let failure = alone.current(limit).await.err().expect("there is no token");
        assert_eq!(failure.class, Class::BadConfiguration);
    }
}
