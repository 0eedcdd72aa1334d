use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, AtomicUsize},
    thread,
};

use super::*;

const FOR_EVER: u32 = u32::MAX;

fn id(number: usize, key: &Key) -> Id<'_> {
    Id::new(format!("id-{number}").leak(), key)
}

fn entry(below: usize, bucket: u32) -> Entry {
    Entry { below: u32::try_from(below).unwrap(), bucket }
}

/// What a reader sees, and what only writers ask for.
fn held(entries: &Entries, id: &Id<'_>) -> Option<Entry> {
    let reading = entries.read();
    let held = reading.0.find(id).map(Held::entry);
    assert_eq!(reading.holds(id), held.is_some());
    assert_eq!(reading.below(id), held.map(|entry| entry.below));
    held
}

#[test]
fn it_holds_what_an_ordinary_map_holds() {
    let (entries, key) = (Entries::new(), Key::random());
    let mut expected = HashMap::new();
    for step in 0_usize..20_000 {
        let number = step * 7_919 % 3_001;
        let bucket = u32::try_from(step / 10).unwrap();
        if step % 11 == 0 {
            entries.remove(&id(number, &key));
            expected.remove(&number);
        } else if step % 1_000 == 999 {
            entries.purge(bucket - 50);
            expected.retain(|_, entry: &mut Entry| entry.bucket > bucket - 50);
        } else {
            let entry = Entry { below: bucket % 5, bucket };
            assert!(entries.insert(&id(number, &key), entry, usize::MAX));
            let there = expected.entry(number).or_insert(entry);
            there.below = there.below.max(entry.below);
            there.bucket = bucket;
        }
        assert_eq!(entries.len(), expected.len());
    }
    for number in 0..3_001 {
        assert_eq!(held(&entries, &id(number, &key)), expected.get(&number).copied());
    }
}

#[test]
fn what_is_joined_keeps_the_higher_generation_and_the_later_end_in_either_order() {
    let key = Key::random();
    for [first, second] in [[entry(5, 10), entry(3, 20)], [entry(3, 20), entry(5, 10)]] {
        let entries = Entries::new();
        assert!(entries.insert(&id(0, &key), first, 1));
        assert!(entries.insert(&id(0, &key), second, 1), "also where nothing more goes in");
        assert!(!entries.insert(&id(1, &key), second, 1));
        assert_eq!(held(&entries, &id(0, &key)), Some(entry(5, 20)));
        entries.purge(19);
        assert_eq!(held(&entries, &id(0, &key)), Some(entry(5, 20)));
        entries.purge(20);
        assert_eq!(held(&entries, &id(0, &key)), None);
        assert!(entries.insert(&id(1, &key), second, 1), "there is room again");
    }
}

#[test]
fn ids_of_one_line_and_one_tag_are_told_apart() {
    let (entries, key) = (Entries::new(), Key::random());
    let mut seen = HashMap::new();
    let (one, other) = (0..)
        .find_map(|number| {
            let id = id(number, &key);
            let line = id.home() >> 31;
            seen.insert((id.tag(), line), number).map(|before| (before, number))
        })
        .unwrap();
    let [one, other] = [one, other].map(|number| id(number, &key));
    assert!(entries.insert(&one, entry(1, 1), 2));
    assert_eq!(entries.read().0.lines.len(), FEWEST);
    assert_eq!(held(&entries, &other), None);
    assert!(entries.insert(&other, entry(2, 2), 2));
    assert_eq!(held(&entries, &one), Some(entry(1, 1)));
    assert_eq!(held(&entries, &other), Some(entry(2, 2)));
    entries.remove(&one);
    assert_eq!(held(&entries, &one), None);
    assert_eq!(held(&entries, &other), Some(entry(2, 2)));
}

#[test]
fn a_line_that_is_full_goes_on_in_the_next_and_the_last_in_the_first() {
    let (table, key) = (Table::new(3), Key::random());
    let at_home = |line: usize| {
        let table = &table;
        let ids = (0..).map(|number| id(number, &key));
        ids.filter(move |id| table.home(id.home()) == line)
    };
    let last: Vec<Id<'_>> = at_home(2).take(LANES + 5).collect();
    for (number, id) in last.iter().enumerate() {
        assert!(table.place(id).is_none());
        table.fill(id.home(), id.tag(), id.check(), entry(number, 1));
        // What was put in before is still there, also behind what is removed.
        let sought = last.iter().take(number + 1).enumerate();
        for (number, id) in sought {
            let below = table.find(id).map(|held| held.entry().below);
            assert_eq!(below, u32::try_from(number).ok());
        }
    }
    assert_eq!(table.place(&last[LANES]), Some(0));
    for lane in 0..LANES {
        table.set(2 * LANES + lane, tag::REMOVED);
    }
    assert_eq!(table.place(&last[LANES + 4]), Some(4));
    assert!(table.place(&last[0]).is_none());
}

