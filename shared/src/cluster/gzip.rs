//! A body in gzip, unpacked a bounded piece at a time: a small body can unpack to a thousand times its size.

use bytes::Bytes;
use std::io::{self, Write as _};

/// Packed bytes that are unpacked at once; they become 16 MB at most.
const STEP: usize = 16 << 10;
/// The step for a body that unpacks to much more than a list does.
const SMALL_STEP: usize = 512;
/// Lists become some ten times their size.
const USUAL_RATIO: usize = 64;

/// Unpacks a body.
pub(super) struct GzipDecoder {
    packed: Bytes,
    step: usize,
    decoder: flate2::write::GzDecoder<Vec<u8>>,
}

impl Default for GzipDecoder {
    fn default() -> Self {
        Self {
            packed: Bytes::new(),
            step: STEP,
            decoder: flate2::write::GzDecoder::new(Vec::new()),
        }
    }
}

impl GzipDecoder {
    /// Gives it the next packed bytes, once [`GzipDecoder::next`] has returned `None`.
    pub fn push(&mut self, packed: Bytes) {
        self.packed = packed;
    }

    /// The next unpacked piece; `None` if more packed bytes are needed.
    pub fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.packed.is_empty() {
            let step = self.packed.split_to(self.packed.len().min(self.step));
            self.decoder.write_all(&step)?;
            let plain = std::mem::take(self.decoder.get_mut());
            self.step = if plain.len() > step.len() * USUAL_RATIO {
                SMALL_STEP
            } else {
                STEP
            };
            if !plain.is_empty() {
                return Ok(Some(plain.into()));
            }
        }
        Ok(None)
    }

    /// The rest of the unpacked bytes, once all packed bytes were pushed; an error if the gzip does not end there.
    pub fn finish(mut self) -> io::Result<Bytes> {
        self.decoder.try_finish()?;
        Ok(std::mem::take(self.decoder.get_mut()).into())
    }
}
