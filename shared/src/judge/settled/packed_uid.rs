//! The uid of an object in little memory: the API server makes UUIDs, which are 16 bytes.

/// A uid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PackedUid {
    /// The object has none.
    None,
    /// A UUID in its canonical form: lower case, with four hyphens.
    Uuid([u8; 16]),
    /// Any other text.
    Text(Box<str>),
}

/// The places of the hyphens in a UUID.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl From<String> for PackedUid {
    fn from(text: String) -> Self {
        match parse(&text) {
            Some(bytes) => Self::Uuid(bytes),
            None => Self::Text(text.into_boxed_str()),
        }
    }
}

/// The bytes of a UUID, if it is written as [`PackedUid::text`] writes it.
fn parse(text: &str) -> Option<[u8; 16]> {
    if text.len() != 36 || HYPHENS.iter().any(|at| text.as_bytes().get(*at) != Some(&b'-')) {
        return None;
    }
    let mut digits = text.bytes().filter(|byte| *byte != b'-').map(|byte| match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    });
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = (high << 4) | low;
    }
    digits.next().is_none().then_some(bytes)
}

impl PackedUid {
    /// The uid as the API server writes it.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Text(text) => Some(text.to_string()),
            Self::Uuid(bytes) => {
                let mut text = String::with_capacity(36);
                for (at, byte) in bytes.iter().enumerate() {
                    if matches!(at, 4 | 6 | 8 | 10) {
                        text.push('-');
                    }
                    for digit in [byte >> 4, byte & 15] {
                        text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                    }
                }
                Some(text)
            }
        }
    }

    /// Bytes of memory besides its own size.
    pub fn memory(&self) -> usize {
        match self {
            Self::None | Self::Uuid(_) => 0,
            Self::Text(text) => text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PackedUid;

    #[test]
    fn a_uid_is_given_back_to_the_letter_and_a_uuid_takes_16_bytes() {
        let packed = |text: &str| {
            let uid = PackedUid::from(text.to_owned());
            (uid.text(), uid.memory())
        };
        for (text, memory) in [
            ("0e6f1a52-7c1b-4d0e-9a3f-00000000beef", 0),
            ("0E6F1A52-7c1b-4d0e-9a3f-00000000beef", 36),
            ("0e6f1a527c1b4d0e9a3f00000000beef", 32),
            ("0e6f1a52-7c1b-4d0e-9a3f-00000000be-f", 36),
            ("0e6f1a5-27c1b-4d0e-9a3f-00000000beef", 36),
            ("uid-web", 7),
        ] {
            assert_eq!(packed(text), (Some(text.to_owned()), memory), "{text}");
        }
        assert_eq!(PackedUid::None.text(), None);
    }
}
