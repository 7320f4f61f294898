//! `Package`: one opened archive, and its members.

use crate::errors::guarded;
use assaymark_engine::source::Source;
use assaymark_engine::zip::Archive;
use assaymark_engine::{Error, ErrorKind, Limits};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// One opened package: its bytes and its parsed archive. Cheap to share: other classes of this module hold the same `Arc`.
#[pyclass(frozen, module = "assaymark._engine")]
pub struct Package {
    pub inner: Arc<Opened>,
}

pub struct Opened {
    pub file: Source,
    pub archive: Archive,
    pub limits: Limits,
}

impl Opened {
    fn new(file: Source) -> Result<Opened, Error> {
        let limits = Limits::default();
        let archive = Archive::parse(&file, &limits)?;
        Ok(Opened {
            file,
            archive,
            limits,
        })
    }
}

#[pymethods]
impl Package {
    /// Opens a file on disk. Raises `EngineError` (kind `io`, `not-this-format`, `malformed`, `limit-hit`).
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Package> {
        let opened = guarded(py, || Opened::new(Source::open(&path)?))?;
        Ok(Package {
            inner: Arc::new(opened),
        })
    }

    /// Opens bytes in memory, such as a package inside another one.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: Vec<u8>) -> PyResult<Package> {
        let opened = guarded(py, || Opened::new(Source::Owned(data)))?;
        Ok(Package {
            inner: Arc::new(opened),
        })
    }

    /// The content of a member, at most `limit` bytes.
    fn read(&self, py: Python<'_>, name: &str, limit: u64) -> PyResult<Vec<u8>> {
        let opened = &self.inner;
        guarded(py, || {
            let entry = opened
                .archive
                .find(name)
                .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no member {name}")))?;
            opened.archive.read(&opened.file, entry, limit)
        })
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Package>()
}
