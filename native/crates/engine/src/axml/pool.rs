//! String pools: UTF-8 or UTF-16, decoded only when a string is asked for.

use super::chunk::Chunk;
use crate::bytes::{u16_at, u32_at};
use crate::oddity::OddityLog;
use std::borrow::Cow;
use std::ops::Range;

const HEADER_SIZE: usize = 28;
const UTF8: u32 = 1 << 8;
/// Longest string that is decoded, in code units. No string of a manifest or a translation comes near.
const LONGEST: usize = 1 << 20;

/// Where the strings of one pool lie. Holds no bytes: pass the same slice to each call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StringPool {
    index: usize,
    count: u32,
    strings: Range<usize>,
    utf8: bool,
}

/// What is wrong with one string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    OutOfRange,
    Broken,
    NotTerminated,
    WithNul,
}

impl StringPool {
    /// Reads the pool header at `at`. The chunk ends at `end`, or where the file ends if its size cannot be true.
    ///
    /// Android refuses a pool that contradicts itself; here its count and offsets are cut to what fits.
    pub(super) fn read(
        bytes: &[u8],
        at: usize,
        end: usize,
        log: &mut OddityLog,
    ) -> Option<StringPool> {
        let chunk = Chunk::read(bytes, at)?;
        let field = |offset| u32_at(bytes, at + offset).map(|value| value as usize);
        let (count, styles, flags) = (field(8)?, field(12)?, field(16)?);
        let (strings_start, styles_start) = (field(20)?, field(24)?);
        let place = Some(at as u64);
        if chunk.header_size != HEADER_SIZE {
            log.add("header-size-odd", "", place, || {
                format!("string pool header of {} bytes", chunk.header_size)
            });
        }
        let header_size = if (HEADER_SIZE..=end.saturating_sub(at)).contains(&chunk.header_size) {
            chunk.header_size
        } else {
            HEADER_SIZE
        };
        let stated_end = at.saturating_add(chunk.size);
        // A pool without strings ends with its header, and may say that its strings would start there.
        let holds = chunk.size > strings_start || (count == 0 && chunk.size >= HEADER_SIZE);
        let end = if stated_end <= end && holds {
            stated_end
        } else {
            log.add("string-pool-size-odd", "", place, || {
                format!(
                    "{} bytes stated, {} left",
                    chunk.size,
                    end.saturating_sub(at)
                )
            });
            end
        };
        let index = at + header_size;
        let room = end.saturating_sub(index) / 4;
        let after_index = |count: usize| index + 4 * count.min(room);
        let mut start = at.saturating_add(strings_start);
        if start < index || start >= end {
            start = after_index(count.saturating_add(styles));
            if count > 0 {
                log.add("string-pool-broken", "", place, || {
                    format!(
                        "strings start at {strings_start:#x}, read from behind their index instead"
                    )
                });
            }
        }
        let possible = room.min((start - index) / 4);
        if count > possible {
            log.add("string-pool-broken", "", place, || {
                format!("{count} strings stated, {possible} have room")
            });
        }
        let styles_at = at.saturating_add(styles_start);
        let strings_end = if styles > 0 && (start..end).contains(&styles_at) {
            styles_at
        } else {
            if styles_start != 0 || styles != 0 {
                log.add("style-offset-odd", "", place, || {
                    format!("{styles} styles at {styles_start:#x}")
                });
            }
            end
        };
        Some(StringPool {
            index,
            count: count.min(possible) as u32,
            strings: start..strings_end,
            utf8: flags as u32 & UTF8 != 0,
        })
    }

