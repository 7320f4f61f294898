//! What tells calls of a method apart: each gets a node of its own as long as there are few.

use super::body::Body;
use super::heap::Origin;
use super::value::{Atom, Value};
use super::world::World;
use crate::code::link::NONE;

/// Contexts of one method; then as many for the objects that it is called on, then one for all.
const CONTEXTS: u32 = 24;
/// The same for long methods.
const CONTEXTS_LONG: u32 = 3;
/// Instructions that the contexts of one method may hold together; longer methods have fewer contexts.
const CONTEXT_CODE: u32 = 600;
/// Nodes of a small app: in larger ones contexts are as much fewer, but for those that tell much.
const SMALL: u32 = 300;
/// Ids of the app's resources.
const RESOURCES: std::ops::Range<i64> = 0x7f00_0000..0x8000_0000;

/// What tells calls of a method apart: for each register the one thing that it holds, if it is one.
pub(super) type Context = Box<[Option<Atom>]>;

impl World<'_> {
    /// What tells calls of a method apart: constants and objects, as far as each is one.
    pub(super) fn context(&mut self, def: u32, body: &Body, args: &[Value]) -> Context {
        let atom = |&arg: &Value| {
            self.values.single(arg).filter(|atom| match atom {
                Atom::Object(object) => {
                    !matches!(self.heap.objects[*object as usize].origin, Origin::Made(_))
                }
                _ => true,
            })
        };
        let mut context: Context = args.iter().map(atom).collect();
        // The object that a method is called on always counts, components included.
        if let Some(first) = args.first() {
            context[0] = self.values.single(*first);
        }
        if context.iter().all(Option::is_none)
            || self.by_context.contains_key(&(def, context.clone()))
        {
            return context;
        }
        // Keys of stores, ids of views and names of classes tell a helper's calls apart in apps of any size.
        let telling = |atom: &Option<Atom>| match atom {
            Some(Atom::Text(_) | Atom::Class(_)) => true,
            Some(Atom::Integer(id)) => RESOURCES.contains(id),
            _ => false,
        };
        let crowd = 1 + self.nodes.len() as u32 / SMALL;
        let length = body.insns.len().max(1) as u32;
        let most = if crowd == 1 || context.iter().any(telling) {
            (CONTEXT_CODE / length).clamp(CONTEXTS_LONG, CONTEXTS)
        } else {
            for atom in &mut context[1..] {
                *atom = atom.filter(|atom| !matches!(atom, Atom::Integer(_)));
            }
            (CONTEXT_CODE / crowd / length).min(CONTEXTS)
        };
        let (all, receivers) = self.contexts.entry(def).or_insert((0, 0));
        if *all < most {
            *all += 1;
            return context;
        }
        // Then only the object that it is called on counts, and then nothing.
        context[1..].fill(None);
        if context[0].is_none() || self.by_context.contains_key(&(def, context.clone())) {
            return context;
        }
        if *receivers < most {
            *receivers += 1;
            return context;
        }
        vec![None; args.len()].into()
    }

    /// How deep a context is, and where its first object comes from.
    pub(super) fn depth_of(&self, context: &[Option<Atom>]) -> (u8, (u32, u32)) {
        let object = |atom: &Option<Atom>| match atom {
            Some(Atom::Object(object)) => Some(self.heap.objects[*object as usize]),
            _ => None,
        };
        let depth = context.iter().filter_map(object).map(|one| one.depth).max();
        let first = context.iter().find_map(object);
        (
            depth.unwrap_or(0),
            first.map_or((NONE, NONE), |one| one.places),
        )
    }
}
