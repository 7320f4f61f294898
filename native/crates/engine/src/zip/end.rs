//! The end record, and from it the place of the central directory.

use super::Layout;
use crate::bytes::{u16_at, u32_at, u64_at};
use crate::oddity::OddityLog;
use crate::{Error, ErrorKind};
use memchr::memmem;

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const END64: &[u8] = b"PK\x06\x06";
const END64_LENGTH: usize = 56;
const LOCATOR64: &[u8] = b"PK\x06\x07";
const LOCATOR64_LENGTH: usize = 20;
/// An end record with the longest comment: Android looks no further back.
const WINDOW: usize = END_LENGTH + u16::MAX as usize;
/// End records looked at in one file; a comment can be filled with signatures.
const CANDIDATES: usize = 4096;

pub(super) const CENTRAL: &[u8] = b"PK\x01\x02";
pub(super) const LOCAL: &[u8] = b"PK\x03\x04";

/// Where the central directory lies, and what the end record says about it.
pub(super) struct Directory {
    pub layout: Layout,
    /// Records that the end record counts.
    pub stated_entries: u64,
    /// The place found, less the place stated: not zero if bytes were put before the archive without care.
    pub delta: i64,
}

/// One end record that could be the right one.
struct Candidate {
    at: usize,
    end: usize,
    start: usize,
    central_end: usize,
    stated_offset: u64,
    stated_entries: u64,
    zip64: bool,
}

/// Finds the end record.
///
/// Android takes the last signature in the last 65,557 bytes and refuses the file unless its comment reaches exactly to the end. So that
/// one is preferred; after it any that leads to a central directory, since a file that Android refuses can still be read.
pub(super) fn locate(file: &[u8], log: &mut OddityLog) -> Result<Directory, Error> {
    let window = file.len().saturating_sub(WINDOW);
    let mut candidates = scan(file, window);
    if candidates.is_empty() && window > 0 {
        candidates = scan(file, 0);
    }
    let exact = |c: &Candidate| c.end == file.len();
    let Some(chosen) = candidates
        .iter()
        .position(exact)
        .or((!candidates.is_empty()).then_some(0))
    else {
        return Err(refusal(file));
    };
    let found = candidates.swap_remove(chosen);
    if found.zip64 {
        log.add("zip64", "", Some(found.at as u64), || {
            "sizes or counts in a ZIP64 end record".into()
        });
    }
    if let Some(other) = candidates.iter().find(|c| c.start != found.start) {
        log.add("decoy-end-record", "", Some(other.at as u64), || {
            format!(
                "leads to another central directory at {:#x}, the one at {:#x} is read",
                other.start, found.start
            )
        });
    }
    if let Some(detail) = disagreement(file, &found) {
        log.add("end-record-disagrees", "", Some(found.at as u64), || detail);
    }
    if found.end < file.len() {
        log.add("trailing-data", "", Some(found.end as u64), || {
            format!("{} bytes after the end record", file.len() - found.end)
        });
    }
    let delta = found.start as i64 - found.stated_offset as i64;
    if delta != 0 {
        log.add(
            "central-directory-moved",
            "",
            Some(found.start as u64),
            || format!("stated at {:#x}", found.stated_offset),
        );
    }
    Ok(Directory {
        layout: Layout {
            signing_block: signing_block(file, found.start, log),
            central_directory: found.start..found.central_end,
            end_record: found.at..found.end,
        },
        stated_entries: found.stated_entries,
        delta,
    })
}

/// What an end record says that cannot be true of one file that is whole: other disks, two counts that differ (APPNOTE 4.3.16).
fn disagreement(file: &[u8], found: &Candidate) -> Option<String> {
    let field = |at: usize| u16_at(file, found.at + at);
    let (disk, directory_disk, here, total) = (field(4)?, field(6)?, field(8)?, field(10)?);
    if disk != directory_disk || (disk != 0 && !found.zip64) {
        return Some(format!(
            "disk {disk}, central directory on disk {directory_disk}"
        ));
    }
    (here != total).then(|| format!("{here} entries on this disk, {total} in all"))
}

fn refusal(file: &[u8]) -> Error {
    if file.is_empty() {
        return Error::new(ErrorKind::NotThisFormat, "the file is empty");
    }
    if file.starts_with(LOCAL) {
        return Error::new(
            ErrorKind::Malformed,
            "no usable end record: the archive is cut off or its end is damaged",
        );
    }
    if memmem::find(file, END).is_some() {
        return Error::new(
            ErrorKind::Malformed,
            "the end record leads to no central directory",
        );
    }
    Error::new(ErrorKind::NotThisFormat, "not a ZIP archive: no end record")
}

