//! From code units to blocks and edges.

use super::{Absence, Edge, EdgeKind};
use crate::code::link::NONE;
use crate::dex::Dex;
use crate::dex::class_data::{Code, Try};
use crate::dex::instruction::{Instruction, PACKED_SWITCH_PAYLOAD, SPARSE_SWITCH_PAYLOAD};
use crate::dex::opcode::op;

const START: u8 = 1;
const LEADER: u8 = 2;

/// Blocks of one method while it is built; memory is kept from method to method.
#[derive(Default)]
pub(super) struct Graph {
    /// By block, in reverse postorder behind the one of the parameters: first code unit, and the one behind the last.
    pub spans: Vec<(u32, u32)>,
    /// By block: whether its first instruction may throw into a handler.
    pub guarded: Vec<bool>,
    /// By block: where its edges start in `succs`; one more at the end.
    pub succ_starts: Vec<u32>,
    pub succs: Vec<Edge>,
    /// Cases of switches: code unit of the switch, number, block.
    pub cases: Vec<(u32, i32, u32)>,
    flags: Vec<u8>,
    /// By code unit of a leader: its number in code order.
    block_at: Vec<u32>,
    raw: Vec<(u32, u32)>,
    raw_starts: Vec<u32>,
    raw_succs: Vec<Edge>,
    raw_guarded: Vec<bool>,
    order: Vec<u32>,
    renumbered: Vec<u32>,
    stack: Vec<(u32, u32)>,
}

/// Whether an instruction may throw, as the format's verifier has it.
pub(crate) fn may_throw(opcode: u8) -> bool {
    matches!(opcode,
        0x1a..=0x27 | 0x44..=0x6d | 0x6e..=0x78 | 0x93 | 0x94 | 0x9e | 0x9f
        | 0xb3 | 0xb4 | 0xbe | 0xbf | 0xd3 | 0xd4 | 0xdb | 0xdc | 0xfa..=0xff)
}

fn ends(opcode: u8) -> bool {
    matches!(opcode, 0x0e..=0x11 | op::THROW | 0x28..=0x2a)
}

fn branches(opcode: u8) -> bool {
    matches!(opcode, 0x28..=0x2c | 0x32..=0x3d)
}

impl Graph {
    /// Reads the blocks of a method. `types` translates the type indices of its DEX.
    pub fn read(&mut self, dex: &Dex, code: &Code<'_>, types: &[u32]) -> Result<(), Absence> {
        let tries = if code.tries == 0 {
            Vec::new()
        } else {
            dex.tries(code)
        };
        self.mark(code, &tries)?;
        self.cut(code, &tries, types);
        self.order_blocks()
    }

    fn lead(&mut self, unit: usize) {
        if let Some(flags) = self.flags.get_mut(unit) {
            *flags |= LEADER;
        }
    }

    /// Marks where instructions and blocks start.
    fn mark(&mut self, code: &Code<'_>, tries: &[Try]) -> Result<(), Absence> {
        self.flags.clear();
        self.flags.resize(code.units.len(), 0);
        if code.units.is_empty() {
            return Err(Absence::Damaged);
        }
        self.flags[0] |= LEADER;
        let mut guards = Guards::new(tries);
        for instruction in code.units.instructions() {
            if instruction.is_payload() {
                continue;
            }
            self.flags[instruction.at] |= START;
            let opcode = instruction.op();
            let next = instruction.at + instruction.width;
            if branches(opcode) {
                if matches!(opcode, op::PACKED_SWITCH | op::SPARSE_SWITCH) {
                    for (_, target) in switch_cases(&instruction) {
                        self.lead(target);
                    }
                } else if let Some(target) = instruction.target() {
                    self.lead(target);
                }
            }
            if (branches(opcode) || ends(opcode)) && next < code.units.len() {
                self.flags[next] |= LEADER;
            }
            if may_throw(opcode) && guards.at(instruction.at as u32).is_some() {
                self.flags[instruction.at] |= LEADER;
            }
        }
        for (_, handler) in tries.iter().flat_map(|range| &range.handlers) {
            self.lead(*handler as usize);
        }
        Ok(())
    }

