//! Public keys, and the verification of one signature.

use super::algorithm::{Digest, Padding, SignatureAlgorithm};
use super::der::{self, Walker, bad, dotted, unsigned, whole_octets};
use crate::error::{Error, ErrorKind};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use std::cell::Cell;

/// The longest key that is computed with. Android takes RSA keys up to this length.
const KEY_BITS: usize = 16_384;
/// The longest DSA key that is computed with; Java makes none over 3,072 bits.
const DSA_BITS: usize = 4_096;
/// The longest order of a DSA subgroup that is computed with.
const DSA_ORDER_BITS: usize = 512;
/// Multiplications of 64-bit words that all signatures of one file may cost: about 180 verifications with the longest RSA key.
const STEPS: u64 = 200_000_000;
/// What one ECDSA verification is counted as.
const ECDSA_STEPS: u64 = 200_000;

/// What may still be computed for the signatures of one file.
#[derive(Debug)]
pub struct Budget {
    steps: Cell<u64>,
}

impl Budget {
    pub fn new() -> Budget {
        Budget {
            steps: Cell::new(STEPS),
        }
    }

    fn spend(&self, steps: u64) -> Result<(), Error> {
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or(0));
        left.map(drop).ok_or_else(|| {
            Error::new(
                ErrorKind::LimitHit,
                "too many or too costly signatures in one file",
            )
        })
    }
}

/// Word multiplications of one power with an exponent of so many bits, to a modulus of so many bits.
fn power_steps(modulus_bits: usize, exponent_bits: usize) -> u64 {
    let words = modulus_bits.div_ceil(64) as u64;
    words
        .saturating_mul(words)
        .saturating_mul(exponent_bits as u64)
}

/// A public key; numbers are big-endian magnitudes without leading zeros.
#[derive(Debug, Clone)]
pub enum PublicKey<'a> {
    Rsa {
        modulus: &'a [u8],
        exponent: &'a [u8],
    },
    Dsa {
        p: &'a [u8],
        q: &'a [u8],
        g: &'a [u8],
        y: &'a [u8],
    },
    Ec {
        curve: &'a [u8],
        point: &'a [u8],
    },
    /// A kind of key no scheme uses.
    Other {
        oid: &'a [u8],
    },
}

const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

