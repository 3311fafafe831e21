//! What is known to have been handed over, over time: a step line of the lower bounds with the band up to the upper ones, drawn here as SVG.
//!
//! Both directions of a category have one scale and one look. An exchange, or a stage of one, without a number is a mark under the axis and never a zero; where an exchange has
//! none as a whole the band is open from there on. An exchange in stages is a step on its last day, as a sum counts it once.

mod drawing;

use std::collections::{BTreeMap, BTreeSet};

use announcement::{Category, Party};
use jiff::civil;
use maud::{Markup, html};
use projection::{Exchange, FigureAnswer};

use super::{figures::pairs, language::Language, layout::scrolling, words::Word};

/// As many steps a line has at most: more couldn't be told apart, and a page stays small however long the ledger is.
const MAX_STEPS: usize = 120;

/// What was handed over at one time, and the sum with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    low: u64,
    /// None where there is no bound.
    high: Option<u64>,
    exchanges: usize,
    /// Exchanges and stages without a number.
    unknown: usize,
    /// Exchanges that are in no sum, as only one side spoke of them.
    one_sided: usize,
    /// Exchanges that are in no sum, as the sides' claims differ and the policy gives no number then.
    differing: usize,
    sum_low: u64,
    sum_high: Option<u64>,
}

/// How long the times are that steps are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grain {
    Day,
    Month,
    Year,
}

/// The lines of one category between two parties: both directions at the same times.
struct Lines {
    category: Category,
    pair: [Party; 2],
    grain: Grain,
    steps: [BTreeMap<civil::Date, Step>; 2],
    /// The first and the last day of all charts of the page.
    span: (civil::Date, civil::Date),
}

/// A figure of an exchange, or of a stage, on its last day.
#[derive(Clone, Copy)]
struct Placed<'a> {
    day: civil::Date,
    is_stage: bool,
    figure: &'a FigureAnswer,
}

/// A chart for each pair of parties and main category that has figures of days.
pub(super) fn charts(exchanges: &[Exchange], language: Language) -> Markup {
    let placed: Vec<Placed<'_>> = exchanges.iter().flat_map(placed).collect();
    let days = || placed.iter().map(|placed| placed.day);
    let Some(span) = days().min().zip(days().max()) else { return html! {} };
    html! {
        @for pair in pairs(placed.iter().map(|placed| (placed.figure.from, placed.figure.to))) {
            @for category in [Category::Bodies, Category::People] {
                @if let Some(lines) = Lines::of(&placed, pair, category, span) { (lines.markup(language)) }
            }
        }
    }
}

/// The figures of an exchange on the day on which it ended, as far as that's known.
fn placed(exchange: &Exchange) -> impl Iterator<Item = Placed<'_>> {
    let day = exchange.date.and_then(|days| days.latest.or(days.earliest));
    let is_stage = exchange.part_of.is_some();
    day.into_iter().flat_map(move |day| exchange.figures.iter().map(move |figure| Placed { day, is_stage, figure }))
}

impl Grain {
    /// The first day of the time that a day lies in.
    fn of(self, day: civil::Date) -> civil::Date {
        match self {
            Self::Day => day,
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        }
    }

    /// The last day of the time that begins on a day: there what was handed over in it is known.
    fn end(self, day: civil::Date) -> civil::Date {
        match self {
            Self::Day => day,
            Self::Month => day.last_of_month(),
            Self::Year => day.last_of_year(),
        }
    }

    fn words(self, day: civil::Date, language: Language) -> String {
        match self {
            Self::Day => language.day(day),
            Self::Month => language.month(day),
            Self::Year => day.year().to_string(),
        }
    }
}

