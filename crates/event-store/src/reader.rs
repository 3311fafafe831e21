use std::{sync::Arc, time::Duration};

use announcement::{Announcement, Digest, ExchangeKey, Outcome, Position, Publisher, Receipt, Record, TraceContext};
use futures::{Stream, stream};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    BackupError, Head, ReadError, Refusal, Verification, VerifiedBackup,
    layout::{self, Otherwise, TILE},
    store::{Going, Store, Who},
    verification, verified_backup,
};

/// The most records that one page holds.
pub const MAX_PAGE: usize = 1_024;
/// A page of records ends once it holds this many bytes.
pub const MAX_PAGE_BYTES: usize = 1 << 20;

/// Reads what is recorded. Cheap to clone; its look-ups block for microseconds, longer scans belong on a thread that may block.
#[derive(Clone, Debug)]
pub struct Reader {
    store: Arc<Store>,
    head: watch::Receiver<Head>,
}

impl Reader {
    pub(crate) const fn new(store: Arc<Store>, head: watch::Receiver<Head>) -> Self {
        Self { store, head }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Where the ledger stands, as far as it can be read.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head.borrow().clone()
    }

    /// The record at a position; `None` where there is none yet.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn record(&self, position: Position) -> Result<Option<Record>, ReadError> {
        if position.get() >= self.head.borrow().size {
            return Ok(None);
        }
        let bytes = self.store.record(position.get())?;
        bytes.and_then(|bytes| layout::decode(position, &bytes)).map(Some).ok_or(ReadError::Unreadable { position })
    }

    /// In which trace the record at a position was published, as far as that was said and is remembered: of the latest 4,096 such records since the start.
    #[must_use]
    pub fn trace(&self, position: Position) -> Option<TraceContext> {
        self.store.traces.of(position)
    }

    /// The traces of so many records from a position on, as far as they're remembered, ascending.
    #[must_use]
    pub fn traces(&self, from: Position, count: usize) -> Vec<(Position, TraceContext)> {
        self.store.traces.within(from, count)
    }

    /// The records from a position on: at most `limit`, [`MAX_PAGE`] and [`MAX_PAGE_BYTES`], at least one where there is one.
    ///
    /// # Errors
    /// The store can't read what it holds, or a record is missing.
    pub fn range(&self, from: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        let limit = limit.min(MAX_PAGE);
        let end = self.head.borrow().size.min(from.get().saturating_add(limit as u64));
        let (mut page, mut bytes, mut unreadable) = (Vec::new(), 0, None);
        self.store.scan(from.get(), end, |position, record| {
            let position = Position::new(position);
            match layout::decode(position, record) {
                Some(record) => page.push(record),
                None => unreadable = Some(ReadError::Unreadable { position }),
            }
            bytes += record.len();
            if bytes >= MAX_PAGE_BYTES || unreadable.is_some() { Going::Enough } else { Going::On }
        })?;
        unreadable.map_or(Ok(page), Err)
    }

    /// The root of the ledger's tree when it had this many records; `None` where it never had so many.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn root_at(&self, size: u64) -> Result<Option<Digest>, ReadError> {
        if size > self.head.borrow().size { Ok(None) } else { self.store.root_at(size).map(Some) }
    }

    /// Whether the records of a position's tile, or those after the last complete one, give the tree that the ledger keeps.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn gives_its_tree(&self, position: Position) -> Result<bool, ReadError> {
        let head = self.head();
        match self.store.tile_holds(position.get() / TILE)? {
            Some(holds) => Ok(holds),
            None => Ok(self.store.root_at(head.size)? == head.root),
        }
    }

    /// The position of an event.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn find(&self, publisher: &Publisher, source: &str, id: Uuid) -> Result<Option<Position>, ReadError> {
        Ok(self.found(publisher, source, id)?.map(|record| record.position))
    }

    fn found(&self, publisher: &Publisher, source: &str, id: Uuid) -> Result<Option<Record>, ReadError> {
        for position in self.positions(layout::event(source, id))? {
            let Some(record) = self.record(position)? else { continue };
            let envelope = announced(&record)?.envelope;
            if record.publisher == *publisher && envelope.source == source && envelope.id == id {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The positions of the events about an exchange, whose key they give or that it's derived from: ascending, from a position on, at most `limit` and [`MAX_PAGE`].
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn about(&self, key: &ExchangeKey, from: Position, limit: usize) -> Result<Vec<Position>, ReadError> {
        let mut about = Vec::new();
        for position in self.positions(layout::exchange(key))?.into_iter().rev().filter(|&position| position >= from) {
            if about.len() == limit.min(MAX_PAGE) {
                break;
            }
            let Some(record) = self.record(position)? else { continue };
            if announced(&record)?.key().as_ref() == Some(key) {
                about.push(position);
            }
        }
        Ok(about)
    }

    /// The positions with a hash that are on disk, newest first.
    fn positions(&self, hash: u64) -> Result<Vec<Position>, ReadError> {
        let size = self.head.borrow().size;
        Ok(self.store.positions(hash)?.into_iter().filter(|&position| position < size).map(Position::new).collect())
    }

    /// The receipt of a publisher's message with this body: of the first that was decided on, the refused ones last. Where `names` gives source and id, it's of that event.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn receipt(&self, publisher: &Publisher, digest: Digest, names: Option<(&str, Uuid)>) -> Result<Option<Receipt>, ReadError> {
        let candidates = match names {
            Some((source, id)) => self.found(publisher, source, id)?.into_iter().map(|record| record.position).collect(),
            None => self.with_digest(publisher, digest)?,
        };
        for position in candidates {
            let Some(record) = self.record(position)? else { continue };
            let Some(outcome) = self.outcome(&record, publisher, digest)? else { continue };
            let envelope = announced(&record)?.envelope;
            return Ok(Some(Receipt { source: Some(envelope.source), id: Some(envelope.id.to_string()), digest, outcome }));
        }
        self.refused(publisher, digest, names)
    }

    /// The positions that a publisher's messages with this digest may have come to, lowest first.
    fn with_digest(&self, publisher: &Publisher, digest: Digest) -> Result<Vec<Position>, ReadError> {
        let mut positions = self.positions(layout::digest(publisher, digest))?;
        for how in [Otherwise::Recorded, Otherwise::Duplicate] {
            positions.extend(self.positions(layout::other_bytes(publisher, digest, how)[0])?);
        }
        positions.sort_unstable();
        positions.dedup();
        Ok(positions)
    }

    /// What became of a publisher's message with this digest, if it came to this record.
    fn outcome(&self, record: &Record, publisher: &Publisher, digest: Digest) -> Result<Option<Outcome>, ReadError> {
        if record.publisher != *publisher {
            return Ok(None);
        }
        let recorded = Outcome::Recorded { position: record.position, recorded: record.recorded, leaf: record.leaf() };
        if record.digest() == digest {
            return Ok(Some(recorded));
        }
        for (how, outcome) in [(Otherwise::Recorded, recorded), (Otherwise::Duplicate, Outcome::Duplicate { position: record.position })] {
            let [one, other] = layout::other_bytes(publisher, digest, how);
            if self.positions(one)?.contains(&record.position) && self.positions(other)?.contains(&record.position) {
                return Ok(Some(outcome));
            }
        }
        Ok(None)
    }

    fn refused(&self, publisher: &Publisher, digest: Digest, names: Option<(&str, Uuid)>) -> Result<Option<Receipt>, ReadError> {
        for duty in ["announce", "curate", "operate"] {
            let prefix = layout::refusals_of(&format!("handover.{duty}.{publisher}"), digest);
            let end = [&prefix[..], &[0xff; 17]].concat();
            for (_, number) in self.store.keys(&prefix, &end, MAX_NAMESAKES, Who::Reader)? {
                let found = layout::number(&number).map(|number| self.refusal(number)).transpose()?.flatten();
                if let Some(refusal) = found.filter(|refusal| refusal.may_name(names)) {
                    return Ok(Some(Receipt { source: None, id: None, digest, outcome: Outcome::Refused { problem: refusal.problem } }));
                }
            }
        }
        Ok(None)
    }

    /// The refusal with this number.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn refusal(&self, number: u64) -> Result<Option<Refusal>, ReadError> {
        Ok(self.store.key(&layout::refusal(number), Who::Reader)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// The kept bytes of a refused message; empty where none are kept.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn refused_bytes(&self, number: u64) -> Result<Option<Vec<u8>>, ReadError> {
        self.store.key(&layout::refused_bytes(number), Who::Reader)
    }

    /// The refusals with numbers of at least `from`, oldest first.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn refusals(&self, from: u64, limit: usize) -> Result<Vec<Refusal>, ReadError> {
        let entries = self.store.keys(&layout::refusal(from), &layout::refusal(u64::MAX), limit.min(MAX_PAGE), Who::Reader)?;
        Ok(entries.iter().filter_map(|(_, bytes)| serde_json::from_slice(bytes).ok()).collect())
    }

    /// The refused message that came last; `None` where none is kept. Looks at all that are kept.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn last_refusal(&self) -> Result<Option<Refusal>, ReadError> {
        let (mut last, mut from): (Option<Refusal>, u64) = (None, 0);
        loop {
            let page = self.refusals(from, MAX_PAGE)?;
            let Some(end) = page.last() else { return Ok(last) };
            from = end.number + 1;
            last = last.into_iter().chain(page).max_by_key(|refusal| (refusal.time, refusal.number));
        }
    }

    /// The backup that was verified last; `None` where none was, or the note is damaged.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn verified_backup(&self) -> Result<Option<VerifiedBackup>, BackupError> {
        verified_backup::noted(&self.store.folder)
    }

    /// The last verification of the ledger; `None` where there was none, or the note is damaged.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn verification(&self) -> Result<Option<Verification>, BackupError> {
        verification::noted(&self.store.folder)
    }

    /// Waits until the ledger holds `size` records.
    ///
    /// # Errors
    /// [`ReadError::TimedOut`].
    ///
    /// # Cancel safety
    /// It only watches; dropping it changes nothing.
    pub async fn wait_for(&self, size: u64, within: Duration) -> Result<Head, ReadError> {
        let mut head = self.head.clone();
        let reached = tokio::time::timeout(within, head.wait_for(|head| head.size >= size)).await;
        match reached {
            Ok(Ok(head)) => Ok(head.clone()),
            _ => Err(ReadError::TimedOut { size }),
        }
    }

    /// Pages of records from a position on, and then the new ones as they come. Ends when the ledger is closed, or after an error.
    pub fn follow(&self, from: Position) -> impl Stream<Item = Result<Vec<Record>, ReadError>> + Send + use<> {
        stream::unfold(Some((self.clone(), from)), |reading| async move {
            let (mut reader, from) = reading?;
            reader.head.wait_for(|head| head.size > from.get()).await.ok()?;
            let scan = reader.clone();
            let page = tokio::task::spawn_blocking(move || scan.range(from, FOLLOW_PAGE)).await.ok()?;
            let next = page.as_ref().ok().and_then(|page| page.last()).map(|last| last.position.successor());
            Some((page, next.map(|next| (reader, next))))
        })
    }
}

fn announced(record: &Record) -> Result<Announcement, ReadError> {
    record.announcement().map_err(|_| ReadError::Unreadable { position: record.position })
}

/// The page of [`Reader::follow`].
const FOLLOW_PAGE: usize = 256;
/// How many refused binary-mode events of one body are looked through for the one that is asked for.
const MAX_NAMESAKES: usize = 64;
