//! What a call outside does with data, found once for each call when all values are known: from where to where, and what leaves through it.

use super::heap::{Abs, Key, Set, What};
use super::library::{Library, Spot};
use super::rules::{Place, Root, Selector};
use super::solve::{Handing, Solver};
use super::spots::Content;
use crate::code::link::NONE;
use crate::ir::{Invoke, Op};
use std::rc::Rc;

/// See the module.
pub(super) struct Transfer {
    pub args: Vec<Set>,
    pub library: Option<Rc<Library>>,
    /// Where data comes from, where it goes, what is done to it.
    pub flows: Vec<(Vec<Spot>, Vec<Spot>, u8)>,
    /// Cells whose content goes to the same key of other objects.
    pub same: Vec<(Vec<Spot>, Place)>,
    /// Rules of sinks: operands that leave, and the cells in them, ascending.
    pub sinks: Vec<(u32, Vec<usize>, Vec<u32>)>,
    /// The SDK that the call hands something to, and the cells in it, ascending.
    pub vendor: Option<(u32, Vec<u32>)>,
    /// Fields that a call by reflection reads or writes.
    pub fields: Vec<u32>,
}

fn cells(spots: Vec<Spot>) -> Vec<u32> {
    let mut out: Vec<u32> = spots
        .into_iter()
        .filter_map(|spot| match spot {
            Spot::Cell(cell) => Some(cell),
            _ => None,
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

impl Solver<'_> {
    /// What a call does with data. To be asked once all values are known.
    pub fn transfer(&mut self, here: (u32, u32), kind: Invoke, target: u32) -> Rc<Transfer> {
        if let Some(known) = self.transfers.get(&here) {
            return known.clone();
        }
        let args = self.args_of(here.0, here.1);
        let mut made = Transfer {
            library: None,
            flows: Vec::new(),
            same: Vec::new(),
            sinks: Vec::new(),
            vendor: self.entered(here, kind, target, &args),
            fields: self.fields_by_name(&args),
            args: Vec::new(),
        };
        if let Some(&method) = self.outside.get(&here) {
            let library = self.library_at(here, method);
            let flows = if library.known {
                library.flows.clone()
            } else {
                self.default_flows(method, kind)
            };
            for flow in flows.iter().filter(|flow| flow.from.root != Root::Nothing) {
                if flow.from.selector == Selector::Pairs {
                    for (from, to) in self.unpacked(here, flow, &args, kind) {
                        let to = to.into_iter().map(Spot::Cell).collect();
                        made.flows.push((vec![Spot::Cell(from)], to, flow.marks));
                    }
                    continue;
                }
                let mut from = self.locate(here, flow.from, &args, kind, true);
                from.extend(self.whole_of(here, flow.from, kind));
                if matches!(flow.from.selector, Selector::Same | Selector::Alike) {
                    made.same.push((from, flow.to));
                } else {
                    let to = self.locate(here, flow.to, &args, kind, false);
                    made.flows.push((from, to, flow.marks));
                }
            }
            for &rule in &library.rules {
                for (from, to) in self.unknown_functions(here, rule, &args, kind) {
                    made.flows.push((from, to, 0));
                }
                if self.rules.rules[rule as usize].row.sink.is_some() {
                    let positions = self.sink_operands(rule, kind, args.len());
                    let spots = positions
                        .iter()
                        .flat_map(|&at| self.in_sink(here, rule, &args[at]))
                        .collect();
                    made.sinks.push((rule, positions, cells(spots)));
                }
            }
            made.library = Some(library);
        }
        made.args = args;
        let made = Rc::new(made);
        self.transfers.insert(here, made.clone());
        made
    }

    /// The operand of whose parts a place is one: of a list that was read as a whole, each element is what was read.
    pub fn whole_of(&self, here: (u32, u32), place: Place, kind: Invoke) -> Option<Spot> {
        let (Root::Operand(number), Selector::Entries | Selector::Entry(_)) =
            (place.root, place.selector)
        else {
            return None;
        };
        let at = usize::from(number).checked_sub(usize::from(kind == Invoke::Static))?;
        let operands = self.nodes[here.0 as usize].method.body.args(here.1);
        operands.get(at).map(|&value| Spot::Value(value))
    }

    /// The SDK whose method a call runs, if the caller is not of it too.
    pub fn vendor_of_call(&mut self, node: u32, kind: Invoke, method: u32) -> Option<u32> {
        // What goes up from a method that the SDK called is its own.
        if self.rules.vendors.is_empty() || method == NONE || kind == Invoke::Super {
            return None;
        }
        let class = self.program.link.methods[method as usize].class;
        let vendor = self.vendor_of(class)?;
        let caller = self.program.defs.class(self.nodes[node as usize].def).kind;
        let vendors = &self.rules.vendors;
        match self.vendor_of(caller) {
            Some(own) if vendors[own as usize].maker == vendors[vendor as usize].maker => None,
            _ => Some(vendor),
        }
    }

    /// Notes that a call hands what is in its arguments to an SDK.
    pub fn hand_over(&mut self, here: (u32, u32), kind: Invoke, vendor: u32) {
        for set in self
            .args_of(here.0, here.1)
            .iter()
            .skip(usize::from(kind != Invoke::Static))
        {
            for spot in self.handed(set, here, vendor) {
                if let Spot::Cell(cell) = spot {
                    self.read_cell(cell, here);
                }
            }
        }
    }

    fn entered(
        &mut self,
        here: (u32, u32),
        kind: Invoke,
        target: u32,
        args: &[Set],
    ) -> Option<(u32, Vec<u32>)> {
        let vendor = self.vendor_of_call(here.0, kind, target)?;
        // A call of the SDK's interface that only the app's own objects answer stays in the app.
        let links = self.links.get(&here).cloned().unwrap_or_default();
        let mut plain = links.iter().filter(|link| link.1 == Handing::Plain);
        let enters = self.outside.contains_key(&here)
            || plain.any(|link| {
                let def = self.nodes[link.0 as usize].def;
                self.vendor_of(self.program.defs.class(def).kind) == Some(vendor)
            });
        if !enters {
            return None;
        }
        let mut spots = Vec::new();
        for set in args.iter().skip(usize::from(kind != Invoke::Static)) {
            spots.extend(self.handed(set, here, vendor));
        }
        Some((vendor, cells(spots)))
    }

    /// What is in objects that an SDK is given: in those of the platform everything, in the SDK's own their fields, in the app's nothing that
    /// only the app knows of.
    fn handed(&mut self, objects: &[Abs], here: (u32, u32), vendor: u32) -> Vec<Spot> {
        self.contents(objects, 32, here, |solver, object| {
            let kind = solver.heap.kinds[object as usize];
            if matches!(solver.heap.what[object as usize], What::Component(_)) {
                Content::Nothing
            } else if solver.is_foreign(object) || solver.vendor_of(kind) == Some(vendor) {
                Content::All
            } else {
                Content::Kept
            }
        })
    }

    /// Who makes the SDK that the code of a body belongs to, if it is of one.
    pub fn maker_of(&mut self, node: u32) -> Option<String> {
        if self.rules.vendors.is_empty() {
            return None;
        }
        let def = self.nodes[node as usize].def;
        let vendor = self.vendor_of(self.program.defs.class(def).kind)?;
        Some(self.rules.vendors[vendor as usize].maker.clone())
    }

    /// The SDK that a type belongs to: position in the rules' list, the longest name of a package first.
    fn vendor_of(&mut self, kind: u32) -> Option<u32> {
        if kind == NONE {
            return None;
        }
        if let Some(&known) = self.known.vendors.get(&kind) {
            return (known != NONE).then_some(known);
        }
        let name = self.program.type_name(kind);
        let below = |prefix: &str| match prefix.strip_suffix('*') {
            Some(package) => name
                .strip_prefix(package)
                .is_some_and(|rest| !rest.contains('.')),
            None => name.starts_with(prefix),
        };
        let mut vendors = self.rules.vendors.iter();
        let found = vendors.position(|vendor| below(&vendor.prefix));
        let found = found.map(|at| at as u32);
        self.known.vendors.insert(kind, found.unwrap_or(NONE));
        found
    }

    /// Whether a stream is that of a connection, or writes to one.
    pub fn goes_to_network(&self, objects: &[Abs]) -> bool {
        self.follow(objects, &[self.names.target], |solver, object| {
            let cell = solver
                .heap
                .find_cell(object, Key::Named(solver.names.network));
            cell.is_some_and(|cell| !solver.heap.cells[cell as usize].writers.is_empty())
                .then_some(())
        })
        .is_some()
    }

    /// A constant address that something goes to.
    pub fn address_in(&self, args: &[Set]) -> Option<String> {
        let names = &self.names;
        let along = [names.address, names.network, names.target, names.remote];
        let address = |solver: &Self, value: Abs| {
            let text = solver.heap.beginning(value)?;
            text.contains("://").then(|| text.to_owned())
        };
        let host = |solver: &Self, object: Abs| {
            let cell = solver.heap.find_cell(object, Key::Named(names.host))?;
            let mut set = solver.heap.cells[cell as usize].set.iter();
            let host = set.find_map(|&value| solver.heap.as_text(value))?;
            (!host.is_empty()).then(|| format!("tcp://{host}"))
        };
        let told = |solver: &Self, value| address(solver, value).or_else(|| host(solver, value));
        let mut sets = args.iter();
        sets.find_map(|set| self.follow(set, &along, told))
    }

    /// Whether what is written to a stream stays in memory: every stream that it ends in does.
    pub fn in_memory(&mut self, objects: &[Abs]) -> bool {
        let mut ends = Vec::new();
        let _ = self.follow(objects, &[self.names.target], |solver, object| {
            let cell = solver
                .heap
                .find_cell(object, Key::Named(solver.names.target));
            let open = cell.is_none_or(|cell| {
                let mut set = solver.heap.cells[cell as usize].set.iter();
                !set.any(|&inner| solver.heap.is_object(inner))
            });
            if open && solver.heap.is_object(object) {
                ends.push(object);
            }
            None::<()>
        });
        let kept = |solver: &mut Self, object: Abs| {
            let kind = solver.heap.kinds[object as usize];
            let rules = solver.rules;
            kind != NONE
                && solver.names_of(kind).iter().any(|name| {
                    let mut found = rules.find(name, "write").iter();
                    found
                        .any(|&rule| rules.rules[rule as usize].row.sink.as_deref() == Some("none"))
                })
        };
        !ends.is_empty() && ends.into_iter().all(|object| kept(self, object))
    }

    /// The first answer about objects, or those in some of their cells, a few levels deep.
    fn follow<T>(
        &self,
        objects: &[Abs],
        along: &[u32],
        mut ask: impl FnMut(&Self, Abs) -> Option<T>,
    ) -> Option<T> {
        let mut level = objects.to_vec();
        for _ in 0..5 {
            let mut next = Vec::new();
            for object in level {
                if let Some(answer) = ask(self, object) {
                    return Some(answer);
                }
                for &name in along {
                    let cell = self.heap.find_cell(object, Key::Named(name));
                    next.extend(
                        cell.into_iter()
                            .flat_map(|cell| self.heap.cells[cell as usize].set.iter().copied()),
                    );
                }
            }
            next.truncate(64);
            level = next;
        }
        None
    }

    /// Whether an object was made for an interface by a service that takes every call away.
    pub fn remote(&self, receiver: &[Abs]) -> Option<u32> {
        receiver.iter().find_map(|&object| {
            let cell = self.heap.find_cell(object, Key::Named(self.names.remote))?;
            let &(node, ins, _) = self.heap.cells[cell as usize].writers.first()?;
            let Op::Invoke(_, method) = self.nodes[node as usize].method.body.ins[ins as usize].op
            else {
                return None;
            };
            Some(method)
        })
    }
}
