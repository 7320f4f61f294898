//! A method decoded for abstract runs: instructions with unified ids, basic blocks with their successors.

use crate::code::Program;
use crate::code::link::NONE;
use crate::dex::instruction::Instruction;
use crate::dex::opcode::{Format, Index, OPCODES, op};

/// Instructions of one method that are followed.
const LONGEST: usize = 60_000;
/// Registers of all blocks of one method: each block keeps what they hold before it.
const CELLS: usize = 1 << 20;
/// Registers that a call can pass: `invoke-range` has one byte for their number.
const PASSED: u16 = 255;

/// One instruction.
#[derive(Debug, Clone, Copy)]
pub struct Insn {
    /// Code unit.
    pub unit: u32,
    /// Opcode.
    pub op: u8,
    /// Registers.
    pub a: u16,
    /// Second register.
    pub b: u16,
    /// Third register.
    pub c: u16,
    /// Unified id of what it refers to; for a string the index in its DEX.
    pub index: u32,
    /// The literal operand.
    pub literal: i64,
    /// Registers passed, or that an instruction which asks depends on: range of [`Body::registers_passed`].
    pub passed: (u32, u32),
    /// Number of the instruction among those that read or write a cell or call, or [`NONE`].
    pub asks: u32,
    /// Number of the sensitive place that it is, or [`NONE`].
    pub site: u32,
}

impl Insn {
    /// The opcode, that of the form without a range for calls.
    pub fn call_opcode(&self) -> u8 {
        if self.op >= 0x74 {
            self.op - 6
        } else {
            self.op
        }
    }
}

/// A basic block.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Instructions: first, behind the last.
    pub range: (u32, u32),
    /// Where it goes on without a jump.
    pub fall: Option<u32>,
    /// Where it jumps: block, and for a switch its key.
    pub jumps: Vec<(u32, i64)>,
    /// Handlers of exceptions that are thrown in it.
    pub handlers: Vec<u32>,
}

/// A method.
#[derive(Debug, Default)]
pub struct Body {
    /// Position of the DEX.
    pub dex: u32,
    /// Registers.
    pub registers: u16,
    /// How many of the last registers are parameters.
    pub ins: u16,
    /// Instructions in order.
    pub insns: Vec<Insn>,
    /// Blocks in order; the first one is where the method starts.
    pub blocks: Vec<Block>,
    /// See [`Insn::passed`].
    pub registers_passed: Vec<u16>,
    /// The block of each instruction that has an [`Insn::asks`].
    pub asking: Vec<u32>,
}

impl Body {
    /// Decodes a method definition. `None` without code, or if it is too long, too wide or damaged.
    pub fn of(program: &Program, def: u32) -> Option<Body> {
        let method = program.defs.methods[def as usize];
        let at = program.defs.class(def).dex;
        let dex = &program.dexes[at as usize];
        let code = dex.code(method.code).filter(|_| method.code != 0)?;
        if code.ins > PASSED {
            return None;
        }
        let mut body = Body {
            dex: at,
            registers: code.registers,
            ins: code.ins.min(code.registers),
            ..Body::default()
        };
        let all: Vec<Instruction<'_>> = code
            .units
            .instructions()
            .take(LONGEST + 1)
            .filter(|one| !one.is_payload())
            .collect();
        if all.is_empty() || all.len() > LONGEST {
            return None;
        }
        let tries = dex.tries(&code);
        let mut leaders: Vec<u32> = vec![0];
        for (position, one) in all.iter().enumerate() {
            let targets = targets(one);
            let ends = !targets.is_empty() || ends_block(one.op());
            leaders.extend(targets.iter().map(|&target| target as u32));
            if let Some(next) = all.get(position + 1).filter(|_| ends) {
                leaders.push(next.at as u32);
            }
        }
        for range in &tries {
            leaders.extend([range.start, range.start + u32::from(range.count)]);
            leaders.extend(range.handlers.iter().map(|&(_, unit)| unit));
        }
        leaders.sort_unstable();
        leaders.dedup();
        let units: Vec<u32> = all.iter().map(|one| one.at as u32).collect();
        leaders.retain(|leader| units.binary_search(leader).is_ok());
        if leaders.len() * (usize::from(code.registers) + 1) > CELLS {
            return None;
        }
        let block_at = |unit: usize| {
            leaders
                .binary_search(&(unit as u32))
                .ok()
                .map(|at| at as u32)
        };
        for (position, &leader) in leaders.iter().enumerate() {
            let first = units.partition_point(|&unit| unit < leader);
            let end = leaders.get(position + 1).copied().unwrap_or(u32::MAX);
            let last = units.partition_point(|&unit| unit < end);
            let mut block = Block {
                range: (first as u32, last as u32),
                ..Block::default()
            };
            let tail = &all[last - 1];
            if !matches!(tail.op(), 0x0e..=0x11 | op::THROW | 0x28..=0x2a) {
                block.fall = (position + 1 < leaders.len()).then_some(position as u32 + 1);
            }
            block.jumps = jumps(tail)
                .into_iter()
                .filter_map(|(target, key)| Some((block_at(target)?, key)))
                .collect();
            for range in &tries {
                if leader >= range.start && leader < range.start + u32::from(range.count) {
                    let handlers = range.handlers.iter();
                    block
                        .handlers
                        .extend(handlers.filter_map(|&(_, unit)| block_at(unit as usize)));
                }
            }
            block.handlers.sort_unstable();
            block.handlers.dedup();
            body.blocks.push(block);
        }
        for one in &all {
            let mut insn = body.decode(program, one);
            if !body.is_sound(one, &insn) {
                return None;
            }
            body.number(&mut insn);
            body.insns.push(insn);
        }
        Some(body)
    }

