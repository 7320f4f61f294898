//! The one error type of the engine.

use std::fmt;

/// What kind of refusal an [`Error`] is; the names are stable and become evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The file could not be read from the file system.
    Io,
    /// The bytes are not of the format asked for.
    NotThisFormat,
    /// The format is right, and a structure in it contradicts itself or ends too early.
    Malformed,
    /// A limit of [`crate::Limits`] was hit.
    LimitHit,
    /// The named thing is not there.
    NotFound,
    /// A well-formed part that this engine does not support.
    Unsupported,
}

impl ErrorKind {
    /// The stable name, as Python and the reports see it.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Io => "io",
            ErrorKind::NotThisFormat => "not-this-format",
            ErrorKind::Malformed => "malformed",
            ErrorKind::LimitHit => "limit-hit",
            ErrorKind::NotFound => "not-found",
            ErrorKind::Unsupported => "unsupported",
        }
    }
}

/// A typed refusal, with the place and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of refusal.
    pub kind: ErrorKind,
    /// Byte offset in the structure that was read, where one is known.
    pub offset: Option<u64>,
    /// One plain English clause, without a final stop.
    pub detail: String,
}

impl Error {
    /// An error without a place.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Error {
            kind,
            offset: None,
            detail: detail.into(),
        }
    }

    /// An error at a byte offset.
    pub fn at(kind: ErrorKind, offset: u64, detail: impl Into<String>) -> Self {
        Error {
            kind,
            offset: Some(offset),
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{} at {offset:#x}: {}", self.kind.name(), self.detail),
            None => write!(f, "{}: {}", self.kind.name(), self.detail),
        }
    }
}

impl std::error::Error for Error {}
