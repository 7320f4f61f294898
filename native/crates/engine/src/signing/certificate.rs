//! X.509 certificates, as far as signature schemes and reports need them.
//!
//! Source: RFC 5280. Read as leniently as Java reads them: serial numbers may be negative, lengths need not be minimal.

use super::der::{self, Walker, bad, dotted};
use super::key::PublicKey;
use crate::error::Error;

/// Extensions of one certificate that are looked at.
const EXTENSIONS: usize = 256;

/// One certificate; slices point into its encoding.
#[derive(Debug, Clone)]
pub struct Certificate<'a> {
    /// The encoding as found.
    pub raw: &'a [u8],
    /// Serial number, content octets.
    pub serial: &'a [u8],
    /// Name of the issuer, encoded.
    pub issuer: &'a [u8],
    /// Name of the subject, encoded.
    pub subject: &'a [u8],
    /// Start of validity, ISO 8601 in UTC, if it can be read.
    pub not_before: Option<String>,
    /// End of validity, ISO 8601 in UTC, if it can be read.
    pub not_after: Option<String>,
    /// SubjectPublicKeyInfo, encoded.
    pub key_info: &'a [u8],
    /// A critical extension that Java does not know.
    pub unknown_critical: bool,
    /// The key usage extension, if there is one: whether it permits digital signatures.
    pub may_sign: Option<bool>,
}

impl<'a> Certificate<'a> {
    /// Reads one certificate from the start of `bytes`; what follows is ignored.
    pub fn parse(bytes: &'a [u8]) -> Result<Certificate<'a>, Error> {
        let outer = Walker::new(bytes).expect(der::SEQUENCE)?;
        let mut parts = outer.inside();
        let mut signed = parts.expect(der::SEQUENCE)?.inside();
        parts.expect(der::SEQUENCE)?;
        parts.expect(der::BIT_STRING)?;
        signed.optional(der::context(0))?;
        let serial = signed.expect(der::INTEGER)?.content;
        signed.expect(der::SEQUENCE)?;
        let issuer = signed.expect(der::SEQUENCE)?.raw;
        let mut validity = signed.expect(der::SEQUENCE)?.inside();
        let not_before = read_time(&mut validity)?;
        let not_after = read_time(&mut validity)?;
        let subject = signed.expect(der::SEQUENCE)?.raw;
        let key_info = signed.expect(der::SEQUENCE)?.raw;
        let mut certificate = Certificate {
            raw: outer.raw,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            key_info,
            unknown_critical: false,
            may_sign: None,
        };
        while let Some(element) = signed.next()? {
            if element.tag == der::context(3) {
                certificate.read_extensions(element.inside().expect(der::SEQUENCE)?.inside())?;
            }
        }
        Ok(certificate)
    }

    /// The public key, read from the encoding.
    pub fn key(&self) -> Result<PublicKey<'a>, Error> {
        PublicKey::parse(self.key_info)
    }

    fn read_extensions(&mut self, mut extensions: Walker<'a>) -> Result<(), Error> {
        for _ in 0..EXTENSIONS {
            let Some(extension) = extensions.next()? else {
                return Ok(());
            };
            let mut fields = extension.inside();
            let id = fields.expect(der::OID)?.content;
            let critical = fields
                .optional(0x01)?
                .is_some_and(|flag| flag.content != [0]);
            let value = fields.expect(der::OCTET_STRING)?.content;
            match id {
                [0x55, 0x1d, 0x0f] => {
                    let bits = Walker::new(value).expect(der::BIT_STRING)?.content;
                    // digitalSignature is bit 0, nonRepudiation bit 1.
                    self.may_sign = Some(bits.get(1).is_some_and(|octet| octet & 0xc0 != 0));
                }
                _ => self.unknown_critical |= critical && !java_knows_extension(id),
            }
        }
        Err(bad("too many extensions"))
    }
}

