use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use announcement::{Bounds, Category, ExchangeKey, Party, Position, Span};
use jiff::civil;
use serde::Serialize;

use crate::{
    AsOf, By, Direction, Grouping, Known, Period, Policy, Why,
    cited::{Cited, is_whole},
    claim::Claim,
    exchange::View,
    figure::Figures,
    grouping::Heading,
    intern::Id,
    mention::Said,
    tally::{Added, Row, Summand},
};

/// Which total is asked for.
#[derive(Clone, Debug, Default)]
pub struct TotalsQuery {
    /// The first day.
    pub from: Option<civil::Date>,
    /// The last day.
    pub to: Option<civil::Date>,
    /// How figures are made.
    pub policy: Policy,
    /// Only this category.
    pub category: Option<Category>,
    /// Only from this party.
    pub sender: Option<Party>,
    /// Only to this party.
    pub receiver: Option<Party>,
    /// Grouped by day, month or year.
    pub period: Option<Period>,
    /// What else there is a row for each of.
    pub by: Grouping,
    /// List only claims after this one: for what is more than one answer lists.
    pub claims_after: Option<Position>,
}

/// How many, by category and whatever else was asked for. Rows never share an exchange, so those of the months add up to those of the year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Totals {
    /// Up to which record.
    pub as_of: AsOf,
    /// How figures are made.
    pub policy: Policy,
    /// Of the exchanges that lie inside the days asked for.
    pub figures: Vec<Total>,
    /// Of those that may lie inside.
    pub possibly: Vec<Total>,
    /// Claims about no exchange that is known; in no total.
    pub unassigned: usize,
}

/// A total of one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Total {
    /// Who handed over; `null` in a total of both directions.
    pub from: Option<Party>,
    /// Who received; `null` in a total of both directions.
    pub to: Option<Party>,
    /// The two parties, in alphabetical order, of a total of both directions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between: Option<[Party; 2]>,
    /// What.
    pub category: Category,
    /// The agreements, where totals are grouped by them; none where nobody names one. What is said to follow two has a row of its own.
    ///
    /// A whole follows what its stages follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frameworks: Option<Vec<String>>,
    /// The day, month or year; where an exchange may lie in several, the first and the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// At least; `null` where no exchange is in the sum.
    pub low: Option<u64>,
    /// At most; `null` where there is no bound, or no exchange is in the sum. Of both directions there is none where an exchange has a number of only one.
    pub high: Option<u64>,
    /// How many exchanges are in the sum.
    pub exchanges: usize,
    /// How many took place without a number.
    pub unknown: usize,
    /// How many the claims contradict each other about.
    pub disputed: usize,
    /// How many only one party spoke of, under the policy `both`: not in the sum.
    pub one_sided: usize,
    /// Claims of numbers that are not in it, and why; of very many the first.
    pub excluded: Vec<Excluded>,
    /// How many more there are than are listed.
    #[serde(skip_serializing_if = "is_whole")]
    pub more_excluded: usize,
    /// The claims that it was made from; of more than [`MAX_CITED`](crate::MAX_CITED) the first.
    pub claims: Vec<Position>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_whole")]
    pub more_claims: usize,
}

/// A claim that's not in a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Excluded {
    /// Its position.
    pub position: Position,
    /// Why.
    pub why: Why,
}

/// The totals.
#[must_use]
pub fn totals(book: Known<'_>, query: &TotalsQuery) -> Totals {
    let (certain, possible): (Vec<_>, Vec<_>) = rows(book, query).into_iter().partition(|((list, _), _)| *list == List::Certain);
    let unassigned = book.unassigned().filter(|claim| book.is_live(claim));
    let lineage = book.lineage(&[]);
    Totals {
        as_of: AsOf::of(book),
        policy: query.policy,
        unassigned: unassigned.filter(|claim| lineage.origin(claim).is_none()).count(),
        figures: certain.into_iter().map(|(_, total)| total).collect(),
        possibly: possible.into_iter().map(|(_, total)| total).collect(),
    }
}

