//! Questions about a program, each for a whole catalog at once.

use super::Program;
use super::callgraph::CallGraph;
use super::constants::{Constant, Constants};
use super::link::NONE;
use super::xref::{Ref, Target, writes_field};
use crate::dex::class_data::access;
use crate::dex::opcode::op;
use crate::dex::{debug, strings};
use crate::{Error, ErrorKind};
use std::collections::BTreeMap;

/// Rows that one question may give.
pub const ROWS: usize = 1_000_000;

/// A method to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSelector {
    /// Dotted name or descriptor of the class; `*` for whatever class.
    pub class: String,
    /// Name of the method, or how it starts with `*` behind it: `*` for all of them, `<init>` for constructors.
    pub method: String,
    /// What the descriptor must start with, such as `(Ljava/lang/String;`; empty for any.
    pub descriptor: String,
    /// Also calls that name a subtype, of the program or of the platform, and mean the same method: the code below it defines no other.
    pub subclasses: bool,
}

/// A field to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSelector {
    /// Dotted name or descriptor of the class.
    pub class: String,
    /// Name of the field; `*` for all of them.
    pub field: String,
}

/// A place in the code that matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Position of the selector.
    pub selector: u32,
    /// What the code names: a method or field id, a type id, or the position of a text in [`StringHits::texts`].
    pub found: u32,
    /// The method definition that it stands in.
    pub caller: u32,
    /// The instruction.
    pub reference: Ref,
    /// Source line, where the DEX has one.
    pub line: Option<u32>,
    /// For a call, what is known of each parameter, the object itself left out.
    pub arguments: Vec<Option<Constant>>,
}

/// Answer of [`Program::find_strings`] and [`Program::search_strings`].
#[derive(Debug, Clone, Default)]
pub struct StringHits {
    /// The strings that match, as (selector, text).
    pub texts: Vec<(u32, String)>,
    /// Uses in code; `found` is a position in `texts`.
    pub hits: Vec<Hit>,
    /// Positions in `texts` of strings that no instruction uses.
    pub unused: Vec<u32>,
}

/// A package of the program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Package {
    /// Dotted name; empty for the unnamed package.
    pub name: String,
    /// Classes defined.
    pub classes: u32,
    /// Classes with a method that can run.
    pub reachable: u32,
    /// Methods defined.
    pub methods: u32,
}

impl Program {
    /// Calls of methods, and handles to them. Rows ascend by selector, caller, code unit.
    pub fn find_calls(&self, selectors: &[CallSelector]) -> Result<Vec<Hit>, Error> {
        let mut subclasses: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut hits = Vec::new();
        for (position, selector) in selectors.iter().enumerate() {
            let names = self.names_like(&selector.method);
            if names.is_empty() {
                continue;
            }
            let matches = |id: &usize| {
                let key = self.link.methods[*id];
                names.contains(&key.name)
                    && (selector.descriptor.is_empty()
                        || self
                            .proto_descriptor(key.proto)
                            .starts_with(&selector.descriptor))
            };
            let number = |id: usize| (self.xref.targets.method(id as u32), id as u32);
            if selector.class == "*" {
                let methods = (0..self.link.methods.len()).filter(matches);
                self.collect(position as u32, methods.map(number), &mut hits)?;
                continue;
            }
            let Some(class) = self.find_class(&selector.class) else {
                continue;
            };
            let mut methods: Vec<usize> = self.link.methods_of(class).filter(matches).collect();
            if selector.subclasses {
                let below = subclasses
                    .entry(class)
                    .or_insert_with(|| self.hierarchy.all_subtypes(&self.defs, class));
                for &kind in below.iter() {
                    let inherited = |&id: &usize| self.inherits(kind, class, id as u32);
                    methods.extend(self.link.methods_of(kind).filter(matches).filter(inherited));
                }
            }
            self.collect(position as u32, methods.into_iter().map(number), &mut hits)?;
        }
        self.complete(&mut hits, true);
        Ok(hits)
    }

