//! Proof of rotation: a chain of certificates, each signed by the one before it.
//!
//! Source: source.android.com, "APK signature scheme v3", section "Proof-of-rotation structs".

use super::algorithm::{BlockAlgorithm, block_algorithm, sha256_hex};
use super::certificate::Certificate;
use super::key::Budget;
use super::{CERTIFICATES, LineageNode, Problem};
use crate::bytes::Reader;
use crate::error::Error;

/// The version of the structure that platforms know.
const VERSION: u32 = 1;

/// A verified chain, oldest certificate first.
pub struct Lineage<'a> {
    pub nodes: Vec<LineageNode>,
    pub certificates: Vec<&'a [u8]>,
}

/// Reads the value of the proof-of-rotation attribute and verifies it link by link.
pub fn verify<'a>(value: &'a [u8], budget: &Budget) -> Result<Lineage<'a>, Problem> {
    let malformed = |error: Error| Problem::from_error("lineage-malformed", error);
    let mut reader = Reader::new(value);
    let version = reader.u32().map_err(malformed)?;
    if version != VERSION {
        return Err(Problem::new(
            "lineage-malformed",
            format!("version {version} of the lineage"),
        ));
    }
    let mut lineage = Lineage {
        nodes: Vec::new(),
        certificates: Vec::new(),
    };
    let mut parent: Option<(Certificate<'_>, Option<BlockAlgorithm>, u32)> = None;
    while reader.remaining() > 0 {
        if lineage.nodes.len() == CERTIFICATES {
            return Err(Problem::new(
                "limit-hit",
                format!("more than {CERTIFICATES} certificates in the lineage"),
            ));
        }
        let node = Node::read(reader.length_prefixed().map_err(malformed)?).map_err(malformed)?;
        let certificate = Certificate::parse(node.certificate).map_err(malformed)?;
        if let Some((parent, algorithm, id)) = &parent {
            check_link(parent, *algorithm, *id, &node, budget)?;
        }
        if lineage.certificates.contains(&certificate.raw) {
            return Err(Problem::new(
                "lineage-signature-mismatch",
                "a certificate occurs twice in the lineage",
            ));
        }
        lineage.nodes.push(LineageNode {
            sha256: sha256_hex(certificate.raw),
            flags: node.flags,
        });
        lineage.certificates.push(certificate.raw);
        parent = Some((
            certificate,
            block_algorithm(node.next_algorithm),
            node.next_algorithm,
        ));
    }
    Ok(lineage)
}

/// One link of the chain.
struct Node<'a> {
    /// What the parent signed: certificate and the algorithm it was signed with.
    signed: &'a [u8],
    certificate: &'a [u8],
    /// The algorithm of the parent's signature, as the signed part states it.
    stated_algorithm: u32,
    flags: u32,
    /// The algorithm with which this certificate signs the next link.
    next_algorithm: u32,
    signature: &'a [u8],
}

impl<'a> Node<'a> {
    fn read(bytes: &'a [u8]) -> Result<Node<'a>, Error> {
        let mut fields = Reader::new(bytes);
        let signed = fields.length_prefixed()?;
        let flags = fields.u32()?;
        let next_algorithm = fields.u32()?;
        let signature = fields.length_prefixed()?;
        let mut inner = Reader::new(signed);
        let certificate = inner.length_prefixed()?;
        let stated_algorithm = inner.u32()?;
        Ok(Node {
            signed,
            certificate,
            stated_algorithm,
            flags,
            next_algorithm,
            signature,
        })
    }
}

fn check_link(
    parent: &Certificate<'_>,
    algorithm: Option<BlockAlgorithm>,
    id: u32,
    node: &Node<'_>,
    budget: &Budget,
) -> Result<(), Problem> {
    let mismatch = |detail: String| Problem::new("lineage-signature-mismatch", detail);
    let Some(algorithm) = algorithm else {
        return Err(Problem::new(
            "lineage-malformed",
            format!("unknown algorithm {id:#06x} in the lineage"),
        ));
    };
    if node.stated_algorithm != id {
        return Err(mismatch(format!(
            "algorithm {:#06x} stated, {id:#06x} used in the lineage",
            node.stated_algorithm
        )));
    }
    let verified = parent
        .key()
        .and_then(|key| key.verify(budget, algorithm.signature, &[node.signed], node.signature))
        .map_err(|error| Problem::from_error("lineage-signature-mismatch", error))?;
    if verified {
        Ok(())
    } else {
        Err(mismatch(
            "a certificate of the lineage is not signed by the one before it".into(),
        ))
    }
}
