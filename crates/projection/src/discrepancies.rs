use std::collections::{BTreeMap, BTreeSet};

use announcement::{Announcer, Bounds, Category, Date, ExchangeKey, Party, Position, Span};
use serde::{Deserialize, Serialize};

use crate::{
    AsOf, Days, Direction, Known, Policy, Valid, Why,
    claim::Claim,
    exchange::{View, by_key},
    figure::{OneWay, Rank, settled},
    lineage::one_a_statement,
    mention::{Mention, Said, mentions},
};

/// How many statements of one thing are compared with each other, the earliest: more would take a reader's time without end.
const MAX_COMPARED: usize = 1_024;

/// Which discrepancies are asked for.
#[derive(Clone, Debug, Default)]
pub struct DiscrepanciesQuery {
    /// Only those of this exchange.
    pub exchange: Option<ExchangeKey>,
    /// Only those of this state.
    pub state: Option<Standing>,
    /// Only those between these.
    pub between: Option<Between>,
    /// When the exchanges took place.
    pub valid: Valid,
    /// The last exchange of the page before.
    pub after: Option<ExchangeKey>,
    /// Of how many exchanges at most; all without one.
    pub limit: Option<usize>,
}

/// Where statements about one exchange differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Discrepancies {
    /// Up to which record.
    pub as_of: AsOf,
    /// The discrepancies, by exchange.
    pub discrepancies: Vec<Discrepancy>,
    /// The exchange that the next page comes after.
    pub next: Option<ExchangeKey>,
}

/// Statements about one thing that can't all be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Discrepancy {
    /// The exchange.
    pub exchange: ExchangeKey,
    /// What differs.
    pub field: Field,
    /// Between whom.
    pub between: Between,
    /// Who handed over.
    pub from: Option<Party>,
    /// Who received.
    pub to: Option<Party>,
    /// What.
    pub category: Option<Category>,
    /// What each says: the two parties in alphabetical order, then others, unnamed sources last; of one voice by position.
    pub values: Vec<Value>,
    /// Whether it's still there.
    pub state: Standing,
    /// The statement with which it began.
    pub since: SaidAt,
    /// The record that resolved it.
    pub resolved_by: Option<Position>,
    /// The records that contest one of the statements.
    pub disputed_by: Vec<Position>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// How many.
    Count,
    /// Of what kinds the living were, where their total itself doesn't differ.
    Composition,
    /// When.
    Date,
    /// Under which agreement.
    Framework,
    /// Which stage of a longer exchange it was.
    Ordinal,
}

/// Between whom statements differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Between {
    /// The two parties.
    Sides,
    /// A third party or an unnamed source, and somebody else.
    Others,
    /// Statements of one office.
    Office,
    /// Reports of one statement.
    Reports,
}

/// Where a discrepancy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The statements stand.
    Open,
    /// A correction or a revision has resolved it.
    Resolved,
    /// The statements stand, and somebody contests one of them.
    Disputed,
}

/// What one of them says; only the fields of what differs are given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Value {
    /// Whose voice; `null` is an outlet's own or an unnamed source.
    pub party: Option<Party>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Bounds>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Days>,
    /// Under which agreements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frameworks: Option<BTreeSet<String>>,
    /// Which stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages: Option<BTreeSet<u32>>,
    /// The claims that say so.
    pub claims: Vec<Position>,
}

/// A statement, and when it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SaidAt {
    /// Its place in the ledger.
    pub position: Position,
    /// When it was said.
    pub announced: Date,
}

impl Value {
    /// Whether the two can't both be right.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        let apart = |one: Days, other: Days| !one.span().overlaps(other.span());
        self.count.zip(other.count).is_some_and(|(one, other)| !one.overlaps(other))
            || self.date.zip(other.date).is_some_and(|(one, other)| apart(one, other))
            || self.frameworks.as_ref().zip(other.frameworks.as_ref()).is_some_and(|(one, other)| one.is_disjoint(other))
            || self.stages.as_ref().zip(other.stages.as_ref()).is_some_and(|(one, other)| one.is_disjoint(other))
    }
}

