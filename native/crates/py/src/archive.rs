//! `Package`: one opened archive, and its members.

use crate::errors::guarded;
use crate::xml::Xml;
use assaymark_engine::oddity::{ODDITY_KINDS, OddityLog};
use assaymark_engine::source::Source;
use assaymark_engine::words::words_in;
use assaymark_engine::zip::{Archive, Entry};
use assaymark_engine::{Error, ErrorKind, Limits, Oddity};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// One oddity as Python sees it: kind, member, offset, detail.
pub type OddityRow = (&'static str, String, Option<u64>, String);

/// One entry as Python sees it: name, size, compressed size, method, flags.
type EntryRow = (String, u64, u64, u16, u16);

/// Rows of oddities, in their order.
pub fn oddity_rows(oddities: impl IntoIterator<Item = Oddity>) -> Vec<OddityRow> {
    let rows = oddities.into_iter();
    rows.map(|odd| (odd.kind, odd.member, odd.offset, odd.detail))
        .collect()
}

/// One opened package: its bytes and its parsed archive. Cheap to share: other classes of this module hold the same `Arc`.
#[pyclass(frozen, module = "assaymark._engine")]
pub struct Package {
    pub inner: Arc<Opened>,
}

pub struct Opened {
    pub file: Source,
    pub archive: Archive,
    pub limits: Limits,
    /// Met while members were read.
    met: Mutex<OddityLog>,
    /// Bytes that may still be inflated, over all members read; a package inside another draws on the same account.
    bytes_left: Arc<AtomicU64>,
    /// DEX members that were read whole, by the offset of their header: the code holds them anyway, and the check of a v1 signature
    /// would inflate them again.
    dex: Mutex<Vec<(usize, Arc<Vec<u8>>)>>,
}

impl Opened {
    fn new(file: Source) -> Result<Opened, Error> {
        let limits = Limits::default();
        Opened::within(file, limits, Arc::new(AtomicU64::new(limits.total_bytes)))
    }

    fn within(file: Source, limits: Limits, bytes_left: Arc<AtomicU64>) -> Result<Opened, Error> {
        let archive = Archive::parse(&file, &limits)?;
        Ok(Opened {
            file,
            archive,
            limits,
            met: Mutex::new(OddityLog::new(limits.oddities)),
            bytes_left,
            dex: Mutex::new(Vec::new()),
        })
    }

    fn entry(&self, name: &str) -> Result<&Entry, Error> {
        self.archive.find(name).ok_or_else(|| missing(name))
    }

    /// The content of a member, at most `limit` bytes. What is odd about it is kept for [`Package::oddities`].
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
        self.content(self.entry(name)?, limit)
    }

    /// The content of an entry, at most `limit` bytes and what is left of [`Limits::total_bytes`].
    pub fn content(&self, entry: &Entry, limit: u64) -> Result<Vec<u8>, Error> {
        Ok(self.extract(entry, limit)?.0)
    }

    /// The content of a DEX member, as [`Opened::content`] gives it; kept for [`Opened::dex`] if nothing about it is odd.
    pub fn dex_content(&self, entry: &Entry, limit: u64) -> Result<Arc<Vec<u8>>, Error> {
        let (bytes, sound) = self.extract(entry, limit)?;
        let bytes = Arc::new(bytes);
        if sound {
            let mut held = self.dex.lock().unwrap_or_else(|broken| broken.into_inner());
            held.push((entry.header_offset, bytes.clone()));
        }
        Ok(bytes)
    }

    /// The DEX members read so far, by the offset of their header.
    pub fn dex(&self) -> Vec<(usize, Arc<Vec<u8>>)> {
        self.dex
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
            .clone()
    }

    /// The content of an entry, and whether nothing about it is odd.
    fn extract(&self, entry: &Entry, limit: u64) -> Result<(Vec<u8>, bool), Error> {
        let left = self.bytes_left.load(Ordering::Relaxed);
        let content = match self.archive.extract(&self.file, entry, limit.min(left)) {
            Ok(content) => content,
            Err(error) => {
                if error.kind == ErrorKind::LimitHit {
                    self.spend(limit.min(left)); // it was inflated before the bound stopped it
                }
                return Err(error);
            }
        };
        self.spend(content.bytes.len() as u64);
        let sound = content.complete && content.oddities.is_empty();
        self.note(content.oddities);
        Ok((content.bytes, sound))
    }

    fn spend(&self, bytes: u64) {
        let spent = |left: u64| Some(left.saturating_sub(bytes));
        // The closure always gives a value, so this cannot fail.
        let _ = self
            .bytes_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spent);
    }

    /// Keeps oddities; a member that is read again brings none twice.
    pub fn note(&self, oddities: Vec<Oddity>) {
        if !oddities.is_empty() {
            let mut met = self.met.lock().unwrap_or_else(|broken| broken.into_inner());
            for oddity in oddities {
                met.add_once(oddity);
            }
        }
    }
}

