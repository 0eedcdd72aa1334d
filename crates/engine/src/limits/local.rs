//! Limits in this process's memory, on the monotonic clock.
//!
//! Memory is bounded: a budget costs one map entry, there are at most `capacity` of them, and only
//! budgets that are full again are thrown away. When a part of the map is full of budgets in use,
//! newcomers there share one budget a rule; so nobody gets a fresh budget by flooding the map.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Rate, Rates, gcra::Ticks};

const SHARDS: usize = 64;
const MICROS: u32 = 1_000_000;
/// A full shard is searched for budgets to throw away at most so often.
const SWEEP_MICROS: i64 = 100_000;
/// Newcomers' shared budgets in one shard; rules beyond share the last one.
const OVERFLOW_RULES: usize = 64;

/// What a limit answers: the tightest of its rates, for the `RateLimit` headers too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LocalOutcome {
    /// Whether there was one left of each rate.
    pub allowed: bool,
    /// The rate.
    pub rate: Rate,
    /// How many are left of it.
    pub remaining: u32,
    /// After how long all of it is there again.
    pub reset: Duration,
    /// After how long to try again; zero when it was allowed.
    pub retry_after: Duration,
}

impl LocalOutcome {
    const UNLIMITED: Self = Self {
        allowed: true,
        rate: Rate::MOST,
        remaining: u32::MAX,
        reset: Duration::ZERO,
        retry_after: Duration::ZERO,
    };

    fn of(rate: Rate, full_at: Option<i64>, wait: i64, now: i64) -> Self {
        let left = Ticks::of(rate, MICROS).left(full_at, now);
        Self {
            allowed: wait <= 0,
            rate,
            remaining: if wait > 0 { 0 } else { left },
            reset: duration(full_at.unwrap_or(now).saturating_sub(now)),
            retry_after: duration(wait),
        }
    }

    /// The one to tell the client: the longest wait, else the fewest left.
    fn tighter(self, other: Self) -> Self {
        let first = (other.retry_after, self.remaining) <= (self.retry_after, other.remaining);
        if self.allowed == other.allowed {
            if first { self } else { other }
        } else if self.allowed {
            other
        } else {
            self
        }
    }
}

/// Limits in memory. Keys are hashed with keys of this process, so nobody can aim at a shard.
#[derive(Debug)]
pub struct LocalLimiter {
    shards: Box<[Mutex<Shard>; SHARDS]>,
    shard_capacity: usize,
    hashers: [RandomState; 2],
}

impl LocalLimiter {
    /// As many budgets as fit about 16 MiB.
    pub const DEFAULT_CAPACITY: usize = 262_144;

    /// A limiter that keeps at most `capacity` budgets (rounded up to a multiple of 64), 64 bytes
    /// each at the worst.
    pub fn new(capacity: usize) -> Self {
        Self {
            shards: Box::new(std::array::from_fn(|_| Mutex::default())),
            shard_capacity: capacity.div_ceil(SHARDS).max(1),
            hashers: [RandomState::new(), RandomState::new()],
        }
    }

    /// Takes one from each of the key's budgets, or nothing from any. `name` says which rule it is:
    /// the same key has another budget under another name.
    pub fn check(
        &self,
        name: &'static str,
        key: &str,
        rates: &Rates,
        now: Duration,
    ) -> LocalOutcome {
        let now = micros(now);
        let bucket = self.hash((name, key));
        let mut shard = self.shard(bucket);
        let room = shard.make_room(rates, self.shard_capacity, now);
        let weigh = |rate| {
            let full_at = shard.full_at(&self.place(name, bucket, rate), room);
            match Ticks::of(rate, MICROS).take(full_at, now) {
                Ok(next) => LocalOutcome::of(rate, Some(next), 0, now),
                Err(wait) => LocalOutcome::of(rate, full_at, wait, now),
            }
        };
        let outcome = tightest(rates.iter().map(weigh));
        if outcome.allowed {
            for rate in rates.iter() {
                let place = self.place(name, bucket, rate);
                let full_at = shard.full_at(&place, room);
                if let Ok(next) = Ticks::of(rate, MICROS).take(full_at, now) {
                    shard.write(&place, room, next, now);
                }
            }
        }
        outcome
    }

