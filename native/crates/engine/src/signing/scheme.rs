//! Schemes v2, v3 and v3.1: all signers of one scheme together, against the content of the file.

use super::algorithm::Content;
use super::block::{Block, V2, V3, V31};
use super::content::Sections;
use super::key::Budget;
use super::signer::{self, LAST_SDK, Statement};
use super::{Problem, SIGNERS, SchemeResult, Signer};
use crate::bytes::Reader;
use crate::error::Error;
use crate::zip::Archive;

/// The first platform that knows v2.
const V2_SDK: u32 = 24;
/// The first platform that knows v3.
const V3_SDK: u32 = 28;

/// Bytes of one scheme's value that are read; real ones have some thousands.
const VALUE_BYTES: usize = 16 << 20;

/// Verifies the schemes whose pairs the block holds, oldest first. `known`: content digests that were computed already.
pub fn verify(
    file: &[u8],
    archive: &Archive,
    block: &Block,
    min_sdk: u32,
    known: &[(Content, Vec<u8>)],
    budget: &Budget,
) -> Vec<SchemeResult> {
    let Some(range) = &block.range else {
        return Vec::new();
    };
    let Some(mut sections) = Sections::new(file, &archive.layout, range) else {
        return Vec::new();
    };
    for (content, digest) in known {
        sections.know(*content, digest);
    }
    let value = |id: u32| block.find(id).and_then(|range| file.get(range));
    let rotation_sdk = value(V31).map(first_sdk);
    let mut results = Vec::new();
    if let Some(value) = value(V2) {
        let (mut statements, problem) = split(read(value, false, min_sdk.max(V2_SDK), budget));
        for statement in &mut statements {
            let missing = statement
                .newer_schemes
                .iter()
                .find(|&&scheme| is_missing(block, scheme));
            if let Some(scheme) = missing {
                fail(
                    &mut statement.signer,
                    "missing-newer-scheme",
                    format!("v{scheme} is said to be there, and is not"),
                );
            }
        }
        results.push(finish("v2", problem, statements, &mut sections));
    }
    if let Some(value) = value(V3) {
        let (statements, problem) = split(read(value, true, V3_SDK, budget));
        let last = rotation_sdk.map_or(LAST_SDK, |sdk| sdk.saturating_sub(1));
        let problem = problem
            .or_else(|| check_rotation_sdk(&statements, rotation_sdk))
            .or_else(|| check_ranges(&statements, min_sdk.max(V3_SDK), last));
        results.push(finish("v3", problem, statements, &mut sections));
    }
    if let Some(value) = value(V31) {
        let (statements, problem) = split(read(value, true, V3_SDK, budget));
        let problem = problem
            .or_else(|| {
                block
                    .find(V3)
                    .is_none()
                    .then(|| Problem::new("missing-older-scheme", "v3.1 without v3"))
            })
            .or_else(|| check_ranges(&statements, rotation_sdk.unwrap_or(LAST_SDK), LAST_SDK));
        results.push(finish("v3.1", problem, statements, &mut sections));
    }
    results
}

/// Whether a scheme that a signer names by number, and that this engine knows, is not in the block.
pub fn is_missing(block: &Block, scheme: u32) -> bool {
    let id = match scheme {
        2 => V2,
        3 => V3,
        31 => V31,
        _ => return false,
    };
    block.find(id).is_none()
}

/// Reads and verifies each signer of a scheme's value.
fn read<'a>(
    value: &'a [u8],
    ranged: bool,
    min_sdk: u32,
    budget: &Budget,
) -> Result<Vec<Statement<'a>>, Problem> {
    let malformed = |error: Error| Problem::from_error("malformed-signers", error);
    if value.len() > VALUE_BYTES {
        let detail = format!("more than {VALUE_BYTES} bytes in the value of a scheme");
        return Err(Problem::new("limit-hit", detail));
    }
    let mut signers = Reader::new(Reader::new(value).length_prefixed().map_err(malformed)?);
    let mut statements = Vec::new();
    while signers.remaining() > 0 {
        if statements.len() == SIGNERS {
            return Err(Problem::new(
                "too-many-signers",
                format!("more than {SIGNERS} signers"),
            ));
        }
        statements.push(signer::verify(
            signers.length_prefixed().map_err(malformed)?,
            ranged,
            min_sdk,
            budget,
        ));
    }
    if statements.is_empty() {
        return Err(Problem::new("no-signers", "no signer listed"));
    }
    Ok(statements)
}

