//! Constants that reach the arguments of a call, by one forward pass over its method.
//!
//! Registers hold a constant from `const…`, `sget…`, an array, text or a URI made of such, until they are written again. Where ways
//! meet, a register keeps what all of them agree on. Where one of them comes from behind, or is an exception, only what cannot change
//! is kept, and the pass is repeated until it agrees with itself.

use super::Program;
use super::built::{Step, Texts, UNKNOWN};
use super::joins::{Held, Joins, Registers};
use super::link::NONE;
use super::uris::{Making, Part, Types, Uri};
use super::xref::writes_field;
use crate::dex::Problems;
use crate::dex::class_data::{ClassData, Code};
use crate::dex::instruction::{FILL_ARRAY_PAYLOAD, Instruction};
use crate::dex::opcode::op;
use crate::dex::value::Value;
use crate::ir::may_throw;
use std::collections::BTreeMap;

/// Elements of an array that are followed.
const ELEMENTS: i64 = 64;
/// Passes over a method with loops or handlers, before what still changes counts as not known.
const PASSES: usize = 6;
/// URIs that are followed in one method.
const URIS: usize = 1 << 12;
/// Code units that may be read for one question to find what static fields are given.
const STORE_UNITS: u32 = 1 << 22;
/// Registers of a method whose text building is followed: each step looks at all of them.
const BUILDING_REGISTERS: usize = 256;

/// A value known without running the code.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// A string: position of the DEX, index in it.
    String(u32, u32),
    /// A number; a truth value is 0 or 1, `null` is 0, a float is its bits.
    Integer(i64),
    /// A class, by its type id.
    Class(u32),
    /// The content of a static field that has no constant value here, by its field id.
    Field(u32),
    /// An `android.net.Uri` that is this text, or starts with it.
    Uri(String),
    /// The `android.net.Uri` that a static method outside the program gives, by its method id.
    Result(u32),
    /// An array that was filled with constants; an element that is not known is `None`.
    Array(Vec<Option<Constant>>),
    /// Text that the method put together; [`UNKNOWN`] stands for each part that is not constant.
    Text(String),
}

/// What one question asks about constants, with what it found out about static fields so far.
pub struct Constants<'a> {
    program: &'a Program,
    types: Types,
    stored: BTreeMap<u32, Option<Constant>>,
    units_left: u32,
}

impl<'a> Constants<'a> {
    /// Constants of a program.
    pub fn new(program: &'a Program) -> Constants<'a> {
        Constants {
            program,
            types: Types::of(program),
            stored: BTreeMap::new(),
            units_left: STORE_UNITS,
        }
    }

    /// The constants in the argument registers of the given instructions (ascending code units) of a method. One list for each, one item
    /// for each register that the instruction passes; for `sput…` the register it stores.
    pub fn arguments(&self, def: u32, units: &[u32]) -> Vec<Vec<Option<Constant>>> {
        let mut out = Vec::with_capacity(units.len());
        Scan::of(self, def, |scan, instruction| {
            let at = instruction.at as u32;
            while out.len() < units.len() && units[out.len()] <= at {
                let exact = units[out.len()] == at;
                out.push(if exact {
                    scan.arguments(instruction)
                } else {
                    Vec::new()
                });
            }
            out.len() < units.len()
        });
        out.resize(units.len(), Vec::new());
        out
    }

    /// The texts that a method puts together, each with the code unit at which it is whole.
    pub fn built_texts(&self, def: u32) -> Vec<(u32, String)> {
        let Some(scan) = Scan::of(self, def, |_, _| true) else {
            return Vec::new();
        };
        let text = |&(unit, number): &(u32, usize)| (unit, scan.texts.get(number).to_owned());
        scan.built.iter().map(text).collect()
    }

    /// A constant as it is, and for the content of a static field what the program stores there, if it does so in one place only.
    pub fn settle(&mut self, constant: Constant) -> Constant {
        let Constant::Field(field) = constant else {
            return constant;
        };
        if !self.stored.contains_key(&field) {
            let found = self.find_stored(field);
            self.stored.insert(field, found);
        }
        self.stored[&field].clone().unwrap_or(constant)
    }

    fn find_stored(&mut self, field: u32) -> Option<Constant> {
        let xref = &self.program.xref;
        let positions = xref.to(xref.targets.field(field)).iter();
        let mut writes =
            positions.filter(|&&position| writes_field(xref.refs[position as usize].op()));
        let (Some(&position), None) = (writes.next(), writes.next()) else {
            return None;
        };
        let unit = xref.refs[position as usize].unit();
        self.units_left = self.units_left.checked_sub(unit)?;
        let stored = self.arguments(xref.def_of(position), &[unit]);
        stored.into_iter().flatten().next().flatten()
    }
}

struct Scan<'a> {
    program: &'a Program,
    types: Types,
    dex_position: u32,
    registers: Registers,
    arrays: Vec<Vec<Held>>,
    uris: Vec<Uri>,
    /// What `move-result` will take.
    result: Held,
    texts: Texts,
    builders: usize,
    /// Texts that are whole: code unit, number.
    built: Vec<(u32, usize)>,
}