    /// What [`check`](Self::check) would allow; takes nothing. For limits that count failures only.
    pub fn peek(
        &self,
        name: &'static str,
        key: &str,
        rates: &Rates,
        now: Duration,
    ) -> LocalOutcome {
        let now = micros(now);
        let bucket = self.hash((name, key));
        let mut shard = self.shard(bucket);
        let room = shard.make_room(rates, self.shard_capacity, now);
        tightest(rates.iter().map(|rate| {
            let full_at = shard.full_at(&self.place(name, bucket, rate), room);
            let wait = Ticks::of(rate, MICROS).take(full_at, now).err().unwrap_or(0);
            LocalOutcome::of(rate, full_at, wait, now)
        }))
    }

    /// Gives one back to each of the key's budgets.
    pub fn refund(&self, name: &'static str, key: &str, rates: &Rates, now: Duration) {
        let now = micros(now);
        let bucket = self.hash((name, key));
        let mut shard = self.shard(bucket);
        let room = shard.make_room(rates, self.shard_capacity, now);
        for rate in rates.iter() {
            let place = self.place(name, bucket, rate);
            if let Some(full_at) = shard.full_at(&place, room) {
                shard.write(&place, room, Ticks::of(rate, MICROS).refund(full_at), now);
            }
        }
    }

    /// How many budgets are kept.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).budgets.len()).sum()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hash(&self, value: impl Hash) -> u128 {
        let [high, low] = self.hashers.each_ref().map(|hasher| u128::from(hasher.hash_one(&value)));
        (high << 64) | low
    }

    fn place(&self, name: &'static str, bucket: u128, rate: Rate) -> Place {
        Place { own: self.hash((bucket, rate)), shared: self.hash((name, rate)) }
    }

    /// All budgets of one key are in one shard, so that one lock takes from each or from none.
    fn shard(&self, bucket: u128) -> MutexGuard<'_, Shard> {
        let index = usize::try_from(bucket % SHARDS as u128).unwrap_or(0);
        let [first, ..] = &*self.shards;
        lock(self.shards.get(index).unwrap_or(first))
    }
}

/// Where a budget is: its own entry, or its rule's shared one.
struct Place {
    own: u128,
    shared: u128,
}

/// When budgets will be full again, in microseconds of the monotonic clock.
#[derive(Debug, Default)]
struct Shard {
    budgets: HashMap<u128, i64>,
    overflow: HashMap<u128, i64>,
    sweep_at: i64,
}

impl Shard {
    /// Whether a newcomer gets entries of its own.
    fn make_room(&mut self, rates: &Rates, capacity: usize, now: i64) -> bool {
        let wanted = rates.iter().count();
        if self.budgets.len().saturating_add(wanted) > capacity && now >= self.sweep_at {
            self.budgets.retain(|_, full_at| *full_at > now);
            self.overflow.retain(|_, full_at| *full_at > now);
            self.sweep_at = now.saturating_add(SWEEP_MICROS);
        }
        self.budgets.len().saturating_add(wanted) <= capacity
    }

    fn full_at(&self, place: &Place, room: bool) -> Option<i64> {
        let own = self.budgets.get(&place.own).copied();
        if own.is_some() || room { own } else { self.overflow.get(&self.shared(place)).copied() }
    }

    fn write(&mut self, place: &Place, room: bool, full_at: i64, now: i64) {
        let (map, key) = if room || self.budgets.contains_key(&place.own) {
            (&mut self.budgets, place.own)
        } else {
            let key = self.shared(place);
            (&mut self.overflow, key)
        };
        if full_at > now {
            map.insert(key, full_at);
        } else {
            map.remove(&key);
        }
    }

