//! One signer of the signing block: its signatures over its signed data, and what that data says.
//!
//! Sources: source.android.com, "APK signature scheme" v2, v3 and v3.1.

use super::algorithm::{BlockAlgorithm, Content, block_algorithm, sha256_hex};
use super::certificate::{Certificate, name_text};
use super::key::{Budget, PublicKey};
use super::lineage::{self, Lineage};
use super::{CERTIFICATES, CertificateInfo, Problem, Signer};
use crate::bytes::{Reader, u32_at};
use crate::error::Error;

/// Signatures and digests of one signer that are read.
const SIGNATURES: usize = 50;
/// Attribute of v2 that names a newer scheme the package was signed with too.
const STRIPPING_PROTECTION: u32 = 0xbeef_f00d;
/// Attribute of v3 with the lineage.
const PROOF_OF_ROTATION: u32 = 0x3ba0_6f8c;
/// Attribute of v3 that states from which platform on v3.1 decides.
const ROTATION_MIN_SDK: u32 = 0x559f_8b02;
/// The last platform there can be.
pub const LAST_SDK: u32 = i32::MAX as u32;

/// What one signer says, as far as all signers together are judged by it.
#[derive(Default)]
pub struct Statement<'a> {
    pub signer: Signer,
    /// Kinds of content digests whose signatures were verified.
    pub verified: Vec<Content>,
    /// The content digests it states.
    pub digests: Vec<(Content, &'a [u8])>,
    /// The certificates of its lineage, oldest first.
    pub lineage: Vec<&'a [u8]>,
    /// Numbers of the schemes that it says are present too (v2).
    pub newer_schemes: Vec<u32>,
    /// The platform from which on it says v3.1 decides (v3).
    pub rotation_min_sdk: Option<u32>,
}

/// Reads and verifies one signer. `ranged` tells the layout of v3 and later, with platform ranges, from that of v2;
/// `min_sdk` is the first platform a v2 signer is for.
pub fn verify<'a>(bytes: &'a [u8], ranged: bool, min_sdk: u32, budget: &Budget) -> Statement<'a> {
    let mut statement = Statement::default();
    statement.signer.problem = verify_into(&mut statement, bytes, ranged, min_sdk, budget).err();
    statement
}

/// The platforms that a signer of v3 or later states outside its signed data.
pub fn stated_range(bytes: &[u8]) -> Result<(u32, u32), Error> {
    let mut fields = Reader::new(bytes);
    fields.length_prefixed()?;
    Ok((fields.u32()?, fields.u32()?))
}

fn verify_into<'a>(
    statement: &mut Statement<'a>,
    bytes: &'a [u8],
    ranged: bool,
    min_sdk: u32,
    budget: &Budget,
) -> Result<(), Problem> {
    let malformed = |error: Error| Problem::from_error("malformed-signer", error);
    let mut fields = Reader::new(bytes);
    let signed = fields.length_prefixed().map_err(malformed)?;
    let mut range = (min_sdk, LAST_SDK);
    if ranged {
        range = (
            fields.u32().map_err(malformed)?,
            fields.u32().map_err(malformed)?,
        );
        (statement.signer.min_sdk, statement.signer.max_sdk) = (Some(range.0), Some(range.1));
        if range.0 > range.1 || range.1 > LAST_SDK {
            return Err(Problem::new(
                "sdk-range-invalid",
                format!("platforms {} to {}", range.0, range.1),
            ));
        }
    }
    let signatures = fields.length_prefixed().map_err(malformed)?;
    let key_info = fields.length_prefixed().map_err(malformed)?;
    let (signatures, ids) = read_by_algorithm(signatures, "malformed-signature")?;
    // Certificates are read even if a signature fails: a report should name who claims to have signed.
    let data = SignedData::read(signed, ranged).map_err(malformed);
    if let Ok(data) = &data {
        statement.signer.certificates = data.certificates.iter().map(describe).collect();
    }
    if ids.is_empty() {
        return Err(Problem::new("no-signatures", "no signature listed"));
    }
    verify_signatures(statement, &signatures, range, [key_info, signed], budget)?;
    let data = data?;
    if let Some(problem) = data.certificate_problem {
        return Err(problem);
    }
    let Some(own) = data.certificates.first() else {
        return Err(Problem::new("no-certificates", "no certificate listed"));
    };
    if own.key_info != key_info {
        return Err(Problem::new(
            "public-key-mismatch",
            "the signer's key is not the one of its certificate",
        ));
    }
    let (digests, digest_ids) = read_by_algorithm(data.digests, "malformed-digests")?;
    if ids != digest_ids {
        return Err(Problem::new(
            "algorithms-mismatch",
            "signatures and digests are not of the same algorithms",
        ));
    }
    statement.digests = digests
        .iter()
        .map(|(algorithm, digest)| (algorithm.content, *digest))
        .collect();
    if ranged && data.range != range {
        return Err(Problem::new(
            "sdk-range-mismatch",
            format!(
                "platforms {} to {} signed, {} to {} stated",
                data.range.0, data.range.1, range.0, range.1
            ),
        ));
    }
    read_attributes(statement, data.attributes, own, ranged, budget)
}

