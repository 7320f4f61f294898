//! A bounded walker over DER, and over the BER that Java's readers of signature blocks accept.
//!
//! Source: ITU-T X.690. Tolerated beyond DER: lengths that are not minimal, and indefinite lengths.

use crate::error::{Error, ErrorKind};

/// Nesting of elements of indefinite length.
const DEPTH: u8 = 24;

pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const OID: u8 = 0x06;
pub const UTF8_STRING: u8 = 0x0c;
pub const PRINTABLE_STRING: u8 = 0x13;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const BMP_STRING: u8 = 0x1e;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// The identifier octet of a context-specific, constructed element.
pub const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One element: identifier octet, content, and the whole encoding.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    pub raw: &'a [u8],
}

impl<'a> Element<'a> {
    /// A walker over the content.
    pub fn inside(&self) -> Walker<'a> {
        Walker { rest: self.content }
    }
}

/// Walks the elements of one content, in order.
#[derive(Debug, Clone, Copy)]
pub struct Walker<'a> {
    rest: &'a [u8],
}

impl<'a> Walker<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Walker { rest: bytes }
    }

    /// The next element, or `None` at the end.
    pub fn next(&mut self) -> Result<Option<Element<'a>>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (element, rest) = split(self.rest, 0)?;
        self.rest = rest;
        Ok(Some(element))
    }

    /// The next element, which must have this identifier octet.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>, Error> {
        match self.next()? {
            Some(element) if element.tag == tag => Ok(element),
            Some(element) => Err(bad(format!(
                "element {:#04x} where {tag:#04x} belongs",
                element.tag
            ))),
            None => Err(bad(format!("no element {tag:#04x}"))),
        }
    }

    /// The next element if it has this identifier octet; otherwise nothing is consumed.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Error> {
        if self.rest.first() == Some(&tag) {
            return self.next();
        }
        Ok(None)
    }
}

/// The first element of `bytes` and what follows it.
fn split(bytes: &[u8], depth: u8) -> Result<(Element<'_>, &[u8]), Error> {
    let (&tag, &first) = match bytes {
        [tag, first, ..] => (tag, first),
        _ => return Err(bad("element ends too early")),
    };
    if tag & 0x1f == 0x1f {
        return Err(bad("tag number over 30"));
    }
    if first == 0x80 {
        return split_indefinite(bytes, tag, depth);
    }
    let mut header = 2;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let octets = usize::from(first & 0x7f);
        header += octets;
        length = 0;
        for &octet in bytes
            .get(2..header)
            .ok_or_else(|| bad("length ends too early"))?
        {
            if length >> 24 != 0 {
                return Err(bad("length over 4 GB"));
            }
            length = length << 8 | usize::from(octet);
        }
    }
    let end = header + length;
    let content = bytes
        .get(header..end)
        .ok_or_else(|| bad("content ends too early"))?;
    let element = Element {
        tag,
        content,
        raw: &bytes[..end],
    };
    Ok((element, &bytes[end..]))
}

/// An element of indefinite length: its content ends at two zero octets.
fn split_indefinite(bytes: &[u8], tag: u8, depth: u8) -> Result<(Element<'_>, &[u8]), Error> {
    if tag & 0x20 == 0 {
        return Err(bad("indefinite length of a primitive element"));
    }
    if depth >= DEPTH {
        return Err(bad("elements nested too deep"));
    }
    let mut rest = &bytes[2..];
    while !rest.starts_with(&[0, 0]) {
        rest = split(rest, depth + 1)?.1;
    }
    let end = bytes.len() - rest.len();
    let element = Element {
        tag,
        content: &bytes[2..end],
        raw: &bytes[..end + 2],
    };
    Ok((element, &rest[2..]))
}

pub fn bad(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, detail)
}

/// The magnitude of an INTEGER's content as an unsigned number, without leading zeros.
pub fn unsigned(content: &[u8]) -> &[u8] {
    let zeros = content.iter().take_while(|&&octet| octet == 0).count();
    &content[zeros..]
}

/// Whether two INTEGER contents are the same number, however many sign octets stand before it.
pub fn same_integer(one: &[u8], other: &[u8]) -> bool {
    minimal(one) == minimal(other)
}

fn minimal(mut content: &[u8]) -> &[u8] {
    while let [sign @ (0x00 | 0xff), rest @ ..] = content {
        let repeated = rest.first().is_some_and(|next| (next ^ sign) & 0x80 == 0);
        if !repeated {
            break;
        }
        content = rest;
    }
    content
}

/// The octets of a BIT STRING whose length is a whole number of octets.
pub fn whole_octets(content: &[u8]) -> Result<&[u8], Error> {
    match content {
        [0, octets @ ..] => Ok(octets),
        _ => Err(bad("bit string of broken octets")),
    }
}

/// An object identifier as dotted decimals.
pub fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc: u64 = 0;
    for &octet in oid {
        arc = arc.wrapping_shl(7) | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.extend([first, arc - first * 40]);
            } else {
                arcs.push(arc);
            }
            arc = 0;
        }
    }
    let texts: Vec<String> = arcs.iter().map(u64::to_string).collect();
    texts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definite_indefinite_and_long_lengths() {
        let mut walker = Walker::new(&[
            0x30, 0x80, 0x02, 0x01, 0x05, 0x00, 0x00, 0x04, 0x82, 0x00, 0x01, 0x09,
        ]);
        let sequence = walker.expect(SEQUENCE).unwrap();
        assert_eq!(sequence.content, [0x02, 0x01, 0x05]);
        assert_eq!(sequence.raw.len(), 7);
        assert_eq!(walker.expect(OCTET_STRING).unwrap().content, [9]);
        assert!(walker.next().unwrap().is_none());
    }

    #[test]
    fn refuses_what_runs_out_or_nests_without_end() {
        assert!(Walker::new(&[0x30, 0x05, 0x02]).next().is_err());
        assert!(Walker::new(&[0x30]).next().is_err());
        assert!(
            Walker::new(&[0x04, 0x85, 0xff, 0xff, 0xff, 0xff, 0xff])
                .next()
                .is_err()
        );
        assert!(Walker::new(&[0x30, 0x80].repeat(40_000)).next().is_err());
    }

    #[test]
    fn integers_of_different_length() {
        assert!(same_integer(&[0, 0, 0x7f], &[0x7f]) && same_integer(&[0xff, 0x80], &[0x80]));
        assert!(!same_integer(&[0x00, 0x80], &[0x80]) && same_integer(&[0, 0], &[0]));
    }

    #[test]
    fn dots() {
        assert_eq!(
            dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]),
            "1.2.840.113549.1.1.11"
        );
        assert_eq!(dotted(&[0x60, 0x86, 0x48, 0x01, 0x65]), "2.16.840.1.101");
    }
}
