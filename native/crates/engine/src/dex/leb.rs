//! LEB128 numbers (Dalvik Executable format, "LEB128"). A number has at most five bytes.

/// Reads an unsigned number at `*at` and moves behind it. `None` at the end of the bytes, or if a sixth byte would be needed.
#[inline]
pub fn uleb128(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let first = *bytes.get(*at)?;
    *at += 1;
    if first < 0x80 {
        return Some(u32::from(first));
    }
    let mut value = u32::from(first & 0x7f);
    for shift in [7, 14, 21, 28] {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// An unsigned number minus one, so that `-1` takes one byte: [`u32::MAX`] stands for it.
#[inline]
pub fn uleb128p1(bytes: &[u8], at: &mut usize) -> Option<u32> {
    uleb128(bytes, at).map(|value| value.wrapping_sub(1))
}

/// Reads a signed number at `*at` and moves behind it.
#[inline]
pub fn sleb128(bytes: &[u8], at: &mut usize) -> Option<i32> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            let unused = 32u32.saturating_sub(shift + 7);
            return Some((value << unused) as i32 >> unused);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_format_page() {
        for (bytes, signed, unsigned, plus_one) in [
            (&[0x00u8][..], 0, 0, u32::MAX),
            (&[0x01], 1, 1, 0),
            (&[0x7f], -1, 127, 126),
            (&[0x80, 0x7f], -128, 16256, 16255),
        ] {
            assert_eq!(sleb128(bytes, &mut 0), Some(signed));
            assert_eq!(uleb128(bytes, &mut 0), Some(unsigned));
            assert_eq!(uleb128p1(bytes, &mut 0), Some(plus_one));
        }
    }

    #[test]
    fn too_long_or_cut_numbers_are_refused() {
        assert_eq!(uleb128(&[0x80; 6], &mut 0), None);
        assert_eq!(uleb128(&[0x80], &mut 0), None);
        assert_eq!(sleb128(&[0xff; 8], &mut 0), None);
        assert_eq!(
            uleb128(&[0xff, 0xff, 0xff, 0xff, 0x0f], &mut 0),
            Some(u32::MAX)
        );
    }
}
