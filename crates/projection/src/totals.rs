use std::collections::{BTreeMap, BTreeSet};

use announcement::{Bounds, Category, ExchangeKey, Party, Position, Span};
use jiff::civil;
use serde::{Deserialize, Serialize};

use crate::{AsOf, Book, Direction, Figure, Out, Policy, claim::Why, exchange::View, mention::says};

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
pub fn totals(book: &Book, query: &TotalsQuery) -> Totals {
    let asked = Span { earliest: query.from, latest: query.to };
    let mut certain = Sums::default();
    let mut possible = Sums::default();
    for (root, days) in roots(book) {
        if is_covered(book, &root, asked, query) {
            continue;
        }
        let view = View { book, root: &root };
        let unlimited = query.from.is_none() && query.to.is_none();
        let (inside, overlapping) = days.map_or((unlimited, unlimited), |days| (asked.contains(days), asked.overlaps(days)));
        let period = query.period.map(|period| period.of(days));
        let straddles = period.as_ref().is_some_and(|period| period.contains('/'));
        // A whole that isn't inside is counted by its stages.
        if (!inside || straddles) && !book.stages(&root).is_empty() {
            continue;
        }
        if inside && !straddles {
            certain.add(&view, query, period);
        } else if overlapping {
            possible.add(&view, query, period);
        }
    }
    Totals {
        as_of: AsOf::of(book),
        policy: query.policy,
        figures: certain.into_totals(),
        possibly: possible.into_totals(),
        unassigned: book.unassigned().count(),
    }
}

/// Every exchange that has claims, or stages that have.
fn roots(book: &Book) -> Vec<(ExchangeKey, Option<Span>)> {
    let mut roots: BTreeSet<ExchangeKey> = book.exchanges().map(|(root, _)| root.clone()).collect();
    let wholes: Vec<ExchangeKey> = roots.iter().filter_map(|root| book.whole(root)).collect();
    roots.extend(wholes);
    roots.into_iter().map(|root| (root.clone(), View { book, root: &root }.days())).collect()
}

/// Whether the exchange is a stage of a whole that lies inside and counts in its place.
fn is_covered(book: &Book, root: &ExchangeKey, asked: Span, query: &TotalsQuery) -> bool {
    let Some(whole) = book.whole(root) else { return false };
    let Some(days) = (View { book, root: &whole }).days() else { return false };
    asked.contains(days) && query.period.is_none_or(|period| !period.of(Some(days)).contains('/'))
}

impl Period {
    fn of(self, days: Option<Span>) -> String {
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
        let days = days.unwrap_or(Span { earliest: None, latest: None });
        let (first, last) = (name(days.earliest), name(days.latest));
        if first == last && first != ".." { first } else { format!("{first}/{last}") }
    }
}

#[derive(Default)]
struct Sums {
    sums: BTreeMap<(Option<String>, Direction, Category), Sum>,
}

struct Sum {
    bounds: Bounds,
    exchanges: usize,
    unknown: usize,
    disputed: usize,
    one_sided: usize,
    excluded: BTreeSet<Excluded>,
    claims: BTreeSet<Position>,
}

impl Sums {
    fn add(&mut self, view: &View<'_>, query: &TotalsQuery, period: Option<String>) {
        let figures = view.figures(query.policy);
        let excluded = excluded(view, query, &figures);
        let asked = |direction: Direction, category: Category| {
            query.category.is_none_or(|wanted| wanted == category)
                && query.sender.is_none_or(|sender| sender == direction.from)
                && query.receiver.is_none_or(|receiver| receiver == direction.to)
        };
        for ((direction, category), figure) in figures {
            if asked(direction, category) {
                self.sum(period.clone(), direction, category).take(figure);
            }
        }
        for ((direction, category), left_out) in excluded {
            // Where no claim is in, there is no figure; the claims stay readable in the dossier.
            if asked(direction, category)
                && let Some(sum) = self.sums.get_mut(&(period.clone(), direction, category))
            {
                sum.excluded.extend(left_out);
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
            excluded: BTreeSet::new(),
            claims: BTreeSet::new(),
        })
    }

    fn into_totals(self) -> Vec<Total> {
        let total = |((period, direction, category), sum): ((Option<String>, Direction, Category), Sum)| Total {
            from: direction.from,
            to: direction.to,
            category,
            period,
            low: (sum.exchanges > 0).then_some(sum.bounds.low),
            high: sum.bounds.high.filter(|_| sum.exchanges > 0),
            exchanges: sum.exchanges,
            unknown: sum.unknown,
            disputed: sum.disputed,
            one_sided: sum.one_sided,
            excluded: sum.excluded.into_iter().collect(),
            claims: sum.claims.into_iter().collect(),
        };
        self.sums.into_iter().map(total).collect()
    }
}

impl Sum {
    fn take(&mut self, figure: Figure) {
        self.unknown += usize::from(figure.is_unknown());
        self.disputed += usize::from(figure.disputed);
        self.one_sided += usize::from(figure.one_sided);
        if let Some(bounds) = figure.bounds.filter(|_| figure.counts) {
            self.bounds = self.bounds + bounds;
            self.exchanges += 1;
        }
        self.claims.extend(figure.claims);
    }
}

/// The claims of numbers that a figure isn't made from.
fn excluded(view: &View<'_>, query: &TotalsQuery, figures: &crate::Figures) -> Vec<((Direction, Category), Vec<Excluded>)> {
    let book = view.book;
    let stages = book.stages(view.root);
    let roots = std::iter::once(view.root).chain(&stages);
    let claims: Vec<_> = roots.flat_map(|root| book.members(root)).filter(|claim| claim.is_of_completion()).collect();
    let why = |claim: &crate::Claim| match book.out(claim) {
        Some(Out { why, .. }) => why,
        None if book.origin(claim).is_some() => Why::Relay,
        None => Why::Outranked,
    };
    let of = |(&(direction, category), figure): (&(Direction, Category), &Figure)| {
        let left_out = claims.iter().filter(|claim| !figure.claims.contains(&claim.position) && says(claim, direction, category));
        ((direction, category), left_out.map(|claim| Excluded { position: claim.position, why: why(claim) }).collect())
    };
    figures.iter().filter(|((_, category), _)| query.category.is_none_or(|wanted| wanted == *category)).map(of).collect()
}
