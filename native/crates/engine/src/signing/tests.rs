//! Schemes v2 to v3.1 on packages that are built and signed here; see `tests/differential/test_signatures.py` for real ones.

use super::block::{V2, V3, V31};
use super::*;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use sha2::{Digest, Sha256};

const ECDSA_SHA256: u32 = 0x0201;
const LAST: u32 = i32::MAX as u32;

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len() as u16;
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length as u8),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

/// A key and a certificate for it. Platforms do not verify the certificate's own signature, so it has none.
struct Identity {
    key: SigningKey,
    info: Vec<u8>,
    certificate: Vec<u8>,
}

fn identity(number: u8) -> Identity {
    let key = SigningKey::from_slice(&[number; 32]).unwrap();
    let point = key.verifying_key().to_encoded_point(false);
    let kind = der(0x06, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]]);
    let curve = der(0x06, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]]);
    let info = der(
        0x30,
        &[
            &der(0x30, &[&kind, &curve]),
            &der(0x03, &[&[0], point.as_bytes()]),
        ],
    );
    let text = der(0x0c, &[format!("Signer {number}").as_bytes()]);
    let name = der(
        0x30,
        &[&der(0x31, &[&der(0x30, &[&[0x06, 3, 0x55, 4, 3], &text])])],
    );
    let validity = der(
        0x30,
        &[
            &der(0x17, &[b"200101000000Z"]),
            &der(0x17, &[b"491231235959Z"]),
        ],
    );
    let algorithm = der(0x30, &[&kind]);
    let signed = der(
        0x30,
        &[
            &[0x02, 1, number],
            &algorithm,
            &name,
            &validity,
            &name,
            &info,
        ],
    );
    let certificate = der(0x30, &[&signed, &algorithm, &der(0x03, &[&[0, 1]])]);
    Identity {
        key,
        info,
        certificate,
    }
}

fn prefixed(parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&(content.len() as u32).to_le_bytes()[..], &content].concat()
}

fn number(value: u32) -> [u8; 4] {
    value.to_le_bytes()
}

fn signature(identity: &Identity, message: &[u8]) -> Vec<u8> {
    let signature: DerSignature = identity.key.sign(message);
    signature.as_bytes().to_vec()
}

/// A signer's record; `range` for v3 and later.
fn signer(
    identity: &Identity,
    digest: &[u8],
    range: Option<(u32, u32)>,
    attributes: &[Vec<u8>],
) -> Vec<u8> {
    let sdks = range.map_or(Vec::new(), |(first, last)| {
        [number(first), number(last)].concat()
    });
    let attributes: Vec<Vec<u8>> = attributes
        .iter()
        .map(|attribute| prefixed(&[attribute]))
        .collect();
    let signed = [
        prefixed(&[&prefixed(&[&number(ECDSA_SHA256), &prefixed(&[digest])])]),
        prefixed(&[&prefixed(&[&identity.certificate])]),
        sdks.clone(),
        prefixed(&[&attributes.concat()]),
    ]
    .concat();
    let signatures = prefixed(&[
        &number(ECDSA_SHA256),
        &prefixed(&[&signature(identity, &signed)]),
    ]);
    prefixed(&[
        &prefixed(&[&signed]),
        &sdks,
        &prefixed(&[&signatures]),
        &prefixed(&[&identity.info]),
    ])
}

fn scheme_value(signers: &[Vec<u8>]) -> Vec<u8> {
    prefixed(&[&signers.concat()])
}

/// Attribute with a chain of these identities, each signed by the one before.
fn lineage(identities: &[&Identity]) -> Vec<u8> {
    let mut value = [number(0x3ba0_6f8c), number(1)].concat();
    let mut parent: Option<&Identity> = None;
    for identity in identities {
        let algorithm = number(if parent.is_some() { ECDSA_SHA256 } else { 0 });
        let signed = [prefixed(&[&identity.certificate]), algorithm.to_vec()].concat();
        let link = parent.map_or(Vec::new(), |parent| signature(parent, &signed));
        value.extend(prefixed(&[
            &prefixed(&[&signed]),
            &number(0x17),
            &number(ECDSA_SHA256),
            &prefixed(&[&link]),
        ]));
        parent = Some(identity);
    }
    value
}

