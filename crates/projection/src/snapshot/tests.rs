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
        crate::plans(known, &PlansQuery { policy, outcome: None, after: None, limit: 100 }),
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
