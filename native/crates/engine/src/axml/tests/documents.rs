use super::super::*;
use super::{chunk, halves, pool, words};
use crate::{ErrorKind, Limits};

const LABEL: u32 = 0x0101_0001;
const NAME: u32 = 0x0101_0003;

/// Strings 0 and 1 have resource ids.
const STRINGS: [&str; 7] = [
    "label",
    "name",
    ANDROID_NAMESPACE,
    "manifest",
    "package",
    "org.example",
    "android.permission.CAMERA",
];

/// An attribute: namespace, name, raw value, type, data.
type Built = (u32, u32, u32, u8, u32);

fn node(kind: u16, body: &[u8]) -> Vec<u8> {
    chunk(kind, &words(&[7, NONE]), body)
}

fn start(name: u32, attributes: &[Built]) -> Vec<u8> {
    let mut body = words(&[NONE, name]);
    body.extend(halves(&[20, 20, attributes.len() as u16, 0, 0, 0]));
    for &(namespace, name, raw, kind, data) in attributes {
        body.extend(words(&[namespace, name, raw]));
        body.extend([8, 0, 0, kind]);
        body.extend(data.to_le_bytes());
    }
    node(0x0102, &body)
}

fn end(name: u32) -> Vec<u8> {
    node(0x0103, &words(&[NONE, name]))
}

fn document(parts: &[Vec<u8>]) -> Vec<u8> {
    chunk(0x0003, &[], &parts.concat())
}

fn map() -> Vec<u8> {
    chunk(0x0180, &[], &words(&[LABEL, NAME]))
}

/// `<manifest package="org.example"><manifest android:name="android.permission.CAMERA"/></manifest>`
fn nodes() -> Vec<u8> {
    [
        start(3, &[(NONE, 4, 5, TYPE_STRING, 5)]),
        start(3, &[(2, 1, 6, TYPE_STRING, 6)]),
        end(3),
        end(3),
    ]
    .concat()
}

fn plain() -> Vec<u8> {
    document(&[pool(&STRINGS, false), map(), nodes()])
}

/// Namespace, name, resource id and text of an attribute.
type Row = (String, String, u32, String);

/// Every attribute, and the kinds of oddities.
fn read(bytes: &[u8]) -> (Vec<Row>, Vec<&'static str>) {
    let document = Document::parse(bytes, &Limits::default()).unwrap();
    let rows = document.attributes.iter().map(|a| {
        (
            document.attribute_namespace(a).unwrap_or_default().into(),
            document.attribute_name(a).into(),
            a.resource_id,
            document.attribute_text(a).unwrap_or_default().into(),
        )
    });
    (
        rows.collect(),
        document.oddities.iter().map(|o| o.kind).collect(),
    )
}

/// What every variant of [`plain`] must still give.
fn expected() -> Vec<Row> {
    let row = |ns: &str, name: &str, id, text: &str| (ns.into(), name.into(), id, text.into());
    vec![
        row("", "package", 0, "org.example"),
        row(ANDROID_NAMESPACE, "name", NAME, "android.permission.CAMERA"),
    ]
}

