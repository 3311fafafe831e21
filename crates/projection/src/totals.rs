use std::collections::{BTreeMap, BTreeSet};

use announcement::{Bounds, Category, Party, Position, Span};
use jiff::civil;
use serde::{Deserialize, Serialize};

use crate::{AsOf, Direction, Known, Policy, Why, claim::Claim, exchange::View, figure::Figure, mention::Said};

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
}

/// What totals are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Each day.
    Day,
    /// Each month.
    Month,
    /// Each year.
    Year,
}

impl std::str::FromStr for Period {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "day" => Ok(Self::Day),
            "month" => Ok(Self::Month),
            "year" => Ok(Self::Year),
            _ => Err("expected one of day, month, year"),
        }
    }
}

/// How many, by direction and category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// A total of one direction and category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
    /// What.
    pub category: Category,
    /// The day, month or year; where an exchange may lie in several, the first and the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// At least; `null` where no exchange is in the sum.
    pub low: Option<u64>,
    /// At most; `null` where there is no bound, or no exchange is in the sum.
    pub high: Option<u64>,
    /// How many exchanges are in the sum.
    pub exchanges: usize,
    /// How many took place without a number.
    pub unknown: usize,
    /// How many the claims contradict each other about.
    pub disputed: usize,
    /// How many only one party spoke of, under the policy `both`: not in the sum.
    pub one_sided: usize,
    /// Claims of numbers that are not in it, and why.
    pub excluded: Vec<Excluded>,
    /// The claims that it was made from.
    pub claims: Vec<Position>,
}

/// A claim that's not in a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Excluded {
    /// Its position.
    pub position: Position,
    /// Why.
    pub why: Why,
}

/// The totals.
#[must_use]
pub fn totals(book: Known<'_>, query: &TotalsQuery) -> Totals {
    let mut certain = Sums::default();
    let mut possible = Sums::default();
    for id in book.exchanges() {
        let view = View::new(book, id);
        let place = query.place(view.days());
        if view.completions().next().is_none() {
            certain.leave_out(&view, query);
        }
        let counts_in_its_whole = || book.whole(id).is_some_and(|whole| query.place(View::new(book, whole).days()).is_certain());
        // A whole that doesn't lie inside is counted by its stages.
        let counts_by_its_stages = || !place.is_certain() && !book.stages(id).is_empty();
        if counts_in_its_whole() || counts_by_its_stages() {
            continue;
        }
        match place {
            Place::Inside(period) => certain.add(&view, query, period),
            Place::Possibly(period) => possible.add(&view, query, period),
            Place::Outside => {}
        }
    }
    let unassigned = book.unassigned().filter(|claim| book.is_live(claim));
    let lineage = book.lineage(&[]);
    Totals {
        as_of: AsOf::of(book),
        policy: query.policy,
        unassigned: unassigned.filter(|claim| lineage.origin(claim).is_none()).count(),
        figures: certain.into_totals(),
        possibly: possible.into_totals(),
    }
}

/// Whether an exchange lies in the days asked for.
enum Place {
    Inside(Option<String>),
    Possibly(Option<String>),
    Outside,
}

impl Place {
    const fn is_certain(&self) -> bool {
        matches!(self, Self::Inside(_))
    }
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

    fn asks_for(&self, direction: Direction, category: Category) -> bool {
        self.category.is_none_or(|wanted| wanted == category)
            && self.sender.is_none_or(|sender| sender == direction.from)
            && self.receiver.is_none_or(|receiver| receiver == direction.to)
    }
}

impl Period {
    /// Its name, or the first and the last one's.
    fn of(self, days: Span) -> String {
        let name = |day: Option<civil::Date>| {
            day.map_or_else(
                || "..".to_owned(),
                |day| match self {
                    Self::Day => day.to_string(),
                    Self::Month => format!("{:04}-{:02}", day.year(), day.month()),
                    Self::Year => format!("{:04}", day.year()),
                },
            )
        };
        let (first, last) = (name(days.earliest), name(days.latest));
        if first == last && first != ".." { first } else { format!("{first}/{last}") }
    }
}