    /// Numbers an instruction that reads or writes a cell or calls, and notes the registers that it depends on.
    fn number(&mut self, insn: &mut Insn) {
        let (a, b, c) = (insn.a, insn.b, insn.c);
        let inputs: &[u16] = match insn.op {
            0x44..=0x4a => &[b, c],
            0x4b..=0x51 => &[a, b, c],
            op::IGET..op::IPUT => &[b],
            op::IPUT..op::SGET => &[a, b],
            op::SGET..op::SPUT => &[],
            op::SPUT..=op::SPUT_SHORT => &[a],
            0x6e..=0x72 | 0x74..=0x78 => &[],
            _ => return,
        };
        insn.asks = self.asking.len() as u32;
        let at = self.insns.len() as u32;
        let block = self.blocks.partition_point(|block| block.range.1 <= at);
        self.asking.push(block as u32);
        if !inputs.is_empty() {
            let start = self.registers_passed.len() as u32;
            self.registers_passed.extend(inputs);
            insn.passed = (start, self.registers_passed.len() as u32);
        }
    }

    /// Whether registers and what an instruction names exist; Android refuses code where they do not.
    fn is_sound(&self, one: &Instruction<'_>, insn: &Insn) -> bool {
        let exists = |register: u16| register < self.registers;
        let opcode = &OPCODES[usize::from(insn.op)];
        let registers = match opcode.format {
            Format::F12x | Format::F22x | Format::F32x => exists(insn.a) && exists(insn.b),
            Format::F22b | Format::F22t | Format::F22s | Format::F22c => {
                exists(insn.a) && exists(insn.b)
            }
            Format::F23x => exists(insn.a) && exists(insn.b) && exists(insn.c),
            Format::F11n | Format::F11x | Format::F21t | Format::F21s | Format::F21h => {
                exists(insn.a)
            }
            Format::F21c | Format::F31t | Format::F31i | Format::F31c | Format::F51l => {
                exists(insn.a)
            }
            _ => self.passed(insn).iter().all(|&register| exists(register)),
        };
        let named = match opcode.index {
            Index::Method | Index::Polymorphic | Index::Field | Index::Type => insn.index != NONE,
            _ => true,
        };
        let static_call = matches!(insn.op, 0x71 | 0x77);
        let call = matches!(opcode.index, Index::Method | Index::Polymorphic);
        registers && named && (!call || static_call || !one.arguments().is_empty())
    }

    fn decode(&mut self, program: &Program, one: &Instruction<'_>) -> Insn {
        let ids = &program.link.ids[self.dex as usize];
        let get = |table: &[u32], index: u32| table.get(index as usize).copied().unwrap_or(NONE);
        let opcode = &OPCODES[usize::from(one.op())];
        let index = match opcode.index {
            Index::None => NONE,
            Index::Method | Index::Polymorphic => get(&ids.methods, one.index()),
            Index::Field => get(&ids.fields, one.index()),
            Index::Type => get(&ids.types, one.index()),
            _ => one.index(),
        };
        let start = self.registers_passed.len() as u32;
        self.registers_passed.extend(one.arguments());
        Insn {
            unit: one.at as u32,
            op: one.op(),
            a: one.a(),
            b: one.b(),
            c: one.c(),
            index,
            literal: one.literal(),
            passed: (start, self.registers_passed.len() as u32),
            asks: NONE,
            site: NONE,
        }
    }

    /// The registers that an instruction passes or depends on.
    pub fn passed(&self, insn: &Insn) -> &[u16] {
        &self.registers_passed[insn.passed.0 as usize..insn.passed.1 as usize]
    }
}

fn ends_block(opcode: u8) -> bool {
    matches!(opcode, 0x0e..=0x11 | op::THROW | 0x28..=0x2a | 0x2b | 0x2c | 0x32..=0x3d)
}

fn targets(one: &Instruction<'_>) -> Vec<usize> {
    jumps(one).into_iter().map(|(target, _)| target).collect()
}

/// Where an instruction may jump, with the key of a switch.
fn jumps(one: &Instruction<'_>) -> Vec<(usize, i64)> {
    match one.op() {
        op::PACKED_SWITCH | op::SPARSE_SWITCH => {
            let keys = switch_keys(one);
            one.switch_targets().into_iter().zip(keys).collect()
        }
        0x28..=0x2a | 0x32..=0x3d => one.target().map(|target| (target, 0)).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The keys of the table of a switch, in its order.
fn switch_keys(one: &Instruction<'_>) -> Vec<i64> {
    let Some(table) = one.target() else {
        return Vec::new();
    };
    let size = usize::from(one.units.get(table + 1));
    let number = |at: usize| i64::from(one.units.get32(at) as i32);
    match one.op() {
        op::PACKED_SWITCH => (0..size as i64)
            .map(|row| number(table + 2) + row)
            .collect(),
        _ => (0..size).map(|row| number(table + 2 + 2 * row)).collect(),
    }
}
