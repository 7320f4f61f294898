use super::*;
use crate::ErrorKind;
use flate2::{Compress, Compression, Crc, FlushCompress};

/// One entry to build; the records of a real entry unless changed.
#[derive(Clone)]
struct Member {
    name: Vec<u8>,
    local_name: Vec<u8>,
    data: Vec<u8>,
    method: u16,
    local_method: u16,
    flags: u16,
    crc32: u32,
    size: u32,
    compressed_size: u32,
    local_size: u32,
    extra: Vec<u8>,
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn stored(name: &str, content: &[u8]) -> Member {
    Member {
        name: name.into(),
        local_name: name.into(),
        data: content.into(),
        method: STORED,
        local_method: STORED,
        flags: 0,
        crc32: crc(content),
        size: content.len() as u32,
        compressed_size: content.len() as u32,
        local_size: content.len() as u32,
        extra: Vec::new(),
    }
}

fn deflated(name: &str, content: &[u8]) -> Member {
    let mut data = Vec::with_capacity(content.len() + 64);
    let mut stream = Compress::new(Compression::default(), false);
    stream
        .compress_vec(content, &mut data, FlushCompress::Finish)
        .unwrap();
    Member {
        compressed_size: data.len() as u32,
        data,
        method: DEFLATED,
        local_method: DEFLATED,
        ..stored(name, content)
    }
}

/// Local headers and data, then `between`, the central directory, and the end record with `comment`.
fn build_with(members: &[Member], between: &[u8], comment: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut central = Vec::new();
    for m in members {
        let offset = out.len() as u32;
        out.extend(b"PK\x03\x04\x14\0");
        for value in [m.flags, m.local_method, 0, 0] {
            out.extend(value.to_le_bytes());
        }
        for value in [m.crc32, m.compressed_size, m.local_size] {
            out.extend(value.to_le_bytes());
        }
        out.extend((m.local_name.len() as u16).to_le_bytes());
        out.extend([0, 0]);
        out.extend(&m.local_name);
        out.extend(&m.data);
        central.extend(b"PK\x01\x02\x14\0\x14\0");
        for value in [m.flags, m.method, 0, 0] {
            central.extend(value.to_le_bytes());
        }
        for value in [m.crc32, m.compressed_size, m.size] {
            central.extend(value.to_le_bytes());
        }
        central.extend((m.name.len() as u16).to_le_bytes());
        central.extend((m.extra.len() as u16).to_le_bytes());
        central.extend([0; 10]);
        central.extend(offset.to_le_bytes());
        central.extend(&m.name);
        central.extend(&m.extra);
    }
    out.extend(between);
    let start = out.len() as u32;
    out.extend(&central);
    out.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        out.extend((members.len() as u16).to_le_bytes());
    }
    out.extend((central.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend((comment.len() as u16).to_le_bytes());
    out.extend(comment);
    out
}

fn build(members: &[Member]) -> Vec<u8> {
    build_with(members, b"", b"")
}

fn parse(file: &[u8]) -> Archive {
    Archive::parse(file, &Limits::default()).unwrap()
}

fn kinds(archive: &Archive) -> Vec<&'static str> {
    archive.oddities.iter().map(|oddity| oddity.kind).collect()
}

fn read(archive: &Archive, file: &[u8], name: &str) -> Content {
    archive
        .extract(file, archive.find(name).unwrap(), 1 << 20)
        .unwrap()
}

const TEXT: &[u8] = b"text text text text text text text text text text";

#[test]
fn a_plain_archive_has_no_oddities() {
    let file = build(&[stored("a", b"alpha"), deflated("dir/b", TEXT)]);
    let archive = parse(&file);
    assert_eq!(archive.oddities, []);
    assert_eq!(read(&archive, &file, "a").bytes, b"alpha");
    let content = read(&archive, &file, "dir/b");
    assert_eq!((content.bytes.as_slice(), content.complete), (TEXT, true));
    assert_eq!(content.oddities, []);
    assert_eq!(archive.prefix(&file, &archive.entries[1], 4), b"text");
    assert!(archive.find("c").is_none());
}

#[test]
fn the_first_of_two_equal_names_wins() {
    let file = build(&[
        stored("x", b"0"),
        stored("a", b"first"),
        stored("a", b"second"),
    ]);
    let archive = parse(&file);
    assert_eq!(kinds(&archive), ["duplicate-entry"]);
    assert_eq!(read(&archive, &file, "a").bytes, b"first");
    assert_eq!(archive.find_all("a").count(), 2);
}

#[test]
fn an_unknown_method_is_read_as_it_stands() {
    let mut member = stored("AndroidManifest.xml", TEXT);
    member.method = 0x2314;
    let file = build(&[member]);
    let archive = parse(&file);
    assert_eq!(kinds(&archive), ["unknown-method", "local-method-mismatch"]);
    let content = read(&archive, &file, "AndroidManifest.xml");
    assert_eq!(
        (content.bytes.as_slice(), content.oddities.len()),
        (TEXT, 0)
    );
}

#[test]
fn an_overwritten_method_is_guessed_from_the_checksum() {
    let mut member = deflated("a", TEXT);
    member.method = 99;
    let file = build(&[member]);
    let archive = parse(&file);
    let content = read(&archive, &file, "a");
    assert_eq!(content.bytes, TEXT);
    assert_eq!(content.oddities[0].kind, "method-guessed");
}

#[test]
fn an_encryption_flag_is_ignored_and_recorded() {
    let mut member = deflated("a", TEXT);
    member.flags = 1;
    let file = build(&[member]);
    let archive = parse(&file);
    assert_eq!(kinds(&archive), ["encrypted-flag"]);
    assert_eq!(read(&archive, &file, "a").bytes, TEXT);
}

#[test]
fn a_lying_size_is_bounded() {
    let mut member = deflated("a", &[0; 100_000]);
    member.size = 10;
    let file = build(&[member.clone()]);
    let archive = parse(&file);
    let error = archive
        .extract(&file, &archive.entries[0], 50_000)
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::LimitHit);
    assert!(error.detail.starts_with("a: "), "{}", error.detail);
    let content = archive
        .extract(&file, &archive.entries[0], 100_000)
        .unwrap();
    assert_eq!(content.bytes.len(), 100_000);
    assert_eq!(content.oddities[0].kind, "size-mismatch");
    member.size = 0x7fff_ffff;
    let file = build(&[member]);
    let archive = parse(&file);
    assert_eq!(read(&archive, &file, "a").bytes.len(), 100_000);
}