impl SaidAt {
    pub(crate) const fn of(claim: &Claim) -> Self {
        Self { position: claim.position, announced: claim.announced }
    }
}

/// Where statements about one exchange differ. `"unknown"` differs from nothing.
#[must_use]
pub fn discrepancies(book: Known<'_>, query: &DiscrepanciesQuery) -> Discrepancies {
    let asked = |found: &&Discrepancy| query.state.is_none_or(|state| state == found.state) && query.between.is_none_or(|between| between == found.between);
    let of_exchange = |view: &View<'_>| {
        let found = query.valid.takes(view.days()).then(|| view.discrepancies().iter());
        found.into_iter().flatten().filter(asked).cloned().collect()
    };
    let (discrepancies, next) = by_key(book, query.exchange.as_ref(), query.after.as_ref(), query.limit, of_exchange);
    Discrepancies { as_of: AsOf::of(book), discrepancies, next }
}

/// What one voice says of one thing.
#[derive(Clone)]
struct Saying<T> {
    party: Option<Party>,
    value: T,
    claims: Vec<Position>,
}

/// What a discrepancy is about.
#[derive(Clone, Copy, PartialEq)]
struct Thing {
    field: Field,
    place: Option<(Direction, Category)>,
}

impl View<'_> {
    pub(crate) fn discrepancies(&self) -> &[Discrepancy] {
        self.sheet().discrepancies(|| Found { view: self, list: Vec::new() }.all())
    }
}

struct Found<'v, 'a> {
    view: &'v View<'a>,
    list: Vec<Discrepancy>,
}

impl Found<'_, '_> {
    fn all(mut self) -> Vec<Discrepancy> {
        self.counts();
        self.resolved();
        self.dates();
        self.frameworks();
        self.ordinals();
        self.reports();
        self.list
    }

    fn counts(&mut self) {
        let book = self.view.book;
        for (direction, mentions) in mentions(book, self.view.id) {
            let total_differs = self.between(&by_party(&mentions, Category::People), apart).is_some();
            for category in Category::ALL {
                let thing = Thing { field: field(category, total_differs), place: Some((direction, category)) };
                let each: Vec<_> = mentions.iter().filter_map(|mention| saying(mention, category)).collect();
                self.voices(thing, by_party(&mentions, category), &each, apart, counted);
                self.offices(thing, &mentions, category);
            }
        }
    }

    /// Whether what voices say differs, and between whom.
    fn between<T>(&self, voices: &[Saying<T>], differ: impl Fn(&T, &T) -> bool) -> Option<Between> {
        let is_side =
            |said: &Saying<T>| said.party.is_some_and(|party| [self.view.key().parties().0, self.view.key().parties().1].contains(&party.key_part().as_str()));
        let pairs = voices.iter().enumerate().flat_map(|(place, one)| voices[place + 1..].iter().map(move |other| (one, other)));
        let differing = pairs.filter(|(one, other)| is_of_another(one, other) && differ(&one.value, &other.value));
        differing.map(|(one, other)| if is_side(one) && is_side(other) { Between::Sides } else { Between::Others }).min()
    }

    fn voices<T>(&mut self, thing: Thing, voices: Vec<Saying<T>>, each: &[Saying<T>], differ: impl Fn(&T, &T) -> bool, shown: impl Fn(Saying<T>) -> Value) {
        if let Some(between) = self.between(&voices, &differ) {
            let since = began(each, |one, other| is_of_another(one, other) && differ(&one.value, &other.value));
            let all_spoke = || voices.iter().filter_map(|said| said.claims.first().copied()).max();
            let Some(since) = since.or_else(all_spoke) else { return };
            let values = self.in_order(voices.into_iter().map(shown).collect());
            self.push(thing, between, values, since);
        }
    }