fn split(read: Result<Vec<Statement<'_>>, Problem>) -> (Vec<Statement<'_>>, Option<Problem>) {
    match read {
        Ok(statements) => (statements, None),
        Err(problem) => (Vec::new(), Some(problem)),
    }
}

/// Compares content digests, and puts the result together.
fn finish(
    scheme: &'static str,
    problem: Option<Problem>,
    mut statements: Vec<Statement<'_>>,
    sections: &mut Sections<'_>,
) -> SchemeResult {
    let failed = problem.is_some()
        || statements
            .iter()
            .any(|statement| statement.signer.problem.is_some());
    if !failed {
        let mut kinds: Vec<_> = statements
            .iter()
            .flat_map(|statement| statement.verified.clone())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        for statement in &mut statements {
            for (content, stated) in statement
                .digests
                .iter()
                .filter(|(content, _)| kinds.contains(content))
            {
                match sections.digest(*content) {
                    Ok(digest) if digest == *stated => {}
                    Ok(_) => fail(
                        &mut statement.signer,
                        "content-digest-mismatch",
                        "the content is not what was signed",
                    ),
                    Err(reason) => fail(&mut statement.signer, "content-digest-mismatch", reason),
                }
            }
        }
    }
    SchemeResult::new(
        scheme,
        problem,
        statements
            .into_iter()
            .map(|statement| statement.signer)
            .collect(),
    )
}

fn fail(signer: &mut Signer, key: &'static str, detail: impl Into<String>) {
    if signer.problem.is_none() {
        signer.problem = Some(Problem::new(key, detail));
    }
}

/// The first platform that the signers of a v3.1 value are for; the last possible if none can be read.
fn first_sdk(value: &[u8]) -> u32 {
    let mut first = LAST_SDK;
    if let Ok(list) = Reader::new(value).length_prefixed() {
        let mut signers = Reader::new(list);
        while let Ok(signer) = signers.length_prefixed() {
            first = first.min(signer::stated_range(signer).map_or(LAST_SDK, |range| range.0));
        }
    }
    first
}

/// Whether v3 and v3.1 agree on the platform from which on v3.1 decides.
fn check_rotation_sdk(statements: &[Statement<'_>], rotation_sdk: Option<u32>) -> Option<Problem> {
    let stated = statements
        .iter()
        .find_map(|statement| statement.rotation_min_sdk)?;
    match rotation_sdk {
        None => Some(Problem::new(
            "missing-newer-scheme",
            "v3.1 is said to be there, and is not",
        )),
        Some(found) if found != stated => Some(Problem::new(
            "rotation-sdk-mismatch",
            format!(
                "v3.1 is said to decide from platform {stated} on, and is for platform {found} on"
            ),
        )),
        Some(_) => None,
    }
}

/// Whether the signers' ranges follow one another from `first` to `last`, each lineage continuing the one before.
fn check_ranges(statements: &[Statement<'_>], first: u32, last: u32) -> Option<Problem> {
    if statements
        .iter()
        .any(|statement| statement.signer.problem.is_some())
    {
        return None;
    }
    let mut ranges: Vec<(u32, u32, &[&[u8]])> = statements
        .iter()
        .map(|statement| {
            let Signer {
                min_sdk, max_sdk, ..
            } = &statement.signer;
            (
                min_sdk.unwrap_or(0),
                max_sdk.unwrap_or(0),
                statement.lineage.as_slice(),
            )
        })
        .collect();
    ranges.sort_by_key(|range| range.0);
    for pair in ranges.windows(2) {
        let (older, newer) = (pair[0], pair[1]);
        if older.1.checked_add(1) != Some(newer.0) {
            return Some(Problem::new(
                "sdk-ranges-inconsistent",
                format!(
                    "platforms {} to {}, then {} to {}",
                    older.0, older.1, newer.0, newer.1
                ),
            ));
        }
        if !newer.2.is_empty() && !newer.2.starts_with(older.2) {
            return Some(Problem::new(
                "lineages-inconsistent",
                "a lineage does not continue the one before it",
            ));
        }
    }
    let covered = ranges.first()?.0 <= first && ranges.last()?.1 >= last;
    (!covered).then(|| {
        let (found_first, found_last) = (ranges[0].0, ranges[ranges.len() - 1].1);
        Problem::new(
            "sdk-range-gap",
            format!(
                "for platforms {found_first} to {found_last}, where {first} to {last} are needed"
            ),
        )
    })
}
