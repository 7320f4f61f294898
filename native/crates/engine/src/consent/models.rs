//! Values of the platform that decide branches: text, boxed numbers, enumerations, controls.

use super::facts::Foreign;
use super::heap::{Key, Origin, part};
use super::texts::is_marked;
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;
use crate::code::link::NONE;
use smallvec::smallvec;

/// What a message carries.
const MESSAGE: [&str; 4] = ["what", "arg1", "arg2", "obj"];

/// The number of the app's own process, which no number is equal to for sure.
const OWN_PROCESS: Atom = Atom::Member(NONE, NONE);

impl World<'_> {
    /// A call whose result, or effect on stores, is modelled.
    pub(super) fn model(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
        is_static: bool,
    ) -> Option<Outcome> {
        let name = facts.name.as_str();
        let class = facts.class();
        if facts.of("Landroid/content/SharedPreferences;")
            || facts.of("Landroid/content/SharedPreferences$Editor;")
        {
            return self.preferences(node, facts, args);
        }
        if let Some(outcome) = self.stores(node, unit, facts, args, is_static) {
            return Some(outcome);
        }
        if let Some(outcome) = self.resolver(node, unit, facts, args) {
            return Some(outcome);
        }
        match class {
            "Lorg/json/JSONObject;" => return self.json(node, facts, args),
            "Ljava/lang/String;" => return self.string_call(node, unit, facts, args),
            "Landroid/text/TextUtils;" if name == "equals" => {
                return Some((self.equal(args[0], args[1]), true));
            }
            "Landroid/text/TextUtils;" if name == "isEmpty" => {
                return Some((self.empty(args[0]), true));
            }
            "Ljava/lang/Math;" => return self.between(facts, args),
            "Ljava/util/Objects;" if name == "equals" => {
                return Some((self.equal(args[0], args[1]), true));
            }
            "Ljava/util/Objects;" if name == "requireNonNull" => return Some((args[0], true)),
            "Ljava/lang/System;" | "Ljava/lang/Runtime;" if matches!(name, "exit" | "halt") => {
                return Some((NOTHING, false));
            }
            "Landroid/os/Process;" if name == "myPid" => {
                return Some((self.values.one(OWN_PROCESS), true));
            }
            // Another process may be killed as well.
            "Landroid/os/Process;" if name == "killProcess" => {
                let own = self.values.single(args[0]) == Some(OWN_PROCESS);
                return Some((NOTHING, !own));
            }
            "Landroid/text/Html;" if name == "fromHtml" => return Some((args[0], true)),
            _ => {}
        }
        if matches!(
            class,
            "Ljava/lang/Boolean;"
                | "Ljava/lang/Integer;"
                | "Ljava/lang/Long;"
                | "Ljava/lang/Number;"
                | "Ljava/lang/Short;"
                | "Ljava/lang/Byte;"
                | "Ljava/lang/Character;"
        ) {
            return self.boxed(facts, args, is_static);
        }
        if facts.of("Ljava/lang/Enum;")
            && let Some(outcome) = self.enumeration(node, facts, args)
        {
            return Some(outcome);
        }
        if let Some(outcome) = self.reflection(node, unit, facts, args) {
            return Some(outcome);
        }
        if let Some(outcome) = self.controls(node, unit, facts, args) {
            return Some(outcome);
        }
        if name == "equals" && args.len() == 2 {
            return Some((self.equal(args[0], args[1]), true));
        }
        if matches!(name, "append" | "valueOf") && class.starts_with("Ljava/lang/String") {
            for object in self.values.objects(*args.last()?) {
                self.describe(node, unit, object);
            }
        }
        if let Some(outcome) = self.steps(node, unit, facts, args, is_static) {
            return Some(outcome);
        }
        if let Some(outcome) = self.future(node, unit, facts, args) {
            return Some(outcome);
        }
        self.container(node, unit, facts, args)
    }

    /// `Future.get`, and the futures that executors give: what the task that was handed over gives.
    fn future(&mut self, node: u32, unit: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        if facts.name != "get" || !facts.of("Ljava/util/concurrent/Future;") {
            return None;
        }
        let futures = *args.first()?;
        let mut out = if futures == ANY { ANY } else { NOTHING };
        for future in self.values.objects(futures) {
            let tasks = self.read(Key::Contents(future), node);
            let mut known = false;
            for task in self.values.objects(tasks) {
                if let Some(def) = self.own_method(task, "call", 0) {
                    let args = [self.values.one(Atom::Object(task))];
                    let (result, _) = self.call(node, unit, def, &args);
                    out = self.values.join(out, result);
                    known = true;
                }
            }
            if !known {
                return Some((ANY, true));
            }
        }
        Some((out, out != NOTHING))
    }

    /// Text is made of an object: its `toString` runs.
    fn describe(&mut self, node: u32, unit: u32, object: u32) {
        if let Some(def) = self.own_method(object, "toString", 0) {
            let args = [self.values.one(Atom::Object(object))];
            self.call(node, unit, def, &args);
        }
    }

    /// The method with a name and so many parameters that the program defines for an object.
    pub(super) fn own_method(&self, object: u32, name: &str, parameters: usize) -> Option<u32> {
        let program = self.program;
        let class = program.defs.classes[self.class_of(object)? as usize].kind;
        program
            .hierarchy
            .chain(&program.defs, class)
            .find_map(|at| {
                let own = program.hierarchy.virtuals(at).iter();
                own.map(|&(_, def)| def).find(|&def| {
                    let id = program.defs.methods[def as usize].id;
                    let key = program.link.methods[id as usize];
                    program.link.proto(key.proto).len() == parameters + 1
                        && &*program.name(key.name) == name
                        && program.has_code(def)
                })
            })
    }

    /// The set of these truths.
    pub(super) fn truth_value(&mut self, truths: impl IntoIterator<Item = bool>) -> Value {
        let atoms = truths
            .into_iter()
            .map(|truth| Atom::Integer(i64::from(truth)));
        let atoms: Vec<Atom> = atoms.collect();
        self.values.of(atoms)
    }

    /// Whether two values are equal, as `equals` finds it.
    pub(super) fn equal(&mut self, x: Value, y: Value) -> Value {
        if x == NOTHING || y == NOTHING {
            return NOTHING;
        }
        if x == ANY || y == ANY {
            return ANY;
        }
        let (xs, ys) = (self.values.atoms(x).to_vec(), self.values.atoms(y).to_vec());
        let opaque = |world: &Self, atom: &Atom| match atom {
            Atom::Text(text) => is_marked(world.heap.text_of(*text)),
            Atom::Object(object) => {
                let class = world.heap.objects[*object as usize].class;
                class == NONE
                    || by_value(world.program.descriptor(class))
                    || world.own_method(*object, "equals", 1).is_some()
            }
            _ => false,
        };
        if xs.iter().chain(&ys).any(|atom| opaque(self, atom)) {
            return ANY;
        }
        let same = xs.iter().any(|atom| ys.contains(atom));
        let differ = xs.len() > 1 || ys.len() > 1 || xs != ys || !self.is_one(xs[0]);
        self.truth_value(
            same.then_some(true)
                .into_iter()
                .chain(differ.then_some(false)),
        )
    }

    fn boxed(&mut self, facts: &Foreign, args: &[Value], is_static: bool) -> Option<Outcome> {
        let first = *args.first()?;
        let of_text = facts
            .parameters
            .first()
            .is_some_and(|kind| kind == "Ljava/lang/String;");
        let truth = facts.class() == "Ljava/lang/Boolean;";
        let parse = |text: &str| {
            if truth {
                Some(i64::from(text.eq_ignore_ascii_case("true")))
            } else {
                text.parse().ok()
            }
        };
        let boxes = |atom: Atom| match atom {
            Atom::Integer(number) => Some(Atom::Boxed(number)),
            _ => None,
        };
        let outcome = match facts.name.as_str() {
            "valueOf" | "parseBoolean" | "parseInt" | "parseLong" if of_text => {
                // Of what is no number nothing comes back.
                let heap = &self.heap;
                let first = self.values.filter(first, |atom| match atom {
                    Atom::Text(text) => {
                        is_marked(heap.text_of(text)) || parse(heap.text_of(text)).is_some()
                    }
                    _ => truth,
                });
                if first == NOTHING {
                    return Some((NOTHING, false));
                }
                let numbers = self.map_number(first, parse);
                match &*facts.name {
                    "valueOf" => self.values.map(numbers, boxes),
                    _ => numbers,
                }
            }
            "valueOf" if is_static => self.values.map(first, boxes),
            "booleanValue" | "intValue" | "longValue" | "shortValue" | "byteValue" => {
                // Of null nothing comes back.
                let some = self.values.filter(first, |atom| atom != Atom::Integer(0));
                if some == NOTHING {
                    return Some((NOTHING, false));
                }
                self.values.map(some, |atom| match atom {
                    Atom::Boxed(number) => Some(Atom::Integer(number)),
                    _ => None,
                })
            }
            "equals" => self.equal(first, args[1]),
            "compare" if is_static && args.len() == 2 => return self.between(facts, args),
            _ => return None,
        };
        Some((outcome, true))
    }

    fn enumeration(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let first = *args.first()?;
        let part = |world: &mut Self, which: i64| {
            if first == ANY {
                return ANY;
            }
            let mut out = NOTHING;
            for object in world.values.objects(first) {
                let own = world.read(Key::Element(object, which), node);
                out = world.values.join(out, own);
            }
            out
        };
        let outcome = match facts.name.as_str() {
            "<init>" if args.len() == 3 => {
                for object in self.values.objects(first) {
                    self.write(Key::Element(object, part::ENUM_NAME), args[1]);
                    self.write(Key::Element(object, part::ENUM_ORDINAL), args[2]);
                }
                NOTHING
            }
            "name" | "toString" => part(self, part::ENUM_NAME),
            "ordinal" => part(self, part::ENUM_ORDINAL),
            "compareTo" => ANY,
            "valueOf" if args.len() == 2 => {
                let (Some(Atom::Class(kind)), Some(names)) = (
                    self.values.single(first),
                    self.heap.known_texts(args[1], &self.values),
                ) else {
                    return Some((ANY, true));
                };
                self.initialise(kind, node, 0);
                let mut atoms = Vec::new();
                for object in self.instances(kind, node) {
                    let own = self.read(Key::Element(object, part::ENUM_NAME), node);
                    if self
                        .values
                        .texts(own)
                        .iter()
                        .any(|text| names.contains(text))
                    {
                        atoms.push(Atom::Object(object));
                    }
                }
                let value = self.values.of(atoms);
                return Some((value, value != NOTHING));
            }
            _ => return None,
        };
        if outcome == NOTHING && facts.name != "<init>" {
            return Some((NOTHING, false));
        }
        Some((outcome, true))
    }

    /// What views and dialogs are told, and asked.
    fn controls(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let receiver = args.first().copied().unwrap_or(NOTHING);
        let value = args.get(1).copied();
        let view = facts.of("Landroid/view/View;");
        match (facts.name.as_str(), value) {
            ("setText" | "setTitle" | "setMessage" | "setHint" | "setCustomTitle", Some(text))
                if view || self.on_screen(facts) || facts.class().contains("Builder;") =>
            {
                if text != ANY {
                    for object in self.values.objects(receiver) {
                        self.write(Key::Label(object), text);
                    }
                } else if facts.name == "setText" {
                    self.says_anything(receiver);
                }
                Some((facts.fluent(receiver), true))
            }
            ("getString" | "getText", Some(id))
                if facts.of("Landroid/content/Context;")
                    || facts.of("Landroid/content/res/Resources;")
                    || facts.of("Landroid/app/Fragment;") =>
            {
                Some((self.resource(id), true))
            }
            ("setEnabled" | "setClickable", Some(on)) if view => {
                self.views.any_enabled |= receiver == ANY && self.values.truth(on).1;
                for object in self.values.objects(receiver) {
                    self.write(Key::Enabled(object), on);
                }
                Some((NOTHING, true))
            }
            ("setChecked", Some(on)) => {
                for object in self.values.objects(receiver) {
                    self.tickable(object);
                    self.write(Key::Ticked(object), on);
                }
                Some((NOTHING, true))
            }
            ("isChecked", None) => {
                if receiver == ANY {
                    return Some((ANY, true));
                }
                let mut out = NOTHING;
                for object in self.values.objects(receiver) {
                    self.tickable(object);
                    let own = self.read(Key::Ticked(object), node);
                    out = self.values.join(out, own);
                }
                Some((out, out != NOTHING))
            }
            ("getId", None) if view => {
                let mut out = NOTHING;
                for object in self.values.objects(receiver) {
                    let id = match self.heap.objects[object as usize].origin {
                        // A view without an id goes by its position.
                        Origin::View(_, _, id) if id > 0xffff => self.values.integer(i64::from(id)),
                        _ => self.read(Key::Element(object, 0), node),
                    };
                    let id = if id == NOTHING {
                        self.values.integer(-1)
                    } else {
                        id
                    };
                    out = self.values.join(out, id);
                }
                Some((if out == NOTHING { ANY } else { out }, true))
            }
            ("setId", Some(id)) if view => {
                for object in self.values.objects(receiver) {
                    self.write(Key::Element(object, 0), id);
                }
                Some((NOTHING, true))
            }
            ("getButton", Some(which)) if facts.of("Landroid/app/AlertDialog;") => {
                let button = self.object_at(node, unit, NONE);
                for dialog in self.values.objects(receiver) {
                    let buttons = self.values.integers(which);
                    for number in buttons.unwrap_or(smallvec![-1, -2, -3]) {
                        let label = self.read(Key::Element(dialog, number), node);
                        if label != ANY {
                            self.write(Key::Label(button), label);
                        }
                    }
                    self.hold(dialog, button);
                    self.views.buttons.entry(button).or_default().insert(dialog);
                }
                Some((self.values.one(Atom::Object(button)), true))
            }
            ("getCheckedRadioButtonId", None) => Some((self.checked_radio(node, receiver), true)),
            ("check", Some(id)) if facts.of("Landroid/widget/RadioGroup;") => {
                self.check_radio(receiver, id);
                None
            }
            ("performClick" | "callOnClick" | "toggle", None) if view => {
                for object in self.values.objects(receiver) {
                    if facts.of("Landroid/widget/CompoundButton;") {
                        self.tickable(object);
                    }
                    if self.heap.find(Key::Ticked(object)).is_some() || facts.name == "toggle" {
                        let both = self.values.of(vec![Atom::Integer(0), Atom::Integer(1)]);
                        self.write(Key::Ticked(object), both);
                    }
                    self.press(node, object);
                }
                Some((ANY, true))
            }
            ("addView" | "setView" | "setContentView" | "addContentView", Some(child)) => {
                if facts.parameters.first().is_some_and(|kind| kind == "I") {
                    self.inflate(node, unit, receiver, child);
                } else {
                    for child in self.values.objects(child) {
                        for holder in self.values.objects(receiver) {
                            self.hold(holder, child);
                        }
                        self.fire(node, unit, child);
                    }
                }
                Some((facts.fluent(receiver), true))
            }
            // Something inside a view, or the window that a view is in.
            ("getChildAt", Some(_)) | ("getRootView" | "getWindow" | "getDecorView", None)
                if receiver != ANY
                    && (view || self.on_screen(facts) || facts.of("Landroid/view/Window;")) =>
            {
                let part = self.object_at(node, unit, NONE);
                for holder in self.values.objects(receiver) {
                    self.hold(holder, part);
                }
                Some((self.values.one(Atom::Object(part)), true))
            }
            // A stub stands for what it is filled with.
            ("setLayoutResource", Some(layout)) if facts.of("Landroid/view/ViewStub;") => {
                self.inflate(node, unit, args[0], layout);
                Some((NOTHING, true))
            }
            ("inflate", None) if facts.of("Landroid/view/ViewStub;") => Some((args[0], true)),
            ("inflate", Some(layout)) if view || facts.of("Landroid/view/LayoutInflater;") => {
                let kind = self
                    .program
                    .find_type(b"Landroid/view/View;")
                    .unwrap_or(NONE);
                let object = self.object_at(node, unit, kind);
                let holder = self.values.one(Atom::Object(object));
                let attached = args
                    .get(3)
                    .is_none_or(|&on| view || self.values.truth(on).1);
                if let Some(&parent) = args.get(2).filter(|_| attached) {
                    self.hold_all(parent, object);
                }
                self.inflate(node, unit, holder, layout);
                Some((holder, true))
            }
            ("addJavascriptInterface", Some(object)) if view => {
                self.expose(node, unit, object);
                Some((NOTHING, true))
            }
            ("setResult", Some(code)) if facts.of("Landroid/app/Activity;") => {
                for object in self.values.objects(receiver) {
                    self.write(Key::Result(object), code);
                }
                Some((NOTHING, true))
            }
            ("obtainMessage", _) if facts.of("Landroid/os/Handler;") => {
                Some((self.make_message(node, unit, facts, &args[1..], args), true))
            }
            ("copyFrom", Some(_)) if facts.class() == "Landroid/os/Message;" => {
                for message in self.values.objects(receiver) {
                    for field in MESSAGE {
                        self.set_message(message, field, ANY);
                    }
                }
                Some((NOTHING, true))
            }
            ("obtain", _) if facts.class() == "Landroid/os/Message;" => {
                Some((self.make_message(node, unit, facts, args, args), true))
            }
            _ => None,
        }
    }

    /// A message with what it is made of: numbers are `what`, then both arguments; an object is what it carries.
    fn make_message(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        passed: &[Value],
        kept: &[Value],
    ) -> Value {
        let kind = self.program.find_type(b"Landroid/os/Message;");
        let object = self.object_at(node, unit, kind.unwrap_or(NONE));
        let mut numbers = ["what", "arg1", "arg2"].into_iter();
        for (parameter, &value) in facts.parameters.iter().zip(passed) {
            let field = match parameter.as_str() {
                "I" => numbers.next(),
                "Ljava/lang/Object;" => Some("obj"),
                _ => None,
            };
            if let Some(field) = field {
                self.set_message(object, field, value);
            }
            // A copy of another message is not followed.
            for field in MESSAGE {
                if parameter == "Landroid/os/Message;" {
                    self.set_message(object, field, ANY);
                }
            }
        }
        let message = self.values.one(Atom::Object(object));
        self.keep(message, kept);
        message
    }

    /// Code presses a control: its listeners run now.
    fn press(&mut self, node: u32, view: u32) {
        // Which of its buttons a dialog gave is not asked: each counts as pressed.
        let dialogs = self.views.buttons.get(&view).into_iter().flatten();
        let pressed: Vec<u32> = dialogs.copied().chain([view]).collect();
        for &view in &pressed {
            self.views.pressed.insert(view);
            self.read(Key::Listeners(view), node);
        }
        self.steps += self.events.len() as u64;
        for number in 0..self.events.len() {
            let control = self.events[number].control;
            if control.is_some_and(|control| pressed.contains(&control.object) && !control.ticks) {
                let event = self.events[number].clone();
                self.call(event.from.0, event.from.1, event.def, &event.args);
            }
        }
    }
}

/// Whether objects of a class of the platform are equal if what they hold is.
fn by_value(class: &[u8]) -> bool {
    class.starts_with(b"Ljava/util/")
        || matches!(
            class,
            b"Landroid/net/Uri;" | b"Landroid/content/ComponentName;" | b"Ljava/io/File;"
        )
}
