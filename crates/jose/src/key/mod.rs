//! Keys: each is parsed and checked once, when it is imported, and bound to one algorithm.

mod der;
mod ec;
mod ed25519;
mod ed25519_point;
mod hmac;
mod key_file;
mod pem;
mod roca;
mod rsa;
mod signing;
mod verifying;

use zeroize::Zeroizing;

pub use self::rsa::RsaSize;
pub use self::signing::SigningKey;
pub use self::verifying::VerifyingKey;

use crate::base64;
use crate::error::Error;

/// Decodes a member of a private JWK.
fn private_member(text: Option<&str>) -> Result<Zeroizing<Vec<u8>>, Error> {
    text.and_then(|text| base64::decode_secret(text.as_bytes()).ok())
        .ok_or(Error::KeyInvalid { reason: "a private member of the jwk is absent or malformed" })
}
