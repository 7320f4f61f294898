//! The bytes of one entry, inflated within a bound.

use super::inflate::{Exceeded, Inflated, inflate, inflate_prefix};
use super::{DEFLATED, Entry, STORED};
use crate::oddity::OddityLog;
use crate::{Error, ErrorKind, Oddity};
use crc32fast::hash as crc32;

/// What was read of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The content; only its readable start if `complete` is false.
    pub bytes: Vec<u8>,
    /// Whether the data ended properly.
    pub complete: bool,
    /// What was odd about the data.
    pub oddities: Vec<Oddity>,
}

/// See [`super::Archive::extract`].
///
/// Android does not check checksums while reading (`kCrcChecksEnabled` is off), and neither refuses a stream that ends before its data.
pub(super) fn extract(file: &[u8], entry: &Entry, limit: u64) -> Result<Content, Error> {
    let data = entry
        .data
        .clone()
        .and_then(|range| file.get(range))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Malformed,
                format!("{}: no local header, no data", entry.name),
            )
        })?;
    let mut log = OddityLog::new(8);
    let place = entry.data.as_ref().map(|range| range.start as u64);
    let mut inflated = match entry.method {
        DEFLATED => inflate(data, entry.size, limit).map_err(|Exceeded| too_big(entry, limit))?,
        STORED => stored(data, entry, limit)?,
        _ => guess(file, data, entry, limit, &mut log)?,
    };
    if let Some(reason) = inflated.damage {
        if inflated.bytes.is_empty() && entry.size > 0 {
            return Err(Error::new(
                ErrorKind::Malformed,
                format!("{}: {reason}, nothing readable", entry.name),
            ));
        }
        log.add("damaged-data", &entry.name, place, || {
            format!(
                "{reason} after {} of {} bytes",
                inflated.bytes.len(),
                entry.size
            )
        });
    } else if inflated.consumed < data.len() && entry.method == DEFLATED {
        log.add("data-after-stream", &entry.name, place, || {
            format!(
                "the stream ends after {} of {} bytes",
                inflated.consumed,
                data.len()
            )
        });
    }
    let complete = inflated.damage.is_none();
    if complete && inflated.bytes.len() as u64 != entry.size {
        log.add("size-mismatch", &entry.name, place, || {
            format!(
                "{} bytes stated, {} found",
                entry.size,
                inflated.bytes.len()
            )
        });
    }
    if complete && crc32(&inflated.bytes) != entry.crc32 {
        log.add("crc-mismatch", &entry.name, place, || {
            format!(
                "{:#010x} stated, {:#010x} found",
                entry.crc32,
                crc32(&inflated.bytes)
            )
        });
    }
    inflated.bytes.shrink_to_fit();
    Ok(Content {
        bytes: inflated.bytes,
        complete,
        oddities: log.finish(),
    })
}

/// See [`super::Archive::prefix`].
pub(super) fn prefix(file: &[u8], entry: &Entry, length: usize) -> Vec<u8> {
    let Some(data) = entry.data.clone().and_then(|range| file.get(range)) else {
        return Vec::new();
    };
    if entry.method != DEFLATED {
        return data[..data.len().min(length)].to_vec();
    }
    inflate_prefix(data, length)
}

fn too_big(entry: &Entry, limit: u64) -> Error {
    Error::new(
        ErrorKind::LimitHit,
        format!(
            "{}: more than {limit} bytes allowed, {} stated",
            entry.name, entry.size
        ),
    )
}

fn stored(data: &[u8], entry: &Entry, limit: u64) -> Result<Inflated, Error> {
    if data.len() as u64 > limit {
        return Err(too_big(entry, limit));
    }
    Ok(Inflated {
        bytes: data.to_vec(),
        consumed: data.len(),
        damage: ((data.len() as u64) < entry.size.min(entry.compressed_size))
            .then_some("the file ends"),
    })
}

/// An entry of an unknown method: Android takes the data as it stands. Where the checksum denies that and fits the inflated data, the
/// method was merely overwritten, and the content is given although Android would not find it.
fn guess(
    file: &[u8],
    data: &[u8],
    entry: &Entry,
    limit: u64,
    log: &mut OddityLog,
) -> Result<Inflated, Error> {
    if data.len() as u64 > limit {
        return Err(too_big(entry, limit));
    }
    if crc32(data) != entry.crc32 {
        let start = entry.data.as_ref().map_or(0, |range| range.start);
        let end =
            start.saturating_add(usize::try_from(entry.compressed_size).unwrap_or(usize::MAX));
        let compressed = &file[start..end.min(file.len())];
        if let Ok(inflated) = inflate(compressed, entry.size, limit)
            && inflated.damage.is_none()
            && crc32(&inflated.bytes) == entry.crc32
        {
            log.add("method-guessed", &entry.name, Some(start as u64), || {
                format!("method {}, inflates to the stated checksum", entry.method)
            });
            return Ok(inflated);
        }
    }
    stored(data, entry, limit)
}