/// An archive with one stored entry.
struct Unsigned {
    contents: Vec<u8>,
    directory: Vec<u8>,
}

const NAME: &[u8] = b"classes.dex";
const BODY: &[u8] = b"not really code";

fn unsigned() -> Unsigned {
    let crc = crc32fast::hash(BODY).to_le_bytes();
    let size = (BODY.len() as u32).to_le_bytes();
    let common = [
        &[0u8; 8][..],
        &crc,
        &size,
        &size,
        &(NAME.len() as u16).to_le_bytes(),
        &[0, 0],
    ]
    .concat();
    Unsigned {
        contents: [b"PK\x03\x04\x14\x00", &common[..], NAME, BODY].concat(),
        directory: [b"PK\x01\x02\x14\x00\x14\x00", &common[..], &[0; 14], NAME].concat(),
    }
}

impl Unsigned {
    fn end_record(&self, directory_at: usize) -> Vec<u8> {
        let sizes = [
            (self.directory.len() as u32).to_le_bytes(),
            (directory_at as u32).to_le_bytes(),
        ]
        .concat();
        [
            b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00",
            &sizes[..],
            &[0, 0],
        ]
        .concat()
    }

    /// The chunked SHA-256 of the content: three sections of one chunk each.
    fn digest(&self) -> Vec<u8> {
        let sections = [
            self.contents.clone(),
            self.directory.clone(),
            self.end_record(self.contents.len()),
        ];
        let mut top = vec![0x5a, 3, 0, 0, 0];
        for section in sections {
            let mut chunk = vec![0xa5];
            chunk.extend((section.len() as u32).to_le_bytes());
            chunk.extend(section);
            top.extend(Sha256::digest(&chunk));
        }
        Sha256::digest(&top).to_vec()
    }

    fn with_block(&self, pairs: &[(u32, Vec<u8>)]) -> Vec<u8> {
        let mut content = Vec::new();
        for (id, value) in pairs {
            content.extend((value.len() as u64 + 4).to_le_bytes());
            content.extend(id.to_le_bytes());
            content.extend(value);
        }
        let size = (content.len() as u64 + 24).to_le_bytes();
        let mut file = self.contents.clone();
        file.extend([&size[..], &content, &size, b"APK Sig Block 42"].concat());
        let directory_at = file.len();
        file.extend(&self.directory);
        file.extend(self.end_record(directory_at));
        file
    }
}

fn verified(file: &[u8], min_sdk: Option<u32>) -> Signatures {
    let limits = Limits::default();
    let archive = Archive::parse(file, &limits).unwrap();
    verify(file, &archive, &limits, min_sdk)
}

/// `(scheme, problem or "verified")` of each scheme.
fn outcome(file: &[u8]) -> Vec<(&'static str, &'static str)> {
    let schemes = verified(file, None).schemes;
    schemes
        .iter()
        .map(|result| {
            (
                result.scheme,
                result
                    .problem
                    .as_ref()
                    .map_or("verified", |problem| problem.key),
            )
        })
        .collect()
}

#[test]
fn v2_verifies_and_names_its_signer() {
    let (package, one) = (unsigned(), identity(1));
    let file = package.with_block(&[
        (
            V2,
            scheme_value(&[signer(&one, &package.digest(), None, &[])]),
        ),
        (9, vec![1, 2]),
    ]);
    let found = verified(&file, None);
    assert_eq!(found.schemes.len(), 1);
    assert_eq!(found.schemes[0].status, Status::Verified);
    let signer = &found.schemes[0].signers[0];
    assert_eq!(signer.algorithms, ["SHA-256 with ECDSA"]);
    let certificate = &signer.certificates[0];
    assert_eq!(
        (certificate.subject.as_str(), certificate.key_bits),
        ("CN=Signer 1", 256)
    );
    assert_eq!(certificate.valid_to, "2049-12-31T23:59:59Z");
    assert_eq!(
        found.pairs.iter().map(|pair| pair.id).collect::<Vec<_>>(),
        [V2, 9]
    );
    assert_eq!(&file[found.pairs[1].value.clone()], [1, 2]);
}

