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

/// The bytes in lower case.
fn hexadecimal(bytes: &[u8; 16]) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value & 15)).copied().unwrap_or(b'0');
    let mut text = [0; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(*byte)]);
    }
    text
}

impl PackedUid {
    /// The uid as the API server writes it.
    pub fn text(&self) -> Option<String> {
        let mut text = None;
        self.write(&mut text);
        text
    }

    /// As [`PackedUid::text`], in place of another uid.
    pub fn write(&self, place: &mut Option<String>) {
        if *self == Self::None {
            *place = None;
            return;
        }
        let out = place.get_or_insert_default();
        out.clear();
        match self {
            Self::None => {}
            Self::Text(text) => out.push_str(text),
            Self::Uuid(bytes) => {
                let digits = hexadecimal(bytes);
                let groups = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
                for (begin, end) in groups {
                    if begin > 0 {
                        out.push('-');
                    }
                    let group = digits.get(begin..end).unwrap_or_default();
                    out.push_str(std::str::from_utf8(group).unwrap_or_default());
                }
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
