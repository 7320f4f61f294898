//! Binding only: module `assaymark._engine`. One coarse call per question, the interpreter lock released, no panic crosses.
#![allow(missing_docs)]

use pyo3::prelude::*;

mod archive;
mod code;
mod errors;
mod signing;
mod xml;

#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::register(module)?;
    archive::register(module)?;
    xml::register(module)?;
    signing::register(module)?;
    code::register(module)
}
