//! The engine of assaymark: reads one hostile Android package, and answers coarse questions about it.
//!
//! ```text
//! bytes -> zip -> { axml (manifest, layouts, resource table), signing, dex } -> code (hierarchy, references, call graph)
//! ```
//!
//! Rules that hold in every module:
//! * every length, offset and count comes from an attacker; reading goes through [`bytes::Reader`], never past the end;
//! * work and memory are bounded by [`limits::Limits`], counted in steps or bytes, never by a clock;
//! * what is damaged costs only itself, and leaves a record ([`oddity::Oddity`]) that becomes evidence;
//! * output order depends on the input alone.

pub mod axml;
pub mod bytes;
pub mod code;
pub mod consent;
pub mod dex;
pub mod env;
pub mod error;
pub mod flow;
pub mod hash;
pub mod ir;
pub mod limits;
pub mod oddity;
pub mod signing;
pub mod source;
pub mod words;
pub mod zip;

pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use oddity::Oddity;
