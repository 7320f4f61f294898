//! Constants and branches that can go one way only: sparse conditional constant propagation over numbers.

use super::{Arith, Body, Builder, Cond, EdgeKind, Op, Value, Width};
use crate::code::link::NONE;

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Known {
    /// Nothing that runs has made it yet.
    Nothing,
    Number(i64),
    Varies,
}

/// Memory that is kept from method to method.
#[derive(Default)]
pub(super) struct Scratch {
    known: Vec<Known>,
    /// By position in the edges of all blocks: whether control can take it.
    taken: Vec<bool>,
    blocks: Vec<u32>,
    values: Vec<Value>,
}

impl Builder<'_> {
    pub(super) fn fold(&mut self, body: &mut Body) {
        body.live.clear();
        if !worthwhile(body) {
            body.live.resize(body.blocks.len(), true);
            return;
        }
        body.live.resize(body.blocks.len(), false);
        let mut fold = Fold {
            users: body.users(),
            scratch: std::mem::take(&mut self.fold),
            body,
        };
        fold.run();
        self.fold = fold.scratch;
    }
}

/// Whether a branch may be decided: one of its operands is made of numbers alone.
fn worthwhile(body: &Body) -> bool {
    let made = |&arg: &Value| {
        matches!(
            body.ins[arg as usize].op,
            Op::Const(_) | Op::Phi | Op::Binary(..) | Op::Unary(_) | Op::Compare(_)
        )
    };
    (0..body.ins.len() as u32).any(|at| {
        matches!(body.ins[at as usize].op, Op::If(_) | Op::Switch) && body.args(at).iter().all(made)
    })
}

struct Fold<'b> {
    body: &'b mut Body,
    users: super::Users,
    scratch: Scratch,
}