/// The rows, those of the exchanges that lie inside first.
pub(crate) fn rows(book: Known<'_>, query: &TotalsQuery) -> BTreeMap<(List, Heading), Total> {
    let mut certain = Sums::default();
    let mut possible = Sums::default();
    for view in book.exchanges().map(|id| View::new(book, id)) {
        if view.sheet().completions.is_empty() {
            certain.leave_out(&view, query);
        }
        let Some(counted) = query.counted(&view) else { continue };
        let sums = if counted.list == List::Certain { &mut certain } else { &mut possible };
        sums.take(&view, query, counted);
    }
    let of = |list: List| move |(heading, total)| ((list, heading), total);
    certain.totals().map(of(List::Certain)).chain(possible.totals().map(of(List::Possible))).collect()
}

/// Whether an exchange lies in the days asked for.
enum Place {
    Inside(Option<String>),
    Possibly(Option<String>),
    Outside,
}

/// In which of the two lists a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    Certain,
    Possible,
}

/// What of an exchange decides in which rows it counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    period: Option<String>,
    frameworks: Option<Vec<String>>,
}

/// An exchange that counts.
struct Counted {
    list: List,
    group: Group,
    figures: Arc<Figures>,
}

/// What one exchange adds to a row, and the claims that it's made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) adds: Summand,
    pub(crate) claims: Vec<Position>,
}

impl TotalsQuery {
    fn place(&self, days: Option<Span>) -> Place {
        let Some(days) = days else { return Place::Outside };
        let asked = Span { earliest: self.from, latest: self.to };
        let period = self.period.map(|period| period.of(days));
        let straddles = period.as_ref().is_some_and(|period| period.contains('/'));
        if asked.contains(days) && !straddles {
            Place::Inside(period)
        } else if asked.overlaps(days) {
            Place::Possibly(period)
        } else {
            Place::Outside
        }
    }

    /// An exchange that counts by itself: not where it counts in its whole, nor a whole that doesn't lie inside, whose stages count.
    fn counted(&self, view: &View<'_>) -> Option<Counted> {
        let book = view.book;
        let (list, period) = match self.place(view.days()) {
            Place::Inside(period) => (List::Certain, period),
            Place::Possibly(_) if !view.line.stages.is_empty() => return None,
            Place::Possibly(period) => (List::Possible, period),
            Place::Outside => return None,
        };
        let is_inside = |whole| matches!(self.place(View::new(book, whole).days()), Place::Inside(_));
        let counts_in_its_whole = view.line.whole.is_some_and(is_inside);
        (!counts_in_its_whole).then(|| Counted { list, group: self.group(view, period), figures: view.figures(self.policy) })
    }

    fn group(&self, view: &View<'_>, period: Option<String>) -> Group {
        let frameworks = || {
            let named: BTreeSet<String> = view.stages().flat_map(|stage| stage.frameworks()).chain(view.frameworks()).collect();
            named.into_iter().collect()
        };
        Group { period, frameworks: self.by.has(By::Framework).then(frameworks) }
    }

    /// What an exchange adds to each row by itself.
    pub(crate) fn shares_of(&self, book: Known<'_>, id: Id<ExchangeKey>) -> BTreeMap<(List, Heading), Share> {
        let Some(Counted { list, group, figures }) = self.counted(&View::new(book, id)) else { return BTreeMap::new() };
        let mut shares = BTreeMap::new();
        self.each_row(&figures, |row, added| {
            shares.insert((list, group.clone().heading(row)), Share { adds: Summand::from(&added), claims: added.claims().into_owned() });
        });
        shares
    }