impl<'a> PublicKey<'a> {
    /// Reads a SubjectPublicKeyInfo.
    pub fn parse(info: &'a [u8]) -> Result<PublicKey<'a>, Error> {
        let mut fields = Walker::new(info).expect(der::SEQUENCE)?.inside();
        let mut algorithm = fields.expect(der::SEQUENCE)?.inside();
        let oid = algorithm.expect(der::OID)?.content;
        let parameters = algorithm.next()?;
        let bits = whole_octets(fields.expect(der::BIT_STRING)?.content)?;
        match oid {
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01] => {
                let mut numbers = Walker::new(bits).expect(der::SEQUENCE)?.inside();
                Ok(PublicKey::Rsa {
                    modulus: unsigned(numbers.expect(der::INTEGER)?.content),
                    exponent: unsigned(numbers.expect(der::INTEGER)?.content),
                })
            }
            [0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01] => {
                let mut numbers = parameters
                    .ok_or_else(|| bad("DSA key without parameters"))?
                    .inside();
                Ok(PublicKey::Dsa {
                    p: unsigned(numbers.expect(der::INTEGER)?.content),
                    q: unsigned(numbers.expect(der::INTEGER)?.content),
                    g: unsigned(numbers.expect(der::INTEGER)?.content),
                    y: unsigned(Walker::new(bits).expect(der::INTEGER)?.content),
                })
            }
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] => {
                let curve = parameters.filter(|element| element.tag == der::OID);
                let curve = curve
                    .ok_or_else(|| bad("EC key without a named curve"))?
                    .content;
                Ok(PublicKey::Ec { curve, point: bits })
            }
            _ => Ok(PublicKey::Other { oid }),
        }
    }

    /// The kind of key, as reports name it: `RSA`, `DSA`, `EC`, or a dotted identifier.
    pub fn kind(&self) -> String {
        match self {
            PublicKey::Rsa { .. } => "RSA".to_owned(),
            PublicKey::Dsa { .. } => "DSA".to_owned(),
            PublicKey::Ec { .. } => "EC".to_owned(),
            PublicKey::Other { oid } => dotted(oid),
        }
    }

    /// Length in bits: of the modulus, of DSA's p, or of the curve's field; 0 where it is not known.
    pub fn bits(&self) -> usize {
        match self {
            PublicKey::Rsa { modulus, .. } => bit_length(modulus),
            PublicKey::Dsa { p, .. } => bit_length(p),
            PublicKey::Ec { curve, .. } => match *curve {
                P256 => 256,
                P384 => 384,
                P521 => 521,
                _ => 0,
            },
            PublicKey::Other { .. } => 0,
        }
    }

    /// What one verification costs.
    fn steps(&self) -> u64 {
        match self {
            PublicKey::Rsa { modulus, exponent } => {
                power_steps(bit_length(modulus), bit_length(exponent))
            }
            // Three powers: the check of the key, and both sides of the signature.
            PublicKey::Dsa { p, q, .. } => {
                power_steps(bit_length(p), bit_length(q)).saturating_mul(3)
            }
            PublicKey::Ec { .. } | PublicKey::Other { .. } => ECDSA_STEPS,
        }
    }

    /// Whether `signature` is this key's over the concatenation of `message`.
    ///
    /// Errors: `Malformed` for a key or a signature that cannot be one, `Unsupported` for a curve or kind of key outside the schemes,
    /// `LimitHit` for a key too long, or if the file's `budget` is used up.
    pub fn verify(
        &self,
        budget: &Budget,
        algorithm: SignatureAlgorithm,
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<bool, Error> {
        budget.spend(self.steps())?;
        let hash = algorithm.digest.of(message);
        match (self, algorithm.padding) {
            (PublicKey::Rsa { modulus, exponent }, Padding::RsaPkcs1 | Padding::RsaPss) => {
                verify_rsa(modulus, exponent, algorithm, &hash, signature)
            }
            (PublicKey::Dsa { p, q, g, y }, Padding::Dsa) => {
                verify_dsa([p, q, g, y], &hash, signature)
            }
            (PublicKey::Ec { curve, point }, Padding::Ecdsa) => {
                verify_ecdsa(curve, point, &hash, signature)
            }
            _ => Err(bad(format!(
                "{} by a key of kind {}",
                algorithm.name(),
                self.kind()
            ))),
        }
    }
}