    /// Reads and writes of fields.
    pub fn find_fields(&self, selectors: &[FieldSelector]) -> Result<Vec<Hit>, Error> {
        let mut hits = Vec::new();
        for (position, selector) in selectors.iter().enumerate() {
            let Some(class) = self.find_class(&selector.class) else {
                continue;
            };
            let name = self.find_name(&selector.field);
            if name.is_none() && selector.field != "*" {
                continue;
            }
            let matches = |&id: &usize| name.is_none_or(|name| name == self.link.fields[id].name);
            let fields = self.link.fields_of(class).filter(matches);
            let targets = fields.map(|id| (self.xref.targets.field(id as u32), id as u32));
            self.collect(position as u32, targets, &mut hits)?;
        }
        self.complete(&mut hits, false);
        Ok(hits)
    }

    /// Uses of types (constants, casts, tests, objects, arrays) whose dotted names start with a prefix.
    pub fn find_types(&self, prefixes: &[String]) -> Result<Vec<Hit>, Error> {
        let mut hits = Vec::new();
        for (position, prefix) in prefixes.iter().enumerate() {
            let types = self.types_with_prefix(&type_prefix(prefix));
            let targets = types.map(|id| (self.xref.targets.kind(id), id));
            self.collect(position as u32, targets, &mut hits)?;
        }
        self.complete(&mut hits, false);
        Ok(hits)
    }

    /// Strings that equal or start with a text, and their uses in code. Selectors are numbered through both lists.
    pub fn find_strings(&self, equal: &[String], prefixes: &[String]) -> Result<StringHits, Error> {
        let mut found: Vec<(u32, u32, u32)> = Vec::new();
        for (at, dex) in self.dexes.iter().enumerate() {
            let at = at as u32;
            let range = |wanted: &[u8], keep: fn(&[u8], &[u8]) -> bool| {
                let bytes = |index: u32| dex.string(index).unwrap_or_default();
                let (mut first, mut end) = (0, dex.string_count());
                while first < end {
                    let middle = first + (end - first) / 2;
                    if strings::compare(bytes(middle), wanted).is_lt() {
                        first = middle + 1;
                    } else {
                        end = middle;
                    }
                }
                (first..dex.string_count())
                    .take_while(move |&index| keep(bytes(index), wanted))
                    .collect::<Vec<u32>>()
            };
            for (position, text) in equal.iter().enumerate() {
                let rows = range(&strings::encode(text), |own, wanted| own == wanted);
                found.extend(rows.into_iter().map(|index| (position as u32, at, index)));
            }
            for (position, text) in prefixes.iter().enumerate() {
                let rows = range(&strings::encode(text), |own, wanted| {
                    own.starts_with(wanted)
                });
                let selector = (equal.len() + position) as u32;
                found.extend(rows.into_iter().map(|index| (selector, at, index)));
            }
        }
        if found.len() > ROWS {
            return Err(too_many());
        }
        let mut by_text: BTreeMap<(u32, String), Vec<(u32, u32)>> = BTreeMap::new();
        for (selector, dex, index) in found {
            let text = self.dexes[dex as usize].text(index).into_owned();
            by_text
                .entry((selector, text))
                .or_default()
                .push((dex, index));
        }
        let mut out = StringHits::default();
        for ((selector, text), places) in by_text {
            let position = out.texts.len() as u32;
            let before = out.hits.len();
            let targets = places
                .iter()
                .map(|&(dex, index)| (self.xref.targets.string(dex, index), position));
            self.collect(selector, targets, &mut out.hits)?;
            if out.hits.len() == before {
                out.unused.push(position);
            }
            out.texts.push((selector, text));
        }
        self.complete(&mut out.hits, false);
        Ok(out)
    }

    /// Adds all references to some targets. Of several references of one instruction to one target, the first one counts.
    pub(super) fn collect(
        &self,
        selector: u32,
        targets: impl Iterator<Item = (u32, u32)>,
        hits: &mut Vec<Hit>,
    ) -> Result<(), Error> {
        for (target, found) in targets {
            for &position in self.xref.to(target) {
                let hit = Hit {
                    selector,
                    found,
                    caller: self.xref.def_of(position),
                    reference: self.xref.refs[position as usize],
                    line: None,
                    arguments: Vec::new(),
                };
                if hits.last() != Some(&hit) {
                    hits.push(hit);
                }
            }
            if hits.len() > ROWS {
                return Err(too_many());
            }
        }
        Ok(())
    }

