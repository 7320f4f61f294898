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