impl Lines {
    fn of(all: &[Placed<'_>], pair: [Party; 2], category: Category, span: (civil::Date, civil::Date)) -> Option<Self> {
        let [one, other] = pair;
        let way = |from, to| {
            all.iter().filter(move |placed| (placed.figure.category, placed.figure.from, placed.figure.to) == (category, from, to)).copied().collect()
        };
        let ways: [Vec<Placed<'_>>; 2] = [way(one, other), way(other, one)];
        let times = |grain: Grain| ways.iter().flatten().map(|placed| grain.of(placed.day)).collect::<BTreeSet<_>>();
        let grain = [Grain::Day, Grain::Month].into_iter().find(|grain| times(*grain).len() <= MAX_STEPS).unwrap_or(Grain::Year);
        let times = times(grain);
        let steps = ways.map(|placed| steps(&placed, &times, grain));
        (!times.is_empty()).then_some(Self { category, pair, grain, steps, span })
    }

    fn markup(&self, language: Language) -> Markup {
        let [one, other] = self.pair;
        let name = language.category(self.category);
        html! {
            section.charts aria-label=(name) {
                h3 { (name) }
                div.panels {
                    (self.panel(0, one, other, language))
                    (self.panel(1, other, one, language))
                }
                details { summary { (language.say(Word::ChartTable)) } (self.table(language)) }
            }
        }
    }

    fn panel(&self, index: usize, from: Party, to: Party, language: Language) -> Markup {
        let steps = &self.steps[index];
        let end = steps.values().next_back().copied().unwrap_or(NOTHING);
        let total = |count: fn(&Step) -> usize| steps.values().map(count).sum::<usize>();
        let [exchanges, unknown, one_sided, differing] =
            [|step: &Step| step.exchanges, |step: &Step| step.unknown, |step: &Step| step.one_sided, |step: &Step| step.differing].map(total);
        let sum = match (exchanges, one_sided + differing) {
            (0, 0) => language.say(Word::NothingAnnounced).to_owned(),
            (0, _) => language.range(None, None),
            _ => language.range(Some(end.sum_low), end.sum_high),
        };
        let opened =
            steps.iter().find(|(_, step)| step.sum_high.is_none()).map(|(day, _)| language.fill(Word::ChartOpenEnd, &[self.grain.words(*day, language)]));
        let counted = |count: usize, word| (count > 0).then(|| language.fill(word, &[language.number(count as u64)]));
        let marks: Vec<String> =
            [opened, counted(unknown, Word::ChartUnknown), counted(one_sided, Word::OfThemOneSided), counted(differing, Word::NotInSumDiffer)]
                .into_iter()
                .flatten()
                .collect();
        let ends = |day: Option<&civil::Date>| day.map_or_else(String::new, |day| self.grain.words(*day, language));
        let described = language.fill(Word::ChartDescribed, &[ends(steps.keys().next()), ends(steps.keys().next_back()), sum.clone()]);
        let direction = language.direction(from, to);
        html! {
            figure {
                figcaption { (direction) ": " strong.figure { (sum) } @for words in &marks { span.marks { (words) } } }
                @if exchanges > 0 { (drawing::panel(self, steps, &format!("{direction}. {described} {}", marks.join("; ")), language)) }
            }
        }
    }

    fn table(&self, language: Language) -> Markup {
        let [one, other] = self.pair;
        let ways = [language.direction(one, other), language.direction(other, one)];
        let caption = format!("{}: {}", language.say(Word::KnownOverTime), language.category(self.category));
        let times: BTreeSet<civil::Date> = self.steps.iter().flat_map(BTreeMap::keys).copied().collect();
        let table = html! {
            table {
                caption { (caption) }
                thead {
                    tr { th scope="col" rowspan="2" { (language.say(Word::When)) } @for way in &ways { th scope="colgroup" colspan="2" { (way) } } }
                    tr { @for _ in &ways { th scope="col" { (language.say(Word::AddedThen)) } th scope="col" { (language.say(Word::SumSoFar)) } } }
                }
                tbody {
                    @for time in &times {
                        tr {
                            th scope="row" { (self.grain.words(*time, language)) }
                            @for steps in &self.steps { (cells(steps.get(time).copied().unwrap_or(NOTHING), language)) }
                        }
                    }
                }
            }
        };
        scrolling(&caption, &table)
    }
}

fn cells(step: Step, language: Language) -> Markup {
    let nothing = html! { span.gone { "–" } };
    let added = if step.exchanges == 0 {
        nothing.clone()
    } else {
        html! { (language.range(Some(step.low), step.high)) }
    };
    html! {
        td {
            @if step.exchanges > 0 || step.unknown == 0 { (added) }
            @if step.unknown > 0 { span.marks { (language.fill(Word::WithoutNumber, &[language.number(step.unknown as u64)])) } }
        }
        td { @if step.sum_low == 0 && step.sum_high == Some(0) { (nothing) } @else { (language.range(Some(step.sum_low), step.sum_high)) } }
    }
}

/// Before anything was handed over.
const NOTHING: Step = Step { low: 0, high: Some(0), exchanges: 0, unknown: 0, one_sided: 0, differing: 0, sum_low: 0, sum_high: Some(0) };

/// The sums at each of these times.
fn steps(placed: &[Placed<'_>], times: &BTreeSet<civil::Date>, grain: Grain) -> BTreeMap<civil::Date, Step> {
    let mut steps: BTreeMap<civil::Date, Step> = times.iter().map(|time| (*time, NOTHING)).collect();
    for Placed { day, is_stage, figure } in placed {
        let step = steps.entry(grain.of(*day)).or_insert(NOTHING);
        step.unknown += usize::from(figure.unknown);
        // A stage is in the exchange that it's a stage of.
        match (is_stage, figure.one_sided, figure.low) {
            (true, ..) => {}
            (false, true, _) => step.one_sided += 1,
            (false, false, None) => step.differing += 1,
            (false, false, Some(low)) => {
                step.exchanges += 1;
                step.low += low;
                step.high = step.high.zip(figure.high).map(|(sum, high)| sum + high);
            }
        }
    }
    let (mut low, mut high) = (0, Some(0));
    for step in steps.values_mut() {
        low += step.low;
        high = high.zip(step.high).map(|(sum, added)| sum + added);
        (step.sum_low, step.sum_high) = (low, high);
    }
    steps
}

#[cfg(test)]
mod tests {
    use projection::{Days, Status};

    use super::*;

    fn exchange(day: &str, from: &str, bounds: Option<(u64, u64)>) -> Exchange {
        let day: civil::Date = day.parse().unwrap();
        let to = if from == "RU" { "UA" } else { "RU" };
        let figure = FigureAnswer {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            category: Category::Bodies,
            low: Some(bounds.map_or(0, |(low, _)| low)),
            high: bounds.map(|(_, high)| high),
            unknown: bounds.is_none(),
            disputed: false,
            one_sided: false,
            claims: Vec::new(),
        };
        Exchange {
            key: format!("ru-ua/bodies/{day}").parse().unwrap(),
            what: announcement::What::Bodies,
            date: Some(Days { earliest: Some(day), latest: Some(day) }),
            status: Status::Completed,
            figures: vec![figure],
            disputed: false,
            frameworks: Vec::new(),
            third_parties: Vec::new(),
            statements: 1,
            reports: 1,
            part_of: None,
            stages: Vec::new(),
        }
    }

    fn lines(exchanges: &[Exchange]) -> Lines {
        let placed: Vec<Placed<'_>> = exchanges.iter().flat_map(placed).collect();
        let span = (placed.iter().map(|placed| placed.day).min().unwrap(), placed.iter().map(|placed| placed.day).max().unwrap());
        Lines::of(&placed, ["RU".parse().unwrap(), "UA".parse().unwrap()], Category::Bodies, span).unwrap()
    }

    fn sums(lines: &Lines) -> Vec<(u64, Option<u64>)> {
        lines.steps[0].values().map(|step| (step.sum_low, step.sum_high)).collect()
    }

    #[test]
    fn an_exchange_without_a_number_opens_the_band_and_is_no_step() {
        let exchanges = [exchange("2025-06-01", "RU", Some((10, 12))), exchange("2025-06-02", "RU", None), exchange("2025-06-03", "RU", Some((5, 5)))];
        let lines = lines(&exchanges);
        assert_eq!(sums(&lines), [(10, Some(12)), (10, None), (15, None)]);
        let page = lines.markup(Language::English).0;
        assert_eq!(page.matches("class=\"unknown\"").count(), 1, "{page}");
        assert!(page.contains("no upper bound from 2 June 2025 on") && page.contains("15 or more"), "{page}");
        assert!(page.contains("without a number: 1") && !page.contains("<td>0</td>") && !page.contains("\"figure\">0"), "{page}");
    }

    #[test]
    fn a_stage_without_a_number_is_marked_and_its_whole_is_counted() {
        let mut stage = exchange("2025-06-09", "RU", None);
        let mut whole = exchange("2025-06-26", "RU", Some((1_000, 1_200)));
        stage.part_of = Some(whole.key.clone());
        whole.stages = vec![stage.key.clone()];
        let lines = lines(&[stage, whole]);
        assert_eq!(sums(&lines), [(0, Some(0)), (1_000, Some(1_200))]);
        assert_eq!(lines.markup(Language::English).0.matches("class=\"unknown\"").count(), 1);
    }

    #[test]
    fn what_one_side_alone_says_is_in_no_sum() {
        let mut alone = exchange("2025-06-09", "RU", Some((7, 7)));
        alone.figures[0].one_sided = true;
        assert_eq!(sums(&lines(&[alone])), [(0, Some(0))]);
    }

    #[test]
    fn a_line_has_a_bounded_number_of_steps_and_the_same_sum() {
        let days = (0..4_000).map(|day| civil::date(2014, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap());
        let lines = lines(&days.map(|day| exchange(&day.to_string(), "RU", Some((1, 2)))).collect::<Vec<_>>());
        assert!(lines.steps[0].len() <= MAX_STEPS, "{}", lines.steps[0].len());
        assert_eq!(sums(&lines).last(), Some(&(4_000, Some(8_000))));
        assert!(lines.markup(Language::English).0.len() < 60_000);
    }

    #[test]
    fn both_directions_have_one_scale() {
        let page = lines(&[exchange("2025-06-01", "RU", Some((4_000, 4_000))), exchange("2025-06-02", "UA", Some((1, 1)))]).markup(Language::English).0;
        assert_eq!(page.matches(">4,000</text>").count(), 2, "{page}");
    }
}
