//! Scheme v1: `MANIFEST.MF` digests every entry, `*.SF` digests the manifest, a signature block signs the `*.SF`.
//!
//! Sources: the JAR file specification, section "Signed JAR File"; Android differs: entries under `META-INF/` and directories need no
//! digest, every other entry does, and all entries must have the same signers.

use super::block::{Block, stated_directory};
use super::key::Budget;
use super::manifest::{self, Section};
use super::pkcs7::{self, Verified};
use super::scheme::is_missing;
use super::signer::describe;
use super::{Problem, SIGNERS, SchemeResult, Signer};
use crate::error::Error;
use crate::limits::Limits;
use crate::zip::{Archive, Entry, STORED};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

const FOLDER: &str = "META-INF/";
const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// Bytes of a manifest, signature file or signature block; a manifest of 200,000 entries has some 20 million.
const SIGNATURE_BYTES: u64 = 64 << 20;

/// What the JAR signature of one file is verified with.
pub struct Jar<'f, 'j> {
    pub file: &'f [u8],
    pub archive: &'j Archive,
    pub limits: &'j Limits,
    pub min_sdk: u32,
    pub block: &'j Block,
    pub budget: &'j Budget,
}

/// `MANIFEST.MF`, read.
struct Manifest<'m> {
    bytes: &'m [u8],
    main: &'m Section<'m>,
    /// Sections of entries.
    sections: &'m [Section<'m>],
    /// Name of the entry -> place in `sections`.
    places: HashMap<String, usize>,
}

/// A `*.SF` that verified against the manifest: places of the manifest's sections that it covers.
type Covered = Vec<usize>;

/// Why a `*.SF` does not verify.
enum Refusal {
    /// Platforms pass over this signer.
    Ignored(Problem),
    /// Platforms refuse the package.
    Failed(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        Refusal::Failed(problem)
    }
}

