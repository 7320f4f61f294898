//! Digest and signature algorithms, and the first platform on which each holds.

use sha2::Digest as _;
use sha2::digest::DynDigest;

/// A message digest that some scheme uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Digest {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    pub const ALL: [Digest; 6] = [
        Digest::Md5,
        Digest::Sha1,
        Digest::Sha224,
        Digest::Sha256,
        Digest::Sha384,
        Digest::Sha512,
    ];

    /// The name in JAR manifests and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Digest::Md5 => "MD5",
            Digest::Sha1 => "SHA1",
            Digest::Sha224 => "SHA-224",
            Digest::Sha256 => "SHA-256",
            Digest::Sha384 => "SHA-384",
            Digest::Sha512 => "SHA-512",
        }
    }

    /// The object identifier, content octets.
    pub fn oid(self) -> &'static [u8] {
        match self {
            Digest::Md5 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05],
            Digest::Sha1 => &[0x2b, 0x0e, 0x03, 0x02, 0x1a],
            Digest::Sha224 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04],
            Digest::Sha256 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
            Digest::Sha384 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
            Digest::Sha512 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
        }
    }

    pub fn from_oid(oid: &[u8]) -> Option<Digest> {
        Digest::ALL.into_iter().find(|digest| digest.oid() == oid)
    }

    pub fn hasher(self) -> Box<dyn DynDigest> {
        match self {
            Digest::Md5 => Box::new(md5::Md5::new()),
            Digest::Sha1 => Box::new(sha1::Sha1::new()),
            Digest::Sha224 => Box::new(sha2::Sha224::new()),
            Digest::Sha256 => Box::new(sha2::Sha256::new()),
            Digest::Sha384 => Box::new(sha2::Sha384::new()),
            Digest::Sha512 => Box::new(sha2::Sha512::new()),
        }
    }

    /// The digest of the concatenation of `parts`.
    pub fn of(self, parts: &[&[u8]]) -> Box<[u8]> {
        let mut hasher = self.hasher();
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize()
    }
}

/// SHA-256 as lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

/// How a digest is turned into a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    RsaPkcs1,
    RsaPss,
    Dsa,
    Ecdsa,
}

/// A digest together with the way it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    pub padding: Padding,
    pub digest: Digest,
}

impl SignatureAlgorithm {
    /// The name in reports, such as `SHA-256 with RSA`.
    pub fn name(self) -> String {
        let padding = match self.padding {
            Padding::RsaPkcs1 => "RSA",
            Padding::RsaPss => "RSA-PSS",
            Padding::Dsa => "DSA",
            Padding::Ecdsa => "ECDSA",
        };
        format!("{} with {padding}", self.digest.name())
    }
}

/// Which digest of the package's content a signature of the signing block covers, in rising strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// SHA-256 over chunks of one MiB.
    ChunkedSha256,
    /// Root of the Merkle tree of a file system that verifies itself.
    VeritySha256,
    /// SHA-512 over chunks of one MiB.
    ChunkedSha512,
}

/// A signature algorithm of the schemes v2 and later.
#[derive(Debug, Clone, Copy)]
pub struct BlockAlgorithm {
    pub id: u32,
    pub signature: SignatureAlgorithm,
    pub content: Content,
    /// The first platform that knows it.
    pub since: u32,
}

/// The algorithm of an id in the signing block (source.android.com, "APK signature scheme v2", signature algorithm ids).
pub fn block_algorithm(id: u32) -> Option<BlockAlgorithm> {
    use Content::{ChunkedSha256, ChunkedSha512, VeritySha256};
    use Padding::{Dsa, Ecdsa, RsaPkcs1, RsaPss};
    let (padding, digest, content, since) = match id {
        0x0101 => (RsaPss, Digest::Sha256, ChunkedSha256, 24),
        0x0102 => (RsaPss, Digest::Sha512, ChunkedSha512, 24),
        0x0103 => (RsaPkcs1, Digest::Sha256, ChunkedSha256, 24),
        0x0104 => (RsaPkcs1, Digest::Sha512, ChunkedSha512, 24),
        0x0201 => (Ecdsa, Digest::Sha256, ChunkedSha256, 24),
        0x0202 => (Ecdsa, Digest::Sha512, ChunkedSha512, 24),
        0x0301 => (Dsa, Digest::Sha256, ChunkedSha256, 24),
        0x0421 => (RsaPkcs1, Digest::Sha256, VeritySha256, 28),
        0x0423 => (Ecdsa, Digest::Sha256, VeritySha256, 28),
        0x0425 => (Dsa, Digest::Sha256, VeritySha256, 28),
        _ => return None,
    };
    Some(BlockAlgorithm {
        id,
        signature: SignatureAlgorithm { padding, digest },
        content,
        since,
    })
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04];
const NIST_DSA: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03];

