use super::super::*;
use super::{chunk, halves, pool, words};
use crate::{ErrorKind, Limits};

const TYPES: [&str; 3] = ["attr", "string", "layout"];
const KEYS: [&str; 3] = ["app_name", "alias", "screen"];
const VALUES: [&str; 4] = ["Example", "示例", "res/a.xml", "loop"];

#[derive(Clone, Copy)]
enum Form {
    Wide,
    Short,
    Sparse,
}

fn config(locale: &[u8]) -> Vec<u8> {
    let mut config = vec![0; 64];
    config[0] = 64;
    config[8..8 + locale.len()].copy_from_slice(locale);
    config
}

/// A type chunk; each entry is its number and bytes.
fn type_chunk(id: u8, form: Form, locale: &[u8], entries: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let total = entries
        .iter()
        .map(|(number, _)| number + 1)
        .max()
        .unwrap_or(0);
    let mut data = Vec::new();
    let mut places = Vec::new();
    for (number, bytes) in entries {
        places.push((*number, data.len() as u32));
        data.extend(bytes);
    }
    let offset = |number| places.iter().find(|p| p.0 == number).map(|p| p.1);
    let (flags, count, index) = match form {
        Form::Wide => {
            let all: Vec<_> = (0..total).map(|n| offset(n).unwrap_or(u32::MAX)).collect();
            (0, total, words(&all))
        }
        Form::Short => {
            let slot = |n| offset(n).map_or(u16::MAX, |o| o as u16 / 4);
            let mut all: Vec<_> = (0..total).map(slot).collect();
            if all.len() % 2 == 1 {
                all.push(u16::MAX);
            }
            (2, total, halves(&all))
        }
        Form::Sparse => {
            let all: Vec<_> = places.iter().flat_map(|p| [p.0, p.1 as u16 / 4]).collect();
            (1, places.len() as u16, halves(&all))
        }
    };
    let mut header = vec![id, flags, 0, 0];
    header.extend(words(&[u32::from(count), 84 + index.len() as u32]));
    header.extend(config(locale));
    chunk(0x0201, &header, &[index, data].concat())
}

fn simple(key: u32, kind: u8, data: u32) -> Vec<u8> {
    let mut entry = halves(&[8, 0]);
    entry.extend(words(&[key, 0x0000_0008 | u32::from(kind) << 24, data]));
    entry
}

fn compact(key: u16, kind: u8, data: u32) -> Vec<u8> {
    let mut entry = halves(&[key, 8 | u16::from(kind) << 8]);
    entry.extend(words(&[data]));
    entry
}

fn bag(key: u32, items: &[(u32, u8, u32)]) -> Vec<u8> {
    let mut entry = halves(&[16, 1]);
    entry.extend(words(&[key, 0, items.len() as u32]));
    for &(name, kind, data) in items {
        entry.extend(words(&[name, 0x0000_0008 | u32::from(kind) << 24, data]));
    }
    entry
}

fn table(chunks: &[Vec<u8>]) -> Vec<u8> {
    let (types, keys) = (pool(&TYPES, false), pool(&KEYS, true));
    let mut header = words(&[0x7f]);
    let mut name = halves(&"org.example".encode_utf16().collect::<Vec<_>>());
    name.resize(256, 0);
    header.extend(name);
    header.extend(words(&[288, 0, 288 + types.len() as u32, 0, 0]));
    let body = [types, keys, chunks.concat()].concat();
    let package = chunk(0x0200, &header, &body);
    let values = pool(&VALUES, true);
    chunk(0x0002, &words(&[1]), &[values, package].concat())
}

fn parse(bytes: Vec<u8>) -> Table {
    Table::parse(bytes, &Limits::default()).unwrap()
}

fn texts(table: &Table, id: u32) -> Vec<(String, String)> {
    let values = table.resolve(id).into_iter();
    values
        .map(|v| (v.config, v.text.unwrap_or_default()))
        .collect()
}

fn pair(config: &str, text: &str) -> (String, String) {
    (config.into(), text.into())
}

const APP_NAME: u32 = 0x7f02_0000;

