//! `kotlinx.coroutines` by its public interface: what a block gives back, what resumes whom. The inside of the library is not entered.
//!
//! A block runs where it is handed over, with the continuation that it will resume; a value that is there at once is given back at
//! once, as the library may do too. Source: <https://kotlinlang.org/api/kotlinx.coroutines/>, and the convention of the Kotlin
//! compiler for suspend functions (<https://github.com/Kotlin/KEEP/blob/master/proposals/coroutines.md>).

use super::body::{Body, Insn};
use super::heap::Key;
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;
use crate::code::Program;
use crate::code::link::NONE;

const BLOCK: &[u8] = b"Lkotlin/jvm/functions/Function2;";
const CONTINUATION: &[u8] = b"Lkotlin/coroutines/Continuation;";
const SUSPENDED: (&[u8], &[u8]) = (
    b"Lkotlin/coroutines/intrinsics/CoroutineSingletons;",
    b"COROUTINE_SUSPENDED",
);

/// What a function of the library does.
#[derive(Clone, Copy)]
enum Act {
    /// Starts a block of its own; the caller gets an object of this type, which keeps the result.
    Start(&'static [u8]),
    /// Runs a block in the place of the caller, and gives its result.
    Run,
    /// Runs a block to its end.
    Wait,
    /// Gives what it is given first.
    First,
    /// Suspends for a time.
    Pass,
    /// Makes an object of this type that keeps the first argument, if there is one.
    Make(&'static [u8]),
    /// Waits for the first value of a flow that a block says true to.
    Seek,
    /// Collects a flow into a new one of this type.
    Gather(&'static [u8]),
}

const JOB: &[u8] = b"Lkotlinx/coroutines/StandaloneCoroutine;";
const DEFERRED: &[u8] = b"Lkotlinx/coroutines/DeferredCoroutine;";
const FLOW: &[u8] = b"Lkotlinx/coroutines/flow/SafeFlow;";
const STATE: &[u8] = b"Lkotlinx/coroutines/flow/StateFlowImpl;";
const SHARED: &[u8] = b"Lkotlinx/coroutines/flow/SharedFlowImpl;";

/// Static functions: the file they are declared in (the compiler adds `Kt`, and parts of it), their name, what they do.
const FUNCTIONS: &[(&str, &str, Act)] = &[
    ("Lkotlinx/coroutines/BuildersKt", "launch", Act::Start(JOB)),
    (
        "Lkotlinx/coroutines/BuildersKt",
        "async",
        Act::Start(DEFERRED),
    ),
    ("Lkotlinx/coroutines/BuildersKt", "withContext", Act::Run),
    ("Lkotlinx/coroutines/BuildersKt", "runBlocking", Act::Wait),
    (
        "Lkotlinx/coroutines/CoroutineScopeKt",
        "coroutineScope",
        Act::Run,
    ),
    (
        "Lkotlinx/coroutines/SupervisorKt",
        "supervisorScope",
        Act::Run,
    ),
    ("Lkotlinx/coroutines/TimeoutKt", "withTimeout", Act::Run),
    ("Lkotlinx/coroutines/DelayKt", "delay", Act::Pass),
    ("Lkotlinx/coroutines/YieldKt", "yield", Act::Pass),
    (
        "Lkotlinx/coroutines/flow/StateFlowKt",
        "MutableStateFlow",
        Act::Make(STATE),
    ),
    (
        "Lkotlinx/coroutines/flow/SharedFlowKt",
        "MutableSharedFlow",
        Act::Make(SHARED),
    ),
    ("Lkotlinx/coroutines/flow/FlowKt", "first", Act::Seek),
    ("Lkotlinx/coroutines/flow/FlowKt", "flow", Act::Make(FLOW)),
    ("Lkotlinx/coroutines/flow/FlowKt", "asStateFlow", Act::First),
    (
        "Lkotlinx/coroutines/flow/FlowKt",
        "asSharedFlow",
        Act::First,
    ),
    ("Lkotlinx/coroutines/flow/FlowKt", "flowOn", Act::First),
    (
        "Lkotlinx/coroutines/flow/FlowKt",
        "distinctUntilChanged",
        Act::First,
    ),
    (
        "Lkotlinx/coroutines/flow/FlowKt",
        "stateIn",
        Act::Gather(STATE),
    ),
    (
        "Lkotlinx/coroutines/flow/FlowKt",
        "shareIn",
        Act::Gather(SHARED),
    ),
    (
        "Lkotlin/coroutines/intrinsics/IntrinsicsKt",
        "intercepted",
        Act::First,
    ),
    (
        "Landroidx/lifecycle/RepeatOnLifecycleKt",
        "repeatOnLifecycle",
        Act::Run,
    ),
];

/// Continuations that hand what they are resumed with to the one they were made with.
const HANDING_ON: &[&[u8]] = &[
    b"Lkotlinx/coroutines/CancellableContinuationImpl;",
    b"Lkotlin/coroutines/SafeContinuation;",
];

/// Classes of the library whose objects are made here, and whose code never runs.
const MODELLED: &[&[u8]] = &[JOB, DEFERRED, FLOW, STATE, SHARED];

/// Whether a class is one whose calls [`World::coroutine`] may answer.
pub(super) fn is_library(class: &[u8]) -> bool {
    class.starts_with(b"Lkotlinx/coroutines/") || class.starts_with(b"Lkotlin/coroutines/")
}

/// Whether a program has the library under its own names.
pub(super) fn is_modelled(program: &Program) -> bool {
    let kind = program.find_type(JOB);
    kind.is_some_and(|kind| program.defs.loaded(kind).is_some())
}

/// What the Kotlin compiler writes into every method that can be suspended, whatever its names were made.
const SUSPENDS: &str = "call to 'resume' before 'invoke' with coroutine";

impl World<'_> {
    /// Whether a truth is unpacked in a method that can be suspended, where the library of coroutines has lost its names.
    pub(super) fn is_resumed(&mut self, node: u32, body: &Body, kind: u32) -> bool {
        if self.coroutines_modelled || self.program.descriptor(kind) != b"Ljava/lang/Boolean;" {
            return false;
        }
        if self.is_suspended(self.nodes[node as usize].def) {
            return true;
        }
        let dex = &self.program.dexes[body.dex as usize];
        let texts = body
            .insns
            .iter()
            .filter(|insn| matches!(insn.op, 0x1a | 0x1b));
        let mut texts = texts.map(|insn| dex.text(insn.index));
        texts.any(|text| text == SUSPENDS)
    }

    /// A call of a coroutine library that keeps its names; `None` if its own code is to run.
    pub(super) fn coroutine(
        &mut self,
        node: u32,
        insn: &Insn,
        method: u32,
        args: &[Value],
    ) -> Option<Outcome> {
        let program = self.program;
        let key = program.link.methods[method as usize];
        let class = program.descriptor(key.class);
        let name = program.bytes(program.link.names[key.name as usize]);
        if matches!(insn.op, 0x71 | 0x77) {
            let plain = name.strip_suffix(b"$default").unwrap_or(name);
            let act = FUNCTIONS.iter().find(|(file, function, _)| {
                class.starts_with(file.as_bytes())
                    && (function.as_bytes() == plain
                        || *function == "withTimeout" && plain == b"withTimeoutOrNull")
            })?;
            return self.act(node, insn.unit, act.2, key.proto, args);
        }
        if name == b"<init>" {
            // Only the outermost constructor: a class of the library below it has one of its own.
            if HANDING_ON.contains(&class) {
                for object in self.values.objects(args[0]) {
                    self.write(Key::Contents(object), *args.get(1)?);
                }
                return Some((NOTHING, true));
            }
            return None;
        }
        self.split(node, insn.unit, method, args)
            .or_else(|| self.suspends(class, key.proto).then_some((ANY, true)))
    }

    /// Whether a call on an object of the library may suspend, and is not modelled: it gives any value, now.
    fn suspends(&self, class: &[u8], proto: u32) -> bool {
        let last = self.program.link.proto(proto)[1..].last();
        self.coroutines_modelled
            && class.starts_with(b"Lkotlinx/coroutines/")
            && !class.starts_with(b"Lkotlinx/coroutines/flow/")
            && last.is_some_and(|&kind| self.program.descriptor(kind) == CONTINUATION)
    }

    /// A call on an object that is modelled.
    fn answer(
        &mut self,
        node: u32,
        unit: u32,
        object: u32,
        name: &[u8],
        args: &[Value],
    ) -> Outcome {
        match (name, args.len()) {
            (b"resumeWith", 2) | (b"resume", 3) => self.resumed(node, unit, object, args),
            (b"collect", 3) => return self.collected(node, unit, object, args),
            (b"emit", 3) | (b"tryEmit" | b"setValue", 2) => self.told(object, args[1]),
            (b"compareAndSet", 3) => self.told(object, args[2]),
            (b"getValue", 1) | (b"await", 2) | (b"getCompleted", 1) => {
                let value = self.read(Key::Contents(object), node);
                return (value, value != NOTHING);
            }
            (b"getResult" | b"getOrThrow", 1) => return (self.suspended(node), true),
            (b"join", 2) => return (self.unit(node), true),
            _ => {}
        }
        (ANY, true)
    }

    /// Asks the model for each object that has no code of its own for a call, and runs the code of the others.
    fn split(&mut self, node: u32, unit: u32, method: u32, args: &[Value]) -> Option<Outcome> {
        let program = self.program;
        let key = program.link.methods[method as usize];
        let name = program.bytes(program.link.names[key.name as usize]);
        let candidates = if args[0] == ANY {
            self.instances(key.class, node).into()
        } else {
            self.values.objects(args[0])
        };
        let modelled = |world: &Self, object: &u32| {
            let class = world.class_name(*object);
            MODELLED.contains(&class) || HANDING_ON.contains(&class)
        };
        let made: Vec<u32> = candidates
            .into_iter()
            .filter(|object| modelled(self, object))
            .collect();
        if made.is_empty() {
            return None;
        }
        let mut all = (NOTHING, false);
        for &object in &made {
            let outcome = self.answer(node, unit, object, name, args);
            all = (self.values.join(all.0, outcome.0), all.1 | outcome.1);
        }
        let rest = self.values.filter(args[0], |atom| {
            !made.iter().any(|&own| atom == Atom::Object(own))
        });
        if rest != NOTHING {
            let mut args = args.to_vec();
            args[0] = rest;
            let outcome = self.dispatch(node, unit, method, &args);
            all = (self.values.join(all.0, outcome.0), all.1 | outcome.1);
        }
        Some(all)
    }

    /// A static function of the library.
    fn act(
        &mut self,
        node: u32,
        unit: u32,
        act: Act,
        proto: u32,
        args: &[Value],
    ) -> Option<Outcome> {
        let block = self.passed_as(proto, args, BLOCK);
        let continuation = self.passed_as(proto, args, CONTINUATION);
        match act {
            Act::First => Some((*args.first()?, true)),
            Act::Pass => Some((self.unit(node), true)),
            Act::Seek => self.seek(node, unit, *args.first()?, block, continuation?),
            Act::Run => {
                let (block, continuation) = (block?, continuation?);
                let (result, returns) = self.run_block(node, unit, block, ANY, continuation)?;
                Some((result, returns))
            }
            Act::Start(kind) => {
                let job = self.result_of(node, unit, kind, block?)?;
                Some((self.values.one(Atom::Object(job)), true))
            }
            Act::Wait => {
                let job = self.result_of(node, unit, JOB, block?)?;
                let result = self.read(Key::Contents(job), node);
                Some((result, result != NOTHING))
            }
            Act::Make(kind) => {
                let object = self.object_of_type(node, unit, kind)?;
                if kind != SHARED {
                    self.write(Key::Contents(object), *args.first()?);
                }
                Some((self.values.one(Atom::Object(object)), true))
            }
            Act::Gather(kind) => {
                let object = self.object_of_type(node, unit, kind)?;
                let into = self.values.one(Atom::Object(object));
                if kind == STATE {
                    self.write(Key::Contents(object), *args.get(3)?);
                }
                let zero = self.values.integer(0);
                for flow in self.values.objects(*args.first()?) {
                    self.call_on(node, unit, flow, "collect", &[into, zero]);
                }
                Some((into, true))
            }
        }
    }

    /// The values of flows that keep one, as far as the block may say true to them; it suspends while there is none.
    fn seek(
        &mut self,
        node: u32,
        unit: u32,
        flows: Value,
        block: Option<Value>,
        continuation: Value,
    ) -> Option<Outcome> {
        let flows = self.values.objects(flows);
        let keeps = |world: &Self, flow: &u32| matches!(world.class_name(*flow), STATE | SHARED);
        if flows.is_empty() || !flows.iter().all(|flow| keeps(self, flow)) {
            return None;
        }
        let mut out = NOTHING;
        for flow in flows {
            let kept = self.read(Key::Contents(flow), node);
            let mut each: Vec<Value> = Vec::new();
            for atom in self.values.atoms(kept).to_vec() {
                each.push(self.values.one(atom));
            }
            if kept == ANY {
                each.push(ANY);
            }
            for value in each {
                let says = match block {
                    Some(block) => self.run_block(node, unit, block, value, continuation)?.0,
                    None => ANY,
                };
                let no = [NOTHING, self.values.one(Atom::Boxed(0))];
                if !no.contains(&says) {
                    out = self.values.join(out, value);
                }
            }
        }
        if out == NOTHING {
            out = self.suspended(node);
        }
        Some((out, true))
    }

    /// The argument for the first parameter of a type, of a static method.
    fn passed_as(&self, proto: u32, args: &[Value], kind: &[u8]) -> Option<Value> {
        let mut at = 0;
        for &own in &self.program.link.proto(proto)[1..] {
            let descriptor = self.program.descriptor(own);
            if descriptor == kind {
                return args.get(at).copied();
            }
            at += if matches!(descriptor, b"J" | b"D") {
                2
            } else {
                1
            };
        }
        None
    }

    fn object_of_type(&mut self, node: u32, unit: u32, kind: &[u8]) -> Option<u32> {
        let kind = self.program.find_type(kind)?;
        Some(self.object_at(node, unit, kind))
    }

    /// Starts a block whose result an object of a type keeps.
    fn result_of(&mut self, node: u32, unit: u32, kind: &[u8], block: Value) -> Option<u32> {
        let job = self.object_of_type(node, unit, kind)?;
        let own = self.values.one(Atom::Object(job));
        let (result, _) = self.run_block(node, unit, block, own, own)?;
        self.finish(node, job, result);
        Some(job)
    }

    /// Keeps what a block gave, if it did not suspend.
    fn finish(&mut self, node: u32, job: u32, result: Value) {
        let suspended = self.suspended(node);
        let atoms = self.values.single(suspended);
        let result = self.values.filter(result, |atom| Some(atom) != atoms);
        self.write(Key::Contents(job), result);
    }

    /// Calls `invoke` of each block that a value may be; `None` if none is known.
    fn run_block(
        &mut self,
        node: u32,
        unit: u32,
        block: Value,
        scope: Value,
        continuation: Value,
    ) -> Option<Outcome> {
        let mut all: Option<Outcome> = None;
        for block in self.values.objects(block) {
            let next = self.call_on(node, unit, block, "invoke", &[scope, continuation])?;
            let (result, returns) = all.unwrap_or((NOTHING, false));
            all = Some((self.values.join(result, next.0), returns | next.1));
        }
        all
    }

    /// Calls a method that the program defines for an object, or what stands for it.
    fn call_on(
        &mut self,
        node: u32,
        unit: u32,
        object: u32,
        name: &str,
        passed: &[Value],
    ) -> Option<Outcome> {
        let receiver = self.values.one(Atom::Object(object));
        let args: Vec<Value> = [receiver].iter().chain(passed).copied().collect();
        let class = self.class_name(object);
        if MODELLED.contains(&class) || HANDING_ON.contains(&class) {
            return Some(self.answer(node, unit, object, name.as_bytes(), &args));
        }
        let def = self.own_method(object, name, passed.len())?;
        Some(self.call(node, unit, def, &args))
    }

    /// A continuation of the library is resumed: it keeps the result, or hands it on.
    fn resumed(&mut self, node: u32, unit: u32, object: u32, args: &[Value]) {
        if !HANDING_ON.contains(&self.class_name(object)) {
            return self.finish(node, object, args[1]);
        }
        let next = self.read(Key::Contents(object), node);
        for next in self.values.objects(next) {
            if next != object {
                self.call_on(node, unit, next, "resumeWith", &args[1..2]);
            }
        }
    }

    /// A flow of the library is collected: by its block, or value by value.
    fn collected(&mut self, node: u32, unit: u32, object: u32, args: &[Value]) -> Outcome {
        let kept = self.read(Key::Contents(object), node);
        if self.class_name(object) == FLOW {
            let outcome = self.run_block(node, unit, kept, args[1], args[2]);
            return outcome.unwrap_or((ANY, true));
        }
        if kept != NOTHING {
            for collector in self.values.objects(args[1]) {
                self.call_on(node, unit, collector, "emit", &[kept, args[2]]);
            }
        }
        // It goes on until it is cancelled.
        (self.suspended(node), true)
    }

    /// A flow is told its next value.
    fn told(&mut self, object: u32, value: Value) {
        if matches!(self.class_name(object), STATE | SHARED) {
            self.write(Key::Contents(object), value);
        }
    }

    fn class_name(&self, object: u32) -> &[u8] {
        match self.heap.objects[object as usize].class {
            NONE => b"",
            class => self.program.descriptor(class),
        }
    }

    /// What a function gives back that has suspended; [`ANY`] without the runtime of Kotlin.
    fn suspended(&mut self, node: u32) -> Value {
        self.singleton(node, SUSPENDED.0, SUSPENDED.1)
    }

    fn unit(&mut self, node: u32) -> Value {
        self.singleton(node, b"Lkotlin/Unit;", b"INSTANCE")
    }

    fn singleton(&mut self, node: u32, class: &[u8], name: &[u8]) -> Value {
        let program = self.program;
        let Some(kind) = program.find_type(class) else {
            return ANY;
        };
        self.initialise(kind, node, 0);
        let mut fields = program.link.fields_of(kind);
        let field = fields.find(|&at| {
            program.bytes(program.link.names[program.link.fields[at].name as usize]) == name
        });
        let value = field.map_or(NOTHING, |field| self.read(Key::Static(field as u32), node));
        if value == NOTHING { ANY } else { value }
    }
}
