use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

use announcement::{Category, ExchangeKey, Kind, Party, Position, Span};

use crate::{
    Discrepancy, Helper, Known, Policy,
    agreed::own_agreed,
    claim::Claim,
    exchange::{View, dates, last_day},
    figure::{Figures, Stands, own_figures, own_stands},
    intern::Id,
    line::Line,
    listed::Listed,
    mention::Said,
    offices,
    offices::{Against, Heard},
    totals,
    totals::LeftOut,
};

/// How many sheets of the past are kept; a few versions of each of 50,000 exchanges.
const MAX_PAST: usize = 1 << 18;

/// What an exchange's own claims come to, those about its stages left out: made once, kept until a record touches the exchange.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) statements: usize,
    pub(crate) reports: usize,
    /// When it took place; when it's planned; when whatever is said of it was or is to be.
    pub(crate) completed: Option<Span>,
    pub(crate) planned: Option<Span>,
    pub(crate) said: Option<Span>,
    /// The plans of it.
    pub(crate) plans: Box<[Position]>,
    /// Whether what became of bodies is said.
    pub(crate) has_findings: bool,
    /// The claims that it took place, and the categories of which they say something.
    pub(crate) completions: Box<[Position]>,
    pub(crate) categories: Box<[Category]>,
    /// The kind of the latest word on its outcome.
    pub(crate) outcome: Option<Kind>,
    /// Whether somebody contests a claim.
    pub(crate) is_contested: bool,
    pub(crate) frameworks: Box<[Id<str>]>,
    pub(crate) helpers: Box<[Id<Helper>]>,
    /// Who credits whom with help.
    pub(crate) credits: Box<[Crediting]>,
    /// What live claims call the whole of it, the best voice's first.
    pub(crate) wholes: Box<[Id<ExchangeKey>]>,
    stands: [OnceLock<Arc<Stands>>; Policy::ALL.len()],
    figures: [OnceLock<Arc<Figures>>; Policy::ALL.len()],
    left_out: [OnceLock<Box<[LeftOut]>>; Policy::ALL.len()],
    discrepancies: OnceLock<Box<[Discrepancy]>>,
    heard: OnceLock<Box<[Heard]>>,
    contradicted: OnceLock<Box<[Against]>>,
}

/// The sheets that were made; no part of what the book knows.
#[derive(Debug, Default)]
pub(crate) struct Sheets {
    /// By key: of what is known now.
    now: Vec<OnceLock<Arc<Sheet>>>,
    /// The same of lines.
    lines: Vec<OnceLock<Arc<Line>>>,
    /// Guards an order that readers put right after records came, and else only read.
    pub(crate) listed: RwLock<Listed>,
    /// Of the past, by key and the record that touched it last. Guards a map that readers add to, for a look-up at a time.
    past: Mutex<Past>,
}

type Past = HashMap<(Id<ExchangeKey>, Position), Arc<Sheet>>;

impl Sheet {
    fn of(book: Known<'_>, exchange: Id<ExchangeKey>) -> Self {
        let members = book.members(exchange);
        let lineage = book.lineage(&members);
        let key = book.pools().keys.get(exchange);
        let live: Vec<&Claim> = members.iter().copied().filter(|claim| book.is_live(claim)).collect();
        let statements: Vec<&Claim> = live.iter().copied().filter(|claim| lineage.origin(claim).is_none()).collect();
        let completions = || statements.iter().copied().filter(|claim| claim.is_of_completion());
        let when = |of: fn(&Claim) -> bool| dates(book, key, statements.iter().copied().filter(|claim| of(claim))).map(|(span, _)| span);
        let outcomes = statements.iter().filter(|claim| matches!(claim.kind, Kind::Cancelled | Kind::Postponed | Kind::Planned));
        let mut wholes: Vec<_> = live.iter().filter_map(|claim| Some((claim, claim.part_of?))).collect();
        wholes.sort_by_key(|(claim, _)| (std::cmp::Reverse(book.voice_between(claim, key.parties())), claim.position));
        let mut wholes: Vec<_> = wholes.into_iter().map(|(_, whole)| whole).collect();
        wholes.dedup();
        Self {
            statements: statements.len(),
            reports: members.len(),
            completed: when(Claim::is_of_completion),
            planned: when(|claim| claim.kind == Kind::Planned),
            said: when(|_| true),
            plans: statements.iter().filter(|claim| claim.kind == Kind::Planned).map(|claim| claim.position).collect(),
            has_findings: statements.iter().any(|claim| claim.handed.has_findings()),
            completions: completions().map(|claim| claim.position).collect(),
            categories: distinct(completions().flat_map(|claim| of_items(book, claim))),
            outcome: outcomes.max_by_key(|claim| (last_day(claim.announced.span()), claim.position)).map(|claim| claim.kind),
            is_contested: statements.iter().any(|claim| book.disputes(claim).next().is_some()),
            frameworks: distinct(statements.iter().filter_map(|claim| claim.framework)),
            helpers: distinct(statements.iter().flat_map(|claim| claim.helpers.iter().copied())),
            credits: statements.iter().flat_map(|claim| credits(book, claim)).collect(),
            wholes: wholes.into_boxed_slice(),
            ..Self::default()
        }
    }

    /// What its own claims say, before they're settled.
    pub(crate) fn stands(&self, book: Known<'_>, exchange: Id<ExchangeKey>, policy: Policy) -> &Arc<Stands> {
        self.stands[policy as usize].get_or_init(|| Arc::new(own_stands(book, exchange, policy)))
    }

