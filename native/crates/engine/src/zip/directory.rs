//! Central directory records, each with its local header.

use super::end::{CENTRAL, Directory, LOCAL};
use super::{DEFLATED, Entry, STORED};
use crate::Limits;
use crate::bytes::{u16_at, u32_at, u64_at};
use crate::oddity::OddityLog;
use memchr::memmem;
use std::borrow::Cow;
use std::collections::HashMap;

const RECORD_LENGTH: usize = 46;
const HEADER_LENGTH: usize = 30;
const ENCRYPTED: u16 = 1;
const DESCRIPTOR: u16 = 1 << 3;
/// Entries asked whether their offsets are shifted along with the central directory.
const VOTERS: usize = 16;

/// Reads all records between the start of the central directory and the end record.
///
/// Android reads as many as the end record counts. Records beyond that number are read too and the difference is recorded.
pub(super) fn read(
    file: &[u8],
    place: &Directory,
    limits: &Limits,
    log: &mut OddityLog,
) -> Vec<Entry> {
    let central = &place.layout.central_directory;
    let mut entries = Vec::with_capacity(
        (place.stated_entries as usize).min((central.end - central.start) / RECORD_LENGTH),
    );
    let mut at = central.start;
    while at + RECORD_LENGTH <= central.end {
        if !file[at..].starts_with(CENTRAL) {
            // Past the last record, or a damaged one: go on at the next signature, if there is one.
            let Some(next) = memmem::find(&file[at..central.end], CENTRAL) else {
                break;
            };
            let from = at as u64;
            log.add("central-directory-broken", "", Some(from), || {
                format!("no record here, the next one is {next} bytes on")
            });
            at += next;
            continue;
        }
        if entries.len() >= limits.entries {
            log.add("too-many-entries", "", Some(at as u64), || {
                format!(
                    "only the first {} of {} are read",
                    limits.entries, place.stated_entries
                )
            });
            break;
        }
        let (entry, next) = record(file, at, central.end, log);
        entries.push(entry);
        at = next;
    }
    if at < central.end && entries.len() < limits.entries {
        let kind = if entries.len() as u64 >= place.stated_entries {
            "central-directory-gap"
        } else {
            "central-directory-broken"
        };
        log.add(kind, "", Some(at as u64), || {
            format!("{} bytes without a record", central.end - at)
        });
    }
    if entries.len() as u64 != place.stated_entries && entries.len() < limits.entries {
        log.add("entry-count-mismatch", "", None, || {
            format!("{} stated, {} found", place.stated_entries, entries.len())
        });
    }
    apply_shift(file, place.delta, &mut entries, log);
    find_lost_headers(file, central.start, &mut entries, log);
    for entry in &mut entries {
        local_header(file, central.start, entry, log);
    }
    entries
}

/// Whether a local header starts at `at`.
fn is_header(file: &[u8], at: usize) -> bool {
    file.get(at..).is_some_and(|rest| rest.starts_with(LOCAL))
}

/// Corrects the offset of entries that have no local header where it is stated, if one with their name lies elsewhere.
///
/// One pass over the file, and only if there is such an entry.
fn find_lost_headers(file: &[u8], central: usize, entries: &mut [Entry], log: &mut OddityLog) {
    let mut lost: HashMap<&[u8], usize> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| !is_header(file, entry.header_offset) && !entry.raw_name.is_empty())
        .map(|(index, entry)| (&file[entry.raw_name.clone()], index))
        .collect();
    if lost.is_empty() {
        return;
    }
    // Names that overlap must not cost more than a few passes.
    let mut budget = file.len().saturating_mul(4);
    for at in memmem::find_iter(&file[..central], LOCAL) {
        let name_start = at + HEADER_LENGTH;
        let name_length = usize::from(u16_at(file, at + 26).unwrap_or(0));
        let Some(left) = budget.checked_sub(name_length) else {
            break;
        };
        budget = left;
        let name = file.get(name_start..name_start + name_length);
        if let Some(index) = name.and_then(|name| lost.remove(name)) {
            let entry = &mut entries[index];
            let stated = entry.header_offset;
            entry.header_offset = at;
            log.add("local-header-moved", &entry.name, Some(at as u64), || {
                format!("stated at {stated:#x}, where there is none")
            });
        }
    }
}

