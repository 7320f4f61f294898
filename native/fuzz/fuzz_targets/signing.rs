//! Signatures: every scheme comes to a verdict, whatever its bytes say.
//!
//! The first byte chooses where the rest goes: the whole file, the value of a scheme in a signing block, or the parts of a JAR signature.
#![no_main]

use assaymark_engine::Limits;
use assaymark_engine::signing::{Status, V2, V3, V31, verify};
use assaymark_engine::zip::Archive;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let file = match choice % 5 {
        0 => data.to_vec(),
        1 => signing_block(V2, data),
        2 => signing_block(V3, data),
        3 => signing_block(V31, data),
        _ => jar(data),
    };
    let limits = Limits::default();
    let Ok(archive) = Archive::parse(&file, &limits) else {
        return;
    };
    let found = verify(&file, &archive, &limits, Some(u32::from(choice / 5)));
    for scheme in &found.schemes {
        assert_eq!(scheme.status == Status::Verified, scheme.problem.is_none());
    }
    for pair in &found.pairs {
        assert!(pair.value.end <= file.len());
    }
});

/// An archive of one empty member, with this one pair in its signing block.
fn signing_block(id: u32, value: &[u8]) -> Vec<u8> {
    let mut archive = stored(&[("a", b"")]);
    let directory = archive
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .expect("one member");
    let size = (value.len() as u64 + 4 + 8 + 24).to_le_bytes();
    let pair = [
        &(value.len() as u64 + 4).to_le_bytes()[..],
        &id.to_le_bytes(),
        value,
    ]
    .concat();
    let block = [&size[..], &pair, &size, b"APK Sig Block 42"].concat();
    let field = archive.len() - 6;
    archive[field..field + 4].copy_from_slice(&((directory + block.len()) as u32).to_le_bytes());
    archive.splice(directory..directory, block);
    archive
}

/// An archive with a manifest, a signature file and a signature block, cut from `data` at its first two zero bytes.
fn jar(data: &[u8]) -> Vec<u8> {
    let mut parts = data.splitn(3, |&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    stored(&[
        ("META-INF/MANIFEST.MF", part()),
        ("META-INF/S.SF", part()),
        ("META-INF/S.RSA", part()),
        ("a", b""),
    ])
}

fn stored(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let (size, length) = (
            (content.len() as u32).to_le_bytes(),
            (name.len() as u16).to_le_bytes(),
        );
        let fields = [&[0; 12][..], &size, &size, &length, &[0; 2]].concat();
        directory.extend(
            [
                b"PK\x01\x02\x00\x00\x00\x00",
                &fields[2..],
                &[0; 10],
                &(file.len() as u32).to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
        file.extend(
            [
                b"PK\x03\x04\x00\x00",
                &fields[2..],
                name.as_bytes(),
                content,
            ]
            .concat(),
        );
    }
    let (start, count) = (file.len() as u32, (members.len() as u16).to_le_bytes());
    let size = (directory.len() as u32).to_le_bytes();
    file.extend(
        [
            &directory[..],
            b"PK\x05\x06\0\0\0\0",
            &count,
            &count,
            &size,
            &start.to_le_bytes(),
            &[0; 2],
        ]
        .concat(),
    );
    file
}
