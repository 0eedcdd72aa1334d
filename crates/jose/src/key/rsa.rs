//! RSA keys (RFC 7518 sections 3.3, 3.5 and 6.3): 2048 to 8192 bits, an odd exponent from 3 to 2^32.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, KeySize};
use aws_lc_rs::signature::{
    KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair, RsaParameters, RsaPublicKeyComponents,
    RsaSubjectPublicKey,
};
use zeroize::Zeroizing;

use crate::algorithm::Algorithm;
use crate::base64;
use crate::error::Error;
use crate::jwk::RawJwk;
use crate::key::{der, private_member, roca};

const NOT_RSA: Error = Error::KeyInvalid { reason: "not an rsa key that can be read" };

/// How long a new RSA key is. Longer ones sign much slower: twice the bits take some six times as
/// long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RsaSize {
    /// 2048 bits, the least that RFC 7518 section 3.3 allows; good until about 2030.
    Bits2048,
    /// 3072 bits, as strong as P-256 and Ed25519.
    Bits3072,
    /// 4096 bits, where a rule asks for them.
    Bits4096,
}

impl RsaSize {
    /// The size of so many bits; `None` when no key of that size is made.
    #[must_use]
    pub const fn of(bits: u32) -> Option<Self> {
        match bits {
            2048 => Some(Self::Bits2048),
            3072 => Some(Self::Bits3072),
            4096 => Some(Self::Bits4096),
            _ => None,
        }
    }

    /// What a key for this algorithm is made with unless somebody chooses: 2048 bits, or 3072 where
    /// the hash is SHA-384 or SHA-512.
    pub(crate) const fn usual(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => Self::Bits2048,
            _ => Self::Bits3072,
        }
    }
}

/// A public key, parsed for one algorithm.
pub(crate) struct RsaPublic {
    key: ParsedPublicKey,
    n: Vec<u8>,
    e: Vec<u8>,
}

impl RsaPublic {
    /// Takes the modulus and the exponent, big-endian.
    pub(crate) fn new(n: Vec<u8>, e: Vec<u8>, algorithm: Algorithm) -> Result<Self, Error> {
        check_numbers(&n, &e)?;
        let parameters = verification(algorithm)?;
        let components = RsaPublicKeyComponents { n: n.as_slice(), e: e.as_slice() };
        let key = components.to_parsed_public_key(parameters).map_err(|_| NOT_RSA)?;
        Ok(Self { key, n, e })
    }

    /// Takes a `SubjectPublicKeyInfo` or a PKCS#1 `RSAPublicKey`.
    pub(crate) fn from_der(der: &[u8], algorithm: Algorithm) -> Result<Self, Error> {
        let key = RsaSubjectPublicKey::from_der(der).map_err(|_| NOT_RSA)?;
        Self::of(&key, algorithm)
    }

    pub(crate) fn from_jwk(jwk: &RawJwk<'_>, algorithm: Algorithm) -> Result<Self, Error> {
        let number = |member: Option<&str>| {
            member
                .and_then(|text| base64::decode(text.as_bytes()).ok())
                .ok_or(Error::KeyInvalid { reason: "the `n` or `e` of the jwk is malformed" })
        };
        Self::new(number(jwk.n.as_deref())?, number(jwk.e.as_deref())?, algorithm)
    }

    fn of(key: &RsaSubjectPublicKey, algorithm: Algorithm) -> Result<Self, Error> {
        let n = key.modulus().big_endian_without_leading_zero().to_vec();
        let e = key.exponent().big_endian_without_leading_zero().to_vec();
        Self::new(n, e, algorithm)
    }

    pub(crate) const fn parsed(&self) -> &ParsedPublicKey {
        &self.key
    }

    pub(crate) fn n(&self) -> &[u8] {
        &self.n
    }

    pub(crate) fn e(&self) -> &[u8] {
        &self.e
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == self.n.len() && self.key.verify_sig(message, signature).is_ok()
    }
}

/// A private key.
pub(crate) struct RsaPrivate {
    key: RsaKeyPair,
    encoding: &'static dyn RsaEncoding,
}

impl RsaPrivate {
    fn new(key: RsaKeyPair, algorithm: Algorithm) -> Result<(Self, RsaPublic), Error> {
        let public = RsaPublic::of(key.public_key(), algorithm)?;
        Ok((Self { key, encoding: signing(algorithm)? }, public))
    }