/// Verifies the signatures that platforms of this range would choose, over the signed data.
fn verify_signatures(
    statement: &mut Statement<'_>,
    signatures: &[(BlockAlgorithm, &[u8])],
    range: (u32, u32),
    [key_info, signed]: [&[u8]; 2],
    budget: &Budget,
) -> Result<(), Problem> {
    let chosen = choose(signatures, range);
    if chosen.is_empty() {
        return Err(Problem::new(
            "no-supported-signatures",
            "no signature of an algorithm that all platforms know",
        ));
    }
    let key = PublicKey::parse(key_info)
        .map_err(|error| Problem::from_error("malformed-public-key", error))?;
    for (algorithm, signature) in chosen {
        let verified = key
            .verify(budget, algorithm.signature, &[signed], signature)
            .map_err(|error| Problem::from_error("signature-unreadable", error))?;
        if !verified {
            return Err(Problem::new(
                "signature-mismatch",
                format!(
                    "the signature {} does not fit the signed data",
                    algorithm.signature.name()
                ),
            ));
        }
        statement.signer.algorithms.push(algorithm.signature.name());
        statement.verified.push(algorithm.content);
    }
    Ok(())
}

/// The signatures that platforms pick: on each platform the one over the strongest content digest that it knows.
///
/// Empty if the first platform of the range knows none of them.
fn choose<'s, 'a>(
    signatures: &'s [(BlockAlgorithm, &'a [u8])],
    range: (u32, u32),
) -> Vec<&'s (BlockAlgorithm, &'a [u8])> {
    let mut best: Vec<&(BlockAlgorithm, &[u8])> = Vec::new();
    for signature in signatures
        .iter()
        .filter(|(algorithm, _)| algorithm.since <= range.1)
    {
        match best
            .iter_mut()
            .find(|(algorithm, _)| algorithm.since == signature.0.since)
        {
            Some(same) if signature.0.content > same.0.content => *same = signature,
            Some(_) => {}
            None => best.push(signature),
        }
    }
    if best.iter().all(|(algorithm, _)| algorithm.since > range.0) {
        best.clear();
    }
    best.sort_by_key(|(algorithm, _)| algorithm.id);
    best
}

/// What belongs to algorithms: the entries of the known ones, and the ids of all of them, both in file order.
type ByAlgorithm<'a> = (Vec<(BlockAlgorithm, &'a [u8])>, Vec<u32>);