impl<'a> Scan<'a> {
    /// Goes through a method until `visit`, which sees the registers before each instruction, has enough. `None` without code.
    fn of(
        asked: &Constants<'a>,
        def: u32,
        visit: impl FnMut(&Scan<'a>, &Instruction<'_>) -> bool,
    ) -> Option<Scan<'a>> {
        let program = asked.program;
        let method = program.defs.methods[def as usize];
        let dex_position = program.defs.class(def).dex;
        let dex = &program.dexes[dex_position as usize];
        let code = dex.code(method.code).filter(|_| method.code != 0)?;
        let mut scan = Scan {
            program,
            types: asked.types,
            uris: Vec::new(),
            dex_position,
            registers: vec![Held::Nothing; usize::from(code.registers)],
            arrays: Vec::new(),
            result: Held::Nothing,
            texts: Texts::default(),
            builders: 0,
            built: Vec::new(),
        };
        let mut joins = Joins::of(dex, &code);
        for pass in 0..PASSES {
            if !joins.repeats() || pass > 0 && !joins.changed {
                break;
            }
            joins.begin(false);
            scan.pass(code, &mut joins, |_, _| true);
            scan.restart();
        }
        let last = joins.changed;
        joins.begin(last);
        scan.pass(code, &mut joins, visit);
        Some(scan)
    }

    /// Goes through the method once, as long as `visit` wants more.
    fn pass(
        &mut self,
        code: Code<'a>,
        joins: &mut Joins,
        mut visit: impl FnMut(&Scan<'a>, &Instruction<'_>) -> bool,
    ) {
        let mut alive = true;
        for instruction in code.units.instructions() {
            joins.enter(instruction.at as u32, &mut self.registers, alive);
            if !visit(self, &instruction) {
                break;
            }
            if instruction.is_payload() {
                alive = false;
                continue;
            }
            if may_throw(instruction.op()) {
                joins.throw(instruction.at, &self.registers);
            }
            joins.leave(&instruction, &self.registers);
            alive = !matches!(instruction.op(), 0x0e..=0x11 | op::THROW | 0x28..=0x2a);
            self.step(&instruction);
        }
    }

    /// Forgets what a pass found.
    fn restart(&mut self) {
        self.registers.fill(Held::Nothing);
        self.arrays.clear();
        self.uris.clear();
        self.result = Held::Nothing;
        self.texts = Texts::default();
        self.builders = 0;
        self.built.clear();
    }

    fn get(&self, register: u16) -> Held {
        self.registers
            .get(usize::from(register))
            .copied()
            .unwrap_or(Held::Nothing)
    }

    fn set(&mut self, register: u16, held: Held) {
        if let Some(slot) = self.registers.get_mut(usize::from(register)) {
            *slot = held;
        }
    }

    fn arguments(&self, instruction: &Instruction<'_>) -> Vec<Option<Constant>> {
        if (op::SPUT..=SPUT_SHORT).contains(&instruction.op()) {
            return vec![self.constant(self.get(instruction.a()))];
        }
        instruction
            .arguments()
            .iter()
            .map(|&register| self.constant(self.get(register)))
            .collect()
    }

    fn constant(&self, held: Held) -> Option<Constant> {
        Some(match held {
            Held::Nothing | Held::Builder(..) => return None,
            Held::Text(number) => Constant::Text(self.texts.get(number).to_owned()),
            Held::String(index) => Constant::String(self.dex_position, index),
            Held::Integer(value) => Constant::Integer(value),
            Held::Class(kind) => Constant::Class(kind),
            Held::Uri(uri) => {
                let text = &self.uris[uri].text;
                return (!text.is_empty()).then(|| Constant::Uri(text.clone()));
            }
            Held::Result(method) => Constant::Result(method),
            Held::Field(field) => {
                return Some(
                    self.program
                        .static_constant(field)
                        .unwrap_or(Constant::Field(field)),
                );
            }
            Held::Array(array) => {
                // An array inside an array is not followed: a hostile one may hold itself.
                let element = |&held: &Held| match held {
                    Held::Array(_) => None,
                    held => self.constant(held),
                };
                Constant::Array(self.arrays[array].iter().map(element).collect())
            }
        })
    }

    fn step(&mut self, instruction: &Instruction<'_>) {
        let ids = &self.program.link.ids[self.dex_position as usize];
        let translate = |table: &[u32]| {
            table
                .get(instruction.index() as usize)
                .copied()
                .filter(|&id| id != NONE)
        };
        let opcode = instruction.op();
        let result = std::mem::replace(&mut self.result, Held::Nothing);
        match opcode {
            0x01..=0x09 => self.write(instruction, self.get(instruction.b())),
            op::MOVE_RESULT..=op::MOVE_RESULT_OBJECT => self.write(instruction, result),
            0x12..=0x19 => self.write(instruction, Held::Integer(instruction.literal())),
            0x1a | 0x1b => self.write(instruction, Held::String(instruction.index())),
            op::CONST_CLASS => {
                let held = translate(&ids.types).map_or(Held::Nothing, Held::Class);
                self.write(instruction, held);
            }
            op::SGET..op::SPUT => {
                let held = translate(&ids.fields).map_or(Held::Nothing, Held::Field);
                self.write(instruction, held);
            }
            op::NEW_INSTANCE => {
                let held = match translate(&ids.types) {
                    Some(kind) if kind == self.types.builder => self.uri(Uri::default()),
                    Some(kind) if self.program.builds_text(kind) => self.builder(),
                    _ => Held::Nothing,
                };
                self.write(instruction, held);
            }
            // A builder in a field is out of sight.
            op::IPUT..op::SGET | op::SPUT..=op::SPUT_SHORT => {
                self.forget(self.get(instruction.a()))
            }
            0x23 => {
                let held = match self.get(instruction.b()) {
                    Held::Integer(size @ 0..=ELEMENTS) => {
                        self.array(vec![Held::Nothing; size as usize])
                    }
                    _ => Held::Nothing,
                };
                self.write(instruction, held);
            }
            0x24 | 0x25 => {
                let mut elements: Vec<Held> = instruction
                    .arguments()
                    .iter()
                    .map(|&register| self.get(register))
                    .collect();
                elements.truncate(ELEMENTS as usize);
                self.result = self.array(elements);
            }
            0x6e..=0x72 | 0x74..=0x78 => {
                let method = translate(&ids.methods);
                self.result =
                    method.map_or(Held::Nothing, |method| self.make_uri(instruction, method));
                self.call(instruction, method);
            }
            op::FILL_ARRAY_DATA => self.fill(instruction),
            // aput of any width: the array is known, the element may be.
            0x4b..=0x51 => {
                if let (Held::Array(array), Held::Integer(index)) =
                    (self.get(instruction.b()), self.get(instruction.c()))
                {
                    let held = self.get(instruction.units.get(instruction.at) >> 8);
                    let elements = &mut self.arrays[array];
                    if let Some(slot) = usize::try_from(index)
                        .ok()
                        .and_then(|index| elements.get_mut(index))
                    {
                        *slot = held;
                    }
                } else if let Held::Array(array) = self.get(instruction.b()) {
                    self.arrays[array].fill(Held::Nothing);
                }
            }
            _ if writes_a(opcode) => self.write(instruction, Held::Nothing),
            _ => {}
        }
    }

    /// The URI, or the builder of one, that a call gives.
    fn make_uri(&mut self, instruction: &Instruction<'_>, method: u32) -> Held {
        let is_static = matches!(instruction.op(), 0x71 | 0x77);
        let making = self.types.making(self.program, method, is_static);
        if making == Making::Nothing {
            return Held::Nothing;
        }
        let arguments = instruction.arguments();
        let argument = |at: usize| {
            arguments
                .get(at)
                .map_or(Held::Nothing, |&register| self.get(register))
        };
        let first = argument(0);
        match (making, first) {
            (Making::Result, _) => Held::Result(method),
            (Making::Parse, _) => match self.text(first) {
                Some(text) => self.uri(Uri::parse(&text)),
                None if matches!(first, Held::Field(_)) => first,
                None => Held::Nothing,
            },
            (Making::Copy, Held::Uri(uri)) => self.uri(self.uris[uri].clone()),
            (Making::Join, Held::Uri(uri)) => {
                let path = self.text(argument(1));
                let mut made = self.uris[uri].clone();
                made.add(Part::Path, path.as_deref());
                self.uri(made)
            }
            (Making::Add(part), Held::Uri(uri)) => {
                let text = self.text(argument(1));
                self.uris[uri].add(part, text.as_deref());
                first
            }
            // What stands behind a URI that only its name is known of is left out.
            (_, Held::Field(_) | Held::Result(_)) => first,
            _ => Held::Nothing,
        }
    }

    fn uri(&mut self, uri: Uri) -> Held {
        if self.uris.len() == URIS {
            return Held::Nothing;
        }
        self.uris.push(uri);
        Held::Uri(self.uris.len() - 1)
    }

    fn text(&self, held: Held) -> Option<String> {
        match self.constant(held)? {
            Constant::String(dex, index) => {
                Some(self.program.dexes[dex as usize].text(index).into_owned())
            }
            Constant::Text(text) if !text.contains(UNKNOWN) => Some(text),
            _ => None,
        }
    }

    fn write(&mut self, instruction: &Instruction<'_>, held: Held) {
        let register = instruction.a();
        self.set(register, held);
        if is_wide(instruction.op()) {
            self.set(register.wrapping_add(1), Held::Nothing);
        }
    }

    fn array(&mut self, elements: Vec<Held>) -> Held {
        self.arrays.push(elements);
        Held::Array(self.arrays.len() - 1)
    }

    fn builder(&mut self) -> Held {
        if self.registers.len() > BUILDING_REGISTERS {
            return Held::Nothing;
        }
        let Some(empty) = self.texts.join("", "") else {
            return Held::Nothing;
        };
        self.builders += 1;
        Held::Builder(self.builders, empty)
    }

    fn call(&mut self, instruction: &Instruction<'_>, method: Option<u32>) {
        // Most methods build no text, and most calls have nothing to do with it.
        let first = instruction.units.get(instruction.at + 2);
        let is_range = instruction.op() >= 0x74;
        let object = self.get(if is_range { first } else { first & 0xf });
        if self.builders == 0 && !matches!(object, Held::String(_) | Held::Text(_)) {
            return;
        }
        let registers = instruction.arguments();
        let passed: Vec<Held> = registers
            .iter()
            .map(|&register| self.get(register))
            .collect();
        let step = method.map_or(Step::Other, |method| self.program.text_step(method));
        match (step, &passed[..]) {
            (Step::Start, [Held::Builder(..), ..]) => {}
            (Step::Append(kind), &[Held::Builder(builder, text), added, ..]) => {
                let more = self.piece(added, kind);
                let start = self.texts.get(text).to_owned();
                let joined = self.texts.join(&start, &more);
                let held = joined.map_or(Held::Nothing, |text| Held::Builder(builder, text));
                self.replace(builder, held);
                self.result = held;
            }
            (Step::Finish, &[Held::Builder(_, text)]) => {
                self.result = Held::Text(text);
                self.built.push((instruction.at as u32, text));
            }
            (Step::Concat, &[start, added]) => {
                let string = self.program.find_class("java.lang.String").unwrap_or(NONE);
                let (start, more) = (self.piece(start, string), self.piece(added, string));
                if let Some(text) = self.texts.join(&start, &more) {
                    self.result = Held::Text(text);
                    self.built.push((instruction.at as u32, text));
                }
            }
            _ => passed.into_iter().for_each(|held| self.forget(held)),
        }
    }

    /// What a value of this type reads like behind a text.
    fn piece(&self, held: Held, kind: u32) -> String {
        let known = match (self.program.descriptor(kind), self.constant(held)) {
            (b"I" | b"J" | b"S" | b"B", Some(Constant::Integer(value))) => Some(value.to_string()),
            (b"C", Some(Constant::Integer(value))) => u32::try_from(value)
                .ok()
                .and_then(char::from_u32)
                .map(String::from),
            (b"Z", Some(Constant::Integer(value))) => Some((value != 0).to_string()),
            (_, Some(Constant::String(dex, index))) => {
                Some(self.program.dexes[dex as usize].text(index).into_owned())
            }
            (_, Some(Constant::Text(text))) => Some(text),
            _ => None,
        };
        known.unwrap_or_else(|| UNKNOWN.to_string())
    }

    /// A builder that others may change is not followed any longer.
    fn forget(&mut self, held: Held) {
        if let Held::Builder(builder, _) = held {
            self.replace(builder, Held::Nothing);
        }
    }

    fn replace(&mut self, builder: usize, now: Held) {
        for register in &mut self.registers {
            if matches!(*register, Held::Builder(one, _) if one == builder) {
                *register = now;
            }
        }
    }

    /// `fill-array-data` of numbers.
    fn fill(&mut self, instruction: &Instruction<'_>) {
        let units = instruction.units;
        let (Held::Array(array), Some(table)) = (self.get(instruction.a()), instruction.target())
        else {
            return;
        };
        let width = usize::from(units.get(table + 1));
        if units.get(table) != FILL_ARRAY_PAYLOAD || ![1, 2, 4].contains(&width) {
            return;
        }
        for (index, slot) in self.arrays[array].iter_mut().enumerate() {
            let at = 2 * (table + 4) + index * width;
            let value = units.0.get(at..at + width).map(|bytes| match *bytes {
                [a] => i64::from(a as i8),
                [a, b] => i64::from(i16::from_le_bytes([a, b])),
                [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
                _ => 0,
            });
            *slot = value.map_or(Held::Nothing, Held::Integer);
        }
    }
}

