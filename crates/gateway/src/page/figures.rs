//! Figures in a table: a row for each category, a column for each direction.

use announcement::{Category, Party, Position};
use maud::{Markup, html};
use projection::{Excluded, FigureAnswer, Sum, Total};

use super::{
    language::Language,
    layout::{joined, more, scrolling},
    visit::Here,
    words::Word,
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
    pub(super) behind: Behind,
}

/// The claims behind a figure. Of very many the first are listed.
#[derive(Clone, Debug, Default)]
pub(super) struct Behind {
    claims: Vec<Position>,
    more_claims: usize,
    /// The claims that are not in it, and why.
    excluded: Vec<Excluded>,
    more_excluded: usize,
}

impl From<&Total> for Behind {
    fn from(total: &Total) -> Self {
        let Total { claims, more_claims, excluded, more_excluded, .. } = total;
        Self { claims: claims.clone(), more_claims: *more_claims, excluded: excluded.clone(), more_excluded: *more_excluded }
    }
}

impl From<&Sum> for Behind {
    fn from(sum: &Sum) -> Self {
        Self { claims: sum.claims.clone(), more_claims: sum.more_claims, ..Self::default() }
    }
}

/// What is to be said of a sum beside its number.
pub(super) fn marks(sum: &Sum, language: Language) -> Vec<String> {
    let mut marks = vec![language.count(sum.exchanges as u64, Word::Exchanges)];
    for (count, word) in [(sum.unknown, Word::WithoutNumber), (sum.disputed, Word::OfThemDisputed), (sum.one_sided, Word::OfThemOneSided)] {
        if count > 0 {
            marks.push(language.fill(word, &[language.number(count as u64)]));
        }
    }
    if sum.high.is_none() && sum.unknown > 0 {
        marks.push(language.say(Word::NoUpperBound).to_owned());
    }
    marks
}

/// A total without its claims, as a sum.
pub(super) fn sum(total: &Total) -> Sum {
    let Total { low, high, exchanges, unknown, disputed, one_sided, .. } = *total;
    Sum { low, high, exchanges, unknown, disputed, one_sided, claims: Vec::new(), more_claims: 0 }
}

impl Cell {
    /// A total of one direction; a table has no place for one of both.
    pub(super) fn of_total(total: &Total, language: Language) -> Option<Self> {
        let (from, to) = total.from.zip(total.to)?;
        Some(Self { from, to, category: total.category, low: total.low, high: total.high, marks: marks(&sum(total), language), behind: total.into() })
    }

    /// The figure of one exchange.
    pub(super) fn of(figure: &FigureAnswer, language: Language) -> Self {
        let marks = [(figure.disputed, Word::Disputed), (figure.one_sided, Word::OneSided), (figure.unknown, Word::TookPlaceNoNumber)];
        Self {
            from: figure.from,
            to: figure.to,
            category: figure.category,
            low: figure.low,
            high: figure.high,
            marks: marks.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| language.say(word).to_owned()).collect(),
            behind: Behind { claims: figure.claims.clone(), ..Behind::default() },
        }
    }

    fn markup(&self, link: &dyn Fn(Position) -> String, language: Language) -> Markup {
        html! {
            span.figure { (language.range(self.low, self.high)) }
            @for mark in &self.marks { span.marks { (mark) } }
            (claims(&self.behind, link, language))
        }
    }
}

/// The claims of a figure, each as a link; many are folded.
pub(super) fn claims(behind: &Behind, link: &dyn Fn(Position) -> String, language: Language) -> Markup {
    let Behind { claims, more_claims, excluded, more_excluded } = behind;
    let (all, all_excluded) = (claims.len() + more_claims, excluded.len() + more_excluded);
    let claim = |position: Position| html! { a href=(link(position)) { (position) } };
    let listed = joined(claims.iter().take(MANY).map(|&position| claim(position)), ", ");
    let left_out = joined(excluded.iter().take(MANY).map(|excluded| html! { (claim(excluded.position)) " (" (language.out(excluded.why)) ")" }), ", ");
    html! {
        @if excluded.is_empty() && claims.len() <= FEW {
            @if !claims.is_empty() { span.marks { (language.weave(if claims.len() == 1 { Word::ClaimIs } else { Word::ClaimsAre }, &[listed])) } }
        } @else {
            details.marks {
                summary {
                    (language.count(all as u64, Word::Claims))
                    @if !excluded.is_empty() { ", " (language.fill(Word::LeftOut, &[language.number(all_excluded as u64)])) }
                }
                (listed) (more(all.saturating_sub(MANY), language))
                @if !excluded.is_empty() { div { (language.weave(Word::LeftOut, &[left_out])) (more(all_excluded.saturating_sub(MANY), language)) } }
            }
        }
    }
}

/// As many claims are listed beside a figure; more are folded.
const FEW: usize = 4;