/// Reads a sequence of pairs of algorithm id and bytes: signatures, or digests.
fn read_by_algorithm<'a>(bytes: &'a [u8], key: &'static str) -> Result<ByAlgorithm<'a>, Problem> {
    let malformed = |error: Error| Problem::from_error(key, error);
    let mut items = Reader::new(bytes);
    let (mut known, mut ids) = (Vec::new(), Vec::new());
    while items.remaining() > 0 {
        if ids.len() == SIGNATURES {
            return Err(Problem::new(
                "limit-hit",
                format!("more than {SIGNATURES} signatures or digests of one signer"),
            ));
        }
        let mut fields = Reader::new(items.length_prefixed().map_err(malformed)?);
        let id = fields.u32().map_err(malformed)?;
        let value = fields.length_prefixed().map_err(malformed)?;
        ids.push(id);
        known.extend(block_algorithm(id).map(|algorithm| (algorithm, value)));
    }
    Ok((known, ids))
}

/// What a signer signs.
struct SignedData<'a> {
    digests: &'a [u8],
    certificates: Vec<Certificate<'a>>,
    /// Why the list of certificates ends before its end.
    certificate_problem: Option<Problem>,
    range: (u32, u32),
    attributes: &'a [u8],
}

impl<'a> SignedData<'a> {
    fn read(bytes: &'a [u8], ranged: bool) -> Result<SignedData<'a>, Error> {
        let mut fields = Reader::new(bytes);
        let digests = fields.length_prefixed()?;
        let mut list = Reader::new(fields.length_prefixed()?);
        let range = if ranged {
            (fields.u32()?, fields.u32()?)
        } else {
            (0, LAST_SDK)
        };
        let attributes = fields.length_prefixed()?;
        let (mut certificates, mut certificate_problem) = (Vec::new(), None);
        while list.remaining() > 0 && certificate_problem.is_none() {
            if certificates.len() == CERTIFICATES {
                certificate_problem = Some(Problem::new(
                    "limit-hit",
                    "too many certificates of one signer",
                ));
                break;
            }
            match list.length_prefixed().and_then(Certificate::parse) {
                Ok(certificate) => certificates.push(certificate),
                Err(error) => {
                    certificate_problem = Some(Problem::from_error("malformed-certificate", error))
                }
            }
        }
        Ok(SignedData {
            digests,
            certificates,
            certificate_problem,
            range,
            attributes,
        })
    }
}

fn read_attributes<'a>(
    statement: &mut Statement<'a>,
    bytes: &'a [u8],
    own: &Certificate<'_>,
    ranged: bool,
    budget: &Budget,
) -> Result<(), Problem> {
    let malformed = |error: Error| Problem::from_error("malformed-attribute", error);
    let mut attributes = Reader::new(bytes);
    while attributes.remaining() > 0 {
        let mut attribute = Reader::new(attributes.length_prefixed().map_err(malformed)?);
        let id = attribute.u32().map_err(malformed)?;
        let value = attribute.take(attribute.remaining()).map_err(malformed)?;
        let number = || {
            u32_at(value, 0)
                .ok_or_else(|| Problem::new("malformed-attribute", format!("attribute {id:#010x}")))
        };
        match (id, ranged) {
            (STRIPPING_PROTECTION, false) => statement.newer_schemes.push(number()?),
            (ROTATION_MIN_SDK, true) => statement.rotation_min_sdk = Some(number()?),
            (PROOF_OF_ROTATION, true) => {
                let Lineage {
                    nodes,
                    certificates,
                } = lineage::verify(value, budget)?;
                statement.signer.lineage = nodes;
                statement.lineage = certificates;
                if statement.lineage.last() != Some(&own.raw) {
                    return Err(Problem::new(
                        "lineage-certificate-mismatch",
                        "the lineage does not end at the signer's certificate",
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A certificate as reports name it.
pub fn describe(certificate: &Certificate<'_>) -> CertificateInfo {
    let key = certificate.key();
    CertificateInfo {
        der: certificate.raw.to_vec(),
        sha256: sha256_hex(certificate.raw),
        subject: name_text(certificate.subject),
        issuer: name_text(certificate.issuer),
        valid_from: certificate.not_before.clone().unwrap_or_default(),
        valid_to: certificate.not_after.clone().unwrap_or_default(),
        key_algorithm: key.as_ref().map(PublicKey::kind).unwrap_or_default(),
        key_bits: key.as_ref().map_or(0, PublicKey::bits),
    }
}
