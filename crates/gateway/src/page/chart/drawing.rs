use std::{collections::BTreeMap, fmt::Write};

use jiff::civil;
use maud::{Markup, html};

use super::{Language, Lines, Step};

/// The plot in the units of its drawing.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 208.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 392.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 176.0;

/// One direction of the lines; `described` says in words what is drawn.
pub(super) fn panel(lines: &Lines, steps: &BTreeMap<civil::Date, Step>, described: &str, language: Language) -> Markup {
    let scale = Scale::of(lines);
    let points: Vec<(f64, Step)> = steps.iter().map(|(day, step)| (scale.x(lines.grain.end(*day)), *step)).collect();
    html! {
        svg.chart viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(described) {
            @for tick in scale.ticks() {
                path.grid d=(format!("M{LEFT} {:.1}H{RIGHT}", scale.y(tick))) {}
                text x=(LEFT - 6.0) y=(format!("{:.1}", scale.y(tick) + 3.5)) text-anchor="end" { (language.number(tick)) }
            }
            @for (x, words) in scale.times() {
                path.tick d=(format!("M{x:.1} {BOTTOM}v5")) {}
                text x=(format!("{x:.1}")) y=(HEIGHT - 5.0) text-anchor="middle" { (words) }
            }
            path.band d=(band(&points, &scale)) {}
            path.high d=(high(&points, &scale)) {}
            path.low d=(low(&points, &scale)) {}
            path.axis d=(format!("M{LEFT} {BOTTOM}H{RIGHT}")) {}
            @for (x, step) in &points { @if step.unknown > 0 { circle.unknown cx=(format!("{x:.1}")) cy=(BOTTOM + 10.0) r="3" {} } }
        }
    }
}

/// From days and counts to places in the drawing.
struct Scale {
    first: civil::Date,
    last: civil::Date,
    top: u64,
    step: u64,
}

impl Scale {
    /// Of both directions: they have one.
    fn of(lines: &Lines) -> Self {
        let steps = || lines.steps.iter().flat_map(BTreeMap::values);
        let top = steps().map(|step| step.sum_high.unwrap_or(0).max(step.sum_low)).max().unwrap_or(0);
        let is_open = steps().any(|step| step.sum_high.is_none());
        let (first, last) = lines.span;
        Self::new(first, lines.grain.end(last), if is_open { top + top / 8 } else { top })
    }

    fn new(first: civil::Date, last: civil::Date, top: u64) -> Self {
        let step = (0..).map(|power| 10_u64.pow(power)).flat_map(|power| [power, 2 * power, 5 * power]).find(|step| top <= step * 4).unwrap_or(u64::MAX / 8);
        Self { first, last, top: top.div_ceil(step).max(1) * step, step }
    }

    fn x(&self, day: civil::Date) -> f64 {
        let days = |from: civil::Date, to: civil::Date| f64::from((to - from).get_days());
        LEFT + (RIGHT - LEFT) * days(self.first, day) / days(self.first, self.last).max(1.0)
    }

    fn y(&self, count: u64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * (count as f64 / self.top as f64).min(1.0)
    }

    fn ticks(&self) -> impl Iterator<Item = u64> {
        (0..=self.top / self.step).map(|tick| tick * self.step)
    }

    /// Where years begin, as many as there is room for; of a short time where quarters do.
    fn times(&self) -> Vec<(f64, String)> {
        let years = self.last.year() - self.first.year();
        let begins = (self.first.year()..=self.last.year()).flat_map(|year| [1, 4, 7, 10].map(|month| (year, month)));
        let every = i16::max(1, years.div_euclid(6) + 1);
        let shown =
            begins.filter(|(year, month)| if years > 2 { *month == 1 && (year - self.first.year()) % every == 0 } else { years < 2 || matches!(month, 1 | 7) });
        let days = shown.filter_map(|(year, month)| {
            Some((civil::Date::new(year, month, 1).ok()?, if years > 2 { year.to_string() } else { format!("{year}-{month:02}") }))
        });
        days.filter(|(day, _)| (self.first..=self.last).contains(day)).map(|(day, words)| (self.x(day), words)).collect()
    }
}

/// The line of the lower bounds.
fn low(points: &[(f64, Step)], scale: &Scale) -> String {
    let mut path = format!("M{LEFT} {BOTTOM}");
    for (x, step) in points {
        let _ = write!(path, "H{x:.1}V{:.1}", scale.y(step.sum_low));
    }
    path + &format!("H{RIGHT}")
}

/// The line of the upper bounds, up to where there is none.
fn high(points: &[(f64, Step)], scale: &Scale) -> String {
    let mut path = format!("M{LEFT} {BOTTOM}");
    for (x, step) in points {
        let _ = write!(path, "H{x:.1}");
        match step.sum_high {
            Some(high) => {
                let _ = write!(path, "V{:.1}", scale.y(high));
            }
            None => return path,
        }
    }
    path + &format!("H{RIGHT}")
}

/// The band between the two, open to the top where there is no upper bound.
fn band(points: &[(f64, Step)], scale: &Scale) -> String {
    let mut path = format!("M{LEFT} {BOTTOM}");
    for (x, step) in points {
        let _ = write!(path, "H{x:.1}V{:.1}", step.sum_high.map_or(0.0, |high| scale.y(high)));
    }
    let last = points.last().map_or(BOTTOM, |(_, step)| scale.y(step.sum_low));
    let _ = write!(path, "H{RIGHT}V{last:.1}");
    for (index, (x, _)) in points.iter().enumerate().rev() {
        let before = index.checked_sub(1).map_or(BOTTOM, |before| scale.y(points[before].1.sum_low));
        let _ = write!(path, "H{x:.1}V{before:.1}");
    }
    path + "Z"
}