fn missing(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("no member {name}"))
}

#[pymethods]
impl Package {
    /// Opens a file on disk. Raises `EngineError` (kind `io`, `not-this-format`, `malformed`).
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Package> {
        let opened = guarded(py, || Opened::new(Source::open(&path)?))?;
        Ok(Package {
            inner: Arc::new(opened),
        })
    }

    /// Opens bytes in memory.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: Vec<u8>) -> PyResult<Package> {
        let opened = guarded(py, || Opened::new(Source::Owned(data)))?;
        Ok(Package {
            inner: Arc::new(opened),
        })
    }

    /// Bytes of the file.
    #[getter]
    fn size(&self) -> u64 {
        self.inner.file.len() as u64
    }

    /// SHA-256 of the file, in hexadecimal.
    fn sha256(&self, py: Python<'_>) -> PyResult<String> {
        let opened = &self.inner;
        guarded(py, || Ok(format!("{:x}", Sha256::digest(&opened.file[..]))))
    }

    /// All entries in the order of the central directory: name, size, compressed size, method, flags.
    fn entries(&self, py: Python<'_>) -> PyResult<Vec<EntryRow>> {
        let opened = &self.inner;
        guarded(py, || {
            let row = |e: &Entry| (e.name.clone(), e.size, e.compressed_size, e.method, e.flags);
            Ok(opened.archive.entries.iter().map(row).collect())
        })
    }

    /// What was odd about the archive, then what was met in the members read so far: kind, member, offset, detail.
    fn oddities(&self, py: Python<'_>) -> PyResult<Vec<OddityRow>> {
        let opened = &self.inner;
        guarded(py, || {
            let met = opened
                .met
                .lock()
                .unwrap_or_else(|broken| broken.into_inner());
            let all = opened.archive.oddities.iter().cloned();
            Ok(oddity_rows(all.chain(met.clone().finish())))
        })
    }

    /// Whether there is a member of this name.
    fn contains(&self, name: &str) -> bool {
        self.inner.archive.find(name).is_some()
    }

    /// The content of a member. Raises `EngineError`: `not-found`, `limit-hit` beyond `limit` bytes, `malformed` if nothing is readable.
    fn read<'py>(&self, py: Python<'py>, name: &str, limit: u64) -> PyResult<Bound<'py, PyBytes>> {
        let opened = &self.inner;
        let content = guarded(py, || opened.read(name, limit))?;
        Ok(PyBytes::new(py, &content))
    }

    /// The first bytes of a member, at most `length`; fewer if the data is damaged.
    fn prefix<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        length: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let opened = &self.inner;
        let content = guarded(py, || {
            let entry = opened.entry(name)?;
            Ok(opened.archive.prefix(&opened.file, entry, length))
        })?;
        Ok(PyBytes::new(py, &content))
    }

    /// Which of some words stand in a member by themselves; see `assaymark_engine::words`. Nothing that is odd about it is kept.
    fn words(
        &self,
        py: Python<'_>,
        name: &str,
        words: Vec<String>,
        limit: u64,
    ) -> PyResult<Vec<usize>> {
        let opened = &self.inner;
        guarded(py, || {
            let left = opened.bytes_left.load(Ordering::Relaxed);
            let entry = opened.entry(name)?;
            let content = opened
                .archive
                .extract(&opened.file, entry, limit.min(left))?;
            opened.spend(content.bytes.len() as u64);
            words_in(&content.bytes, &words)
        })
    }

    /// The package in a member, such as the base package of a bundle of splits.
    fn nested(&self, py: Python<'_>, name: &str, limit: u64) -> PyResult<Package> {
        let opened = &self.inner;
        let inner = guarded(py, || {
            let file = Source::Owned(opened.read(name, limit)?);
            Opened::within(file, opened.limits, opened.bytes_left.clone())
        })?;
        Ok(Package {
            inner: Arc::new(inner),
        })
    }

    /// The binary XML document in a member: of several with this name, the first that can be read. Its oddities are kept with those of
    /// the package too.
    fn xml(&self, py: Python<'_>, name: &str) -> PyResult<Xml> {
        let opened = &self.inner;
        guarded(py, || {
            let mut refusal = None;
            for entry in opened.archive.find_all(name) {
                let content = opened.content(entry, opened.limits.member_bytes);
                match content.and_then(|bytes| Xml::build(&bytes, &opened.limits)) {
                    Ok(xml) => {
                        opened.note(xml.named_oddities(name));
                        return Ok(xml);
                    }
                    Err(error) => refusal = refusal.or(Some(error)),
                }
            }
            Err(refusal.unwrap_or_else(|| missing(name)))
        })
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("ODDITY_KINDS", ODDITY_KINDS.to_vec())?;
    module.add_class::<Package>()
}
