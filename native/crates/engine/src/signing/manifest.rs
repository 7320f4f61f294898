//! `MANIFEST.MF` and `*.SF`: sections of attributes, and the digests they state.
//!
//! Source: the JAR file specification, sections "JAR Manifest" and "Signature File"; which digest counts: AOSP's `StrictJarVerifier`
//! from API level 18 on, and its predecessor before.

use super::Problem;
use super::algorithm::Digest;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;
use std::ops::Range;

/// Java's decoder takes digests without padding, and bits behind the last octet.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The platform from which on the strongest digest counts, not the one that `Digest-Algorithms` puts first.
const STRONGEST_SDK: u32 = 18;

/// Attributes of one manifest; with two for each of 200,000 entries there are 400,000.
const ATTRIBUTES: usize = 2_000_000;

/// Name and value, borrowed where they lie on one line.
type Attribute<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// One section: the main one, or that of one entry.
#[derive(Debug)]
pub struct Section<'a> {
    /// Where it lies, the blank line behind it included.
    pub range: Range<usize>,
    /// Attributes in order, names as written.
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Section<'a> {
    /// The value of the first attribute of this name, in any case of letters.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.attributes
            .iter()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.as_ref())
    }

    /// The entry this section is for: the value of its first attribute, if that is `Name`.
    pub fn entry_name(&self) -> Option<String> {
        let (name, value) = self.attributes.first()?;
        name.eq_ignore_ascii_case(b"Name")
            .then(|| String::from_utf8_lossy(value).into_owned())
    }

    /// The digests that platforms from `min_sdk` on compare, among the attributes that end with `suffix`.
    ///
    /// Two where older and newer platforms choose differently; empty where some platform finds none.
    pub fn digests(&self, suffix: &str, min_sdk: u32) -> Result<Vec<(Digest, Vec<u8>)>, Problem> {
        let mut chosen = Vec::new();
        if min_sdk < STRONGEST_SDK {
            match self.first_listed(suffix, min_sdk)? {
                Some(digest) => chosen.push(digest),
                None => return Ok(chosen),
            }
        }
        for digest in [Digest::Sha512, Digest::Sha384, Digest::Sha256, Digest::Sha1] {
            if let Some(value) = self.get(&format!("{}{suffix}", digest.name())) {
                let strongest = (digest, decode(value)?);
                if !chosen.contains(&strongest) {
                    chosen.push(strongest);
                }
                break;
            }
        }
        Ok(chosen)
    }

    /// The digest that platforms before API level 18 choose: the first of `Digest-Algorithms` that is there and known.
    fn first_listed(
        &self,
        suffix: &str,
        min_sdk: u32,
    ) -> Result<Option<(Digest, Vec<u8>)>, Problem> {
        let names = String::from_utf8_lossy(self.get("Digest-Algorithms").unwrap_or(b"SHA SHA1"));
        for name in names.split_ascii_whitespace() {
            let digest = match name.to_ascii_uppercase().as_str() {
                "MD5" => Digest::Md5,
                "SHA" | "SHA1" | "SHA-1" => Digest::Sha1,
                "SHA-256" => Digest::Sha256,
                "SHA-384" if min_sdk >= 9 => Digest::Sha384,
                "SHA-512" if min_sdk >= 9 => Digest::Sha512,
                _ => continue,
            };
            if let Some(value) = self.get(&format!("{name}{suffix}")) {
                return Ok(Some((digest, decode(value)?)));
            }
        }
        Ok(None)
    }
}

fn decode(value: &[u8]) -> Result<Vec<u8>, Problem> {
    BASE64
        .decode(value)
        .map_err(|error| Problem::new("malformed-digest", format!("digest in a manifest: {error}")))
}

