//! Argon2 (RFC 9106): the hash that is written, as PHC strings.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use zeroize::Zeroize;

use crate::users::PasswordHash;

const SALT: usize = 16;
const TAG: usize = 32;

/// What a stored hash may cost at most, so that an imported one cannot stop the service.
const MOST_MEMORY_KIB: u32 = 256 * 1_024;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 16;

/// The cost of a password hash. The default is OWASP's: 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Argon2Parameters {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Parameters that Argon2 does not allow, or that cost too much.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "argon2 takes 8 KiB a lane to {MOST_MEMORY_KIB} KiB of memory, 1 to {MOST_PASSES} passes, 1 to \
     {MOST_LANES} lanes"
)]
pub struct InvalidArgon2Parameters;

impl Argon2Parameters {
    /// This cost.
    ///
    /// # Errors
    /// [`InvalidArgon2Parameters`] says what is allowed.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, InvalidArgon2Parameters> {
        let allowed = memory_kib <= MOST_MEMORY_KIB
            && (1..=MOST_PASSES).contains(&passes)
            && (1..=MOST_LANES).contains(&lanes)
            && memory_kib >= lanes.saturating_mul(8);
        if allowed { Ok(Self { memory_kib, passes, lanes }) } else { Err(InvalidArgon2Parameters) }
    }

    /// The memory in KiB.
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// The passes over it.
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// The lanes.
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    /// Whether it is below every row of OWASP's table (the cheapest are 7 MiB in five passes and
    /// 46 MiB in one).
    pub fn is_weak(self) -> bool {
        self.memory_kib < 7_168 || self.memory_kib.saturating_mul(self.passes) < 5 * 7_168
    }

    /// How every hash of this cost begins.
    pub(crate) fn own_prefix(self) -> String {
        let Self { memory_kib, passes, lanes } = self;
        format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}$")
    }

    fn params(self, tag: usize) -> Option<Params> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(tag)).ok()
    }
}

impl Default for Argon2Parameters {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

/// Memory for hashes of one size, used again: otherwise the system zeroes 19 MiB for each log-in.
///
/// What a hash leaves in it lets a guess be tried at the price of BLAKE2b: the passes can be undone, from
/// the last block back to the first. Wiping it each time would cost a seventh of the hash, and the next
/// hash writes over all of it. So it is wiped when it leaves the pool, a minute or two after the last.
pub(super) struct Memory {
    blocks: usize,
    keep: usize,
    free: Mutex<Vec<Piece>>,
}

/// Wiped before it goes back to the system.
struct Piece(Vec<Block>);

impl Drop for Piece {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl Memory {
    /// Memory for `parameters`; at most `keep` pieces are kept.
    pub(super) fn new(parameters: Argon2Parameters, keep: usize) -> Self {
        let blocks = parameters.params(TAG).map_or(0, |params| params.block_count());
        Self { blocks, keep, free: Mutex::default() }
    }

    fn lend<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> Option<T>) -> Option<T> {
        if blocks != self.blocks {
            return work(&mut allocate(blocks)?.0);
        }
        let free = self.free().pop();
        let mut piece = free.map_or_else(|| allocate(blocks), Some)?;
        let answer = work(&mut piece.0);
        let mut free = self.free();
        if free.len() < self.keep {
            free.push(piece);
        }
        answer
    }

    /// Wipes what no hash is using and gives it back to the system.
    pub(super) fn release(&self) {
        let unused = std::mem::take(&mut *self.free());
        drop(unused);
    }

    /// How many pieces wait for the next hash.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.free().len()
    }

    fn free(&self) -> MutexGuard<'_, Vec<Piece>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the blocks: they are derived from passwords.
impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Memory").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}

/// No memory is a refusal, not the end of the process.
fn allocate(blocks: usize) -> Option<Piece> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(blocks).ok()?;
    memory.resize(blocks, Block::new());
    Some(Piece(memory))
}

/// Hashes `password`.
pub(super) fn hash(
    parameters: Argon2Parameters,
    salt: &[u8; SALT],
    password: &[u8],
    memory: &Memory,
) -> Option<PasswordHash> {
    let tag = derive(Algorithm::Argon2id, parameters, salt, password, TAG, memory)?;
    Some(write(parameters, salt, &tag))
}

/// A hash that no password matches (its tag is random) and whose verification costs what that of a
/// real one does.
pub(super) fn unmatchable(parameters: Argon2Parameters, random: &[u8; SALT + TAG]) -> PasswordHash {
    let (salt, tag) = random.split_at(SALT);
    write(parameters, salt, tag)
}

fn write(parameters: Argon2Parameters, salt: &[u8], tag: &[u8]) -> PasswordHash {
    let (salt, tag) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(tag));
    PasswordHash::new(format!("{}{salt}${tag}", parameters.own_prefix()))
}

fn derive(
    algorithm: Algorithm,
    parameters: Argon2Parameters,
    salt: &[u8],
    password: &[u8],
    length: usize,
    memory: &Memory,
) -> Option<Vec<u8>> {
    let params = parameters.params(length)?;
    memory.lend(params.block_count(), |blocks| {
        let mut tag = vec![0; length];
        Argon2::new(algorithm, Version::V0x13, params)
            .hash_password_into_with_memory(password, salt, &mut tag, blocks)
            .ok()?;
        Some(tag)
    })
}

