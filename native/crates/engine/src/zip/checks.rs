//! What only shows when all entries are seen together: names, overlaps, bytes that belong to no entry.

use super::end::LOCAL;
use super::{Entry, Layout};
use crate::bytes::u16_at;
use crate::oddity::OddityLog;

/// The longest name of one path component that common file systems take.
const COMPONENT_MAX: usize = 255;
const DESCRIPTOR: u16 = 1 << 3;
const DESCRIPTOR_MAGIC: &[u8] = b"PK\x07\x08";

/// Indices of the entries by name; equal names stay in the order of the central directory.
pub(super) fn order_by_name(entries: &[Entry]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..entries.len() as u32).collect();
    order.sort_by(|&a, &b| entries[a as usize].name.cmp(&entries[b as usize].name));
    order
}

/// Names that Android refuses, or that lead an extracting analyser astray.
pub(super) fn names(file: &[u8], entries: &[Entry], by_name: &[u32], log: &mut OddityLog) {
    for pair in by_name.windows(2) {
        let (first, second) = (&entries[pair[0] as usize], &entries[pair[1] as usize]);
        if first.name == second.name {
            log.add(
                "duplicate-entry",
                &second.name,
                Some(second.header_offset as u64),
                || format!("another one at {:#x} comes first", first.header_offset),
            );
        }
    }
    for entry in entries {
        let name = entry.name.as_str();
        let mut note = |kind, detail: &str| {
            log.add(kind, name, Some(entry.header_offset as u64), || {
                detail.to_owned()
            });
        };
        if name.is_empty() {
            note("name-empty", "an entry without a name");
        }
        if file[entry.raw_name.clone()].contains(&0) {
            note("name-with-nul", "a NUL byte in the name");
        }
        if name.bytes().any(|byte| byte < b' ' && byte != 0) {
            note("name-control-character", "a control character in the name");
        }
        if climbs(name) {
            note(
                "path-traversal",
                "leads out of the folder it is extracted to",
            );
        }
        if name.len() > COMPONENT_MAX && name.split('/').any(|part| part.len() > COMPONENT_MAX) {
            note("name-too-long", "a path component of more than 255 bytes");
        }
        match name.split_once('/') {
            Some((first, _)) if is_read_by_android(first) => {
                note(
                    "directory-shadows-file",
                    "a folder named like a file that Android reads",
                );
            }
            None if !is_read_by_android(name) && is_case_variant(name) => {
                note(
                    "case-variant",
                    "differs from a name that Android reads in case only",
                );
            }
            _ => {}
        }
    }
}

/// Names that Android opens without being told: manifest, resource table, code.
fn is_read_by_android(name: &str) -> bool {
    matches!(name, "AndroidManifest.xml" | "resources.arsc")
        || name
            .strip_prefix("classes")
            .and_then(|rest| rest.strip_suffix(".dex"))
            .is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

fn is_case_variant(name: &str) -> bool {
    name.eq_ignore_ascii_case("AndroidManifest.xml")
        || (name.len() < 24 && is_read_by_android(&name.to_ascii_lowercase()))
}

fn climbs(name: &str) -> bool {
    name.starts_with('/')
        || name.contains('\\')
        || name.as_bytes().get(1) == Some(&b':')
        || (name.contains("..") && name.split('/').any(|part| part == ".."))
}

/// Entries that share bytes, and bytes that belong to no entry.
pub(super) fn places(file: &[u8], entries: &[Entry], layout: &Layout, log: &mut OddityLog) {
    let mut order: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.data.is_some())
        .collect();
    order.sort_by_key(|entry| entry.header_offset);
    let mut gaps = Gaps::default();
    let mut overlaps: Option<(&Entry, u64)> = None;
    // Where the entries seen so far end, and whether a data descriptor may follow there.
    let (mut end, mut described) = (0, false);
    for entry in order {
        if entry.header_offset < end {
            overlaps.get_or_insert((entry, 0)).1 += 1;
        } else if end > 0 || entry.header_offset > 0 {
            gaps.look(file, end, entry.header_offset, described);
        }
        let data_end = entry.data.as_ref().map_or(0, |data| {
            // Of an unknown method, `data` is what Android would map; what the entry occupies is its compressed size.
            let occupied = data.start.saturating_add(entry.compressed_size as usize);
            data.end.min(occupied)
        });
        if data_end > end {
            (end, described) = (data_end, entry.flags & DESCRIPTOR != 0);
        }
    }
    let sections = layout
        .signing_block
        .as_ref()
        .map_or(layout.central_directory.start, |block| block.start);
    if end < sections {
        gaps.look(file, end, sections, described);
    }
    if let Some((first, count)) = overlaps {
        log.add(
            "overlapping-entries",
            &first.name,
            Some(first.header_offset as u64),
            || format!("{count} entries share bytes with another one"),
        );
    }
    gaps.report(log);
}

