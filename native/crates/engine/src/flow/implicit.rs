//! Data that decides: what a branch on it lets run, and what that changes. Only where asked for.

use super::library::Spot;
use super::taint::{Held, Run};
use crate::code::link::NONE;
use crate::ir::{Op, Value, dominance};
use std::rc::Rc;

impl Run<'_, '_> {
    /// A branch on the data decides what runs in a node: the blocks that depend on it, or all.
    pub fn decided(&mut self, node: u32, branch: Option<u32>, marks: u8, from: u32) {
        let method = self.solver.nodes[node as usize].method.clone();
        let body = &method.body;
        let def = self.solver.nodes[node as usize].def;
        let dependent: Vec<u32> = match branch {
            None => body.live_blocks().collect(),
            Some(branch) => {
                let pairs = self.branches.entry(def).or_insert_with(|| {
                    let after = dominance::post_dominators(body);
                    Rc::new(dominance::control_dependence(body, &after))
                });
                let mut out: Vec<u32> = pairs
                    .iter()
                    .filter(|pair| pair.1 == branch)
                    .map(|pair| pair.0)
                    .collect();
                // What depends on a block that depends on it.
                let mut next = 0;
                while next < out.len() {
                    let own = out[next];
                    for &(block, _) in pairs.iter().filter(|pair| pair.1 == own) {
                        if !out.contains(&block) {
                            out.push(block);
                        }
                    }
                    next += 1;
                }
                out
            }
        };
        for block in body.live_blocks() {
            let joins = body
                .preds(block)
                .iter()
                .any(|edge| dependent.contains(&edge.block))
                && body.preds(block).len() > 1;
            if joins && branch.is_some() {
                for &phi in body.phis(block) {
                    let mut operands = body.args(phi).to_vec();
                    operands.sort_unstable();
                    operands.dedup();
                    if operands.len() > 1 && self.runs(node, phi) {
                        self.add(Held::Value(node, phi), marks, from, (node, phi));
                    }
                }
            }
        }
        for block in dependent {
            for ins in body.in_block(block) {
                if self.runs(node, ins) {
                    self.effect(node, ins, marks, from);
                }
            }
        }
    }

    /// Whether an instruction runs depends on the data: so does what it does.
    pub fn effect(&mut self, node: u32, ins: Value, marks: u8, from: u32) {
        let method = self.solver.nodes[node as usize].method.clone();
        let here = (node, ins);
        match method.body.ins[ins as usize].op {
            Op::Put(_) | Op::StaticPut(_) | Op::ArrayPut => {
                let value = method.body.args(ins).last().copied().unwrap_or(NONE);
                for cell in self.written(here, value) {
                    self.add(Held::Cell(cell, node, ins), marks, from, here);
                }
            }
            Op::Return if !method.body.args(ins).is_empty() => {
                self.returned(node, marks, from, here)
            }
            Op::Invoke(kind, target) if target != NONE => {
                for (callee, _) in self.solver.links.get(&here).cloned().unwrap_or_default() {
                    self.add(Held::Run(callee), marks, from, here);
                }
                let transfer = self.solver.transfer(here, kind, target);
                for (_, targets, _) in &transfer.flows {
                    for to in targets {
                        if let Spot::Cell(cell) = to {
                            self.add(Held::Cell(*cell, node, ins), marks, from, here);
                        }
                    }
                }
                for (rule, ..) in &transfer.sinks {
                    if !self.stays(here, *rule) {
                        self.leak(here, *rule, target, marks, from, &transfer.args);
                    }
                }
            }
            _ => {}
        }
    }
}
