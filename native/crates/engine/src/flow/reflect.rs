//! Reflection on constants: classes by name, their objects, methods and fields.

use super::heap::{Key, Set, What};
use super::solve::{Caller, Handing, Solver};
use crate::code::link::NONE;
use crate::dex::class_data::access;
use crate::ir::Op;
use smallvec::smallvec;

impl Solver<'_> {
    /// What a call of reflection gives and runs. True if its result is known.
    pub fn reflect(&mut self, here: (u32, u32), method: u32, args: &[Set]) -> bool {
        let program = self.program;
        let key = program.link.methods[method as usize];
        let class = program.descriptor(key.class);
        let name = program.name(key.name);
        match (class, &name[..]) {
            (b"Ljava/lang/Class;", "forName") => self.classes_named(here, args.first()),
            (_, "loadClass") if args.len() == 2 => self.classes_named(here, args.get(1)),
            (_, "getClass") if args.len() == 1 => {
                let kinds: Vec<u32> = args[0]
                    .iter()
                    .map(|&object| self.heap.kinds[object as usize])
                    .collect();
                self.give_classes(
                    here,
                    kinds.into_iter().filter(|&kind| kind != NONE).collect(),
                )
            }
            (b"Ljava/lang/Class;", "getName" | "getCanonicalName") => {
                let names: Vec<String> = self
                    .classes_in(args)
                    .iter()
                    .map(|&kind| program.type_name(kind))
                    .collect();
                let set: Set = names.iter().map(|name| self.heap.text(name)).collect();
                self.result(here, set)
            }
            (b"Ljava/lang/Class;", "newInstance") => {
                let kinds = self.classes_in(args).into_iter();
                let kinds: Vec<(u32, u32)> = kinds.map(|kind| (kind, NONE)).collect();
                self.construct_by_name(here, &kinds, None)
            }
            (b"Ljava/lang/Class;", "getMethod" | "getDeclaredMethod") => {
                let types = self.types_named(here, args.get(2));
                self.members(here, args, |kind, name| What::Method(kind, name, types))
            }
            (b"Ljava/lang/Class;", "getMethods" | "getDeclaredMethods") => {
                self.all_members(here, args)
            }
            (b"Ljava/lang/reflect/Method;", "getName") => {
                let names: Vec<u32> = self.methods_in(args).iter().map(|one| one.1).collect();
                let texts = names
                    .into_iter()
                    .map(|name| self.heap.number(What::Text(name), NONE));
                let set = texts.collect();
                self.result(here, set)
            }
            (b"Ljava/lang/Class;", "getField" | "getDeclaredField") => {
                self.members(here, args, What::Field)
            }
            (b"Ljava/lang/Class;", "getConstructor" | "getDeclaredConstructor") => {
                let init = self.heap.text_id("<init>");
                let kinds = self.classes_in(args);
                let types = self.types_named(here, args.get(1));
                let set = kinds
                    .into_iter()
                    .map(|kind| self.heap.number(What::Method(kind, init, types), NONE))
                    .collect();
                self.result(here, set)
            }
            (b"Ljava/lang/reflect/Constructor;", "newInstance") => {
                let found = self.methods_in(args).into_iter();
                let kinds: Vec<(u32, u32)> = found.map(|(kind, _, types)| (kind, types)).collect();
                self.construct_by_name(here, &kinds, args.get(1))
            }
            (b"Ljava/lang/reflect/Method;", "invoke") if args.len() == 3 => {
                self.invoke_by_name(here, args)
            }
            (b"Ljava/lang/reflect/Field;", "get" | "set") if args.len() >= 2 => {
                self.field_by_name(here, args)
            }
            _ => false,
        }
    }

    fn result(&mut self, here: (u32, u32), set: Set) -> bool {
        let mut sorted = set;
        sorted.sort_unstable();
        self.join(here.0, here.1, &sorted);
        !sorted.is_empty()
    }

    fn give_classes(&mut self, here: (u32, u32), kinds: Vec<u32>) -> bool {
        let set = kinds
            .into_iter()
            .map(|kind| self.heap.number(What::Class(kind), NONE))
            .collect();
        self.result(here, set)
    }

    fn classes_named(&mut self, here: (u32, u32), names: Option<&Set>) -> bool {
        let program = self.program;
        let texts = names
            .into_iter()
            .flatten()
            .filter_map(|&value| self.heap.as_text(value));
        let names: Vec<String> = texts.map(str::to_owned).collect();
        let mut kinds: Vec<u32> = Vec::new();
        let mut foreign = Set::new();
        for name in names {
            match program.find_class(&name) {
                Some(kind) => kinds.push(kind),
                None => {
                    let id = self.heap.text_id(&name);
                    foreign.push(self.heap.number(What::Foreign(id), NONE));
                }
            }
        }
        let known = self.result(here, foreign);
        if kinds.is_empty() && !known {
            self.cuts.add("flow-reflection-unresolved");
        }
        self.give_classes(here, kinds) || known
    }

    /// The types of parameters that an array of classes names, as one text; [`NONE`] if the array is not known. `?` stands for one that is not.
    fn types_named(&mut self, here: (u32, u32), arrays: Option<&Set>) -> u32 {
        let Some(&[array]) = arrays.map(Set::as_slice) else {
            return NONE;
        };
        let What::Made { node, ins, part: 0 } = self.heap.what[array as usize] else {
            return NONE;
        };
        let body = &self.nodes[node as usize].method.body;
        let count = match body.ins[ins as usize].op {
            Op::Filled(_) => body.args(ins).len() as i64,
            Op::NewArray(_) => body.constant(body.args(ins)[0]).unwrap_or(-1),
            _ => -1,
        };
        if !(0..64).contains(&count) {
            return NONE;
        }
        let mut names = Vec::new();
        for position in 0..count {
            let index = self.heap.integer(position);
            let set = self.read_entries(array, &[index], here);
            let name = match set[..] {
                [class] => match self.heap.what[class as usize] {
                    What::Class(kind) => Some(self.program.type_name(kind)),
                    _ => None,
                },
                _ => None,
            };
            names.push(name.unwrap_or_else(|| "?".to_owned()));
        }
        self.heap.text_id(&names.join(","))
    }

    /// Whether a method has parameters of these types.
    fn has_types(&self, def: u32, types: u32) -> bool {
        if types == NONE {
            return true;
        }
        let program = self.program;
        let key = program.link.methods[program.defs.methods[def as usize].id as usize];
        let own = &program.link.proto(key.proto)[1..];
        let named = &self.heap.texts[types as usize];
        let named: Vec<&str> = named.split(',').filter(|name| !name.is_empty()).collect();
        own.len() == named.len()
            && own
                .iter()
                .zip(named)
                .all(|(&kind, name)| name == "?" || program.type_name(kind) == name)
    }

    fn classes_in(&self, args: &[Set]) -> Vec<u32> {
        let class = |&value: &u32| match self.heap.what[value as usize] {
            What::Class(kind) => Some(kind),
            _ => None,
        };
        args.first()
            .into_iter()
            .flatten()
            .filter_map(class)
            .collect()
    }

    fn methods_in(&self, args: &[Set]) -> Vec<(u32, u32, u32)> {
        let method = |&value: &u32| match self.heap.what[value as usize] {
            What::Method(kind, name, types) => Some((kind, name, types)),
            _ => None,
        };
        args.first()
            .into_iter()
            .flatten()
            .filter_map(method)
            .collect()
    }

    fn members(&mut self, here: (u32, u32), args: &[Set], make: impl Fn(u32, u32) -> What) -> bool {
        let names: Vec<String> = args
            .get(1)
            .into_iter()
            .flatten()
            .filter_map(|&value| self.heap.as_text(value))
            .map(str::to_owned)
            .collect();
        let mut set = Set::new();
        for kind in self.classes_in(args) {
            for name in &names {
                let id = self.heap.text_id(name);
                set.push(self.heap.number(make(kind, id), NONE));
            }
        }
        for &class in args.first().into_iter().flatten() {
            if let What::Foreign(class) = self.heap.what[class as usize] {
                for name in &names {
                    let id = self.heap.text_id(name);
                    set.push(self.heap.number(What::ForeignMethod(class, id), NONE));
                }
            }
        }
        if set.is_empty() {
            self.cuts.add("flow-reflection-unresolved");
        }
        self.result(here, set)
    }

    /// An array of all methods that classes define.
    fn all_members(&mut self, here: (u32, u32), args: &[Set]) -> bool {
        let program = self.program;
        let mut found = Set::new();
        for kind in self.classes_in(args) {
            let Some(class) = program.defs.loaded(kind) else {
                continue;
            };
            for def in class.methods.clone() {
                let method = program.defs.methods[def as usize];
                if method.access & access::CONSTRUCTOR == 0 {
                    let name = program.name(program.link.methods[method.id as usize].name);
                    let id = self.heap.text_id(&name);
                    let value = self.heap.number(What::Method(kind, id, NONE), NONE);
                    self.heap.join(&mut found, &[value]);
                }
            }
        }
        let kind = program
            .find_type(b"[Ljava/lang/reflect/Method;")
            .unwrap_or(NONE);
        let (node, ins) = here;
        let array = self.heap.number(What::Made { node, ins, part: 4 }, kind);
        let cell = self.cell(array, Key::Anywhere);
        self.write_cell(cell, here, false, &found);
        self.result(here, smallvec![array])
    }

    /// A call on an object that was made for an interface: the handler that it was made with answers. True if there is one.
    pub fn answer_for(&mut self, here: (u32, u32), args: &[Set]) -> bool {
        let receiver = args.first().cloned().unwrap_or_default();
        let mut handlers = Set::new();
        for object in receiver {
            if let Some(cell) = self.heap.find_cell(object, Key::Named(self.names.handler)) {
                let set = self.read_cell(cell, here);
                self.heap.join(&mut handlers, &set);
            }
        }
        let (node, ins) = here;
        let mut known = false;
        for handler in handlers {
            let array = self.heap.number(What::Made { node, ins, part: 5 }, NONE);
            for (position, set) in args.iter().skip(1).enumerate() {
                let index = self.heap.integer(position as i64);
                let cell = self.cell(array, Key::Under(index));
                self.write_cell(cell, here, true, set);
            }
            for &def in self.named(handler, "invoke").iter() {
                let caller = Caller {
                    node,
                    ins,
                    later: false,
                    plain: true,
                };
                let Some(callee) = self.node_for(def, caller) else {
                    continue;
                };
                if self.nodes[callee as usize].method.body.params().end != 4 {
                    continue;
                }
                self.link(here, callee, Handing::Proxy(array));
                self.join(callee, 0, &[handler]);
                self.join(callee, 1, &args[0]);
                self.join(callee, 2, &[super::heap::UNKNOWN]);
                self.join(callee, 3, &[array]);
                let returned = self.nodes[callee as usize].returned.clone();
                self.join(node, ins, &returned);
                known = true;
            }
        }
        known
    }

    /// Objects of classes, whose constructors run with an array of arguments.
    fn construct_by_name(
        &mut self,
        here: (u32, u32),
        kinds: &[(u32, u32)],
        arguments: Option<&Set>,
    ) -> bool {
        let program = self.program;
        let mut set = Set::new();
        for (number, &(kind, types)) in kinds.iter().enumerate().take(16) {
            let object = self.heap.number(
                What::Made {
                    node: here.0,
                    ins: here.1,
                    part: 16 + number as u8,
                },
                kind,
            );
            set.push(object);
            self.initialise(kind);
            let Some(class) = program.defs.loaded(kind) else {
                continue;
            };
            let count = class.methods.start..class.virtuals;
            for def in count {
                let flags = program.defs.methods[def as usize].access;
                let constructor = flags & access::CONSTRUCTOR != 0 && flags & access::STATIC == 0;
                if constructor && self.has_types(def, types) {
                    self.run_by_name(here, def, Some(object), arguments);
                }
            }
            self.made(here.0, here.1, object, kind);
        }
        self.result(here, set)
    }

    fn invoke_by_name(&mut self, here: (u32, u32), args: &[Set]) -> bool {
        let program = self.program;
        let mut known = false;
        for &value in &args[0] {
            if let What::ForeignMethod(class, name) = self.heap.what[value as usize] {
                let texts = &self.heap.texts;
                let (class, name) = (&texts[class as usize], &texts[name as usize]);
                let found = (here, class.clone(), name.clone());
                if !self.reflected.contains(&found) {
                    self.reflected.push(found);
                }
            }
        }
        for (kind, name, types) in self.methods_in(args) {
            let name = self.heap.texts[name as usize].clone();
            if program.defs.class_of[kind as usize] == NONE {
                let found = (here, program.type_name(kind), name);
                if !self.reflected.contains(&found) {
                    self.reflected.push(found);
                }
                continue;
            }
            for &object in &args[1] {
                let mut defs = self.named(object, &name).to_vec();
                defs.extend(self.private_methods(object, kind, &name));
                for def in defs {
                    if self.has_types(def, types) {
                        known |= self.run_by_name(here, def, Some(object), args.get(2));
                    }
                }
            }
            for def in program.find_methods(&program.type_name(kind), &name, None) {
                let flags = program.defs.methods[def as usize].access;
                if flags & access::STATIC != 0 && self.has_types(def, types) {
                    self.initialise(kind);
                    known |= self.run_by_name(here, def, None, args.get(2));
                }
            }
        }
        if args[0].iter().all(|&value| {
            let what = &self.heap.what[value as usize];
            !matches!(what, What::Method(..) | What::ForeignMethod(..))
        }) {
            self.cuts.add("flow-reflection-unresolved");
        }
        known
    }

    /// Private methods that a class has under a name, if an object is of it.
    fn private_methods(&self, object: u32, kind: u32, name: &str) -> Vec<u32> {
        let program = self.program;
        let own = self.heap.kinds[object as usize];
        if !self.heap.is_object(object) || own == NONE {
            return Vec::new();
        }
        let above = own == kind
            || program
                .hierarchy
                .supertypes(&program.defs, own)
                .contains(&kind);
        let found = program.find_methods(&program.type_name(kind), name, None);
        let private = found.into_iter().filter(|&def| {
            let flags = program.defs.methods[def as usize].access;
            above && flags & access::PRIVATE != 0 && flags & access::STATIC == 0
        });
        private.collect()
    }

    /// Runs a method with the elements of an array as arguments.
    fn run_by_name(
        &mut self,
        here: (u32, u32),
        def: u32,
        receiver: Option<u32>,
        arguments: Option<&Set>,
    ) -> bool {
        let Some(callee) = self.node_for(
            def,
            Caller {
                node: here.0,
                ins: here.1,
                later: false,
                plain: false,
            },
        ) else {
            return false;
        };
        let first = u32::from(receiver.is_some());
        self.link(here, callee, Handing::Reflective(first as u8));
        if let Some(object) = receiver {
            self.join(callee, 0, &[object]);
        }
        for value in first..self.nodes[callee as usize].method.body.params().end {
            let index = self.heap.integer(i64::from(value - first));
            for &array in arguments.into_iter().flatten() {
                if self.heap.is_object(array) {
                    for key in [Key::Under(index), Key::Anywhere] {
                        let cell = self.cell(array, key);
                        let set = self.read_cell(cell, here);
                        self.join(callee, value, &set);
                    }
                }
            }
            if self.set(callee, value).is_empty() {
                self.join(callee, value, &[super::heap::UNKNOWN]);
            }
        }
        let returned = self.nodes[callee as usize].returned.clone();
        self.join(here.0, here.1, &returned);
        true
    }

    /// `Field.get` and `Field.set`, as reads and writes of the cell.
    fn field_by_name(&mut self, here: (u32, u32), args: &[Set]) -> bool {
        let program = self.program;
        let mut known = false;
        for &value in &args[0] {
            let What::Field(kind, name) = self.heap.what[value as usize] else {
                continue;
            };
            let name = program.find_name(&self.heap.texts[name as usize]);
            let same = |id: &usize| Some(program.link.fields[*id].name) == name;
            let Some(id) = program.link.fields_of(kind).find(same) else {
                continue;
            };
            let field = self.field(id as u32);
            let mut objects: Set = args[1]
                .iter()
                .copied()
                .filter(|&object| self.heap.is_object(object))
                .collect();
            objects.push(super::heap::STATICS);
            for object in objects {
                let cell = self.cell(object, Key::Field(field));
                match args.get(2) {
                    Some(values) => self.write_cell(cell, here, false, values),
                    None => {
                        let set = self.read_cell(cell, here);
                        known |= self.result(here, set);
                    }
                }
            }
        }
        known
    }

    /// The cells that a call of `Field.set` writes, or of `Field.get` reads.
    pub fn fields_by_name(&self, args: &[Set]) -> Vec<u32> {
        let mut out = Vec::new();
        for &value in args.first().into_iter().flatten() {
            let What::Field(kind, name) = self.heap.what[value as usize] else {
                continue;
            };
            let name = self.program.find_name(&self.heap.texts[name as usize]);
            let fields = self
                .program
                .link
                .fields_of(kind)
                .filter(|&id| Some(self.program.link.fields[id].name) == name);
            for id in fields {
                for object in args[1].iter().copied().chain([super::heap::STATICS]) {
                    out.extend(self.heap.find_cell(object, Key::Field(id as u32)));
                }
            }
        }
        out
    }
}
