//! The cross-reference index: every reference from code to a method, field, type, string, prototype or call site.
//!
//! One linear walk over all code writes the references in the order of the code (`Xref::refs`, what the call graph reads); a counting
//! sort gives the inverse (`Xref::to`, what questions read).

use super::defs::Defs;
use super::link::{Link, NONE};
use crate::dex::opcode::{Index, OPCODES, op};
use crate::dex::value::Value;
use crate::dex::{Dex, Problems};
use std::ops::Range;

/// Code units that one method may have; the runtime refuses far less.
const METHOD_UNITS: usize = 1 << 24;

/// One reference: the place in the code, and what is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ref {
    place: u32,
    /// Number of the target, see [`Targets`].
    pub target: u32,
}

impl Ref {
    fn new(unit: usize, op: u8, target: u32) -> Ref {
        Ref {
            place: u32::from(op) << 24 | unit as u32,
            target,
        }
    }

    /// Opcode that refers. For a method behind a call site or a method handle: `invoke-custom` or `const-method-handle`.
    #[inline]
    pub fn op(self) -> u8 {
        (self.place >> 24) as u8
    }

    /// Code unit of the instruction.
    #[inline]
    pub fn unit(self) -> u32 {
        self.place & 0xff_ffff
    }
}

/// All things that can be referred to share one numbering: methods, fields, types and prototypes by their unified ids, then
/// strings and call sites of each DEX.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    fields: u32,
    types: u32,
    protos: u32,
    strings: Vec<u32>,
    call_sites: Vec<u32>,
    end: u32,
}

/// What a target number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A method, by its unified id.
    Method(u32),
    /// A field, by its unified id.
    Field(u32),
    /// A type, by its unified id.
    Type(u32),
    /// A prototype, by its unified id.
    Proto(u32),
    /// A string: position of the DEX, index in it.
    String(u32, u32),
    /// A call site: position of the DEX, index in it.
    CallSite(u32, u32),
}

impl Targets {
    fn new(dexes: &[Dex], link: &Link) -> Targets {
        let fields = link.methods.len() as u32;
        let types = fields + link.fields.len() as u32;
        let protos = types + link.types.len() as u32;
        let mut end = protos + link.protos.len() as u32;
        let mut rows = |count: fn(&Dex) -> u32| -> Vec<u32> {
            let place = |dex| {
                let start = end;
                end += count(dex);
                start
            };
            dexes.iter().map(place).collect()
        };
        Targets {
            strings: rows(Dex::string_count),
            call_sites: rows(Dex::call_site_count),
            fields,
            types,
            protos,
            end,
        }
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.end as usize
    }

    /// The number of a method.
    pub fn method(&self, id: u32) -> u32 {
        id
    }

    /// The number of a field.
    pub fn field(&self, id: u32) -> u32 {
        self.fields + id
    }

    /// The number of a type.
    pub fn kind(&self, id: u32) -> u32 {
        self.types + id
    }

    /// The number of a string of a DEX.
    pub fn string(&self, dex: u32, index: u32) -> u32 {
        self.strings[dex as usize] + index
    }

    /// What a number stands for.
    pub fn get(&self, target: u32) -> Target {
        if target < self.fields {
            return Target::Method(target);
        }
        if target < self.types {
            return Target::Field(target - self.fields);
        }
        if target < self.protos {
            return Target::Type(target - self.types);
        }
        if target < self.strings[0] {
            return Target::Proto(target - self.protos);
        }
        let within = |starts: &[u32]| {
            let dex = starts.partition_point(|&start| start <= target) - 1;
            (dex as u32, target - starts[dex])
        };
        if target < self.call_sites[0] {
            let (dex, index) = within(&self.strings);
            return Target::String(dex, index);
        }
        let (dex, index) = within(&self.call_sites);
        Target::CallSite(dex, index)
    }
}

/// The index.
#[derive(Debug, Clone, Default)]
pub struct Xref {
    /// The numbering of what is referred to.
    pub targets: Targets,
    /// All references, in the order of the code.
    pub refs: Vec<Ref>,
    /// For each method definition, where its references start; one more at the end.
    starts: Vec<u32>,
    /// For each target, where its part of `inverse` starts; one more at the end.
    inverse_starts: Vec<u32>,
    /// Positions in `refs`, grouped by target, ascending in each group.
    inverse: Vec<u32>,
}

