//! Methods that carry an annotation: those of subscribers, those that a web page may call.

use super::heap::{Abs, Set};
use super::library::Spot;
use super::rules::{CallArgument, CallBack};
use super::solve::Solver;
use crate::code::link::NONE;
use crate::ir::Invoke;
use std::rc::Rc;

/// What stands before the type of an annotation in a rule that calls all methods with it.
pub(super) const MARK: char = '@';

/// What a class of an object that a web page may call marks its methods with, since Android 4.2.
const FOR_PAGES: &str = "android/webkit/JavascriptInterface";

impl Solver<'_> {
    /// The methods of an object's class that a rule calls: those of a name, or those with an annotation.
    pub fn answering(&mut self, object: Abs, name: &str) -> Rc<Vec<u32>> {
        match name.strip_prefix(MARK) {
            Some(annotation) => self.marked(object, annotation),
            None => self.named(object, name),
        }
    }

    /// Whether the parameters of a method can take what a rule gives it: of subscribers, only those of a type get what is of that type.
    pub fn can_take(
        &mut self,
        here: (u32, u32),
        call: &CallBack,
        def: u32,
        args: &[Set],
        kind: Invoke,
    ) -> bool {
        let program = self.program;
        let id = program.defs.methods[def as usize].id;
        let proto = program.link.methods[id as usize].proto;
        let kinds = program.link.proto(proto)[1..].to_vec();
        kinds.len() == call.arguments.len()
            && call.arguments.iter().zip(kinds).all(|(argument, wanted)| {
                let CallArgument::Place(place) = *argument else {
                    return true;
                };
                let mut given = Set::new();
                for spot in self.locate(here, place, args, kind, true) {
                    if let Spot::Value(value) = spot {
                        let set = self.set(here.0, value).clone();
                        self.heap.join(&mut given, &set);
                    }
                }
                given.is_empty() || given.into_iter().any(|value| self.fits(value, wanted))
            })
    }

    /// Whether an object's class leaves it to annotations what a web page may call, and one of its methods has none.
    pub fn is_hidden_from_pages(&mut self, object: Abs, def: u32) -> bool {
        let open = self.marked(object, FOR_PAGES);
        !open.is_empty() && !open.contains(&def)
    }

    /// The methods of an object's class, and of those above it, that carry an annotation; its type without `L` and `;`.
    fn marked(&mut self, object: Abs, annotation: &str) -> Rc<Vec<u32>> {
        let program = self.program;
        let kind = self.heap.kinds[object as usize];
        let ours = kind != NONE && program.defs.class_of[kind as usize] != NONE;
        let mark = program.find_class(annotation);
        let Some(mark) = mark.filter(|_| ours && self.heap.is_object(object)) else {
            return Rc::default();
        };
        if let Some(known) = self.known.marked.get(&(kind, mark)) {
            return known.clone();
        }
        let chain = program.hierarchy.chain(&program.defs, kind);
        let ids = chain.flat_map(|position| program.methods_marked(position, mark));
        let defs = ids.map(|id| program.defs.def_of[id as usize]);
        let found = Rc::new(defs.filter(|&def| def != NONE).collect::<Vec<u32>>());
        self.known.marked.insert((kind, mark), found.clone());
        found
    }
}
