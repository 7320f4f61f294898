//! MUTF-8: UTF-16 code units in one to three bytes each, `U+0000` as `C0 80`, no byte zero inside.

use std::borrow::Cow;

/// Decodes for people. Pairs of surrogates become one character; a lone surrogate, or a byte that fits nowhere, becomes `U+FFFD`.
///
/// Two different damaged strings may therefore read alike; identity inside the engine is always by bytes, never by this text.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.is_ascii() {
        return String::from_utf8_lossy(bytes);
    }
    let mut out = String::with_capacity(bytes.len());
    let mut units = CodeUnits { bytes, at: 0 };
    while let Some(unit) = units.next() {
        let Some(unit) = unit else {
            out.push(char::REPLACEMENT_CHARACTER);
            continue;
        };
        let high = u32::from(unit);
        let scalar = if (0xd800..0xdc00).contains(&high) {
            let before = units.at;
            match units.next() {
                Some(Some(low)) if (0xdc00..0xe000).contains(&low) => {
                    0x10000 + ((high - 0xd800) << 10) + (u32::from(low) - 0xdc00)
                }
                _ => {
                    units.at = before;
                    high
                }
            }
        } else {
            high
        };
        out.push(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(out)
}

/// Encodes text as a DEX stores it, to look it up.
pub fn encode(text: &str) -> Cow<'_, [u8]> {
    if text.bytes().all(|byte| byte != 0 && byte < 0x80) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for unit in text.encode_utf16() {
        match unit {
            1..=0x7f => out.push(unit as u8),
            0 | 0x80..=0x7ff => out.extend([0xc0 | (unit >> 6) as u8, 0x80 | (unit & 0x3f) as u8]),
            _ => out.extend([
                0xe0 | (unit >> 12) as u8,
                0x80 | (unit >> 6 & 0x3f) as u8,
                0x80 | (unit & 0x3f) as u8,
            ]),
        }
    }
    Cow::Owned(out)
}

/// The order of `string_ids`: by UTF-16 code units. Bytes give the same order, but for `U+0000`, which is `C0 80`.
pub fn compare(left: &[u8], right: &[u8]) -> std::cmp::Ordering {
    let rank = |&byte: &u8| if byte == 0xc0 { 0 } else { byte };
    match left.iter().zip(right).position(|(a, b)| a != b) {
        Some(at) => rank(&left[at]).cmp(&rank(&right[at])),
        None => left.len().cmp(&right.len()),
    }
}

/// Code units in order; `Some(None)` for a byte that begins nothing.
struct CodeUnits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl CodeUnits<'_> {
    fn continuation(&self, ahead: usize) -> Option<u16> {
        let byte = *self.bytes.get(self.at + ahead)?;
        (byte & 0xc0 == 0x80).then_some(u16::from(byte & 0x3f))
    }

    fn next(&mut self) -> Option<Option<u16>> {
        let first = *self.bytes.get(self.at)?;
        let (length, unit) = match first >> 4 {
            0..=7 => (1, Some(u16::from(first))),
            12 | 13 => (
                2,
                self.continuation(1)
                    .map(|a| u16::from(first & 0x1f) << 6 | a),
            ),
            14 => (
                3,
                self.continuation(1)
                    .zip(self.continuation(2))
                    .map(|(a, b)| u16::from(first & 0x0f) << 12 | a << 6 | b),
            ),
            _ => (1, None),
        };
        self.at += if unit.is_some() { length } else { 1 };
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_through_unchanged() {
        for text in ["", "plain", "隐私政策", "\0inside", "clef \u{1d11e}", "é"] {
            assert_eq!(decode(&encode(text)), text);
        }
    }

    #[test]
    fn damage_becomes_replacement_characters() {
        assert_eq!(decode(&[0xed, 0xa0, 0x80, b'a']), "\u{fffd}a"); // lone high surrogate
        assert_eq!(decode(&[0xed, 0xb0, 0x80]), "\u{fffd}"); // lone low surrogate
        assert_eq!(
            decode(&[0xff, b'b', 0xe0, 0x80]),
            "\u{fffd}b\u{fffd}\u{fffd}"
        ); // no lead byte; cut short
    }
}
