//! A table from hashed ids to what is held of them, read without a lock.
//!
//! Readers see a snapshot of the table and go along its slots; a slot is filled once and emptied at
//! most once, so whatever they see was true at some instant of their look. Writers take turns; where
//! the table is too full or too empty they build another one beside it.

use std::{
    fmt,
    hash::{BuildHasher, DefaultHasher, Hasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use arc_swap::{ArcSwap, Guard};

use self::line::{LANES, Line, tag};

mod line;

/// An id's keyed hash of 128 bits. Nobody outside can make two ids meet.
pub(crate) struct Id {
    name: u64,
    hasher: DefaultHasher,
}

impl Id {
    pub(crate) fn new(id: &str, keys: &RandomState) -> Self {
        let mut hasher = keys.build_hasher();
        hasher.write(id.as_bytes());
        Self { name: hasher.finish(), hasher }
    }

    /// The other half, which hardly any look needs.
    fn rest(&self) -> u64 {
        let mut hasher = self.hasher.clone();
        hasher.write_u8(0);
        hasher.finish()
    }
}

/// What is held of one id: eight bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// The first generation still accepted; 0 where the target is dead as a whole.
    pub(crate) below: u32,
    /// The minute after which no token can be concerned.
    pub(crate) bucket: u32,
}

impl Entry {
    const fn of_bits(bits: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = bits.to_le_bytes();
        Self { below: u32::from_le_bytes([a, b, c, d]), bucket: u32::from_le_bytes([e, f, g, h]) }
    }

    const fn bits(self) -> u64 {
        (self.bucket as u64) << 32 | self.below as u64
    }
}

/// The table, and its writers' lock.
pub(crate) struct Entries {
    table: ArcSwap<Table>,
    live: AtomicUsize,
    /// How many slots were ever filled.
    used: Mutex<usize>,
}

/// The tags stand apart, because nearly every look ends at them: a line of them is what memory gives
/// at once, and all of a million are few enough to be near.
struct Table {
    lines: Box<[Line]>,
    held: Box<[Held]>,
}

/// What is held in one slot, once its tag says that there is something.
#[derive(Default)]
struct Held {
    name: AtomicU64,
    rest: AtomicU64,
    entry: AtomicU64,
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
    pub(crate) fn read(&self) -> Reading {
        Reading(self.table.load())
    }

    /// Puts an entry in, or joins it with the one that is there. `false` when there are `capacity`
    /// already.
    pub(crate) fn insert(&self, id: &Id, entry: Entry, capacity: usize) -> bool {
        let mut used = self.writer();
        let table = self.table.load();
        if let Some(held) = table.find(id) {
            let there = Entry::of_bits(held.entry.load(Ordering::Acquire));
            let (below, bucket) = (there.below.max(entry.below), there.bucket.max(entry.bucket));
            held.entry.store(Entry { below, bucket }.bits(), Ordering::Release);
            return true;
        }
        if self.len() >= capacity {
            return false;
        }
        if *used * 4 >= table.held.len() * 3 {
            self.rebuild(&table, &mut used);
        }
        self.table.load().fill(id.name, id.rest(), entry.bits());
        *used += 1;
        self.live.fetch_add(1, Ordering::AcqRel);
        true
    }

    pub(crate) fn remove(&self, id: &Id) {
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
            if let Some(held) = old.held.get(place) {
                let [name, rest, entry] =
                    [&held.name, &held.rest, &held.entry].map(|half| half.load(Ordering::Acquire));
                table.fill(name, rest, entry);
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
    pub(crate) fn get(&self, id: &Id) -> Option<Entry> {
        self.0.find(id).map(|held| Entry::of_bits(held.entry.load(Ordering::Acquire)))
    }
}

impl Table {
    fn new(lines: usize) -> Self {
        Self {
            lines: std::iter::repeat_with(Line::default).take(lines).collect(),
            held: std::iter::repeat_with(Held::default).take(lines * LANES).collect(),
        }
    }

    #[inline]
    fn find(&self, id: &Id) -> Option<&Held> {
        self.held.get(self.place(id)?)
    }

    #[inline]
    fn place(&self, id: &Id) -> Option<usize> {
        let tag = tag::of(id.name);
        let mut line = self.home(id.name);
        loop {
            let seen = self.lines.get(line)?.look(tag);
            if seen.has_tag
                && let Some(place) = self.place_in(line, id)
            {
                return Some(place);
            }
            if seen.has_room {
                return None;
            }
            line = self.after(line);
        }
    }

    /// Where in a line the id stands, since its tag is there.
    fn place_in(&self, line: usize, id: &Id) -> Option<usize> {
        let tag = tag::of(id.name);
        let same = |place: &usize| {
            let held = self.held.get(*place).filter(|_| self.tag(*place) == tag);
            held.is_some_and(|held| {
                held.name.load(Ordering::Acquire) == id.name
                    && held.rest.load(Ordering::Acquire) == id.rest()
            })
        };
        (line * LANES..(line + 1) * LANES).find(same)
    }

    /// Fills the next free slot. Its tag comes last: who sees that sees the others.
    fn fill(&self, name: u64, rest: u64, entry: u64) {
        let mut line = self.home(name);
        loop {
            let places = line * LANES..(line + 1) * LANES;
            let free = places.into_iter().find(|place| self.tag(*place) == tag::FREE);
            if let Some((place, held)) = free.and_then(|place| Some((place, self.held.get(place)?)))
            {
                held.name.store(name, Ordering::Release);
                held.rest.store(rest, Ordering::Release);
                held.entry.store(entry, Ordering::Release);
                return self.set(place, tag::of(name));
            }
            line = self.after(line);
        }
    }

    /// Where a name is looked for first: as far along the table as among all numbers.
    #[inline]
    fn home(&self, name: u64) -> usize {
        let scaled = (u128::from(name) * self.lines.len() as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    #[inline]
    fn after(&self, line: usize) -> usize {
        if line + 1 < self.lines.len() { line + 1 } else { 0 }
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
            let entry = self.held.get(*place).map_or(0, |held| held.entry.load(Ordering::Acquire));
            Entry::of_bits(entry).bucket <= passed
        })
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entries").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn id(number: usize, keys: &RandomState) -> Id {
        Id::new(&format!("id-{number}"), keys)
    }

    #[test]
    fn it_holds_what_an_ordinary_map_holds() {
        let (entries, keys) = (Entries::new(), RandomState::new());
        let mut expected = HashMap::new();
        for step in 0_usize..20_000 {
            let number = step * 7_919 % 3_001;
            let bucket = u32::try_from(step / 10).unwrap();
            if step % 11 == 0 {
                entries.remove(&id(number, &keys));
                expected.remove(&number);
            } else if step % 1_000 == 999 {
                entries.purge(bucket - 50);
                expected.retain(|_, entry: &mut Entry| entry.bucket > bucket - 50);
            } else {
                let entry = Entry { below: bucket % 5, bucket };
                assert!(entries.insert(&id(number, &keys), entry, usize::MAX));
                let there = expected.entry(number).or_insert(entry);
                there.below = there.below.max(entry.below);
                there.bucket = bucket;
            }
            assert_eq!(entries.len(), expected.len());
        }
        for number in 0..3_001 {
            assert_eq!(entries.read().get(&id(number, &keys)), expected.get(&number).copied());
        }
    }

    #[test]
    fn an_entry_costs_at_most_54_bytes_once_there_are_many() {
        let (entries, keys) = (Entries::new(), RandomState::new());
        for number in 0..20_000 {
            entries.insert(&id(number, &keys), Entry { below: 0, bucket: 1 }, usize::MAX);
            let slots = entries.read().0.held.len();
            let bytes = slots * (size_of::<Held>() + size_of::<Line>() / LANES);
            assert!(number < 1_000 || bytes / (number + 1) <= 54, "{number}: {bytes}");
        }
        entries.purge(1);
        assert_eq!(entries.read().0.lines.len(), FEWEST);
    }

    #[test]
    fn readers_miss_nothing_while_the_table_grows() {
        let (entries, keys) = (Entries::new(), RandomState::new());
        let entry = Entry { below: 7, bucket: 9 };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..20_000 {
                    entries.insert(&id(number, &keys), entry, usize::MAX);
                }
            });
            while entries.len() < 20_000 {
                let len = entries.len();
                let reading = entries.read();
                for number in (0..len).step_by(97) {
                    assert_eq!(reading.get(&id(number, &keys)), Some(entry));
                }
            }
        });
    }
}
