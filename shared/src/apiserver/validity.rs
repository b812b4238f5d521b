//! How long a credential or a certificate is still valid.

use crate::resource::Time;
use crate::span::span;

const DAY: i64 = 86_400;
/// A certificate that ends sooner is worth a warning: people have to renew it.
pub(super) const CERTIFICATE_WARNING_SECONDS: i64 = 14 * DAY;
/// A token that ends sooner is worth a warning. Most live for an hour and are renewed by a plugin.
pub(super) const TOKEN_WARNING_SECONDS: i64 = 600;

/// How long something is still valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validity {
    /// It ended so many seconds ago.
    Ended(i64),
    /// It ends in so many seconds, which is soon.
    Soon(i64),
    /// It ends in so many seconds.
    Fine(i64),
}

impl Validity {
    /// The validity at `now` of something that ends at `end`.
    pub fn new(now: Time, end: Time, warning_seconds: i64) -> Self {
        let left = end.seconds.saturating_sub(now.seconds);
        if left <= 0 {
            Self::Ended(left.saturating_neg())
        } else if left < warning_seconds {
            Self::Soon(left)
        } else {
            Self::Fine(left)
        }
    }
}

impl std::fmt::Display for Validity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ended(seconds) => write!(f, "expired {} ago", span(*seconds)),
            Self::Soon(seconds) | Self::Fine(seconds) => write!(f, "expires in {}", span(*seconds)),
        }
    }
}

/// Whole days until the end, rounded down; negative after it.
pub(super) fn days_left(now: Time, end: Time) -> i64 {
    end.seconds.saturating_sub(now.seconds).div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_seconds(1_000_000);

    #[test]
    fn an_end_that_is_near_differs_from_one_that_has_passed() {
        let validity_of = |left: i64, warning| {
            let validity = Validity::new(NOW, Time::from_seconds(NOW.seconds + left), warning);
            (validity, validity.to_string())
        };
        let rows = [
            (DAY * 14, Validity::Fine(DAY * 14), "expires in 14 days"),
            (DAY * 14 - 1, Validity::Soon(DAY * 14 - 1), "expires in 13 days"),
            (1, Validity::Soon(1), "expires in 1 s"),
            (0, Validity::Ended(0), "expired 0 s ago"),
            (-7200, Validity::Ended(7200), "expired 2 h ago"),
        ];
        for (left, validity, text) in rows {
            assert_eq!(
                validity_of(left, CERTIFICATE_WARNING_SECONDS),
                (validity, text.to_owned()),
                "{left}"
            );
        }
        assert_eq!(validity_of(600, TOKEN_WARNING_SECONDS).0, Validity::Fine(600));
        assert_eq!(validity_of(599, TOKEN_WARNING_SECONDS).0, Validity::Soon(599));
        assert_eq!(days_left(NOW, Time::from_seconds(NOW.seconds - 1)), -1);
    }
}