/// All plausible end records from `from` on, last first.
fn scan(file: &[u8], from: usize) -> Vec<Candidate> {
    memmem::rfind_iter(&file[from..], END)
        .take(CANDIDATES)
        .filter_map(|at| candidate(file, from + at))
        .collect()
}

/// Reads the record at `at`; `None` if no central directory can be found through it.
fn candidate(file: &[u8], at: usize) -> Option<Candidate> {
    let record = file.get(at..at + END_LENGTH)?;
    let mut stated_entries = u64::from(u16_at(record, 10)?);
    let mut size = u64::from(u32_at(record, 12)?);
    let mut offset = u64::from(u32_at(record, 16)?);
    let end = (at + END_LENGTH + usize::from(u16_at(record, 20)?)).min(file.len());
    // ZIP64 is asked for by any field at its maximum; without the record, the plain fields are what there is.
    let mut central_end = at;
    let asked = u16_at(record, 8)? == u16::MAX
        || stated_entries == u64::from(u16::MAX)
        || size == u64::from(u32::MAX)
        || offset == u64::from(u32::MAX);
    let wide = if asked { end64(file, at) } else { None };
    if let Some(record64) = &wide {
        (stated_entries, size, offset) = (record64.entries, record64.size, record64.offset);
        central_end = record64.at;
    }
    let stated = usize::try_from(offset).ok();
    let backwards = usize::try_from(size)
        .ok()
        .and_then(|size| central_end.checked_sub(size));
    let is_directory = |&place: &usize| {
        place < central_end && file.get(place..).is_some_and(|b| b.starts_with(CENTRAL))
    };
    let start = stated
        .filter(is_directory)
        .or(backwards.filter(is_directory))
        .or((size == 0 && stated_entries == 0).then_some(central_end))?;
    Some(Candidate {
        at,
        end,
        start,
        central_end,
        stated_offset: offset,
        stated_entries,
        zip64: wide.is_some(),
    })
}

struct End64 {
    at: usize,
    entries: u64,
    size: u64,
    offset: u64,
}

/// The ZIP64 end record whose locator stands right before the end record at `end`.
fn end64(file: &[u8], end: usize) -> Option<End64> {
    let locator_at = end.checked_sub(LOCATOR64_LENGTH)?;
    let locator = &file[locator_at..end];
    if !locator.starts_with(LOCATOR64) {
        return None;
    }
    // The stated place is wrong once bytes were put before the archive; then the record stands right before its locator.
    let stated = usize::try_from(u64_at(locator, 8)?).ok();
    let is_record = |&at: &usize| {
        at.checked_add(END64_LENGTH)
            .is_some_and(|record_end| record_end <= locator_at && file[at..].starts_with(END64))
    };
    let at = stated
        .filter(is_record)
        .or(locator_at.checked_sub(END64_LENGTH).filter(is_record))?;
    Some(End64 {
        at,
        entries: u64_at(file, at + 32)?,
        size: u64_at(file, at + 40)?,
        offset: u64_at(file, at + 48)?,
    })
}

/// The APK Signing Block that ends where the central directory starts.
///
/// Layout (source.android.com, APK Signature Scheme v2): size, pairs, the same size again, sixteen bytes of magic; the size counts all but
/// its first field.
fn signing_block(
    file: &[u8],
    central: usize,
    log: &mut OddityLog,
) -> Option<std::ops::Range<usize>> {
    const MAGIC: &[u8] = b"APK Sig Block 42";
    const FOOTER: usize = 24;
    if !file[..central].ends_with(MAGIC) {
        return None;
    }
    let size = u64_at(file, central.checked_sub(FOOTER)?)?;
    let start = usize::try_from(size)
        .ok()
        .filter(|&size| size >= FOOTER)
        .and_then(|size| central.checked_sub(size)?.checked_sub(8));
    let whole = start.filter(|&start| u64_at(file, start) == Some(size));
    if whole.is_none() {
        log.add("signing-block-broken", "", Some(central as u64), || {
            format!("size fields of the signing block do not agree: {size} bytes stated at its end")
        });
    }
    whole.map(|start| start..central)
}
