use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use announcement::{Digest, ExchangeKey, Kind, Position};
use async_nats::{
    Client,
    jetstream::{
        self,
        kv::{self, Entry, Operation, Store, UpdateErrorKind},
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    AsKnown, Change, Channel, ChannelsQuery, Known, Policy, Projection, Totals, TotalsQuery, changes::change, channels::channels, exchange::View, intern::Id,
    timeline::line, totals::totals,
};

/// The bucket's name.
const VIEWS_BUCKET: &str = "handover-views";
/// How many documents are read or written at once.
const AT_ONCE: usize = 64;
/// After a document was written others gather for so long: a flood of records is written as what it comes to.
const GATHERING: Duration = Duration::from_millis(20);
/// Between two attempts where the server doesn't take them.
const RETRY: Duration = Duration::from_secs(1);
/// How often a document is written anew where another node wrote it in between.
const ATTEMPTS: usize = 8;
/// What a document may take.
const MAX_DOCUMENT: usize = 1 << 20;
/// What totals may take with the positions of their claims.
const MAX_TOTALS: usize = 512 << 10;
/// How many changes the document of them has.
const MAX_CHANGES: usize = 100;
/// What they may take of it.
const MAX_CHANGES_BYTES: usize = MAX_DOCUMENT / 2;
/// How many records are looked back at for them.
const MAX_LOOKED_AT: u64 = 4_096;

/// Why documents can't be written; they're tried again.
#[derive(Debug, thiserror::Error)]
#[error("the bucket {VIEWS_BUCKET}: {0}")]
struct ViewsError(String);

impl ViewsError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A document: what the models say of one thing.
#[derive(Clone, Debug, PartialEq)]
struct Document {
    key: String,
    /// The record that last changed it, as far as that's known.
    position: Option<Position>,
    /// The version of the fold that it's of.
    fold: u32,
    body: Value,
}

/// What a document in the bucket says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Stamp {
    position: Option<Position>,
    fold: u32,
}

/// A document as it is in the bucket.
#[derive(Clone, Copy, Debug)]
struct Written {
    revision: u64,
    stamp: Stamp,
    content: Digest,
}

/// What the bucket has of what a record may change without being about an exchange.
#[derive(Clone, Debug, Default)]
struct Kept {
    /// The years that there are totals of.
    years: BTreeSet<i16>,
    /// The channels, by their keys.
    channels: BTreeSet<String>,
}