/// Whether Java's certificate class understands an extension, so that its being critical is no obstacle.
fn java_knows_extension(id: &[u8]) -> bool {
    match id {
        [0x55, 0x1d, last] => {
            matches!(last, 9 | 14..=21 | 23 | 24 | 27..=33 | 35..=37 | 46 | 54)
        }
        // id-pe: authority and subject information access
        [0x2b, 6, 1, 5, 5, 7, 1, 1 | 11] => true,
        // id-pkix-ocsp-nocheck
        [0x2b, 6, 1, 5, 5, 7, 48, 1, 5] => true,
        // Netscape certificate type
        [0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 1, 1] => true,
        _ => false,
    }
}

fn read_time(fields: &mut Walker<'_>) -> Result<Option<String>, Error> {
    match fields.next()? {
        Some(element) if element.tag == der::UTC_TIME || element.tag == der::GENERALIZED_TIME => {
            Ok(iso_time(element.tag, element.content))
        }
        _ => Err(bad("no time where validity belongs")),
    }
}

/// `YYMMDDhhmm[ss]Z` or `YYYYMMDDhhmm[ss]Z` as ISO 8601; `None` for what RFC 5280 forbids, such as another time zone.
fn iso_time(tag: u8, content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = if tag == der::UTC_TIME {
        let (year, rest) = text.split_at_checked(2)?;
        // RFC 5280, 4.1.2.5.1: 50 to 99 belong to the twentieth century.
        (
            format!("{}{year}", if year >= "50" { "19" } else { "20" }),
            rest,
        )
    } else {
        let (year, rest) = text.split_at_checked(4)?;
        (year.to_owned(), rest)
    };
    let seconds = match rest.len() {
        8 => "00",
        10 => &rest[8..],
        _ => return None,
    };
    let (month, day, hour, minute) = (&rest[..2], &rest[2..4], &rest[4..6], &rest[6..8]);
    Some(format!("{year}-{month}-{day}T{hour}:{minute}:{seconds}Z"))
}

/// Whether two encoded names are the same to Java, which compares texts without regard to case, to runs of spaces, and to whether they
/// are printable strings or UTF-8.
pub fn same_name(one: &[u8], other: &[u8]) -> bool {
    one == other
        || matches!((comparable(one), comparable(other)), (Ok(one), Ok(other)) if one == other)
}

/// The attributes of one set of a name: identifier, and a form of the value that is the same for equal values.
type RelativeName<'a> = Vec<(&'a [u8], String)>;

/// A name in a form in which equal names are equal.
fn comparable(name: &[u8]) -> Result<Vec<RelativeName<'_>>, Error> {
    let mut sets = Walker::new(name).expect(der::SEQUENCE)?.inside();
    let mut parts = Vec::new();
    while let Some(set) = sets.next()? {
        let mut attributes = set.inside();
        let mut part = Vec::new();
        while let Some(attribute) = attributes.next()? {
            let mut fields = attribute.inside();
            let id = fields.expect(der::OID)?.content;
            let value = fields
                .next()?
                .ok_or_else(|| bad("attribute without a value"))?;
            part.push((id, comparable_value(&value)));
        }
        part.sort();
        parts.push(part);
    }
    Ok(parts)
}

fn comparable_value(value: &der::Element<'_>) -> String {
    if value.tag == der::PRINTABLE_STRING || value.tag == der::UTF8_STRING {
        let text = String::from_utf8_lossy(value.content).to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        return words.join(" ");
    }
    // A mark that no text of the kind above starts with.
    format!(" {}:{:02x?}", value.tag, value.content)
}

