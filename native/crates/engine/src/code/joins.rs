//! Where ways through a method meet: what its registers hold on all of them.

use crate::dex::Dex;
use crate::dex::class_data::Code;
use crate::dex::instruction::Instruction;
use crate::dex::opcode::op;
use std::collections::BTreeMap;

/// Registers times places where ways meet: beyond it, nothing is known where ways meet.
const STATES: usize = 1 << 20;

/// What a register holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Held {
    Nothing,
    String(u32),
    Integer(i64),
    Class(u32),
    Field(u32),
    Uri(usize),
    Result(u32),
    Array(usize),
    /// Number of the builder, number of the text in it.
    Builder(usize, usize),
    Text(usize),
}

pub(super) type Registers = Vec<Held>;

impl Held {
    /// Whether it means the same whenever it is used.
    fn is_fixed(self) -> bool {
        matches!(
            self,
            Held::String(_) | Held::Integer(_) | Held::Class(_) | Held::Field(_) | Held::Result(_)
        )
    }
}

/// Places where ways meet, and what is known on the ways that came there.
pub(super) struct Joins {
    places: BTreeMap<u32, Join>,
    /// Ranges of code units, each with where its exceptions go.
    tries: Vec<(std::ops::Range<u32>, Vec<u32>)>,
    /// Whether a way from behind disagreed in this pass.
    pub changed: bool,
}

#[derive(Default)]
struct Join {
    /// What the ways seen so far in this pass agree on; `None` before the first.
    saved: Option<Registers>,
    /// A way comes from behind or by an exception.
    late: bool,
    /// Registers that ways from behind were seen to change; all if there are too many places.
    lost: Lost,
    /// What was known when the pass came here.
    entered: Registers,
}

#[derive(Default)]
enum Lost {
    #[default]
    Nothing,
    Some(Vec<bool>),
    All,
}

impl Joins {
    pub fn of(dex: &Dex, code: &Code<'_>) -> Joins {
        let mut places: BTreeMap<u32, Join> = BTreeMap::new();
        for instruction in code
            .units
            .instructions()
            .filter(|instruction| !instruction.is_payload())
        {
            for target in targets(&instruction) {
                let join = places.entry(target as u32).or_default();
                join.late |= target <= instruction.at;
            }
        }
        let mut tries = Vec::new();
        for range in dex.tries(code) {
            let handlers: Vec<u32> = range.handlers.iter().map(|&(_, handler)| handler).collect();
            for &handler in &handlers {
                places.entry(handler).or_default().late = true;
            }
            tries.push((
                range.start..range.start.saturating_add(range.count.into()),
                handlers,
            ));
        }
        tries.sort_by_key(|range| range.0.start);
        // Ranges do not overlap; where they do, nothing is known in their handlers.
        if tries.windows(2).any(|two| two[0].0.end > two[1].0.start) {
            for handler in tries.drain(..).flat_map(|range| range.1) {
                places.entry(handler).or_default().lost = Lost::All;
            }
        }
        if places.len().saturating_mul(usize::from(code.registers)) > STATES {
            for join in places.values_mut() {
                (join.late, join.lost) = (true, Lost::All);
            }
        }
        Joins {
            places,
            tries,
            changed: false,
        }
    }

    /// Whether one pass may not be enough.
    pub fn repeats(&self) -> bool {
        let mut late = self.places.values().filter(|join| join.late);
        late.any(|join| !matches!(join.lost, Lost::All))
    }

    /// Begins a pass; nothing is kept of ways from behind in the `last` one, if they still disagree.
    pub fn begin(&mut self, last: bool) {
        self.changed = false;
        for join in self.places.values_mut() {
            join.saved = None;
            join.entered.clear();
            if last && join.late {
                join.lost = Lost::All;
            }
        }
    }

    /// Adjusts the registers to what holds on every way into an instruction.
    pub fn enter(&mut self, at: u32, registers: &mut Registers, alive: bool) {
        let Some(join) = self.places.get_mut(&at) else {
            if !alive {
                registers.fill(Held::Nothing);
            }
            return;
        };
        match join.saved.take() {
            Some(saved) if !alive => *registers = saved,
            Some(saved) => agree(registers, &saved),
            None if alive && join.late => {}
            // No way to it was seen: dead code, or a table that could not be read.
            None => registers.fill(Held::Nothing),
        }
        if join.late {
            for (at, held) in registers.iter_mut().enumerate() {
                let lost = match &join.lost {
                    Lost::Nothing => false,
                    Lost::Some(lost) => lost[at],
                    Lost::All => true,
                };
                if lost || !held.is_fixed() {
                    *held = Held::Nothing;
                }
            }
            join.entered.clone_from(registers);
        }
    }

    /// Takes the registers along the jumps of an instruction.
    pub fn leave(&mut self, instruction: &Instruction<'_>, registers: &Registers) {
        for target in targets(instruction) {
            self.meet(instruction.at, target as u32, registers);
        }
    }

    /// Takes the registers, as they are before an instruction, to where its exceptions go.
    pub fn throw(&mut self, at: usize, registers: &Registers) {
        let before = self
            .tries
            .partition_point(|range| range.0.start <= at as u32);
        let Some(position) = before.checked_sub(1) else {
            return;
        };
        if self.tries[position].0.contains(&(at as u32)) {
            for handler in self.tries[position].1.clone() {
                self.meet(at, handler, registers);
            }
        }
    }

    fn meet(&mut self, from: usize, target: u32, registers: &Registers) {
        let Some(join) = self.places.get_mut(&target) else {
            return;
        };
        if target as usize > from {
            match &mut join.saved {
                Some(saved) => agree(saved, registers),
                None => join.saved = Some(registers.clone()),
            }
            return;
        }
        for (at, held) in join.entered.iter().enumerate() {
            if *held == Held::Nothing || *held == registers[at] {
                continue;
            }
            if let Lost::Nothing = join.lost {
                join.lost = Lost::Some(vec![false; registers.len()]);
            }
            if let Lost::Some(lost) = &mut join.lost {
                lost[at] = true;
                self.changed = true;
            }
        }
    }
}

fn agree(registers: &mut Registers, other: &Registers) {
    for (mine, theirs) in registers.iter_mut().zip(other) {
        if mine != theirs {
            *mine = Held::Nothing;
        }
    }
}

fn targets(instruction: &Instruction<'_>) -> Vec<usize> {
    match instruction.op() {
        op::PACKED_SWITCH | op::SPARSE_SWITCH => instruction.switch_targets(),
        op::FILL_ARRAY_DATA => Vec::new(),
        _ => instruction.target().into_iter().collect(),
    }
}