#[test]
fn known_digests_stand_in_for_a_pass_over_the_file() {
    let (package, one) = (unsigned(), identity(1));
    let block = [(
        V2,
        scheme_value(&[signer(&one, &package.digest(), None, &[])]),
    )];
    let file = package.with_block(&block);
    let limits = Limits::default();
    let archive = Archive::parse(&file, &limits).unwrap();
    let with = |known: &[(Content, Vec<u8>)]| signers(&file, &archive, &limits, known);
    let right = with(&[(Content::ChunkedSha256, package.digest())]);
    assert_eq!(right, verified(&file, None));
    assert_eq!(right, with(&[]));
    let wrong = with(&[(Content::ChunkedSha256, vec![0; 32])]);
    let problem = wrong.schemes[0].problem.as_ref().unwrap();
    assert_eq!(problem.key, "content-digest-mismatch");
}

#[test]
fn what_v2_refuses() {
    let (package, one, two) = (unsigned(), identity(1), identity(2));
    let digest = package.digest();
    let good = signer(&one, &digest, None, &[]);
    let file = |value: Vec<u8>| package.with_block(&[(V2, value)]);
    let key = |value: Vec<u8>| outcome(&file(value))[0].1;
    assert_eq!(key(scheme_value(&[])), "no-signers");
    assert_eq!(key(vec![1, 2]), "malformed-signers");
    assert_eq!(
        key(scheme_value(&vec![good.clone(); 11])),
        "too-many-signers"
    );
    assert_eq!(
        key(scheme_value(&[
            good.clone(),
            signer(&two, &[0; 32], None, &[])
        ])),
        "content-digest-mismatch"
    );
    let stolen = Identity {
        key: two.key.clone(),
        info: two.info.clone(),
        certificate: one.certificate.clone(),
    };
    assert_eq!(
        key(scheme_value(&[signer(&stolen, &digest, None, &[])])),
        "public-key-mismatch"
    );
    let forged = Identity {
        key: two.key,
        info: one.info.clone(),
        certificate: one.certificate.clone(),
    };
    assert_eq!(
        key(scheme_value(&[signer(&forged, &digest, None, &[])])),
        "signature-mismatch"
    );
    let stripped = [number(0xbeef_f00d), number(3)].concat();
    assert_eq!(
        key(scheme_value(&[signer(&one, &digest, None, &[stripped])])),
        "missing-newer-scheme"
    );
    let mut changed = file(scheme_value(&[good]));
    changed[NAME.len() + 31] ^= 1;
    assert_eq!(outcome(&changed), [("v2", "content-digest-mismatch")]);
}

#[test]
fn v3_follows_a_rotated_key() {
    let (package, one, two) = (unsigned(), identity(1), identity(2));
    let digest = package.digest();
    let rotated = signer(&two, &digest, Some((28, LAST)), &[lineage(&[&one, &two])]);
    let file = package.with_block(&[(V3, scheme_value(&[rotated]))]);
    let found = verified(&file, None);
    assert_eq!(found.schemes[0].status, Status::Verified);
    let chain: Vec<_> = found.schemes[0].signers[0]
        .lineage
        .iter()
        .map(|node| node.sha256.clone())
        .collect();
    assert_eq!(
        chain,
        [&one, &two].map(|identity| algorithm::sha256_hex(&identity.certificate))
    );

    let key =
        |signers: &[Vec<u8>]| outcome(&package.with_block(&[(V3, scheme_value(signers))]))[0].1;
    let with = |chain: Vec<u8>| key(&[signer(&two, &digest, Some((28, LAST)), &[chain])]);
    assert_eq!(with(lineage(&[&two, &one])), "lineage-certificate-mismatch");
    let mut unlinked = lineage(&[&one, &two]);
    let at = unlinked.len() - 3;
    unlinked[at] ^= 1;
    assert_eq!(with(unlinked), "lineage-signature-mismatch");
    assert_eq!(
        with([number(0x3ba0_6f8c), number(2)].concat()),
        "lineage-malformed"
    );
    let plain = |first, last| signer(&two, &digest, Some((first, last)), &[]);
    assert_eq!(key(&[plain(30, LAST)]), "sdk-range-gap");
    assert_eq!(
        key(&[plain(28, 29), plain(31, LAST)]),
        "sdk-ranges-inconsistent"
    );
    assert_eq!(key(&[plain(31, LAST), plain(28, 30)]), "verified");
    assert_eq!(key(&[plain(30, 29)]), "sdk-range-invalid");
}