/// One record at `at` (its fixed part lies inside the file), and where the next one starts.
fn record(file: &[u8], at: usize, end: usize, log: &mut OddityLog) -> (Entry, usize) {
    let field16 = |offset| u16_at(file, at + offset).unwrap_or(0);
    let field32 = |offset| u32_at(file, at + offset).unwrap_or(0);
    let name_start = at + RECORD_LENGTH;
    let name_end = (name_start + usize::from(field16(28))).min(end);
    let extra_end = (name_end + usize::from(field16(30))).min(end);
    let next = (extra_end + usize::from(field16(32))).min(end);
    let name = String::from_utf8_lossy(&file[name_start..name_end]);
    if let Cow::Owned(lossy) = &name {
        log.add("name-not-utf8", lossy, Some(at as u64), || {
            "name bytes are not UTF-8".into()
        });
    }
    let mut entry = Entry {
        name: name.into_owned(),
        raw_name: name_start..name_end,
        method: field16(10),
        flags: field16(8),
        crc32: field32(16),
        compressed_size: u64::from(field32(20)),
        size: u64::from(field32(24)),
        header_offset: field32(42) as usize,
        data: None,
    };
    if !read_extra(&file[name_end..extra_end], &mut entry) {
        log.add(
            "extra-field-broken",
            &entry.name,
            Some(name_end as u64),
            || "an extra field is longer than the space for it".into(),
        );
    }
    (entry, next)
}

/// Takes 64-bit sizes from the extra fields; `false` if the fields do not fit their space.
fn read_extra(extra: &[u8], entry: &mut Entry) -> bool {
    const ZIP64: u16 = 1;
    // zipalign pads with zeros that are no field.
    let used = extra
        .iter()
        .rposition(|&b| b != 0)
        .map_or(0, |last| last + 1);
    let mut at = 0;
    while at < used {
        let (Some(id), Some(length)) = (u16_at(extra, at), u16_at(extra, at + 2)) else {
            return false;
        };
        let Some(body) = extra.get(at + 4..at + 4 + usize::from(length)) else {
            return false;
        };
        if id == ZIP64 {
            let mut taken = 0;
            let mut wide = |narrow: u64| {
                if narrow != u64::from(u32::MAX) {
                    return narrow;
                }
                taken += 8;
                u64_at(body, taken - 8).unwrap_or(narrow)
            };
            entry.size = wide(entry.size);
            entry.compressed_size = wide(entry.compressed_size);
            entry.header_offset =
                usize::try_from(wide(entry.header_offset as u64)).unwrap_or(usize::MAX);
        }
        at += 4 + usize::from(length);
    }
    true
}

/// Shifts the offsets of all entries if the local headers lie `delta` away from where they are stated.
fn apply_shift(file: &[u8], delta: i64, entries: &mut [Entry], log: &mut OddityLog) {
    let shifted = |offset: usize| offset.checked_add_signed(delta as isize);
    let voters = entries.iter().take(VOTERS);
    let (mut stays, mut moves) = (0, 0);
    for entry in voters {
        stays += usize::from(is_header(file, entry.header_offset));
        moves += usize::from(shifted(entry.header_offset).is_some_and(|at| is_header(file, at)));
    }
    if delta == 0 || moves <= stays {
        return;
    }
    log.add("shifted-offsets", "", None, || {
        format!("local headers lie {delta} bytes from where they are stated")
    });
    for entry in entries {
        entry.header_offset = shifted(entry.header_offset).unwrap_or(usize::MAX);
    }
}

