use std::{cell::OnceCell, sync::Arc};

use announcement::{Category, ExchangeKey, Party, Position, Span};
use jiff::civil;
use serde::Serialize;

use crate::{
    Direction, Known, Policy,
    claim::Claim,
    figure::{Figure, Figures},
    intern::Id,
    line::Line,
    lineage::Lineage,
    sheet::Sheet,
};

/// Where an exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Somebody claims that it took place.
    Completed,
    /// It was called off.
    Cancelled,
    /// It was put off.
    Postponed,
    /// It was planned.
    Planned,
    /// It's only mentioned.
    Mentioned,
}

impl std::str::FromStr for Status {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "completed" => Ok(Self::Completed),
            "cancelled" => Ok(Self::Cancelled),
            "postponed" => Ok(Self::Postponed),
            "planned" => Ok(Self::Planned),
            "mentioned" => Ok(Self::Mentioned),
            _ => Err("expected one of completed, cancelled, postponed, planned, mentioned"),
        }
    }
}

/// A figure as it's answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FigureAnswer {
    /// Who handed over.
    pub from: Party,
    /// Who received.
    pub to: Party,
    /// What.
    pub category: Category,
    /// At least; `null` where there is no number.
    pub low: Option<u64>,
    /// At most; `null` where there is no bound or no number.
    pub high: Option<u64>,
    /// Whether it took place and no number was given.
    pub unknown: bool,
    /// Whether claims contradict each other.
    pub disputed: bool,
    /// Whether only one party spoke, under the policy `both`.
    pub one_sided: bool,
    /// The claims that it was made from.
    pub claims: Vec<Position>,
}

impl FigureAnswer {
    pub(crate) fn new(direction: Direction, category: Category, figure: &Figure) -> Self {
        Self {
            from: direction.from,
            to: direction.to,
            category,
            low: figure.bounds.map(|bounds| bounds.low),
            high: figure.bounds.and_then(|bounds| bounds.high),
            unknown: figure.is_unknown(),
            disputed: figure.disputed,
            one_sided: figure.one_sided,
            claims: figure.claims.clone(),
        }
    }

    pub(crate) fn all(figures: &Figures) -> Vec<Self> {
        figures.iter().map(|(&(direction, category), figure)| Self::new(direction, category, figure)).collect()
    }
}

/// One exchange of the book, looked at.
pub(crate) struct View<'a> {
    pub(crate) book: Known<'a>,
    pub(crate) id: Id<ExchangeKey>,
    pub(crate) line: Arc<Line>,
    claims: OnceCell<(Vec<&'a Claim>, Lineage<'a>)>,
}

impl<'a> View<'a> {
    pub(crate) fn new(book: Known<'a>, id: Id<ExchangeKey>) -> Self {
        Self { book, id, line: book.line(id), claims: OnceCell::new() }
    }

    pub(crate) fn sheet(&self) -> &Sheet {
        &self.line.sheet
    }

    pub(crate) fn key(&self) -> &'a ExchangeKey {
        self.book.pools().keys.get(self.id)
    }

    fn claims(&self) -> &(Vec<&'a Claim>, Lineage<'a>) {
        self.claims.get_or_init(|| {
            let members = self.book.members(self.id);
            let lineage = self.book.lineage(&members);
            (members, lineage)
        })
    }

    /// The claims about it, by position.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'a Claim> {
        self.claims().0.iter().copied()
    }

    /// The recorded statement that a claim repeats.
    pub(crate) fn origin(&self, claim: &Claim) -> Option<Position> {
        self.claims().1.origin(claim)
    }

    /// The live statements; reports that repeat a recorded one are left out.
    pub(crate) fn statements(&self) -> impl Iterator<Item = &'a Claim> {
        self.members().filter(|claim| self.book.is_live(claim) && self.origin(claim).is_none())
    }

    /// The live claims that it took place.
    pub(crate) fn completions(&self) -> impl Iterator<Item = &'a Claim> {
        self.statements().filter(|claim| claim.is_of_completion())
    }

    pub(crate) fn figures(&self, policy: Policy) -> Arc<Figures> {
        Arc::clone(self.line.figures(self.book, self.id, policy))
    }

    pub(crate) fn stages(&self) -> impl Iterator<Item = View<'a>> {
        self.line.stages.iter().map(|&stage| View::new(self.book, stage))
    }

    pub(crate) fn days(&self) -> Option<Span> {
        self.line.days
    }

    pub(crate) fn status(&self) -> Status {
        self.line.status
    }

    /// The claims that it took place whose dates lie outside of those of better voices.
    pub(crate) fn outside(&self) -> Vec<Position> {
        dates(self.book, self.key(), self.completions()).map(|(_, outside)| outside).unwrap_or_default()
    }

    /// Whether figures contradict each other, or somebody contests a claim.
    pub(crate) fn is_disputed(&self, figures: &Figures) -> bool {
        self.sheet().is_contested || figures.values().any(|figure| figure.disputed)
    }

    pub(crate) fn frameworks(&self) -> Vec<String> {
        let mut frameworks: Vec<String> = self.sheet().frameworks.iter().map(|&framework| self.book.pools().texts.get(framework).to_owned()).collect();
        frameworks.sort();
        frameworks
    }
}

/// What exchanges have of a thing, by key: of those after a key, of so many at most that have any. Then the key that the next page comes after.
pub(crate) fn by_key<T>(
    book: Known<'_>,
    only: Option<&ExchangeKey>,
    after: Option<&ExchangeKey>,
    limit: Option<usize>,
    of: impl Fn(&View<'_>) -> Vec<T>,
) -> (Vec<T>, Option<ExchangeKey>) {
    let of_one = only.map(|only| book.exchange(only).filter(|&id| after.is_none_or(|after| book.pools().keys.get(id) > after)));
    let mut views: Box<dyn Iterator<Item = View<'_>>> = match of_one {
        Some(one) => Box::new(one.map(|id| View::new(book, id)).into_iter()),
        None => Box::new(book.by_key(after)),
    };
    let (mut found, mut last, mut left) = (Vec::new(), None, limit.map_or(usize::MAX, |limit| limit.max(1)));
    let next = views.find_map(|view| {
        let of_exchange = of(&view);
        if of_exchange.is_empty() {
            return None;
        }
        if left == 0 {
            return last.take();
        }
        left -= 1;
        found.extend(of_exchange);
        last = Some(view.key().clone());
        None
    });
    (found, next)
}

/// Where the dates of claims overlap, the best voices first, and the claims that lie outside.
pub(crate) fn dates<'a>(book: Known<'_>, key: &ExchangeKey, claims: impl Iterator<Item = &'a Claim>) -> Option<(Span, Vec<Position>)> {
    let parties = key.parties();
    let dated = claims.filter_map(|claim| Some((claim, claim.date?.span())));
    let mut dated: Vec<_> = dated.map(|(claim, span)| (std::cmp::Reverse(book.voice_between(claim, parties)), claim.position, span)).collect();
    dated.sort_by_key(|&(voice, position, _)| (voice, position));
    let mut dated = dated.into_iter();
    let (_, _, mut met) = dated.next()?;
    let mut outside = Vec::new();
    for (_, position, span) in dated {
        match met.intersection(span) {
            Some(narrower) => met = narrower,
            None => outside.push(position),
        }
    }
    Some((met, outside))
}

/// For an order of what is said: an open end is the latest.
pub(crate) fn last_day(span: Span) -> civil::Date {
    span.latest.unwrap_or(civil::Date::MAX)
}
