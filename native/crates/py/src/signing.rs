//! Who signed a package, and whether the signatures hold.

use crate::archive::Package;
use crate::errors::guarded;
use assaymark_engine::signing::{self, Content, SchemeResult, Signatures, Signer};
use pyo3::prelude::*;

/// One signer of one scheme; a dictionary in Python. See the stub for the meaning of each key.
#[derive(IntoPyObject)]
struct SignerRow {
    scheme: &'static str,
    status: &'static str,
    problem: Option<&'static str>,
    detail: Option<String>,
    signer: Option<usize>,
    certificate_sha256: Option<String>,
    subject: String,
    issuer: String,
    valid_from: String,
    valid_to: String,
    algorithm: String,
    key_bits: usize,
    lineage: Vec<String>,
}

type Found = (
    Vec<SignerRow>,
    Vec<(u32, usize)>,
    Vec<(&'static str, String)>,
);

/// Verifies every signature scheme present. See the stub.
#[pyfunction]
#[pyo3(signature = (package, min_sdk=None))]
fn signatures(py: Python<'_>, package: &Package, min_sdk: Option<u32>) -> PyResult<Found> {
    let opened = &package.inner;
    guarded(py, || {
        let held = opened.dex();
        let found = signing::verify_with(
            &opened.file,
            &opened.archive,
            &opened.limits,
            min_sdk,
            |entry| {
                let known = held
                    .iter()
                    .find(|(offset, _)| *offset == entry.header_offset);
                known.map(|(_, bytes)| &bytes[..])
            },
        );
        Ok(rows(found))
    })
}

/// Verifies schemes v2 and later against content digests that are known already. See the stub.
#[pyfunction]
fn signers(
    py: Python<'_>,
    package: &Package,
    sha256: Option<Vec<u8>>,
    sha512: Option<Vec<u8>>,
) -> PyResult<Found> {
    let opened = &package.inner;
    let known: Vec<(Content, Vec<u8>)> = [
        (Content::ChunkedSha256, sha256),
        (Content::ChunkedSha512, sha512),
    ]
    .into_iter()
    .filter_map(|(content, digest)| Some((content, digest?)))
    .collect();
    guarded(py, || {
        Ok(rows(signing::signers(
            &opened.file,
            &opened.archive,
            &opened.limits,
            &known,
        )))
    })
}

/// Start and end of the signing block; id, start and end of the value of each pair.
type Block = (Option<(usize, usize)>, Vec<(u32, usize, usize)>);

/// The pairs of the signing block as `(id, start, end)` of their values in the file.
#[pyfunction]
fn signing_block_pairs(py: Python<'_>, package: &Package) -> PyResult<Block> {
    let opened = &package.inner;
    guarded(py, || {
        let (range, pairs) = signing::block_pairs(&opened.file, &opened.archive);
        let pairs = pairs
            .into_iter()
            .map(|pair| (pair.id, pair.value.start, pair.value.end))
            .collect();
        Ok((range.map(|range| (range.start, range.end)), pairs))
    })
}

fn rows(found: Signatures) -> Found {
    let pairs = found.pairs.iter().map(|pair| (pair.id, pair.value.len()));
    let problems = found.block_problems.into_iter();
    (
        found.schemes.iter().flat_map(scheme_rows).collect(),
        pairs.collect(),
        problems
            .map(|problem| (problem.key, problem.detail))
            .collect(),
    )
}

/// One row for each signer; one without a signer for a scheme of which none could be read.
fn scheme_rows(result: &SchemeResult) -> Vec<SignerRow> {
    if result.signers.is_empty() {
        return vec![signer_row(result, None, &Signer::default())];
    }
    let numbered = result.signers.iter().enumerate();
    numbered
        .map(|(number, signer)| signer_row(result, Some(number), signer))
        .collect()
}

fn signer_row(result: &SchemeResult, number: Option<usize>, signer: &Signer) -> SignerRow {
    let problem = signer.problem.as_ref().or(result.problem.as_ref());
    let own = signer.certificates.first();
    let text = |field: fn(&signing::CertificateInfo) -> &String| {
        own.map(field).cloned().unwrap_or_default()
    };
    SignerRow {
        scheme: result.scheme,
        status: result.status.name(),
        problem: problem.map(|problem| problem.key),
        detail: problem.map(|problem| problem.detail.clone()),
        signer: number,
        certificate_sha256: own.map(|own| own.sha256.clone()),
        subject: text(|own| &own.subject),
        issuer: text(|own| &own.issuer),
        valid_from: text(|own| &own.valid_from),
        valid_to: text(|own| &own.valid_to),
        algorithm: text(|own| &own.key_algorithm),
        key_bits: own.map_or(0, |own| own.key_bits),
        lineage: signer
            .lineage
            .iter()
            .map(|node| node.sha256.clone())
            .collect(),
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(signatures, module)?)?;
    module.add_function(wrap_pyfunction!(signers, module)?)?;
    module.add_function(wrap_pyfunction!(signing_block_pairs, module)?)
}