/// All sections in order; the first is the main one. Linear in the size; fails on more attributes than any package has.
pub fn parse(bytes: &[u8]) -> Result<Vec<Section<'_>>, Problem> {
    let mut count = 0;
    let mut sections = Vec::new();
    let mut attributes: Vec<Attribute<'_>> = Vec::new();
    let mut pending: Option<Cow<'_, [u8]>> = None;
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        let (line, next) = line_at(bytes, at);
        match (&mut pending, line.split_first()) {
            (Some(attribute), Some((b' ', rest))) => attribute.to_mut().extend_from_slice(rest),
            (_, Some(_)) => {
                if pending.is_none() {
                    start = at;
                }
                count += 1;
                if count > ATTRIBUTES {
                    let detail = format!("more than {ATTRIBUTES} attributes in a manifest");
                    return Err(Problem::new("limit-hit", detail));
                }
                attributes.extend(pending.replace(Cow::Borrowed(line)).map(split_attribute));
            }
            (_, None) => {
                if let Some(last) = pending.take() {
                    attributes.push(split_attribute(last));
                    sections.push(Section {
                        range: start..next,
                        attributes: std::mem::take(&mut attributes),
                    });
                }
            }
        }
        at = next;
    }
    if let Some(last) = pending {
        attributes.push(split_attribute(last));
        sections.push(Section {
            range: start..at,
            attributes,
        });
    }
    Ok(sections)
}

/// The line at `at` without its end, and where the next one starts. Lines end with CR, LF or CR LF.
fn line_at(bytes: &[u8], at: usize) -> (&[u8], usize) {
    let rest = &bytes[at..];
    match memchr::memchr2(b'\r', b'\n', rest) {
        None => (rest, bytes.len()),
        Some(length) => {
            let ends = if rest[length..].starts_with(b"\r\n") {
                2
            } else {
                1
            };
            (&rest[..length], at + length + ends)
        }
    }
}

/// Name and value around the first `": "`; without one, the whole is a name.
fn split_attribute(attribute: Cow<'_, [u8]>) -> Attribute<'_> {
    let Some(at) = attribute.windows(2).position(|pair| pair == b": ") else {
        return (attribute, Cow::Borrowed(b""));
    };
    match attribute {
        Cow::Borrowed(bytes) => (Cow::Borrowed(&bytes[..at]), Cow::Borrowed(&bytes[at + 2..])),
        Cow::Owned(bytes) => (
            Cow::Owned(bytes[..at].to_vec()),
            Cow::Owned(bytes[at + 2..].to_vec()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_lines_and_continuations() {
        let text = b"\r\nManifest-Version: 1.0\r\nX: a\r\n b\r\n\r\n\nName: long\n er\nSHA1-Digest: AA==\n\nName: cr\rlast: 1";
        let sections = parse(text).unwrap();
        assert_eq!(sections.len(), 3);
        assert_eq!(sections[0].get("x"), Some(&b"ab"[..]));
        assert_eq!(sections[0].entry_name(), None);
        assert_eq!(sections[1].entry_name().as_deref(), Some("longer"));
        assert!(
            text[sections[1].range.clone()].starts_with(b"Name: long")
                && text[sections[1].range.clone()].ends_with(b"\n\n")
        );
        assert_eq!(
            (sections[2].entry_name().as_deref(), sections[2].get("last")),
            (Some("cr"), Some(&b"1"[..]))
        );
    }

    #[test]
    fn which_digest_counts() {
        let sections = parse(b"Name: a\nDigest-Algorithms: SHA-256 SHA1\nSHA1-Digest: AQ==\nSHA-256-Digest: Ag\nMD5-Digest: Aw==\n").unwrap();
        let digests = |min_sdk| sections[0].digests("-Digest", min_sdk).unwrap();
        assert_eq!(digests(18), [(Digest::Sha256, vec![2])]);
        assert_eq!(digests(17), [(Digest::Sha256, vec![2])]);
        let sections = parse(b"Name: a\nSHA1-Digest: AQ==\nSHA-256-Digest: Ag==\n").unwrap();
        assert_eq!(
            sections[0].digests("-Digest", 8).unwrap(),
            [(Digest::Sha1, vec![1]), (Digest::Sha256, vec![2])]
        );
        let sections = parse(b"Name: a\nSHA-256-Digest: Ag==\n").unwrap();
        assert!(sections[0].digests("-Digest", 8).unwrap().is_empty());
        assert_eq!(sections[0].digests("-Digest", 24).unwrap().len(), 1);
        assert!(
            parse(b"Name: a\nSHA1-Digest: *\n").unwrap()[0]
                .digests("-Digest", 24)
                .is_err()
        );
    }
}