#[test]
fn cut_data_gives_its_start() {
    let content: Vec<u8> = (0..5000u32).flat_map(|n| (n * n).to_le_bytes()).collect();
    let mut member = deflated("a", &content);
    member.data.truncate(member.data.len() / 2);
    member.compressed_size = member.data.len() as u32;
    let file = build(&[member]);
    let archive = parse(&file);
    let read = read(&archive, &file, "a");
    assert!(!read.complete && !read.bytes.is_empty());
    assert!(content.starts_with(&read.bytes));
    assert_eq!(read.oddities[0].kind, "damaged-data");
}

#[test]
fn a_wrong_checksum_is_an_oddity() {
    let mut member = stored("a", TEXT);
    member.crc32 ^= 1;
    let file = build(&[member]);
    let content = read(&parse(&file), &file, "a");
    assert_eq!(content.bytes, TEXT);
    assert_eq!(content.oddities[0].kind, "crc-mismatch");
}

#[test]
fn bytes_put_before_the_archive_shift_it() {
    let mut file = vec![7; 4096];
    file.extend(build(&[stored("a", b"alpha"), deflated("b", TEXT)]));
    let archive = parse(&file);
    assert_eq!(
        kinds(&archive),
        ["central-directory-moved", "shifted-offsets", "prefix-data"]
    );
    assert_eq!(read(&archive, &file, "b").bytes, TEXT);
}