/// Length of the nameless, empty local headers at the start of `gap`: the Android Gradle plugin (zipflinger) aligns with them.
fn padding_headers(gap: &[u8]) -> usize {
    const HEADER_LENGTH: usize = 30;
    let mut at = 0;
    while gap[at..].starts_with(LOCAL) {
        let extra = usize::from(u16_at(gap, at + 28).unwrap_or(0));
        let end = at + HEADER_LENGTH + extra;
        // CRC, sizes and name length are zero, and so is all of the extra field.
        let is_empty = |part: &[u8]| part.iter().all(|&b| b == 0);
        let padding = gap.get(at + 14..at + 28).is_some_and(is_empty)
            && gap.get(at + HEADER_LENGTH..end).is_some_and(is_empty);
        if !padding {
            break;
        }
        at = end;
    }
    at
}

/// What was found between entries.
#[derive(Default)]
struct Gaps {
    prefix: Option<usize>,
    unlisted: Tally,
    unclaimed: Tally,
    first_name: String,
}

#[derive(Default)]
struct Tally {
    first: Option<usize>,
    count: u64,
    bytes: u64,
}

impl Tally {
    fn add(&mut self, at: usize, bytes: usize) {
        self.first.get_or_insert(at);
        self.count += 1;
        self.bytes += bytes as u64;
    }
}

impl Gaps {
    fn look(&mut self, file: &[u8], start: usize, end: usize, described: bool) {
        let mut start = start;
        if described {
            let signed = file[start..end].starts_with(DESCRIPTOR_MAGIC);
            start = (start + if signed { 16 } else { 12 }).min(end);
        }
        start += padding_headers(&file[start..end]);
        let gap = &file[start..end];
        if gap.iter().all(|&b| b == 0) {
            return; // alignment
        }
        if gap.starts_with(LOCAL) {
            if self.unlisted.count == 0 {
                let length = usize::from(u16_at(gap, 26).unwrap_or(0)).min(200);
                let name = gap.get(30..30 + length).unwrap_or_default();
                self.first_name = String::from_utf8_lossy(name).into_owned();
            }
            self.unlisted.add(start, gap.len());
        } else if start == 0 {
            self.prefix = Some(gap.len());
        } else {
            self.unclaimed.add(start, gap.len());
        }
    }

    fn report(self, log: &mut OddityLog) {
        if let Some(length) = self.prefix {
            log.add("prefix-data", "", Some(0), || {
                format!("{length} bytes before the first entry")
            });
        }
        let place = |tally: &Tally| tally.first.map(|at| at as u64);
        if self.unlisted.count > 0 {
            let Tally { count, bytes, .. } = self.unlisted;
            log.add(
                "unlisted-member",
                &self.first_name,
                place(&self.unlisted),
                || format!("local headers that the central directory does not list: {count} runs, {bytes} bytes"),
            );
        }
        if self.unclaimed.count > 0 {
            let Tally { count, bytes, .. } = self.unclaimed;
            log.add("unclaimed-bytes", "", place(&self.unclaimed), || {
                format!("{bytes} bytes in {count} places belong to no entry")
            });
        }
    }
}
