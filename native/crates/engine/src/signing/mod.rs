//! APK signature schemes v1 (JAR), v2, v3 and v3.1, verified: digests, signatures, certificates, rotation lineage.
//!
//! ```text
//! block        the signing block and its pairs          manifest  MANIFEST.MF and *.SF
//! content      digests over the file's sections         pkcs7     the signature block of a JAR signer
//! scheme       schemes v2, v3, v3.1 over all signers    jar       scheme v1 over all signers and entries
//! signer       one signer of the signing block
//! lineage      proof of rotation
//!              der, certificate, key, algorithm: what both sides need
//! ```
//!
//! Facts: source.android.com, "APK signature scheme" v2, v3 and v3.1 and "JAR-signed APK"; the JAR file specification; and the verdicts of
//! apksigner, to which the differential tests hold this module. Each scheme present is verified on its own, for every platform from
//! `min_sdk` on; which of them decides on a given platform is for the caller (the newest that the platform knows).

mod algorithm;
mod block;
mod certificate;
mod content;
mod der;
mod jar;
mod key;
mod lineage;
mod manifest;
mod pkcs7;
mod scheme;
mod signer;
#[cfg(test)]
mod tests;

pub use algorithm::Content;
pub use block::{Pair, V2, V3, V31};

use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::zip::{Archive, Entry};
use block::Block;
use key::Budget;
use std::ops::Range;

/// Signers of one scheme that are verified; platforms take no more.
pub(crate) const SIGNERS: usize = 10;
/// Certificates of one signer, and of one lineage.
pub(crate) const CERTIFICATES: usize = 100;
/// The platform from which on signatures are verified if the caller names none: the first that knows the signing block.
const DEFAULT_MIN_SDK: u32 = 24;

/// Why something did not verify: a stable name, and the particulars in one plain English clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable kebab-case name, such as `content-digest-mismatch`.
    pub key: &'static str,
    /// The particulars.
    pub detail: String,
}

impl Problem {
    fn new(key: &'static str, detail: impl Into<String>) -> Problem {
        Problem {
            key,
            detail: detail.into(),
        }
    }

    /// An error met while reading something: `key`, unless the reason is a limit or a missing capability of this engine.
    fn from_error(key: &'static str, error: Error) -> Problem {
        let key = match error.kind {
            ErrorKind::LimitHit => "limit-hit",
            ErrorKind::Unsupported => "unsupported-key",
            _ => key,
        };
        Problem {
            key,
            detail: error.detail,
        }
    }
}

/// What came out for one scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Every digest and signature holds.
    Verified,
    /// Something does not hold: platforms refuse it.
    Failed,
    /// It could not be decided here: an algorithm or key outside the schemes, or a limit.
    Unsupported,
}

impl Status {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Status::Verified => "verified",
            Status::Failed => "failed",
            Status::Unsupported => "unsupported",
        }
    }

    fn of(problem: Option<&Problem>) -> Status {
        match problem.map(|problem| problem.key) {
            None => Status::Verified,
            Some("unsupported-key" | "no-supported-signatures" | "limit-hit") => {
                Status::Unsupported
            }
            Some(_) => Status::Failed,
        }
    }
}

/// One certificate, as reports name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateInfo {
    /// The encoding as found in the file.
    pub der: Vec<u8>,
    /// SHA-256 of the encoding, hexadecimal: the name by which stores and platforms know a signer.
    pub sha256: String,
    /// Subject, written as RFC 4514 does.
    pub subject: String,
    /// Issuer, written as RFC 4514 does.
    pub issuer: String,
    /// Start of validity, ISO 8601 in UTC; empty if unreadable.
    pub valid_from: String,
    /// End of validity, ISO 8601 in UTC; empty if unreadable.
    pub valid_to: String,
    /// `RSA`, `DSA`, `EC`, or a dotted identifier; empty if unreadable.
    pub key_algorithm: String,
    /// Key length in bits; 0 if not known.
    pub key_bits: usize,
}

/// One certificate of a proof of rotation, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageNode {
    /// SHA-256 of the certificate.
    pub sha256: String,
    /// What the platform still grants this certificate (bits of `SigningDetails.CertCapabilities`).
    pub flags: u32,
}

