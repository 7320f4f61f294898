//! Resource configurations as the qualifiers of folder names: `zh-rCN`, `night`, `xxhdpi-v4`.
//!
//! Facts: `ResTable_config` of Android's `ResourceTypes.h`; the order of qualifiers of the Android guide "App resources overview".

use crate::bytes::{u16_at, u32_at};

/// The qualifiers of a configuration, empty for the default one. `config` starts with its own size; missing fields count as "any".
pub(super) fn qualifiers(config: &[u8]) -> String {
    let mut out = Qualifiers(String::new());
    let size = u32_at(config, 0).unwrap_or(0) as usize;
    let config = &config[..size.min(config.len())];
    let byte = |at: usize| config.get(at).copied().unwrap_or(0);
    let half = |at: usize| u16_at(config, at).unwrap_or(0);

    out.number("mcc", half(4));
    out.number("mnc", half(6));
    out.push(&locale(config));
    out.choice(byte(19) & 3, &["", "neuter", "feminine", "masculine"]);
    let (layout, mode) = (byte(28), byte(29));
    out.choice(layout >> 6, &["", "ldltr", "ldrtl"]);
    for (name, at) in [("sw", 30), ("w", 32), ("h", 34)] {
        if half(at) != 0 {
            out.push(&format!("{name}{}dp", half(at)));
        }
    }
    out.choice(layout & 0xf, &["", "small", "normal", "large", "xlarge"]);
    out.choice(layout >> 4 & 3, &["", "notlong", "long"]);
    out.choice(byte(48) & 3, &["", "notround", "round"]);
    out.choice(byte(49) & 3, &["", "nowidecg", "widecg"]);
    out.choice(byte(49) >> 2 & 3, &["", "lowdr", "highdr"]);
    out.choice(byte(12), &["", "port", "land", "square"]);
    let modes = [
        "",
        "",
        "desk",
        "car",
        "television",
        "appliance",
        "watch",
        "vrheadset",
    ];
    out.choice(mode & 0xf, &modes);
    out.choice(mode >> 4 & 3, &["", "notnight", "night"]);
    out.push(&density(half(14)));
    out.choice(byte(13), &["", "notouch", "stylus", "finger"]);
    let input = byte(18);
    out.choice(input & 3, &["", "keysexposed", "keyshidden", "keyssoft"]);
    out.choice(byte(16), &["", "nokeys", "qwerty", "12key"]);
    out.choice(input >> 2 & 3, &["", "navexposed", "navhidden"]);
    out.choice(byte(17), &["", "nonav", "dpad", "trackball", "wheel"]);
    if half(20) != 0 || half(22) != 0 {
        out.push(&format!("{}x{}", half(20), half(22)));
    }
    out.number("v", half(24));
    out.0
}

/// The locale alone: `zh`, `zh-rCN`, or `b+zh+Hans+CN` where a script or variant is given. Empty for any.
pub(super) fn locale(config: &[u8]) -> String {
    let pair = |at: usize| config.get(at..at + 2).unwrap_or_default();
    let language = unpack(pair(8), b'a');
    if language.is_empty() {
        return String::new();
    }
    let region = unpack(pair(10), b'0');
    let script = text(config.get(36..40).unwrap_or_default());
    let variant = text(config.get(40..48).unwrap_or_default());
    // A script that the build tool computed from the region says nothing of its own.
    let computed = config.get(52).is_some_and(|&flag| flag != 0);
    let script = if computed { String::new() } else { script };
    match (script.is_empty() && variant.is_empty(), region.is_empty()) {
        (true, true) => language,
        (true, false) => format!("{language}-r{region}"),
        (false, _) => {
            let parts = [language, script, region, variant];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            format!("b+{}", parts.join("+"))
        }
    }
}

/// Two letters as they are, or three packed into fifteen bits.
fn unpack(pair: &[u8], base: u8) -> String {
    let &[first, second] = pair else {
        return String::new();
    };
    if first & 0x80 == 0 {
        return text(pair);
    }
    let letters = [
        second & 0x1f,
        (second >> 5) | (first & 3) << 3,
        first >> 2 & 0x1f,
    ];
    text(&letters.map(|letter| base.saturating_add(letter)))
}

/// Letters and digits up to the first NUL.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let bytes = bytes[..end].iter().filter(|b| b.is_ascii_alphanumeric());
    bytes.map(|&b| char::from(b)).collect()
}

fn density(value: u16) -> String {
    match value {
        0 => String::new(),
        120 => "ldpi".into(),
        160 => "mdpi".into(),
        213 => "tvdpi".into(),
        240 => "hdpi".into(),
        320 => "xhdpi".into(),
        480 => "xxhdpi".into(),
        640 => "xxxhdpi".into(),
        0xfffe => "anydpi".into(),
        0xffff => "nodpi".into(),
        other => format!("{other}dpi"),
    }
}

struct Qualifiers(String);

impl Qualifiers {
    fn push(&mut self, qualifier: &str) {
        if !qualifier.is_empty() {
            if !self.0.is_empty() {
                self.0.push('-');
            }
            self.0.push_str(qualifier);
        }
    }

    fn number(&mut self, prefix: &str, value: u16) {
        if value != 0 {
            self.push(&format!("{prefix}{value}"));
        }
    }

    /// The name of a value; values that have no name count as "any".
    fn choice(&mut self, value: u8, names: &[&str]) {
        self.push(names.get(usize::from(value)).copied().unwrap_or(""));
    }
}

#[cfg(test)]
mod tests {
    use super::qualifiers;

    fn config(fields: &[(usize, &[u8])]) -> Vec<u8> {
        let mut config = vec![0; 64];
        config[0] = 64;
        for (at, value) in fields {
            config[*at..at + value.len()].copy_from_slice(value);
        }
        config
    }

    #[test]
    fn qualifiers_are_written_as_in_folder_names() {
        assert_eq!(qualifiers(&config(&[])), "");
        assert_eq!(qualifiers(&config(&[(8, b"zhCN")])), "zh-rCN");
        assert_eq!(
            qualifiers(&config(&[(8, b"zhCN"), (36, b"Hans")])),
            "b+zh+Hans+CN"
        );
        assert_eq!(
            qualifiers(&config(&[(29, &[0x20]), (24, &[8])])),
            "night-v8"
        );
        assert_eq!(
            qualifiers(&config(&[(14, &480u16.to_le_bytes()), (24, &[4])])),
            "xxhdpi-v4"
        );
        // "fil": three letters packed as Android packs them.
        assert_eq!(qualifiers(&config(&[(8, &[0xad, 0x05])])), "fil");
        assert_eq!(
            qualifiers(&config(&[(30, &600u16.to_le_bytes())])),
            "sw600dp"
        );
    }

    #[test]
    fn short_and_broken_configurations_are_read() {
        assert_eq!(qualifiers(&[]), "");
        assert_eq!(qualifiers(&[255; 20]), qualifiers(&[255; 20]));
        assert_eq!(qualifiers(&config(&[(8, b"de")])[..12]), "de");
    }
}
