//! Pairs that become entries: `mapOf("id" to x)` puts the second part of each pair under the first.

use super::heap::{Key, Set};
use super::library::Spot;
use super::rules::{Flow, Place, Root, Selector};
use super::solve::Solver;
use crate::ir::Invoke;

impl Solver<'_> {
    /// What the pairs in an operand put into another place, entries and their keys: from which cells to which.
    pub fn unpacked(
        &mut self,
        here: (u32, u32),
        flow: &Flow,
        args: &[Set],
        kind: Invoke,
    ) -> Vec<(u32, Vec<u32>)> {
        let whole = Place {
            selector: Selector::Entries,
            ..flow.from
        };
        let mut pairs: Set = match flow.from.root {
            Root::Operand(number) => {
                let at = usize::from(number).checked_sub(usize::from(kind == Invoke::Static));
                at.and_then(|at| args.get(at)).cloned().unwrap_or_default()
            }
            _ => Set::new(),
        };
        for spot in self.locate(here, whole, args, kind, true) {
            if let Spot::Cell(cell) = spot {
                let set = self.read_cell(cell, here);
                self.heap.join(&mut pairs, &set);
            }
        }
        let to_keys = Place {
            selector: Selector::Named(self.names.keys),
            ..flow.to
        };
        let mut out = Vec::new();
        for pair in pairs {
            if !self.heap.is_object(pair) {
                continue;
            }
            let first = self.cell(pair, Key::Named(self.names.first));
            let second = self.cell(pair, Key::Named(self.names.second));
            let index = self.read_cell(first, here);
            self.read_cell(second, here);
            // What nothing was put into is no pair.
            if self.heap.cells[second as usize].writers.is_empty() {
                continue;
            }
            let keys = self.keys(&index);
            let under = keys
                .into_iter()
                .flat_map(|key| self.under(here, flow.to, args, kind, key));
            out.push((second, under.collect()));
            let keys = self.locate(here, to_keys, args, kind, false).into_iter();
            let cells = keys.filter_map(|spot| match spot {
                Spot::Cell(cell) => Some(cell),
                _ => None,
            });
            out.push((first, cells.collect()));
        }
        out
    }
}
