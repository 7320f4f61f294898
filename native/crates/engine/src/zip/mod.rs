//! The archive as Android reads it, with every oddity recorded.
//!
//! Facts: .ZIP File Format Specification (APPNOTE 6.3.10); Android's `libziparchive` (`zip_archive.cc`, `zip_cd_entry_map.cc`) and
//! `ZipAssetsProvider` (`AssetsProvider.cpp`) for what is tolerated.
//!
//! ```text
//! end        end record -> place of the central directory, signing block
//! directory  central directory + local headers -> entries
//! checks     names, duplicates, overlaps, unclaimed bytes: over all entries at once
//! content    bytes of one entry
//! inflate    DEFLATE within a bound
//! ```

mod checks;
mod content;
mod directory;
mod end;
mod inflate;
#[cfg(test)]
mod tests;

pub use content::Content;

use crate::oddity::OddityLog;
use crate::{Error, Limits, Oddity};
use std::ops::Range;

/// Stored as it stands.
pub const STORED: u16 = 0;
/// Compressed with DEFLATE.
pub const DEFLATED: u16 = 8;

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
    /// Indices of `entries`, ordered by name and then by place in the central directory.
    by_name: Vec<u32>,
}

impl Archive {
    /// Reads end record, central directory and local headers. Inflates nothing.
    ///
    /// Work is linear in the size of the central directory, apart from two sorts of its entries.
    /// Fails with `NotThisFormat` or `Malformed` if no central directory is found; everything else is an oddity.
    pub fn parse(file: &[u8], limits: &Limits) -> Result<Archive, Error> {
        let mut log = OddityLog::new(limits.oddities);
        let place = end::locate(file, &mut log)?;
        let entries = directory::read(file, &place, limits, &mut log);
        let by_name = checks::order_by_name(&entries);
        checks::names(file, &entries, &by_name, &mut log);
        checks::places(file, &entries, &place.layout, &mut log);
        Ok(Archive {
            entries,
            layout: place.layout,
            oddities: log.finish(),
            by_name,
        })
    }

    /// The entry that Android would open under this name.
    ///
    /// Of entries with one name it is the first of the central directory: the one that Android ran before 4.4. Later versions refuse such
    /// a package (`kDuplicateEntry`). [`Archive::find_all`] gives the others.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.named(name)
            .first()
            .map(|&at| &self.entries[at as usize])
    }

    /// All entries of this name, in the order of the central directory.
    pub fn find_all(&self, name: &str) -> impl Iterator<Item = &Entry> + use<'_> {
        let places = self.named(name).iter();
        places.map(|&at| &self.entries[at as usize])
    }

    fn named(&self, name: &str) -> &[u32] {
        let name_at = |at: &u32| self.entries[*at as usize].name.as_str();
        let start = self.by_name.partition_point(|at| name_at(at) < name);
        let length = self.by_name[start..].partition_point(|at| name_at(at) == name);
        &self.by_name[start..start + length]
    }

    /// The content of an entry, at most `limit` bytes. Damaged data gives what could be read: see [`Archive::extract`].
    ///
    /// Fails with `LimitHit` if there is more than `limit`, with `Malformed` if nothing at all can be read.
    pub fn read(&self, file: &[u8], entry: &Entry, limit: u64) -> Result<Vec<u8>, Error> {
        self.extract(file, entry, limit)
            .map(|content| content.bytes)
    }

    /// The content of an entry, at most `limit` bytes, with what was odd about it.
    pub fn extract(&self, file: &[u8], entry: &Entry, limit: u64) -> Result<Content, Error> {
        content::extract(file, entry, limit)
    }

    /// The first bytes of an entry, at most `length`. Empty if nothing can be read.
    pub fn prefix(&self, file: &[u8], entry: &Entry, length: usize) -> Vec<u8> {
        content::prefix(file, entry, length)
    }
}
