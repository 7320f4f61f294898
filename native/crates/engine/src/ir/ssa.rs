//! From blocks to static single assignment form.
//!
//! Blocks are filled in reverse postorder. A read that finds no write in its block goes up to the predecessor; at a block with several it
//! makes a phi, whose operands are read once all blocks are filled. So no recursion is needed, and a phi exists only where something reads it.

use super::blocks::Graph;
use super::{
    Absence, Block, Body, Cond, Edge, EdgeKind, Ins, Invoke, Op, Value, Width, arithmetic,
    literal_arithmetic,
};
use crate::code::Program;
use crate::code::link::NONE;
use crate::dex::class_data::{Code, access};
use crate::dex::instruction::Instruction;
use crate::dex::opcode::op;

/// Marks the number of a value in [`Builder::extra`] while a body is built.
const EXTRA: u32 = 1 << 31;
/// Registers times blocks of one method, and instructions with phis, that are built.
const CELLS: usize = 1 << 22;

/// Builds bodies; keeps its scratch memory.
pub struct Builder<'a> {
    program: &'a Program,
    graph: Graph,
    /// By block and register: the value at its end if it writes the register.
    written: Vec<Value>,
    /// By block and register: the value at its start, as far as it was asked for.
    entering: Vec<Value>,
    /// Phis and undefined values, which stand behind all others.
    extra: Vec<Ins>,
    /// Phis made: value, register.
    pending: Vec<(Value, u16)>,
    /// By value: what stands for it after trivial phis are gone.
    instead: Vec<Value>,
    arguments: Vec<u16>,
    pub(super) fold: super::fold::Scratch,
}

