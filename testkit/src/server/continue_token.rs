//! Owns the text of continue tokens.
//! Must not know the stored objects.

/// A continue token: the snapshot, the number of the page, and its first object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContinueToken {
    pub snapshot: u64,
    pub page: u32,
    pub offset: usize,
}

/// In a token it stands for the objects that are stored when it is used.
pub(crate) const INCONSISTENT: u64 = 0;

impl ContinueToken {
    /// The token of a refusal. It goes on at the same place in newer data.
    pub fn inconsistent(self) -> Self {
        Self {
            snapshot: INCONSISTENT,
            ..self
        }
    }

    /// Opaque text, so that no client reads it.
    pub fn to_text(self) -> String {
        let plain = format!("{}:{}:{}", self.snapshot, self.page, self.offset);
        plain
            .bytes()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() || !text.len().is_multiple_of(2) {
            return None;
        }
        let bytes = (0..text.len())
            .step_by(2)
            .map(|start| u8::from_str_radix(&text[start..start + 2], 16).ok())
            .collect::<Option<Vec<_>>>()?;
        let plain = String::from_utf8(bytes).ok()?;
        let mut parts = plain.split(':');
        let token = Self {
            snapshot: parts.next()?.parse().ok()?,
            page: parts.next()?.parse().ok()?,
            offset: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(token)
    }
}
