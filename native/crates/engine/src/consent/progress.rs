//! What a node keeps between its runs, so that only what changed runs again.
//!
//! Four of five steps were repetitions: a method that reads one cell that grew was run from its first instruction, and seven of eight
//! of its calls gave what they had given before. A node now keeps the registers at the start of each of its blocks, and of each
//! instruction that asks more than registers (it reads a cell, or calls) what it was given and what it gave. Who reads a cell or calls
//! a method is told apart by instruction; a run begins at the blocks of those that were told, and asks again only there, and where
//! registers differ.
//!
//! All grows, so what was kept stays true, but for a few answers that hold only until more is known: the default of an empty cell, a
//! call on an object that nothing has made yet. They are noticed when they shrink, and the node then runs from its start as if for the
//! first time.

use super::body::{Body, Insn};
use super::run::{Frame, STRIDE};
use super::value::{NOTHING, STOPS, UNASKED, Value, Values};
use super::world::World;
use crate::code::link::NONE;
use crate::dex::opcode::op;
use crate::ir::may_throw;
use smallvec::SmallVec;

/// Says that a node is to run from its start, where else the number of an instruction that asks stands.
pub const WHOLE: u32 = NONE;

/// Says that only its arguments grew.
pub const ARGUMENTS: u32 = NONE - 1;

/// Values that all nodes together may keep; others run from their start each time.
const KEPT: usize = 8_000_000;

/// Blocks that wait, taken in the order of the code: most of what leads to a block comes before it.
pub struct Waiting {
    words: Vec<u64>,
    /// No block below this word waits.
    low: usize,
}

impl Waiting {
    fn new(blocks: usize) -> Waiting {
        Waiting {
            words: vec![0; blocks.div_ceil(64)],
            low: 0,
        }
    }

    /// Adds a block.
    pub fn add(&mut self, block: u32) {
        let word = block as usize / 64;
        self.words[word] |= 1 << (block % 64);
        self.low = self.low.min(word);
    }

    /// Takes the first one.
    pub fn take_first(&mut self) -> Option<u32> {
        while let Some(word) = self.words.get_mut(self.low) {
            if *word != 0 {
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                return Some(self.low as u32 * 64 + bit);
            }
            self.low += 1;
        }
        None
    }
}

/// What is kept of a node.
pub struct Kept {
    width: usize,
    /// Registers at the start of each block that was reached.
    states: Box<[Value]>,
    reached: Box<[bool]>,
    /// What each instruction that asks gave; [`STOPS`] if nothing followed it.
    answers: Box<[Value]>,
    /// What it was given, as [`Body::registers_passed`].
    inputs: Box<[Value]>,
    /// Whether it is to ask again.
    due: Box<[bool]>,
}

impl Kept {
    /// Nothing, for a method of which no block was reached.
    pub fn new(body: &Body) -> Kept {
        let (width, blocks) = (usize::from(body.registers) + 1, body.blocks.len());
        Kept {
            width,
            states: vec![NOTHING; width * blocks].into(),
            reached: vec![false; blocks].into(),
            answers: vec![UNASKED; body.asking.len()].into(),
            inputs: vec![NOTHING; body.registers_passed.len()].into(),
            due: vec![false; body.asking.len()].into(),
        }
    }

    /// How many values it holds.
    pub fn size(&self) -> usize {
        self.states.len() + self.answers.len() + self.inputs.len()
    }
}

/// One run of a node.
pub struct Run {
    pub(super) kept: Box<Kept>,
    pub(super) waiting: Waiting,
    /// Whether it goes on from what was kept.
    again: bool,
    /// Whether an answer shrank, so that what was kept is too much.
    pub(super) shrunk: bool,
}

impl Run {
    /// A run from the start of a method.
    pub fn new(body: &Body) -> Run {
        Run {
            kept: Box::new(Kept::new(body)),
            waiting: Waiting::new(body.blocks.len()),
            again: false,
            shrunk: false,
        }
    }

    /// A run that goes on at instructions that ask again.
    pub fn again(mut kept: Box<Kept>, body: &Body, asking: &[u32]) -> Run {
        let mut waiting = Waiting::new(kept.reached.len());
        for &asks in asking {
            let block = body.asking[asks as usize];
            kept.due[asks as usize] = true;
            if kept.reached[block as usize] {
                waiting.add(block);
            }
        }
        Run {
            kept,
            waiting,
            again: true,
            shrunk: false,
        }
    }

    /// The registers at the start of a block.
    pub fn load(&self, block: u32, frame: &mut [Value]) {
        let from = block as usize * self.kept.width;
        frame.copy_from_slice(&self.kept.states[from..from + self.kept.width]);
    }

    /// Adds registers to those at the start of a block, which waits if that changes them.
    pub fn merge(&mut self, values: &mut Values, target: u32, frame: &[Value]) {
        let from = target as usize * self.kept.width;
        let held = &mut self.kept.states[from..from + self.kept.width];
        let mut changed = !std::mem::replace(&mut self.kept.reached[target as usize], true);
        for (mine, &theirs) in held.iter_mut().zip(frame) {
            if *mine != theirs {
                let joined = values.join(*mine, theirs);
                changed |= joined != *mine;
                *mine = joined;
            }
        }
        if changed {
            self.waiting.add(target);
        }
    }

    /// What an instruction gave before, if it is given the same and need not ask again.
    pub fn known(&mut self, insn: &Insn, inputs: &[Value]) -> Option<Value> {
        let at = insn.asks as usize;
        let due = std::mem::take(&mut self.kept.due[at]);
        let held = &mut self.kept.inputs[insn.passed.0 as usize..insn.passed.1 as usize];
        let same = !due && *held == *inputs;
        held.copy_from_slice(inputs);
        Some(self.kept.answers[at]).filter(|&answer| same && answer != UNASKED)
    }

