//! A table from hashed ids to what is held of them, read without a lock.
//!
//! A reader takes a snapshot of the table and goes along its lines from the one where the id is at
//! home. In one table a slot is filled once and emptied at most once, and the slots of a line are
//! filled in their order. So, whatever is written meanwhile:
//!
//! - A tag is stored after what belongs to it and loaded before it: who sees the one sees the other,
//!   and never another id's.
//! - Where the last slot of a line is free, nothing stands behind it that is at home in it or before.
//! - A look says what was true at some instant of it, and finds what was put in before.
//!
//! Writers take turns; where the table is too full or too empty they build another one beside it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
};

use arc_swap::{ArcSwap, Guard};

pub(crate) use self::hash::Key;
use self::line::{LANES, Line, tag};

mod hash;
mod line;
#[cfg(test)]
mod tests;

/// An id, as the table knows it: by two keyed hashes of 64 bits.
///
/// A look compares the tag and the check, 80 bits, with those of the 32 slots of a line. Among a
/// million entries it takes another id for one of them once in 2^75 looks.
pub(crate) struct Id<'a> {
    text: &'a str,
    key: &'a Key,
    first: u64,
}

impl<'a> Id<'a> {
    #[inline]
    pub(crate) fn new(text: &'a str, key: &'a Key) -> Self {
        Self { text, key, first: key.first(text) }
    }

    /// Where it is looked for first.
    #[inline]
    fn home(&self) -> u32 {
        let [.., a, b, c, d] = self.first.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    #[inline]
    fn tag(&self) -> u16 {
        let [a, b, ..] = self.first.to_le_bytes();
        tag::of(u16::from_le_bytes([a, b]))
    }

    /// What hardly any look needs.
    #[inline]
    fn check(&self) -> u64 {
        self.key.second(self.text)
    }
}

/// What is held of one id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// The first generation still accepted; 0 where the target is dead as a whole.
    pub(crate) below: u32,
    /// The minute after which no token can be concerned.
    pub(crate) bucket: u32,
}

/// The table, and its writers' lock.
pub(crate) struct Entries {
    table: ArcSwap<Table>,
    live: AtomicUsize,
    /// How many slots were ever filled.
    used: Mutex<usize>,
}

/// The tags stand apart, because nearly every look ends at them: a line of them is what memory gives
/// at once, and all of a million are few enough to be near. What a look that goes on compares stands
/// apart from what it does not need for the same reason. 22 bytes a slot.
struct Table {
    lines: Box<[Line]>,
    checks: Box<[AtomicU64]>,
    held: Box<[Held]>,
}

/// What else is held in one slot.
#[derive(Default)]
struct Held {
    /// For the table that comes after this one.
    home: AtomicU32,
    below: AtomicU32,
    bucket: AtomicU32,
}

/// A table has at least so many lines.
const FEWEST: usize = 2;

impl Entries {
    pub(crate) fn new() -> Self {
        let table = ArcSwap::from_pointee(Table::new(0));
        Self { table, live: AtomicUsize::new(0), used: Mutex::new(0) }
    }

    pub(crate) fn len(&self) -> usize {
        self.live.load(Ordering::Acquire)
    }

    /// The table as it is now. Takes no lock.
    #[inline]
    pub(crate) fn read(&self) -> Reading {
        Reading(self.table.load())
    }

    /// Puts an entry in, or joins it with the one that is there. `false` when there are `capacity`
    /// already.
    pub(crate) fn insert(&self, id: &Id<'_>, entry: Entry, capacity: usize) -> bool {
        let mut used = self.writer();
        let table = self.table.load();
        if let Some(held) = table.find(id) {
            held.below.fetch_max(entry.below, Ordering::AcqRel);
            held.bucket.fetch_max(entry.bucket, Ordering::AcqRel);
            return true;
        }
        if self.len() >= capacity {
            return false;
        }
        if *used * 4 >= table.held.len() * 3 {
            self.rebuild(&table, &mut used);
        }
        self.table.load().fill(id.home(), id.tag(), id.check(), entry);
        *used += 1;
        self.live.fetch_add(1, Ordering::AcqRel);
        true
    }

    pub(crate) fn remove(&self, id: &Id<'_>) {
        let _used = self.writer();
        self.empty(|table| table.place(id).into_iter().collect());
    }

    /// Throws away the entries whose bucket is not after `passed`.
    pub(crate) fn purge(&self, passed: u32) {
        let mut used = self.writer();
        self.empty(|table| table.passed(passed).collect());
        let table = self.table.load();
        if self.len() * 8 < table.held.len() * 3 && table.lines.len() > FEWEST {
            self.rebuild(&table, &mut used);
        }
    }

