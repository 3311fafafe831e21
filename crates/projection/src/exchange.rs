use announcement::{Announcer, Category, ExchangeKey, Kind, Party, Position, Span};
use serde::Serialize;

use crate::{
    Book, Direction, Policy,
    claim::Claim,
    figure::{Figure, Figures, figures},
};

/// Where an exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
            claims: figure.claims.iter().copied().collect(),
        }
    }

    pub(crate) fn all(figures: &Figures) -> Vec<Self> {
        figures.iter().map(|(&(direction, category), figure)| Self::new(direction, category, figure)).collect()
    }
}

/// One exchange of the book, looked at.
pub(crate) struct View<'a> {
    pub(crate) book: &'a Book,
    pub(crate) root: &'a ExchangeKey,
}

impl<'a> View<'a> {
    pub(crate) fn live(&self) -> impl Iterator<Item = &'a Claim> {
        let book = self.book;
        book.members(self.root).filter(move |claim| book.out(claim).is_none())
    }

    pub(crate) fn figures(&self, policy: Policy) -> Figures {
        figures(self.book, self.root, policy)
    }

    /// Where the claims' dates overlap, the best voices first; a whole's days cover its stages.
    pub(crate) fn days(&self) -> Option<Span> {
        let own = self.own_days(Claim::is_of_completion);
        let stages = self.book.stages(self.root);
        let of_stages = stages.iter().filter_map(|stage| View { book: self.book, root: stage }.own_days(Claim::is_of_completion));
        own.into_iter().chain(of_stages).reduce(Span::cover).or_else(|| self.own_days(|_| true))
    }

    fn own_days(&self, of: impl Fn(&Claim) -> bool) -> Option<Span> {
        let (met, _) = self.dates(of)?;
        Some(met)
    }

    /// The days, and the claims that lie outside them.
    pub(crate) fn dates(&self, of: impl Fn(&Claim) -> bool) -> Option<(Span, Vec<Position>)> {
        let mut dated: Vec<_> = self.live().filter(|claim| of(claim)).filter_map(|claim| Some((claim, claim.date?.span()))).collect();
        dated.sort_by_key(|(claim, _)| (std::cmp::Reverse(claim.voice(self.root)), claim.position));
        let mut dated = dated.into_iter();
        let mut met = dated.next()?.1;
        let mut outside = Vec::new();
        for (claim, span) in dated {
            match met.intersection(span) {
                Some(narrower) => met = narrower,
                None => outside.push(claim.position),
            }
        }
        Some((met, outside))
    }

    pub(crate) fn status(&self) -> Status {
        let stages = self.book.stages(self.root);
        let completed = |root: &ExchangeKey| View { book: self.book, root }.live().any(Claim::is_of_completion);
        if completed(self.root) || stages.iter().any(completed) {
            return Status::Completed;
        }
        let last = self.live().filter(|claim| matches!(claim.kind, Kind::Cancelled | Kind::Postponed | Kind::Planned)).last();
        match last.map(|claim| claim.kind) {
            Some(Kind::Cancelled) => Status::Cancelled,
            Some(Kind::Postponed) => Status::Postponed,
            Some(_) => Status::Planned,
            None => Status::Mentioned,
        }
    }

    /// Whether figures contradict each other, or somebody contests a claim.
    pub(crate) fn is_disputed(&self, figures: &Figures) -> bool {
        figures.values().any(|figure| figure.disputed) || self.live().any(|claim| self.book.disputes(claim).next().is_some())
    }

    pub(crate) fn frameworks(&self) -> Vec<String> {
        let mut frameworks: Vec<String> = self.live().filter_map(|claim| claim.framework.clone()).collect();
        frameworks.sort();
        frameworks.dedup();
        frameworks
    }
}

/// An announcer in one line: office and name, else the party; for unnamed sources there is none.
#[must_use]
pub fn announcer_line(announcer: &Announcer) -> String {
    let said = [announcer.office.as_deref(), announcer.name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    if said.is_empty() { announcer.party.to_string() } else { format!("{}: {said}", announcer.party) }
}