impl Xref {
    /// Walks all code once. The size of each DEX bounds the walk: methods that share code would otherwise multiply it.
    pub fn new(dexes: &[Dex], link: &Link, defs: &mut Defs, problems: &mut [Problems]) -> Xref {
        let mut index = Xref {
            targets: Targets::new(dexes, link),
            refs: Vec::with_capacity(dexes.iter().map(|dex| dex.bytes().len() / 40).sum()),
            starts: Vec::with_capacity(defs.methods.len() + 1),
            ..Xref::default()
        };
        for (at, dex) in dexes.iter().enumerate() {
            index.walk(at, dex, link, defs, &mut problems[at]);
        }
        index.starts.push(index.refs.len() as u32);
        index.invert();
        index
    }

    fn walk(
        &mut self,
        at: usize,
        dex: &Dex,
        link: &Link,
        defs: &mut Defs,
        problems: &mut Problems,
    ) {
        let tables = Tables::new(at, dex, link, &self.targets);
        // Twice as many units as a file of code alone would hold.
        let mut budget = dex.bytes().len();
        for def in defs.of_dex(at) {
            self.starts.push(self.refs.len() as u32);
            let offset = defs.methods[def].code;
            if offset == 0 {
                continue;
            }
            let code = dex
                .code(offset)
                .filter(|code| code.units.len() < METHOD_UNITS);
            let left = code.and_then(|code| budget.checked_sub(code.units.len()));
            let (Some(code), Some(left)) = (code, left) else {
                problems.add(
                    "dex-code",
                    offset as usize,
                    "the code does not lie inside the file",
                );
                defs.mark_damaged(def);
                continue;
            };
            budget = left;
            defs.dex_counts[at].code_methods += 1;
            let (instructions, whole) = self.walk_method(code.units.0, &tables);
            defs.dex_counts[at].instructions += instructions;
            if !whole {
                let what = "an index out of range, or an instruction that is cut short";
                problems.add("dex-instruction", offset as usize, what);
                defs.mark_damaged(def);
            }
        }
    }

    /// Reads one method. Returns the number of instructions, and whether all of them were whole.
    fn walk_method(&mut self, code: &[u8], tables: &Tables<'_>) -> (u64, bool) {
        let units = crate::dex::instruction::Units(code);
        let length = units.len();
        let (mut at, mut count, mut whole) = (0, 0, true);
        while at < length {
            let unit = units.get(at);
            let opcode = unit as u8;
            let shape = SHAPES[usize::from(opcode)];
            count += 1;
            if shape & KIND_MASK != 0 {
                whole &= self.add(units, at, opcode, shape & KIND_MASK, tables);
            } else if opcode == 0 && unit != 0 {
                at = at.saturating_add(units.width(at));
                continue;
            }
            at += usize::from(shape >> 4);
        }
        (count, whole && at == length)
    }

    #[inline]
    fn add(
        &mut self,
        units: crate::dex::instruction::Units<'_>,
        at: usize,
        opcode: u8,
        kind: u8,
        tables: &Tables<'_>,
    ) -> bool {
        const METHOD: u8 = Index::Method as u8;
        const FIELD: u8 = Index::Field as u8;
        const TYPE: u8 = Index::Type as u8;
        const STRING: u8 = Index::String as u8;
        let index = usize::from(units.get(at + 1));
        let translated = match kind {
            METHOD => tables.methods.get(index).copied(),
            FIELD => tables.fields.get(index).copied(),
            TYPE => tables.types.get(index).copied(),
            STRING => tables.string(index as u32),
            _ => return self.add_rare(units, at, opcode, tables),
        };
        match translated {
            Some(target) if target != NONE => {
                self.refs.push(Ref::new(at, opcode, target));
                true
            }
            _ => false,
        }
    }

    #[cold]
    fn add_rare(
        &mut self,
        units: crate::dex::instruction::Units<'_>,
        at: usize,
        opcode: u8,
        tables: &Tables<'_>,
    ) -> bool {
        let index = u32::from(units.get(at + 1));
        let find = |table: &[u32], index: u32| {
            table
                .get(index as usize)
                .copied()
                .filter(|&target| target != NONE)
        };
        let targets = match OPCODES[usize::from(opcode)].index {
            Index::StringJumbo => tables
                .string(units.get32(at + 1))
                .map(|target| vec![target]),
            Index::Polymorphic => {
                let proto = find(&tables.protos, u32::from(units.get(at + 3)));
                find(tables.methods, index)
                    .zip(proto)
                    .map(|(method, proto)| vec![method, proto])
            }
            Index::Proto => find(&tables.protos, index).map(|target| vec![target]),
            Index::MethodHandle => tables
                .handles
                .get(index as usize)
                .copied()
                .flatten()
                .map(|target| vec![target]),
            Index::CallSite => tables.call_sites.get(index as usize).map(|behind| {
                let mut all = vec![tables.call_site_start + index];
                all.extend(behind);
                all
            }),
            _ => None,
        };
        let Some(targets) = targets else {
            return false;
        };
        self.refs.extend(
            targets
                .into_iter()
                .map(|target| Ref::new(at, opcode, target)),
        );
        true
    }