/// One signer of one scheme.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signer {
    /// Name of the signature block entry for v1, else empty.
    pub name: String,
    /// Certificates as listed, the signer's own first. Empty if none could be read.
    pub certificates: Vec<CertificateInfo>,
    /// The algorithms whose signatures were verified, such as `SHA-256 with RSA`.
    pub algorithms: Vec<String>,
    /// Proof of rotation, oldest certificate first; empty without one.
    pub lineage: Vec<LineageNode>,
    /// First platform this signer is for (v3 and later).
    pub min_sdk: Option<u32>,
    /// Last platform this signer is for (v3 and later).
    pub max_sdk: Option<u32>,
    /// Why this signer does not verify.
    pub problem: Option<Problem>,
}

/// What was found out about one scheme that is present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeResult {
    /// `v1`, `v2`, `v3` or `v3.1`.
    pub scheme: &'static str,
    /// The verdict.
    pub status: Status,
    /// The first problem: of the scheme as a whole, or of one of its signers.
    pub problem: Option<Problem>,
    /// Signers in file order; for v1 in the order of the central directory.
    pub signers: Vec<Signer>,
}

impl SchemeResult {
    fn new(scheme: &'static str, problem: Option<Problem>, signers: Vec<Signer>) -> SchemeResult {
        let problem = problem.or_else(|| signers.iter().find_map(|signer| signer.problem.clone()));
        SchemeResult {
            scheme,
            status: Status::of(problem.as_ref()),
            problem,
            signers,
        }
    }
}

/// All that a package says about who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    /// Schemes that are present, oldest first.
    pub schemes: Vec<SchemeResult>,
    /// All pairs of the signing block, in file order: signature schemes, and whatever else was put there.
    pub pairs: Vec<Pair>,
    /// What keeps platforms from reading the signing block, or parts of it.
    pub block_problems: Vec<Problem>,
}

/// Verifies every scheme present, for all platforms from `min_sdk` (24 if `None`) on.
///
/// Work: one pass over the file for each kind of content digest in use, and, if there is a JAR signature, each entry inflated and hashed
/// once, up to [`Limits::total_bytes`]. At most ten signers a scheme; keys of at most 16,384 bits.
pub fn verify(file: &[u8], archive: &Archive, limits: &Limits, min_sdk: Option<u32>) -> Signatures {
    verify_with(file, archive, limits, min_sdk, |_| None)
}

/// As [`verify`], with the content of entries that the caller has inflated already: `inflated` gives it, or `None`.
pub fn verify_with<'a>(
    file: &'a [u8],
    archive: &Archive,
    limits: &Limits,
    min_sdk: Option<u32>,
    inflated: impl Fn(&Entry) -> Option<&'a [u8]>,
) -> Signatures {
    let min_sdk = min_sdk.unwrap_or(DEFAULT_MIN_SDK);
    let block = Block::read(file, &archive.layout);
    let budget = Budget::new();
    let jar = jar::Jar {
        file,
        archive,
        limits,
        min_sdk,
        block: &block,
        budget: &budget,
    };
    let mut schemes: Vec<SchemeResult> = jar.verify(inflated).into_iter().collect();
    schemes.extend(scheme::verify(file, archive, &block, min_sdk, &[], &budget));
    Signatures {
        schemes,
        pairs: block.pairs,
        block_problems: block.problems,
    }
}

/// Who signed, for a caller that has computed content digests already: schemes v2 and later are verified against `known`, and of v1 only that
/// its signature blocks fit their `*.SF`. Where a newer scheme holds, it covers what v1 would have to be verified against.
///
/// Work: no pass over the file for the kinds in `known`; no entry is inflated but the signature files.
pub fn signers(
    file: &[u8],
    archive: &Archive,
    limits: &Limits,
    known: &[(Content, Vec<u8>)],
) -> Signatures {
    let block = Block::read(file, &archive.layout);
    let budget = Budget::new();
    let jar = jar::Jar {
        file,
        archive,
        limits,
        min_sdk: DEFAULT_MIN_SDK,
        block: &block,
        budget: &budget,
    };
    let mut schemes: Vec<SchemeResult> = jar.signers().into_iter().collect();
    schemes.extend(scheme::verify(
        file,
        archive,
        &block,
        DEFAULT_MIN_SDK,
        known,
        &budget,
    ));
    Signatures {
        schemes,
        pairs: block.pairs,
        block_problems: block.problems,
    }
}

/// The signing block, size fields and magic included, and its pairs, as byte ranges of the file; `None` and nothing without a readable block.
pub fn block_pairs(file: &[u8], archive: &Archive) -> (Option<Range<usize>>, Vec<Pair>) {
    let block = Block::read(file, &archive.layout);
    (block.range, block.pairs)
}