    fn shared(&self, place: &Place) -> u128 {
        let fits =
            self.overflow.len() < OVERFLOW_RULES || self.overflow.contains_key(&place.shared);
        if fits { place.shared } else { 0 }
    }
}

/// A thread that panicked between two plain writes leaves nothing half-made behind.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tightest(outcomes: impl Iterator<Item = LocalOutcome>) -> LocalOutcome {
    outcomes.reduce(LocalOutcome::tighter).unwrap_or(LocalOutcome::UNLIMITED)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn rates(text: &str) -> Rates {
        text.parse().unwrap()
    }

    fn after(seconds: u64) -> Duration {
        NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn a_burst_then_a_wait_and_other_keys_are_free() {
        let limiter = LocalLimiter::new(1_000);
        let rates = rates("5/minute");
        for left in (0..5).rev() {
            let outcome = limiter.check("login", "a", &rates, NOW);
            assert!(outcome.allowed);
            assert_eq!((outcome.rate.count(), outcome.remaining), (5, left));
        }
        let refused = limiter.check("login", "a", &rates, NOW);
        assert!(!refused.allowed);
        assert_eq!(refused.remaining, 0);
        assert_eq!(refused.retry_after, Duration::from_secs(12));
        assert_eq!(refused.reset, Duration::from_secs(60));
        assert!(limiter.check("login", "b", &rates, NOW).allowed);
        assert!(limiter.check("refresh", "a", &rates, NOW).allowed);
        assert!(limiter.check("login", "a", &rates, after(12)).allowed);
    }

    #[test]
    fn one_from_each_or_nothing() {
        let limiter = LocalLimiter::new(1_000);
        let both = rates("100/day; 1/minute");
        assert!(limiter.check("login", "a", &both, NOW).allowed);
        for _ in 0..50 {
            let refused = limiter.check("login", "a", &both, NOW);
            assert!(!refused.allowed);
            assert_eq!((refused.rate.count(), refused.retry_after.as_secs()), (1, 60));
        }
        assert_eq!(limiter.peek("login", "a", &rates("100/day"), NOW).remaining, 99);
    }

    #[test]
    fn peeking_takes_nothing_and_a_refund_gives_back() {
        let limiter = LocalLimiter::new(1_000);
        let rates = rates("2/minute");
        for _ in 0..10 {
            assert_eq!(limiter.peek("refresh", "a", &rates, NOW).remaining, 2);
        }
        assert!(limiter.is_empty());
        limiter.check("refresh", "a", &rates, NOW);
        limiter.check("refresh", "a", &rates, NOW);
        assert!(!limiter.peek("refresh", "a", &rates, NOW).allowed);
        limiter.refund("refresh", "a", &rates, NOW);
        assert_eq!(limiter.peek("refresh", "a", &rates, NOW).remaining, 1);
        limiter.refund("refresh", "a", &rates, NOW);
        assert!(limiter.is_empty());
        limiter.refund("refresh", "a", &rates, NOW);
        assert_eq!(limiter.peek("refresh", "a", &rates, NOW).remaining, 2);
    }

    #[test]
    fn a_flood_neither_grows_the_map_nor_unlocks_anyone() {
        let limiter = LocalLimiter::new(640);
        let rates = rates("1/hour");
        assert!(limiter.check("login", "victim", &rates, NOW).allowed);
        let allowed = (0..20_000_u32)
            .filter(|key| limiter.check("login", &key.to_string(), &rates, NOW).allowed)
            .count();
        assert!(limiter.len() <= 640);
        assert!(allowed <= 640 + SHARDS, "{allowed}");
        assert!(!limiter.check("login", "victim", &rates, NOW).allowed);
        assert!(limiter.check("login", "later", &rates, after(3_600)).allowed);
    }

    #[test]
    fn no_rates_are_no_limit() {
        let limiter = LocalLimiter::new(1);
        assert!(limiter.check("x", "", &Rates::default(), NOW).allowed);
        assert!(limiter.is_empty());
    }
}