#[test]
fn v31_stands_beside_v3() {
    let (package, one, two) = (unsigned(), identity(1), identity(2));
    let digest = package.digest();
    let rotation = |sdk| [number(0x559f_8b02), number(sdk)].concat();
    let old = |sdk| scheme_value(&[signer(&one, &digest, Some((28, 32)), &[rotation(sdk)])]);
    let new = scheme_value(&[signer(
        &two,
        &digest,
        Some((33, LAST)),
        &[lineage(&[&one, &two])],
    )]);
    let both = |sdk| outcome(&package.with_block(&[(V3, old(sdk)), (V31, new.clone())]));
    assert_eq!(both(33), [("v3", "verified"), ("v3.1", "verified")]);
    assert_eq!(both(34)[0].1, "rotation-sdk-mismatch");
    assert_eq!(
        outcome(&package.with_block(&[(V3, old(33))]))[0].1,
        "missing-newer-scheme"
    );
    assert_eq!(
        outcome(&package.with_block(&[(V31, new.clone())])),
        [("v3.1", "missing-older-scheme")]
    );
}

#[test]
fn costly_signatures_come_to_an_end() {
    let (package, own) = (unsigned(), identity(100));
    // Each signer has eleven lineages of a hundred certificates: more than the thousand ECDSA verifications that one file may cost.
    let identities: Vec<Identity> = (1..=100).map(identity).collect();
    let chain: Vec<&Identity> = identities.iter().collect();
    let attributes = vec![lineage(&chain); 11];
    let signer = signer(&own, &package.digest(), Some((28, LAST)), &attributes);
    let file = package.with_block(&[(V3, scheme_value(&[signer]))]);
    assert_eq!(outcome(&file), [("v3", "limit-hit")]);
    assert_eq!(verified(&file, None).schemes[0].status, Status::Unsupported);
}

#[test]
fn damage_is_noticed_and_never_panics() {
    let (package, one, two) = (unsigned(), identity(1), identity(2));
    let digest = package.digest();
    let file = package.with_block(&[
        (
            V2,
            scheme_value(&[signer(
                &one,
                &digest,
                None,
                &[[number(0xbeef_f00d), number(3)].concat()],
            )]),
        ),
        (
            V3,
            scheme_value(&[signer(
                &two,
                &digest,
                Some((28, LAST)),
                &[lineage(&[&one, &two])],
            )]),
        ),
    ]);
    assert_eq!(outcome(&file), [("v2", "verified"), ("v3", "verified")]);
    let limits = Limits::default();
    for at in (package.contents.len()..file.len()).step_by(7) {
        for value in [0xff, file[at] ^ 0x01] {
            let mut damaged = file.clone();
            damaged[at] = value;
            let Ok(archive) = Archive::parse(&damaged, &limits) else {
                continue;
            };
            let found = verify(&damaged, &archive, &limits, None);
            let holds = |result: &SchemeResult| result.status == Status::Verified;
            let unnoticed = found.schemes.len() == 2 && found.schemes.iter().all(holds);
            assert!(
                !unnoticed || value == file[at],
                "offset {at:#x} set to {value:#04x} goes unnoticed"
            );
        }
    }
}
