//! `EngineError`: the one exception type, with `kind`, `offset` and `detail`.

use assaymark_engine::{Error, ErrorKind};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

pyo3::create_exception!(
    assaymark._engine,
    EngineError,
    PyException,
    "A typed refusal of the engine: kind, offset, detail."
);

/// Turns an engine error into the Python exception; its arguments are `(kind, offset, detail)`.
pub fn raise(error: Error) -> PyErr {
    EngineError::new_err((error.kind.name(), error.offset, error.detail))
}

/// Runs `work` without the interpreter lock; a panic becomes an [`EngineError`] of kind `malformed`, never a crash.
pub fn guarded<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)))
        .unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Malformed,
                "the engine met a state it did not expect",
            ))
        })
        .map_err(raise)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("EngineError", module.py().get_type::<EngineError>())
}
