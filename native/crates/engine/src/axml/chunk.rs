//! The header that every chunk of binary XML and of resource tables starts with.

use crate::bytes::{u16_at, u32_at};

pub(super) const STRING_POOL: u16 = 0x0001;
pub(super) const TABLE: u16 = 0x0002;
pub(super) const XML: u16 = 0x0003;
pub(super) const START_NAMESPACE: u16 = 0x0100;
pub(super) const END_NAMESPACE: u16 = 0x0101;
pub(super) const START_ELEMENT: u16 = 0x0102;
pub(super) const END_ELEMENT: u16 = 0x0103;
pub(super) const CDATA: u16 = 0x0104;
pub(super) const RESOURCE_MAP: u16 = 0x0180;
pub(super) const PACKAGE: u16 = 0x0200;
pub(super) const TYPE: u16 = 0x0201;
pub(super) const TYPE_SPEC: u16 = 0x0202;

/// Length of the header itself: type, header size, size.
pub(super) const HEADER: usize = 8;

/// One chunk header, as stated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    pub kind: u16,
    /// Bytes before the body, this header included.
    pub header_size: usize,
    /// Bytes of the whole chunk.
    pub size: usize,
}

impl Chunk {
    pub(super) fn read(bytes: &[u8], at: usize) -> Option<Chunk> {
        Some(Chunk {
            kind: u16_at(bytes, at)?,
            header_size: usize::from(u16_at(bytes, at + 2)?),
            size: u32_at(bytes, at + 4)? as usize,
        })
    }

    /// Whether header and body lie one after the other before `end`.
    pub(super) fn fits(&self, at: usize, end: usize) -> bool {
        self.header_size >= HEADER
            && self.size >= self.header_size
            && end.checked_sub(at).is_some_and(|room| self.size <= room)
    }
}
