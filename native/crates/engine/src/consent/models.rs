//! Values of the platform that decide branches: text, boxed numbers, enumerations, controls.

use super::facts::Foreign;
use super::heap::{Key, Origin};
use super::value::{ANY, Atom, NOTHING, Value};
use super::world::World;
use crate::code::link::NONE;

/// The name of an enumeration constant, kept like an element of an array.
const ENUM_NAME: i64 = -2;
const ENUM_ORDINAL: i64 = -3;

type Outcome = (Value, bool);

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
            "Ljava/lang/String;" => return self.string_call(facts, args),
            "Landroid/text/TextUtils;" if name == "equals" => {
                return Some((self.equal(args[0], args[1]), true));
            }
            "Landroid/text/TextUtils;" if name == "isEmpty" => {
                return Some((self.empty(args[0]), true));
            }
            "Ljava/util/Objects;" if name == "equals" => {
                return Some((self.equal(args[0], args[1]), true));
            }
            "Ljava/util/Objects;" if name == "requireNonNull" => return Some((args[0], true)),
            "Ljava/lang/System;" | "Ljava/lang/Runtime;" if matches!(name, "exit" | "halt") => {
                return Some((NOTHING, false));
            }
            "Landroid/os/Process;" if name == "killProcess" => return Some((NOTHING, false)),
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
        self.container(node, unit, facts, args)
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

    fn truth_value(&mut self, truths: impl IntoIterator<Item = bool>) -> Value {
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
            Atom::Text(text) => world.heap.text_of(*text).starts_with('\u{1}'),
            Atom::Object(object) => world.heap.objects[*object as usize].class == NONE,
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

    fn empty(&mut self, value: Value) -> Value {
        let Some(texts) = self.heap.known_texts(value, &self.values) else {
            return ANY;
        };
        let (null, _) = self.values.truth(value);
        let texts: Vec<bool> = texts
            .into_iter()
            .map(|text| self.heap.text_of(text).is_empty())
            .chain(null.then_some(true))
            .collect();
        self.truth_value(texts)
    }

    fn string_call(&mut self, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let first = *args.first()?;
        let name = facts.name.as_str();
        let outcome = match name {
            "equals" | "contentEquals" => self.equal(first, args[1]),
            "equalsIgnoreCase" => {
                let (x, y) = (self.map_text(first, str::to_lowercase), args[1]);
                let y = self.map_text(y, str::to_lowercase);
                self.equal(x, y)
            }
            "isEmpty" => self.empty(first),
            "toString" | "intern" => first,
            "trim" | "strip" => self.map_text(first, |text| text.trim().to_owned()),
            "toLowerCase" => self.map_text(first, str::to_lowercase),
            "toUpperCase" => self.map_text(first, str::to_uppercase),
            "valueOf" if args.len() == 1 => self.text_of_value(first),
            "hashCode" => self.map_number(first, |text| {
                Some(
                    text.encode_utf16()
                        .fold(0i32, |sum, unit| {
                            sum.wrapping_mul(31).wrapping_add(i32::from(unit))
                        })
                        .into(),
                )
            }),
            "length" => self.map_number(first, |text| Some(text.encode_utf16().count() as i64)),
            "startsWith" | "endsWith" | "contains" | "concat" if args.len() == 2 => {
                let (xs, ys) = (
                    self.heap.known_texts(first, &self.values),
                    self.heap.known_texts(args[1], &self.values),
                );
                let (Some(xs), Some(ys)) = (xs, ys) else {
                    return Some((ANY, true));
                };
                let mut atoms = Vec::new();
                for &x in &xs {
                    for &y in &ys {
                        let (x, y) = (
                            self.heap.text_of(x).to_owned(),
                            self.heap.text_of(y).to_owned(),
                        );
                        atoms.push(match name {
                            "startsWith" => Atom::Integer(x.starts_with(&y).into()),
                            "endsWith" => Atom::Integer(x.ends_with(&y).into()),
                            "contains" => Atom::Integer(x.contains(&y).into()),
                            _ => Atom::Text(self.heap.text(&(x + &y))),
                        });
                    }
                }
                if atoms.is_empty() {
                    ANY
                } else {
                    self.values.of(atoms)
                }
            }
            _ => return Some((ANY, true)),
        };
        Some((outcome, true))
    }

    fn map_text(&mut self, value: Value, change: impl Fn(&str) -> String) -> Value {
        let Some(texts) = self.heap.known_texts(value, &self.values) else {
            return ANY;
        };
        let mut atoms = Vec::new();
        for text in texts {
            let changed = change(self.heap.text_of(text));
            atoms.push(Atom::Text(self.heap.text(&changed)));
        }
        if atoms.is_empty() {
            return ANY;
        }
        self.values.of(atoms)
    }

    fn map_number(&mut self, value: Value, number: impl Fn(&str) -> Option<i64>) -> Value {
        let Some(texts) = self.heap.known_texts(value, &self.values) else {
            return ANY;
        };
        let numbers = texts
            .into_iter()
            .map(|text| Some(self.heap.text_of(text)).filter(|text| !text.starts_with('\u{1}')));
        let numbers: Option<Vec<Atom>> = numbers
            .map(|text| Some(Atom::Integer(number(text?)?)))
            .collect();
        match numbers {
            Some(numbers) if !numbers.is_empty() => self.values.of(numbers),
            _ => ANY,
        }
    }

    fn text_of_value(&mut self, value: Value) -> Value {
        if value == ANY {
            return ANY;
        }
        let mut atoms = Vec::new();
        for atom in self.values.atoms(value).to_vec() {
            match atom {
                Atom::Text(_) => atoms.push(atom),
                Atom::Boxed(number) => atoms.push(Atom::Text(self.heap.text(&number.to_string()))),
                _ => return ANY,
            }
        }
        self.values.of(atoms)
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
            "valueOf" if of_text => {
                let numbers = self.map_number(first, parse);
                self.values.map(numbers, boxes)
            }
            "parseBoolean" | "parseInt" | "parseLong" if of_text => self.map_number(first, parse),
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
                    self.write(Key::Element(object, ENUM_NAME), args[1]);
                    self.write(Key::Element(object, ENUM_ORDINAL), args[2]);
                }
                NOTHING
            }
            "name" | "toString" => part(self, ENUM_NAME),
            "ordinal" => part(self, ENUM_ORDINAL),
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
                    let own = self.read(Key::Element(object, ENUM_NAME), node);
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
                for object in self.values.objects(receiver) {
                    self.write(Key::Label(object), text);
                }
                let back = if facts.result == "V" {
                    NOTHING
                } else {
                    receiver
                };
                Some((back, true))
            }
            ("getString" | "getText", Some(id))
                if facts.of("Landroid/content/Context;")
                    || facts.of("Landroid/content/res/Resources;")
                    || facts.of("Landroid/app/Fragment;") =>
            {
                Some((self.resource(id), true))
            }
            ("setEnabled" | "setClickable", Some(on)) if view => {
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
                        Origin::View(id) => self.values.integer(i64::from(id)),
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
            ("performClick", None) if view => {
                for object in self.values.objects(receiver) {
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
                    }
                }
                let back = if facts.result == "V" {
                    NOTHING
                } else {
                    receiver
                };
                Some((back, true))
            }
            ("inflate", Some(layout)) if view || facts.of("Landroid/view/LayoutInflater;") => {
                let layout = if view { args[1] } else { layout };
                let kind = self
                    .program
                    .find_type(b"Landroid/view/View;")
                    .unwrap_or(NONE);
                let object = self.object_at(node, unit, kind);
                let holder = self.values.one(Atom::Object(object));
                self.inflate(node, unit, holder, layout);
                Some((holder, true))
            }
            ("setResult", Some(code)) if facts.of("Landroid/app/Activity;") => {
                for object in self.values.objects(receiver) {
                    self.write(Key::Result(object), code);
                }
                Some((NOTHING, true))
            }
            ("obtainMessage", Some(what)) if facts.of("Landroid/os/Handler;") => {
                let kind = self
                    .program
                    .find_type(b"Landroid/os/Message;")
                    .unwrap_or(NONE);
                let object = self.object_at(node, unit, kind);
                self.set_what(object, what);
                let message = self.values.one(Atom::Object(object));
                self.keep(message, &[receiver]);
                Some((message, true))
            }
            ("obtainMessage", None) | ("obtain", _) if facts.result == "Landroid/os/Message;" => {
                let kind = self
                    .program
                    .find_type(b"Landroid/os/Message;")
                    .unwrap_or(NONE);
                let object = self.object_at(node, unit, kind);
                let message = self.values.one(Atom::Object(object));
                self.keep(message, args);
                if let (Some(&what), true) = (args.get(1), args.len() == 2) {
                    if facts.parameters.get(1).is_some_and(|kind| kind == "I") {
                        self.set_what(object, what);
                    }
                }
                Some((message, true))
            }
            _ => None,
        }
    }

    /// Code presses a control: its listeners run now.
    fn press(&mut self, node: u32, view: u32) {
        self.read(Key::Listeners(view), node);
        for number in 0..self.events.len() {
            let event = self.events[number].clone();
            if event
                .control
                .is_some_and(|control| control.object == view && !control.ticks)
            {
                self.call(event.from.0, event.from.1, event.def, &event.args);
            }
        }
    }
}
