//! Digests of a package's content: everything but the signing block, with the end record as it was before signing.
//!
//! Source: source.android.com, "APK signature scheme v2", section "Integrity-protected contents"; for the Merkle tree
//! "Apk Verity" as Android's `VerityBuilder` lays it out: blocks of 4,096 bytes, salt of eight zero bytes.

use super::algorithm::Content;
use crate::zip::Layout;
use sha2::{Digest, Sha256, Sha512};
use std::ops::Range;

const CHUNK: usize = 1 << 20;
const VERITY_BLOCK: usize = 4096;
const VERITY_SALT: [u8; 8] = [0; 8];
/// Offset of the field in the end record that states where the central directory starts.
const DIRECTORY_FIELD: usize = 16;

/// The sections that schemes v2 and later sign, and the digests computed over them so far.
pub struct Sections<'a> {
    contents: &'a [u8],
    directory: &'a [u8],
    end_record: Vec<u8>,
    block_bytes: usize,
    done: Vec<(Content, Result<Vec<u8>, &'static str>)>,
}

impl<'a> Sections<'a> {
    /// Splits a file with this signing block; `None` if its parts do not lie one after the other.
    pub fn new(file: &'a [u8], layout: &Layout, block: &Range<usize>) -> Option<Sections<'a>> {
        let mut end_record = file.get(layout.end_record.clone())?.to_vec();
        let start = u32::try_from(block.start).ok()?;
        end_record
            .get_mut(DIRECTORY_FIELD..DIRECTORY_FIELD + 4)?
            .copy_from_slice(&start.to_le_bytes());
        Some(Sections {
            contents: file.get(..block.start)?,
            directory: file.get(layout.central_directory.clone())?,
            end_record,
            block_bytes: block.len(),
            done: Vec::new(),
        })
    }

    /// Takes over a digest that the caller has computed already.
    pub fn know(&mut self, content: Content, digest: &[u8]) {
        self.done.push((content, Ok(digest.to_vec())));
    }

    /// The digest of one kind, computed once. The error says why this file cannot have one.
    pub fn digest(&mut self, content: Content) -> Result<&[u8], &'static str> {
        let at = match self.done.iter().position(|(kind, _)| *kind == content) {
            Some(at) => at,
            None => {
                let digest = match content {
                    Content::ChunkedSha256 => Ok(self.chunked::<Sha256>()),
                    Content::ChunkedSha512 => Ok(self.chunked::<Sha512>()),
                    Content::VeritySha256 => self.verity(),
                };
                self.done.push((content, digest));
                self.done.len() - 1
            }
        };
        self.done[at].1.as_deref().map_err(|reason| *reason)
    }

    /// One digest over the digests of all chunks; no chunk spans two sections.
    fn chunked<D: Digest>(&self) -> Vec<u8> {
        let sections = [self.contents, self.directory, &self.end_record];
        let chunks: usize = sections
            .iter()
            .map(|section| section.len().div_ceil(CHUNK))
            .sum();
        let mut top = D::new();
        top.update([0x5a]);
        top.update((chunks as u32).to_le_bytes());
        for chunk in sections.iter().flat_map(|section| section.chunks(CHUNK)) {
            let mut digest = D::new();
            digest.update([0xa5]);
            digest.update((chunk.len() as u32).to_le_bytes());
            digest.update(chunk);
            top.update(digest.finalize());
        }
        top.finalize().to_vec()
    }

    /// The root of the Merkle tree over all sections, then their length in eight bytes.
    fn verity(&self) -> Result<Vec<u8>, &'static str> {
        if self.contents.len() % VERITY_BLOCK != 0 || self.block_bytes % VERITY_BLOCK != 0 {
            return Err("the signing block does not lie on borders of 4,096 bytes");
        }
        // Contents end on a border, so only directory and end record need joining.
        let tail = [self.directory, &self.end_record].concat();
        let mut level: Vec<u8> =
            Vec::with_capacity((self.contents.len() + tail.len()) / VERITY_BLOCK * 32 + 64);
        for section in [self.contents, tail.as_slice()] {
            level.extend(hash_blocks(section));
        }
        while level.len() > VERITY_BLOCK {
            level = hash_blocks(&level);
        }
        let mut root = hash_blocks(&level);
        root.extend(((self.contents.len() + tail.len()) as u64).to_le_bytes());
        Ok(root)
    }
}

/// The salted digests of all blocks, the last one filled up with zeros.
fn hash_blocks(bytes: &[u8]) -> Vec<u8> {
    let mut digests = Vec::with_capacity(bytes.len().div_ceil(VERITY_BLOCK) * 32);
    for block in bytes.chunks(VERITY_BLOCK) {
        let mut digest = Sha256::new();
        digest.update(VERITY_SALT);
        digest.update(block);
        digest.update(&[0; VERITY_BLOCK][block.len()..]);
        digests.extend(digest.finalize());
    }
    digests
}