    /// The two parties first.
    fn in_order(&self, mut values: Vec<Value>) -> Vec<Value> {
        let (one, other) = self.view.key().parties();
        let rank = |party: Option<Party>| {
            party.map_or(3, |party| {
                if party.key_part() == *one {
                    0
                } else if party.key_part() == *other {
                    1
                } else {
                    2
                }
            })
        };
        values.sort_by(|a, b| (rank(a.party), a.party, &a.claims).cmp(&(rank(b.party), b.party, &b.claims)));
        values
    }

    fn push(&mut self, Thing { field, place }: Thing, between: Between, values: Vec<Value>, since: Position) {
        let book = self.view.book;
        let claims = values.iter().flat_map(|value| &value.claims).filter_map(|&position| book.claim(position));
        let disputed_by: BTreeSet<Position> = claims.flat_map(|claim| book.disputes(claim)).map(|dispute| dispute.position).collect();
        let Some(since) = book.claim(since).map(SaidAt::of) else { return };
        self.list.push(Discrepancy {
            exchange: self.view.key().clone(),
            field,
            between,
            from: place.map(|(direction, _)| direction.from),
            to: place.map(|(direction, _)| direction.to),
            category: place.map(|(_, category)| category),
            values,
            state: if disputed_by.is_empty() { Standing::Open } else { Standing::Disputed },
            since,
            resolved_by: None,
            disputed_by: disputed_by.into_iter().collect(),
        });
    }

