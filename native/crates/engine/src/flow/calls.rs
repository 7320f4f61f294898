//! Calls: which methods of the program they run, and what is handed on.

use super::heap::{Abs, What};
use super::solve::{Caller, Handing, Solver};
use crate::code::callgraph::{exact, superclass_method};
use crate::code::link::NONE;
use crate::dex::class_data::access;
use crate::ir::Invoke;

/// Targets of a call on an object of which only the declared type is known.
const TARGETS: usize = 8;

impl Solver<'_> {
    pub fn invoke(&mut self, node: u32, ins: u32, kind: Invoke, method: u32) {
        let program = self.program;
        let operands = self.nodes[node as usize].method.body.args(ins).to_vec();
        if method == NONE || kind == Invoke::Polymorphic {
            self.join(node, ins, &[super::heap::UNKNOWN]);
            return;
        }
        if operands
            .iter()
            .any(|&arg| arg != NONE && self.set(node, arg).is_empty())
        {
            return;
        }
        if let Some(vendor) = self.vendor_of_call(node, kind, method) {
            self.hand_over((node, ins), kind, vendor);
        }
        match kind {
            Invoke::Static | Invoke::Direct => {
                let def = exact(program, method).and_then(|def| self.enterable(def));
                if kind == Invoke::Static {
                    self.initialise(program.link.methods[method as usize].class);
                }
                match def {
                    Some(def) => self.call(node, ins, def, None),
                    None => self.library(node, ins, kind, method),
                }
            }
            Invoke::Super => {
                let caller = program.defs.class(self.nodes[node as usize].def);
                match superclass_method(program, caller, method).and_then(|def| self.enterable(def))
                {
                    Some(def) => self.call(node, ins, def, None),
                    None => self.library(node, ins, kind, method),
                }
            }
            _ => self.dispatch(node, ins, kind, method, operands[0]),
        }
    }

    fn dispatch(&mut self, node: u32, ins: u32, kind: Invoke, method: u32, receiver: u32) {
        let program = self.program;
        let (defs, hierarchy) = (&program.defs, &program.hierarchy);
        let signature = hierarchy.signatures[method as usize];
        let declared = program.link.methods[method as usize].class;
        let mut outside = false;
        let mut unknown: Vec<Abs> = Vec::new();
        // Objects by the method that a call on them runs.
        let mut runs: Vec<(u32, Vec<Abs>)> = Vec::new();
        let mut add = |def: u32, object: Abs| match runs.iter_mut().find(|own| own.0 == def) {
            Some(own) => own.1.push(object),
            None => runs.push((def, vec![object])),
        };
        for object in self.set(node, receiver).clone() {
            let own = self.heap.kinds[object as usize];
            let is_null = matches!(self.heap.what[object as usize], What::Integer(0));
            if is_null {
                continue;
            }
            let position = if own == NONE {
                NONE
            } else {
                defs.class_of[own as usize]
            };
            if position == NONE {
                if defs.class_of[declared as usize] == NONE {
                    outside = true;
                } else {
                    unknown.push(object);
                }
                continue;
            }
            let found = hierarchy.lookup(defs, own, signature);
            match found {
                Some(def) if self.enterable(def).is_some() => add(def, object),
                Some(def) if defs.methods[def as usize].access & access::ABSTRACT != 0 => {
                    unknown.push(object)
                }
                _ => outside = true,
            }
        }
        if !unknown.is_empty() {
            let targets = self.possible(declared, signature);
            if targets.is_empty() || targets.len() > TARGETS {
                if targets.len() > TARGETS {
                    self.cuts.add("flow-megamorphic");
                }
                outside = true;
            } else {
                for def in targets {
                    unknown.iter().for_each(|&object| add(def, object));
                }
            }
        }
        for (def, objects) in runs {
            self.call(node, ins, def, Some(&objects));
        }
        if outside {
            self.library(node, ins, kind, method);
        }
    }

    /// What a call on some object of a declared type may run, by the objects that the program makes anywhere.
    fn possible(&mut self, declared: u32, signature: u32) -> Vec<u32> {
        let program = self.program;
        let mut out = Vec::new();
        for kind in
            std::iter::once(declared).chain(program.hierarchy.all_subtypes(&program.defs, declared))
        {
            let position = program.defs.class_of[kind as usize];
            if position == NONE || !self.graph.instantiated[position as usize] {
                continue;
            }
            let found = program.hierarchy.lookup(&program.defs, kind, signature);
            if let Some(def) = found.and_then(|def| self.enterable(def)) {
                if !out.contains(&def) {
                    out.push(def);
                }
            }
        }
        out
    }

    /// A definition whose code is followed, not left to the rules.
    fn enterable(&mut self, def: u32) -> Option<u32> {
        let method = self.program.defs.methods[def as usize];
        (method.code != 0 && !self.is_outside(method.class)).then_some(def)
    }

    /// Runs a method of the program in a node, and takes what it gives.
    fn call(&mut self, node: u32, ins: u32, def: u32, receiver: Option<&[Abs]>) {
        let Some(callee) = self.node_for(
            def,
            Caller {
                node,
                ins,
                later: false,
                plain: true,
            },
        ) else {
            self.join(node, ins, &[super::heap::UNKNOWN]);
            return;
        };
        self.link((node, ins), callee, Handing::Plain);
        let parameters = self.nodes[callee as usize].method.body.params().end;
        let operands = self.nodes[node as usize].method.body.args(ins).to_vec();
        for (position, &arg) in operands.iter().enumerate().take(parameters as usize) {
            match receiver {
                Some(objects) if position == 0 => self.join(callee, 0, objects),
                _ if arg == NONE => {}
                _ => self.hand(node, arg, callee, position as u32),
            }
        }
        let returned = std::mem::take(&mut self.nodes[callee as usize].returned);
        self.join(node, ins, &returned);
        // A call of itself may have added to it meanwhile: only by this join, which evaluates nothing.
        self.nodes[callee as usize].returned = returned;
        let thrown = self.nodes[callee as usize].thrown.clone();
        if !thrown.is_empty() {
            let block = self.nodes[node as usize].method.body.ins[ins as usize].block;
            self.throw(node, block, &thrown);
        }
    }
}
