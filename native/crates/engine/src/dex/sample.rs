//! Small DEX files for tests, assembled from names.

use std::collections::BTreeSet;

/// One instruction with names in place of indices.
pub enum Ins {
    /// Code units as they stand.
    Raw(&'static [u16]),
    /// Opcode of format 21c, register, string.
    Str(u8, &'static str),
    /// Opcode of format 21c, register, type.
    Type(u8, u8, &'static str),
    /// Opcode of format 21c, register, class, name, type of a field.
    Field(u8, u8, &'static str, &'static str, &'static str),
    /// Opcode of format 35c, class, name, descriptor of a method, registers.
    Call(u8, &'static str, &'static str, &'static str, &'static [u16]),
}

pub struct Method {
    pub name: &'static str,
    pub descriptor: &'static str,
    pub access: u32,
    pub code: Vec<Ins>,
}

#[derive(Default)]
pub struct Class {
    pub name: &'static str,
    pub superclass: &'static str,
    pub interfaces: Vec<&'static str>,
    pub access: u32,
    /// Static final strings: name and value.
    pub constants: Vec<(&'static str, &'static str)>,
    pub methods: Vec<Method>,
}

/// A method with code; virtual unless `access` says otherwise.
pub fn method(name: &'static str, descriptor: &'static str, access: u32, code: Vec<Ins>) -> Method {
    Method {
        name,
        descriptor,
        access,
        code,
    }
}

/// A class on top of `java.lang.Object`.
pub fn class(name: &'static str, methods: Vec<Method>) -> Class {
    Class {
        name,
        superclass: "Ljava/lang/Object;",
        methods,
        ..Class::default()
    }
}

pub const RETURN: Ins = Ins::Raw(&[0x000e]);

#[derive(Default)]
struct Tables {
    strings: BTreeSet<String>,
    types: BTreeSet<String>,
    protos: BTreeSet<(String, Vec<String>)>,
    fields: BTreeSet<(String, String, String)>,
    methods: BTreeSet<(String, String, (String, Vec<String>))>,
}

fn position<T: Ord>(set: &BTreeSet<T>, item: &T) -> u32 {
    set.iter()
        .position(|own| own == item)
        .expect("collected before") as u32
}

fn proto(descriptor: &str) -> (String, Vec<String>) {
    let (parameters, returns) = descriptor[1..].split_once(')').expect("a descriptor");
    let mut out = Vec::new();
    let mut rest = parameters;
    while !rest.is_empty() {
        let array = rest.len() - rest.trim_start_matches('[').len();
        let end = if rest[array..].starts_with('L') {
            rest.find(';').expect("a class")
        } else {
            array
        };
        out.push(rest[..=end].to_owned());
        rest = &rest[end + 1..];
    }
    (returns.to_owned(), out)
}

impl Tables {
    fn kind(&mut self, name: &str) {
        self.types.insert(name.to_owned());
        self.strings.insert(name.to_owned());
    }

    fn method(&mut self, class: &str, name: &str, descriptor: &str) {
        let (returns, parameters) = proto(descriptor);
        [class, &returns]
            .into_iter()
            .for_each(|name| self.kind(name));
        parameters.iter().for_each(|name| self.kind(name));
        self.strings.insert(name.to_owned());
        self.strings.insert("V".to_owned());
        self.protos.insert((returns.clone(), parameters.clone()));
        self.methods
            .insert((class.to_owned(), name.to_owned(), (returns, parameters)));
    }

    fn field(&mut self, class: &str, name: &str, kind: &str) {
        [class, kind].into_iter().for_each(|name| self.kind(name));
        self.strings.insert(name.to_owned());
        self.fields
            .insert((class.to_owned(), name.to_owned(), kind.to_owned()));
    }

    fn units(&self, code: &[Ins]) -> Vec<u16> {
        let mut out = Vec::new();
        for ins in code {
            match ins {
                Ins::Raw(units) => out.extend_from_slice(units),
                Ins::Str(register, text) => {
                    out.extend([
                        u16::from(*register) << 8 | 0x1a,
                        position(&self.strings, &(*text).to_owned()) as u16,
                    ]);
                }
                Ins::Type(op, register, name) => {
                    let index = position(&self.types, &(*name).to_owned()) as u16;
                    out.extend([u16::from(*register) << 8 | u16::from(*op), index]);
                }
                Ins::Field(op, register, class, name, kind) => {
                    let key = ((*class).to_owned(), (*name).to_owned(), (*kind).to_owned());
                    out.extend([
                        u16::from(*register) << 8 | u16::from(*op),
                        position(&self.fields, &key) as u16,
                    ]);
                }
                Ins::Call(op, class, name, descriptor, registers) => {
                    let key = ((*class).to_owned(), (*name).to_owned(), proto(descriptor));
                    let packed = registers
                        .iter()
                        .take(4)
                        .enumerate()
                        .map(|(at, register)| register << (4 * at))
                        .sum();
                    let head = (registers.len() as u16) << 12 | u16::from(*op);
                    out.extend([head, position(&self.methods, &key) as u16, packed]);
                }
            }
        }
        out
    }
}

/// Registers that hold the arguments: the last of eight.
fn ins(method: &Method) -> u8 {
    let words = |kind: &String| 1 + u8::from(matches!(&kind[..], "J" | "D"));
    let receiver = u8::from(method.access & 8 == 0);
    receiver + proto(method.descriptor).1.iter().map(words).sum::<u8>()
}

fn collect(classes: &[Class]) -> Tables {
    let mut tables = Tables::default();
    for class in classes {
        tables.kind(class.name);
        tables.kind(class.superclass);
        class.interfaces.iter().for_each(|name| tables.kind(name));
        for (name, value) in &class.constants {
            tables.field(class.name, name, "Ljava/lang/String;");
            tables.strings.insert((*value).to_owned());
        }
        for method in &class.methods {
            tables.method(class.name, method.name, method.descriptor);
            for ins in &method.code {
                match ins {
                    Ins::Raw(_) => {}
                    Ins::Str(_, text) => drop(tables.strings.insert((*text).to_owned())),
                    Ins::Type(_, _, name) => tables.kind(name),
                    Ins::Field(_, _, class, name, kind) => tables.field(class, name, kind),
                    Ins::Call(_, class, name, descriptor, _) => {
                        tables.method(class, name, descriptor)
                    }
                }
            }
        }
    }
    tables
}

fn leb(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn align(out: &mut Vec<u8>) {
    while out.len() % 4 != 0 {
        out.push(0);
    }
}

/// Assembles one DEX file of version 039.
pub fn build(classes: &[Class]) -> Vec<u8> {
    let tables = collect(classes);
    let counts = [
        (tables.strings.len(), 4),
        (tables.types.len(), 4),
        (tables.protos.len(), 12),
        (tables.fields.len(), 8),
        (tables.methods.len(), 8),
        (classes.len(), 32),
    ];
    let mut starts = Vec::new();
    let mut data_start = 0x70;
    for (count, size) in counts {
        starts.push(data_start);
        data_start += count * size;
    }
    let mut out = vec![0u8; data_start];
    let put = |out: &mut Vec<u8>, at: usize, value: u32| {
        out[at..at + 4].copy_from_slice(&value.to_le_bytes())
    };
    let type_list = |out: &mut Vec<u8>, names: &[String]| -> u32 {
        if names.is_empty() {
            return 0;
        }
        align(out);
        let at = out.len() as u32;
        out.extend((names.len() as u32).to_le_bytes());
        for name in names {
            out.extend((position(&tables.types, name) as u16).to_le_bytes());
        }
        at
    };
    for (row, text) in tables.strings.iter().enumerate() {
        let at = out.len() as u32;
        put(&mut out, starts[0] + 4 * row, at);
        leb(&mut out, text.encode_utf16().count() as u32);
        out.extend(super::strings::encode(text).iter());
        out.push(0);
    }
    for (row, name) in tables.types.iter().enumerate() {
        put(
            &mut out,
            starts[1] + 4 * row,
            position(&tables.strings, name),
        );
    }
    for (row, (returns, parameters)) in tables.protos.iter().enumerate() {
        let list = type_list(&mut out, parameters);
        let at = starts[2] + 12 * row;
        put(&mut out, at, position(&tables.strings, &"V".to_owned()));
        put(&mut out, at + 4, position(&tables.types, returns));
        put(&mut out, at + 8, list);
    }
    for (row, (class, name, kind)) in tables.fields.iter().enumerate() {
        let at = starts[3] + 8 * row;
        put(
            &mut out,
            at,
            position(&tables.types, class) | position(&tables.types, kind) << 16,
        );
        put(&mut out, at + 4, position(&tables.strings, name));
    }
    for (row, (class, name, key)) in tables.methods.iter().enumerate() {
        let at = starts[4] + 8 * row;
        put(
            &mut out,
            at,
            position(&tables.types, class) | position(&tables.protos, key) << 16,
        );
        put(&mut out, at + 4, position(&tables.strings, name));
    }
    for (row, class) in classes.iter().enumerate() {
        let interfaces: Vec<String> = class
            .interfaces
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        let list = type_list(&mut out, &interfaces);
        let mut values = Vec::new();
        leb(&mut values, class.constants.len() as u32);
        for (_, value) in &class.constants {
            values.push(0x17 | 1 << 5);
            values.extend((position(&tables.strings, &(*value).to_owned()) as u16).to_le_bytes());
        }
        let values_at = out.len() as u32;
        out.extend(values);
        let mut members = Vec::new();
        let is_direct = |method: &&Method| method.access & 0x1000a != 0;
        let (mut direct, mut virtuals): (Vec<&Method>, Vec<&Method>) =
            class.methods.iter().partition(is_direct);
        for size in [class.constants.len(), 0, direct.len(), virtuals.len()] {
            leb(&mut members, size as u32);
        }
        let mut last = 0;
        for (name, _) in &class.constants {
            let key = (
                class.name.to_owned(),
                (*name).to_owned(),
                "Ljava/lang/String;".to_owned(),
            );
            let index = position(&tables.fields, &key);
            leb(&mut members, index - last);
            leb(&mut members, 0x19);
            last = index;
        }
        for group in [&mut direct, &mut virtuals] {
            let index = |method: &&Method| {
                let key = (
                    class.name.to_owned(),
                    method.name.to_owned(),
                    proto(method.descriptor),
                );
                position(&tables.methods, &key)
            };
            group.sort_by_key(index);
            let mut last = 0;
            for method in group.iter() {
                let at = if method.code.is_empty() {
                    0
                } else {
                    align(&mut out);
                    let at = out.len() as u32;
                    let units = tables.units(&method.code);
                    out.extend([8, 0, ins(method), 0, 4, 0, 0, 0, 0, 0, 0, 0]);
                    out.extend((units.len() as u32).to_le_bytes());
                    out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
                    at
                };
                leb(&mut members, index(method) - last);
                leb(&mut members, method.access);
                leb(&mut members, at);
                last = index(method);
            }
        }
        let members_at = out.len() as u32;
        out.extend(members);
        let at = starts[5] + 32 * row;
        let words = [
            position(&tables.types, &class.name.to_owned()),
            class.access,
            position(&tables.types, &class.superclass.to_owned()),
            list,
            u32::MAX,
            0,
            members_at,
            values_at,
        ];
        for (word, value) in words.into_iter().enumerate() {
            put(&mut out, at + 4 * word, value);
        }
    }
    align(&mut out);
    let map = out.len() as u32;
    out.extend(0u32.to_le_bytes());
    out[..8].copy_from_slice(b"dex\n039\0");
    let size = out.len() as u32;
    for (at, value) in [
        (0x20, size),
        (0x24, 0x70),
        (0x28, 0x1234_5678),
        (0x34, map),
        (0x6c, data_start as u32),
    ] {
        put(&mut out, at, value);
    }
    for (table, (count, _)) in counts.iter().enumerate() {
        put(&mut out, 0x38 + 8 * table, *count as u32);
        put(&mut out, 0x3c + 8 * table, starts[table] as u32);
    }
    let checksum = super::header::adler32(&out[12..]);
    put(&mut out, 8, checksum);
    out
}