impl Fold<'_> {
    fn run(&mut self) {
        self.scratch.known.clear();
        self.scratch
            .known
            .resize(self.body.ins.len(), Known::Nothing);
        self.scratch.taken.clear();
        self.scratch.taken.resize(self.body.succs.len(), false);
        self.scratch.blocks.clear();
        self.scratch.values.clear();
        // What reads make at the entry belongs to no range.
        for value in 0..self.body.ins.len() {
            if self.body.ins[value].op == Op::Undefined {
                self.scratch.known[value] = Known::Varies;
            }
        }
        self.body.live[0] = true;
        self.scratch.blocks.push(0);
        loop {
            if let Some(block) = self.scratch.blocks.pop() {
                for at in 0..self.body.phis(block).len() {
                    self.visit(self.body.phis(block)[at]);
                }
                for value in self.body.in_block(block) {
                    self.visit(value);
                }
                self.leave(block);
            } else if let Some(value) = self.scratch.values.pop() {
                for at in 0..self.users.of(value).len() {
                    let user = self.users.of(value)[at];
                    let ins = self.body.ins[user as usize];
                    if !self.body.live[ins.block as usize] {
                        continue;
                    }
                    if matches!(ins.op, Op::If(_) | Op::Switch) {
                        self.leave(ins.block);
                    } else {
                        self.visit(user);
                    }
                }
            } else {
                break;
            }
        }
        self.finish();
    }

    fn get(&self, value: Value) -> Known {
        self.scratch
            .known
            .get(value as usize)
            .copied()
            .unwrap_or(Known::Varies)
    }

    fn visit(&mut self, value: Value) {
        let known = self.evaluate(value);
        let slot = &mut self.scratch.known[value as usize];
        // A value goes down only: nothing, number, varies.
        let next = match (*slot, known) {
            (Known::Varies, _) | (_, Known::Nothing) => return,
            (Known::Number(a), Known::Number(b)) if a != b => Known::Varies,
            (_, known) => known,
        };
        if *slot != next {
            *slot = next;
            self.scratch.values.push(value);
        }
    }

    fn evaluate(&self, value: Value) -> Known {
        let args = self.body.args(value);
        match self.body.ins[value as usize].op {
            Op::Const(number) => Known::Number(number),
            Op::Phi => self.join(value),
            Op::Binary(arith, width) => match (self.get(args[0]), self.get(args[1])) {
                (Known::Number(a), Known::Number(b)) => {
                    binary(arith, width, a, b).map_or(Known::Varies, Known::Number)
                }
                (Known::Nothing, _) | (_, Known::Nothing) => Known::Nothing,
                _ => Known::Varies,
            },
            Op::Unary(opcode) => match self.get(args[0]) {
                Known::Number(a) => unary(opcode, a).map_or(Known::Varies, Known::Number),
                known => known,
            },
            Op::Compare(0x31) => match (self.get(args[0]), self.get(args[1])) {
                (Known::Number(a), Known::Number(b)) => Known::Number(a.cmp(&b) as i64),
                (Known::Nothing, _) | (_, Known::Nothing) => Known::Nothing,
                _ => Known::Varies,
            },
            _ => Known::Varies,
        }
    }

    /// What the operands on edges that can be taken agree on.
    fn join(&self, phi: Value) -> Known {
        let block = self.body.ins[phi as usize].block;
        let mut out = Known::Nothing;
        for (edge, &arg) in self.body.preds(block).iter().zip(self.body.args(phi)) {
            if !self.runs(edge.block, block, edge.kind) {
                continue;
            }
            out = match (out, self.get(arg)) {
                (Known::Nothing, known) | (known, Known::Nothing) => known,
                (Known::Number(a), Known::Number(b)) if a == b => out,
                _ => Known::Varies,
            };
        }
        out
    }

    /// Whether one of the edges between two blocks of this kind can be taken.
    fn runs(&self, from: u32, to: u32, kind: EdgeKind) -> bool {
        let first = self.body.blocks[from as usize].first_succ as usize;
        let edges = self.body.succs(from).iter().enumerate();
        edges
            .filter(|(_, edge)| edge.block == to && edge.kind == kind)
            .any(|(at, _)| self.scratch.taken[first + at])
    }

    /// Takes the edges out of a block that its last instruction allows.
    fn leave(&mut self, block: u32) {
        let last = self.body.in_block(block).next_back();
        let only = last.and_then(|last| self.decided(last));
        let range = self.body.blocks[block as usize];
        let waits = last.is_some_and(|last| {
            matches!(self.body.ins[last as usize].op, Op::If(_) | Op::Switch)
                && self
                    .body
                    .args(last)
                    .iter()
                    .any(|&arg| self.get(arg) == Known::Nothing)
        });
        for at in range.first_succ as usize..range.succ_end as usize {
            let edge = self.body.succs[at];
            let normal = edge.kind == EdgeKind::Normal;
            if self.scratch.taken[at]
                || normal && (waits || only.is_some_and(|only| only != edge.block))
            {
                continue;
            }
            self.scratch.taken[at] = true;
            if std::mem::replace(&mut self.body.live[edge.block as usize], true) {
                for phi in 0..self.body.phis(edge.block).len() {
                    self.visit(self.body.phis(edge.block)[phi]);
                }
            } else {
                self.scratch.blocks.push(edge.block);
            }
        }
    }

    /// The block that a branch goes to, if its operands are numbers.
    fn decided(&self, last: Value) -> Option<u32> {
        let ins = self.body.ins[last as usize];
        let number = |at: usize| match self.body.args(last).get(at).map(|&arg| self.get(arg)) {
            Some(Known::Number(number)) => Some(number),
            _ => None,
        };
        let mut normal = self.body.succs(ins.block).iter();
        match ins.op {
            Op::If(cond) => {
                let right = if self.body.args(last).len() > 1 {
                    number(1)?
                } else {
                    0
                };
                let holds = holds(cond, number(0)?, right);
                // Both ways may lead to one block; then there is one edge less to tell apart, and no harm.
                let fallthrough = normal.next()?.block;
                Some(if holds {
                    normal.next().map_or(fallthrough, |edge| edge.block)
                } else {
                    fallthrough
                })
            }
            Op::Switch => {
                let number = number(0)?;
                let case = self
                    .body
                    .cases(last)
                    .find(|case| i64::from(case.0) == number);
                Some(case.map_or(normal.next()?.block, |case| case.1))
            }
            _ => None,
        }
    }

    fn finish(&mut self) {
        for (value, &known) in self.scratch.known.iter().enumerate() {
            if let Known::Number(number) = known {
                if !matches!(self.body.ins[value].op, Op::Const(_)) {
                    self.body.constants.push((value as u32, number));
                }
            }
        }
        for at in 0..self.body.phis.len() {
            let phi = self.body.phis[at];
            let block = self.body.ins[phi as usize].block;
            let first = self.body.ins[phi as usize].first_arg as usize;
            for position in 0..self.body.preds(block).len() {
                let edge = self.body.preds(block)[position];
                if !self.runs(edge.block, block, edge.kind) {
                    self.body.args[first + position] = NONE;
                }
            }
        }
        // Instructions that never run use nothing.
        for ins in &mut self.body.ins {
            if !self.body.live[ins.block as usize] {
                ins.arg_count = 0;
            }
        }
    }
}