    /// The figures of each row.
    fn each_row<'f>(&self, figures: &'f Figures, mut add: impl FnMut(Row, Added<'f>)) {
        let asked = figures.iter().filter(|((direction, category), _)| self.asks_for(*direction, *category));
        let mut before = Vec::new();
        for (&(direction, category), figure) in asked {
            match self.row(direction, category) {
                row @ Row::Way(..) => add(row, Added::one(figure)),
                row if before.contains(&row) => {}
                row => {
                    before.push(row);
                    row.of(figures).into_iter().for_each(|added| add(row, added));
                }
            }
        }
    }

    fn row(&self, direction: Direction, category: Category) -> Row {
        if self.by.has(By::Direction) || !self.asks_for(direction.reversed(), category) {
            Row::Way(direction, category)
        } else {
            Row::Both(Some(direction.min(direction.reversed())), category)
        }
    }

    fn asks_for(&self, direction: Direction, category: Category) -> bool {
        self.category.is_none_or(|wanted| wanted == category)
            && self.sender.is_none_or(|sender| sender == direction.from)
            && self.receiver.is_none_or(|receiver| receiver == direction.to)
    }
}

impl Group {
    fn heading(self, row: Row) -> Heading {
        Heading { period: self.period, frameworks: self.frameworks, row }
    }
}

/// A claim that isn't in the figure of a direction and category.
pub(crate) type LeftOut = ((Direction, Category), Excluded);

#[derive(Default)]
struct Sums(BTreeMap<Group, BTreeMap<Row, Sum>>);

#[derive(Default)]
struct Sum {
    /// Whether any exchange has a figure of it. Where none has, no claim is in, and those that aren't stay readable in the dossier.
    has_figures: bool,
    /// `None` where no exchange is in it.
    bounds: Option<Bounds>,
    exchanges: usize,
    unknown: usize,
    disputed: usize,
    one_sided: usize,
    claims: Cited,
    /// Claims that could have entered it, and why they didn't.
    excluded: Cited<Excluded>,
}

impl Sums {
    /// An exchange that counts, and the claims about it that aren't in its figures.
    fn take(&mut self, view: &View<'_>, query: &TotalsQuery, counted: Counted) {
        let rows = self.0.entry(counted.group).or_default();
        query.each_row(&counted.figures, |row, added| {
            let sum = rows.entry(row).or_default();
            sum.take(Summand::from(&added));
            sum.claims.extend(added.claims().iter().copied().filter(|&claim| query.claims_after.is_none_or(|after| claim > after)));
        });
        let mut leave_out = |left_out: &[LeftOut]| {
            let asked = left_out.iter().filter(|((direction, category), _)| query.asks_for(*direction, *category));
            let of_rows = asked.map(|&((direction, category), claim)| (query.row(direction, category), claim));
            let mut leave_out = |(row, claim): (Row, Excluded)| rows.entry(row).or_default().leave_out(claim, query);
            if query.by.has(By::Direction) {
                of_rows.for_each(leave_out);
            } else {
                of_rows.collect::<BTreeSet<_>>().into_iter().for_each(&mut leave_out);
            }
        };
        if view.line.stages.is_empty() {
            leave_out(view.sheet().left_out(query.policy, || left_out_of(view, &counted.figures)));
        } else {
            let stages: Vec<View<'_>> = view.stages().collect();
            std::iter::once(view).chain(&stages).for_each(|view| leave_out(&left_out_of(view, &counted.figures)));
        }
    }

    /// The claims about an exchange of which none is live, where they would have been inside by their own dates.
    fn leave_out(&mut self, view: &View<'_>, query: &TotalsQuery) {
        for claim in view.members().filter(|claim| claim.is_of_completion()) {
            if let Place::Inside(period) = query.place(claim.date.map(|date| date.span())) {
                let excluded = Excluded { position: claim.position, why: reason(view, claim) };
                let frameworks = || claim.framework.map(|framework| view.book.pools().texts.get(framework).to_owned()).into_iter().collect();
                let rows = self.0.entry(Group { period, frameworks: query.by.has(By::Framework).then(frameworks) }).or_default();
                let of: BTreeSet<Row> = said_of(view.book, claim).map(|(direction, category)| query.row(direction, category)).collect();
                of.into_iter().for_each(|row| rows.entry(row).or_default().leave_out(excluded, query));
            }
        }
    }