    /// Notes what an instruction gave. One that gives less than in the run before ends a run that goes on.
    pub fn answer(&mut self, values: &mut Values, insn: &Insn, given: Value) {
        let before = std::mem::replace(&mut self.kept.answers[insn.asks as usize], given);
        if self.again && before != given && before != UNASKED && before != STOPS {
            self.shrunk |= given == STOPS || values.join(before, given) != given;
        }
    }
}

impl World<'_> {
    /// Runs a node; gives its result, and whether it may return.
    pub(super) fn execute(&mut self, node: u32, body: &Body) -> (Value, bool) {
        let slot = &mut self.nodes[node as usize];
        let asking = std::mem::take(&mut slot.waiting);
        let mut run = match slot.kept.take() {
            Some(kept) if !asking.contains(&WHOLE) => {
                self.kept -= kept.size();
                Run::again(kept, body, &asking)
            }
            kept => {
                self.kept -= kept.map_or(0, |kept| kept.size());
                Run::new(body)
            }
        };
        let (mut result, mut returns) = self.run_blocks(node, body, &mut run);
        if run.shrunk {
            run = Run::new(body);
            let outcome = self.run_blocks(node, body, &mut run);
            result = self.values.join(result, outcome.0);
            returns |= outcome.1;
        }
        let size = run.kept.size();
        if self.kept + size <= KEPT {
            self.kept += size;
            self.nodes[node as usize].kept = Some(run.kept);
        }
        (result, returns)
    }

    /// Runs the blocks that wait, and those behind them that change by it.
    fn run_blocks(&mut self, node: u32, body: &Body, run: &mut Run) -> (Value, bool) {
        let registers = usize::from(body.registers);
        let mut frame = vec![NOTHING; registers + 1];
        let first = registers - usize::from(body.ins);
        frame[first..registers].copy_from_slice(&self.nodes[node as usize].args);
        run.merge(&mut self.values, 0, &frame);
        let (mut result, mut returns) = (NOTHING, false);
        while let Some(at) = run.waiting.take_first() {
            let taken = self.steps;
            self.steps += (frame.len() / STRIDE) as u64;
            run.load(at, &mut frame);
            let block = &body.blocks[at as usize];
            let mut alive = true;
            let mut tail = None;
            for position in block.range.0..block.range.1 {
                self.steps += 1;
                if self.exhausted() {
                    return (result, returns);
                }
                let insn = &body.insns[position as usize];
                if insn.site != NONE {
                    self.visit(node, insn.site);
                }
                if !block.handlers.is_empty() && may_throw(insn.op) {
                    for &handler in &block.handlers {
                        run.merge(&mut self.values, handler, &frame);
                    }
                }
                match insn.op {
                    0x0e => returns = true,
                    0x0f..=0x11 => {
                        returns = true;
                        result = self.values.join(result, frame[usize::from(insn.a)]);
                    }
                    _ if insn.asks != NONE => {
                        alive = self.step_or_reuse(node, body, insn, &mut frame, run);
                        if run.shrunk {
                            return (result, returns);
                        }
                    }
                    _ => alive = self.step(node, body, insn, &mut frame),
                }
                if !alive {
                    break;
                }
                tail = Some(insn);
            }
            self.nodes[node as usize].spent += (self.steps - taken) as u32;
            if let Some(tail) = tail.filter(|_| alive) {
                let split = self.split_receiver(node, body, at, &frame);
                self.leave(body, (at, tail), &mut frame, split, run);
            }
        }
        (result, returns)
    }

    /// Runs an instruction that asks more than registers, unless it would be the same as before; false if nothing follows it.
    fn step_or_reuse(
        &mut self,
        node: u32,
        body: &Body,
        insn: &Insn,
        frame: &mut Frame,
        run: &mut Run,
    ) -> bool {
        let target = match insn.op {
            0x6e..=0x78 => Some(frame.len() - 1),
            0x44..=0x4a | op::IGET..op::IPUT | op::SGET..op::SPUT => Some(usize::from(insn.a)),
            _ => None,
        };
        let inputs = body.passed(insn).iter();
        let mut inputs: SmallVec<[Value; 8]> = inputs
            .map(|&register| frame[usize::from(register)])
            .collect();
        let call = matches!(insn.op, 0x6e..=0x78);
        // Text that is put together changes registers, so that is done each time.
        if call && let Some(result) = self.build_text(insn, &mut inputs, frame) {
            frame[frame.len() - 1] = result;
            return true;
        }
        let given = match run.known(insn, &inputs) {
            Some(known) => known,
            None => {
                self.nodes[node as usize].asks = insn.asks;
                let goes_on = if call {
                    let (result, returns) = self.invoke(node, insn, &inputs);
                    frame[frame.len() - 1] = result;
                    returns
                } else {
                    self.step(node, body, insn, frame)
                };
                self.nodes[node as usize].asks = WHOLE;
                let given = match target {
                    _ if !goes_on => STOPS,
                    Some(target) => frame[target],
                    None => NOTHING,
                };
                run.answer(&mut self.values, insn, given);
                given
            }
        };
        if let Some(target) = target.filter(|_| given != STOPS) {
            frame[target] = given;
        }
        given != STOPS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_wait_in_order() {
        let mut waiting = Waiting::new(200);
        for block in [130, 3, 64, 3] {
            waiting.add(block);
        }
        assert_eq!(waiting.take_first(), Some(3));
        waiting.add(1);
        let rest: Vec<u32> = std::iter::from_fn(|| waiting.take_first()).collect();
        assert_eq!(rest, [1, 64, 130]);
    }
}
