//! Names of the framework's attributes by resource id.
//!
//! Facts: the public attribute ids of the Android framework (`frameworks/base`, `public-final.xml`, up to Android 17). They never change
//! once published. Line *n* of `attributes.txt`, counted from 0, is the name of id `0x01010000 + n`; an empty line is an unused id.

use std::sync::OnceLock;

/// The namespace of framework attributes.
pub const ANDROID_NAMESPACE: &str = "http://schemas.android.com/apk/res/android";

const FIRST: u32 = 0x0101_0000;

/// The name of a framework attribute, without prefix.
pub fn framework_attribute(id: u32) -> Option<&'static str> {
    static NAMES: OnceLock<Vec<&str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| include_str!("attributes.txt").lines().collect());
    let name = names.get(id.checked_sub(FIRST)? as usize)?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::framework_attribute;

    #[test]
    fn published_ids_have_their_names() {
        // developer.android.com, R.attr, constant values.
        for (id, name) in [
            (0x0101_0003, "name"),
            (0x0101_0010, "exported"),
            (0x0101_000f, "debuggable"),
            (0x0101_0280, "allowBackup"),
            (0x0101_04ec, "usesCleartextTraffic"),
            (0x0101_014f, "text"),
        ] {
            assert_eq!(framework_attribute(id), Some(name));
        }
        assert_eq!(framework_attribute(0x7f01_0000), None);
        assert_eq!(framework_attribute(0), None);
    }
}