impl<'a> Builder<'a> {
    /// A builder for the methods of a program.
    pub fn new(program: &'a Program) -> Builder<'a> {
        Builder {
            program,
            graph: Graph::default(),
            written: Vec::new(),
            entering: Vec::new(),
            extra: Vec::new(),
            pending: Vec::new(),
            instead: Vec::new(),
            arguments: Vec::new(),
            fold: super::fold::Scratch::default(),
        }
    }

    /// The body of a method definition.
    pub fn body(&mut self, def: u32) -> Result<Body, Absence> {
        let program = self.program;
        let method = program.defs.methods[def as usize];
        if method.code == 0 {
            return Err(Absence::NoCode);
        }
        let dex_position = program.defs.class(def).dex;
        let dex = &program.dexes[dex_position as usize];
        let code = dex.code(method.code).ok_or(Absence::Damaged)?;
        let types = &program.link.ids[dex_position as usize].types;
        self.graph.read(dex, &code, types)?;
        let cells = self.graph.spans.len() * usize::from(code.registers);
        if cells > CELLS {
            return Err(Absence::TooLarge);
        }
        for table in [&mut self.written, &mut self.entering] {
            table.clear();
            table.resize(cells, NONE);
        }
        self.pending.clear();
        self.extra.clear();
        let mut body = Body {
            def,
            dex: dex_position,
            ins: Vec::with_capacity(code.units.len()),
            args: Vec::with_capacity(code.units.len()),
            succs: self.graph.succs.clone(),
            ..Body::default()
        };
        self.lay_out(&mut body);
        let mut fill = Fill {
            builder: self,
            body: &mut body,
            registers: usize::from(code.registers),
            code,
            last: NONE,
        };
        fill.parameters(method.access, method.id)?;
        for block in 0..fill.body.blocks.len() as u32 {
            fill.block(block)?;
        }
        fill.phis()?;
        self.settle(&mut body);
        self.fold(&mut body);
        Ok(body)
    }

    /// Blocks and their edges, both ways.
    fn lay_out(&self, body: &mut Body) {
        let count = self.graph.spans.len();
        let mut pred_starts = vec![0u32; count + 2];
        for edge in &body.succs {
            pred_starts[edge.block as usize + 2] += 1;
        }
        for block in 2..count + 2 {
            pred_starts[block] += pred_starts[block - 1];
        }
        body.preds = vec![
            Edge {
                block: NONE,
                kind: EdgeKind::Normal
            };
            body.succs.len()
        ];
        for block in 0..count {
            let range = self.graph.succ_starts[block]..self.graph.succ_starts[block + 1];
            for edge in &body.succs[range.start as usize..range.end as usize] {
                let next = &mut pred_starts[edge.block as usize + 1];
                body.preds[*next as usize] = Edge {
                    block: block as u32,
                    kind: edge.kind,
                };
                *next += 1;
            }
        }
        body.blocks = (0..count)
            .map(|block| Block {
                first_succ: self.graph.succ_starts[block],
                succ_end: self.graph.succ_starts[block + 1],
                first_pred: pred_starts[block],
                pred_end: pred_starts[block + 1],
                guarded: self.graph.guarded[block],
                ..Block::default()
            })
            .collect();
    }

    /// Removes phis all of whose operands are one value or the phi itself, and appends the others. The rounds are bounded; what is left
    /// is redundant, not wrong.
    fn settle(&mut self, body: &mut Body) {
        const ROUNDS: usize = 32;
        let first = body.ins.len() as u32;
        for arg in &mut body.args {
            if *arg & EXTRA != 0 {
                *arg = first + (*arg & !EXTRA);
            }
        }
        body.ins.append(&mut self.extra);
        self.instead.clear();
        self.instead.extend(0..body.ins.len() as u32);
        for _ in 0..ROUNDS {
            let mut changed = false;
            for &(phi, _) in &self.pending {
                let phi = first + (phi & !EXTRA);
                if self.instead[phi as usize] != phi {
                    continue;
                }
                let mut only = NONE;
                let trivial = body.args(phi).iter().all(|&arg| {
                    let arg = find(&mut self.instead, arg);
                    let fits = arg == phi || arg == only || only == NONE;
                    if arg != phi && only == NONE {
                        only = arg;
                    }
                    fits
                });
                if trivial && only != NONE {
                    self.instead[phi as usize] = only;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        for arg in &mut body.args {
            *arg = find(&mut self.instead, *arg);
        }
        let mut phis = Vec::new();
        for &(phi, _) in &self.pending {
            let phi = first + (phi & !EXTRA);
            if self.instead[phi as usize] == phi {
                phis.push(phi);
            } else {
                let ins = &mut body.ins[phi as usize];
                (ins.op, ins.arg_count) = (Op::Other, 0);
            }
        }
        phis.sort_unstable_by_key(|&phi| (body.ins[phi as usize].block, phi));
        for (at, &phi) in phis.iter().enumerate() {
            let block = &mut body.blocks[body.ins[phi as usize].block as usize];
            if block.phi_end == 0 {
                block.first_phi = at as u32;
            }
            block.phi_end = at as u32 + 1;
        }
        body.phis = phis;
    }
}

/// The value that stands for another, with its way shortened.
fn find(instead: &mut [Value], value: Value) -> Value {
    let mut root = value;
    while instead[root as usize] != root {
        root = instead[root as usize];
    }
    let mut at = value;
    while instead[at as usize] != root {
        at = std::mem::replace(&mut instead[at as usize], root);
    }
    root
}

struct Fill<'b, 'a> {
    builder: &'b mut Builder<'a>,
    body: &'b mut Body,
    registers: usize,
    code: Code<'a>,
    /// The call or `filled-new-array` that `move-result` takes.
    last: Value,
}

impl Fill<'_, '_> {
    fn push(&mut self, op: Op, unit: usize, block: u32, args: &[Value]) -> Value {
        let first_arg = self.body.args.len() as u32;
        self.body.args.extend_from_slice(args);
        self.body.ins.push(Ins {
            op,
            unit: unit as u32,
            block,
            first_arg,
            arg_count: args.len() as u16,
        });
        self.body.ins.len() as u32 - 1
    }

    fn parameters(&mut self, flags: u32, method: u32) -> Result<(), Absence> {
        let link = &self.builder.program.link;
        let mut register = self
            .registers
            .checked_sub(usize::from(self.code.ins))
            .ok_or(Absence::Damaged)?;
        let proto = link.proto(link.methods[method as usize].proto);
        let receiver = [NONE];
        let receiver = &receiver[usize::from(flags & access::STATIC != 0)..];
        let kinds: Vec<u32> = receiver.iter().chain(&proto[1..]).copied().collect();
        for (position, kind) in kinds.into_iter().enumerate() {
            let value = self.push(Op::Param(position as u16), 0, 0, &[]);
            self.write(0, register as u16, value)?;
            register += if self.is_wide(kind) { 2 } else { 1 };
        }
        self.body.params = self.body.ins.len() as u16;
        Ok(())
    }

    fn is_wide(&self, kind: u32) -> bool {
        kind != NONE && matches!(self.builder.program.descriptor(kind), b"J" | b"D")
    }

    fn write(&mut self, block: u32, register: u16, value: Value) -> Result<(), Absence> {
        if usize::from(register) >= self.registers {
            return Err(Absence::Damaged);
        }
        self.builder.written[block as usize * self.registers + usize::from(register)] = value;
        Ok(())
    }

    fn read(&mut self, block: u32, register: u16) -> Result<Value, Absence> {
        if usize::from(register) >= self.registers {
            return Err(Absence::Damaged);
        }
        let cell = block as usize * self.registers + usize::from(register);
        let own = self.builder.written[cell];
        Ok(if own != NONE {
            own
        } else {
            self.enter(block, register)
        })
    }

    /// The value of a register at the start of a block.
    fn enter(&mut self, block: u32, register: u16) -> Value {
        let cell = |block: u32| block as usize * self.registers + usize::from(register);
        let asked = cell(block);
        let mut at = block;
        let value = loop {
            let known = self.builder.entering[cell(at)];
            if known != NONE {
                break known;
            }
            let preds = self.body.preds(at);
            match preds {
                [edge] if at != 0 => {
                    let from = edge.block;
                    if edge.kind == EdgeKind::Normal {
                        let own = self.builder.written[cell(from)];
                        if own != NONE {
                            break own;
                        }
                    }
                    at = from;
                }
                [] => break self.make(Op::Undefined, at, register),
                _ => break self.make(Op::Phi, at, register),
            }
        };
        self.builder.entering[asked] = value;
        value
    }

    /// A phi or an undefined value at the start of a block.
    fn make(&mut self, op: Op, block: u32, register: u16) -> Value {
        let value = EXTRA | self.builder.extra.len() as u32;
        let unit = self.builder.graph.spans[block as usize].0;
        self.builder.extra.push(Ins {
            op,
            unit,
            block,
            first_arg: 0,
            arg_count: 0,
        });
        if op == Op::Phi {
            self.builder.pending.push((value, register));
        }
        self.builder.entering[block as usize * self.registers + usize::from(register)] = value;
        value
    }

    /// Reads the operands of all phis; that may make more.
    fn phis(&mut self) -> Result<(), Absence> {
        let mut next = 0;
        let mut operands = Vec::new();
        while next < self.builder.pending.len() {
            let (phi, register) = self.builder.pending[next];
            next += 1;
            let place = (phi & !EXTRA) as usize;
            let block = self.builder.extra[place].block;
            let preds = self.body.preds(block).len();
            if self.body.args.len() + preds > CELLS || preds > usize::from(u16::MAX) {
                return Err(Absence::TooLarge);
            }
            operands.clear();
            for position in 0..preds {
                let edge = self.body.preds(block)[position];
                operands.push(match edge.kind {
                    EdgeKind::Normal => self.read(edge.block, register)?,
                    EdgeKind::Caught(_) => self.enter(edge.block, register),
                });
            }
            let ins = &mut self.builder.extra[place];
            (ins.first_arg, ins.arg_count) = (self.body.args.len() as u32, preds as u16);
            self.body.args.extend_from_slice(&operands);
        }
        Ok(())
    }

    fn block(&mut self, block: u32) -> Result<(), Absence> {
        if block == 0 {
            self.body.blocks[0].end = self.body.ins.len() as u32;
            return Ok(());
        }
        let (mut unit, end) = self.builder.graph.spans[block as usize];
        self.body.blocks[block as usize].first = self.body.ins.len() as u32;
        self.last = NONE;
        while unit < end {
            let width = self.code.units.width(unit as usize);
            let instruction = Instruction {
                units: self.code.units,
                at: unit as usize,
                width,
            };
            self.instruction(block, &instruction)?;
            unit += width as u32;
        }
        self.body.blocks[block as usize].end = self.body.ins.len() as u32;
        Ok(())
    }

    fn instruction(&mut self, block: u32, it: &Instruction<'_>) -> Result<(), Absence> {
        let opcode = it.op();
        let at = it.at;
        match opcode {
            0x00 => {}
            0x01..=0x09 => {
                let value = self.read(block, it.b())?;
                self.write(block, it.a(), value)?;
            }
            op::MOVE_RESULT..=op::MOVE_RESULT_OBJECT => {
                let value = match self.last {
                    NONE => self.push(Op::Undefined, at, block, &[]),
                    last => last,
                };
                self.write(block, it.a(), value)?;
            }
            0x0d => self.define(Op::Caught, block, it, &[])?,
            0x0e => drop(self.push(Op::Return, at, block, &[])),
            0x0f..=0x11 => self.effect(Op::Return, block, it, &[it.a()])?,
            0x12..=0x19 => self.define(Op::Const(it.literal()), block, it, &[])?,
            0x1a | 0x1b => self.define(Op::Str(it.index()), block, it, &[])?,
            op::CONST_CLASS => self.define(Op::Class(self.kind(it)?), block, it, &[])?,
            0x1f => {
                let op = Op::Cast(self.kind(it)?);
                self.define(op, block, it, &[it.a()])?;
            }
            0x20 => self.define(Op::InstanceOf(self.kind(it)?), block, it, &[it.b()])?,
            0x21 => self.define(Op::Length, block, it, &[it.b()])?,
            op::NEW_INSTANCE => self.define(Op::New(self.kind(it)?), block, it, &[])?,
            0x23 => self.define(Op::NewArray(self.kind(it)?), block, it, &[it.b()])?,
            0x24 | 0x25 => {
                let op = Op::Filled(self.kind(it)?);
                self.arguments(it);
                let registers = std::mem::take(&mut self.builder.arguments);
                self.last = self.read_into(op, block, at, &registers)?;
                self.builder.arguments = registers;
            }
            op::FILL_ARRAY_DATA => self.effect(Op::FillData, block, it, &[it.a()])?,
            op::THROW => self.effect(Op::Throw, block, it, &[it.a()])?,
            op::PACKED_SWITCH | op::SPARSE_SWITCH => {
                let switch = self.body.ins.len() as u32;
                self.effect(Op::Switch, block, it, &[it.a()])?;
                let cases = &self.builder.graph.cases;
                let first = cases.partition_point(|case| (case.0 as usize) < at);
                let own = cases[first..]
                    .iter()
                    .take_while(|case| case.0 as usize == at);
                self.body
                    .cases
                    .extend(own.map(|&(_, number, target)| (switch, number, target)));
            }
            0x28..=0x2a => {}
            0x2d..=0x31 => self.define(Op::Compare(opcode), block, it, &[it.b(), it.c()])?,
            0x32..=0x37 => self.effect(
                Op::If(CONDS[usize::from(opcode - 0x32)]),
                block,
                it,
                &[it.a(), it.b()],
            )?,
            0x38..=0x3d => self.effect(
                Op::If(CONDS[usize::from(opcode - 0x38)]),
                block,
                it,
                &[it.a()],
            )?,
            0x44..=0x4a => self.define(Op::ArrayGet, block, it, &[it.b(), it.c()])?,
            0x4b..=0x51 => self.effect(Op::ArrayPut, block, it, &[it.b(), it.c(), it.a()])?,
            op::IGET..op::IPUT => self.define(Op::Get(self.field(it)?), block, it, &[it.b()])?,
            op::IPUT..op::SGET => {
                self.effect(Op::Put(self.field(it)?), block, it, &[it.b(), it.a()])?
            }
            op::SGET..op::SPUT => self.define(Op::StaticGet(self.field(it)?), block, it, &[])?,
            op::SPUT..=op::SPUT_SHORT => {
                self.effect(Op::StaticPut(self.field(it)?), block, it, &[it.a()])?
            }
            0x6e..=0x72 | 0x74..=0x78 | 0xfa | 0xfb => self.call(block, it)?,
            op::INVOKE_CUSTOM | 0xfd => {
                self.arguments(it);
                self.drop_second_halves(it.index());
                let registers = std::mem::take(&mut self.builder.arguments);
                self.last = self.read_into(Op::InvokeCustom(it.index()), block, at, &registers)?;
                self.builder.arguments = registers;
            }
            0x7b..=0x8f => self.define(Op::Unary(opcode), block, it, &[it.b()])?,
            0x90..=0xaf => {
                let (arith, width) = arithmetic(opcode - 0x90);
                self.define(Op::Binary(arith, width), block, it, &[it.b(), it.c()])?;
            }
            0xb0..=0xcf => {
                let (arith, width) = arithmetic(opcode - 0xb0);
                self.define(Op::Binary(arith, width), block, it, &[it.a(), it.b()])?;
            }
            0xd0..=0xe2 => self.with_literal(opcode, block, it)?,
            op::CONST_METHOD_HANDLE | 0xff => {
                self.define(Op::Handle(it.index()), block, it, &[])?
            }
            _ => drop(self.push(Op::Other, at, block, &[])),
        }
        Ok(())
    }

    /// An instruction that makes a value in register A.
    fn define(
        &mut self,
        op: Op,
        block: u32,
        it: &Instruction<'_>,
        registers: &[u16],
    ) -> Result<(), Absence> {
        let value = self.read_into(op, block, it.at, registers)?;
        self.write(block, it.a(), value)
    }

    /// An instruction that makes none.
    fn effect(
        &mut self,
        op: Op,
        block: u32,
        it: &Instruction<'_>,
        registers: &[u16],
    ) -> Result<(), Absence> {
        self.read_into(op, block, it.at, registers).map(drop)
    }

    fn read_into(
        &mut self,
        op: Op,
        block: u32,
        at: usize,
        registers: &[u16],
    ) -> Result<Value, Absence> {
        let first = self.body.args.len() as u32;
        for &register in registers {
            let value = self.read(block, register)?;
            self.body.args.push(value);
        }
        let arg_count = registers.len() as u16;
        self.body.ins.push(Ins {
            op,
            unit: at as u32,
            block,
            first_arg: first,
            arg_count,
        });
        Ok(self.body.ins.len() as u32 - 1)
    }

    /// `add-int/lit16` and its like: the number becomes an operand.
    fn with_literal(
        &mut self,
        opcode: u8,
        block: u32,
        it: &Instruction<'_>,
    ) -> Result<(), Absence> {
        let (arith, reversed) = literal_arithmetic(opcode);
        let literal = self.push(Op::Const(it.literal()), it.at, block, &[]);
        let operand = self.read(block, it.b())?;
        let operands = if reversed {
            [literal, operand]
        } else {
            [operand, literal]
        };
        let value = self.push(Op::Binary(arith, Width::Int), it.at, block, &operands);
        self.write(block, it.a(), value)
    }

    fn call(&mut self, block: u32, it: &Instruction<'_>) -> Result<(), Absence> {
        let program = self.builder.program;
        let ids = &program.link.ids[self.body.dex as usize];
        let kind = match it.op() {
            0x6e | 0x74 => Invoke::Virtual,
            0x6f | 0x75 => Invoke::Super,
            0x70 | 0x76 => Invoke::Direct,
            0x71 | 0x77 => Invoke::Static,
            0x72 | 0x78 => Invoke::Interface,
            _ => Invoke::Polymorphic,
        };
        self.arguments(it);
        let method = ids
            .methods
            .get(it.index() as usize)
            .copied()
            .unwrap_or(NONE);
        if kind == Invoke::Polymorphic {
            let proto = ids
                .protos
                .get(usize::from(self.code.units.get(it.at + 3)))
                .copied()
                .unwrap_or(NONE);
            self.one_for_each(proto, true);
        } else if method != NONE {
            self.one_for_each(
                program.link.methods[method as usize].proto,
                kind != Invoke::Static,
            );
        }
        if kind != Invoke::Static && self.builder.arguments.is_empty() {
            return Err(Absence::Damaged);
        }
        let registers = std::mem::take(&mut self.builder.arguments);
        self.last = self.read_into(Op::Invoke(kind, method), block, it.at, &registers)?;
        self.builder.arguments = registers;
        Ok(())
    }

    fn arguments(&mut self, it: &Instruction<'_>) {
        self.builder.arguments.clear();
        self.builder.arguments.extend(it.arguments());
    }

    /// Keeps one register for each parameter: `long` and `double` take two.
    fn one_for_each(&mut self, proto: u32, receiver: bool) {
        if proto == NONE {
            return;
        }
        let types = &self.builder.program.link.proto(proto)[1..];
        let (mut from, mut to) = (usize::from(receiver), usize::from(receiver));
        for &kind in types {
            let width = if self.is_wide(kind) { 2 } else { 1 };
            let arguments = &mut self.builder.arguments;
            let Some(&register) = arguments.get(from) else {
                break;
            };
            arguments[to] = register;
            from += width;
            to += 1;
        }
        self.builder.arguments.truncate(to);
    }

    fn drop_second_halves(&mut self, call_site: u32) {
        let program = self.builder.program;
        let dex = &program.dexes[self.body.dex as usize];
        let values = dex.call_site(call_site).unwrap_or_default();
        if let Some(crate::dex::value::Value::MethodType(proto)) = values.get(2) {
            let ids = &program.link.ids[self.body.dex as usize].protos;
            self.one_for_each(ids.get(*proto as usize).copied().unwrap_or(NONE), false);
        }
    }

    /// The type that an instruction names.
    fn kind(&self, it: &Instruction<'_>) -> Result<u32, Absence> {
        let ids = &self.builder.program.link.ids[self.body.dex as usize].types;
        known(ids.get(it.index() as usize))
    }

    /// The field that an instruction names.
    fn field(&self, it: &Instruction<'_>) -> Result<u32, Absence> {
        let ids = &self.builder.program.link.ids[self.body.dex as usize].fields;
        known(ids.get(it.index() as usize))
    }
}

/// An id that the tables of the DEX hold; code that names others is damaged, and Android refuses it.
fn known(id: Option<&u32>) -> Result<u32, Absence> {
    id.copied().filter(|&id| id != NONE).ok_or(Absence::Damaged)
}

const CONDS: [Cond; 6] = [Cond::Eq, Cond::Ne, Cond::Lt, Cond::Ge, Cond::Gt, Cond::Le];
