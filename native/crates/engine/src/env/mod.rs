//! The world around the code: components, screens, and what the platform makes run.
//!
//! Facts, not analysis: the manifest's components (from the caller), layouts and texts ([`screens`]), and the table of calls that make
//! other methods run ([`rules`]). The consent analysis walks over it; data flow may read the same table.

pub mod rules;
pub mod screens;

/// Kinds of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Activity,
    Service,
    Receiver,
    Provider,
}

/// An enabled component of the manifest.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its class, dotted.
    pub class: String,
    /// Its kind.
    pub kind: Kind,
    /// Whether somebody outside the app can start it: exported, the launcher, or a provider, which starts with the process.
    pub open: bool,
    /// Whether other apps may use it.
    pub exported: bool,
    /// Actions of its intent filters.
    pub actions: Vec<String>,
    /// Names that a provider answers to.
    pub authorities: Vec<String>,
}

/// What the manifest says.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The class of the application, dotted, and other classes that are made with it.
    pub application: Vec<String>,
    /// Name and number of the version.
    pub version: (Option<String>, Option<i64>),
    /// Enabled components.
    pub components: Vec<Component>,
    /// Names and values of all `meta-data`.
    pub meta_data: Vec<(String, String)>,
    /// Classes that a start-up library makes objects of.
    pub initializers: Vec<String>,
}

impl Manifest {
    /// The components of a class: more than one where an alias stands for it.
    pub fn rows_of<'a>(&'a self, class: &'a str) -> impl Iterator<Item = &'a Component> + Clone {
        self.components.iter().filter(move |one| one.class == class)
    }
}
