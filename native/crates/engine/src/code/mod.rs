//! All DEX files of one program together: one numbering, cross references, hierarchy, call graph, questions.
//!
//! ```text
//! Dex* -> Link (ids) -> Defs (classes, methods) -> Xref (references) -> Hierarchy -> CallGraph
//! ```
//!
//! Everything is flat arrays of `u32`; names are decoded for answers only.

pub mod built;
pub mod callgraph;
pub mod constants;
pub mod defs;
pub mod fingerprint;
pub mod hierarchy;
mod joins;
pub mod link;
pub mod neighbours;
pub mod platform;
pub mod query;
pub mod search;
pub mod uris;
pub mod xref;

#[cfg(test)]
mod tests;

use crate::dex::{Dex, Problem, Problems, strings};
use crate::{Error, ErrorKind, Limits};
use callgraph::{CallGraph, Entry};
use defs::Defs;
use hierarchy::Hierarchy;
use link::{Link, MethodKey, NONE, Place};
use std::borrow::Cow;
use std::sync::Arc;
use xref::Xref;

/// The code of one program.
#[derive(Debug, Clone)]
pub struct Program {
    /// The DEX files that could be opened, in loading order.
    pub dexes: Vec<Dex>,
    /// Problems of each DEX met while its classes and code were read.
    pub problems: Vec<Problems>,
    /// DEX files that could not be opened: name and reason.
    pub unreadable: Vec<(String, Error)>,
    /// One numbering for all DEX files.
    pub link: Link,
    /// What is defined.
    pub defs: Defs,
    /// What refers to what.
    pub xref: Xref,
    /// Supertypes and subtypes.
    pub hierarchy: Hierarchy,
}

impl Program {
    /// Reads the DEX files of a program, given in the order in which Android loads them. Never fails as a whole: a file that cannot be
    /// opened, or that exceeds `limits.dex_bytes` together with those before it, is listed as unreadable.
    pub fn open(files: Vec<(String, Arc<Vec<u8>>)>, limits: &Limits) -> Program {
        let mut dexes = Vec::new();
        let mut unreadable = Vec::new();
        let mut left = limits.dex_bytes;
        for (name, bytes) in files {
            let size = bytes.len() as u64;
            if size > left {
                let detail = format!("{size} bytes, {left} left of the limit for all DEX files");
                unreadable.push((name, Error::new(ErrorKind::LimitHit, detail)));
                continue;
            }
            left -= size;
            match Dex::open(&name, bytes) {
                Ok(parts) => dexes.extend(parts),
                Err(error) => unreadable.push((name, error)),
            }
        }
        let mut problems: Vec<Problems> = dexes.iter().map(|dex| dex.problems.clone()).collect();
        let link = Link::new(&dexes);
        let mut defs = Defs::new(&dexes, &link, &mut problems);
        let xref = Xref::new(&dexes, &link, &mut defs, &mut problems);
        let object = find_type(&dexes, &link, b"Ljava/lang/Object;").unwrap_or(NONE);
        let hierarchy = Hierarchy::new(&dexes, &link, &defs, object);
        Program {
            dexes,
            problems,
            unreadable,
            link,
            defs,
            xref,
            hierarchy,
        }
    }

    /// The call graph from these entry points, in at most `limits.graph_steps` steps.
    pub fn call_graph(&self, entries: &[Entry], limits: &Limits) -> CallGraph {
        CallGraph::new(self, entries, limits.graph_steps)
    }

    /// The bytes of a string.
    #[inline]
    pub fn bytes(&self, place: Place) -> &[u8] {
        self.dexes[place.dex as usize]
            .string(place.string)
            .unwrap_or_default()
    }

    /// The descriptor of a type.
    #[inline]
    pub fn descriptor(&self, kind: u32) -> &[u8] {
        self.link
            .types
            .get(kind as usize)
            .map_or(b"", |&place| self.bytes(place))
    }

    /// The definition of a method in a class itself, by name and prototype.
    pub fn defined_in(&self, class: u32, name: u32, proto: u32) -> Option<u32> {
        let key = MethodKey { class, name, proto };
        let id = self.link.methods.binary_search(&key).ok()?;
        Some(self.defs.def_of[id]).filter(|&def| def != NONE)
    }

    /// The name of a type as people write it: `java.lang.String`, `int[]`.
    pub fn type_name(&self, kind: u32) -> String {
        dotted(&strings::decode(self.descriptor(kind)))
    }