/// A distinguished name as RFC 4514 writes it: the last attribute first, special characters escaped.
///
/// Damaged parts are left out; a name without any readable attribute is empty.
pub fn name_text(name: &[u8]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut sets = match Walker::new(name).expect(der::SEQUENCE) {
        Ok(sequence) => sequence.inside(),
        Err(_) => return String::new(),
    };
    while let Ok(Some(set)) = sets.next() {
        let mut attributes = set.inside();
        let mut texts: Vec<String> = Vec::new();
        while let Ok(Some(attribute)) = attributes.next() {
            texts.extend(attribute_text(attribute.inside()));
        }
        if !texts.is_empty() {
            parts.push(texts.join("+"));
        }
    }
    parts.reverse();
    parts.join(",")
}

fn attribute_text(mut attribute: Walker<'_>) -> Option<String> {
    let id = attribute.expect(der::OID).ok()?.content;
    let value = attribute.next().ok()??;
    let text = match value.tag {
        der::BMP_STRING => {
            let units: Vec<u16> = value
                .content
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        der::UTF8_STRING => String::from_utf8_lossy(value.content).into_owned(),
        _ => match std::str::from_utf8(value.content) {
            Ok(text) => text.to_owned(),
            Err(_) => value
                .content
                .iter()
                .map(|&octet| char::from(octet))
                .collect(),
        },
    };
    Some(format!("{}={}", attribute_name(id), escape(&text)))
}

fn attribute_name(id: &[u8]) -> String {
    let short = match id {
        [0x55, 0x04, 3] => "CN",
        [0x55, 0x04, 5] => "serialNumber",
        [0x55, 0x04, 6] => "C",
        [0x55, 0x04, 7] => "L",
        [0x55, 0x04, 8] => "ST",
        [0x55, 0x04, 9] => "STREET",
        [0x55, 0x04, 10] => "O",
        [0x55, 0x04, 11] => "OU",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 1] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 25] => "DC",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 1] => "emailAddress",
        _ => return dotted(id),
    };
    short.to_owned()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (at, character) in text.chars().enumerate() {
        let special = matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\')
            || (character == ' ' && (at == 0 || at == last))
            || (character == '#' && at == 0);
        if special {
            out.push('\\');
        }
        if character == '\0' {
            out.push_str("\\00");
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(
            iso_time(der::UTC_TIME, b"991231235959Z").unwrap(),
            "1999-12-31T23:59:59Z"
        );
        assert_eq!(
            iso_time(der::UTC_TIME, b"4912312359Z").unwrap(),
            "2049-12-31T23:59:00Z"
        );
        assert_eq!(
            iso_time(der::GENERALIZED_TIME, b"20500101000000Z").unwrap(),
            "2050-01-01T00:00:00Z"
        );
        assert_eq!(iso_time(der::UTC_TIME, b"9912312359+0100"), None);
        assert_eq!(iso_time(der::UTC_TIME, "9é2312359Z".as_bytes()), None);
    }

    #[test]
    fn names_are_written_last_attribute_first_and_escaped() {
        let attribute = |last: u8, text: &[u8]| -> Vec<u8> {
            let mut inner = vec![
                0x06,
                0x03,
                0x55,
                0x04,
                last,
                der::UTF8_STRING,
                text.len() as u8,
            ];
            inner.extend(text);
            let mut sequence = vec![der::SEQUENCE, inner.len() as u8];
            sequence.extend(inner);
            let mut set = vec![der::SET, sequence.len() as u8];
            set.extend(sequence);
            set
        };
        let sets = [attribute(6, b"US"), attribute(3, b"A, B ")].concat();
        let mut name = vec![der::SEQUENCE, sets.len() as u8];
        name.extend(sets);
        assert_eq!(name_text(&name), "CN=A\\, B\\ ,C=US");
        assert_eq!(name_text(b"junk"), "");

        let mut printable = name.clone();
        let at = printable
            .iter()
            .position(|&octet| octet == der::UTF8_STRING)
            .unwrap();
        printable[at] = der::PRINTABLE_STRING;
        printable[at + 2] = b'u';
        assert!(same_name(&name, &printable));
        printable[at + 2] = b'v';
        assert!(!same_name(&name, &printable));
    }
}
