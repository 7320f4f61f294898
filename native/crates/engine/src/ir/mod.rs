//! One method in static single assignment form, built on demand from its code.
//!
//! ```no_run
//! # fn show(program: &assaymark_engine::code::Program, def: u32) {
//! use assaymark_engine::ir::{Builder, Op};
//! let mut builder = Builder::new(program); // keeps its scratch memory from method to method
//! if let Ok(body) = builder.body(def) {
//!     for block in body.live_blocks() {
//!         for value in body.in_block(block) {
//!             if let Op::Invoke(_, method) = body.ins[value as usize].op {
//!                 println!("calls {method} with {:?}", body.args(value));
//!             }
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! * A [`Value`] is the position of the instruction that makes it in [`Body::ins`]; an instruction that makes nothing has a number too.
//!   `move` and `move-result` leave no instruction: a call *is* its result. `long` and `double` are one value.
//! * Blocks are numbered in reverse postorder from the entry, block 0; code that no way leads to is not there. An instruction that may throw
//!   inside a `try` begins a block; the edge to the handler carries what registers held before it.
//! * Phis stand in [`Body::phis`], with one operand for each edge of [`Body::preds`], in that order. They are pruned: made where a read needs one
//!   (Braun et al., CC 2013), trivial ones removed.
//! * Branches on constants are folded (Wegman and Zadeck, TOPLAS 1991): [`Body::live`] tells which blocks can run, [`Body::constant`] what
//!   number a value is. Operands of a phi on a dead edge are [`NONE`].
//! * Dominators, post-dominators and control dependence: [`dominance`]. Uses of values: [`Body::users`].
//! * Ids of types, fields and methods are the unified ones of [`crate::code::link`]; strings are (DEX of the method, index).
//!
//! Work is bounded: [`Absence`] says why there is no body. No instruction owns memory.

mod blocks;
pub mod dominance;
mod fold;
mod ssa;
#[cfg(test)]
mod tests;

pub(crate) use blocks::may_throw;
pub(crate) use fold::{arithmetic, binary, holds, literal_arithmetic, unary};
pub use ssa::Builder;

use crate::code::link::NONE;

/// Position of an instruction in [`Body::ins`]; [`NONE`] for no value.
pub type Value = u32;

/// How a call finds its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of the opcodes
pub enum Invoke {
    Virtual,
    Super,
    Direct,
    Static,
    Interface,
    Polymorphic,
}

/// Arithmetic on two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Ushr,
}

/// What two numbers are compared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Cond {
    Eq,
    Ne,
    Lt,
    Ge,
    Gt,
    Le,
}

/// The type that arithmetic works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Width {
    Int,
    Long,
    Float,
    Double,
}

/// What an instruction does. Operands are in [`Body::args`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    /// A parameter, the receiver first; its position.
    Param(u16),
    /// One of several values, by the edge that was taken.
    Phi,
    /// A register that nothing was written to.
    Undefined,
    /// A number; `null` and `false` are 0, floats are their bits.
    Const(i64),
    /// A string of the DEX of the method.
    Str(u32),
    /// A class constant.
    Class(u32),
    /// A new object.
    New(u32),
    /// A new array of this (array) type; operand: size.
    NewArray(u32),
    /// A new array of the operands.
    Filled(u32),
    /// The array (operand) is filled from a table of numbers.
    FillData,
    /// The operand as this type.
    Cast(u32),
    /// Whether the operand is of this type.
    InstanceOf(u32),
    /// Length of an array.
    Length,
    /// A field of the operand.
    Get(u32),
    /// Writes a field: object, value.
    Put(u32),
    /// A static field.
    StaticGet(u32),
    /// Writes a static field: value.
    StaticPut(u32),
    /// An element: array, index.
    ArrayGet,
    /// Writes an element: array, index, value.
    ArrayPut,
    /// Arithmetic on one operand; the opcode.
    Unary(u8),
    /// Arithmetic on two operands.
    Binary(Arith, Width),
    /// `cmp…`: compares two operands; the opcode.
    Compare(u8),
    /// A call; operands are the receiver and one value for each parameter.
    Invoke(Invoke, u32),
    /// `invoke-custom`: index of the call site in the DEX of the method; operands are what the registers hold, the second
    /// register of a wide value left out.
    InvokeCustom(u32),
    /// A method handle or type constant.
    Handle(u32),
    /// A branch on one operand against zero, or on two: first successor if it does not hold, second if it does.
    If(Cond),
    /// A branch by the cases of [`Body::cases`]; first successor otherwise.
    Switch,
    /// Ends the method, with or without a value.
    Return,
    /// Throws the operand.
    Throw,
    /// What a handler caught.
    Caught,
    /// `monitor-enter`, `monitor-exit` and whatever else has no value.
    Other,
}

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ins {
    /// What it does.
    pub op: Op,
    /// Code unit it stands at.
    pub unit: u32,
    /// Its block.
    pub block: u32,
    first_arg: u32,
    arg_count: u16,
}