#[test]
fn an_entry_costs_at_most_46_bytes_once_there_are_many() {
    let (entries, key) = (Entries::new(), Key::random());
    for number in 0..20_000 {
        entries.insert(&id(number, &key), entry(0, 1), usize::MAX);
        let slots = entries.read().0.held.len();
        let slot = size_of::<Held>() + size_of::<u64>() + size_of::<Line>() / LANES;
        assert!(number < 1_000 || slots * slot <= (number + 1) * 46, "{number}");
    }
    entries.purge(1);
    assert_eq!(entries.read().0.lines.len(), FEWEST);
}

#[test]
fn one_that_comes_and_goes_makes_the_table_no_larger() {
    let (entries, key) = (Entries::new(), Key::random());
    for number in 0..5_000 {
        assert!(entries.insert(&id(number % 3, &key), entry(0, 1), 1));
        entries.remove(&id(number % 3, &key));
    }
    assert_eq!(entries.read().0.lines.len(), FEWEST);
    assert_eq!(entries.len(), 0);
}

#[test]
fn readers_miss_nothing_while_the_table_grows() {
    let (entries, key) = (Entries::new(), Key::random());
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..20_000 {
                entries.insert(&id(number, &key), entry(7, 9), usize::MAX);
            }
        });
        while entries.len() < 20_000 {
            let len = entries.len();
            let reading = entries.read();
            for number in (0..len).step_by(97) {
                assert_eq!(reading.below(&id(number, &key)), Some(7));
            }
        }
    });
}

/// What the writer of the next test has done so far.
#[derive(Default)]
struct Progress {
    /// So many permanent ids were put in.
    kept: AtomicUsize,
    /// So many rounds of passing ids were put in, began to be removed or purged, and were.
    came: AtomicUsize,
    going: AtomicUsize,
    went: AtomicUsize,
    /// So often the generation of one id was raised.
    raised: AtomicUsize,
    done: AtomicBool,
}

const ROUNDS: usize = 300;
const A_ROUND: usize = 64;

/// Ids that stay, by their number; ids that pass, by their round; what was never there.
fn stays(number: usize, key: &Key) -> Id<'_> {
    Id::new(format!("stays-{number}").leak(), key)
}
fn passes(round: usize, number: usize, key: &Key) -> Id<'_> {
    Id::new(format!("passes-{round}-{number}").leak(), key)
}

fn write(entries: &Entries, key: &Key, progress: &Progress) {
    for round in 0..ROUNDS {
        let bucket = u32::try_from(round).unwrap();
        for number in 0..A_ROUND {
            let id = passes(round, number, key);
            assert!(entries.insert(&id, entry(round, bucket), usize::MAX));
        }
        progress.came.store(round + 1, Ordering::Release);
        for number in round * 8..round * 8 + 8 {
            assert!(entries.insert(&stays(number, key), entry(number, FOR_EVER), usize::MAX));
            progress.kept.store(number + 1, Ordering::Release);
        }
        assert!(entries.insert(&id(0, key), entry(round, bucket + 1), usize::MAX));
        progress.raised.store(round + 1, Ordering::Release);
        progress.going.store(round + 1, Ordering::Release);
        if round % 2 == 0 {
            entries.purge(bucket);
        } else {
            for number in 0..A_ROUND {
                entries.remove(&passes(round, number, key));
            }
        }
        progress.went.store(round + 1, Ordering::Release);
    }
    progress.done.store(true, Ordering::Release);
}

fn look(entries: &Entries, key: &Key, progress: &Progress, step: usize) {
    let [kept, came, went, raised] =
        [&progress.kept, &progress.came, &progress.went, &progress.raised]
            .map(|count| count.load(Ordering::Acquire));
    let reading = entries.read();
    let below = |id: &Id<'_>| reading.below(id).map(|below| below as usize);
    let passing = |round| below(&passes(round, step % A_ROUND, key));
    if let Some(number) = (step * 31).checked_rem(kept) {
        assert_eq!(below(&stays(number, key)), Some(number), "it stays, and with what is its own");
    }
    if raised > 0 {
        assert!(below(&id(0, key)).is_some_and(|below| below + 1 >= raised), "it only rises");
    }
    assert_eq!(below(&stays(ROUNDS * 8 + step, key)), None, "nobody put it in");
    if let Some(round) = went.checked_sub(1) {
        assert_eq!(passing(round), None, "it was taken out before this look");
    }
    assert!(passing(came).is_none_or(|below| below == came), "in or not, with what is its own");
    if let Some(round) = came.checked_sub(1) {
        let below = passing(round);
        if progress.going.load(Ordering::Acquire) <= round {
            assert_eq!(below, Some(round), "it was put in before, and stayed for the whole look");
        }
    }
}

#[test]
fn readers_see_what_is_true_while_entries_come_and_go_and_tables_change() {
    let (entries, key, progress) = (Entries::new(), Key::random(), Progress::default());
    thread::scope(|scope| {
        scope.spawn(|| write(&entries, &key, &progress));
        for reader in 0..2 {
            let (entries, key, progress) = (&entries, &key, &progress);
            scope.spawn(move || {
                let mut step = reader;
                while !progress.done.load(Ordering::Acquire) {
                    look(entries, key, progress, step);
                    step += 1;
                }
            });
        }
    });
    assert_eq!(entries.len(), ROUNDS * 8 + 1);
}
