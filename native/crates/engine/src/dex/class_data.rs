//! Class definitions, their members, and code items.

use super::instruction::Units;
use super::{Dex, NO_INDEX, Problems, leb};
use crate::bytes::{u16_at, u32_at};

/// Access flags that analyses ask for.
#[allow(missing_docs)]
pub mod access {
    pub const PUBLIC: u32 = 0x1;
    pub const PRIVATE: u32 = 0x2;
    pub const STATIC: u32 = 0x8;
    pub const FINAL: u32 = 0x10;
    pub const NATIVE: u32 = 0x100;
    pub const INTERFACE: u32 = 0x200;
    pub const ABSTRACT: u32 = 0x400;
    pub const CONSTRUCTOR: u32 = 0x1_0000;
}

/// A row of `class_defs`; indices are those of this DEX, offsets count from the start of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassDef {
    /// Index of the class in `type_ids`.
    pub class: u32,
    /// Access flags.
    pub access: u32,
    /// Index of the superclass, or [`NO_INDEX`].
    pub superclass: u32,
    /// Offset of the list of interfaces, or zero.
    pub interfaces: u32,
    /// Index of the source file's name in `string_ids`, or [`NO_INDEX`].
    pub source_file: u32,
    /// Offset of the annotations, or zero.
    pub annotations: u32,
    /// Offset of fields and methods, or zero.
    pub data: u32,
    /// Offset of the initial values of static fields, or zero.
    pub static_values: u32,
}

/// A field that a class defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldDef {
    /// Index in `field_ids`.
    pub field: u32,
    /// Access flags.
    pub access: u32,
}

/// A method that a class defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodDef {
    /// Index in `method_ids`.
    pub method: u32,
    /// Access flags.
    pub access: u32,
    /// Offset of the code, or zero.
    pub code: u32,
}

/// Fields and methods of a class. Cleared and filled again, so that a walk over all classes allocates once.
#[derive(Debug, Clone, Default)]
pub struct ClassData {
    /// Static fields, then instance fields.
    pub fields: Vec<FieldDef>,
    /// How many of `fields` are static.
    pub static_fields: usize,
    /// Direct methods (static, private, constructors), then virtual ones.
    pub methods: Vec<MethodDef>,
    /// How many of `methods` are direct.
    pub direct_methods: usize,
}

/// The code of one method.
#[derive(Debug, Clone, Copy)]
pub struct Code<'a> {
    /// Registers, arguments included.
    pub registers: u16,
    /// How many of the last registers hold the arguments.
    pub ins: u16,
    /// Number of `try` ranges.
    pub tries: u16,
    /// Offset of line numbers and names of locals, or zero.
    pub debug_info: u32,
    /// Instructions.
    pub units: Units<'a>,
    /// Offset of the first instruction in the file.
    pub offset: usize,
}

/// A `try` range with its handlers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// First code unit covered.
    pub start: u32,
    /// Number of code units covered.
    pub count: u16,
    /// Type caught (index in `type_ids`, [`NO_INDEX`] for all) and code unit of the handler.
    pub handlers: Vec<(u32, u32)>,
}

impl Dex {
    /// A row of `class_defs`.
    pub fn class(&self, index: u32) -> Option<ClassDef> {
        let row = Self::row(self.classes, index, 32)?;
        let word = |at: usize| u32_at(&self.bytes, row + at);
        Some(ClassDef {
            class: word(0)?,
            access: word(4)?,
            superclass: word(8)?,
            interfaces: word(12)?,
            source_file: word(16)?,
            annotations: word(20)?,
            data: word(24)?,
            static_values: word(28)?,
        })
    }