    /// What one office says of one thing, where it can't all be right.
    fn offices(&mut self, thing: Thing, mentions: &[Mention<'_>], category: Category) {
        let mut offices: BTreeMap<(Party, Option<&str>), Vec<Saying<Bounds>>> = BTreeMap::new();
        for mention in mentions {
            if let Some((announcer, said)) = mention.announcer.zip(saying(mention, category)) {
                offices.entry((announcer.party, announcer.office.as_deref())).or_default().push(said);
            }
        }
        for said in offices.into_values() {
            if let Some(since) = began(&said, |one, other| apart(&one.value, &other.value)) {
                self.push(thing, Between::Office, said.into_iter().map(counted).collect(), since);
            }
        }
    }

    /// What differed until a claim was corrected or revised.
    fn resolved(&mut self) {
        let book = self.view.book;
        let now = mentions(book, self.view.id);
        let replaced = self.view.members().filter(|claim| claim.is_of_completion() && self.view.origin(claim).is_none());
        let replaced: Vec<_> =
            replaced.filter_map(|claim| Some((claim, book.out(claim).filter(|out| matches!(out.why, Why::Corrected | Why::Revised))?))).collect();
        for (claim, out) in replaced {
            let said = said(book, claim);
            let gives_total = |way: Direction| said.iter().any(|(direction, category, _)| (*direction, *category) == (way, Category::People));
            for (direction, category, earlier) in said.iter().cloned() {
                let voices = now.get(&direction).map(|mentions| by_party(mentions, category)).unwrap_or_default();
                let others: Vec<_> = voices.iter().filter(|voice| voice.party != earlier.party && apart(&voice.value, &earlier.value)).cloned().collect();
                let own = voices.iter().find(|voice| voice.party == earlier.party);
                let is_over = others.iter().all(|other| own.is_none_or(|own| !apart(&own.value, &other.value)));
                if others.is_empty() || !is_over {
                    continue;
                }
                let before: Vec<Saying<Bounds>> = others.into_iter().chain([earlier]).collect();
                let first = before.iter().filter_map(|said| said.claims.first().copied()).max();
                let thing = Thing { field: field(category, !gives_total(direction)), place: Some((direction, category)) };
                if let Some((between, since)) = self.between(&before, apart).zip(first) {
                    let values = self.in_order(before.into_iter().map(counted).collect());
                    self.push(thing, between, values, since);
                    if let Some(found) = self.list.last_mut() {
                        (found.state, found.resolved_by) = (Standing::Resolved, Some(out.by));
                    }
                }
            }
        }
    }

    /// What live claims that the exchange took place say of one thing, by voice.
    fn each<T>(&self, of: impl Fn(&Claim) -> Option<T>) -> Vec<Saying<T>> {
        let party = |claim: &Claim| claim.announcer.map(|announcer| self.view.book.pools().announcers.get(announcer).voice());
        let said = self.view.completions().filter_map(|claim| Some(Saying { party: party(claim), value: of(claim)?, claims: vec![claim.position] }));
        said.collect()
    }

    fn dates(&mut self) {
        let each = self.each(|claim| claim.date.map(|date| date.span()));
        let narrowed = |one: &Span, other: &Span| one.intersection(*other).unwrap_or(*one);
        let differ = |one: &Span, other: &Span| !one.overlaps(*other);
        let shown = |said: Saying<Span>| Value { date: Some(said.value.into()), ..value(said.party, said.claims) };
        self.voices(Thing { field: Field::Date, place: None }, together(&each, narrowed), &each, differ, shown);
    }

    fn frameworks(&mut self) {
        let texts = &self.view.book.pools().texts;
        let each = self.each(|claim| claim.framework.map(|framework| BTreeSet::from([texts.get(framework).to_owned()])));
        let shown = |said: Saying<BTreeSet<String>>| Value { frameworks: Some(said.value), ..value(said.party, said.claims) };
        self.voices(Thing { field: Field::Framework, place: None }, together(&each, |one, other| one | other), &each, BTreeSet::is_disjoint, shown);
    }

    fn ordinals(&mut self) {
        let book = self.view.book;
        let each = self.each(|claim| Some(BTreeSet::from([book.extent(claim.position)?.stage?])));
        let shown = |said: Saying<BTreeSet<u32>>| Value { stages: Some(said.value), ..value(said.party, said.claims) };
        self.voices(Thing { field: Field::Ordinal, place: None }, together(&each, |one, other| one | other), &each, BTreeSet::is_disjoint, shown);
    }

    /// Reports that repeat one statement and give it different counts.
    fn reports(&mut self) {
        let book = self.view.book;
        let mut recorded: BTreeMap<Position, Vec<Position>> = BTreeMap::new();
        let mut own: Vec<&Claim> = Vec::new();
        for claim in self.view.members().filter(|claim| claim.is_of_completion() && book.is_live(claim)) {
            match self.view.origin(claim) {
                Some(origin) => recorded.entry(book.standing(origin)).or_default().push(claim.position),
                None => own.push(claim),
            }
        }
        let is_live = |position: &Position| book.claim(*position).is_some_and(|claim| book.is_live(claim));
        for (origin, claims) in recorded.into_iter().filter(|(origin, _)| is_live(origin)) {
            self.variants(&[vec![origin], claims].concat());
        }
        for claims in one_a_statement(own, |claim| book.origins_of(claim)) {
            self.variants(&claims.into_iter().map(|claim| claim.position).collect::<Vec<_>>());
        }
    }

    fn variants(&mut self, claims: &[Position]) {
        let book = self.view.book;
        let mut things: BTreeMap<(Direction, Category), Vec<Saying<Bounds>>> = BTreeMap::new();
        for claim in claims.iter().filter_map(|&position| book.claim(position)) {
            for (direction, category, said) in said(book, claim) {
                things.entry((direction, category)).or_default().push(said);
            }
        }
        let total_differs = |things: &BTreeMap<(Direction, Category), Vec<Saying<Bounds>>>, direction| {
            let total = things.get(&(direction, Category::People));
            total.is_some_and(|said| began(said, |one, other| apart(&one.value, &other.value)).is_some())
        };
        for (&(direction, category), said) in &things {
            if let Some(since) = began(said, |one, other| apart(&one.value, &other.value)) {
                let field = field(category, total_differs(&things, direction));
                let mut values: Vec<Value> = said.iter().cloned().map(counted).collect();
                values.sort_by(|one, other| one.claims.cmp(&other.claims));
                self.push(Thing { field, place: Some((direction, category)) }, Between::Reports, values, since);
            }
        }
    }
}

/// A difference in a part of the living is one of composition, unless their total differs.
const fn field(category: Category, total_differs: bool) -> Field {
    match category {
        Category::Bodies | Category::People => Field::Count,
        _ if total_differs => Field::Count,
        _ => Field::Composition,
    }
}

/// Unnamed sources are never known to be one.
fn is_of_another<T>(one: &Saying<T>, other: &Saying<T>) -> bool {
    one.party != other.party || one.party.is_none()
}

fn apart(one: &Bounds, other: &Bounds) -> bool {
    !one.overlaps(*other)
}

fn value(party: Option<Party>, claims: Vec<Position>) -> Value {
    Value { party, count: None, date: None, frameworks: None, stages: None, claims }
}

fn counted(said: Saying<Bounds>) -> Value {
    Value { count: Some(said.value), ..value(said.party, said.claims) }
}

/// A party's statements are one voice, each unnamed source's its own.
type Voice = (Option<Party>, Option<Position>);

fn voice(party: Option<Party>, claims: &[Position]) -> Voice {
    (party, claims.first().copied().filter(|_| party.is_none()))
}

/// What each voice says of a category, all its statements taken together.
fn by_party(mentions: &[Mention<'_>], category: Category) -> Vec<Saying<Bounds>> {
    let mut voices: BTreeMap<Voice, Vec<(Rank, &Mention<'_>)>> = BTreeMap::new();
    for mention in mentions {
        let voice = voice(mention.announcer.map(Announcer::voice), &mention.claims);
        voices.entry(voice).or_default().push((Rank::First, mention));
    }
    let said = voices.into_iter().filter_map(|((party, _), mentions)| {
        let way = OneWay { mentions, policy: Policy::Range };
        let stand = settled(match category {
            // What one unnamed source says of prisoners isn't what it would say of all the living.
            Category::People if party.is_none() => way.heard(Said::people),
            Category::People => way.living(),
            _ => way.heard(|said| said.of_category(category)),
        })?;
        Some(Saying { party, value: stand.settled.bounds, claims: stand.claims })
    });
    said.collect()
}

/// What a statement says of a category. Of the living only where it gives their total.
fn saying(mention: &Mention<'_>, category: Category) -> Option<Saying<Bounds>> {
    let value = of(&mention.said, category)?;
    Some(Saying { party: mention.announcer.map(Announcer::voice), value, claims: mention.claims.clone() })
}

fn of(said: &Said, category: Category) -> Option<Bounds> {
    let settled = if category == Category::People { said.people() } else { said.of_category(category) };
    settled.map(|settled| settled.bounds)
}

fn said(book: Known<'_>, claim: &Claim) -> Vec<(Direction, Category, Saying<Bounds>)> {
    let party = claim.announcer.map(|announcer| book.pools().announcers.get(announcer).voice());
    let counts = book.counts(claim).into_iter();
    counts.map(|(direction, category, value)| (direction, category, Saying { party, value, claims: vec![claim.position] })).collect()
}

/// All that each voice says, taken together.
fn together<T: Clone>(each: &[Saying<T>], join: impl Fn(&T, &T) -> T) -> Vec<Saying<T>> {
    let mut voices: BTreeMap<Voice, Saying<T>> = BTreeMap::new();
    for said in each {
        let voice = voice(said.party, &said.claims);
        match voices.get_mut(&voice) {
            None => _ = voices.insert(voice, said.clone()),
            Some(voice) => {
                voice.value = join(&voice.value, &said.value);
                voice.claims.extend(&said.claims);
            }
        }
    }
    voices.into_values().collect()
}

/// The earliest statement with which two of the first [`MAX_COMPARED`] differed.
fn began<T>(each: &[Saying<T>], differ: impl Fn(&Saying<T>, &Saying<T>) -> bool) -> Option<Position> {
    let each = &each[..each.len().min(MAX_COMPARED)];
    let pairs = each.iter().enumerate().flat_map(|(place, one)| each[place + 1..].iter().map(move |other| (one, other)));
    pairs.filter(|(one, other)| differ(one, other)).filter_map(|(one, other)| one.claims.first().max(other.claims.first()).copied()).min()
}
