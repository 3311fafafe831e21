use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use projection::{Known, Stamp};

use super::{
    layout::Page,
    visit::{Here, Visit},
};
use crate::{App, problem::Failure};

/// What rendered pages may take in memory.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The pages that were rendered since the last record. All go when one comes: what it took away stays nowhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages(
    /// Guards the pages; held for a look-up, never while one is rendered.
    Arc<Mutex<Shelf>>,
);

#[derive(Debug, Default)]
struct Shelf {
    stamp: Option<Stamp>,
    bytes: usize,
    pages: HashMap<String, Bytes>,
}

impl Pages {
    fn get(&self, stamp: Stamp, name: &str) -> Option<Bytes> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.pages.get(name).filter(|_| shelf.stamp == Some(stamp)).cloned()
    }

    fn keep(&self, stamp: Stamp, name: String, page: &Bytes) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.stamp.is_some_and(|known| known.next > stamp.next) {
            return;
        }
        if shelf.stamp != Some(stamp) || shelf.bytes + page.len() > MAX_BYTES {
            *shelf = Shelf { stamp: Some(stamp), ..Shelf::default() };
        }
        if page.len() <= MAX_BYTES / 8 {
            shelf.bytes += page.len();
            shelf.pages.insert(name, page.clone());
        }
    }

    /// Renders a page that is made from read models alone; one that was rendered since the last record is given again.
    pub(super) async fn page(
        self,
        app: &App,
        mut visit: Visit,
        render: impl FnOnce(Known<'_>, &Here) -> Result<Page, Failure> + Send + 'static,
    ) -> Result<Response, Failure> {
        visit.finish()?;
        let Visit { reading, here, .. } = visit;
        let projection = app.reach(reading.at_least).await?;
        let name = here.name();
        let rendering = app.scan(move || {
            let stamp = projection.stamp();
            if let Some(page) = self.get(stamp, &name) {
                return Ok(answer(page, &here));
            }
            let (stamp, page) = projection.ask_stamped(reading.as_known, |known| render(known, &here));
            let page = Bytes::from(page?.render(&here));
            self.keep(stamp, name, &page);
            Ok(answer(page, &here))
        });
        rendering.await?
    }
}

/// A page as it's sent.
pub(super) fn answer(page: impl Into<Bytes>, here: &Here) -> Response {
    let language = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_LANGUAGE, here.language.tag()), Here::vary()];
    (StatusCode::OK, language, axum::body::Body::from(page.into())).into_response()
}