    fn totals(self) -> impl Iterator<Item = (Heading, Total)> {
        let rows = self.0.into_iter().flat_map(|(group, rows)| rows.into_iter().map(move |(row, sum)| (group.clone().heading(row), sum)));
        rows.filter(|(_, sum)| sum.has_figures).map(|(heading, sum)| (heading.clone(), sum.total(heading)))
    }
}

impl Sum {
    fn take(&mut self, adds: Summand) {
        self.has_figures = true;
        self.unknown += usize::from(adds.unknown);
        self.disputed += usize::from(adds.disputed);
        self.one_sided += usize::from(adds.one_sided);
        if let Some(bounds) = adds.bounds {
            self.bounds = Some(self.bounds.map_or(bounds, |sum| sum + bounds));
            self.exchanges += 1;
        }
    }

    fn leave_out(&mut self, claim: Excluded, query: &TotalsQuery) {
        if query.claims_after.is_none_or(|after| claim.position > after) {
            self.excluded.extend([claim]);
        }
    }

    fn total(self, heading: Heading) -> Total {
        let (claims, more_claims) = self.claims.done();
        let (excluded, more_excluded) = self.excluded.done();
        let way = heading.way();
        Total {
            from: way.map(|way| way.from),
            to: way.map(|way| way.to),
            between: heading.between(),
            category: heading.row.category(),
            frameworks: heading.frameworks,
            period: heading.period,
            low: self.bounds.map(|bounds| bounds.low),
            high: self.bounds.and_then(|bounds| bounds.high),
            exchanges: self.exchanges,
            unknown: self.unknown,
            disputed: self.disputed,
            one_sided: self.one_sided,
            excluded,
            more_excluded,
            claims,
            more_claims,
        }
    }
}

/// Makes what the default totals need of an exchange.
pub(crate) fn warm(view: &View<'_>) {
    let figures = view.figures(Policy::default());
    if view.line.stages.is_empty() {
        view.sheet().left_out(Policy::default(), || left_out_of(view, &figures));
    }
}

/// The claims about an exchange that aren't in figures.
fn left_out_of(view: &View<'_>, figures: &Figures) -> Vec<LeftOut> {
    let mut out = Vec::new();
    for claim in view.book.maybe_later(view.id).into_iter().filter(|claim| claim.is_of_completion()) {
        let excluded = Excluded { position: claim.position, why: Why::MaybeLater };
        out.extend(said_of(view.book, claim).map(|place| (place, excluded)));
    }
    for claim in view.members().filter(|claim| claim.is_of_completion()) {
        let is_in = |place: &(Direction, Category)| figures.get(place).is_some_and(|figure| figure.claims.binary_search(&claim.position).is_ok());
        let mut places = said_of(view.book, claim).filter(|place| !is_in(place)).peekable();
        if places.peek().is_some() {
            let excluded = Excluded { position: claim.position, why: reason(view, claim) };
            out.extend(places.map(|place| (place, excluded)));
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Why a claim isn't in a figure.
fn reason(view: &View<'_>, claim: &Claim) -> Why {
    let out = view.book.out(claim).map(|out| out.why);
    out.or_else(|| view.origin(claim).map(|_| Why::Relay)).unwrap_or(Why::Outranked)
}

/// The directions and categories of which a claim says something.
fn said_of(book: Known<'_>, claim: &Claim) -> impl Iterator<Item = (Direction, Category)> {
    claim.handed.ways.iter().flat_map(move |&way| {
        let said = Said::of(book.pools(), &claim.handed, way);
        let direction = way.direction(book.pools());
        Category::ALL.into_iter().filter(move |&category| said.says(category)).map(move |category| (direction, category))
    })
}