/// How a block is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeKind {
    /// By falling through, or by a jump.
    Normal,
    /// By an exception of this type (unified id), or of any type ([`NONE`]).
    Caught(u32),
}

/// An edge between blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The other block.
    pub block: u32,
    /// How it is taken.
    pub kind: EdgeKind,
}

/// A run of instructions with one way in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Block {
    first: u32,
    end: u32,
    first_phi: u32,
    phi_end: u32,
    first_succ: u32,
    succ_end: u32,
    first_pred: u32,
    pred_end: u32,
    /// Whether its first instruction may throw into a handler of this method.
    pub guarded: bool,
}

/// Why a method has no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// Abstract or native.
    NoCode,
    /// The code does not lie in the file, a jump leads nowhere, or a register does not exist.
    Damaged,
    /// Registers times blocks, or phis, exceed the limit.
    TooLarge,
}

/// A method in SSA form.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// The method definition.
    pub def: u32,
    /// Position of the DEX file that its string indices belong to.
    pub dex: u32,
    /// All instructions; parameters first.
    pub ins: Vec<Ins>,
    /// Which blocks can run.
    pub live: Vec<bool>,
    blocks: Vec<Block>,
    args: Vec<Value>,
    phis: Vec<Value>,
    succs: Vec<Edge>,
    preds: Vec<Edge>,
    cases: Vec<(Value, i32, u32)>,
    constants: Vec<(Value, i64)>,
    params: u16,
}

impl Body {
    /// Number of blocks.
    pub fn block_count(&self) -> u32 {
        self.blocks.len() as u32
    }

    /// Blocks that can run, in reverse postorder.
    pub fn live_blocks(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.block_count()).filter(|&block| self.live[block as usize])
    }

    /// A block.
    pub fn block(&self, block: u32) -> &Block {
        &self.blocks[block as usize]
    }

    /// The instructions of a block, without its phis.
    pub fn in_block(&self, block: u32) -> std::ops::Range<Value> {
        let block = &self.blocks[block as usize];
        block.first..block.end
    }

    /// The phis of a block.
    pub fn phis(&self, block: u32) -> &[Value] {
        let block = &self.blocks[block as usize];
        &self.phis[block.first_phi as usize..block.phi_end as usize]
    }

    /// Where control goes from a block; handlers last.
    pub fn succs(&self, block: u32) -> &[Edge] {
        let block = &self.blocks[block as usize];
        &self.succs[block.first_succ as usize..block.succ_end as usize]
    }

    /// Where control comes from.
    pub fn preds(&self, block: u32) -> &[Edge] {
        let block = &self.blocks[block as usize];
        &self.preds[block.first_pred as usize..block.pred_end as usize]
    }

    /// Operands of an instruction.
    #[inline]
    pub fn args(&self, value: Value) -> &[Value] {
        let ins = &self.ins[value as usize];
        let first = ins.first_arg as usize;
        &self.args[first..first + usize::from(ins.arg_count)]
    }

    /// The values of the parameters, the receiver first.
    pub fn params(&self) -> std::ops::Range<Value> {
        0..u32::from(self.params)
    }

    /// The cases of a switch: number, block.
    pub fn cases(&self, switch: Value) -> impl Iterator<Item = (i32, u32)> + '_ {
        let first = self.cases.partition_point(|case| case.0 < switch);
        self.cases[first..]
            .iter()
            .take_while(move |case| case.0 == switch)
            .map(|case| (case.1, case.2))
    }

    /// The number that a value is on every way, if there is one.
    pub fn constant(&self, value: Value) -> Option<i64> {
        if let Op::Const(number) = self.ins.get(value as usize)?.op {
            return Some(number);
        }
        let at = self.constants.binary_search_by_key(&value, |row| row.0);
        at.ok().map(|at| self.constants[at].1)
    }

    /// For each value, the instructions that use it: starts (one more at the end), and users, ascending for each value.
    pub fn users(&self) -> Users {
        let mut starts = vec![0u32; self.ins.len() + 2];
        let each = |visit: &mut dyn FnMut(Value, Value)| {
            for user in 0..self.ins.len() as u32 {
                for &arg in self.args(user) {
                    if arg != NONE {
                        visit(arg, user);
                    }
                }
            }
        };
        each(&mut |arg, _| starts[arg as usize + 2] += 1);
        for at in 2..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut users = vec![0; starts.last().copied().unwrap_or_default() as usize];
        each(&mut |arg, user| {
            let next = &mut starts[arg as usize + 1];
            users[*next as usize] = user;
            *next += 1;
        });
        starts.pop();
        Users { starts, users }
    }
}

/// Which instructions use which value.
#[derive(Debug, Clone, Default)]
pub struct Users {
    starts: Vec<u32>,
    users: Vec<Value>,
}

impl Users {
    /// The users of a value; one that uses it twice stands twice.
    #[inline]
    pub fn of(&self, value: Value) -> &[Value] {
        let range = self.starts[value as usize] as usize..self.starts[value as usize + 1] as usize;
        &self.users[range]
    }
}
