use std::sync::{Arc, OnceLock};

use announcement::{ExchangeKey, Kind, Span};

use crate::{
    Known, Policy, Status,
    figure::{Figures, figures_of},
    intern::Id,
    sheet::Sheet,
};

/// What an exchange comes to, with its stages and as a stage.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) sheet: Arc<Sheet>,
    /// The exchange that it's a stage of.
    pub(crate) whole: Option<Id<ExchangeKey>>,
    /// Its stages, by id.
    pub(crate) stages: Box<[Id<ExchangeKey>]>,
    /// When it took place: a whole's days cover its stages. Where nobody says that it did, when it's planned, else what else is said.
    pub(crate) days: Option<Span>,
    pub(crate) status: Status,
    /// With its stages, where it has any.
    figures: [OnceLock<Arc<Figures>>; Policy::ALL.len()],
}

impl Line {
    pub(crate) fn of(book: Known<'_>, id: Id<ExchangeKey>) -> Self {
        let sheet = book.sheet(id);
        let stages = book.find_stages(id).into_iter().collect::<Box<[_]>>();
        let sheets: Vec<Arc<Sheet>> = stages.iter().map(|&stage| book.sheet(stage)).collect();
        let completed = sheet.completed.into_iter().chain(sheets.iter().filter_map(|stage| stage.completed)).reduce(Span::cover);
        let took_place = !sheet.completions.is_empty() || sheets.iter().any(|stage| !stage.completions.is_empty());
        Self {
            whole: book.find_whole(id),
            days: completed.or(sheet.planned).or(sheet.said),
            status: if took_place { Status::Completed } else { Status::of_outcome(sheet.outcome) },
            stages,
            sheet,
            figures: Default::default(),
        }
    }

    /// Whether anything is said of it or of a stage.
    pub(crate) fn is_known(&self) -> bool {
        self.sheet.reports > 0 || !self.stages.is_empty()
    }

    pub(crate) fn figures(&self, book: Known<'_>, id: Id<ExchangeKey>, policy: Policy) -> &Arc<Figures> {
        if self.stages.is_empty() {
            return self.sheet.figures(book, id, policy);
        }
        self.figures[policy as usize].get_or_init(|| Arc::new(figures_of(book, id, &self.stages, policy)))
    }
}

impl Status {
    fn of_outcome(outcome: Option<Kind>) -> Self {
        match outcome {
            Some(Kind::Cancelled) => Self::Cancelled,
            Some(Kind::Postponed) => Self::Postponed,
            Some(_) => Self::Planned,
            None => Self::Mentioned,
        }
    }
}