/// The algorithm that a PKCS #7 signer names with its two identifiers, and the first platform from which on every one accepts the pair.
///
/// The signature identifier either names the key alone (`rsaEncryption`) or the digest too, which must then be the same one:
/// the platforms 21 to 23 alone took other pairs, so no range that reaches today's platforms does. DSA ends at SHA-256.
pub fn jar_algorithm(digest_oid: &[u8], signature_oid: &[u8]) -> Option<(SignatureAlgorithm, u32)> {
    use Digest::{Md5, Sha1, Sha224, Sha256, Sha384, Sha512};
    let digest = Digest::from_oid(digest_oid)?;
    let (padding, named) = named_signature(signature_oid)?;
    if named.is_some_and(|named| named != digest) {
        return None;
    }
    let since = match (padding, digest, named.is_some()) {
        (Padding::RsaPkcs1, Md5, false) | (Padding::RsaPkcs1, Sha1, _) => 0,
        (Padding::RsaPkcs1, Sha256, _) => 18,
        (Padding::RsaPkcs1, Sha384 | Sha512, false) => 18,
        (Padding::RsaPkcs1, _, _) => 21,
        (Padding::Dsa, Sha1, false) => 0,
        (Padding::Dsa, Sha1, true) => 9,
        (Padding::Dsa, Sha224 | Sha256, false) => 22,
        (Padding::Dsa, Sha224 | Sha256, true) => 21,
        (Padding::Ecdsa, Sha1, _) => 18,
        (Padding::Ecdsa, Sha256 | Sha384 | Sha512, false) => 18,
        (Padding::Ecdsa, Sha224 | Sha256 | Sha384 | Sha512, _) => 21,
        _ => return None,
    };
    Some((SignatureAlgorithm { padding, digest }, since))
}

/// The kind of signature an identifier names, and the digest if it names one.
fn named_signature(oid: &[u8]) -> Option<(Padding, Option<Digest>)> {
    use Digest::{Md5, Sha1, Sha224, Sha256, Sha384, Sha512};
    if oid == EC_KEY {
        return Some((Padding::Ecdsa, None));
    }
    let (&last, arc) = oid.split_last()?;
    Some(match (arc, last) {
        (RSA, 1) => (Padding::RsaPkcs1, None),
        (RSA, 4) => (Padding::RsaPkcs1, Some(Md5)),
        (RSA, 5) => (Padding::RsaPkcs1, Some(Sha1)),
        (RSA, 14) => (Padding::RsaPkcs1, Some(Sha224)),
        (RSA, 11) => (Padding::RsaPkcs1, Some(Sha256)),
        (RSA, 12) => (Padding::RsaPkcs1, Some(Sha384)),
        (RSA, 13) => (Padding::RsaPkcs1, Some(Sha512)),
        (DSA, 1) => (Padding::Dsa, None),
        (DSA, 3) => (Padding::Dsa, Some(Sha1)),
        (NIST_DSA, 1) => (Padding::Dsa, Some(Sha224)),
        (NIST_DSA, 2) => (Padding::Dsa, Some(Sha256)),
        (ECDSA, 1) => (Padding::Ecdsa, Some(Sha1)),
        _ => {
            let (&first, arc) = arc.split_last()?;
            match (arc, first, last) {
                (ECDSA, 3, 1) => (Padding::Ecdsa, Some(Sha224)),
                (ECDSA, 3, 2) => (Padding::Ecdsa, Some(Sha256)),
                (ECDSA, 3, 3) => (Padding::Ecdsa, Some(Sha384)),
                (ECDSA, 3, 4) => (Padding::Ecdsa, Some(Sha512)),
                _ => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_one_digest_only() {
        let sha256_rsa = [RSA, &[11]].concat();
        let (algorithm, since) = jar_algorithm(Digest::Sha256.oid(), &sha256_rsa).unwrap();
        assert_eq!((algorithm.name().as_str(), since), ("SHA-256 with RSA", 18));
        assert!(jar_algorithm(Digest::Sha1.oid(), &sha256_rsa).is_none());
        assert!(jar_algorithm(Digest::Sha384.oid(), &[NIST_DSA, &[3]].concat()).is_none());
        assert_eq!(jar_algorithm(Digest::Sha1.oid(), EC_KEY).unwrap().1, 18);
    }

    #[test]
    fn strength_orders_contents() {
        assert!(
            Content::ChunkedSha512 > Content::VeritySha256
                && Content::VeritySha256 > Content::ChunkedSha256
        );
    }
}
