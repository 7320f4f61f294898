//! The header of one DEX, and where its tables lie.

use crate::bytes::u32_at;
use crate::{Error, ErrorKind};

/// Bytes of a header up to version 040.
pub const HEADER_SIZE: usize = 0x70;
/// Bytes of a header from version 041 on.
pub const HEADER_SIZE_V41: usize = 0x78;
const ENDIAN_CONSTANT: u32 = 0x1234_5678;
const REVERSE_ENDIAN_CONSTANT: u32 = 0x7856_3412;

/// A table: offset of its first item, and number of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Section {
    /// Offset in the file.
    pub offset: usize,
    /// Number of items.
    pub count: usize,
}

/// A header as it stands. Counts and offsets are not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Version, such as 35.
    pub version: u16,
    /// Adler-32 that the header states.
    pub checksum: u32,
    /// Bytes of this DEX that the header states.
    pub file_size: usize,
    /// Bytes of the header that it states.
    pub header_size: usize,
    /// Bytes of the whole container (041); the stated file size before.
    pub container_size: usize,
    /// Offset of this header in the container (041); zero before.
    pub container_offset: usize,
    /// Offset of the map.
    pub map_offset: usize,
    /// Strings, types, prototypes, fields, methods, class definitions: in the order of the header.
    pub sections: [Section; 6],
    /// Where the data section starts (up to 040).
    pub data_offset: usize,
}

impl Header {
    /// Reads the header at `at`.
    ///
    /// Refuses with `not-this-format` (no DEX magic), `unsupported` (a version outside 035 to 041, compact DEX, optimised DEX, big-endian) or
    /// `malformed` (cut short, no valid endian tag).
    pub fn parse(file: &[u8], at: usize) -> Result<Header, Error> {
        let refuse =
            |kind, offset: usize, what: String| Err(Error::at(kind, (at + offset) as u64, what));
        let bytes = file.get(at..).unwrap_or_default();
        let magic = bytes.get(..8).unwrap_or(bytes);
        if magic.starts_with(b"dey\n") || magic.starts_with(b"cdex") {
            return refuse(ErrorKind::Unsupported, 0, "optimised or compact DEX".into());
        }
        if !magic.starts_with(b"dex\n") {
            return refuse(ErrorKind::NotThisFormat, 0, "no DEX magic".into());
        }
        if bytes.len() < HEADER_SIZE {
            return refuse(
                ErrorKind::Malformed,
                bytes.len(),
                "the header is cut short".into(),
            );
        }
        let version = match magic[4..] {
            [b'0', tens @ b'3'..=b'4', ones @ b'0'..=b'9', 0] => {
                u16::from(tens - b'0') * 10 + u16::from(ones - b'0')
            }
            _ => 0,
        };
        if !(35..=41).contains(&version) {
            let shown = magic[4..7].escape_ascii();
            return refuse(ErrorKind::Unsupported, 4, format!("DEX version {shown}"));
        }
        let word = |offset: usize| u32_at(bytes, offset).unwrap_or_default();
        match word(0x28) {
            ENDIAN_CONSTANT => {}
            REVERSE_ENDIAN_CONSTANT => {
                return refuse(ErrorKind::Unsupported, 0x28, "big-endian DEX".into());
            }
            tag => {
                return refuse(
                    ErrorKind::Malformed,
                    0x28,
                    format!("endian tag {tag:#010x}"),
                );
            }
        }
        let place = |offset: usize| word(offset) as usize;
        let section = |offset: usize| Section {
            count: place(offset),
            offset: place(offset + 4),
        };
        let container = version >= 41 && bytes.len() >= HEADER_SIZE_V41;
        Ok(Header {
            version,
            checksum: word(8),
            file_size: place(0x20),
            header_size: place(0x24),
            container_size: place(if container { 0x70 } else { 0x20 }),
            container_offset: if container { place(0x74) } else { 0 },
            map_offset: place(0x34),
            sections: [0x38, 0x40, 0x48, 0x50, 0x58, 0x60].map(section),
            data_offset: place(0x6c),
        })
    }
}

/// Adler-32 (RFC 1950) of the bytes.
pub fn adler32(bytes: &[u8]) -> u32 {
    // Safety: the pointer comes with the length of its slice.
    #[allow(unsafe_code)]
    unsafe {
        libdeflate_sys::libdeflate_adler32(1, bytes.as_ptr().cast(), bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adler_of_known_texts() {
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        let long: Vec<u8> = (0..100_000u32).map(|i| (i * 7 + 3) as u8).collect();
        let (mut a, mut b) = (1u64, 0u64);
        for &byte in &long {
            a = (a + u64::from(byte)) % 65_521;
            b = (b + a) % 65_521;
        }
        assert_eq!(u64::from(adler32(&long)), b << 16 | a);
    }

    #[test]
    fn other_formats_are_refused_by_kind() {
        let kind = |bytes: &[u8]| Header::parse(bytes, 0).unwrap_err().kind;
        assert_eq!(kind(b""), ErrorKind::NotThisFormat);
        assert_eq!(kind(b"PK\x03\x04"), ErrorKind::NotThisFormat);
        assert_eq!(kind(b"dex\n035\0"), ErrorKind::Malformed);
        assert_eq!(kind(b"dey\n036\0"), ErrorKind::Unsupported);
        let mut header = [0u8; HEADER_SIZE];
        header[..8].copy_from_slice(b"dex\n042\0");
        assert_eq!(kind(&header), ErrorKind::Unsupported);
        header[..8].copy_from_slice(b"dex\n039\0");
        assert_eq!(kind(&header), ErrorKind::Malformed);
        header[0x28..0x2c].copy_from_slice(&[0x12, 0x34, 0x56, 0x78]);
        assert_eq!(kind(&header), ErrorKind::Unsupported);
        header[0x28..0x2c].copy_from_slice(&[0x78, 0x56, 0x34, 0x12]);
        assert_eq!(Header::parse(&header, 0).unwrap().version, 39);
    }
}
