//! What a tolerant reader met and stepped over: a record for the evidence, never a silent repair.

/// One irregularity of the input.
///
/// `kind` is a stable kebab-case name. It says what was seen; whether it means damage or evasion is for the judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// Stable name, such as `duplicate-entry`.
    pub kind: &'static str,
    /// The archive member it was seen in, or empty for the file as a whole.
    pub member: String,
    /// Offset in that member (or in the file), where one is known.
    pub offset: Option<u64>,
    /// The particulars, in a few plain English words and numbers.
    pub detail: String,
}

/// Every kind that the readers of archives, binary XML and resource tables record, and whether it is *evasive*:
/// Android installs and runs a package with it, while common analysers are led to refuse, miss or misread content.
pub const ODDITY_KINDS: &[(&str, bool)] = &[
    // any reader
    ("oddities-dropped", false),
    // archive: end record and central directory
    ("trailing-data", false),
    ("decoy-end-record", true),
    ("prefix-data", true),
    ("shifted-offsets", false),
    ("central-directory-moved", false),
    ("central-directory-broken", false),
    ("central-directory-gap", false),
    ("entry-count-mismatch", false),
    ("too-many-entries", true),
    ("zip64", false),
    ("signing-block-broken", false),
    // archive: names
    ("duplicate-entry", false),
    ("case-variant", true),
    ("directory-shadows-file", true),
    ("path-traversal", true),
    ("name-not-utf8", false),
    ("name-with-nul", false),
    ("name-empty", false),
    ("name-too-long", true),
    // archive: records that contradict each other
    ("encrypted-flag", true),
    ("unknown-method", true),
    ("extra-field-broken", true),
    ("local-header-missing", false),
    ("local-header-moved", false),
    ("local-name-mismatch", false),
    ("local-method-mismatch", true),
    ("local-flags-mismatch", false),
    ("local-size-mismatch", false),
    ("local-size-decoy", true),
    ("local-crc-mismatch", false),
    ("stored-size-mismatch", true),
    ("data-out-of-range", false),
    ("overlapping-entries", true),
    ("unlisted-member", true),
    ("unclaimed-bytes", true),
    // archive: met while a member is read
    ("damaged-data", false),
    ("data-after-stream", true),
    ("size-mismatch", false),
    ("crc-mismatch", true),
    ("method-guessed", false),
    // binary XML and resource table: chunks and string pools
    ("wrong-magic", true),
    ("wrong-file-size", true),
    ("chunk-broken", false),
    ("chunk-unknown", true),
    ("chunk-zero-size", false),
    ("header-size-odd", true),
    ("string-pool-broken", false),
    ("string-pool-size-odd", true),
    ("string-pool-missing", false),
    ("string-pool-duplicate", true),
    ("string-broken", false),
    ("string-not-terminated", true),
    ("string-with-nul", true),
    ("string-out-of-range", false),
    ("style-offset-odd", true),
    // binary XML
    ("attribute-size-odd", true),
    ("attribute-cut", false),
    ("attribute-name-hidden", true),
    ("attribute-name-invalid", true),
    ("element-unbalanced", false),
    ("namespace-duplicate", false),
    ("namespace-hidden", false),
    ("namespace-unbalanced", false),
    ("resource-map-missing", false),
    ("resource-map-duplicate", true),
    ("content-after-root", true),
    ("xml-too-deep", true),
    ("xml-too-large", true),
    // resource table
    ("package-broken", false),
    ("type-broken", false),
    ("too-many-resource-entries", true),
];

/// Whether a kind of [`ODDITY_KINDS`] is evasive. Unknown kinds are not.
pub fn is_evasive(kind: &str) -> bool {
    ODDITY_KINDS
        .iter()
        .any(|&(known, evasive)| evasive && known == kind)
}

/// Collects oddities up to a bound; what comes after is counted only.
#[derive(Debug, Clone)]
pub struct OddityLog {
    kept: Vec<Oddity>,
    limit: usize,
    dropped: u64,
}

impl OddityLog {
    /// A log that keeps at most `limit` records.
    pub fn new(limit: usize) -> Self {
        OddityLog {
            kept: Vec::new(),
            limit,
            dropped: 0,
        }
    }

    /// Records one oddity. `detail` is only built if the record is kept.
    pub fn add(
        &mut self,
        kind: &'static str,
        member: &str,
        offset: Option<u64>,
        detail: impl FnOnce() -> String,
    ) {
        debug_assert!(
            ODDITY_KINDS.iter().any(|(known, _)| *known == kind),
            "{kind} is not in ODDITY_KINDS"
        );
        if self.kept.len() >= self.limit {
            self.dropped += 1;
            return;
        }
        self.kept.push(Oddity {
            kind,
            member: member.to_owned(),
            offset,
            detail: detail(),
        });
    }

    /// Records an oddity unless the same one is kept already.
    pub fn add_once(&mut self, oddity: Oddity) {
        if self.kept.contains(&oddity) {
            return;
        }
        if self.kept.len() >= self.limit {
            self.dropped += 1;
        } else {
            self.kept.push(oddity);
        }
    }

    /// What was recorded, in order of reading; the last record counts what did not fit.
    pub fn finish(mut self) -> Vec<Oddity> {
        if self.dropped > 0 {
            let detail = format!("{} more were not kept", self.dropped);
            self.kept.push(Oddity {
                kind: "oddities-dropped",
                member: String::new(),
                offset: None,
                detail,
            });
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_unique_and_kebab_case() {
        let mut seen = std::collections::HashSet::new();
        for (kind, _) in ODDITY_KINDS {
            assert!(seen.insert(kind), "{kind} twice");
            assert!(
                kind.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_full_log_counts_what_it_drops() {
        let mut log = OddityLog::new(2);
        for at in 0..5 {
            log.add("zip64", "m", Some(at), String::new);
        }
        let out = log.finish();
        assert_eq!(out.len(), 3);
        assert_eq!(
            (out[2].kind, out[2].detail.as_str()),
            ("oddities-dropped", "3 more were not kept")
        );
    }

    #[test]
    fn evasive_is_what_android_accepts() {
        assert!(is_evasive("encrypted-flag"));
        assert!(!is_evasive("duplicate-entry"));
        assert!(!is_evasive("no-such-kind"));
    }
}
