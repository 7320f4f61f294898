//! Little-endian reading that cannot run past the end.

use crate::error::{Error, ErrorKind};

/// The `u16` at `at`, if it lies inside.
#[inline]
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

/// The `u32` at `at`, if it lies inside.
#[inline]
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

/// The `u64` at `at`, if it lies inside.
#[inline]
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(
        bytes.get(at..at.checked_add(8)?)?.try_into().ok()?,
    ))
}

/// A cursor over a slice; every method fails with [`ErrorKind::Malformed`] in place of reading past the end.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Added to positions in errors: the offset of `bytes` in the whole structure.
    base: u64,
}

impl<'a> Reader<'a> {
    /// A reader from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader {
            bytes,
            at: 0,
            base: 0,
        }
    }

    /// A reader whose errors count from `base`.
    pub fn with_base(bytes: &'a [u8], base: u64) -> Self {
        Reader { bytes, at: 0, base }
    }

    /// Bytes not yet read.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Position in the slice.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Moves to a position, at most the end.
    pub fn seek(&mut self, to: usize) -> Result<(), Error> {
        if to > self.bytes.len() {
            return Err(self.short("seek past the end"));
        }
        self.at = to;
        Ok(())
    }

    fn short(&self, what: &str) -> Error {
        Error::at(ErrorKind::Malformed, self.base + self.at as u64, what)
    }

    /// The next `n` bytes.
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Error> {
        let end = self
            .at
            .checked_add(n)
            .filter(|&end| end <= self.bytes.len())
            .ok_or_else(|| self.short("ends too early"))?;
        let out = &self.bytes[self.at..end];
        self.at = end;
        Ok(out)
    }

    /// The next byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?[0])
    }

    /// The next `u16`.
    #[inline]
    pub fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_le_bytes(
            self.take(2)?.try_into().expect("two bytes"),
        ))
    }

    /// The next `u32`.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(
            self.take(4)?.try_into().expect("four bytes"),
        ))
    }

    /// The next `u64`.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(
            self.take(8)?.try_into().expect("eight bytes"),
        ))
    }

    /// A slice behind a `u32` length, as the signing block uses it.
    pub fn length_prefixed(&mut self) -> Result<&'a [u8], Error> {
        let n = self.u32()? as usize;
        self.take(n)
    }
}