fn bit_length(magnitude: &[u8]) -> usize {
    match magnitude.first() {
        Some(first) => magnitude.len() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

fn within(magnitude: &[u8], bits: usize) -> Result<BigUint, Error> {
    if bit_length(magnitude) > bits {
        return Err(Error::new(
            ErrorKind::LimitHit,
            format!("number over {bits} bits in a key"),
        ));
    }
    Ok(BigUint::from_bytes_be(magnitude))
}

fn verify_rsa(
    modulus: &[u8],
    exponent: &[u8],
    algorithm: SignatureAlgorithm,
    hash: &[u8],
    signature: &[u8],
) -> Result<bool, Error> {
    if signature.len() != modulus.len() {
        return Err(bad("RSA signature is not as long as the modulus"));
    }
    let (n, e) = (within(modulus, KEY_BITS)?, within(exponent, 64)?);
    let key = RsaPublicKey::new_with_max_size(n, e, KEY_BITS)
        .map_err(|error| bad(format!("RSA key: {error}")))?;
    let verified = match (algorithm.padding, algorithm.digest) {
        (Padding::RsaPss, Digest::Sha256) => {
            key.verify(Pss::new_with_salt::<sha2::Sha256>(32), hash, signature)
        }
        (Padding::RsaPss, Digest::Sha512) => {
            key.verify(Pss::new_with_salt::<sha2::Sha512>(64), hash, signature)
        }
        (Padding::RsaPkcs1, digest) => {
            let scheme = Pkcs1v15Sign {
                hash_len: Some(hash.len()),
                prefix: digest_info_prefix(digest, hash.len()),
            };
            key.verify(scheme, hash, signature)
        }
        _ => return Err(Error::new(ErrorKind::Unsupported, algorithm.name())),
    };
    Ok(verified.is_ok())
}

/// What stands before the digest in a PKCS #1 signature (RFC 8017, 9.2): DigestInfo up to the digest's octets.
fn digest_info_prefix(digest: Digest, length: usize) -> Box<[u8]> {
    let oid = digest.oid();
    let (oid_length, length) = (oid.len() as u8, length as u8);
    let mut prefix = vec![
        der::SEQUENCE,
        oid_length + 8 + length,
        der::SEQUENCE,
        oid_length + 4,
        der::OID,
        oid_length,
    ];
    prefix.extend_from_slice(oid);
    prefix.extend_from_slice(&[0x05, 0x00, der::OCTET_STRING, length]);
    prefix.into()
}

/// The two numbers of a DSA or ECDSA signature.
fn read_pair(signature: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let mut numbers = Walker::new(signature).expect(der::SEQUENCE)?.inside();
    let (r, s) = (
        numbers.expect(der::INTEGER)?.content,
        numbers.expect(der::INTEGER)?.content,
    );
    if r.first()
        .or(s.first())
        .is_some_and(|octet| octet & 0x80 != 0)
    {
        return Err(bad("negative number in a signature"));
    }
    Ok((unsigned(r), unsigned(s)))
}

fn verify_dsa([p, q, g, y]: [&[u8]; 4], hash: &[u8], signature: &[u8]) -> Result<bool, Error> {
    let invalid = |_| bad("DSA key does not hold together");
    let (r, s) = read_pair(signature)?;
    let q = within(q, DSA_ORDER_BITS)?;
    let (r, s) = (within(r, DSA_ORDER_BITS)?, within(s, DSA_ORDER_BITS)?);
    let components =
        dsa::Components::from_components(within(p, DSA_BITS)?, q, within(g, DSA_BITS)?)
            .map_err(invalid)?;
    let key =
        dsa::VerifyingKey::from_components(components, within(y, DSA_BITS)?).map_err(invalid)?;
    let Ok(signature) = dsa::Signature::from_components(r, s) else {
        return Ok(false);
    };
    Ok(key.verify_prehash(hash, &signature).is_ok())
}

fn verify_ecdsa(curve: &[u8], point: &[u8], hash: &[u8], signature: &[u8]) -> Result<bool, Error> {
    macro_rules! verify_on {
        ($curve:ident, $octets:expr) => {{
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(point)
                .map_err(|_| bad("point is not on the curve"))?;
            // A number longer than the field cannot verify.
            let (r, s) = read_pair(signature)?;
            let (Some(r), Some(s)) = (padded(r, $octets), padded(s, $octets)) else {
                return Ok(false);
            };
            let Ok(signature) = $curve::ecdsa::Signature::from_slice(&[r, s].concat()) else {
                return Ok(false);
            };
            // The crate refuses a digest much shorter than the field; in front of it, zeros do not change its value.
            let hash = padded(hash, $octets.min(64)).unwrap_or_else(|| hash.to_vec());
            Ok(key.verify_prehash(&hash, &signature).is_ok())
        }};
    }
    match curve {
        P256 => verify_on!(p256, 32),
        P384 => verify_on!(p384, 48),
        P521 => verify_on!(p521, 66),
        _ => Err(Error::new(
            ErrorKind::Unsupported,
            format!("curve {}", dotted(curve)),
        )),
    }
}

/// The number in `length` octets, zeros in front; `None` if it does not fit.
fn padded(magnitude: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut octets = vec![0; length.checked_sub(magnitude.len())?];
    octets.extend_from_slice(magnitude);
    Some(octets)
}