fn patched(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = plain();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn a_plain_document_is_read_as_a_tree() {
    let file = plain();
    assert_eq!(read(&file), (expected(), vec![]));
    let document = Document::parse(&file, &Limits::default()).unwrap();
    let shape: Vec<_> = document
        .elements
        .iter()
        .map(|e| (e.parent, e.depth, e.line))
        .collect();
    assert_eq!(shape, [(None, 0, 7), (Some(0), 1, 7)]);
    assert_eq!(
        document.attributes_of(&document.elements[1])[0].resource_id,
        NAME
    );
}

#[test]
fn utf8_pools_are_read() {
    let file = document(&[pool(&STRINGS, true), map(), nodes()]);
    assert_eq!(read(&file), (expected(), vec![]));
}

#[test]
fn a_blanked_name_is_repaired_from_its_resource_id() {
    let mut strings = STRINGS;
    (strings[1], strings[2]) = ("", "nothing");
    let (rows, kinds) = read(&document(&[pool(&strings, false), map(), nodes()]));
    assert_eq!(rows, expected());
    assert_eq!(kinds, ["attribute-name-hidden", "namespace-hidden"]);
}

#[test]
fn a_namespace_may_be_declared_anew_inside_an_element_but_not_twice_before_one() {
    let declare = || node(0x0100, &words(&[0, 2]));
    let undeclare = || node(0x0101, &words(&[0, 2]));
    let nested = [
        declare(),
        start(3, &[(NONE, 4, 5, TYPE_STRING, 5)]),
        declare(),
        start(3, &[(2, 1, 6, TYPE_STRING, 6)]),
        end(3),
        undeclare(),
        end(3),
        undeclare(),
    ];
    let file = document(&[pool(&STRINGS, false), map(), nested.concat()]);
    assert_eq!(read(&file), (expected(), vec![]));
    let twice = [declare(), declare(), nodes(), undeclare(), undeclare()];
    let file = document(&[pool(&STRINGS, false), map(), twice.concat()]);
    assert_eq!(read(&file), (expected(), vec!["namespace-duplicate"]));
}

#[test]
fn a_pool_without_strings_ends_with_its_header() {
    let empty = chunk(0x0001, &words(&[0, 0, 0, 28, 0]), &[]);
    let file = document(&[empty, start(NONE, &[]), end(NONE)]);
    assert!(!read(&file).1.contains(&"string-pool-size-odd"));
}

#[test]
fn evasions_are_read_through_and_recorded() {
    let pool_size = pool(&STRINGS, false).len() as u32;
    for (file, kind) in [
        (patched(0, &[0, 0]), "wrong-magic"),
        (patched(4, &[0xff; 4]), "wrong-file-size"),
        (
            patched(16, &0x0fff_ffffu32.to_le_bytes()),
            "string-pool-broken",
        ),
        (patched(12, &32u32.to_le_bytes()), "string-pool-size-odd"),
        (patched(12, &[0; 4]), "chunk-zero-size"),
        (
            patched(28, &0xffff_fff0u32.to_le_bytes()),
            "string-pool-size-odd",
        ),
        (patched(32, &9999u32.to_le_bytes()), "style-offset-odd"),
        (patched(8, &[0xfa, 0]), "chunk-unknown"),
        (
            document(&[
                pool(&STRINGS, false),
                chunk(0x0999, &[], &[1; 16]),
                map(),
                nodes(),
            ]),
            "chunk-unknown",
        ),
        (
            document(&[
                pool(&STRINGS, false),
                words(&[0x0010_0102, 0]),
                map(),
                nodes(),
            ]),
            "chunk-zero-size",
        ),
        (
            document(&[
                pool(&STRINGS, false),
                map(),
                nodes(),
                words(&[0x0010_0101, 0]),
            ]),
            "content-after-root",
        ),
        (
            document(&[
                pool(&["decoy"], false),
                pool(&STRINGS, false),
                map(),
                nodes(),
            ]),
            "string-pool-duplicate",
        ),
    ] {
        let (rows, kinds) = read(&file);
        assert_eq!(rows, expected(), "{kind}, pool of {pool_size}");
        assert!(kinds.contains(&kind), "{kind} not in {kinds:?}");
    }
}

#[test]
fn wide_attributes_are_read() {
    let mut body = words(&[NONE, 3]);
    body.extend(halves(&[24, 28, 1, 0, 0, 0]));
    body.extend([0; 4]);
    body.extend(words(&[2, 1, 6, 0x0300_0008, 6]));
    body.extend([9; 8]);
    let file = document(&[pool(&STRINGS, false), map(), node(0x0102, &body), end(3)]);
    let (rows, kinds) = read(&file);
    assert_eq!(rows, expected()[1..]);
    assert_eq!(kinds, ["attribute-size-odd"]);
}

#[test]
fn attributes_are_found_where_their_stated_place_cannot_be() {
    for (start, stride) in [(30_000, 20), (20, 40_000)] {
        let mut body = words(&[NONE, 3]);
        body.extend(halves(&[start, stride, 2, 0, 0, 0]));
        for name in [0, 1] {
            body.extend(words(&[2, name, 6, 0x0300_0008, 6]));
        }
        let file = document(&[pool(&STRINGS, false), map(), node(0x0102, &body), end(3)]);
        let (rows, kinds) = read(&file);
        assert_eq!(rows[1], expected()[1]);
        assert_eq!(kinds, ["attribute-size-odd"]);
    }
}

#[test]
fn broken_strings_become_replacement_text() {
    let mut bytes = plain();
    // The length of string 3, which is right behind those of 0 to 2: now longer than the pool.
    let index = 8 + 28;
    let strings = index + 4 * STRINGS.len();
    let offset = u32::from_le_bytes(bytes[index + 12..index + 16].try_into().unwrap()) as usize;
    bytes[strings + offset..strings + offset + 2].copy_from_slice(&[0xff, 0x7f]);
    let (rows, kinds) = read(&bytes);
    assert_eq!(rows, expected());
    assert_eq!(kinds, ["string-broken"]);
}

#[test]
fn what_is_no_document_is_refused() {
    let refuse = |bytes: &[u8]| Document::parse(bytes, &Limits::default()).unwrap_err();
    assert_eq!(refuse(b"").kind, ErrorKind::NotThisFormat);
    let text = refuse(b"<?xml version=\"1.0\"?><manifest/>");
    assert_eq!(
        (text.kind, text.detail.as_str()),
        (ErrorKind::NotThisFormat, "plain text")
    );
    assert_eq!(refuse(&[9; 400]).kind, ErrorKind::NotThisFormat);
    let empty = document(&[pool(&STRINGS, false)]);
    assert_eq!(refuse(&empty).kind, ErrorKind::Malformed);
}

#[test]
fn nesting_and_size_are_bounded() {
    let limits = Limits {
        xml_depth: 3,
        xml_nodes: 10,
        ..Limits::default()
    };
    let deep: Vec<u8> = (0..8).flat_map(|_| start(3, &[])).collect();
    let closed: Vec<u8> = (0..8).flat_map(|_| end(3)).collect();
    let file = document(&[pool(&STRINGS, false), deep, closed, start(3, &[])]);
    let tree = Document::parse(&file, &limits).unwrap();
    assert_eq!(tree.elements.len(), 4);
    assert!(tree.oddities.iter().any(|o| o.kind == "xml-too-deep"));
    let wide: Vec<u8> = (0..20)
        .flat_map(|_| [start(3, &[]), end(3)].concat())
        .collect();
    let file = document(&[pool(&STRINGS, false), wide]);
    let tree = Document::parse(&file, &limits).unwrap();
    assert_eq!(tree.elements.len(), 10);
    assert!(tree.oddities.iter().any(|o| o.kind == "xml-too-large"));
}