/// As many are listed at all: a page stays small however long the ledger is, and the data has all of them.
const MANY: usize = 100;

/// The two directions between each pair of parties that has figures, both always, in the order of the parties' codes.
pub(super) fn pairs(of: impl IntoIterator<Item = (Party, Party)>) -> Vec<[Party; 2]> {
    let mut pairs: Vec<[Party; 2]> = of.into_iter().map(|(from, to)| if from < to { [from, to] } else { [to, from] }).collect();
    pairs.sort();
    pairs.dedup();
    pairs
}

/// The figures between two parties; `link` says where a claim is shown.
pub(super) fn table(caption: &str, [one, other]: [Party; 2], cells: &[Cell], link: &dyn Fn(Position) -> String, language: Language) -> Markup {
    let directions = [(one, other), (other, one)];
    let between = |cell: &&Cell| directions.contains(&(cell.from, cell.to));
    let rows: Vec<Category> = Category::ALL.into_iter().filter(|category| cells.iter().filter(between).any(|cell| cell.category == *category)).collect();
    let table = html! {
        table.directions {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { (language.say(Word::HandedOver)) }
                    @for (from, to) in directions { th scope="col" { (language.direction(from, to)) } }
                }
            }
            tbody {
                @for category in rows {
                    tr {
                        th scope="row" { (language.category(category)) }
                        @for (from, to) in directions {
                            td {
                                @match cells.iter().find(|cell| (cell.from, cell.to, cell.category) == (from, to, category)) {
                                    Some(cell) => (cell.markup(link, language)),
                                    None => span.marks { (language.say(Word::NothingAnnounced)) },
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

/// The tables of totals, one for each pair of parties.
pub(super) fn totals(totals: &[Total], policy: projection::Policy, here: &Here) -> Markup {
    let language = here.language;
    let cells: Vec<Cell> = totals.iter().filter_map(|total| Cell::of_total(total, language)).collect();
    let link = |position| here.link(&format!("/records/{position}"));
    html! {
        @for pair in pairs(cells.iter().map(|cell| (cell.from, cell.to))) {
            @let caption = language.fill(Word::BetweenCaption, &[language.party(pair[0]), language.party(pair[1]), policy.to_string()]);
            (table(&caption, pair, &cells, &link, language))
        }
    }
}

/// An exchange's figures in lines: both directions, also where one has none.
pub(super) fn lines(figures: &[FigureAnswer], language: Language) -> Markup {
    let pairs = pairs(figures.iter().map(|figure| (figure.from, figure.to)));
    html! {
        @if pairs.is_empty() { span.marks { (language.say(Word::NoNumberAnnounced)) } }
        ul.plain {
            @for [one, other] in pairs {
                @for (from, to) in [(one, other), (other, one)] {
                    li {
                        span.way { (language.direction(from, to)) ": " }
                        @let own: Vec<&FigureAnswer> = figures.iter().filter(|figure| (figure.from, figure.to) == (from, to)).collect();
                        @if own.is_empty() { span.gone { (language.say(Word::NothingAnnounced)) } }
                        (joined(phrases(&own, language), "; "))
                    }
                }
            }
        }
    }
}

/// A count with what it's of; `is_known` where there is a number.
pub(super) fn counted(of: &str, is_known: bool, count: String, language: Language) -> Markup {
    language.weave(if is_known { Word::CountOf } else { Word::UnknownOf }, &[html! { (of) }, html! { span.figure { (count) } }])
}

/// The figures of one direction in phrases. The living come first and then what they were announced as, which says nothing new where it's all of them.
fn phrases(figures: &[&FigureAnswer], language: Language) -> Vec<Markup> {
    let phrase = |figure: &&FigureAnswer| {
        html! {
            (counted(language.short(figure.category), figure.low.is_some_and(|low| low > 0) || figure.high.is_some(), language.range(figure.low, figure.high), language))
            @if figure.disputed { " (" (language.say(Word::Disputed)) ")" }
        }
    };
    let parts: Vec<&&FigureAnswer> = figures.iter().filter(|figure| !matches!(figure.category, Category::Bodies | Category::People)).collect();
    let all = |living: &FigureAnswer| matches!(parts.as_slice(), [only] if (only.low, only.high) == (living.low, living.high));
    let wholes = figures.iter().filter(|figure| figure.category == Category::Bodies || figure.category == Category::People && !all(figure)).map(phrase);
    let mut phrases: Vec<Markup> = wholes.collect();
    let has_total = figures.iter().any(|figure| figure.category == Category::People && !all(figure));
    let parts = joined(parts.into_iter().map(phrase), ", ");
    match (parts.0.is_empty(), has_total) {
        (true, _) => {}
        (false, true) => phrases.push(language.weave(Word::OfThese, &[parts])),
        (false, false) => phrases.push(parts),
    }
    phrases
}