#[test]
fn a_wrong_directory_offset_is_healed() {
    let mut file = build(&[stored("a", b"alpha")]);
    let field = file.len() - 6;
    file[field] ^= 0x55;
    let archive = parse(&file);
    assert_eq!(kinds(&archive), ["central-directory-moved"]);
    assert_eq!(read(&archive, &file, "a").bytes, b"alpha");
}

#[test]
fn a_wrong_header_offset_is_healed_by_name() {
    let mut file = build(&[stored("a", b"alpha"), stored("b", b"beta")]);
    let second = parse(&file).layout.central_directory.start + 47 + 42;
    file[second] ^= 0x04;
    let archive = parse(&file);
    assert_eq!(kinds(&archive), ["local-header-moved"]);
    assert_eq!(read(&archive, &file, "b").bytes, b"beta");
}

#[test]
fn nameless_headers_that_align_are_no_member() {
    let mut padding = b"PK\x03\x04".to_vec();
    padding.resize(28, 0);
    padding.extend([6, 0]);
    padding.extend([0; 6]);
    let file = build_with(&[stored("a", b"alpha")], &padding, b"");
    assert_eq!(kinds(&parse(&file)), [""; 0]);
}

#[test]
fn records_beyond_the_stated_count_are_read() {
    let mut file = build(&[stored("a", b"1"), stored("b", b"2")]);
    let field = file.len() - 12;
    file[field] = 1;
    let archive = parse(&file);
    assert_eq!(archive.entries.len(), 2);
    assert_eq!(
        kinds(&archive),
        ["end-record-disagrees", "entry-count-mismatch"]
    );
}

#[test]
fn a_damaged_record_costs_only_itself() {
    let mut file = build(&[stored("a", b"1"), stored("b", b"2"), stored("c", b"3")]);
    let archive = parse(&file);
    let second = archive.layout.central_directory.start + 47;
    assert!(file[second..].starts_with(b"PK\x01\x02"));
    file[second] = 0;
    let archive = parse(&file);
    let names: Vec<_> = archive.entries.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["a", "c"]);
    assert!(kinds(&archive).contains(&"central-directory-broken"));
}

#[test]
fn of_two_end_records_the_last_is_read_as_android_does() {
    let members = [stored("a", b"alpha"), stored("b", b"beta")];
    let plain = build(&members);
    let second = plain.len() as u32 - 22 - 47;
    let mut decoy = b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec();
    decoy.extend(47u32.to_le_bytes());
    decoy.extend(second.to_le_bytes());
    decoy.extend([0, 0]);
    let file = build_with(&members, b"", &decoy);
    let archive = parse(&file);
    assert_eq!(archive.entries[0].name, "b");
    assert!(kinds(&archive).contains(&"decoy-end-record"));
}

#[test]
fn bytes_after_the_end_record_are_recorded() {
    let mut file = build(&[stored("a", b"alpha")]);
    file.extend(b"tail");
    assert_eq!(kinds(&parse(&file)), ["trailing-data"]);
}

#[test]
fn names_that_mislead_are_recorded() {
    let mut latin = stored("n", b"");
    (latin.name, latin.local_name) = (b"n\xff".to_vec(), b"n\xff".to_vec());
    let long = "l".repeat(300);
    let file = build(&[
        stored("../../etc/x", b""),
        stored("AndroidManifest.xml/x", b""),
        stored("Classes.dex", b""),
        stored("nul\0", b""),
        stored("", b""),
        stored(&long, b""),
        latin,
    ]);
    assert_eq!(
        kinds(&parse(&file)),
        [
            "name-not-utf8",
            "path-traversal",
            "directory-shadows-file",
            "case-variant",
            "name-with-nul",
            "name-empty",
            "name-too-long"
        ]
    );
}

