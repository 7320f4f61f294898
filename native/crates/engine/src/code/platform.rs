//! Facts about the Android platform, whose code is not in the package: supertypes of its types, and which names its overridable methods have.
//!
//! Both lists are derived from the public classes of a platform stub (names only), see `docs/differences/dex.md`.

use super::callgraph::Entry;
use super::hierarchy::External;
use super::link::Link;
use super::{Program, find_type};
use crate::dex::Dex;
use std::sync::OnceLock;

/// Types of the platform and their direct supertypes, one type a line, sorted. `java.lang.Object` and markers are left out.
static TYPES: &str = include_str!("platform-types.txt");

/// Rows of a table: a name, and the words behind it; ascending by the bytes of the names.
type Rows = Vec<(&'static str, &'static str)>;

fn rows_of(table: &'static str) -> Rows {
    table
        .lines()
        .filter_map(|row| row.split_once(' '))
        .collect()
}

/// The words behind a name.
fn words_of(rows: &'static Rows, name: &str) -> impl Iterator<Item = &'static str> + use<> {
    let row = rows.binary_search_by_key(&name.as_bytes(), |&(own, _)| own.as_bytes());
    row.into_iter().flat_map(|at| rows[at].1.split(' '))
}

fn types() -> &'static Rows {
    static ROWS: OnceLock<Rows> = OnceLock::new();
    ROWS.get_or_init(|| rows_of(TYPES))
}

/// Direct supertypes of a platform type, as descriptors; `java.lang.Object` and markers are left out.
pub fn direct_supertypes(name: &str) -> impl Iterator<Item = &'static str> + use<> {
    words_of(types(), name)
}

/// For each type of the program that is a platform type: the nearest of its platform supertypes that the program names too.
///
/// Pairs of type ids (type, supertype), ascending. What lies between them in the platform is skipped over.
pub fn supertypes(dexes: &[Dex], link: &Link) -> Vec<(u32, u32)> {
    let rows = types();
    let mut out = Vec::new();
    let mut next = 0;
    for (id, place) in link.types.iter().enumerate() {
        // Both lists ascend by bytes.
        let own = dexes[place.dex as usize]
            .string(place.string)
            .unwrap_or_default();
        while rows
            .get(next)
            .is_some_and(|(name, _)| name.as_bytes() < own)
        {
            next += 1;
        }
        let Some((_, above)) = rows.get(next).filter(|(name, _)| name.as_bytes() == own) else {
            continue;
        };
        let mut above: Vec<&str> = above.split(' ').collect();
        while let Some(name) = above.pop() {
            match find_type(dexes, link, name.as_bytes()) {
                Some(kind) => out.push((id as u32, kind)),
                None => above.extend(direct_supertypes(name)),
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Methods of each platform type that the platform calls on objects of an app (name/number of parameters), one type a line, sorted:
/// all of interfaces, abstract ones and call-backs of classes; `toString` and the like are left out.
static CALLBACKS: &str = include_str!("platform-callbacks.txt");

/// The methods of a platform type itself, as `name/number of parameters`, that the platform calls on objects of an app.
pub fn callbacks(name: &str) -> impl Iterator<Item = &'static str> + use<> {
    static ROWS: OnceLock<Rows> = OnceLock::new();
    words_of(ROWS.get_or_init(|| rows_of(CALLBACKS)), name)
}

/// What the platform does with the methods of one signature, on an object of a class that extends or implements a platform type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overrides {
    /// No platform method has this name: only classes with an ancestor that is missing from the package may be called back.
    NotOfPlatform,
    /// A platform method has this name: it may be called back.
    OfPlatform,
    /// A method of `java.lang.Object`: collections and string concatenation call it on any object.
    OfObject,
    /// A layout names it in `android:onClick`.
    OnClick,
}

impl Overrides {
    /// Whether the platform may call it on an object with these foreign ancestors.
    #[inline]
    pub fn runs(self, external: External) -> bool {
        match self {
            Overrides::NotOfPlatform => external.missing,
            Overrides::OfPlatform => external.any(),
            Overrides::OfObject | Overrides::OnClick => true,
        }
    }
}

/// Names of methods of the platform that a class outside it can override, one a line, sorted; see `docs/differences/dex.md`.
static NAMES: &str = include_str!("platform-overridable.txt");

/// What the name of a method tells.
#[derive(Debug, Clone, Copy)]
struct Named {
    of_platform: bool,
    /// For a method of `java.lang.Object`: how many parameters it has.
    of_object: Option<usize>,
}

/// For each signature of the program, what the platform does with its overrides.
pub fn overrides(program: &Program, entries: &[Entry]) -> Vec<Overrides> {
    static PLATFORM: OnceLock<Vec<&[u8]>> = OnceLock::new();
    let platform = PLATFORM.get_or_init(|| NAMES.lines().map(str::as_bytes).collect());
    let mut out = vec![Overrides::NotOfPlatform; program.hierarchy.signature_count as usize];
    let mut cursor = 0;
    let names: Vec<Named> = program
        .link
        .names
        .iter()
        .map(|&place| {
            // Both lists ascend by bytes.
            let name = program.bytes(place);
            while platform.get(cursor).is_some_and(|&known| known < name) {
                cursor += 1;
            }
            Named {
                of_platform: platform.get(cursor) == Some(&name) || is_callback_name(name),
                of_object: object_method(name),
            }
        })
        .collect();
    let clicks: Vec<u32> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::OnClick(method) => program.find_name(method),
            Entry::Class(_) => None,
        })
        .collect();
    let view = program.find_type(b"Landroid/view/View;");
    for (id, key) in program.link.methods.iter().enumerate() {
        let named = names[key.name as usize];
        let own_click = !clicks.is_empty() && clicks.contains(&key.name);
        if !named.of_platform && named.of_object.is_none() && !own_click {
            continue;
        }
        let slot = &mut out[program.hierarchy.signatures[id] as usize];
        if *slot != Overrides::NotOfPlatform {
            continue;
        }
        let types = program.link.proto(key.proto);
        if named.of_object == Some(types.len() - 1) {
            *slot = Overrides::OfObject;
        } else if own_click && types.get(1).copied() == view {
            *slot = Overrides::OnClick;
        } else if named.of_platform {
            *slot = Overrides::OfPlatform;
        }
    }
    out
}

/// `onSomething`: call-backs of platform versions younger than the list of names.
fn is_callback_name(name: &[u8]) -> bool {
    name.len() > 2 && name.starts_with(b"on") && name[2].is_ascii_uppercase()
}

/// How many parameters the method of `java.lang.Object` with this name has.
fn object_method(name: &[u8]) -> Option<usize> {
    match name {
        b"toString" | b"hashCode" | b"finalize" | b"clone" => Some(0),
        b"equals" => Some(1),
        _ => None,
    }
}