/// Writes the read models' documents to the bucket `handover-views` when they change, until `stop`: `exchange.<key>`, `totals.<policy>` and `totals.<policy>.<year>`,
/// `channel.<kind>.<parties>`, and `changes`.
///
/// Each is written by compare-and-set, and never over one that rests on more records: any number of nodes may write.
pub async fn run_views(projection: Projection, client: Client, replicas: usize, stop: CancellationToken) {
    let writing = async {
        loop {
            if let Err(error) = follow(&projection, &client, replicas).await {
                tracing::warn!(%error, "trying again");
                tokio::time::sleep(RETRY).await;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = writing => {}
    }
}

async fn follow(projection: &Projection, client: &Client, replicas: usize) -> Result<(), ViewsError> {
    let store = bucket(client, replicas).await?;
    let mut written = read(&store).await?;
    let (mut from, mut fold, mut feed, mut unassigned) = (Position::new(0), 0, Feed::default(), None);
    let mut progress = projection.watch();
    loop {
        let (next, version) = {
            let reached = progress.wait_for(|progress| progress.next > from || progress.version != fold && progress.next.get() > 0);
            let progress = reached.await.map_err(ViewsError::of)?;
            (progress.next, progress.version)
        };
        if fold != version {
            // Another version of the fold may say something else of anything.
            (from, fold, feed, unassigned) = (Position::new(0), version, Feed::default(), None);
        }
        let (asked, kept) = (projection.clone(), Kept::of(&written));
        let documents = tokio::task::spawn_blocking(move || {
            let (mut made, reached) = asked.ask(AsKnown::default(), |known| (documents(known, from, fold, &kept, &mut unassigned), known.next()));
            feed.grow(&asked, reached);
            made.extend(feed.document(fold));
            (made, reached, feed, unassigned)
        });
        let (made, reached);
        (made, reached, feed, unassigned) = documents.await.map_err(ViewsError::of)?;
        let changed: Vec<Document> = made.into_iter().filter(|document| written.get(&document.key).is_none_or(|written| document.replaces(written))).collect();
        let writes = changed.into_iter().map(|document| {
            let known = written.get(&document.key).copied();
            write(&store, document, known)
        });
        let done: Vec<_> = stream::iter(writes).buffer_unordered(AT_ONCE).try_collect().await?;
        written.extend(done);
        from = reached.max(next);
        tokio::time::sleep(GATHERING).await;
    }
}

async fn bucket(client: &Client, replicas: usize) -> Result<Store, ViewsError> {
    let context = jetstream::new(client.clone());
    let config = kv::Config {
        bucket: VIEWS_BUCKET.to_owned(),
        description: "The read models of a ledger of announced exchanges: one key a document, the position that last changed it in its body".to_owned(),
        history: 1,
        num_replicas: replicas,
        max_value_size: i32::try_from(MAX_DOCUMENT).unwrap_or(i32::MAX),
        ..kv::Config::default()
    };
    match context.get_key_value(VIEWS_BUCKET).await {
        Ok(store) => Ok(store),
        Err(_) => context.create_key_value(config).await.map_err(ViewsError::of),
    }
}

/// What is in the bucket.
async fn read(store: &Store) -> Result<HashMap<String, Written>, ViewsError> {
    let keys: Vec<String> = store.keys().await.map_err(ViewsError::of)?.try_collect().await.map_err(ViewsError::of)?;
    let entries = keys.into_iter().map(|key| async move { store.entry(key).await.map_err(ViewsError::of) });
    let entries: Vec<Option<Entry>> = stream::iter(entries).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(entries.into_iter().flatten().map(|entry| (entry.key.clone(), Written::of(&entry))).collect())
}

impl Kept {
    fn of(written: &HashMap<String, Written>) -> Self {
        let year = |key: &String| key.strip_prefix("totals.")?.split_once('.')?.1.parse().ok();
        let channels = written.keys().filter(|key| key.starts_with("channel."));
        Self { years: written.keys().filter_map(year).collect(), channels: channels.cloned().collect() }
    }
}

impl Written {
    fn of(entry: &Entry) -> Self {
        let nothing = Stamp { position: None, fold: 0 };
        let stamp = || serde_json::from_slice(&entry.value).ok().filter(|_| entry.operation == Operation::Put);
        let content = serde_json::from_slice::<Value>(&entry.value).map_or_else(|_| Digest::of(&entry.value), content);
        Self { revision: entry.revision, stamp: stamp().unwrap_or(nothing), content }
    }
}

/// The digest of a document without its stamp.
fn content(mut body: Value) -> Digest {
    if let Some(members) = body.as_object_mut() {
        members.remove("position");
        members.remove("fold");
    }
    Digest::of(body.to_string().as_bytes())
}

impl Document {
    fn stamp(&self) -> Stamp {
        Stamp { position: self.position, fold: self.fold }
    }

    /// Whether it says something else than what is in the bucket, from no fewer records.
    fn replaces(&self, written: &Written) -> bool {
        let ours = self.stamp();
        let is_later = (ours.position, ours.fold) > (written.stamp.position, written.stamp.fold);
        is_later && content(self.body.clone()) != written.content
    }

    fn bytes(&self) -> Vec<u8> {
        let mut body = json!(self.stamp());
        if let (Some(body), Value::Object(members)) = (body.as_object_mut(), self.body.clone()) {
            body.extend(members);
        }
        body.to_string().into_bytes()
    }
}

/// Compare and set; where another node was first, its document is looked at.
async fn write(store: &Store, document: Document, mut known: Option<Written>) -> Result<(String, Written), ViewsError> {
    let bytes = document.bytes();
    for _ in 0..ATTEMPTS {
        if let Some(known) = known.filter(|known| !document.replaces(known)) {
            return Ok((document.key, known));
        }
        match store.update(&document.key, bytes.clone().into(), known.map_or(0, |known| known.revision)).await {
            Ok(revision) => {
                let written = Written { revision, stamp: document.stamp(), content: content(document.body.clone()) };
                return Ok((document.key, written));
            }
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => {
                known = store.entry(document.key.clone()).await.map_err(ViewsError::of)?.as_ref().map(Written::of);
            }
            Err(error) => return Err(ViewsError::of(error)),
        }
    }
    Err(ViewsError(format!("{} is written by others again and again", document.key)))
}

/// What records from a position on may have changed. All totals say how many claims are about no exchange that is known: where that isn't what it was, all are made anew.
fn documents(known: Known<'_>, from: Position, fold: u32, kept: &Kept, unassigned: &mut Option<usize>) -> Vec<Document> {
    let mut touched: BTreeMap<_, Position> = BTreeMap::new();
    for (at, exchange) in known.touches(from) {
        // A whole says what its stages come to, and a stage whose whole it's of.
        for changed in known.whole(exchange).into_iter().chain(known.stages(exchange)).chain([exchange]) {
            touched.insert(changed, at);
        }
    }
    let head = known.next().get().checked_sub(1).map(Position::new);
    let mut years = years(known, touched.keys().copied(), from);
    let mut documents: Vec<Document> = touched.into_iter().map(|(exchange, at)| exchange_document(known, known.pools().keys.get(exchange), at, fold)).collect();
    let of_all_days = Policy::ALL.map(|policy| totals(known, &TotalsQuery { policy, ..TotalsQuery::default() }));
    let said = unassigned.replace(of_all_days[0].unassigned);
    if said != *unassigned {
        years.extend(&kept.years);
    }
    documents.extend(of_all_days.map(|totals| total_document(&totals, "", head, fold)));
    documents.extend(Policy::ALL.into_iter().flat_map(|policy| year_documents(known, policy, &years, head, fold)));
    documents.extend(channel_documents(known, &kept.channels, head, fold));
    documents
}

/// The last changes, oldest first, and the first record that wasn't looked at.
#[derive(Default)]
struct Feed {
    changes: Vec<Change>,
    next: Position,
}

impl Feed {
    /// Looks at the records before a position, one at a time, so that folding goes on in between. What a record changed stays as it is, until
    /// something is redacted.
    fn grow(&mut self, projection: &Projection, end: Position) {
        if projection.ask(AsKnown::default(), |known| is_redacted(known, self.next, end)) {
            *self = Self::default();
        }
        let first = self.next.get().max(end.get().saturating_sub(MAX_LOOKED_AT));
        let changed = |at| projection.ask(AsKnown::default(), |known| change(known, Position::new(at), Policy::Range));
        let newest_first: Vec<Change> = (first..end.get()).rev().filter_map(changed).take(MAX_CHANGES).collect();
        self.changes.extend(newest_first.into_iter().rev());
        self.changes.drain(..self.changes.len().saturating_sub(MAX_CHANGES));
        self.next = end;
    }

    /// As many as a document may have.
    fn document(&self, fold: u32) -> Option<Document> {
        let mut bytes = 0;
        let newest_first = self.changes.iter().rev().map(|change| json!(change)).take_while(|change| {
            bytes += change.to_string().len();
            bytes <= MAX_CHANGES_BYTES
        });
        let mut changes: Vec<Value> = newest_first.collect();
        changes.reverse();
        let body = json!({"policy": Policy::Range, "changes": changes});
        Some(Document { key: "changes".to_owned(), position: Some(self.changes.last()?.position), fold, body })
    }
}

/// Whether one of the records from a position on redacts another.
fn is_redacted(known: Known<'_>, from: Position, end: Position) -> bool {
    (from.get()..end.get()).any(|at| known.claim(Position::new(at)).is_some_and(|claim| claim.kind_of_record() == Kind::Redacted))
}

fn exchange_document(known: Known<'_>, key: &ExchangeKey, at: Position, fold: u32) -> Document {
    let key_of = |id| known.pools().keys.get(id);
    let body = match known.exchange(key) {
        Some(id) if key_of(id) == key && (known.is_known(id)) => {
            let view = View::new(known, id);
            let mut body = json!(line(&view, Policy::Range));
            body["policy"] = json!(Policy::Range);
            body
        }
        // Its claims are about another exchange now, or about none.
        found => json!({"key": key, "now": found.map(key_of).filter(|&now| now != key)}),
    };
    Document { key: format!("exchange.{key}"), position: Some(at), fold, body }
}

/// Totals of very many claims are written without the claims' positions, which `/v1/totals` has.
fn fitted(mut totals: Value) -> Value {
    if totals.to_string().len() > MAX_TOTALS {
        for list in ["figures", "possibly"] {
            for total in totals[list].as_array_mut().into_iter().flatten() {
                (total["claims"], total["excluded"]) = (Value::Null, Value::Null);
            }
        }
    }
    totals
}

/// The years in which exchanges took place, or were said to before the records from a position on.
fn years(known: Known<'_>, exchanges: impl Iterator<Item = Id<ExchangeKey>>, from: Position) -> BTreeSet<i16> {
    let before = known.before(from);
    let days = exchanges.flat_map(|exchange| [known, before].map(|known| View::new(known, exchange).days())).flatten();
    days.flat_map(|days| [days.earliest, days.latest]).flatten().map(civil::Date::year).collect()
}

fn total_document(totals: &Totals, of: &str, head: Option<Position>, fold: u32) -> Document {
    let mut body = json!(totals);
    body.as_object_mut().expect("totals are an object").remove("as_of");
    Document { key: format!("totals.{}{of}", totals.policy), position: head, fold, body: fitted(body) }
}

fn year_documents(known: Known<'_>, policy: Policy, years: &BTreeSet<i16>, head: Option<Position>, fold: u32) -> Vec<Document> {
    let document = |&year: &i16| {
        let (from, to) = (civil::Date::new(year, 1, 1).ok()?, civil::Date::new(year, 12, 31).ok()?);
        let totals = totals(known, &TotalsQuery { from: Some(from), to: Some(to), policy, ..TotalsQuery::default() });
        Some(total_document(&totals, &format!(".{year:04}"), head, fold))
    };
    years.iter().filter_map(document).collect()
}

/// The channels, and those of the bucket that nothing is said of any more.
fn channel_documents(known: Known<'_>, kept: &BTreeSet<String>, head: Option<Position>, fold: u32) -> Vec<Document> {
    let document = |(key, body)| Document { key, position: head, fold, body };
    let channels = channels(known, &ChannelsQuery::default()).channels;
    let said: BTreeMap<String, Value> = channels.iter().map(|channel| (channel_key(channel), json!(channel))).collect();
    let silent: Vec<_> = kept.iter().filter(|key| !said.contains_key(*key)).filter_map(|key| Some((key.clone(), silent_channel(key)?))).collect();
    said.into_iter().chain(silent).map(document).collect()
}

fn channel_key(channel: &Channel) -> String {
    let name = json!(channel.channel);
    format!("channel.{}.{}", name.as_str().unwrap_or_default(), channel.parties.map(|party| party.key_part()).join("-"))
}

fn silent_channel(key: &str) -> Option<Value> {
    let (channel, parties) = key.strip_prefix("channel.")?.split_once('.')?;
    let parties: Vec<String> = parties.split('-').map(|party| party.to_ascii_uppercase().replace('_', "-")).collect();
    Some(json!({"channel": channel, "parties": parties, "views": []}))
}