    /// Fills in lines and constants, method by method, and puts the rows in order.
    pub(super) fn complete(&self, hits: &mut [Hit], with_arguments: bool) {
        let mut constants = Constants::new(self);
        hits.sort_by_key(|hit| (hit.caller, hit.reference.unit()));
        for of_method in hits.chunk_by_mut(|a, b| a.caller == b.caller) {
            let caller = of_method[0].caller;
            let method = self.defs.methods[caller as usize];
            let dex = &self.dexes[self.defs.class(caller).dex as usize];
            let lines = dex
                .code(method.code)
                .map(|code| dex.lines(&code))
                .unwrap_or_default();
            let units: Vec<u32> = of_method.iter().map(|hit| hit.reference.unit()).collect();
            let known = if with_arguments {
                let mut once = units.clone();
                once.dedup();
                let values = constants.arguments(caller, &once);
                once.into_iter().zip(values).collect()
            } else {
                BTreeMap::new()
            };
            for hit in of_method {
                hit.line = debug::line_of(&lines, hit.reference.unit());
                if let Some(registers) = known.get(&hit.reference.unit()) {
                    let known = self.parameters(hit, registers).into_iter();
                    hit.arguments = known
                        .map(|value| value.map(|constant| constants.settle(constant)))
                        .collect();
                }
            }
        }
        hits.sort_by_key(|hit| (hit.selector, hit.caller, hit.reference.unit()));
    }

    /// One value for each parameter, out of one for each register: `long` and `double` take two.
    fn parameters(&self, hit: &Hit, registers: &[Option<Constant>]) -> Vec<Option<Constant>> {
        let opcode = hit.reference.op();
        if opcode >= op::INVOKE_CUSTOM {
            return Vec::new();
        }
        let is_static = matches!(opcode, 0x71 | 0x77);
        let proto = self.link.proto(self.link.methods[hit.found as usize].proto);
        let mut register = usize::from(!is_static);
        let mut out = Vec::with_capacity(proto.len() - 1);
        for &kind in &proto[1..] {
            out.push(registers.get(register).cloned().flatten());
            register += if matches!(self.descriptor(kind), b"J" | b"D") {
                2
            } else {
                1
            };
        }
        out
    }

    /// Classes of the program below a type, at any depth, ascending.
    pub fn subclasses(&self, kind: u32) -> Vec<u32> {
        let mut below = self.hierarchy.all_subtypes(&self.defs, kind);
        below.retain(|&kind| self.defs.class_of[kind as usize] != NONE);
        below
    }

    /// Whether a method named on `kind` is the one of its supertype `class`: nothing between them defines it.
    fn inherits(&self, kind: u32, class: u32, method: u32) -> bool {
        let key = self.link.methods[method as usize];
        let defines = |position: &u32| {
            let class = self.defs.classes[*position as usize].kind;
            self.defined_in(class, key.name, key.proto).is_some()
        };
        let definer = self.hierarchy.chain(&self.defs, kind).find(defines);
        definer.is_none_or(|position| self.defs.classes[position as usize].kind == class)
    }