/// The last of the `sput…` opcodes.
const SPUT_SHORT: u8 = 0x6d;

/// Whether an opcode that loads no constant writes register A.
fn writes_a(opcode: u8) -> bool {
    matches!(opcode, 0x0d | 0x20..=0x22 | 0x2d..=0x31 | 0x44..=0x4a | 0x52..=0x58 | 0x7b..=0xe2 | 0xfe | 0xff)
}

/// Whether an opcode writes a pair of registers.
fn is_wide(opcode: u8) -> bool {
    matches!(
        opcode,
        0x04..=0x06 | op::MOVE_RESULT_WIDE | 0x16..=0x19 | 0x45 | 0x53 | 0x61
            | 0x7d | 0x7e | 0x80 | 0x81 | 0x83 | 0x86 | 0x88 | 0x89 | 0x8b
            | 0x9b..=0xa5 | 0xab..=0xaf | 0xbb..=0xc5 | 0xcb..=0xcf
    )
}

impl Program {
    /// The constant in a static final field that the program defines, from the values that its class starts with.
    pub fn static_constant(&self, field: u32) -> Option<Constant> {
        let key = self.link.fields[field as usize];
        let class = self
            .hierarchy
            .chain(&self.defs, key.class)
            .find_map(|position| {
                let class = &self.defs.classes[position as usize];
                self.static_value(class, |id| {
                    let own = self.link.fields[id as usize];
                    own.name == key.name && own.kind == key.kind
                })
            });
        let (dex, value) = class?;
        let ids = &self.link.ids[dex as usize];
        Some(match value {
            Value::Integer(value) => Constant::Integer(value),
            Value::Boolean(value) => Constant::Integer(i64::from(value)),
            Value::String(index) => Constant::String(dex, index),
            Value::Type(index) => {
                Constant::Class(*ids.types.get(index as usize).filter(|&&id| id != NONE)?)
            }
            _ => return None,
        })
    }

    fn static_value(
        &self,
        class: &super::defs::Class,
        wanted: impl Fn(u32) -> bool,
    ) -> Option<(u32, Value)> {
        let dex = &self.dexes[class.dex as usize];
        let row = dex
            .class(class.index)
            .filter(|row| row.static_values != 0)?;
        let mut data = ClassData::default();
        let mut budget = dex.bytes().len();
        dex.class_data(&row, &mut data, &mut budget, &mut Problems::default());
        let ids = &self.link.ids[class.dex as usize].fields;
        let at = data.fields[..data.static_fields].iter().position(|field| {
            const FINAL: u32 = crate::dex::class_data::access::FINAL;
            let id = ids[field.field as usize];
            field.access & FINAL != 0 && id != NONE && wanted(id)
        })?;
        let value = dex.static_values(row.static_values).into_iter().nth(at)?;
        Some((class.dex, value))
    }
}
