//! Data that goes into a call: to the methods of the program that it runs, by rules, and to sinks.

use super::ends::End;
use super::heap::Set;
use super::heap::What;
use super::library::Spot;
use super::mark;
use super::rules::{CallArgument, Root};
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
        let operands = self.solver.nodes[here.0 as usize]
            .method
            .body
            .args(here.1)
            .to_vec();
        let transfer = self.solver.transfer(here, kind, target);
        let args = &transfer.args;
        self.pass_to_bodies(here, kind, &operands, args, spot, marks, from);
        if let Spot::Value(value) = spot {
            self.delivered(here, &operands, value, marks, from);
        }
        let whole = |at: usize| matches!(spot, Spot::Value(value) if operands[at] == value);
        let among =
            |cells: &[u32]| matches!(spot, Spot::Cell(cell) if cells.binary_search(&cell).is_ok());
        let first = usize::from(kind != Invoke::Static);
        if let Some((vendor, cells)) = &transfer.vendor {
            if among(cells) || (first..operands.len()).any(whole) {
                self.enters(here, *vendor, target, marks, from, args);
            }
        }
        let Some(library) = &transfer.library else {
            return;
        };
        if !transfer.fields.is_empty() {
            match spot {
                Spot::Cell(cell) if args.len() == 2 && transfer.fields.contains(&cell) => {
                    self.add(Held::Value(here.0, here.1), marks, from, here);
                }
                Spot::Value(value) if args.len() == 3 && operands[2] == value => {
                    for &cell in &transfer.fields {
                        self.add(Held::Cell(cell, here.0, here.1), marks, from, here);
                    }
                }
                _ => {}
            }
            return;
        }
        for (sources, targets, more) in &transfer.flows {
            if !sources.contains(&spot) {
                continue;
            }
            for to in targets {
                match *to {
                    Spot::Return => self.add(Held::Value(here.0, here.1), marks | more, from, here),
                    Spot::Cell(cell) => {
                        self.add(Held::Cell(cell, here.0, here.1), marks | more, from, here)
                    }
                    Spot::Value(_) | Spot::Object(_) => {}
                }
            }
        }
        for (sources, to) in &transfer.same {
            let (Spot::Cell(cell), true) = (spot, sources.contains(&spot)) else {
                continue;
            };
            let key = self.solver.heap.cells[cell as usize].key;
            for cell in self.solver.under(here, *to, args, kind, key) {
                self.add(Held::Cell(cell, here.0, here.1), marks, from, here);
            }
        }
        for (rule, positions, cells) in &transfer.sinks {
            if self.stays(here, *rule) {
                continue;
            }
            if among(cells) || positions.iter().any(|&at| whole(at)) {
                self.leak(here, *rule, target, marks, from, args);
            }
        }
        self.by_name(here, spot, marks, from, args);
        let remote = match kind {
            Invoke::Virtual | Invoke::Interface if library.rules.is_empty() => {
                self.solver.remote(&args[0])
            }
            _ => None,
        };
        if let Some(maker) = remote {
            if (1..operands.len()).any(whole) || self.solver.deep_cells(&args[1..], here, spot) {
                self.asks_service(here, maker, marks, from, args);
            }
        }
    }

    /// Something goes into a call: to the methods of the program that it runs.
    #[allow(clippy::too_many_arguments)] // one call, all that is known of it
    fn pass_to_bodies(
        &mut self,
        here: (u32, u32),
        kind: Invoke,
        operands: &[Value],
        args: &[Set],
        spot: Spot,
        marks: u8,
        from: u32,
    ) {
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
                (Handing::Proxy(array), Spot::Value(value)) => {
                    for (position, _) in operands
                        .iter()
                        .enumerate()
                        .skip(1)
                        .filter(|(_, arg)| **arg == value)
                    {
                        let index = self.solver.heap.integer(position as i64 - 1);
                        let key = super::heap::Key::Under(index);
                        if let Some(cell) = self.solver.heap.find_cell(array, key) {
                            self.add(Held::Cell(cell, here.0, here.1), marks, from, here);
                        }
                    }
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
                        .locate(here, call.on, args, kind, true)
                        .contains(&spot)
                    {
                        self.parameter(callee, 0, marks, from, here);
                    }
                    for (position, argument) in call.arguments.iter().enumerate() {
                        if let CallArgument::Place(place) = argument {
                            let solver = &mut self.solver;
                            if solver.whole_of(here, *place, kind) == Some(spot)
                                || solver
                                    .locate(here, *place, args, kind, true)
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
    }

    /// A call of the platform by reflection sends what is in the array of its arguments.
    fn by_name(&mut self, here: (u32, u32), spot: Spot, marks: u8, from: u32, args: &[Set]) {
        let Spot::Cell(cell) = spot else { return };
        let object = self.solver.heap.cells[cell as usize].object;
        if !args.get(2).is_some_and(|arrays| arrays.contains(&object)) {
            return;
        }
        let rules = self.solver.rules;
        let calls = self.solver.reflected.iter();
        let named: Vec<(String, String)> = calls
            .filter(|one| one.0 == here)
            .map(|one| (one.1.clone(), one.2.clone()))
            .collect();
        for (class, name) in named {
            let sink = rules
                .find(&class, &name)
                .iter()
                .find(|&&rule| rules.rules[rule as usize].row.sink.is_some());
            if let Some(&rule) = sink {
                let row = &rules.rules[rule as usize].row;
                let api = format!("{class}.{name}");
                let kind = row.sink.clone().unwrap_or_default();
                let address = self.solver.address_in(args);
                let end = End {
                    rule,
                    api,
                    kind,
                    address,
                    recipient: None,
                };
                self.end(self.solver.site(here), end, marks, from);
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
            || sink == Some("database") && self.own_provider(here)
    }

    /// Whether a call is answered by a content provider of the app.
    fn own_provider(&self, here: (u32, u32)) -> bool {
        let rules = &self.solver.rules.rules;
        let mut links = self.solver.links.get(&here).into_iter().flatten();
        links.any(|link| match link.1 {
            Handing::CallBack(rule, number) => {
                let on = rules[rule as usize].calls[number as usize].on;
                matches!(on.root, Root::Provider(_))
            }
            _ => false,
        })
    }
}
