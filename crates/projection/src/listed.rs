use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::{Arc, PoisonError},
};

use announcement::{ExchangeKey, Span};
use jiff::civil;

use crate::{
    Known,
    exchange::{View, last_day},
    intern::Id,
};

/// How many exchanges are looked up at once.
const AT_ONCE: usize = 128;

/// The exchanges that are known now, in order; put right for those that records touched, when it's asked.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    by_key: BTreeMap<Arc<ExchangeKey>, Id<ExchangeKey>>,
    by_day: BTreeSet<(Place, Id<ExchangeKey>)>,
    /// Where each stands, by id.
    places: Vec<Option<Place>>,
    /// Of which that isn't known any more.
    pub(crate) touched: Vec<Id<ExchangeKey>>,
}

/// Where an exchange stands in the timeline: the latest first, those without a day last; of one day the key that comes last first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(Reverse<(Option<LastAndFirst>, Arc<ExchangeKey>)>);

type LastAndFirst = (civil::Date, Option<civil::Date>);

impl Place {
    pub(crate) fn new(days: Option<Span>, key: Arc<ExchangeKey>) -> Self {
        Self(Reverse((days.map(|days| (last_day(days), days.earliest)), key)))
    }

    fn key(&self) -> &Arc<ExchangeKey> {
        &self.0.0.1
    }
}

impl Listed {
    fn put(&mut self, id: Id<ExchangeKey>, place: Option<Place>) {
        if self.places.len() <= id.index() {
            self.places.resize(id.index() + 1, None);
        }
        let before = &mut self.places[id.index()];
        if *before == place {
            return;
        }
        if let Some(before) = before.take() {
            if place.is_none() {
                self.by_key.remove(before.key());
            }
            self.by_day.remove(&(before, id));
        }
        if let Some(place) = place {
            self.by_key.insert(Arc::clone(place.key()), id);
            self.by_day.insert((place.clone(), id));
            self.places[id.index()] = Some(place);
        }
    }
}

impl<'a> Known<'a> {
    /// Where an exchange stands; `None` where nothing is known of it.
    pub(crate) fn place_in_time(self, id: Id<ExchangeKey>) -> Option<Place> {
        let line = self.line(id);
        line.is_known().then(|| Place::new(line.days, self.pools().keys.shared(id)))
    }

    fn listed<T>(self, ask: impl FnOnce(&Listed) -> T) -> T {
        let lock = &self.book().sheets.listed;
        let is_touched = !lock.read().unwrap_or_else(PoisonError::into_inner).touched.is_empty();
        if is_touched {
            let mut listed = lock.write().unwrap_or_else(PoisonError::into_inner);
            while let Some(&id) = listed.touched.last() {
                listed.put(id, self.place_in_time(id));
                listed.touched.pop();
            }
        }
        // Records are taken by one who has the book to itself, so it stays as it is while it's read.
        ask(&lock.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The exchanges after a key, by key.
    pub(crate) fn by_key(self, after: Option<&ExchangeKey>) -> impl Iterator<Item = View<'a>> + use<'a> {
        let begin = after.map(|after| Arc::new(after.clone()));
        let page = move |begin: &Option<Arc<ExchangeKey>>| {
            let bound = begin.clone().map_or(Bound::Unbounded, Bound::Excluded);
            self.listed(|listed| listed.by_key.range((bound, Bound::Unbounded)).take(AT_ONCE).map(|(key, &id)| (Arc::clone(key), id)).collect::<Vec<_>>())
        };
        let past = move |begin: &Option<Arc<ExchangeKey>>| {
            let key = |id| self.pools().keys.shared(id);
            let mut all: Vec<_> = self.exchanges().map(|id| (key(id), id)).filter(|(key, _)| begin.as_ref().is_none_or(|begin| key > begin)).collect();
            all.sort_unstable();
            all
        };
        self.in_order(begin, page, past)
    }

    /// The exchanges after a place in the timeline.
    pub(crate) fn by_day(self, after: Option<Place>) -> impl Iterator<Item = View<'a>> + use<'a> {
        let page = move |begin: &Option<Place>| {
            // No exchange is after the greatest id at a place, and each has a place of its own.
            let bound = begin.clone().map_or(Bound::Unbounded, |place| Bound::Excluded((place, Id::LAST)));
            self.listed(|listed| listed.by_day.range((bound, Bound::Unbounded)).take(AT_ONCE).cloned().collect::<Vec<_>>())
        };
        let past = move |begin: &Option<Place>| {
            let places = self.exchanges().filter_map(|id| Some((self.place_in_time(id)?, id)));
            let mut all: Vec<_> = places.filter(|(place, _)| begin.as_ref().is_none_or(|begin| place > begin)).collect();
            all.sort_unstable();
            all
        };
        self.in_order(after, page, past)
    }

    /// A page after another of what is known now; all at once of the past, which isn't kept in order.
    fn in_order<P: Clone>(
        self,
        mut after: Option<P>,
        page: impl Fn(&Option<P>) -> Vec<(P, Id<ExchangeKey>)>,
        past: impl Fn(&Option<P>) -> Vec<(P, Id<ExchangeKey>)>,
    ) -> impl Iterator<Item = View<'a>> {
        let is_now = self.is_now();
        let (mut found, mut is_done) = (Vec::new().into_iter(), false);
        std::iter::from_fn(move || {
            if found.len() == 0 && !is_done {
                let next = if is_now { page(&after) } else { past(&after) };
                is_done = !is_now || next.len() < AT_ONCE;
                found = next.into_iter();
            }
            let (place, id) = found.next()?;
            after = Some(place);
            Some(View::new(self, id))
        })
    }
}
