//! What cells hold before the program writes to them, and which cells an index or the name of a field means.

use super::heap::{Abs, Key, STATICS, Set, UNKNOWN, What};
use super::solve::Solver;
use crate::code::constants::Constant;
use crate::code::link::NONE;
use crate::dex::Problems;
use crate::dex::class_data::ClassData;
use smallvec::smallvec;
use std::rc::Rc;

impl Solver<'_> {
    /// What a field holds before it is written.
    pub fn initial(&mut self, object: Abs, field: u32, here: (u32, u32)) -> Set {
        let key = self.program.link.fields[field as usize];
        if object == STATICS {
            let program = self.program;
            if let Some(uri) = self.field_text(field) {
                return smallvec![self.heap.text(&uri)];
            }
            match program.static_constant(field) {
                Some(Constant::String(dex, index)) => {
                    let text = program.dexes[dex as usize].text(index).into_owned();
                    return smallvec![self.heap.text(&text)];
                }
                Some(Constant::Integer(number)) => return smallvec![self.heap.integer(number)],
                _ => {}
            }
        }
        let ours = match self.heap.what[object as usize] {
            What::Statics => self.program.defs.class_of[key.class as usize] != NONE,
            What::Made { part: 0, .. } | What::Component(_) => {
                let kind = self.heap.kinds[object as usize];
                kind != NONE && self.program.defs.class_of[kind as usize] != NONE
            }
            _ => false,
        };
        if ours {
            return smallvec![self.heap.integer(0)];
        }
        if object == UNKNOWN || object == STATICS {
            return smallvec![self.unknown_of(key.kind, here, 1)];
        }
        smallvec![self.within(object, field, key.kind)]
    }

    /// What an object that the platform made holds, where nothing seen has put it there.
    pub fn within(&mut self, object: Abs, field: u32, kind: u32) -> Abs {
        let descriptor = if kind == NONE {
            b"L"
        } else {
            self.program.descriptor(kind)
        };
        let nested = |value: Abs| match self.heap.what[value as usize] {
            What::Within(outer, _) => Some(outer),
            _ => None,
        };
        let deep = nested(object).and_then(nested).and_then(nested).is_some();
        match descriptor.first() {
            Some(b'L' | b'[') if descriptor != b"Ljava/lang/String;" && !deep => {
                self.heap.number(What::Within(object, field), kind)
            }
            _ => UNKNOWN,
        }
    }

    /// Something of a type that the platform made at a place.
    pub fn unknown_of(&mut self, kind: u32, here: (u32, u32), part: u8) -> Abs {
        let descriptor = self.program.descriptor(kind);
        match descriptor.first() {
            Some(b'L' | b'[') if descriptor != b"Ljava/lang/String;" => self.heap.number(
                What::Made {
                    node: here.0,
                    ins: here.1,
                    part,
                },
                kind,
            ),
            _ => UNKNOWN,
        }
    }

    pub fn element_of(&mut self, array: Abs, _here: (u32, u32)) -> Abs {
        let kind = self.heap.kinds[array as usize];
        if !self.heap.is_object(array) {
            return UNKNOWN;
        }
        if matches!(self.heap.what[array as usize], What::Made { part: 0, .. }) {
            return self.heap.integer(0);
        }
        let descriptor = if kind == NONE {
            Vec::new()
        } else {
            self.program.descriptor(kind).to_vec()
        };
        let element = match descriptor.strip_prefix(b"[") {
            Some(element) => self.program.find_type(element).unwrap_or(NONE),
            None => NONE,
        };
        self.within(array, NONE, element)
    }

    /// The keys that an index or key can be: constants, or [`Key::Anywhere`].
    pub fn keys(&self, index: &[Abs]) -> Vec<Key> {
        let constant = !index.is_empty() && index.iter().all(|&value| self.heap.is_constant(value));
        if constant && index.len() <= 8 {
            // Beside texts, 0 is the null that a field holds before one is written; two such fields have no key in common by that.
            let text = |&value: &Abs| matches!(self.heap.what[value as usize], What::Text(_));
            let null = |value: Abs| matches!(self.heap.what[value as usize], What::Integer(0));
            let texts = index.iter().any(text);
            let keys = index.iter().filter(|&&value| !(texts && null(value)));
            keys.map(|&value| Key::Under(value)).collect()
        } else {
            vec![Key::Anywhere]
        }
    }

    /// The cells that a read under an index can mean.
    pub fn entries(&mut self, object: Abs, index: &[Abs], here: (u32, u32)) -> Vec<u32> {
        let keys = self.keys(index);
        if keys == [Key::Anywhere] {
            self.read_all(object, here);
            let cells = self.heap.cells_of(object);
            return cells
                .into_iter()
                .filter(|&cell| self.heap.cells[cell as usize].key.is_entry())
                .collect();
        }
        keys.into_iter()
            .chain([Key::Anywhere])
            .map(|key| self.cell(object, key))
            .collect()
    }

    pub fn read_entries(&mut self, object: Abs, index: &[Abs], here: (u32, u32)) -> Set {
        let mut out = Set::new();
        for cell in self.entries(object, index, here) {
            let set = self.read_cell(cell, here);
            self.heap.join(&mut out, &set);
        }
        out
    }

    pub fn write_entries(
        &mut self,
        object: Abs,
        index: &[Abs],
        here: (u32, u32),
        only: bool,
        values: &[Abs],
    ) {
        let keys = self.keys(index);
        let only = only && keys.len() == 1 && keys[0] != Key::Anywhere;
        for key in keys {
            let cell = self.cell(object, key);
            self.write_cell(cell, here, only, values);
        }
    }

    pub fn class_of_field(&self, field: u32) -> u32 {
        self.program.link.fields[field as usize].class
    }

    /// Whether no class of the program has the field that a reference means: one above it outside has.
    pub fn is_inherited(&mut self, field: u32) -> bool {
        let id = self.field(field);
        let class = self.program.defs.class_of[self.class_of_field(id) as usize];
        class == NONE || !self.fields_of(class).contains(&id)
    }

    /// The field that a reference means: the nearest definition above the class that it names.
    pub fn field(&mut self, field: u32) -> u32 {
        if field == NONE {
            return 0;
        }
        if let Some(&known) = self.fields.get(&field) {
            return known;
        }
        let program = self.program;
        let key = program.link.fields[field as usize];
        let mut found = field;
        let chain: Vec<u32> = program
            .hierarchy
            .chain(&program.defs, key.class)
            .chain(
                program
                    .hierarchy
                    .program_interfaces(&program.defs, key.class),
            )
            .collect();
        for position in chain {
            let own = self.fields_of(position);
            let same = |&&id: &&u32| {
                let other = program.link.fields[id as usize];
                other.name == key.name && other.kind == key.kind
            };
            if let Some(&id) = own.iter().find(same) {
                found = id;
                break;
            }
        }
        self.fields.insert(field, found);
        found
    }

    pub fn fields_of(&mut self, position: u32) -> Rc<Vec<u32>> {
        if let Some(known) = self.own_fields.get(&position) {
            return known.clone();
        }
        let class = &self.program.defs.classes[position as usize];
        let dex = &self.program.dexes[class.dex as usize];
        let mut data = ClassData::default();
        if let Some(row) = dex.class(class.index) {
            dex.class_data(&row, &mut data, &mut 100_000, &mut Problems::default());
        }
        let ids = &self.program.link.ids[class.dex as usize].fields;
        let own = data
            .fields
            .iter()
            .filter_map(|field| ids.get(field.field as usize).copied());
        let own = Rc::new(own.filter(|&id| id != NONE).collect::<Vec<u32>>());
        self.own_fields.insert(position, own.clone());
        own
    }
}
