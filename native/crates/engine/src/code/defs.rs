//! The classes and methods that the program defines, in flat arrays.

use super::link::{Link, NONE};
use crate::dex::class_data::{ClassData, access};
use crate::dex::{Dex, Problems};
use std::ops::Range;

/// A class that one of the DEX files defines. Ids are unified ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Position of the DEX file.
    pub dex: u32,
    /// Index in its `class_defs`.
    pub index: u32,
    /// Type id.
    pub kind: u32,
    /// Type id of the superclass, or [`NONE`].
    pub superclass: u32,
    /// Access flags.
    pub access: u32,
    /// Its methods, as positions in [`Defs::methods`]: direct ones, then virtual ones.
    pub methods: Range<u32>,
    /// Where the virtual ones start.
    pub virtuals: u32,
    /// True if an earlier DEX, or an earlier row of this one, defines the same type: Android never loads this one.
    pub shadowed: bool,
}

/// A method that a class defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Unified id of the method.
    pub id: u32,
    /// Position of the class in [`Defs::classes`].
    pub class: u32,
    /// Access flags.
    pub access: u32,
    /// Offset of the code in its DEX file, or zero.
    pub code: u32,
}

/// What was read from one DEX.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DexCounts {
    /// Methods defined.
    pub methods: u64,
    /// Fields defined.
    pub fields: u64,
    /// Methods whose code was read.
    pub code_methods: u64,
    /// Instructions read; tables between them count, as `dexdump` counts them.
    pub instructions: u64,
    /// Classes that could not be read, or only in part.
    pub damaged_classes: u64,
    /// Methods whose code could not be read, or only in part.
    pub damaged_methods: u64,
}

/// All definitions.
#[derive(Debug, Clone, Default)]
pub struct Defs {
    /// In the order of the DEX files and their tables.
    pub classes: Vec<Class>,
    /// In the order of the classes.
    pub methods: Vec<Method>,
    /// Counts of each DEX.
    pub dex_counts: Vec<DexCounts>,
    /// By type id: the class that Android loads, or [`NONE`].
    pub class_of: Vec<u32>,
    /// By method id: the definition that Android runs, or [`NONE`].
    pub def_of: Vec<u32>,
    /// Where the classes and methods of each DEX start; one more at the end.
    starts: Vec<(u32, u32)>,
}

impl Defs {
    /// Reads all class definitions.
    pub fn new(dexes: &[Dex], link: &Link, problems: &mut [Problems]) -> Defs {
        let mut defs = Defs {
            class_of: vec![NONE; link.types.len()],
            def_of: vec![NONE; link.methods.len()],
            dex_counts: vec![DexCounts::default(); dexes.len()],
            ..Defs::default()
        };
        for (at, dex) in dexes.iter().enumerate() {
            defs.starts
                .push((defs.classes.len() as u32, defs.methods.len() as u32));
            defs.read(at, dex, link, &mut problems[at]);
        }
        defs.starts
            .push((defs.classes.len() as u32, defs.methods.len() as u32));
        defs
    }

    fn read(&mut self, at: usize, dex: &Dex, link: &Link, problems: &mut Problems) {
        let ids = &link.ids[at];
        let mut budget = dex.bytes().len();
        let mut data = ClassData::default();
        for index in 0..dex.class_count() {
            let row = dex.class(index);
            let known = row.and_then(|row| {
                let kind = *ids.types.get(row.class as usize)?;
                (kind != NONE).then_some((row, kind))
            });
            let Some((row, kind)) = known else {
                problems.add(
                    "dex-class",
                    index as usize,
                    format!("class definition {index} has no valid type"),
                );
                self.dex_counts[at].damaged_classes += 1;
                continue;
            };
            if row.superclass == row.class {
                problems.add(
                    "dex-class-cycle",
                    index as usize,
                    format!("class definition {index} is its own superclass"),
                );
            }
            let whole = dex.class_data(&row, &mut data, &mut budget, problems);
            let position = self.classes.len() as u32;
            let shadowed = self.class_of[kind as usize] != NONE;
            if shadowed {
                problems.add(
                    "duplicate-class",
                    row.data as usize,
                    "the type is defined before; this definition is never loaded",
                );
            } else {
                self.class_of[kind as usize] = position;
            }
            let start = self.methods.len() as u32;
            for method in &data.methods {
                let id = ids.methods[method.method as usize];
                if id == NONE {
                    continue;
                }
                let def = &mut self.def_of[id as usize];
                if !shadowed && *def == NONE {
                    *def = self.methods.len() as u32;
                }
                self.methods.push(Method {
                    id,
                    class: position,
                    access: method.access,
                    code: method.code,
                });
            }
            let direct = data.methods[..data.direct_methods].iter();
            let direct = direct
                .filter(|method| ids.methods[method.method as usize] != NONE)
                .count() as u32;
            self.classes.push(Class {
                dex: at as u32,
                index,
                kind,
                superclass: ids
                    .types
                    .get(row.superclass as usize)
                    .copied()
                    .unwrap_or(NONE),
                access: row.access,
                methods: start..self.methods.len() as u32,
                virtuals: start + direct,
                shadowed,
            });
            let counts = &mut self.dex_counts[at];
            counts.methods += data.methods.len() as u64;
            counts.fields += data.fields.len() as u64;
            counts.damaged_classes += u64::from(!whole);
        }
    }

    /// The method definitions of a DEX.
    pub fn of_dex(&self, dex: usize) -> Range<usize> {
        self.starts[dex].1 as usize..self.starts[dex + 1].1 as usize
    }

    /// The class of a method definition.
    #[inline]
    pub fn class(&self, def: u32) -> &Class {
        &self.classes[self.methods[def as usize].class as usize]
    }

    /// The class that Android loads for a type, if the program defines it.
    #[inline]
    pub fn loaded(&self, kind: u32) -> Option<&Class> {
        self.classes
            .get(*self.class_of.get(kind as usize)? as usize)
    }

    pub(super) fn mark_damaged(&mut self, def: usize) {
        let dex = self.class(def as u32).dex as usize;
        self.dex_counts[dex].damaged_methods += 1;
    }

    /// Methods implemented in native code: positions of their definitions.
    pub fn natives(&self) -> impl Iterator<Item = u32> {
        let native = |(_, method): &(usize, &Method)| method.access & access::NATIVE != 0;
        self.methods
            .iter()
            .enumerate()
            .filter(native)
            .map(|(def, _)| def as u32)
    }
}
