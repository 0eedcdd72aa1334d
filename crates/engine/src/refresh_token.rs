//! The refresh token's form.
//!
//! `cs_rt_`, then 72 characters of base64url (78 in all): version (1), master key id (1), session id
//! (16), counter (4, big-endian), and HMAC-SHA-256 (32) over the 22 bytes before it. Nothing secret
//! is stored, and the token of a session's counter is always the same one under one master key.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{ids::SessionId, master::MasterKeys};

/// What every refresh token begins with, so that secret scanners know one.
pub const PREFIX: &str = "cs_rt_";

const VERSION: u8 = 1;
const BODY: usize = 22;
const MAC: usize = 32;
const ENCODED: usize = 72;

/// What a refresh token says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RefreshToken {
    /// The master key that its MAC key is derived from.
    pub key_id: u8,
    /// The session.
    pub session_id: SessionId,
    /// The session's counter at its issue.
    pub counter: u32,
}

impl RefreshToken {
    /// The token as text. `epoch` is the database's, `salt` the session's. `None` when the master
    /// key is not there.
    pub fn mint(
        self,
        keys: &MasterKeys,
        epoch: &[u8; 16],
        salt: &[u8; 16],
    ) -> Option<SecretString> {
        let key = keys.refresh_mac_key(self.key_id, epoch, salt, self.session_id)?;
        let body = self.body();
        let mac = hmac::sign(&key, &body);
        let bytes = Zeroizing::new([body.as_slice(), mac.as_ref()].concat());
        let mut text = String::with_capacity(PREFIX.len() + ENCODED);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        Some(text.into())
    }

    fn body(&self) -> [u8; BODY] {
        let session = self.session_id.as_bytes();
        let mut body = [0; BODY];
        let parts = [VERSION, self.key_id].into_iter().chain(*session);
        for (byte, value) in body.iter_mut().zip(parts.chain(self.counter.to_be_bytes())) {
            *byte = value;
        }
        body
    }
}

/// A token that has the form of one; its MAC was not looked at yet.
#[derive(Clone)]
pub struct Presented {
    token: RefreshToken,
    mac: Zeroizing<[u8; MAC]>,
}

impl Presented {
    /// Reads the form. Other alphabets, padding, non-zero trailing bits and other versions are
    /// refused: a token has one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX).filter(|encoded| encoded.len() == ENCODED)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).ok()?);
        let ([version, key_id], rest) = bytes.split_first_chunk()?;
        let (session, rest) = rest.split_first_chunk::<16>()?;
        let (counter, mac) = rest.split_first_chunk::<4>()?;
        let token = RefreshToken {
            key_id: *key_id,
            session_id: SessionId::from_bytes(*session),
            counter: u32::from_be_bytes(*counter),
        };
        let mac = Zeroizing::new(<[u8; MAC]>::try_from(mac).ok()?);
        (*version == VERSION).then_some(Self { token, mac })
    }

    /// The session that it names; no secret, and no proof of anything.
    pub fn session_id(&self) -> SessionId {
        self.token.session_id
    }

    /// What it says, if its MAC is right. Takes the same time wherever a MAC is wrong.
    pub fn verify(
        &self,
        keys: &MasterKeys,
        epoch: &[u8; 16],
        salt: &[u8; 16],
    ) -> Option<RefreshToken> {
        let RefreshToken { key_id, session_id, .. } = self.token;
        let key = keys.refresh_mac_key(key_id, epoch, salt, session_id)?;
        hmac::verify(&key, &self.token.body(), self.mac.as_slice()).ok()?;
        Some(self.token)
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Presented").field("token", &self.token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    const EPOCH: [u8; 16] = [7; 16];
    const SALT: [u8; 16] = [9; 16];

    fn keys() -> MasterKeys {
        MasterKeys::parse(
            "3:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8,4:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8",
        )
        .unwrap()
    }

    fn token() -> RefreshToken {
        RefreshToken { key_id: 3, session_id: SessionId::from_bytes([0xA5; 16]), counter: 258 }
    }

    fn text(token: RefreshToken) -> String {
        token.mint(&keys(), &EPOCH, &SALT).unwrap().expose_secret().to_owned()
    }

    fn accepted(text: &str) -> Option<RefreshToken> {
        Presented::parse(text)?.verify(&keys(), &EPOCH, &SALT)
    }

    #[test]
    fn the_form_is_the_documented_one() {
        let text = text(token());
        assert_eq!(text.len(), 78);
        assert_eq!(&text[..35], "cs_rt_AQOlpaWlpaWlpaWlpaWlpaWlAAABA");
        assert_eq!(accepted(&text), Some(token()));
    }

    /// The MAC computed from the definition alone, by another implementation of HKDF and HMAC.
    #[test]
    fn the_mac_is_the_documented_one() {
        assert_eq!(
            text(token()),
            "cs_rt_AQOlpaWlpaWlpaWlpaWlpaWlAAABAn336kOJaesFe2L8PG_Wkh7NFg2VQsek2vpdAvSUBX8x"
        );
    }

    #[test]
    fn another_epoch_salt_or_master_key_refuses() {
        let text = text(token());
        let presented = Presented::parse(&text).unwrap();
        assert!(presented.verify(&keys(), &[8; 16], &SALT).is_none());
        assert!(presented.verify(&keys(), &EPOCH, &[8; 16]).is_none());
        let other = MasterKeys::parse("3:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8").unwrap();
        assert!(presented.verify(&other, &EPOCH, &SALT).is_none());
        assert!(RefreshToken { key_id: 5, ..token() }.mint(&keys(), &EPOCH, &SALT).is_none());
    }

    #[test]
    fn another_spelling_is_refused() {
        let text = text(token());
        for bad in [
            String::new(),
            PREFIX.to_owned(),
            format!("{text}="),
            format!(" {text}"),
            format!("{text}\n"),
            text.replacen("cs_rt_", "CS_RT_", 1),
            text.replacen("cs_rt_AQ", "cs_rt_Ag", 1),
            text[..77].to_owned(),
            format!("{text}A"),
            format!("{}+{}", &text[..40], &text[41..]),
        ] {
            assert!(Presented::parse(&bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn debug_shows_no_mac() {
        let text = format!("{:?}", Presented::parse(&text(token())).unwrap());
        assert!(!text.contains("mac"), "{text}");
    }

    proptest! {
        #[test]
        fn what_is_minted_verifies(key_id in 3_u8..5, id in any::<[u8; 16]>(), counter in any::<u32>()) {
            let token = RefreshToken { key_id, session_id: SessionId::from_bytes(id), counter };
            prop_assert_eq!(accepted(&text(token)), Some(token));
        }

        #[test]
        fn one_changed_character_never_verifies(
            counter in any::<u32>(),
            position in 0_usize..78,
            with in "[ -~]|\\PC",
        ) {
            let genuine = text(RefreshToken { counter, ..token() });
            let mut changed = genuine.clone();
            changed.replace_range(position..=position, &with);
            prop_assume!(changed != genuine);
            prop_assert_eq!(accepted(&changed), None);
        }
    }
}
