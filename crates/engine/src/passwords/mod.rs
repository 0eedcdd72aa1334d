//! Passwords: which may be set, how they are hashed, which older hashes are still understood.
//!
//! New hashes are Argon2id. What other systems stored is verified, never written; a log-in replaces
//! it.

mod argon;
mod hasher;
mod legacy;
mod policy;

use crate::users::PasswordHash;

pub use self::{
    argon::{Argon2Parameters, InvalidArgon2Parameters},
    hasher::{Busy, NoPermits, PasswordHasher, VerifyOutcome},
    policy::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARACTERS, WeakPassword, check_password_policy},
};

/// A longer stored hash is none of those that are understood.
const LONGEST_HASH: usize = 1_024;

/// Whether a stored hash is one that can be verified at a cost that is within bounds: for imports.
pub fn understands(hash: &PasswordHash) -> bool {
    Stored::parse(hash).is_some()
}

/// A stored hash, taken apart. Its costs are within bounds.
enum Stored {
    Argon(argon::Stored),
    Legacy(legacy::Legacy),
}

impl Stored {
    fn parse(hash: &PasswordHash) -> Option<Self> {
        let text = hash.expose();
        // Byte positions are characters from here on.
        if !text.is_ascii() || text.len() > LONGEST_HASH {
            return None;
        }
        argon::Stored::parse(text)
            .map(Self::Argon)
            .or_else(|| legacy::Legacy::parse(text).map(Self::Legacy))
    }

    fn verify(&self, password: &[u8], memory: &argon::Memory) -> bool {
        match self {
            Self::Argon(stored) => stored.verify(password, memory),
            Self::Legacy(legacy) => legacy.verify(password),
        }
    }

    /// Whether a hash of `password` with `parameters` should take its place.
    fn needs_upgrade(&self, password: &[u8], parameters: Argon2Parameters) -> bool {
        match self {
            Self::Argon(stored) => stored.needs_upgrade(parameters),
            Self::Legacy(legacy) => legacy.proves_all_of(password),
        }
    }
}
