//! Ways that the search did not see: what code makes before the user agrees, and nothing was seen to call.
//!
//! An object whose class has call-backs of the platform is made to be called. If none of its call-backs ever ran, then what
//! registers it is not modelled, and what it leads to may run at any time. A call that was seen after consent alone, in a method
//! that such a call-back may reach as well, is not known to run after consent.

use super::heap::Origin;
use super::world::{Phase, World};
use crate::code::callgraph::{exact, superclass_method};
use crate::code::link::NONE;
use std::collections::{BTreeMap, BTreeSet};

/// Classes that a call is taken to run on; what more classes answer to, such as `Runnable`, says nothing about a way.
const TARGETS: usize = 8;
/// Methods that are looked through.
const METHODS: usize = 20_000;

impl World<'_> {
    /// Methods that were first run after the user agreed, or never, and that call-backs nothing was seen to call may reach.
    /// `made`: the objects made before, which are the first ones.
    pub(super) fn unseen(&mut self, made: usize) -> BTreeSet<u32> {
        let mut first: BTreeMap<u32, Phase> = BTreeMap::new();
        for node in &self.nodes {
            let phase = first.entry(node.def).or_insert(node.phase);
            *phase = node.phase.min(*phase);
        }
        let mut classes = BTreeSet::new();
        for object in &self.heap.objects[..made] {
            // What the platform makes was started with all that it may call.
            if !matches!(object.origin, Origin::Made(_)) && object.class != NONE {
                classes.insert(object.class);
            }
        }
        let mut found = BTreeSet::new();
        let mut subtypes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &class in &classes {
            for &above in self.facts.supertypes(class).iter() {
                subtypes.entry(above).or_default().push(class);
            }
            let position = self.program.defs.class_of[class as usize];
            if position == NONE {
                continue;
            }
            let callbacks = self.facts.callbacks(position);
            if callbacks.iter().any(|one| first.contains_key(&one.def)) {
                continue;
            }
            found.extend(callbacks.iter().map(|one| one.def));
        }
        let mut queue: Vec<u32> = found.iter().copied().collect();
        while let Some(def) = queue.pop() {
            if found.len() > METHODS {
                break;
            }
            for callee in self.may_call(def, &subtypes) {
                let early = first
                    .get(&callee)
                    .is_some_and(|&phase| phase < Phase::Agreed);
                if !early && found.insert(callee) {
                    queue.push(callee);
                }
            }
        }
        found
    }

    /// The definitions that a method calls by name, or on one of a few classes of objects (`subtypes`: those of each type).
    fn may_call(&mut self, def: u32, subtypes: &BTreeMap<u32, Vec<u32>>) -> Vec<u32> {
        let program = self.program;
        let Some(body) = self.body(def) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for insn in &body.insns {
            let method = insn.index;
            if !matches!(insn.op, 0x6e..=0x72 | 0x74..=0x78) || method == NONE {
                continue;
            }
            match insn.call_opcode() {
                0x70 | 0x71 => out.extend(exact(program, method)),
                0x6f => out.extend(superclass_method(program, program.defs.class(def), method)),
                _ => {
                    let signature = program.hierarchy.signatures[method as usize];
                    let declared = program.link.methods[method as usize].class;
                    let own = self.lookup(declared, signature);
                    let mut targets: BTreeSet<u32> = own.into_iter().collect();
                    for &class in subtypes.get(&declared).into_iter().flatten() {
                        targets.extend(self.lookup(class, signature));
                        if targets.len() > TARGETS {
                            break;
                        }
                    }
                    if targets.len() <= TARGETS {
                        out.extend(targets);
                    }
                }
            }
        }
        out.retain(|&one| program.has_code(one));
        out
    }
}