    /// Its figures, where it has no stages.
    pub(crate) fn figures(&self, book: Known<'_>, exchange: Id<ExchangeKey>, policy: Policy) -> &Arc<Figures> {
        let own = || if policy == Policy::Both { own_agreed(book, exchange) } else { own_figures(self.stands(book, exchange, policy)) };
        self.figures[policy as usize].get_or_init(|| Arc::new(own()))
    }

    /// Where its claims differ.
    pub(crate) fn discrepancies(&self, make: impl FnOnce() -> Vec<Discrepancy>) -> &[Discrepancy] {
        self.discrepancies.get_or_init(|| make().into_boxed_slice())
    }

    /// What offices say of it.
    pub(crate) fn heard(&self, make: impl FnOnce() -> Vec<Heard>) -> &[Heard] {
        self.heard.get_or_init(|| make().into_boxed_slice())
    }

    /// Which claims later ones contradict.
    pub(crate) fn contradicted(&self, make: impl FnOnce() -> Vec<Against>) -> &[Against] {
        self.contradicted.get_or_init(|| make().into_boxed_slice())
    }

    /// The claims that aren't in its figures, where it has no stages.
    pub(crate) fn left_out(&self, policy: Policy, make: impl FnOnce() -> Vec<LeftOut>) -> &[LeftOut] {
        self.left_out[policy as usize].get_or_init(|| make().into_boxed_slice())
    }
}

/// The categories of a claim's items, and of the parts of its people.
fn of_items(book: Known<'_>, claim: &Claim) -> Vec<Category> {
    let said = claim.handed.ways.iter().map(|&way| Said::of(book.pools(), &claim.handed, way));
    said.flat_map(|said| Category::ALL.into_iter().filter(move |&category| said.of_category(category).is_some())).collect()
}

/// A statement, whose voice it is, and whom it credits with help.
pub(crate) type Crediting = (Position, Option<Party>, Id<Helper>);

/// Whom a statement credits with help, and whose voice it is.
pub(crate) fn credits(book: Known<'_>, claim: &Claim) -> impl Iterator<Item = Crediting> {
    let by = claim.announcer.map(|announcer| book.pools().announcers.get(announcer).voice());
    claim.helpers.iter().map(move |&helper| (claim.position, by, helper))
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Box<[T]> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values.dedup();
    values.into_boxed_slice()
}

impl Sheets {
    pub(crate) fn grow(&mut self, keys: usize) {
        let new = self.now.len()..keys;
        self.now.resize_with(keys, OnceLock::default);
        self.lines.resize_with(keys, OnceLock::default);
        self.touched().extend(new.map(Id::at));
    }

    fn touched(&mut self) -> &mut Vec<Id<ExchangeKey>> {
        &mut self.listed.get_mut().unwrap_or_else(PoisonError::into_inner).touched
    }

    pub(crate) fn touch(&mut self, exchange: Id<ExchangeKey>) {
        self.now[exchange.index()] = OnceLock::new();
        self.touch_line(exchange);
    }

    /// What an exchange comes to with others is made again.
    pub(crate) fn touch_line(&mut self, exchange: Id<ExchangeKey>) {
        if self.lines[exchange.index()].take().is_some() {
            self.touched().push(exchange);
        }
    }

    /// The payload of a record went, also out of the past.
    pub(crate) fn forget(&mut self) {
        *self = self.clone();
    }
}

/// They're made again.
impl Clone for Sheets {
    fn clone(&self) -> Self {
        let mut empty = Self::default();
        empty.grow(self.now.len());
        empty
    }
}

/// They follow from the rest of the book.
impl PartialEq for Sheets {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Known<'_> {
    /// Makes ahead what readers ask for of so many exchange keys from one on, in the order in which they came; says how many there were.
    pub fn warm(self, from: usize, count: usize) -> usize {
        let exchanges: Vec<_> = self.pools().keys.ids().skip(from).take(count).collect();
        for &id in &exchanges {
            let view = View::new(self, id);
            totals::warm(&view);
            offices::of_exchange(&view);
        }
        exchanges.len()
    }

    /// What an exchange comes to, with its stages and as a stage.
    pub(crate) fn line(self, exchange: Id<ExchangeKey>) -> Arc<Line> {
        let make = || Arc::new(Line::of(self, exchange));
        let is_as_now = || self.is_prefix() && self.book().is_alone(exchange) && self.touched(exchange).last().is_some_and(|&last| last < self.next());
        if self.is_now() || is_as_now() { Arc::clone(self.book().sheets.lines[exchange.index()].get_or_init(make)) } else { make() }
    }

    /// What an exchange's own claims come to.
    pub(crate) fn sheet(self, exchange: Id<ExchangeKey>) -> Arc<Sheet> {
        let sheets = &self.book().sheets;
        if !self.is_prefix() {
            return Arc::new(Sheet::of(self, exchange));
        }
        let touched = self.touched(exchange);
        let Some(last) = touched.partition_point(|&at| at < self.next()).checked_sub(1) else { return Arc::default() };
        let make = || Arc::new(Sheet::of(self, exchange));
        if last + 1 == touched.len() {
            return Arc::clone(sheets.now[exchange.index()].get_or_init(make));
        }
        let version = (exchange, touched[last]);
        let past = || sheets.past.lock().unwrap_or_else(PoisonError::into_inner);
        let found = past().get(&version).cloned();
        found.unwrap_or_else(|| {
            let made = make();
            let mut past = past();
            if past.len() >= MAX_PAST {
                past.clear();
            }
            past.insert(version, Arc::clone(&made));
            made
        })
    }
}
