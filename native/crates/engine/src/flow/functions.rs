//! Functions that a call is given and of which nobody knows what they do: what they give is made of what they are given.

use super::heap::{Set, UNKNOWN};
use super::library::Spot;
use super::rules::{CallArgument, Root, Selector};
use super::solve::Solver;
use crate::ir::Invoke;

impl Solver<'_> {
    /// Calls of a rule on an argument that has none of the methods that the rule calls: what they are given, and where their results go.
    pub fn unknown_functions(
        &mut self,
        here: (u32, u32),
        rule: u32,
        args: &[Set],
        kind: Invoke,
    ) -> Vec<(Vec<Spot>, Vec<Spot>)> {
        let rules = self.rules;
        let calls = &rules.rules[rule as usize].calls;
        let mut out = Vec::new();
        for call in calls {
            let (Some(to), Root::Operand(number @ 1..), Selector::Whole) =
                (call.to, call.on.root, call.on.selector)
            else {
                continue;
            };
            let at = usize::from(number) - usize::from(kind == Invoke::Static);
            let functions = args.get(at).cloned().unwrap_or_default();
            let unknown = functions.into_iter().any(|function| {
                let same = calls.iter().filter(|other| other.on == call.on);
                !self.heap.is_constant(function)
                    && same
                        .map(|other| self.answering(function, &other.method))
                        .all(|methods| methods.is_empty())
            });
            if !unknown {
                continue;
            }
            let mut from = Vec::new();
            for argument in &call.arguments {
                if let CallArgument::Place(place) = *argument {
                    from.extend(self.locate(here, place, args, kind, true));
                    from.extend(self.whole_of(here, place, kind));
                }
            }
            if !from.is_empty() {
                out.push((from, self.locate(here, to, args, kind, false)));
            }
        }
        out
    }

    /// Lets the results of such functions be anything.
    pub fn call_unknown(&mut self, here: (u32, u32), rule: u32, args: &[Set], kind: Invoke) {
        for (from, to) in self.unknown_functions(here, rule, args, kind) {
            for spot in from {
                if let Spot::Cell(cell) = spot {
                    self.read_cell(cell, here);
                }
            }
            for spot in to {
                match spot {
                    Spot::Cell(cell) => self.write_cell(cell, here, false, &[UNKNOWN]),
                    Spot::Return => self.join(here.0, here.1, &[UNKNOWN]),
                    Spot::Value(_) | Spot::Object(_) => {}
                }
            }
        }
    }
}