    fn invert(&mut self) {
        let mut starts = vec![0u32; self.targets.end as usize + 2];
        for reference in &self.refs {
            starts[reference.target as usize + 2] += 1;
        }
        for target in 2..starts.len() {
            starts[target] += starts[target - 1];
        }
        let mut inverse = vec![0u32; self.refs.len()];
        for (at, reference) in self.refs.iter().enumerate() {
            let next = &mut starts[reference.target as usize + 1];
            inverse[*next as usize] = at as u32;
            *next += 1;
        }
        starts.pop();
        self.inverse_starts = starts;
        self.inverse = inverse;
    }

    /// The references of a method definition: positions in `refs`.
    #[inline]
    pub fn of(&self, def: u32) -> Range<usize> {
        self.starts[def as usize] as usize..self.starts[def as usize + 1] as usize
    }

    /// All references to a target: positions in `refs`, ascending.
    pub fn to(&self, target: u32) -> &[u32] {
        let target = target as usize;
        let range = self.inverse_starts[target] as usize..self.inverse_starts[target + 1] as usize;
        &self.inverse[range]
    }

    /// The method definition that a reference stands in.
    pub fn def_of(&self, position: u32) -> u32 {
        self.starts.partition_point(|&start| start <= position) as u32 - 1
    }
}

/// Width in code units (high half) and kind of index (low half) of each opcode: all that the walk needs, in four cache lines.
static SHAPES: [u8; 256] = crate::dex::opcode::shapes();
const KIND_MASK: u8 = 0x0f;

/// Translation of the indices of one DEX into targets.
struct Tables<'a> {
    methods: &'a [u32],
    fields: Vec<u32>,
    types: Vec<u32>,
    protos: Vec<u32>,
    string_start: u32,
    string_count: u32,
    call_site_start: u32,
    handles: Vec<Option<u32>>,
    /// Methods and fields behind each call site: its bootstrap method, and the handles among its arguments.
    call_sites: Vec<Vec<u32>>,
}

impl<'a> Tables<'a> {
    fn new(at: usize, dex: &Dex, link: &'a Link, targets: &Targets) -> Tables<'a> {
        let ids = &link.ids[at];
        let shifted = |ids: &[u32], start: u32| -> Vec<u32> {
            ids.iter()
                .map(|&id| if id == NONE { NONE } else { start + id })
                .collect()
        };
        let mut tables = Tables {
            methods: &ids.methods,
            fields: shifted(&ids.fields, targets.fields),
            types: shifted(&ids.types, targets.types),
            protos: shifted(&ids.protos, targets.protos),
            string_start: targets.strings[at],
            string_count: dex.string_count(),
            call_site_start: targets.call_sites[at],
            handles: Vec::new(),
            call_sites: Vec::new(),
        };
        for index in 0..dex.method_handle_count() {
            let target = dex.method_handle(index).and_then(|handle| {
                let table = if handle.is_method() {
                    tables.methods
                } else {
                    &tables.fields[..]
                };
                table
                    .get(handle.target as usize)
                    .copied()
                    .filter(|&target| target != NONE)
            });
            tables.handles.push(target);
        }
        // Call sites that share one long list of values would multiply it.
        let mut budget = dex.bytes().len();
        for index in 0..dex.call_site_count() {
            let values = if budget == 0 {
                Vec::new()
            } else {
                dex.call_site(index).unwrap_or_default()
            };
            budget = budget.saturating_sub(values.len());
            let behind = values.iter().filter_map(|value| match value {
                Value::MethodHandle(handle) => *tables.handles.get(*handle as usize)?,
                _ => None,
            });
            tables.call_sites.push(behind.collect());
        }
        tables
    }

    #[inline]
    fn string(&self, index: u32) -> Option<u32> {
        (index < self.string_count).then(|| self.string_start + index)
    }
}

/// Whether an opcode writes the field it refers to.
pub fn writes_field(opcode: u8) -> bool {
    matches!(opcode, op::IPUT..op::SGET | op::SPUT..=op::SPUT_SHORT)
}