/// Finds the data of an entry behind its local header, and compares the two records.
fn local_header(file: &[u8], central: usize, entry: &mut Entry, log: &mut OddityLog) {
    let at = entry.header_offset;
    let place = Some(at as u64);
    let header = at
        .checked_add(HEADER_LENGTH)
        .and_then(|end| file.get(at..end))
        .filter(|header| header.starts_with(LOCAL));
    let Some(header) = header else {
        log.add("local-header-missing", &entry.name, place, || {
            "no local header at the stated place".into()
        });
        return;
    };
    let field16 = |offset| u16_at(header, offset).unwrap_or(0);
    let field32 = |offset| u64::from(u32_at(header, offset).unwrap_or(0));
    let name_length = usize::from(field16(26));
    let name_start = at + HEADER_LENGTH;
    let start = name_start + name_length + usize::from(field16(28));
    // Data never reaches into the central directory; only a header behind that is read to the end of the file.
    let bound = if start <= central {
        central
    } else {
        file.len()
    };
    let space = bound.saturating_sub(start) as u64;
    // Android maps `size` bytes of whatever is not deflated (ZipAssetsProvider), whatever the compressed size says.
    let length = match entry.method {
        DEFLATED => entry.compressed_size,
        _ if entry.size <= space => entry.size,
        _ => entry.compressed_size,
    };
    if length > space {
        log.add("data-out-of-range", &entry.name, place, || {
            format!("{length} bytes stated, {space} are left")
        });
    }
    let start = start.min(bound);
    entry.data = Some(start..start + length.min(space) as usize);

    if file.get(name_start..name_start + name_length) != file.get(entry.raw_name.clone()) {
        log.add("local-name-mismatch", &entry.name, place, || {
            let name = file
                .get(name_start..name_start + name_length.min(200))
                .unwrap_or_default();
            format!("local header says {:?}", String::from_utf8_lossy(name))
        });
    }
    let (flags, method) = (field16(6), field16(8));
    if (entry.flags | flags) & ENCRYPTED != 0 {
        log.add("encrypted-flag", &entry.name, place, || {
            let seen = |flags: u16| {
                if flags & ENCRYPTED != 0 {
                    "set"
                } else {
                    "not set"
                }
            };
            format!(
                "central directory: {}, local header: {}",
                seen(entry.flags),
                seen(flags)
            )
        });
    }
    if (entry.flags ^ flags) & DESCRIPTOR != 0 {
        log.add("local-flags-mismatch", &entry.name, place, || {
            format!(
                "{:#06x} in the central directory, {flags:#06x} in the local header",
                entry.flags
            )
        });
    }
    if !matches!(entry.method, STORED | DEFLATED) {
        log.add("unknown-method", &entry.name, place, || {
            format!("{}, read as stored like Android does", entry.method)
        });
    } else if entry.method == STORED && entry.size != entry.compressed_size {
        log.add("stored-size-mismatch", &entry.name, place, || {
            format!(
                "{} bytes stored, {} stated as content",
                entry.compressed_size, entry.size
            )
        });
    }
    if method != entry.method {
        log.add("local-method-mismatch", &entry.name, place, || {
            format!(
                "{} in the central directory, {method} in the local header",
                entry.method
            )
        });
    }
    let (crc32, compressed_size, size) = (field32(14), field32(18), field32(22));
    // With a descriptor the local fields are zero, and Android does not compare them; at their maximum they stand for ZIP64.
    let described = flags & DESCRIPTOR != 0;
    let differs = |local: u64, central: u64| {
        local != central && local != u64::from(u32::MAX) && !(described && local == 0)
    };
    if differs(compressed_size, entry.compressed_size) || differs(size, entry.size) {
        let kind = if described {
            "local-size-decoy"
        } else {
            "local-size-mismatch"
        };
        log.add(kind, &entry.name, place, || {
            format!(
                "{} -> {} in the central directory, {compressed_size} -> {size} in the local header",
                entry.compressed_size, entry.size
            )
        });
    }
    if !described && crc32 != u64::from(entry.crc32) {
        log.add("local-crc-mismatch", &entry.name, place, || {
            format!(
                "{:#010x} in the central directory, {crc32:#010x} in the local header",
                entry.crc32
            )
        });
    }
}
