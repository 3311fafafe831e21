use std::time::Duration;

use announcement::{Digest, Outcome, Position, Publisher, Receipt, Record};
use durable::StoreReader;
use futures::{Stream, stream};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{Head, ReadError, Refusal, layout};

/// The most records that one page holds.
pub const MAX_PAGE: usize = 1_024;
/// A page of records ends once it holds this many bytes.
pub const MAX_PAGE_BYTES: usize = 1 << 20;

/// Reads what is recorded. Cheap to clone; its look-ups block for microseconds, longer scans belong on a thread that may block.
#[derive(Clone, Debug)]
pub struct Reader {
    store: StoreReader,
    head: watch::Receiver<Head>,
}

impl Reader {
    pub(crate) const fn new(store: StoreReader, head: watch::Receiver<Head>) -> Self {
        Self { store, head }
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
        let bytes = self.store.get(&layout::record(position))?;
        bytes.and_then(|bytes| layout::decode(position, &bytes)).map(Some).ok_or(ReadError::Unreadable { position })
    }

    /// The records from a position on: at most `limit`, [`MAX_PAGE`] and [`MAX_PAGE_BYTES`], at least one where there is one.
    ///
    /// # Errors
    /// The store can't read what it holds, or a record is missing.
    pub fn range(&self, from: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        let size = self.head.borrow().size;
        let mut page = Vec::new();
        let mut bytes = 0;
        let mut next = from.get();
        while next < size && page.len() < limit.min(MAX_PAGE) && bytes < MAX_PAGE_BYTES {
            let step = (size - next).min(RANGE_STEP).min((limit.min(MAX_PAGE) - page.len()) as u64);
            let entries = self.store.range(&layout::record(Position::new(next)), &layout::record(Position::new(next + step)), RANGE_STEP as usize)?;
            if entries.len() as u64 != step {
                return Err(ReadError::Unreadable { position: Position::new(next) });
            }
            for (key, value) in entries {
                let position = Position::new(next);
                let whole = layout::number(&key) == Some(next);
                page.push(layout::decode(position, &value).filter(|_| whole).ok_or(ReadError::Unreadable { position })?);
                bytes += value.len();
                next += 1;
            }
        }
        Ok(page)
    }

    /// The position of an event.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn find(&self, publisher: &Publisher, source: &str, id: Uuid) -> Result<Option<Position>, ReadError> {
        Ok(self.store.get(&layout::identity(publisher, source, id))?.as_deref().and_then(layout::number).map(Position::new))
    }

    /// The receipt of a publisher's message with this body: of the first that was decided on, the refused ones last. Where `names` gives source and id, it's of that event.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn receipt(&self, publisher: &Publisher, digest: Digest, names: Option<(&str, Uuid)>) -> Result<Option<Receipt>, ReadError> {
        let prefix = layout::digest(publisher, digest);
        let entry = match names {
            Some((source, id)) => {
                let Some(position) = self.find(publisher, source, id)? else { return self.refused(publisher, digest, names) };
                let key = layout::at(&prefix, position);
                self.store.get(&key)?.map(|value| (key, value))
            }
            None => self.store.range(&prefix, &layout::at(&prefix, Position::new(u64::MAX)), 1)?.pop(),
        };
        let Some((key, value)) = entry else { return self.refused(publisher, digest, names) };
        let Some(position) = layout::number(&key).map(Position::new) else { return Ok(None) };
        let Some(record) = self.record(position)? else { return Ok(None) };
        let event = std::str::from_utf8(&record.event).ok().and_then(|event| announcement::decode(event).ok());
        let envelope = event.ok_or(ReadError::Unreadable { position })?.envelope;
        let outcome = match value[..] {
            [layout::DUPLICATE] => Outcome::Duplicate { position },
            _ => Outcome::Recorded { position, recorded: record.recorded, leaf: record.leaf() },
        };
        Ok(Some(Receipt { source: Some(envelope.source), id: Some(envelope.id.to_string()), digest, outcome }))
    }

    fn refused(&self, publisher: &Publisher, digest: Digest, names: Option<(&str, Uuid)>) -> Result<Option<Receipt>, ReadError> {
        for duty in ["announce", "curate", "operate"] {
            let prefix = layout::refusals_of(&format!("handover.{duty}.{publisher}"), digest);
            let end = [&prefix[..], &[0xff; 17]].concat();
            for (_, number) in self.store.range(&prefix, &end, MAX_NAMESAKES)? {
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
        Ok(self.store.get(&layout::refusal(number))?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// The kept bytes of a refused message; empty where none are kept.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn refused_bytes(&self, number: u64) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.store.get(&layout::refused_bytes(number))?)
    }

    /// The refusals with numbers of at least `from`, oldest first.
    ///
    /// # Errors
    /// The store can't read what it holds.
    pub fn refusals(&self, from: u64, limit: usize) -> Result<Vec<Refusal>, ReadError> {
        let entries = self.store.range(&layout::refusal(from), &layout::refusal(u64::MAX), limit.min(MAX_PAGE))?;
        Ok(entries.iter().filter_map(|(_, bytes)| serde_json::from_slice(bytes).ok()).collect())
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
    pub fn follow(&self, from: Position) -> impl Stream<Item = Result<Vec<Record>, ReadError>> + Send + 'static {
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

/// How many records one look into the store brings, so that a page of large records stays near its bound.
const RANGE_STEP: u64 = 64;
/// The page of [`Reader::follow`].
const FOLLOW_PAGE: usize = 256;
/// How many refused binary-mode events of one body are looked through for the one that is asked for.
const MAX_NAMESAKES: usize = 64;
