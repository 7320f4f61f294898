//! The archive as Android reads it, with every oddity recorded.
//!
//! Facts: .ZIP File Format Specification (APPNOTE 6.3.10); Android's `libziparchive` for what is tolerated.

use crate::{Error, Limits, Oddity};
use std::ops::Range;

/// One record of the central directory together with its local header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name, decoded as UTF-8 with replacement characters.
    pub name: String,
    /// Name bytes in the file (central directory).
    pub raw_name: Range<usize>,
    /// Compression method of the central directory.
    pub method: u16,
    /// General purpose flags of the central directory.
    pub flags: u16,
    /// CRC-32 of the central directory.
    pub crc32: u32,
    /// Sizes as the central directory states them.
    pub compressed_size: u64,
    /// Sizes as the central directory states them.
    pub size: u64,
    /// Offset of the local header in the file.
    pub header_offset: usize,
    /// The compressed bytes, cut to the file; `None` if there is no local header at the stated place.
    pub data: Option<Range<usize>>,
}

/// Where the parts of the file lie (APK signature schemes sign these sections).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The APK Signing Block, size fields and magic included.
    pub signing_block: Option<Range<usize>>,
    /// The central directory.
    pub central_directory: Range<usize>,
    /// The end record, comment included.
    pub end_record: Range<usize>,
}

/// A parsed archive. Holds no bytes: pass the same `file` slice to each call.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Entries in the order of the central directory.
    pub entries: Vec<Entry>,
    /// Where the parts lie.
    pub layout: Layout,
    /// What was odd.
    pub oddities: Vec<Oddity>,
}

impl Archive {
    /// Reads end record, central directory and local headers. Inflates nothing.
    pub fn parse(file: &[u8], limits: &Limits) -> Result<Archive, Error> {
        let _ = (file, limits);
        Err(Error::new(crate::ErrorKind::Unsupported, "not written yet"))
    }

    /// The entry that Android would open under this name.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The content of an entry, at most `limit` bytes.
    pub fn read(&self, file: &[u8], entry: &Entry, limit: u64) -> Result<Vec<u8>, Error> {
        let _ = (file, entry, limit);
        Err(Error::new(crate::ErrorKind::Unsupported, "not written yet"))
    }
}