#[test]
fn values_are_found_in_every_form_of_index() {
    for form in [Form::Wide, Form::Short, Form::Sparse] {
        let table = parse(table(&[
            type_chunk(2, form, b"zhCN", &[(0, simple(0, TYPE_STRING, 1))]),
            type_chunk(
                2,
                form,
                b"",
                &[
                    (0, compact(0, TYPE_STRING, 0)),
                    (5, simple(1, TYPE_REFERENCE, APP_NAME)),
                ],
            ),
        ]));
        assert_eq!(table.oddities, []);
        let both = [pair("", "Example"), pair("zh-rCN", "示例")];
        assert_eq!(texts(&table, APP_NAME), both);
        assert_eq!(texts(&table, APP_NAME + 5), both);
        assert_eq!(table.default_text(APP_NAME + 5).as_deref(), Some("Example"));
        assert_eq!(table.name(APP_NAME + 5).as_deref(), Some("string/alias"));
        assert_eq!(table.find("string/app_name"), Some(APP_NAME));
        assert_eq!(table.find("string/none"), None);
        assert_eq!(table.resolve(APP_NAME + 1), []);
        let strings = table.strings();
        let rows: Vec<_> = strings
            .iter()
            .map(|s| (s.locale.as_str(), s.text.as_str()))
            .collect();
        assert_eq!(rows, [("", "Example"), ("zh-rCN", "示例")]);
    }
}

#[test]
fn bags_give_their_items() {
    let items = [(0x0200_0000, TYPE_STRING, 0), (0x0200_0001, TYPE_STRING, 1)];
    let table = parse(table(&[type_chunk(
        2,
        Form::Wide,
        b"",
        &[(0, bag(0, &items))],
    )]));
    assert_eq!(
        texts(&table, APP_NAME),
        [pair("", "Example"), pair("", "示例")]
    );
}

#[test]
fn reference_cycles_end() {
    let table = parse(table(&[type_chunk(
        2,
        Form::Wide,
        b"",
        &[
            (0, simple(0, TYPE_REFERENCE, APP_NAME + 1)),
            (1, simple(1, TYPE_REFERENCE, APP_NAME)),
        ],
    )]));
    let values = table.resolve(APP_NAME);
    assert_eq!((values.len(), values[0].data), (1, APP_NAME));
    assert_eq!(table.default_text(APP_NAME), None);
}

#[test]
fn files_are_found_by_type() {
    let table = parse(table(&[
        type_chunk(2, Form::Wide, b"", &[(0, simple(0, TYPE_STRING, 0))]),
        type_chunk(3, Form::Wide, b"", &[(0, simple(2, TYPE_STRING, 2))]),
    ]));
    assert_eq!(table.files(&["layout"]), ["res/a.xml"]);
}

#[test]
fn a_damaged_type_costs_only_itself() {
    let good = type_chunk(2, Form::Wide, b"", &[(0, simple(0, TYPE_STRING, 0))]);
    let mut cut = type_chunk(3, Form::Wide, b"", &[(0, simple(2, TYPE_STRING, 2))]);
    cut[12..16].copy_from_slice(&words(&[0x0fff_ffff]));
    let mut lost = cut.clone();
    lost[4..8].copy_from_slice(&words(&[0xffff_fff0]));
    for (broken, kind) in [(cut, "type-broken"), (lost, "chunk-broken")] {
        let table = parse(table(&[broken, good.clone()]));
        assert_eq!(texts(&table, APP_NAME), [pair("", "Example")]);
        assert_eq!(table.oddities[0].kind, kind);
    }
}

#[test]
fn entries_are_bounded() {
    let limits = Limits {
        resource_entries: 3,
        ..Limits::default()
    };
    let one = type_chunk(2, Form::Wide, b"", &[(1, simple(0, TYPE_STRING, 0))]);
    let table = Table::parse(table(&[one.clone(), one]), &limits).unwrap();
    assert_eq!(table.resolve(APP_NAME + 1).len(), 1);
    assert_eq!(table.oddities[0].kind, "too-many-resource-entries");
}

#[test]
fn what_is_no_table_is_refused() {
    let refuse = |bytes: &[u8]| {
        Table::parse(bytes.to_vec(), &Limits::default())
            .unwrap_err()
            .kind
    };
    assert_eq!(refuse(b""), ErrorKind::NotThisFormat);
    assert_eq!(refuse(&pool(&VALUES, true)), ErrorKind::NotThisFormat);
    let values = pool(&VALUES, true);
    assert_eq!(
        refuse(&chunk(0x0002, &words(&[1]), &values)),
        ErrorKind::Malformed
    );
    let empty = Table::parse(chunk(0x0002, &words(&[0]), &values), &Limits::default());
    assert!(empty.unwrap().packages.is_empty());
}