    /// How a hit refers to what was found.
    pub fn hit_kind(reference: Ref) -> &'static str {
        match reference.op() {
            0x6e | 0x74 => "virtual",
            0x6f | 0x75 => "super",
            0x70 | 0x76 => "direct",
            0x71 | 0x77 => "static",
            0x72 | 0x78 => "interface",
            0xfa | 0xfb => "polymorphic",
            0xfc | 0xfd => "custom",
            op::CONST_METHOD_HANDLE => "handle",
            0x1a | 0x1b => "string",
            op::CONST_CLASS => "class",
            0x1f => "cast",
            0x20 => "instance-of",
            op::NEW_INSTANCE => "new",
            0x23..=0x25 => "array",
            opcode if writes_field(opcode) => "write",
            _ => "read",
        }
    }

    /// Packages with the classes that Android loads from them, by name.
    pub fn packages(&self, graph: &CallGraph) -> Vec<Package> {
        let mut out: Vec<Package> = Vec::new();
        // Type ids ascend by descriptor, but a package's own classes and those of its subpackages mix: `a/b/C;` `a/b/c/D;` `a/b/d;`.
        let mut by_name: BTreeMap<&[u8], Package> = BTreeMap::new();
        for class in self.defs.classes.iter().filter(|class| !class.shadowed) {
            let name = self
                .descriptor(class.kind)
                .strip_prefix(b"L")
                .unwrap_or_default();
            let end = name.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
            let package = by_name.entry(&name[..end]).or_default();
            package.classes += 1;
            package.methods += class.methods.len() as u32;
            package.reachable += u32::from(class.methods.clone().any(|def| graph.reached(def)));
        }
        for (name, package) in by_name {
            out.push(Package {
                name: strings::decode(name).replace('/', "."),
                ..package
            });
        }
        out
    }

    /// Classes that the program defines under a prefix of their dotted name, ascending.
    pub fn classes(&self, prefix: &str) -> Vec<u32> {
        let types = self.types_with_prefix(&type_prefix(prefix));
        types
            .filter(|&kind| self.defs.class_of[kind as usize] != NONE)
            .collect()
    }

    /// Classes that are named and not defined under a prefix of their dotted name, ascending.
    pub fn foreign_types(&self, prefix: &str) -> Vec<u32> {
        let types = self.types_with_prefix(&type_prefix(prefix));
        types
            .filter(|&kind| self.defs.class_of[kind as usize] == NONE)
            .collect()
    }

    /// A class and its superclasses, nearest first, the first one outside the program included.
    pub fn superclasses(&self, kind: u32) -> Vec<u32> {
        let mut out = vec![kind];
        for position in self.hierarchy.chain(&self.defs, kind) {
            let superclass = self.defs.classes[position as usize].superclass;
            if superclass != NONE && !out.contains(&superclass) {
                out.push(superclass);
            }
        }
        out
    }

    /// Strings that the methods of a class use, ascending by DEX and text.
    pub fn strings_of_class(&self, kind: u32) -> Vec<String> {
        let Some(class) = self.defs.loaded(kind) else {
            return Vec::new();
        };
        let positions = class.methods.clone().flat_map(|def| self.xref.of(def));
        let mut places: Vec<u32> = positions
            .map(|position| self.xref.refs[position].target)
            .filter(|&target| matches!(self.xref.targets.get(target), Target::String(..)))
            .collect();
        places.sort_unstable();
        places.dedup();
        let text = |target| match self.xref.targets.get(target) {
            Target::String(dex, index) => self.dexes[dex as usize].text(index).into_owned(),
            _ => String::new(),
        };
        places.into_iter().map(text).collect()
    }

    /// The constant of a static field, by the names of class and field.
    pub fn static_field(&self, class: &str, field: &str) -> Option<Constant> {
        let kind = self.find_class(class)?;
        let name = self.find_name(field)?;
        let mut fields = self.link.fields_of(kind);
        let id = fields.find(|&id| self.link.fields[id].name == name)?;
        self.static_constant(id as u32)
    }

    /// Definitions of a method by names: all overloads, or the one with a descriptor.
    pub fn find_methods(&self, class: &str, method: &str, descriptor: Option<&str>) -> Vec<u32> {
        let (Some(kind), Some(name)) = (self.find_class(class), self.find_name(method)) else {
            return Vec::new();
        };
        let ids = self.link.methods_of(kind).filter(|&id| {
            let key = self.link.methods[id];
            key.name == name
                && descriptor.is_none_or(|wanted| self.proto_descriptor(key.proto) == wanted)
        });
        ids.map(|id| self.defs.def_of[id])
            .filter(|&def| def != NONE)
            .collect()
    }

    /// Whether a method is `abstract` or native: it has no code here.
    pub fn has_code(&self, def: u32) -> bool {
        let method = self.defs.methods[def as usize];
        method.code != 0 && method.access & (access::ABSTRACT | access::NATIVE) == 0
    }
}

pub(super) fn too_many() -> Error {
    Error::new(
        ErrorKind::LimitHit,
        format!("more than {ROWS} rows: ask for less at once"),
    )
}

/// `com.example.` -> `Lcom/example/`.
fn type_prefix(prefix: &str) -> Vec<u8> {
    strings::encode(&format!("L{}", prefix.replace('.', "/"))).into_owned()
}
