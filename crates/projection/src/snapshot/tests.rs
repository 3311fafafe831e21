use announcement::{Kind, Publisher, Record};
use generator::{Chronicle, SplitMix};

use super::*;
use crate::{
    ChannelsQuery, DiscrepanciesQuery, FrameworksQuery, IdentityQuery, OfficesQuery, PlansQuery, Policy, ReconciliationQuery, ThirdPartiesQuery, TimelineQuery,
    TotalsQuery,
};

const EXCHANGES: u64 = 12;

fn chronicle(records: u64) -> Book {
    let mut book = Book::default();
    for (position, generated) in (0..).map(Position::new).zip(Chronicle::new(1, records, EXCHANGES)) {
        let recorded = jiff::Timestamp::from_second(1_700_000_000 + position.get() as i64).unwrap();
        book.apply(&Record { position, recorded, publisher: Publisher::local(), event: generated.event, removed: None }).unwrap();
    }
    book
}

fn chunks(book: &Book) -> Vec<(Chunk, Vec<u8>)> {
    let lens = lens(&book.pools);
    let of = |section: u8, count: usize| (0..count.div_ceil(CHUNK as usize) as u32).map(move |number| Chunk { section, number });
    let all = (0..RECORDS).zip(lens).flat_map(|(section, len)| of(section, len)).chain(of(RECORDS, book.claims().count()));
    all.map(|chunk| (chunk, encode(book, chunk).1.split_off(4))).collect()
}

fn read(book: &Book, chunks: &[(Chunk, Vec<u8>)]) -> Result<Book, Malformed> {
    let stand = Stand { next: book.next(), root: Digest::of(b""), version: 1 };
    let mut loading = Loading { stand, lens: lens(&book.pools), pools: Pools::default(), book: None, categories: Categories::new() };
    for (chunk, holds) in chunks {
        loading.take(*chunk, holds)?;
    }
    loading.finish()
}

/// What every model is made of, for whoever wants to see them panic.
fn ask(book: &Book) -> usize {
    let (known, policy) = (book.now(), Policy::Range);
    let keys: Vec<_> = book.pools.keys.ids().map(|id| book.pools.keys.get(id).clone()).collect();
    let dossiers: Vec<_> = keys.iter().map(|key| (crate::dossier(known, key, policy), crate::lineage(known, key))).collect();
    let exchanges = (crate::timeline(known, &TimelineQuery { limit: 1_000, ..TimelineQuery::default() }), crate::totals(known, &TotalsQuery::default()));
    let sums = (
        crate::reconciliation(known, &ReconciliationQuery { policy, party: None, after: None, limit: 100 }),
        crate::plans(known, &PlansQuery { policy, outcome: None, valid: crate::Valid::default(), after: None, limit: 100 }),
        crate::frameworks(known, &FrameworksQuery { policy, framework: None }),
        crate::identity(known, &IdentityQuery { policy, ..IdentityQuery::default() }),
    );
    let sides = (
        crate::discrepancies(known, &DiscrepanciesQuery::default()),
        crate::channels(known, &ChannelsQuery::default()),
        crate::third_parties(known, &ThirdPartiesQuery::default()),
        crate::offices(known, &OfficesQuery::default()),
    );
    serde_json::to_string(&(dossiers, exchanges, sums, sides)).unwrap().len()
}

#[test]
fn a_book_is_read_as_it_was_written() {
    let book = chronicle(700);
    let read = read(&book, &chunks(&book)).unwrap();
    assert_eq!((&read, read.difference(&book), ask(&read)), (&book, None, ask(&book)));
}

/// Past the checksums, which let nothing through that a disk does: what somebody made on purpose.
#[test]
fn hostile_bytes_are_refused_or_make_some_book_and_nothing_panics() {
    let rounds = if std::env::var("HANDOVER_ROUNDS").is_ok_and(|rounds| rounds == "full") { 20_000 } else { 500 };
    let (mut random, book) = (SplitMix::new(1), chronicle(200));
    let whole = chunks(&book);
    let mut refused = 0;
    for _ in 0..rounds {
        let mut chunks = whole.clone();
        for _ in 0..=random.index(3) {
            let chunk = random.index(chunks.len());
            let bytes = &mut chunks[chunk].1;
            let at = random.index(bytes.len());
            match random.index(5) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.insert(at, random.below(256) as u8),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes[at] ^= 1 << random.index(8),
            }
        }
        match read(&book, &chunks) {
            Err(_) => refused += 1,
            Ok(made) => assert!(ask(&made) > 0),
        }
    }
    assert!(refused > rounds / 4 && refused < rounds, "{refused} of {rounds}: too few of both to show anything");
}