#[derive(Default)]
struct Sums {
    sums: BTreeMap<Row, Sum>,
    /// Claims that could have entered a row, and why they didn't.
    left_out: Vec<(Row, Excluded)>,
}

type Row = (Option<String>, Direction, Category);

struct Sum {
    bounds: Bounds,
    exchanges: usize,
    unknown: usize,
    disputed: usize,
    one_sided: usize,
    claims: BTreeSet<Position>,
}

impl Sums {
    fn add(&mut self, view: &View<'_>, query: &TotalsQuery, period: Option<String>) {
        let figures = view.figures(query.policy);
        let stages: Vec<View<'_>> = view.stages().collect();
        for view in std::iter::once(view).chain(&stages) {
            for claim in view.book.maybe_later(view.id).into_iter().filter(|claim| claim.is_of_completion()) {
                let excluded = Excluded { position: claim.position, why: Why::MaybeLater };
                self.left_out.extend(said_of(view.book, claim).map(|(direction, category)| ((period.clone(), direction, category), excluded)));
            }
            for claim in view.members().filter(|claim| claim.is_of_completion()) {
                let is_in = |place: &(Direction, Category)| figures.get(place).is_some_and(|figure| figure.claims.binary_search(&claim.position).is_ok());
                let out: Vec<_> = said_of(view.book, claim).filter(|place| !is_in(place)).collect();
                if !out.is_empty() {
                    let excluded = Excluded { position: claim.position, why: reason(view, claim) };
                    self.left_out.extend(out.into_iter().map(|(direction, category)| ((period.clone(), direction, category), excluded)));
                }
            }
        }
        for (&(direction, category), figure) in figures.iter() {
            if query.asks_for(direction, category) {
                self.sum(period.clone(), direction, category).take(figure);
            }
        }
    }

    /// The claims about an exchange of which none is live, where they would have been inside by their own dates.
    fn leave_out(&mut self, view: &View<'_>, query: &TotalsQuery) {
        for claim in view.members().filter(|claim| claim.is_of_completion()) {
            if let Place::Inside(period) = query.place(claim.date.map(|date| date.span())) {
                let excluded = Excluded { position: claim.position, why: reason(view, claim) };
                self.left_out.extend(said_of(view.book, claim).map(|(direction, category)| ((period.clone(), direction, category), excluded)));
            }
        }
    }

    fn sum(&mut self, period: Option<String>, direction: Direction, category: Category) -> &mut Sum {
        self.sums.entry((period, direction, category)).or_insert_with(|| Sum {
            bounds: Bounds::exact(0),
            exchanges: 0,
            unknown: 0,
            disputed: 0,
            one_sided: 0,
            claims: BTreeSet::new(),
        })
    }

    fn into_totals(self) -> Vec<Total> {
        let mut excluded: BTreeMap<Row, BTreeSet<Excluded>> = BTreeMap::new();
        for (row, claim) in self.left_out {
            // Where no claim is in, there is no figure; the claims stay readable in the dossier.
            if self.sums.contains_key(&row) {
                excluded.entry(row).or_default().insert(claim);
            }
        }
        let total = |(row, sum): (Row, Sum)| Total {
            from: row.1.from,
            to: row.1.to,
            category: row.2,
            low: (sum.exchanges > 0).then_some(sum.bounds.low),
            high: sum.bounds.high.filter(|_| sum.exchanges > 0),
            exchanges: sum.exchanges,
            unknown: sum.unknown,
            disputed: sum.disputed,
            one_sided: sum.one_sided,
            excluded: excluded.remove(&row).unwrap_or_default().into_iter().collect(),
            claims: sum.claims.into_iter().collect(),
            period: row.0,
        };
        self.sums.into_iter().map(total).collect()
    }
}

impl Sum {
    fn take(&mut self, figure: &Figure) {
        self.unknown += usize::from(figure.is_unknown());
        self.disputed += usize::from(figure.disputed);
        self.one_sided += usize::from(figure.one_sided);
        if let Some(bounds) = figure.bounds.filter(|_| figure.counts) {
            self.bounds = self.bounds + bounds;
            self.exchanges += 1;
        }
        self.claims.extend(&figure.claims);
    }
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