#[test]
fn contradicting_local_headers_are_recorded() {
    let mut name = stored("a", b"1");
    name.local_name = b"b".to_vec();
    let mut size = stored("c", b"1");
    size.local_size = 9;
    let mut decoy = stored("d", b"1");
    (decoy.local_size, decoy.flags) = (9, 8);
    let file = build(&[name, size, decoy]);
    assert_eq!(
        kinds(&parse(&file)),
        [
            "local-name-mismatch",
            "local-size-mismatch",
            "local-size-decoy"
        ]
    );
}

#[test]
fn shared_and_unclaimed_bytes_are_recorded() {
    let mut file = build_with(&[stored("a", b"1"), stored("b", b"2")], b"payload", b"");
    let archive = parse(&file);
    assert_eq!(kinds(&archive), ["unclaimed-bytes"]);
    let second = archive.layout.central_directory.start + 47 + 42;
    file[second] = 0; // the record of "b" now points to the header of "a"
    assert_eq!(
        kinds(&parse(&file)),
        [
            "local-name-mismatch",
            "local-crc-mismatch",
            "overlapping-entries",
            "unlisted-member"
        ]
    );
}

#[test]
fn a_broken_extra_field_is_recorded() {
    let mut member = stored("a", b"1");
    member.extra = b"\x2a\x2a\xff\xff\x01".to_vec();
    let mut padded = stored("b", b"1");
    padded.extra = vec![0; 3];
    assert_eq!(
        kinds(&parse(&build(&[member, padded]))),
        ["extra-field-broken"]
    );
}

#[test]
fn the_signing_block_is_located() {
    let mut block = 40u64.to_le_bytes().to_vec();
    block.extend([9; 16]);
    block.extend(40u64.to_le_bytes());
    block.extend(b"APK Sig Block 42");
    let file = build_with(&[stored("a", b"1")], &block, b"");
    let archive = parse(&file);
    let place = archive.layout.signing_block.clone().unwrap();
    assert_eq!(&file[place], block);
    assert_eq!(archive.oddities, []);
    block[0] = 41;
    let archive = parse(&build_with(&[stored("a", b"1")], &block, b""));
    assert_eq!(archive.layout.signing_block, None);
    assert!(kinds(&archive).contains(&"signing-block-broken"));
}

#[test]
fn what_is_no_archive_is_refused() {
    let refuse = |file: &[u8]| Archive::parse(file, &Limits::default()).unwrap_err().kind;
    assert_eq!(refuse(b""), ErrorKind::NotThisFormat);
    assert_eq!(refuse(b"plain text"), ErrorKind::NotThisFormat);
    assert_eq!(refuse(b"PK\x03\x04"), ErrorKind::Malformed);
    let file = build(&[stored("a", b"1")]);
    assert_eq!(refuse(&file[..file.len() - 22]), ErrorKind::Malformed);
    assert_eq!(parse(&build(&[])).entries.len(), 0);
}

#[test]
fn entries_are_bounded() {
    let members: Vec<_> = (0..20).map(|n| stored(&format!("f{n}"), b"")).collect();
    let limits = Limits {
        entries: 5,
        ..Limits::default()
    };
    let archive = Archive::parse(&build(&members), &limits).unwrap();
    assert_eq!(archive.entries.len(), 5);
    assert!(kinds(&archive).contains(&"too-many-entries"));
}

#[test]
fn an_end_record_that_contradicts_itself_is_recorded() {
    let file = build(&[stored("a", b"1"), stored("b", b"1")]);
    let end = file.len() - 22;
    for (field, value) in [(4, 1u16), (6, 1), (8, 1)] {
        let mut damaged = file.clone();
        damaged[end + field..end + field + 2].copy_from_slice(&value.to_le_bytes());
        assert_eq!(kinds(&parse(&damaged)), ["end-record-disagrees"], "{field}");
    }
    let names = build(&[stored("a\nb", b"1")]);
    assert_eq!(kinds(&parse(&names)), ["name-control-character"]);
}
