//! The signature block of a JAR signer: a PKCS #7 `SignedData` over the signature file.
//!
//! Source: RFC 5652 (CMS), and what Android makes of it: the first `SignerInfo` that verifies counts from API level 24 on, only the first
//! one before; no chain of trust is built.

use super::algorithm::{SignatureAlgorithm, jar_algorithm};
use super::certificate::{Certificate, same_name};
use super::der::{self, Element, Walker, bad, dotted, same_integer};
use super::key::Budget;
use super::{CERTIFICATES, Problem, SIGNERS};
use crate::error::{Error, ErrorKind};

const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];

/// The first platform that looks beyond the first signer.
const SEVERAL_SIGNERS_SDK: u32 = 24;
/// The first platform that handles signed attributes rightly.
const SIGNED_ATTRIBUTES_SDK: u32 = 19;

/// The signer whose signature holds.
pub struct Verified<'a> {
    /// Its certificate, then those that issued one another, as far as the block has them.
    pub chain: Vec<Certificate<'a>>,
    pub algorithm: SignatureAlgorithm,
}

/// Finds the signer of `message` (the signature file) in `block`.
pub fn verify<'a>(
    budget: &Budget,
    block: &'a [u8],
    message: &[u8],
    min_sdk: u32,
) -> Result<Verified<'a>, Problem> {
    let data = SignedData::read(block)
        .map_err(|error| Problem::from_error("malformed-signature-block", error))?;
    if data.signers.is_empty() {
        return Err(Problem::new(
            "no-signers",
            "no signer in the signature block",
        ));
    }
    let looked_at = if min_sdk < SEVERAL_SIGNERS_SDK {
        1
    } else {
        data.signers.len()
    };
    for signer in &data.signers[..looked_at] {
        if let Some((certificate, algorithm)) =
            verify_signer(budget, &data, signer, message, min_sdk)?
        {
            return Ok(Verified {
                chain: chain(&data.certificates, certificate),
                algorithm,
            });
        }
    }
    Err(Problem::new(
        "signature-mismatch",
        "no signature of the block fits the signature file",
    ))
}

struct SignedData<'a> {
    content_type: &'a [u8],
    certificates: Vec<Certificate<'a>>,
    signers: Vec<SignerInfo<'a>>,
}

struct SignerInfo<'a> {
    issuer: &'a [u8],
    serial: &'a [u8],
    digest: &'a [u8],
    signature_algorithm: &'a [u8],
    attributes: Option<Element<'a>>,
    signature: &'a [u8],
}

impl<'a> SignedData<'a> {
    fn read(block: &'a [u8]) -> Result<SignedData<'a>, Error> {
        let mut info = Walker::new(block).expect(der::SEQUENCE)?.inside();
        let kind = info.expect(der::OID)?.content;
        if kind != SIGNED_DATA {
            return Err(bad(format!("content of type {}", dotted(kind))));
        }
        let mut fields = info
            .expect(der::context(0))?
            .inside()
            .expect(der::SEQUENCE)?
            .inside();
        fields.expect(der::INTEGER)?;
        fields.expect(der::SET)?;
        let content_type = fields
            .expect(der::SEQUENCE)?
            .inside()
            .expect(der::OID)?
            .content;
        let mut certificates = Vec::new();
        if let Some(set) = fields.optional(der::context(0))? {
            let mut elements = set.inside();
            while let Some(element) = elements.next()? {
                within(certificates.len(), CERTIFICATES, "certificates")?;
                certificates.push(Certificate::parse(element.raw)?);
            }
        }
        fields.optional(der::context(1))?;
        let mut signers = Vec::new();
        let mut elements = fields.expect(der::SET)?.inside();
        while let Some(element) = elements.next()? {
            within(signers.len(), SIGNERS, "signers")?;
            signers.push(SignerInfo::read(element)?);
        }
        Ok(SignedData {
            content_type,
            certificates,
            signers,
        })
    }
}

fn within(count: usize, limit: usize, what: &str) -> Result<(), Error> {
    if count < limit {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::LimitHit,
        format!("more than {limit} {what} in a signature block"),
    ))
}