    pub(crate) fn generate(
        algorithm: Algorithm,
        size: RsaSize,
    ) -> Result<(Self, RsaPublic), Error> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        let key = RsaKeyPair::generate(size).map_err(|_| Error::Crypto)?;
        Self::new(key, algorithm)
    }

    /// Takes PKCS#8 or PKCS#1.
    pub(crate) fn from_der(der: &[u8], algorithm: Algorithm) -> Result<(Self, RsaPublic), Error> {
        let key = RsaKeyPair::from_pkcs8(der)
            .or_else(|_| RsaKeyPair::from_der(der))
            .map_err(|_| NOT_RSA)?;
        Self::new(key, algorithm)
    }

    pub(crate) fn from_jwk(
        jwk: &RawJwk<'_>,
        algorithm: Algorithm,
    ) -> Result<(Self, RsaPublic), Error> {
        let public = RsaPublic::from_jwk(jwk, algorithm)?;
        let components = KeyPairComponents {
            public_key: RsaPublicKeyComponents {
                n: Zeroizing::new(public.n.clone()),
                e: Zeroizing::new(public.e.clone()),
            },
            d: private_member(jwk.d.as_deref())?,
            p: private_member(jwk.p.as_deref())?,
            q: private_member(jwk.q.as_deref())?,
            dP: private_member(jwk.dp.as_deref())?,
            dQ: private_member(jwk.dq.as_deref())?,
            qInv: private_member(jwk.qi.as_deref())?,
        };
        let key = RsaKeyPair::from_components(&components).map_err(|_| NOT_RSA)?;
        Self::new(key, algorithm)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(self.encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::Crypto)?;
        Ok(signature)
    }

    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let der: Pkcs8V1Der<'_> = self.key.as_der().map_err(|_| Error::Crypto)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// The private members of the JWK, in the order `d p q dp dq qi`, big-endian.
    pub(crate) fn private_numbers(&self) -> Result<[Zeroizing<Vec<u8>>; 6], Error> {
        private_numbers(&self.to_pkcs8()?).ok_or(Error::Crypto)
    }
}

/// Reads `RSAPrivateKey` (RFC 8017 appendix A.1.2) out of PKCS#8 (RFC 5208 section 5).
fn private_numbers(pkcs8: &[u8]) -> Option<[Zeroizing<Vec<u8>>; 6]> {
    let (info, _) = der::expect(der::SEQUENCE, pkcs8)?;
    let (_version, rest) = der::expect(der::INTEGER, info)?;
    let (_algorithm, rest) = der::expect(der::SEQUENCE, rest)?;
    let (key, _) = der::expect(der::OCTET_STRING, rest)?;
    let (mut rest, _) = der::expect(der::SEQUENCE, key)?;
    let mut next = || {
        let (digits, after) = der::positive_integer(rest)?;
        rest = after;
        Some(Zeroizing::new(digits.to_vec()))
    };
    let (_version, _n, _e) = (next()?, next()?, next()?);
    Some([next()?, next()?, next()?, next()?, next()?, next()?])
}

/// The library checks the size only when it verifies, and other things not at all.
fn check_numbers(n: &[u8], e: &[u8]) -> Result<(), Error> {
    let first = n.first().copied().unwrap_or(0);
    if first == 0 || e.first().copied().unwrap_or(0) == 0 {
        return Err(Error::KeyInvalid { reason: "the rsa numbers are absent or begin with zero" });
    }
    let bits = n.len() * 8 - first.leading_zeros() as usize;
    if bits < 2048 {
        return Err(Error::KeyInvalid { reason: "the rsa key is below 2048 bits" });
    }
    if bits > 8192 {
        return Err(Error::KeyInvalid { reason: "the rsa key is above 8192 bits" });
    }
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    if !odd(n) {
        return Err(Error::KeyInvalid { reason: "the rsa modulus is even" });
    }
    if roca::is_of_faulty_generator(n) {
        return Err(Error::KeyInvalid {
            reason: "the rsa key is from a faulty generator and can be computed from its public \
                     half (CVE-2017-15361): make another one",
        });
    }
    // 33 bits are what the library computes with; nobody uses more than 17.
    if !odd(e) || e == [1] || e.len() > 4 {
        return Err(Error::KeyInvalid {
            reason: "the rsa exponent is not an odd number from 3 to 2^32",
        });
    }
    Ok(())
}

fn verification(algorithm: Algorithm) -> Result<&'static RsaParameters, Error> {
    Ok(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        _ => return Err(Error::KeyInvalid { reason: "an rsa key does not fit the algorithm" }),
    })
}

fn signing(algorithm: Algorithm) -> Result<&'static dyn RsaEncoding, Error> {
    Ok(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &RSA_PSS_SHA256,
        Algorithm::Ps384 => &RSA_PSS_SHA384,
        Algorithm::Ps512 => &RSA_PSS_SHA512,
        _ => return Err(Error::KeyInvalid { reason: "an rsa key does not fit the algorithm" }),
    })
}
