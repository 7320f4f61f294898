//! Reflection on names, classes and annotations that are known.

use super::facts::Foreign;
use super::heap::{Key, Origin};
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::{Gap, World};
use crate::code::link::NONE;
use crate::dex::class_data::access;

impl World<'_> {
    /// Calls on classes, methods and constructors.
    pub(super) fn reflection(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let program = self.program;
        let name = facts.name.as_str();
        match (facts.class(), name) {
            ("Ljava/lang/Class;", "forName") | ("Ljava/lang/ClassLoader;", "loadClass") => {
                let text = if name == "forName" { args[0] } else { args[1] };
                let Some(texts) = self.heap.known_texts(text, &self.values) else {
                    self.leave_out(Gap::Reflection, node, unit);
                    return Some((ANY, true));
                };
                let mut atoms = Vec::new();
                let mut missing = texts.is_empty();
                for text in texts {
                    let class = self.heap.text_of(text).to_owned();
                    match program.find_class(&class) {
                        Some(kind) => {
                            if name == "forName" {
                                self.initialise(kind, node, unit);
                            }
                            atoms.push(Atom::Class(kind));
                        }
                        None => missing = true,
                    }
                }
                if missing && atoms.is_empty() {
                    return Some((ANY, true));
                }
                Some((self.values.of(atoms), true))
            }
            ("Ljava/lang/Class;", "getName" | "getCanonicalName") => {
                let mut atoms = Vec::new();
                for atom in self.values.atoms(args[0]).to_vec() {
                    if let Atom::Class(kind) = atom {
                        let class = program.type_name(kind);
                        atoms.push(Atom::Text(self.heap.text(&class)));
                    }
                }
                if atoms.is_empty() {
                    return Some((ANY, true));
                }
                Some((self.values.of(atoms), true))
            }
            (
                "Ljava/lang/Class;",
                "getMethod" | "getDeclaredMethod" | "getConstructor" | "getDeclaredConstructor",
            ) => {
                let init = self.heap.text("<init>");
                let named = if name.ends_with("Method") {
                    self.heap.known_texts(args[1], &self.values)
                } else {
                    Some(vec![init])
                };
                let mut atoms = Vec::new();
                for atom in self.values.atoms(args[0]).to_vec() {
                    if let Atom::Class(kind) = atom {
                        for &text in named.iter().flatten() {
                            atoms.push(Atom::Member(kind, text));
                        }
                    }
                }
                if atoms.is_empty() {
                    self.leave_out(Gap::Reflection, node, unit);
                    return Some((ANY, true));
                }
                Some((self.values.of(atoms), true))
            }
            ("Ljava/lang/Class;", "getField" | "getDeclaredField") => {
                let names = self
                    .heap
                    .known_texts(args[1], &self.values)
                    .unwrap_or_default();
                let mut atoms = Vec::new();
                for atom in self.values.atoms(args[0]).to_vec() {
                    if let Atom::Class(kind) = atom {
                        atoms.extend(names.iter().map(|&name| Atom::Member(kind, name)));
                    }
                }
                if atoms.is_empty() {
                    self.leave_out(Gap::Reflection, node, unit);
                    return Some((ANY, true));
                }
                Some((self.values.of(atoms), true))
            }
            ("Ljava/lang/reflect/Field;", _) if args.len() > 1 => {
                let writes = name.starts_with("set") && args.len() == 3;
                if !writes && !name.starts_with("get") {
                    return None;
                }
                Some((self.field_member(node, unit, facts, args), true))
            }
            ("Ljava/lang/reflect/Array;", _) if name.starts_with("set") && args.len() == 3 => {
                // Of which type the elements are is not asked.
                let plain = |atom| match atom {
                    Atom::Boxed(number) => Some(Atom::Integer(number)),
                    atom => Some(atom),
                };
                let unboxed = self.values.map(args[2], plain);
                let value = self.values.join(args[2], unboxed);
                for array in self.values.objects(args[0]) {
                    self.store_element(array, None, value);
                }
                Some((NOTHING, true))
            }
            ("Ljava/lang/Class;" | "Ljava/lang/reflect/Constructor;", "newInstance") => {
                let mut out = NOTHING;
                for atom in self.values.atoms(args[0]).to_vec() {
                    let (Atom::Class(kind) | Atom::Member(kind, _)) = atom else {
                        continue;
                    };
                    self.initialise(kind, node, unit);
                    // Each class has an object of its own at this place.
                    let object = self.object(Origin::Site(node, kind, unit | 1 << 31), kind, 1);
                    self.construct(node, unit, object, kind);
                    let value = self.values.one(Atom::Object(object));
                    out = self.values.join(out, value);
                }
                if out == NOTHING {
                    self.leave_out(Gap::Reflection, node, unit);
                    return Some((ANY, true));
                }
                Some((out, true))
            }
            ("Ljava/lang/reflect/Method;", "invoke") => {
                self.invoke_member(node, unit, args);
                Some((ANY, true))
            }
            ("Ljava/lang/Class;", "asSubclass") => Some((args[0], true)),
            ("Ljava/lang/Class;", "getMethods" | "getDeclaredMethods") => {
                Some((self.members(node, unit, args[0]), true))
            }
            ("Ljava/lang/Class;", "isAssignableFrom") => {
                let fits = self.pairs(args, |world, above, below| world.facts.is_a(below, above));
                Some((fits, true))
            }
            ("Ljava/lang/reflect/Method;", "getName") => {
                let name = |atom: Atom| match atom {
                    Atom::Member(_, text) => Some(Atom::Text(text)),
                    _ => None,
                };
                Some((self.values.map(args[0], name), true))
            }
            ("Ljava/lang/reflect/Method;", "getParameterTypes") => {
                Some((self.parameter_types(node, unit, args[0]), true))
            }
            ("Ljava/lang/reflect/Method;", "isAnnotationPresent" | "getAnnotation") => {
                let there = self.annotated(args[0], args[1]);
                if there == ANY || name == "isAnnotationPresent" {
                    return Some((there, true));
                }
                let (none, some) = self.values.truth(there);
                Some((if none && !some { there } else { ANY }, true))
            }
            (_, "getClass") if args.len() == 1 => {
                let mut atoms = Vec::new();
                for object in self.values.objects(args[0]) {
                    let class = self.heap.objects[object as usize].class;
                    if class != NONE {
                        atoms.push(Atom::Class(class));
                    }
                }
                if atoms.is_empty() {
                    return Some((ANY, true));
                }
                Some((self.values.of(atoms), true))
            }
            _ => None,
        }
    }

    /// Reads or writes the fields that reflection names.
    fn field_member(&mut self, node: u32, unit: u32, facts: &Foreign, args: &[Value]) -> Value {
        let program = self.program;
        let mut out = NOTHING;
        for atom in self.values.atoms(args[0]).to_vec() {
            let Atom::Member(kind, text) = atom else {
                return ANY;
            };
            let chain: Vec<u32> = program.hierarchy.chain(&program.defs, kind).collect();
            let field = chain.into_iter().find_map(|position| {
                let class = program.defs.classes[position as usize].kind;
                program.link.fields_of(class).find(|&field| {
                    *program.name(program.link.fields[field].name) == *self.heap.text_of(text)
                })
            });
            let Some(field) = field.map(|field| field as u32) else {
                return ANY;
            };
            self.initialise(kind, node, unit);
            let boxed = facts.name == "set" || facts.name == "get";
            let primitive = {
                let own = program.link.fields[field as usize].kind;
                !matches!(program.descriptor(own).first(), Some(b'L' | b'['))
            };
            // The object is not asked for a static field, and which one it is code does not say.
            if let Some(&given) = args.get(2) {
                let given = match boxed && primitive {
                    true => self.values.map(given, |atom| match atom {
                        Atom::Boxed(number) => Some(Atom::Integer(number)),
                        _ => None,
                    }),
                    false => given,
                };
                self.write(Key::Static(field), given);
                self.put_field(args[1], field, given);
                out = ANY;
                continue;
            }
            let own = self.static_value(node, field);
            let of_object = self.get_field(node, args[1], field);
            let own = match args[1] {
                ANY => ANY,
                _ => self.values.join(own, of_object),
            };
            let own = match boxed && primitive {
                true => self.values.map(own, |atom| match atom {
                    Atom::Integer(number) => Some(Atom::Boxed(number)),
                    _ => None,
                }),
                false => own,
            };
            out = self.values.join(out, own);
        }
        if out == NOTHING { ANY } else { out }
    }

    /// `Method.invoke`: all methods of the class with the name.
    fn invoke_member(&mut self, node: u32, unit: u32, args: &[Value]) {
        use crate::dex::class_data::access::STATIC;
        let program = self.program;
        let arrays = args
            .get(2)
            .map(|&arrays| self.values.objects(arrays))
            .unwrap_or_default();
        let mut found = false;
        for atom in self.values.atoms(args[0]).to_vec() {
            let Atom::Member(kind, text) = atom else {
                continue;
            };
            let name = self.heap.text_of(text).to_owned();
            let Some(name) = program.find_name(&name) else {
                continue;
            };
            let chain: Vec<u32> = program.hierarchy.chain(&program.defs, kind).collect();
            for position in chain {
                let class = &program.defs.classes[position as usize];
                for def in class.methods.clone() {
                    let method = program.defs.methods[def as usize];
                    if program.link.methods[method.id as usize].name != name || method.code == 0 {
                        continue;
                    }
                    found = true;
                    let Some(body) = self.body(def) else { continue };
                    let mut registers = Vec::new();
                    if method.access & STATIC == 0 {
                        registers.push(args[1]);
                    } else {
                        self.initialise(class.kind, node, unit);
                    }
                    let key = program.link.methods[method.id as usize];
                    let Some(passed) = self.unpack(node, &arrays, program.link.proto(key.proto))
                    else {
                        continue;
                    };
                    registers.extend(passed);
                    registers.resize(usize::from(body.ins), ANY);
                    self.call(node, unit, def, &registers);
                }
            }
        }
        if !found {
            self.leave_out(Gap::Reflection, node, unit);
        }
    }

    /// What an array of arguments gives for each register of a method; `None` if one does not fit its parameter.
    fn unpack(&mut self, node: u32, arrays: &[u32], types: &[u32]) -> Option<Vec<Value>> {
        let mut out = Vec::new();
        for (at, &kind) in types[1..].iter().enumerate() {
            let mut given = NOTHING;
            for &array in arrays {
                for index in [at as i64, -1] {
                    let own = self.read(Key::Element(array, index), node);
                    given = self.values.join(given, own);
                }
            }
            let descriptor = self.program.descriptor(kind);
            out.push(match given {
                NOTHING => ANY,
                _ if descriptor.starts_with(b"L") => {
                    let fits = self.cast(given, kind);
                    if fits == NOTHING {
                        return None;
                    }
                    fits
                }
                _ => self.values.map(given, |atom| match atom {
                    Atom::Boxed(number) => Some(Atom::Integer(number)),
                    _ => None,
                }),
            });
            if matches!(descriptor, b"J" | b"D") {
                out.push(NOTHING);
            }
        }
        Some(out)
    }

    /// An array of the methods that classes define.
    fn members(&mut self, node: u32, unit: u32, classes: Value) -> Value {
        let program = self.program;
        let mut atoms = Vec::new();
        for atom in self.values.atoms(classes).to_vec() {
            let Atom::Class(kind) = atom else { continue };
            let Some(class) = program.defs.loaded(kind) else {
                continue;
            };
            for def in class.methods.clone() {
                let id = program.defs.methods[def as usize].id;
                let name = program.name(program.link.methods[id as usize].name);
                if !name.starts_with('<') {
                    atoms.push(Atom::Member(kind, self.heap.text(&name)));
                }
            }
        }
        if atoms.is_empty() {
            return ANY;
        }
        let object = self.object_at(node, unit, NONE);
        let all = self.values.of(atoms);
        self.store_element(object, None, all);
        self.values.one(Atom::Object(object))
    }

    /// An array of the types that methods take, by position.
    fn parameter_types(&mut self, node: u32, unit: u32, members: Value) -> Value {
        if members == ANY {
            return ANY;
        }
        let program = self.program;
        let object = self.object_at(node, unit, NONE);
        for atom in self.values.atoms(members).to_vec() {
            let Atom::Member(kind, text) = atom else {
                continue;
            };
            for id in program.link.methods_of(kind) {
                let key = program.link.methods[id];
                if *program.name(key.name) != *self.heap.text_of(text) {
                    continue;
                }
                for (at, &kind) in program.link.proto(key.proto)[1..].iter().enumerate() {
                    let class = self.values.one(Atom::Class(kind));
                    self.store_element(object, Some(at as i64), class);
                }
            }
        }
        self.values.one(Atom::Object(object))
    }

    /// Whether methods carry one of the annotations.
    fn annotated(&mut self, members: Value, kinds: Value) -> Value {
        if members == ANY || kinds == ANY {
            return ANY;
        }
        let program = self.program;
        let kinds = self.values.atoms(kinds).to_vec();
        let mut truths = Vec::new();
        for atom in self.values.atoms(members).to_vec() {
            let Atom::Member(kind, text) = atom else {
                return ANY;
            };
            let position = program.defs.class_of[kind as usize];
            if position == NONE {
                return ANY;
            }
            let there = kinds.iter().any(|mark| {
                let Atom::Class(mark) = *mark else {
                    return false;
                };
                let marked = program.methods_marked(position, mark);
                marked.iter().any(|&id| {
                    *program.name(program.link.methods[id as usize].name)
                        == *self.heap.text_of(text)
                })
            });
            truths.push(Atom::Integer(there.into()));
        }
        self.values.of(truths)
    }

    /// A web page may call the public methods of objects that carry `JavascriptInterface`; where none does, as before Android 4.2, all.
    pub(super) fn expose(&mut self, node: u32, unit: u32, objects: Value) {
        let program = self.program;
        let mark = program.find_type(b"Landroid/webkit/JavascriptInterface;");
        for object in self.values.objects(objects) {
            let Some(position) = self.class_of(object) else {
                continue;
            };
            let kind = program.defs.classes[position as usize].kind;
            let mut open = Vec::new();
            for class in program.hierarchy.chain(&program.defs, kind) {
                let marked = mark.map_or_else(Vec::new, |mark| program.methods_marked(class, mark));
                for &(_, def) in program.hierarchy.virtuals(class) {
                    let method = &program.defs.methods[def as usize];
                    if method.access & access::PUBLIC != 0 && program.has_code(def) {
                        open.push((def, marked.contains(&method.id)));
                    }
                }
            }
            let any_marked = open.iter().any(|&(_, marked)| marked);
            for (def, marked) in open {
                if marked || !any_marked {
                    let args = self.callback_args(object, def);
                    self.call(node, unit, def, &args);
                }
            }
        }
    }

    /// A truth for each pair of classes; anything where it cannot be told.
    fn pairs(
        &mut self,
        args: &[Value],
        holds: impl Fn(&mut Self, u32, u32) -> Option<bool>,
    ) -> Value {
        let mut truths = Vec::new();
        for x in self.values.atoms(args[0]).to_vec() {
            for y in self.values.atoms(args[1]).to_vec() {
                let (Atom::Class(x), Atom::Class(y)) = (x, y) else {
                    return ANY;
                };
                match holds(self, x, y) {
                    Some(truth) => truths.push(Atom::Integer(truth.into())),
                    None => return ANY,
                }
            }
        }
        if truths.is_empty() {
            return ANY;
        }
        self.values.of(truths)
    }
}