/// A stored Argon2 hash.
pub(super) struct Stored {
    algorithm: Algorithm,
    parameters: Argon2Parameters,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Stored {
    /// Reads a PHC string; also with Django's `argon2` before it, and Argon2i, as Django wrote until
    /// version 3.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("argon2").unwrap_or(text).strip_prefix('$')?;
        let mut fields = text.split('$');
        let algorithm = match fields.next()? {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            _ => return None,
        };
        fields.next().filter(|version| *version == "v=19")?;
        let parameters = read_parameters(fields.next()?)?;
        let salt = STANDARD_NO_PAD.decode(fields.next()?).ok()?;
        let tag = STANDARD_NO_PAD.decode(fields.next()?).ok()?;
        // RFC 9106 3.1; a tag of fewer than 16 bytes is no password hash.
        let sound = (8..=64).contains(&salt.len()) && (16..=64).contains(&tag.len());
        (sound && fields.next().is_none()).then_some(Self { algorithm, parameters, salt, tag })
    }

    pub(super) fn verify(&self, password: &[u8], memory: &Memory) -> bool {
        derive(self.algorithm, self.parameters, &self.salt, password, self.tag.len(), memory)
            .is_some_and(|tag| verify_slices_are_equal(&tag, &self.tag).is_ok())
    }

    pub(super) fn needs_upgrade(&self, parameters: Argon2Parameters) -> bool {
        self.algorithm != Algorithm::Argon2id
            || self.parameters != parameters
            || self.salt.len() < SALT
            || self.tag.len() < TAG
    }
}

fn read_parameters(text: &str) -> Option<Argon2Parameters> {
    let mut fields = text.split(',');
    let mut field = |name: &str| fields.next()?.strip_prefix(name)?.parse().ok();
    let (memory_kib, passes, lanes) = (field("m=")?, field("t=")?, field("p=")?);
    let parameters = Argon2Parameters::new(memory_kib, passes, lanes).ok()?;
    fields.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Argon2Parameters = Argon2Parameters { memory_kib: 64, passes: 2, lanes: 2 };

    fn stored(hash: &PasswordHash) -> Stored {
        Stored::parse(hash.expose()).unwrap()
    }

    #[test]
    fn a_hash_verifies_in_used_memory_too() {
        let memory = Memory::new(CHEAP, 1);
        let hash = hash(CHEAP, &[7; SALT], b"correct", &memory).unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=64,t=2,p=2$BwcHBwcHBwcHBwcHBwcHBw$"));
        let stored = stored(&hash);
        for _ in 0..3 {
            assert!(stored.verify(b"correct", &memory));
            assert!(!stored.verify(b"wrong", &memory));
        }
        assert_eq!(memory.kept(), 1);
        memory.release();
        assert_eq!(memory.kept(), 0);
        assert!(stored.verify(b"correct", &memory));
        assert!(stored.verify(b"correct", &Memory::new(Argon2Parameters::default(), 1)));
    }

    /// Written by argon2-cffi 25.1 through passlib 1.7.4 and Django 5.2.
    #[test]
    fn hashes_of_other_systems_verify_and_are_upgraded() {
        let memory = Memory::new(CHEAP, 1);
        for text in [
            "$argon2id$v=19$m=64,t=2,p=1$XqtVCoGw9r4XQkhpDaH0ng$ZWASzNciER6ryVTRLei8+MDRWa+P6L6dwBaVc2ZPgn4",
            "$argon2i$v=19$m=64,t=2,p=1$wxhjTKk1pjQGwJgTgvCe8w$2zFPfaKlH1EagQfqkKg11lkJhsOMxh4Wl0HaLmCC7Bc",
            "argon2$argon2id$v=19$m=64,t=2,p=2$d1FuVzZzUU0zTW10UUtpUUFiNjBXdA$Xis6otS3vbjxwTfOB5chsXU2qbchdmvf4YAlABkzRbA",
        ] {
            let stored = Stored::parse(text).unwrap();
            assert!(stored.verify("pa$$wörd ☃ 9".as_bytes(), &memory), "{text}");
            assert!(!stored.verify(b"another", &memory), "{text}");
            assert!(stored.needs_upgrade(Argon2Parameters::default()));
        }
    }

    #[test]
    fn only_another_cost_needs_an_upgrade() {
        let hash = unmatchable(CHEAP, &[1; SALT + TAG]);
        assert!(!stored(&hash).needs_upgrade(CHEAP));
        assert!(stored(&hash).needs_upgrade(Argon2Parameters::default()));
    }

    #[test]
    fn costs_and_forms_out_of_bounds_are_refused() {
        let rest = "$BwcHBwcHBwcHBwcHBwcHBw$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
        assert!(Stored::parse(&format!("$argon2id$v=19$m=64,t=1,p=1{rest}")).is_some());
        for head in [
            "$argon2id$v=19$m=262145,t=1,p=1",
            "$argon2id$v=19$m=64,t=17,p=1",
            "$argon2id$v=19$m=64,t=0,p=1",
            "$argon2id$v=19$m=1024,t=1,p=17",
            "$argon2id$v=19$m=7,t=1,p=1",
            "$argon2id$v=19$m=64,t=1",
            "$argon2id$v=19$m=64,t=1,p=1,x=1",
            "$argon2id$v=16$m=64,t=1,p=1",
            "$argon2id$m=64,t=1,p=1",
            "$argon2d$v=19$m=64,t=1,p=1",
        ] {
            assert!(Stored::parse(&format!("{head}{rest}")).is_none(), "{head}");
        }
        assert!(Stored::parse("$argon2id$v=19$m=64,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$").is_none());
        assert!(Argon2Parameters::new(15, 1, 2).is_err());
        assert!(Argon2Parameters::new(16, 1, 2).unwrap().is_weak());
        assert!(!Argon2Parameters::default().is_weak());
    }
}
