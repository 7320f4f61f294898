//! The bytes of one file: mapped from disk, or held in memory.

use crate::error::{Error, ErrorKind};
use std::fs::File;
use std::ops::Deref;
use std::path::Path;

/// Read-only bytes. A mapped file costs no memory of its own: a package of two gigabytes is read in place.
pub enum Source {
    /// Mapped from disk.
    Mapped(memmap2::Mmap),
    /// Held in memory.
    Owned(Vec<u8>),
}

impl Source {
    /// Maps a regular file. An empty file is [`Source::Owned`], since nothing can be mapped.
    pub fn open(path: &Path) -> Result<Source, Error> {
        let io = |error: std::io::Error| Error::new(ErrorKind::Io, error.to_string());
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(Error::new(ErrorKind::Io, "not a regular file"));
        }
        if metadata.len() == 0 {
            return Ok(Source::Owned(Vec::new()));
        }
        // A file that is cut while it is mapped ends the process with SIGBUS. Inspection runs in a child process for such cases.
        #[allow(unsafe_code)]
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(io)?;
        Ok(Source::Mapped(map))
    }
}

impl Deref for Source {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Source::Mapped(map) => map,
            Source::Owned(bytes) => bytes,
        }
    }
}