    /// A name of a method or a field.
    pub fn name(&self, name: u32) -> Cow<'_, str> {
        strings::decode(self.bytes(self.link.names[name as usize]))
    }

    /// The descriptor of a prototype, such as `(ILjava/lang/String;)V`.
    pub fn proto_descriptor(&self, proto: u32) -> String {
        let types = self.link.proto(proto);
        let mut out = String::from("(");
        for &kind in &types[1..] {
            out.push_str(&strings::decode(self.descriptor(kind)));
        }
        out.push(')');
        out.push_str(&strings::decode(self.descriptor(types[0])));
        out
    }

    /// The type with a descriptor.
    pub fn find_type(&self, descriptor: &[u8]) -> Option<u32> {
        find_type(&self.dexes, &self.link, descriptor)
    }

    /// The type with a name as people write it, or with a descriptor.
    pub fn find_class(&self, name: &str) -> Option<u32> {
        self.find_type(&strings::encode(&descriptor(name)))
    }

    /// Ids of the methods of a class, given by its position, that carry an annotation, given by its type.
    pub fn methods_marked(&self, position: u32, annotation: u32) -> Vec<u32> {
        let class = &self.defs.classes[position as usize];
        let dex = &self.dexes[class.dex as usize];
        let ids = &self.link.ids[class.dex as usize];
        let row = dex.class(class.index);
        let all = row.map(|row| dex.annotations(row.annotations).methods);
        let marked = all.into_iter().flatten().filter(|(_, marks)| {
            let kind = |number: u32| ids.types.get(number as usize);
            marks
                .iter()
                .any(|mark| kind(mark.kind) == Some(&annotation))
        });
        let id = |number: u32| ids.methods.get(number as usize).copied();
        marked
            .filter_map(|(number, _)| id(number).filter(|&id| id != NONE))
            .collect()
    }

    /// Ids of the types whose descriptors start with these bytes.
    pub fn types_with_prefix(&self, prefix: &[u8]) -> std::ops::Range<u32> {
        let all = &self.link.types;
        let first = all.partition_point(|&place| self.bytes(place) < prefix);
        let count = all[first..].partition_point(|&place| self.bytes(place).starts_with(prefix));
        first as u32..(first + count) as u32
    }

    /// The id of a name of a method or a field.
    pub fn find_name(&self, name: &str) -> Option<u32> {
        let name = strings::encode(name);
        let found = self
            .link
            .names
            .binary_search_by(|&place| self.bytes(place).cmp(&name));
        found.ok().map(|id| id as u32)
    }

    /// Ids of the names of methods and fields that equal a text, or start with what stands before its final `*`.
    pub fn names_like(&self, pattern: &str) -> std::ops::Range<u32> {
        let Some(prefix) = pattern.strip_suffix('*') else {
            return self.find_name(pattern).map_or(0..0, |id| id..id + 1);
        };
        let prefix = strings::encode(prefix);
        let all = &self.link.names;
        let first = all.partition_point(|&place| self.bytes(place) < &prefix[..]);
        let count = all[first..].partition_point(|&place| self.bytes(place).starts_with(&prefix));
        first as u32..(first + count) as u32
    }

    /// A method definition for people: class, method, descriptor.
    pub fn method_text(&self, def: u32) -> (String, String, String) {
        let key = self.link.methods[self.defs.methods[def as usize].id as usize];
        let name = self.name(key.name).into_owned();
        (
            self.type_name(key.class),
            name,
            self.proto_descriptor(key.proto),
        )
    }

    /// All problems: name of the DEX, and the problem; unreadable files first.
    pub fn all_problems(&self) -> Vec<(String, Problem)> {
        let refused = self.unreadable.iter().map(|(name, error)| {
            let problem = Problem {
                kind: "dex-unreadable",
                offset: error.offset.unwrap_or_default(),
                detail: format!("{}: {}", error.kind.name(), error.detail),
            };
            (name.clone(), problem)
        });
        let met = self
            .dexes
            .iter()
            .zip(&self.problems)
            .flat_map(|(dex, problems)| {
                problems
                    .list
                    .iter()
                    .map(|problem| (dex.name.clone(), problem.clone()))
            });
        refused.chain(met).collect()
    }
}

fn find_type(dexes: &[Dex], link: &Link, descriptor: &[u8]) -> Option<u32> {
    let bytes = |place: &Place| {
        dexes[place.dex as usize]
            .string(place.string)
            .unwrap_or_default()
    };
    let found = link
        .types
        .binary_search_by(|place| bytes(place).cmp(descriptor));
    found.ok().map(|id| id as u32)
}

/// `Ljava/lang/String;` -> `java.lang.String`, `[I` -> `int[]`; anything else as it stands.
pub fn dotted(descriptor: &str) -> String {
    let element = descriptor.trim_start_matches('[');
    let depth = descriptor.len() - element.len();
    let primitive = match element {
        "V" => "void",
        "Z" => "boolean",
        "B" => "byte",
        "S" => "short",
        "C" => "char",
        "I" => "int",
        "J" => "long",
        "F" => "float",
        "D" => "double",
        _ => "",
    };
    let mut out = match element
        .strip_prefix('L')
        .and_then(|rest| rest.strip_suffix(';'))
    {
        Some(class) => class.replace('/', "."),
        None if primitive.is_empty() => element.to_owned(),
        None => primitive.to_owned(),
    };
    out.push_str(&"[]".repeat(depth));
    out
}

/// `java.lang.String` -> `Ljava/lang/String;`; what is a descriptor already stays.
pub fn descriptor(name: &str) -> String {
    if name.starts_with('[') || (name.starts_with('L') && name.ends_with(';')) {
        return name.to_owned();
    }
    format!("L{};", name.replace('.', "/"))
}
