//! What the platform calls in an app without being called by name: overrides of platform methods.

use super::Program;
use super::callgraph::Entry;
use super::hierarchy::External;

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
static NAMES: &str = include_str!("framework-names.txt");

/// For each signature of the program, what the platform does with its overrides.
pub fn overrides(program: &Program, entries: &[Entry]) -> Vec<Overrides> {
    let mut out = vec![Overrides::NotOfPlatform; program.hierarchy.signature_count as usize];
    let platform: Vec<&[u8]> = NAMES.lines().map(str::as_bytes).collect();
    let mut cursor = 0;
    let of_platform: Vec<bool> = program
        .link
        .names
        .iter()
        .map(|&place| {
            // Both lists ascend by bytes.
            let name = program.bytes(place);
            while platform.get(cursor).is_some_and(|&known| known < name) {
                cursor += 1;
            }
            platform.get(cursor) == Some(&name) || is_callback_name(name)
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
        let slot = &mut out[program.hierarchy.signatures[id] as usize];
        if *slot != Overrides::NotOfPlatform {
            continue;
        }
        if is_object_method(program.bytes(program.link.names[key.name as usize]), program.link.proto(key.proto).len() - 1) {
            *slot = Overrides::OfObject;
        } else if !clicks.is_empty() && clicks.contains(&key.name) && program.link.proto(key.proto).get(1).copied() == view {
            *slot = Overrides::OnClick;
        } else if of_platform[key.name as usize] {
            *slot = Overrides::OfPlatform;
        }
    }
    out
}

/// `onSomething`: call-backs of platform versions younger than the list of names.
fn is_callback_name(name: &[u8]) -> bool {
    name.len() > 2 && name.starts_with(b"on") && name[2].is_ascii_uppercase()
}

fn is_object_method(name: &[u8], parameters: usize) -> bool {
    match parameters {
        0 => matches!(name, b"toString" | b"hashCode" | b"finalize" | b"clone"),
        1 => name == b"equals",
        _ => false,
    }
}