    /// Cuts the code into blocks, and finds their edges.
    fn cut(&mut self, code: &Code<'_>, tries: &[Try], types: &[u32]) {
        self.raw.clear();
        self.block_at.clear();
        self.block_at.resize(code.units.len(), NONE);
        for unit in 0..code.units.len() {
            let flags = self.flags[unit];
            if flags & LEADER != 0 {
                // A leader that is no instruction: only damage jumps there, or nothing does (data behind the last block).
                if flags & START != 0 {
                    self.block_at[unit] = self.raw.len() as u32;
                    self.raw.push((unit as u32, unit as u32));
                }
            }
        }
        self.raw_starts.clear();
        self.raw_succs.clear();
        self.raw_guarded.clear();
        self.cases.clear();
        let mut guards = Guards::new(tries);
        for at in 0..self.raw.len() {
            self.raw_starts.push(self.raw_succs.len() as u32);
            let first = self.raw[at].0 as usize;
            let mut unit = first;
            // The last instruction of the block.
            let last = loop {
                let instruction = Instruction {
                    units: code.units,
                    at: unit,
                    width: code.units.width(unit),
                };
                let next = unit + instruction.width;
                if next >= code.units.len()
                    || self.flags[next] & LEADER != 0
                    || self.flags[next] & START == 0
                    || ends(instruction.op())
                {
                    break instruction;
                }
                unit = next;
            };
            let next = last.at + last.width;
            self.raw[at].1 = next as u32;
            let opcode = last.op();
            if !ends(opcode) {
                self.link(next);
            }
            if matches!(opcode, op::PACKED_SWITCH | op::SPARSE_SWITCH) {
                let before = self.raw_succs.len();
                for (number, target) in switch_cases(&last) {
                    let block = self.target(target);
                    self.cases.push((last.at as u32, number, block));
                    self.raw_succs.push(Edge {
                        block,
                        kind: EdgeKind::Normal,
                    });
                }
                self.raw_succs[before..].sort_unstable_by_key(|edge| edge.block);
                let mut kept = before;
                for position in before..self.raw_succs.len() {
                    let edge = self.raw_succs[position];
                    let fallthrough = self.raw_succs[before - 1].block;
                    if edge.block != fallthrough
                        && (kept == before || self.raw_succs[kept - 1].block != edge.block)
                    {
                        self.raw_succs[kept] = edge;
                        kept += 1;
                    }
                }
                self.raw_succs.truncate(kept);
            } else if branches(opcode) {
                self.link(last.target().unwrap_or(usize::MAX));
            }
            let guard = may_throw(code.units.get(first) as u8)
                .then(|| guards.at(first as u32))
                .flatten();
            self.raw_guarded.push(guard.is_some());
            for &(kind, handler) in guard.into_iter().flat_map(|range| &range.handlers) {
                let block = self.target(handler as usize);
                let kind = types.get(kind as usize).copied().unwrap_or(NONE);
                self.raw_succs.push(Edge {
                    block,
                    kind: EdgeKind::Caught(kind),
                });
            }
        }
        self.raw_starts.push(self.raw_succs.len() as u32);
    }

    /// The block at a unit. [`NONE`] if no instruction starts there: the code runs off its end, into data, or into the middle of an
    /// instruction, which is damage if it is ever reached (tools that hide code put such junk behind jumps that are never taken).
    fn target(&self, unit: usize) -> u32 {
        self.block_at.get(unit).copied().unwrap_or(NONE)
    }

    fn link(&mut self, unit: usize) {
        let block = self.target(unit);
        self.raw_succs.push(Edge {
            block,
            kind: EdgeKind::Normal,
        });
    }