    fn empty(&self, places: impl FnOnce(&Table) -> Vec<usize>) {
        let table = self.table.load();
        let places = places(&table);
        for place in &places {
            table.set(*place, tag::REMOVED);
        }
        self.live.fetch_sub(places.len(), Ordering::AcqRel);
    }

    /// Takes a table that is half full of what is live.
    fn rebuild(&self, old: &Table, used: &mut usize) {
        *used = self.len();
        let table = Table::new((*used * 2).div_ceil(LANES).max(FEWEST));
        for place in old.live() {
            if let (Some(held), Some(check)) = (old.held.get(place), old.checks.get(place)) {
                let check = check.load(Ordering::Acquire);
                table.fill(held.home.load(Ordering::Acquire), old.tag(place), check, held.entry());
            }
        }
        self.table.store(Arc::new(table));
    }

    fn writer(&self) -> MutexGuard<'_, usize> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A snapshot of the table.
pub(crate) struct Reading(Guard<Arc<Table>>);

impl Reading {
    #[inline]
    pub(crate) fn holds(&self, id: &Id<'_>) -> bool {
        self.0.place(id).is_some()
    }

    /// The first generation of it that is still accepted.
    #[inline]
    pub(crate) fn below(&self, id: &Id<'_>) -> Option<u32> {
        self.0.find(id).map(|held| held.below.load(Ordering::Acquire))
    }
}

impl Held {
    fn entry(&self) -> Entry {
        let [below, bucket] = [&self.below, &self.bucket].map(|part| part.load(Ordering::Acquire));
        Entry { below, bucket }
    }
}

impl Table {
    fn new(lines: usize) -> Self {
        fn some<T: Default>(count: usize) -> Box<[T]> {
            std::iter::repeat_with(T::default).take(count).collect()
        }
        Self { lines: some(lines), checks: some(lines * LANES), held: some(lines * LANES) }
    }

    #[inline]
    fn find(&self, id: &Id<'_>) -> Option<&Held> {
        self.held.get(self.place(id)?)
    }

    /// Nearly every look ends at the first line, at its tags.
    #[inline]
    fn place(&self, id: &Id<'_>) -> Option<usize> {
        let number = self.home(id.home());
        let seen = self.lines.get(number)?.look(id.tag());
        if !seen.has_tag && seen.has_room { None } else { self.place_from(number, id) }
    }

    /// Not inlined: every look would begin with the check, which hardly any needs.
    #[inline(never)]
    fn place_from(&self, mut number: usize, id: &Id<'_>) -> Option<usize> {
        let (tag, check) = (id.tag(), id.check());
        let is_it = |place: &usize| {
            self.checks.get(*place).is_some_and(|there| there.load(Ordering::Acquire) == check)
        };
        loop {
            let line = self.lines.get(number)?;
            // Tags first: what comes in between them and the room was not there when the look began.
            let place = line.lanes(tag).map(|lane| number * LANES + lane).find(is_it);
            if place.is_some() || line.has_room() {
                return place;
            }
            number = self.after(number);
        }
    }

    /// Fills the next free slot. Its tag comes last: who sees that sees the others.
    fn fill(&self, home: u32, tag: u16, check: u64, entry: Entry) {
        let mut number = self.home(home);
        loop {
            let free = self.lines.get(number).and_then(Line::free);
            let place = free.map(|lane| number * LANES + lane);
            if let Some(place) = place
                && let (Some(held), Some(there)) = (self.held.get(place), self.checks.get(place))
            {
                there.store(check, Ordering::Release);
                held.home.store(home, Ordering::Release);
                held.below.store(entry.below, Ordering::Release);
                held.bucket.store(entry.bucket, Ordering::Release);
                return self.set(place, tag);
            }
            number = self.after(number);
        }
    }

    /// The line in which is looked first: as far along the table as among all numbers.
    #[inline]
    fn home(&self, home: u32) -> usize {
        let scaled = (u64::from(home) * self.lines.len() as u64) >> 32;
        usize::try_from(scaled).unwrap_or(0)
    }

    #[inline]
    fn after(&self, number: usize) -> usize {
        if number + 1 < self.lines.len() { number + 1 } else { 0 }
    }

    fn tag(&self, place: usize) -> u16 {
        self.lines.get(place / LANES).map_or(tag::FREE, |line| line.tag(place % LANES))
    }

    fn set(&self, place: usize, tag: u16) {
        if let Some(line) = self.lines.get(place / LANES) {
            line.set(place % LANES, tag);
        }
    }

    fn live(&self) -> impl Iterator<Item = usize> {
        (0..self.held.len()).filter(|place| self.tag(*place) > tag::REMOVED)
    }

    fn passed(&self, passed: u32) -> impl Iterator<Item = usize> {
        self.live().filter(move |place| {
            self.held.get(*place).is_some_and(|held| held.entry().bucket <= passed)
        })
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entries").field("len", &self.len()).finish_non_exhaustive()
    }
}