/// Whether a comparison holds.
pub(crate) fn holds(cond: Cond, a: i64, b: i64) -> bool {
    match cond {
        Cond::Eq => a == b,
        Cond::Ne => a != b,
        Cond::Lt => a < b,
        Cond::Ge => a >= b,
        Cond::Gt => a > b,
        Cond::Le => a <= b,
    }
}

/// The operations on whole numbers in the order of their opcodes; those on floats are the first five.
const ARITHMETIC: [Arith; 11] = [
    Arith::Add,
    Arith::Sub,
    Arith::Mul,
    Arith::Div,
    Arith::Rem,
    Arith::And,
    Arith::Or,
    Arith::Xor,
    Arith::Shl,
    Arith::Shr,
    Arith::Ushr,
];

/// The operation of an opcode, counted from `add-int`.
pub(crate) fn arithmetic(position: u8) -> (Arith, Width) {
    let position = usize::from(position);
    match position {
        0..11 => (ARITHMETIC[position], Width::Int),
        11..22 => (ARITHMETIC[position - 11], Width::Long),
        22..27 => (ARITHMETIC[position - 22], Width::Float),
        _ => (ARITHMETIC[position - 27], Width::Double),
    }
}

/// The operation of `add-int/lit16` and its like, and whether the number comes first, as in `rsub-int`.
pub(crate) fn literal_arithmetic(opcode: u8) -> (Arith, bool) {
    let position = usize::from(opcode - if opcode < 0xd8 { 0xd0 } else { 0xd8 });
    (ARITHMETIC[position], position == 1)
}

/// Arithmetic as the runtime does it; `None` where it throws, and for floats.
pub(crate) fn binary(arith: Arith, width: Width, a: i64, b: i64) -> Option<i64> {
    match width {
        Width::Int => {
            let (a, b) = (a as i32, b as i32);
            Some(i64::from(match arith {
                Arith::Add => a.wrapping_add(b),
                Arith::Sub => a.wrapping_sub(b),
                Arith::Mul => a.wrapping_mul(b),
                Arith::Div => a.checked_div(b).or((b == -1).then_some(a))?,
                Arith::Rem => a.checked_rem(b).or((b == -1).then_some(0))?,
                Arith::And => a & b,
                Arith::Or => a | b,
                Arith::Xor => a ^ b,
                Arith::Shl => a.wrapping_shl(b as u32),
                Arith::Shr => a.wrapping_shr(b as u32),
                Arith::Ushr => (a as u32).wrapping_shr(b as u32) as i32,
            }))
        }
        Width::Long => Some(match arith {
            Arith::Add => a.wrapping_add(b),
            Arith::Sub => a.wrapping_sub(b),
            Arith::Mul => a.wrapping_mul(b),
            Arith::Div => a.checked_div(b).or((b == -1).then_some(a))?,
            Arith::Rem => a.checked_rem(b).or((b == -1).then_some(0))?,
            Arith::And => a & b,
            Arith::Or => a | b,
            Arith::Xor => a ^ b,
            Arith::Shl => a.wrapping_shl(b as u32),
            Arith::Shr => a.wrapping_shr(b as u32),
            Arith::Ushr => (a as u64).wrapping_shr(b as u32) as i64,
        }),
        Width::Float | Width::Double => None,
    }
}

/// Negation, complement and changes of width as the runtime does them; `None` for those of floats.
pub(crate) fn unary(opcode: u8, a: i64) -> Option<i64> {
    Some(match opcode {
        0x7b => i64::from((a as i32).wrapping_neg()),
        0x7c => i64::from(!(a as i32)),
        0x7d => a.wrapping_neg(),
        0x7e => !a,
        0x81 | 0x84 => i64::from(a as i32),
        0x8d => i64::from(a as i8),
        0x8e => i64::from(a as u16),
        0x8f => i64::from(a as i16),
        _ => return None,
    })
}
