//! What is waited for, and what comes then: latches and queues that block, futures with steps, values that may be missing.
//!
//! A wait goes on when somebody else did something. As long as nothing did, what stands behind it does not run, and neither does a step
//! that takes the value. Source: the documentation of `java.util.concurrent` and `java.util.Optional`.

use super::facts::Foreign;
use super::heap::{Key, part};
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;
use crate::code::link::NONE;

/// What ends somebody's wait.
const OPENING: [&str; 13] = [
    "countDown",
    "release",
    "open",
    "complete",
    "obtrudeValue",
    "add",
    "offer",
    "put",
    "push",
    "addFirst",
    "addLast",
    "offerFirst",
    "offerLast",
];

impl World<'_> {
    /// A call that waits, or a step on a value that may come later.
    pub(super) fn steps(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
        is_static: bool,
    ) -> Option<Outcome> {
        let stage = facts.of("Ljava/util/concurrent/CompletionStage;")
            || facts.class() == "Ljava/util/concurrent/CompletableFuture;";
        let optional = facts.class() == "Ljava/util/Optional;";
        if is_static {
            return match (stage, optional) {
                (true, _) => self.made_stage(node, unit, facts, args),
                (_, true) => self.made_optional(node, unit, facts, args),
                _ => None,
            };
        }
        let mut receiver = *args.first()?;
        if receiver == ANY && OPENING.contains(&facts.name.as_str()) {
            // It may be any of those that somebody waits for.
            let kind = self.program.find_type(facts.class().as_bytes())?;
            let all = self.instances(kind, node);
            receiver = self.values.wide(all.into_iter().map(Atom::Object));
        }
        if self.values.objects(receiver).is_empty() {
            return None;
        }
        match facts.class() {
            "Ljava/util/concurrent/CountDownLatch;"
            | "Ljava/util/concurrent/Semaphore;"
            | "Landroid/os/ConditionVariable;" => self.barrier(node, facts, receiver, &args[1..]),
            _ if stage => self.stage(node, unit, facts, receiver, &args[1..]),
            _ if optional => self.optional(node, unit, facts, receiver, &args[1..]),
            class if class.ends_with("Queue;") || class.ends_with("Deque;") => {
                self.taken(node, facts, receiver, &args[1..])
            }
            _ => None,
        }
    }

    /// What something holds; nothing is known of it if nobody put anything there.
    fn held(&mut self, node: u32, objects: Value) -> Value {
        let mut out = NOTHING;
        for object in self.values.objects(objects) {
            let mut own = self.read(Key::Contents(object), node);
            if self.read(Key::Elements(object), node) == ANY {
                own = ANY;
            }
            out = self.values.join(out, own);
        }
        out
    }

    /// What a future or an optional that a step gave holds; anything, if it is not known which.
    fn held_by(&mut self, node: u32, given: Value) -> Value {
        match given {
            ANY => ANY,
            given => self.held(node, given),
        }
    }

    /// Something that opens: a wait without a limit ends only then. How often it has to be told is not counted.
    fn barrier(
        &mut self,
        node: u32,
        facts: &Foreign,
        receiver: Value,
        passed: &[Value],
    ) -> Option<Outcome> {
        let opens = match facts.name.as_str() {
            "countDown" | "release" | "open" => true,
            // A count of none, permits or a state: open from the start.
            "<init>" => {
                let (none, some) = passed
                    .first()
                    .map_or((true, false), |&first| self.values.truth(first));
                match facts.class() {
                    "Ljava/util/concurrent/CountDownLatch;" => none,
                    _ => some,
                }
            }
            "await" | "acquire" | "acquireUninterruptibly" | "block" if passed.is_empty() => {
                let mut opened = false;
                for object in self.values.objects(receiver) {
                    opened |= self.read(Key::Element(object, part::OPENED), node) != NOTHING;
                }
                return Some((ANY, opened));
            }
            _ => return None,
        };
        let one = self.values.integer(1);
        for object in self.values.objects(receiver).into_iter().filter(|_| opens) {
            self.write(Key::Element(object, part::OPENED), one);
        }
        Some((NOTHING, true))
    }

    /// The next thing of a queue that blocks while it is empty.
    fn taken(
        &mut self,
        node: u32,
        facts: &Foreign,
        receiver: Value,
        passed: &[Value],
    ) -> Option<Outcome> {
        if OPENING.contains(&facts.name.as_str()) {
            self.keep(receiver, &passed[..1.min(passed.len())]);
            return Some((ANY, true));
        }
        if !matches!(facts.name.as_str(), "take" | "takeFirst" | "takeLast") {
            return None;
        }
        let held = self.held(node, receiver);
        Some((held, held != NOTHING))
    }

    /// Calls a method of what may be a function of the app; anything where it is none.
    fn apply(
        &mut self,
        node: u32,
        unit: u32,
        function: Value,
        name: &str,
        passed: &[Value],
    ) -> Value {
        let mut out = if function == ANY { ANY } else { NOTHING };
        for object in self.values.objects(function) {
            let own = self.values.one(Atom::Object(object));
            let args: Vec<Value> = [own].iter().chain(passed).copied().collect();
            let given = match self.own_method(object, name, passed.len()) {
                Some(def) => self.call(node, unit, def, &args).0,
                None => ANY,
            };
            out = self.values.join(out, given);
        }
        out
    }

    /// An object of the platform that holds a value.
    fn holding(&mut self, node: u32, unit: u32, facts: &Foreign, held: Value) -> Value {
        let kind = self.program.find_type(facts.result.as_bytes());
        let object = self.object_at(node, unit, kind.unwrap_or(NONE));
        self.put_value(object, held);
        self.values.one(Atom::Object(object))
    }

    /// An object holds a value; that it holds something unknown is kept apart.
    fn put_value(&mut self, object: u32, value: Value) {
        match value {
            ANY => self.write(Key::Elements(object), ANY),
            value => self.write(Key::Contents(object), value),
        }
    }

    fn made_stage(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let first = *args.first()?;
        let null = self.values.integer(0);
        let held = match facts.name.as_str() {
            "supplyAsync" => self.apply(node, unit, first, "get", &[]),
            "runAsync" => {
                self.apply(node, unit, first, "run", &[]);
                null
            }
            "completedFuture" | "completedStage" => first,
            _ => return None,
        };
        Some((self.holding(node, unit, facts, held), true))
    }

    /// A step of a future: it runs when there is a value. One that also takes an error runs at any time.
    fn stage(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        receiver: Value,
        passed: &[Value],
    ) -> Option<Outcome> {
        let held = self.held(node, receiver);
        let (null, some) = (self.values.integer(0), held != NOTHING);
        let given = match (facts.name.trim_end_matches("Async"), passed) {
            ("complete" | "obtrudeValue" | "completeOnTimeout", [value, ..]) => {
                let value = match facts.name.as_str() {
                    "completeAsync" => self.apply(node, unit, *value, "get", &[]),
                    _ => *value,
                };
                for object in self.values.objects(receiver) {
                    self.put_value(object, value);
                }
                return Some((receiver, true));
            }
            ("get" | "join", []) => return Some((held, some)),
            ("getNow", [other]) => return Some((self.values.join(held, *other), true)),
            ("thenAccept", [step, ..]) if some => {
                self.apply(node, unit, *step, "accept", &[held]);
                null
            }
            ("thenRun", [step, ..]) if some => {
                self.apply(node, unit, *step, "run", &[]);
                null
            }
            ("thenApply", [step, ..]) if some => self.apply(node, unit, *step, "apply", &[held]),
            ("thenCompose", [step, ..]) if some => {
                let inner = self.apply(node, unit, *step, "apply", &[held]);
                self.held_by(node, inner)
            }
            ("thenAccept" | "thenRun" | "thenApply" | "thenCompose", [_, ..]) => NOTHING,
            ("exceptionally", [step, ..]) => {
                let other = self.apply(node, unit, *step, "apply", &[ANY]);
                self.values.join(held, other)
            }
            ("whenComplete", [step, ..]) => {
                let value = self.values.join(held, null);
                self.apply(node, unit, *step, "accept", &[value, ANY]);
                held
            }
            ("handle", [step, ..]) => {
                let value = self.values.join(held, null);
                self.apply(node, unit, *step, "apply", &[value, ANY])
            }
            _ => return None,
        };
        Some((self.holding(node, unit, facts, given), true))
    }

    fn made_optional(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let null = self.values.integer(0);
        let held = match (facts.name.as_str(), args) {
            ("of" | "ofNullable", [value]) => *value,
            ("empty", []) => null,
            _ => return None,
        };
        Some((self.holding(node, unit, facts, held), true))
    }

    /// A value that may be missing, which null stands for.
    fn optional(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        receiver: Value,
        passed: &[Value],
    ) -> Option<Outcome> {
        // What a stream gives, say, is not known.
        let kind = self.program.find_type(b"Ljava/util/Optional;")?;
        let objects = self.values.objects(receiver);
        let made = |&object: &u32| self.heap.objects[object as usize].class == kind;
        if objects.is_empty() || !objects.iter().all(made) {
            return None;
        }
        let held = self.held(node, receiver);
        let (missing, some) = self.values.truth(held);
        let there = self.values.filter(held, |atom| atom != Atom::Integer(0));
        let null = self.values.integer(0);
        let rest = if missing { null } else { NOTHING };
        let made = match (facts.name.as_str(), passed) {
            ("isPresent" | "isEmpty", []) => {
                let flip = facts.name == "isEmpty";
                let truths = [(some, !flip), (missing, flip)].into_iter();
                let truths = truths.filter(|one| one.0).map(|one| one.1);
                let truth = self.truth_value(truths);
                return Some((truth, truth != NOTHING));
            }
            ("get" | "orElseThrow", _) => return Some((there, some)),
            ("orElse" | "orElseGet", [other]) => {
                let mut out = there;
                if missing {
                    let other = match facts.name.as_str() {
                        "orElse" => *other,
                        _ => self.apply(node, unit, *other, "get", &[]),
                    };
                    out = self.values.join(out, other);
                }
                return Some((out, out != NOTHING));
            }
            ("ifPresent" | "ifPresentOrElse", [step, other @ ..]) => {
                if some {
                    self.apply(node, unit, *step, "accept", &[there]);
                }
                if let Some(&other) = other.first().filter(|_| missing) {
                    self.apply(node, unit, other, "run", &[]);
                }
                return Some((NOTHING, true));
            }
            ("map", [step]) if some => self.apply(node, unit, *step, "apply", &[there]),
            ("flatMap", [step]) if some => {
                let inner = self.apply(node, unit, *step, "apply", &[there]);
                self.held_by(node, inner)
            }
            ("filter", [step]) if some => {
                let says = self.apply(node, unit, *step, "test", &[there]);
                let (no, yes) = self.values.truth(says);
                let kept = if yes { there } else { NOTHING };
                self.values.join(kept, if no { null } else { NOTHING })
            }
            ("map" | "flatMap" | "filter", [_]) => NOTHING,
            _ => return None,
        };
        let made = self.values.join(made, rest);
        Some((self.holding(node, unit, facts, made), true))
    }
}