    /// Reads fields and methods of a class into `out`, as far as they can be read; what is damaged is recorded.
    ///
    /// `budget` is the number of members that may still be read in this DEX: classes that share one list of members
    /// would otherwise multiply it. False if something was damaged.
    pub fn class_data(
        &self,
        class: &ClassDef,
        out: &mut ClassData,
        budget: &mut usize,
        problems: &mut Problems,
    ) -> bool {
        out.fields.clear();
        out.methods.clear();
        (out.static_fields, out.direct_methods) = (0, 0);
        if class.data == 0 {
            return true;
        }
        let at = class.data as usize;
        if self.read_members(at, out, budget).is_some() {
            return true;
        }
        let what = if *budget == 0 {
            "more members than the file can hold"
        } else {
            "fields and methods end too early or have an index out of range"
        };
        problems.add("dex-class-data", at, what);
        false
    }

    fn read_members(&self, at: usize, out: &mut ClassData, budget: &mut usize) -> Option<()> {
        let bytes = self.bytes();
        let mut at = at;
        let mut sizes = [0u32; 4];
        for size in &mut sizes {
            *size = leb::uleb128(bytes, &mut at)?;
        }
        for (part, &size) in sizes[..2].iter().enumerate() {
            let mut field = 0u32;
            for _ in 0..size {
                *budget = budget.checked_sub(1)?;
                field = field.checked_add(leb::uleb128(bytes, &mut at)?)?;
                let access = leb::uleb128(bytes, &mut at)?;
                if field >= self.field_count() {
                    return None;
                }
                out.fields.push(FieldDef { field, access });
                out.static_fields += usize::from(part == 0);
            }
        }
        for (part, &size) in sizes[2..].iter().enumerate() {
            let mut method = 0u32;
            for _ in 0..size {
                *budget = budget.checked_sub(1)?;
                method = method.checked_add(leb::uleb128(bytes, &mut at)?)?;
                let access = leb::uleb128(bytes, &mut at)?;
                let code = leb::uleb128(bytes, &mut at)?;
                if method >= self.method_count() {
                    return None;
                }
                out.methods.push(MethodDef {
                    method,
                    access,
                    code,
                });
                out.direct_methods += usize::from(part == 0);
            }
        }
        Some(())
    }

    /// The code at an offset that a method definition gives. `None` if it does not lie inside the file.
    #[inline]
    pub fn code(&self, offset: u32) -> Option<Code<'_>> {
        let at = offset as usize;
        let head = self.bytes().get(at..at.checked_add(16)?)?;
        let units = u32_at(head, 12)? as usize;
        let start = at + 16;
        let end = start.checked_add(units.checked_mul(2)?)?;
        Some(Code {
            registers: u16_at(head, 0)?,
            ins: u16_at(head, 2)?,
            tries: u16_at(head, 6)?,
            debug_info: u32_at(head, 8)?,
            units: Units(self.bytes().get(start..end)?),
            offset: start,
        })
    }

    /// The `try` ranges of a method, in order; damaged ones are left out.
    pub fn tries(&self, code: &Code<'_>) -> Vec<Try> {
        let bytes = self.bytes();
        // Ranges are aligned to four bytes, behind an odd number of units there is one more.
        let table = code.offset + 2 * (code.units.len() + code.units.len() % 2);
        let handlers = table + 8 * usize::from(code.tries);
        (0..usize::from(code.tries))
            .filter_map(|row| {
                let item = table + 8 * row;
                let list = handlers + usize::from(u16_at(bytes, item + 6)?);
                Some(Try {
                    start: u32_at(bytes, item)?,
                    count: u16_at(bytes, item + 4)?,
                    handlers: handler_list(bytes, list, code.units.len())?,
                })
            })
            .collect()
    }
}

fn handler_list(bytes: &[u8], at: usize, units: usize) -> Option<Vec<(u32, u32)>> {
    let mut at = at;
    let size = leb::sleb128(bytes, &mut at)?;
    let mut out = Vec::new();
    for _ in 0..size.unsigned_abs() {
        let caught = leb::uleb128(bytes, &mut at)?;
        let handler = leb::uleb128(bytes, &mut at)?;
        if handler as usize >= units {
            return None;
        }
        out.push((caught, handler));
    }
    if size <= 0 {
        out.push((NO_INDEX, leb::uleb128(bytes, &mut at)?));
    }
    Some(out)
}