impl<'f> Jar<'f, '_> {
    /// Verifies the JAR signature; `None` if there is none. `inflated` gives the content of entries that is known already.
    pub fn verify(&self, inflated: impl Fn(&Entry) -> Option<&'f [u8]>) -> Option<SchemeResult> {
        let blocks: Vec<&Entry> = self
            .archive
            .entries
            .iter()
            .filter(|entry| is_signature_block(&entry.name))
            .collect();
        let mut signature_files = self
            .archive
            .entries
            .iter()
            .filter(|entry| is_signature_file(&entry.name));
        if blocks.is_empty() && signature_files.next().is_none() {
            return None;
        }
        let mut signers = Vec::new();
        let problem = self.verify_into(&mut signers, &blocks, inflated).err();
        Some(SchemeResult::new("v1", problem, signers))
    }

    fn verify_into(
        &self,
        signers: &mut Vec<Signer>,
        blocks: &[&Entry],
        inflated: impl Fn(&Entry) -> Option<&'f [u8]>,
    ) -> Result<(), Problem> {
        if stated_directory(self.file, &self.archive.layout).is_none() {
            let detail = "the end record does not lead platforms to the central directory";
            return Err(Problem::new("malformed-archive", detail));
        }
        let mut names = HashSet::with_capacity(self.archive.entries.len());
        let mut files = self.archive.entries.iter();
        // Directories are passed over: a manifest must not name them.
        if let Some(entry) =
            files.find(|entry| !entry.name.ends_with('/') && !names.insert(entry.name.as_str()))
        {
            return Err(Problem::new(
                "duplicate-entry",
                format!("{} occurs twice", entry.name),
            ));
        }
        let Some(entry) = self.archive.find(MANIFEST) else {
            return Err(Problem::new("no-manifest", format!("no {MANIFEST}")));
        };
        let bytes = self.small_content(entry)?;
        let sections = manifest::parse(&bytes)?;
        let manifest = Manifest::read(&bytes, &sections, &names)?;
        let signature_files = self.verify_blocks(signers, blocks)?;
        let covered = self.verify_signature_files(signers, &signature_files, &manifest)?;
        let effective = self.verify_entries(&manifest, &covered, inflated)?;
        let mut place = 0..;
        signers.retain(|_| {
            place
                .next()
                .is_some_and(|place| effective & 1 << place != 0)
        });
        Ok(())
    }

    /// Gives the signers whose signature blocks fit their `*.SF`; neither manifest nor entries are looked at. `None` if there is none.
    pub fn signers(&self) -> Option<SchemeResult> {
        let blocks: Vec<&Entry> = self
            .archive
            .entries
            .iter()
            .filter(|entry| is_signature_block(&entry.name))
            .collect();
        if blocks.is_empty() {
            return None;
        }
        let mut signers = Vec::new();
        let problem = self.verify_blocks(&mut signers, &blocks).err();
        Some(SchemeResult::new("v1", problem, signers))
    }

    /// Verifies each signature block against its `*.SF`; gives the contents of these, one for each signer.
    fn verify_blocks(
        &self,
        signers: &mut Vec<Signer>,
        blocks: &[&Entry],
    ) -> Result<Vec<Cow<'f, [u8]>>, Problem> {
        let mut signature_files = Vec::new();
        for entry in blocks {
            let stem = entry.name.rsplit_once('.').map_or("", |(stem, _)| stem);
            // A block without its signature file is passed over.
            let Some(signature_file) = self.archive.find(&format!("{stem}.SF")) else {
                continue;
            };
            if signature_files.len() == SIGNERS {
                return Err(Problem::new(
                    "too-many-signers",
                    format!("more than {SIGNERS} signers"),
                ));
            }
            let (block, signed) = (
                self.small_content(entry)?,
                self.small_content(signature_file)?,
            );
            let mut signer = Signer {
                name: entry.name.clone(),
                ..Signer::default()
            };
            match pkcs7::verify(self.budget, &block, &signed, self.min_sdk) {
                Ok(Verified { chain, algorithm }) => {
                    signer.certificates = chain.iter().map(describe).collect();
                    signer.algorithms.push(algorithm.name());
                }
                Err(problem) => signer.problem = Some(problem),
            }
            signers.push(signer);
            signature_files.push(signed);
        }
        if signature_files.is_empty() {
            return Err(Problem::new(
                "no-signatures",
                "no signature block with its signature file",
            ));
        }
        match signers.iter().find_map(|signer| signer.problem.clone()) {
            Some(problem) => Err(problem),
            None => Ok(signature_files),
        }
    }

    /// Verifies each `*.SF` against the manifest: for each section of the manifest, a bit for each signer that covers it.
    fn verify_signature_files(
        &self,
        signers: &mut [Signer],
        signature_files: &[Cow<'_, [u8]>],
        manifest: &Manifest<'_>,
    ) -> Result<Vec<u16>, Problem> {
        let mut covered = vec![0; manifest.sections.len()];
        let (mut accepted, mut ignored) = (0, None);
        for (number, bytes) in signature_files.iter().enumerate() {
            match self.verify_signature_file(bytes, manifest) {
                Ok(places) => {
                    accepted += 1;
                    places
                        .into_iter()
                        .for_each(|place| covered[place] |= 1 << number);
                }
                Err(Refusal::Ignored(problem)) => {
                    ignored.get_or_insert(problem);
                }
                Err(Refusal::Failed(problem)) => signers[number].problem = Some(problem),
            }
        }
        match signers.iter().find_map(|signer| signer.problem.clone()) {
            Some(problem) => Err(problem),
            None if accepted == 0 => {
                Err(ignored
                    .unwrap_or_else(|| Problem::new("no-signatures", "no signer is accepted")))
            }
            None => Ok(covered),
        }
    }

    fn verify_signature_file(
        &self,
        bytes: &[u8],
        manifest: &Manifest<'_>,
    ) -> Result<Covered, Refusal> {
        let sections = manifest::parse(bytes)?;
        let Some((main, sections)) = sections
            .split_first()
            .filter(|(main, _)| main.get("Signature-Version").is_some())
        else {
            return Err(Refusal::Ignored(Problem::new(
                "no-signature-version",
                "a signature file without a version",
            )));
        };
        self.check_stripping(main)?;
        // Files of Mozilla's signtool use other attribute names, and digest a section without its second line feed.
        let by_signtool = main
            .get("Created-By")
            .is_some_and(|value| memchr::memmem::find(value, b"signtool").is_some());
        let whole = if by_signtool {
            "-Digest"
        } else {
            "-Digest-Manifest"
        };
        let digests = main.digests(whole, self.min_sdk)?;
        let whole_fits = !digests.is_empty() && fits(&digests, manifest.bytes);
        if !by_signtool {
            let digests = main.digests("-Digest-Manifest-Main-Attributes", self.min_sdk)?;
            if !fits(&digests, &manifest.bytes[manifest.main.range.clone()]) {
                return Err(Problem::new(
                    "manifest-digest-mismatch",
                    "the manifest's main section was changed",
                )
                .into());
            }
        }
        let mut names = HashSet::with_capacity(sections.len());
        let mut covered = Vec::with_capacity(sections.len());
        let mut mismatch = None;
        let mut ignored = None;
        for section in sections {
            let Some(name) = section.entry_name() else {
                return Err(Refusal::Ignored(Problem::new(
                    "unnamed-section",
                    "a section of a signature file has no name",
                )));
            };
            let place = manifest.places.get(&name).copied();
            covered.extend(place);
            if !whole_fits && mismatch.is_none() {
                match place {
                    None => {
                        ignored = ignored.or_else(|| {
                            Some(Problem::new(
                                "section-missing",
                                format!("{name} is not in the manifest"),
                            ))
                        })
                    }
                    Some(place) => {
                        mismatch = self
                            .check_section(section, manifest, place, by_signtool)
                            .err()
                    }
                }
            }
            if !names.insert(name) {
                return Err(Refusal::Ignored(Problem::new(
                    "duplicate-section",
                    "a signature file names an entry twice",
                )));
            }
        }
        match (ignored, mismatch) {
            (Some(problem), _) => Err(Refusal::Ignored(problem)),
            (None, Some(problem)) => Err(Refusal::Failed(problem)),
            (None, None) => Ok(covered),
        }
    }

    /// Whether one section of the manifest has the digest that the signature file states for it.
    fn check_section(
        &self,
        section: &Section<'_>,
        manifest: &Manifest<'_>,
        place: usize,
        by_signtool: bool,
    ) -> Result<(), Problem> {
        let digests = section.digests("-Digest", self.min_sdk)?;
        let name = || section.entry_name().unwrap_or_default();
        if digests.is_empty() {
            return Err(Problem::new(
                "no-digest",
                format!("{}: no digest of its section in a signature file", name()),
            ));
        }
        let mut bytes = &manifest.bytes[manifest.sections[place].range.clone()];
        if by_signtool && bytes.ends_with(b"\n\n") {
            bytes = &bytes[..bytes.len() - 1];
        }
        if !fits(&digests, bytes) {
            return Err(Problem::new(
                "manifest-digest-mismatch",
                format!("{}: its section of the manifest was changed", name()),
            ));
        }
        Ok(())
    }

    /// Refuses a package that says it was signed with a newer scheme too, where that is not there.
    fn check_stripping(&self, main: &Section<'_>) -> Result<(), Problem> {
        let Some(value) = main.get("X-Android-APK-Signed") else {
            return Ok(());
        };
        let numbers = String::from_utf8_lossy(value);
        let missing = numbers
            .split(',')
            .filter_map(|number| number.trim().parse::<u32>().ok())
            .find(|&scheme| is_missing(self.block, scheme));
        match missing {
            Some(scheme) => Err(Problem::new(
                "missing-newer-scheme",
                format!("v{scheme} is said to be there, and is not"),
            )),
            None => Ok(()),
        }
    }

    /// Hashes every entry that needs a digest, and compares. Gives the signers of all of them, one bit each.
    fn verify_entries(
        &self,
        manifest: &Manifest<'_>,
        covered: &[u16],
        inflated: impl Fn(&Entry) -> Option<&'f [u8]>,
    ) -> Result<u16, Problem> {
        let mut effective = None;
        let mut budget = self.limits.total_bytes;
        for entry in self
            .archive
            .entries
            .iter()
            .filter(|entry| needs_digest(&entry.name))
        {
            let name = &entry.name;
            let Some(&place) = manifest.places.get(name) else {
                return Err(Problem::new(
                    "no-digest",
                    format!("{name} is not in the manifest"),
                ));
            };
            let signers = covered[place];
            if signers == 0 {
                return Err(Problem::new(
                    "entry-not-signed",
                    format!("{name} is in no signature file"),
                ));
            }
            if *effective.get_or_insert(signers) != signers {
                return Err(Problem::new(
                    "signers-differ",
                    format!("{name} has other signers than the entries before it"),
                ));
            }
            let digests = manifest.sections[place].digests("-Digest", self.min_sdk)?;
            if digests.is_empty() {
                return Err(Problem::new(
                    "no-digest",
                    format!("{name} has no digest in the manifest"),
                ));
            }
            let content = match inflated(entry) {
                Some(content) => Cow::Borrowed(content),
                None => self.content(entry)?,
            };
            budget = budget.checked_sub(content.len() as u64).ok_or_else(|| {
                Problem::new(
                    "limit-hit",
                    format!(
                        "entries of more than {} bytes in all",
                        self.limits.total_bytes
                    ),
                )
            })?;
            if !fits(&digests, &content) {
                return Err(Problem::new(
                    "content-digest-mismatch",
                    format!("{name} is not what was signed"),
                ));
            }
        }
        effective.ok_or_else(|| Problem::new("no-signed-entries", "no entry is signed"))
    }

    /// The whole content of an entry that is part of the signature.
    fn small_content(&self, entry: &Entry) -> Result<Cow<'f, [u8]>, Problem> {
        if entry.size > SIGNATURE_BYTES {
            let detail = format!("{}: more than {SIGNATURE_BYTES} bytes", entry.name);
            return Err(Problem::new("limit-hit", detail));
        }
        self.content(entry)
    }

    /// The whole content of an entry.
    fn content(&self, entry: &Entry) -> Result<Cow<'f, [u8]>, Problem> {
        let unreadable = |error: Error| Problem::from_error("entry-unreadable", error);
        let stored = || self.file.get(entry.data.clone()?);
        let content = match stored().filter(|_| entry.method == STORED) {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(
                self.archive
                    .read(self.file, entry, self.limits.member_bytes)
                    .map_err(unreadable)?,
            ),
        };
        if content.len() as u64 != entry.size {
            let detail = format!(
                "{}: {} bytes stated, {} found",
                entry.name,
                entry.size,
                content.len()
            );
            return Err(Problem::new("entry-unreadable", detail));
        }
        Ok(content)
    }
}