    /// Numbers the blocks in reverse postorder, and drops what is not reached.
    fn order_blocks(&mut self) -> Result<(), Absence> {
        self.order.clear();
        self.renumbered.clear();
        self.renumbered.resize(self.raw.len(), NONE);
        self.stack.clear();
        self.stack.push((0, self.raw_starts[0]));
        self.renumbered[0] = 0;
        while let Some((block, next)) = self.stack.last_mut() {
            if *next < self.raw_starts[*block as usize + 1] {
                let target = self.raw_succs[*next as usize].block;
                *next += 1;
                if target == NONE {
                    return Err(Absence::Damaged);
                }
                if self.renumbered[target as usize] == NONE {
                    self.renumbered[target as usize] = 0;
                    self.stack.push((target, self.raw_starts[target as usize]));
                }
            } else {
                self.order.push(*block);
                self.stack.pop();
            }
        }
        self.order.reverse();
        for (position, &block) in self.order.iter().enumerate() {
            self.renumbered[block as usize] = position as u32 + 1;
        }
        // Block 0 holds the parameters: code may jump back to its first instruction.
        self.spans.clear();
        self.spans.push((0, 0));
        self.guarded.clear();
        self.guarded.push(false);
        self.succ_starts.clear();
        self.succ_starts.push(0);
        self.succs.clear();
        self.succs.push(Edge {
            block: 1,
            kind: EdgeKind::Normal,
        });
        for &block in &self.order {
            let block = block as usize;
            self.spans.push(self.raw[block]);
            self.guarded.push(self.raw_guarded[block]);
            self.succ_starts.push(self.succs.len() as u32);
            let range = self.raw_starts[block] as usize..self.raw_starts[block + 1] as usize;
            self.succs
                .extend(self.raw_succs[range].iter().map(|edge| Edge {
                    block: self.renumbered[edge.block as usize],
                    kind: edge.kind,
                }));
        }
        self.succ_starts.push(self.succs.len() as u32);
        for case in &mut self.cases {
            case.2 = self
                .renumbered
                .get(case.2 as usize)
                .copied()
                .unwrap_or(NONE);
        }
        Ok(())
    }
}

/// The `try` ranges, asked for ascending code units.
struct Guards<'a> {
    tries: &'a [Try],
    next: usize,
}

impl<'a> Guards<'a> {
    fn new(tries: &'a [Try]) -> Guards<'a> {
        Guards { tries, next: 0 }
    }

    /// The range that covers a unit. Ranges are in order and do not overlap; of damaged ones the first is taken.
    fn at(&mut self, unit: u32) -> Option<&'a Try> {
        let end = |range: &Try| range.start.saturating_add(u32::from(range.count));
        while self
            .tries
            .get(self.next)
            .is_some_and(|range| end(range) <= unit)
        {
            self.next += 1;
        }
        self.tries
            .get(self.next)
            .filter(|range| range.start <= unit)
    }
}

/// Numbers and targets of a switch.
fn switch_cases<'a>(switch: &Instruction<'a>) -> impl Iterator<Item = (i32, usize)> + use<'a> {
    let units = switch.units;
    let table = switch.target().unwrap_or(units.len());
    let at = switch.at as i64;
    let kind = units.get(table);
    let size = match kind {
        PACKED_SWITCH_PAYLOAD | SPARSE_SWITCH_PAYLOAD => usize::from(units.get(table + 1)),
        _ => 0,
    };
    let packed = kind == PACKED_SWITCH_PAYLOAD;
    let first = units.get32(table + 2) as i32;
    let targets = if packed {
        table + 4
    } else {
        table + 2 + 2 * size
    };
    (0..size)
        .take_while(move |row| targets + 2 * row + 1 < units.len())
        .map(move |row| {
            let number = if packed {
                first.wrapping_add(row as i32)
            } else {
                units.get32(table + 2 + 2 * row) as i32
            };
            let target = at + i64::from(units.get32(targets + 2 * row) as i32);
            (number, usize::try_from(target).unwrap_or(usize::MAX))
        })
}
