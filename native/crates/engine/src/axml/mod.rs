//! Binary XML (AXML) and resource tables (`resources.arsc`), as Android's `ResourceTypes.cpp` and `LoadedArsc.cpp` read them.
//!
//! ```text
//! chunk       the header that all parts share
//! pool        string pools
//! document    binary XML: manifest, layouts
//! attributes  names of the framework's attributes by resource id
//! table       resource table: index of packages, types, configurations
//! config      configurations as qualifiers
//! resolve     questions to a table: values, names, texts
//! layouts     texts of all layouts of a package
//! code_names  classes and methods that XML resources name
//! ```

mod attributes;
mod chunk;
mod code_names;
mod config;
mod document;
mod layouts;
mod pool;
mod resolve;
mod table;
#[cfg(test)]
mod tests;

pub use attributes::{ANDROID_NAMESPACE, framework_attribute};
pub use code_names::{CodeNames, code_names};
pub use document::{Attribute, Document, Element, NONE, TYPE_STRING, Text};
pub use layouts::{LayoutText, layouts};
pub use pool::StringPool;
pub use resolve::{StringResource, TYPE_DYNAMIC_REFERENCE, TYPE_REFERENCE, Value};
pub use table::{Package, Table};
