//! Figures in a table: a row for each category, a column for each direction.

use announcement::{Category, Party, Position};
use maud::{Markup, html};
use projection::{Excluded, FigureAnswer, Total};

use super::{
    layout::{joined, scrolling},
    words,
};

/// A figure as a table shows it, of one exchange or of many.
pub(super) struct Cell {
    pub(super) from: Party,
    pub(super) to: Party,
    pub(super) category: Category,
    pub(super) low: Option<u64>,
    pub(super) high: Option<u64>,
    /// What is to be said of it, in words.
    pub(super) marks: Vec<String>,
    pub(super) claims: Vec<Position>,
    /// The claims that are not in it, and why.
    pub(super) excluded: Vec<Excluded>,
}

impl Cell {
    /// A total of one direction; a table has no place for one of both.
    pub(super) fn of_total(total: &Total) -> Option<Self> {
        let (from, to) = total.from.zip(total.to)?;
        let mut marks = vec![words::count(total.exchanges as u64, "exchange", "exchanges")];
        let mut mark = |count: usize, words: &str| {
            if count > 0 {
                marks.push(format!("{} {words}", words::number(count as u64)));
            }
        };
        mark(total.unknown, "of them without a number");
        mark(total.disputed, "of them disputed");
        mark(total.one_sided, "one-sided, not in the sum");
        Some(Self {
            from,
            to,
            category: total.category,
            low: total.low,
            high: total.high,
            marks,
            claims: total.claims.clone(),
            excluded: total.excluded.clone(),
        })
    }
}

impl From<&FigureAnswer> for Cell {
    fn from(figure: &FigureAnswer) -> Self {
        let marks = [(figure.disputed, "disputed"), (figure.one_sided, "one-sided"), (figure.unknown, "took place, number not given")];
        Self {
            from: figure.from,
            to: figure.to,
            category: figure.category,
            low: figure.low,
            high: figure.high,
            marks: marks.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words.to_owned()).collect(),
            claims: figure.claims.clone(),
            excluded: Vec::new(),
        }
    }
}

impl Cell {
    pub(super) fn number(&self) -> String {
        words::range(self.low, self.high)
    }

    fn markup(&self, link: &dyn Fn(Position) -> String) -> Markup {
        let claim = |position: Position| html! { a href=(link(position)) { (position) } };
        let claims = joined(self.claims.iter().take(MANY).map(|&position| claim(position)), ", ");
        let excluded = joined(self.excluded.iter().take(MANY).map(|excluded| html! { (claim(excluded.position)) " (" (words::out(excluded.why)) ")" }), ", ");
        html! {
            span.figure { (self.number()) }
            @for mark in &self.marks { span.marks { (mark) } }
            @if self.excluded.is_empty() && self.claims.len() <= FEW {
                @if !self.claims.is_empty() { span.marks { (if self.claims.len() == 1 { "claim " } else { "claims " }) (claims) } }
            } @else {
                details.marks {
                    summary {
                        (words::count(self.claims.len() as u64, "claim", "claims"))
                        @if !self.excluded.is_empty() { ", " (words::number(self.excluded.len() as u64)) " left out" }
                    }
                    (claims) (more(self.claims.len()))
                    @if !self.excluded.is_empty() { div { "Left out: " (excluded) (more(self.excluded.len())) } }
                }
            }
        }
    }
}

/// As many claims are listed beside a figure; more are folded.
const FEW: usize = 4;

/// As many are listed at all: a page stays small however long the ledger is, and the data has all of them.
const MANY: usize = 200;

fn more(claims: usize) -> Markup {
    html! { @if claims > MANY { " and " (words::number((claims - MANY) as u64)) " more in the data" } }
}

/// The two directions between each pair of parties that has figures, both always, in the order of the parties' codes.
pub(super) fn pairs(of: impl IntoIterator<Item = (Party, Party)>) -> Vec<[Party; 2]> {
    let mut pairs: Vec<[Party; 2]> = of.into_iter().map(|(from, to)| if from < to { [from, to] } else { [to, from] }).collect();
    pairs.sort();
    pairs.dedup();
    pairs
}

/// The figures between two parties; `link` says where a claim is shown.
pub(super) fn table(caption: &str, [one, other]: [Party; 2], cells: &[Cell], link: &dyn Fn(Position) -> String) -> Markup {
    let directions = [(one, other), (other, one)];
    let between = |cell: &&Cell| directions.contains(&(cell.from, cell.to));
    let rows: Vec<Category> = Category::ALL.into_iter().filter(|category| cells.iter().filter(between).any(|cell| cell.category == *category)).collect();
    let table = html! {
        table.directions {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { "Handed over" }
                    @for (from, to) in directions { th scope="col" { "from " (words::party(from)) " to " (words::party(to)) } }
                }
            }
            tbody {
                @for category in rows {
                    tr {
                        th scope="row" { (words::category(category)) }
                        @for (from, to) in directions {
                            td {
                                @match cells.iter().find(|cell| (cell.from, cell.to, cell.category) == (from, to, category)) {
                                    Some(cell) => (cell.markup(link)),
                                    None => span.marks { "nothing announced" },
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    scrolling(caption, &table)
}
