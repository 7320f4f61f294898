//! DEFLATE within a bound: whole blocks at once where the stated size holds, a stream where it does not.

use flate2::{Decompress, FlushDecompress, Status};
use libdeflate_sys::{
    libdeflate_alloc_decompressor, libdeflate_deflate_decompress_ex, libdeflate_free_decompressor,
    libdeflate_result_LIBDEFLATE_SUCCESS,
};

/// DEFLATE cannot expand further than this (zlib technical details: 1032:1).
const MAX_RATIO: usize = 1032;
/// Room behind what is expected, so that the end of the stream is seen without growing the buffer.
const SLACK: usize = 64;

/// What a stream gave.
pub(super) struct Inflated {
    /// The content, or its readable start.
    pub bytes: Vec<u8>,
    /// Compressed bytes that were used.
    pub consumed: usize,
    /// Why the stream did not end properly, if it did not.
    pub damage: Option<&'static str>,
}

/// There is more than the limit.
pub(super) struct Exceeded;

/// Inflates all of `data`, up to `limit` bytes. `stated` is the size that the archive claims, true or not.
pub(super) fn inflate(data: &[u8], stated: u64, limit: u64) -> Result<Inflated, Exceeded> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX - SLACK);
    let possible = data.len().saturating_mul(MAX_RATIO);
    // A size that cannot be true must not reserve memory.
    match usize::try_from(stated) {
        Ok(stated) if stated <= limit && stated <= possible => match inflate_whole(data, stated) {
            Some(whole) => Ok(whole),
            None => inflate_stream(data, stated, limit),
        },
        _ => inflate_stream(data, data.len().saturating_mul(4).min(limit), limit),
    }
}

/// The first bytes of a stream, at most `length`.
pub(super) fn inflate_prefix(data: &[u8], length: usize) -> Vec<u8> {
    let mut out = vec![0; length.min(data.len().saturating_mul(MAX_RATIO))];
    let mut stream = Decompress::new(false);
    // An error after some output leaves that output in place.
    let _ = stream.decompress(data, &mut out, FlushDecompress::None);
    out.truncate(stream.total_out() as usize);
    out
}

/// The fast way: `None` if the data is damaged or holds more than `stated`.
fn inflate_whole(data: &[u8], stated: usize) -> Option<Inflated> {
    let mut bytes = vec![0; stated];
    let (mut consumed, mut produced) = (0, 0);
    // Safety: both pointers come with the length of their slice, the decompressor is not null and is freed once.
    #[allow(unsafe_code)]
    let result = unsafe {
        let decompressor = libdeflate_alloc_decompressor();
        if decompressor.is_null() {
            return None;
        }
        let result = libdeflate_deflate_decompress_ex(
            decompressor,
            data.as_ptr().cast(),
            data.len(),
            bytes.as_mut_ptr().cast(),
            bytes.len(),
            &mut consumed,
            &mut produced,
        );
        libdeflate_free_decompressor(decompressor);
        result
    };
    if result != libdeflate_result_LIBDEFLATE_SUCCESS {
        return None;
    }
    bytes.truncate(produced);
    Some(Inflated {
        bytes,
        consumed,
        damage: None,
    })
}

/// The tolerant way: keeps what comes before the damage, and grows until `limit`.
fn inflate_stream(data: &[u8], expected: usize, limit: usize) -> Result<Inflated, Exceeded> {
    let mut bytes = Vec::with_capacity(expected.saturating_add(SLACK));
    let mut stream = Decompress::new(false);
    let damage = loop {
        let (consumed, produced) = (stream.total_in() as usize, bytes.len());
        let status = stream.decompress_vec(&data[consumed..], &mut bytes, FlushDecompress::None);
        if bytes.len() > limit {
            return Err(Exceeded);
        }
        match status {
            Ok(Status::StreamEnd) => break None,
            Err(_) => break Some("the compressed data is damaged"),
            Ok(_) if bytes.len() == bytes.capacity() => {
                let room = bytes.len().min(limit - bytes.len()).saturating_add(SLACK);
                bytes.reserve_exact(room);
            }
            Ok(_) if bytes.len() == produced && stream.total_in() as usize == consumed => {
                break Some("the compressed data ends");
            }
            Ok(_) => {}
        }
    };
    Ok(Inflated {
        bytes,
        consumed: stream.total_in() as usize,
        damage,
    })
}
