//! Data that goes into a call: to the methods of the program that it runs, by rules, and to sinks.

use super::heap::What;
use super::library::{Library, Spot};
use super::mark;
use super::rules::{CallArgument, Flow};
use super::solve::Handing;
use super::taint::{Held, Run};
use crate::ir::{Invoke, Value};

impl Run<'_, '_> {
    /// Something goes into a call.
    pub fn passed(
        &mut self,
        here: (u32, u32),
        kind: Invoke,
        target: u32,
        spot: Spot,
        marks: u8,
        from: u32,
    ) {
        let args = self.solver.args_of(here.0, here.1);
        let operands = self.solver.nodes[here.0 as usize]
            .method
            .body
            .args(here.1)
            .to_vec();
        let rules = self.solver.rules;
        let links = self.solver.links.get(&here).cloned().unwrap_or_default();
        let several = links.len() > 1 && marks & mark::IMPLICIT != 0;
        for (callee, handing) in links {
            // Which of several methods runs depends on a branch on the data.
            if several && spot == Spot::Value(operands[0]) {
                self.add(Held::Run(callee), marks, from, here);
            }
            match (handing, spot) {
                (Handing::Plain, Spot::Value(value)) => {
                    for (position, _) in operands
                        .iter()
                        .enumerate()
                        .filter(|(_, arg)| **arg == value)
                    {
                        self.parameter(callee, position as u32, marks, from, here);
                    }
                }
                (Handing::Listener(position), Spot::Value(value))
                    if operands.get(usize::from(position)) == Some(&value) =>
                {
                    self.parameter(callee, 0, marks, from, here);
                }
                (Handing::Reflective(first), Spot::Value(value))
                    if operands.get(1) == Some(&value) && first == 1 =>
                {
                    self.parameter(callee, 0, marks, from, here);
                }
                (Handing::Reflective(first), Spot::Cell(cell)) => {
                    if let super::heap::Key::Under(index) =
                        self.solver.heap.cells[cell as usize].key
                    {
                        if let What::Integer(at) = self.solver.heap.what[index as usize] {
                            self.parameter(callee, u32::from(first) + at as u32, marks, from, here);
                        }
                    }
                }
                (Handing::CallBack(rule, number), _) => {
                    let call = rules.rules[rule as usize].calls[number as usize].clone();
                    if self
                        .solver
                        .locate(here, call.on, &args, kind, true)
                        .contains(&spot)
                    {
                        self.parameter(callee, 0, marks, from, here);
                    }
                    for (position, argument) in call.arguments.iter().enumerate() {
                        if let CallArgument::Place(place) = argument {
                            if self
                                .solver
                                .locate(here, *place, &args, kind, true)
                                .contains(&spot)
                            {
                                self.parameter(callee, position as u32 + 1, marks, from, here);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        if let Spot::Value(value) = spot {
            self.delivered(here, &operands, value, marks, from);
        }
        let Some(&method) = self.solver.outside.get(&here) else {
            return;
        };
        debug_assert_eq!(method, target);
        let library = self.solver.library_at(here, method);
        let fields = self.solver.fields_by_name(&args);
        if !fields.is_empty() {
            match spot {
                Spot::Cell(cell) if args.len() == 2 && fields.contains(&cell) => {
                    self.add(Held::Value(here.0, here.1), marks, from, here);
                }
                Spot::Value(value) if args.len() == 3 && operands[2] == value => {
                    for cell in fields {
                        self.add(Held::Cell(cell, here.0, here.1), marks, from, here);
                    }
                }
                _ => {}
            }
            return;
        }
        for flow in self.flows(&library, method, kind) {
            if !self
                .solver
                .locate(here, flow.from, &args, kind, true)
                .contains(&spot)
            {
                continue;
            }
            for to in self.solver.locate(here, flow.to, &args, kind, false) {
                match to {
                    Spot::Return => {
                        self.add(Held::Value(here.0, here.1), marks | flow.marks, from, here)
                    }
                    Spot::Cell(cell) => self.add(
                        Held::Cell(cell, here.0, here.1),
                        marks | flow.marks,
                        from,
                        here,
                    ),
                    Spot::Value(_) | Spot::Object(_) => {}
                }
            }
        }
        for &rule in &library.rules {
            if rules.rules[rule as usize].row.sink.is_none() || self.stays(here, rule) {
                continue;
            }
            let positions = self.solver.sink_operands(rule, kind, args.len());
            let leaves = match spot {
                Spot::Value(value) => positions.iter().any(|&at| operands[at] == value),
                Spot::Cell(cell) => self.solver.sink_sees(here, rule, kind, &args, cell),
                _ => false,
            };
            if leaves {
                self.leak(here, rule, method, marks, from, &args);
            }
        }
    }

    /// A call sends the value to components of the app.
    pub fn delivered(
        &mut self,
        here: (u32, u32),
        operands: &[Value],
        value: Value,
        marks: u8,
        from: u32,
    ) {
        let Some(delivery) = self.solver.mail.deliveries.get(&here) else {
            return;
        };
        if operands.get(delivery.operand) != Some(&value) {
            return;
        }
        for (object, channel) in delivery.to.clone() {
            let key = super::heap::Key::Named(channel);
            if let Some(cell) = self.solver.heap.find_cell(object, key) {
                self.add(Held::Cell(cell, here.0, here.1), marks, from, here);
            }
            for (node, value) in self.solver.listeners(object, channel).to_vec() {
                self.parameter(node, value, marks, from, here);
            }
        }
    }

    /// Whether a call is a sink of what leaves the app, and what it sends cannot leave it.
    pub fn stays(&self, here: (u32, u32), rule: u32) -> bool {
        let sink = self.solver.rules.rules[rule as usize].row.sink.as_deref();
        sink == Some("ipc") && self.solver.stays_inside(here)
    }

    pub fn flows(&self, library: &Library, method: u32, kind: Invoke) -> Vec<Flow> {
        if library.known {
            library.flows.clone()
        } else {
            self.solver.default_flows(method, kind)
        }
    }
}