/// Behind sled's own checksums: what an error of ours, or a write that came only in part, would leave.
#[test]
fn a_part_that_is_altered_missing_or_of_an_earlier_snapshot_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let derived = durable::Derived::take(dir.path()).unwrap();
    let saved = |records: u64| {
        let (_, volume) = derived.begin().unwrap();
        let snapshot = Snapshot::of(volume, &RwLock::new(chronicle(records)), Digest::of(b"root"), 1).unwrap();
        snapshot.volume.unwrap().range(&[0], &[255], 10_000).unwrap()
    };
    let load = |parts: &[(Vec<u8>, Vec<u8>)]| {
        let (_, volume) = derived.begin().unwrap();
        let mut batch = Batch::new();
        parts.iter().for_each(|(key, value)| batch.put(key, value));
        volume.apply(batch).unwrap();
        Snapshot::load(volume).map(|loaded| loaded.map(|(_, book, _)| book))
    };
    let (whole, earlier) = (saved(600), saved(300));
    assert_eq!(load(&whole).unwrap().unwrap(), chronicle(600));
    let mut random = SplitMix::new(1);
    for place in 0..whole.len() {
        let mut altered = whole.clone();
        let at = random.index(altered[place].1.len());
        altered[place].1[at] ^= 1 << random.index(8);
        assert!(load(&altered).is_err(), "bit of byte {at} of {:?}", whole[place].0);
        let mut cut = whole.clone();
        cut.remove(place);
        let is_head = whole[place].0 == HEAD;
        assert!(if is_head { load(&cut).unwrap().is_none() } else { load(&cut).is_err() }, "without {:?}", whole[place].0);
    }
    let first = record_chunk(0).key();
    let of_first = |(key, _): &(Vec<u8>, Vec<u8>)| key.starts_with(&first);
    let mut mixed: Vec<_> = whole.iter().filter(|part| !of_first(part)).cloned().collect();
    mixed.extend(earlier.iter().filter(|part| of_first(part)).cloned());
    assert!(mixed.len() == whole.len() && mixed != whole);
    assert!(load(&mixed).is_err(), "a chunk of an earlier snapshot");
}

#[test]
fn a_snapshot_of_another_format_is_not_read() {
    let stand = Stand { next: Position::new(3), root: Digest::of(b"root"), version: 9 };
    let bytes = head(stand, [1, 2, 3, 4, 5, 6], 7);
    let found = read_head(&bytes).unwrap();
    assert_eq!((found.stand, found.pools, found.checksum), (stand, [1, 2, 3, 4, 5, 6], 7));
    let mut newer = bytes;
    newer[4] = FORMAT + 1;
    assert!(read_head(&newer).unwrap_err().to_string().contains("format"));
}

/// A kind is written as its place among all: another order would need another format.
#[test]
fn the_places_of_kinds_stay() {
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(
        kinds.join(" "),
        "planned completed confirmed postponed cancelled offered aggregate stock channel contact agreement mediation identity disputed corrected retracted \
         linked merged split quarantined released redacted"
    );
}

#[test]
fn what_points_out_of_the_book_is_not_read() {
    let mut pools = Pools::default();
    let (category, other) = (pools.texts.intern("prisoners"), pools.texts.intern("no category"));
    let mut categories = Categories::new();
    let read = |put: &dyn Fn(&mut Put<'_>), categories: &mut Categories, take: &dyn Fn(&mut Take<'_>) -> bool| {
        let mut to = Put::ids();
        to.at = 3;
        put(&mut to);
        let mut from = Take::new(&to.bytes, &pools, 5, categories);
        from.at = 3;
        take(&mut from)
    };
    for (position, there) in [(0, true), (4, true), (5, false), (u64::MAX, false)] {
        let taken = read(&|to| Position::new(position).put(to), &mut categories, &|from| Position::take(from) == Ok(Position::new(position)));
        assert_eq!(taken, there, "{position}");
    }
    for (id, there) in [(0_usize, true), (1, true), (2, false), (usize::MAX, false)] {
        assert_eq!(read(&|to| id.put(to), &mut categories, &|from| crate::intern::Id::<str>::take(from).is_ok()), there, "{id}");
    }
    for (text, there) in [(category, true), (other, false)] {
        assert_eq!(read(&|_| (), &mut categories, &|from| from.category(text).is_ok()), there);
    }
}