    /// Number of strings that have a place in the index.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether there is no string.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// String number `index`; `None` if there is none. Bytes that are no text become replacement characters.
    pub fn get<'a>(&self, bytes: &'a [u8], index: u32) -> Option<Cow<'a, str>> {
        let mut flaw = None;
        self.decode(bytes, index, &mut flaw)
    }

    fn decode<'a>(
        &self,
        bytes: &'a [u8],
        index: u32,
        flaw: &mut Option<Flaw>,
    ) -> Option<Cow<'a, str>> {
        *flaw = Some(Flaw::OutOfRange);
        if index >= self.count {
            return None;
        }
        let offset = u32_at(bytes, self.index + 4 * index as usize)? as usize;
        let space = bytes.get(self.strings.clone())?;
        let text = space.get(offset..).filter(|text| !text.is_empty())?;
        *flaw = None;
        Some(if self.utf8 {
            decode_utf8(text, flaw)
        } else {
            decode_utf16(text, flaw)
        })
    }

    /// Looks at every string once and records what is wrong, one record for each kind.
    pub(super) fn check(&self, bytes: &[u8], log: &mut OddityLog) {
        // Strings may share bytes; a pool made of overlaps must not cost more than a few passes.
        let mut budget = 4 * self.strings.len() + 4096;
        let mut seen = [(Flaw::OutOfRange, "string-out-of-range", 0, 0); 4];
        seen[1] = (Flaw::Broken, "string-broken", 0, 0);
        seen[2] = (Flaw::NotTerminated, "string-not-terminated", 0, 0);
        seen[3] = (Flaw::WithNul, "string-with-nul", 0, 0);
        for index in 0..self.count {
            let mut flaw = None;
            let length = self.decode(bytes, index, &mut flaw).map_or(0, |s| s.len());
            for (kind, _, first, count) in &mut seen {
                if flaw == Some(*kind) {
                    if *count == 0 {
                        *first = index;
                    }
                    *count += 1;
                }
            }
            match budget.checked_sub(length) {
                Some(left) => budget = left,
                None => break,
            }
        }
        for (_, kind, first, count) in seen {
            if count > 0 {
                log.add(kind, "", Some(self.index as u64), || {
                    format!("{count} of {} strings, the first is #{first}", self.count)
                });
            }
        }
    }
}

/// A length of one or two bytes, and what follows it.
fn length8(text: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = text.split_first()?;
    if first & 0x80 == 0 {
        return Some((usize::from(first), rest));
    }
    let (&second, rest) = rest.split_first()?;
    Some((usize::from(first & 0x7f) << 8 | usize::from(second), rest))
}

fn decode_utf8<'a>(text: &'a [u8], flaw: &mut Option<Flaw>) -> Cow<'a, str> {
    let body = length8(text).and_then(|(_, rest)| length8(rest));
    let Some((length, body)) = body else {
        *flaw = Some(Flaw::Broken);
        return Cow::Borrowed("");
    };
    match body.get(length) {
        Some(0) => {}
        Some(_) => *flaw = Some(Flaw::NotTerminated),
        None => *flaw = Some(Flaw::Broken),
    }
    let body = &body[..length.min(body.len())];
    let text = String::from_utf8_lossy(body);
    if matches!(text, Cow::Owned(_)) {
        *flaw = Some(Flaw::Broken);
    }
    without_trailing_nul(text, flaw)
}

fn decode_utf16<'a>(text: &'a [u8], flaw: &mut Option<Flaw>) -> Cow<'a, str> {
    let first = usize::from(u16_at(text, 0).unwrap_or(0));
    let (length, start) = if first & 0x8000 == 0 {
        (first, 2)
    } else {
        let low = usize::from(u16_at(text, 2).unwrap_or(0));
        ((first & 0x7fff) << 16 | low, 4)
    };
    let body = text.get(start..).unwrap_or_default();
    match u16_at(body, 2 * length) {
        Some(0) => {}
        Some(_) => *flaw = Some(Flaw::NotTerminated),
        None => *flaw = Some(Flaw::Broken),
    }
    let length = length.min(body.len() / 2).min(LONGEST);
    let units = body[..2 * length].chunks_exact(2);
    let mut out = String::with_capacity(length);
    for unit in char::decode_utf16(units.map(|u| u16::from_le_bytes([u[0], u[1]]))) {
        out.push(unit.unwrap_or_else(|_| {
            *flaw = Some(Flaw::Broken);
            char::REPLACEMENT_CHARACTER
        }));
    }
    without_trailing_nul(Cow::Owned(out), flaw)
}

/// Java strings keep a NUL; at the end it only serves to make names look different.
fn without_trailing_nul<'a>(text: Cow<'a, str>, flaw: &mut Option<Flaw>) -> Cow<'a, str> {
    if text.as_bytes().contains(&0) {
        flaw.get_or_insert(Flaw::WithNul);
    }
    if !text.ends_with('\0') {
        return text;
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches('\0')),
        Cow::Owned(text) => Cow::Owned(text.trim_end_matches('\0').to_owned()),
    }
}