impl<'m> Manifest<'m> {
    /// Finds each entry's section; `names` are the entries of the archive.
    fn read(
        bytes: &'m [u8],
        sections: &'m [Section<'m>],
        names: &HashSet<&str>,
    ) -> Result<Manifest<'m>, Problem> {
        let Some((main, sections)) = sections.split_first() else {
            return Err(Problem::new("no-manifest", "the manifest is empty"));
        };
        let mut places = HashMap::with_capacity(sections.len());
        for (place, section) in sections.iter().enumerate() {
            let Some(name) = section.entry_name() else {
                return Err(Problem::new(
                    "unnamed-section",
                    "a section of the manifest has no name",
                ));
            };
            if !names.contains(name.as_str()) {
                return Err(Problem::new(
                    "entry-missing",
                    format!("{name} is in the manifest, not in the package"),
                ));
            }
            if let Some(earlier) = places.insert(name, place) {
                let name = sections[earlier].entry_name().unwrap_or_default();
                return Err(Problem::new(
                    "duplicate-section",
                    format!("{name} is in the manifest twice"),
                ));
            }
        }
        Ok(Manifest {
            bytes,
            main,
            sections,
            places,
        })
    }
}

/// Whether every one of these digests is the digest of `bytes`.
fn fits(digests: &[(super::algorithm::Digest, Vec<u8>)], bytes: &[u8]) -> bool {
    digests
        .iter()
        .all(|(digest, stated)| *digest.of(&[bytes]) == **stated)
}

fn is_signature_file(name: &str) -> bool {
    name.starts_with(FOLDER) && name.ends_with(".SF")
}

fn is_signature_block(name: &str) -> bool {
    name.starts_with(FOLDER)
        && [".RSA", ".DSA", ".EC"]
            .iter()
            .any(|extension| name.ends_with(extension))
}

fn needs_digest(name: &str) -> bool {
    !name.starts_with(FOLDER) && !name.ends_with('/')
}