impl<'a> SignerInfo<'a> {
    fn read(element: Element<'a>) -> Result<SignerInfo<'a>, Error> {
        let mut fields = element.inside();
        fields.expect(der::INTEGER)?;
        // Java and Android know no other identifier of a signer than issuer and serial number.
        let mut id = fields.expect(der::SEQUENCE)?.inside();
        let issuer = id.expect(der::SEQUENCE)?.raw;
        let serial = id.expect(der::INTEGER)?.content;
        let digest = fields
            .expect(der::SEQUENCE)?
            .inside()
            .expect(der::OID)?
            .content;
        let attributes = fields.optional(der::context(0))?;
        let signature_algorithm = fields
            .expect(der::SEQUENCE)?
            .inside()
            .expect(der::OID)?
            .content;
        let signature = fields.expect(der::OCTET_STRING)?.content;
        Ok(SignerInfo {
            issuer,
            serial,
            digest,
            signature_algorithm,
            attributes,
            signature,
        })
    }

    /// Whether this certificate is the one the signer names.
    fn is_of(&self, certificate: &Certificate<'_>) -> bool {
        same_integer(self.serial, certificate.serial) && same_name(self.issuer, certificate.issuer)
    }
}

/// The certificate and algorithm with which this signer signed `message`; `None` if it did not, which leaves others to be tried.
fn verify_signer<'d, 'a>(
    budget: &Budget,

    data: &'d SignedData<'a>,
    signer: &SignerInfo<'a>,
    message: &[u8],
    min_sdk: u32,
) -> Result<Option<(&'d Certificate<'a>, SignatureAlgorithm)>, Problem> {
    let (algorithm, since) =
        jar_algorithm(signer.digest, signer.signature_algorithm).ok_or_else(|| {
            let (digest, signature) = (dotted(signer.digest), dotted(signer.signature_algorithm));
            Problem::new(
                "no-supported-signatures",
                format!("digest {digest} with signature {signature}"),
            )
        })?;
    if min_sdk < since {
        return Err(Problem::new(
            "algorithm-too-new",
            format!(
                "{} holds from platform {since} on, and {min_sdk} is asked for",
                algorithm.name()
            ),
        ));
    }
    let certificate = data
        .certificates
        .iter()
        .find(|certificate| signer.is_of(certificate))
        .ok_or_else(|| {
            Problem::new(
                "no-certificates",
                "the signer's certificate is not in the signature block",
            )
        })?;
    if certificate.unknown_critical {
        return Err(Problem::new(
            "certificate-unacceptable",
            "the certificate has an unknown critical extension",
        ));
    }
    if certificate.may_sign == Some(false) {
        return Err(Problem::new(
            "certificate-unacceptable",
            "the certificate's key is not for signatures",
        ));
    }
    let key = certificate
        .key()
        .map_err(|error| Problem::from_error("malformed-public-key", error))?;
    let unreadable = |error: Error| Problem::from_error("signature-unreadable", error);
    let verified = match signer.attributes {
        None => key
            .verify(budget, algorithm, &[message], signer.signature)
            .map_err(unreadable)?,
        Some(attributes) => {
            if min_sdk < SIGNED_ATTRIBUTES_SDK {
                return Err(Problem::new(
                    "algorithm-too-new",
                    "signed attributes hold from platform 19 on",
                ));
            }
            if !attributes_fit(
                attributes,
                data.content_type,
                &algorithm.digest.of(&[message]),
            )? {
                return Ok(None);
            }
            // The signature is over the attributes as a SET, in the order in which they stand.
            key.verify(
                budget,
                algorithm,
                &[&[der::SET], &attributes.raw[1..]],
                signer.signature,
            )
            .map_err(unreadable)?
        }
    };
    Ok(verified.then_some((certificate, algorithm)))
}

/// Whether the signed attributes name this content type and this digest of the message.
fn attributes_fit(
    attributes: Element<'_>,
    content_type: &[u8],
    digest: &[u8],
) -> Result<bool, Problem> {
    let stated_type = single_value(attributes, CONTENT_TYPE, der::OID)?;
    let stated_digest = single_value(attributes, MESSAGE_DIGEST, der::OCTET_STRING)?;
    Ok(stated_type == content_type && stated_digest == digest)
}

/// The one value of the one attribute with this identifier.
fn single_value<'a>(attributes: Element<'a>, id: &[u8], tag: u8) -> Result<&'a [u8], Problem> {
    let malformed = |error: Error| Problem::from_error("malformed-signed-attributes", error);
    let refuse = |what: &str| {
        Problem::new(
            "malformed-signed-attributes",
            format!("{what} {}", dotted(id)),
        )
    };
    let mut found = None;
    let mut walker = attributes.inside();
    while let Some(attribute) = walker.next().map_err(malformed)? {
        let mut fields = attribute.inside();
        if fields.expect(der::OID).map_err(malformed)?.content != id {
            continue;
        }
        let mut values = fields.expect(der::SET).map_err(malformed)?.inside();
        let value = values.expect(tag).map_err(malformed)?.content;
        if values.next().map_err(malformed)?.is_some() {
            return Err(refuse("several values of"));
        }
        if found.replace(value).is_some() {
            return Err(refuse("repeated"));
        }
    }
    found.ok_or_else(|| refuse("no signed attribute"))
}

/// `own`, then its issuer, and so on, each certificate once.
fn chain<'a>(certificates: &[Certificate<'a>], own: &Certificate<'a>) -> Vec<Certificate<'a>> {
    let mut rest: Vec<&Certificate<'a>> = certificates
        .iter()
        .filter(|candidate| candidate.raw != own.raw)
        .collect();
    let mut chain = vec![own.clone()];
    let mut last = own;
    while !same_name(last.issuer, last.subject) {
        let Some(at) = rest
            .iter()
            .position(|candidate| same_name(candidate.subject, last.issuer))
        else {
            break;
        };
        last = rest.swap_remove(at);
        chain.push(last.clone());
    }
    chain
}
