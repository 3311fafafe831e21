//! How a read model's answer gets to its reader: in which form, whether it's known already, and from where it can be asked again.

mod address;
mod form;
mod kept;
mod table;
mod tables;
mod written;

use std::sync::Arc;

use announcement::Digest;
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use projection::{Known, Projection, Stamp};
use serde::Serialize;

pub(crate) use address::Address;
pub(crate) use form::{Form, accepts_gzip};
pub(crate) use kept::Kept;
pub(crate) use table::Table;
pub(crate) use tables::*;
pub(crate) use written::{VARY, Written};

use crate::{
    App,
    parameters::{Parameters, Reading},
    problem::Failure,
};
use form::{Wanted, wanted};
use written::Head;

/// Raised where answers are written otherwise while folds are made as before: with another number nobody takes what was kept before for the same.
const REPRESENTATION: u32 = 1;

/// A question over HTTP, as far as it doesn't depend on the read model.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Where it was asked, with every parameter.
    pub(crate) address: Address,
    /// The parameters that nobody took yet.
    pub(crate) parameters: Parameters,
    pub(crate) form: Form,
    is_compressible: bool,
    /// The entity tags of what the reader has.
    known: Vec<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Turned> {
        Self::read(parts, &Form::ALL)
    }
}

impl Asked {
    /// Of what can be given in these forms.
    pub(crate) fn read(parts: &Parts, forms: &[Form]) -> Result<Self, Turned> {
        let mut parameters = Parameters::parse(parts.uri.query())?;
        let address = Address::new(parts.uri.path().to_owned(), parameters.all().clone());
        let named = parameters.value::<Form>("format")?;
        let page = address.page();
        let form = match named {
            Some(form) => form,
            None => match wanted(&parts.headers, forms, page.is_some())? {
                Wanted::Form(form) => form,
                Wanted::Page => return Err(Turned::Page(page.expect("only what has a page is wanted as one"))),
            },
        };
        let tags = parts.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
        let known = tags.flat_map(|tags| tags.split(',')).map(|tag| tag.trim().trim_start_matches("W/").to_owned()).collect();
        Ok(Self { address, parameters, form, is_compressible: accepts_gzip(&parts.headers), known })
    }

    /// What is said to a reader who has this answer already.
    pub(crate) fn unchanged(&self, stamp: Stamp) -> Option<Response> {
        let tag = self.tag(stamp);
        self.known.contains(&tag).then(|| Head::new(&tag, stamp).not_modified())
    }

    /// Writes an answer, given as JSON, as it was asked for.
    pub(crate) fn write(&self, stamp: Stamp, answer: &[u8], table: &Table) -> Written {
        Written::new(Head::new(&self.tag(stamp), stamp), answer, self.form, table, &self.address, self.is_compressible)
    }

    /// Names the answer: the same name, the same bytes.
    fn tag(&self, stamp: Stamp) -> String {
        let recorded = stamp.recorded.map_or(0, jiff::Timestamp::as_microsecond);
        let Self { address, form, is_compressible, .. } = self;
        let of = Digest::of(format!("{REPRESENTATION}\n{recorded}\n{form}\n{is_compressible}\n{address}").as_bytes()).to_string();
        format!("\"{}-{}-{}\"", stamp.next, stamp.version, &of[..32])
    }
}

/// Why a question isn't answered as it was asked.
#[derive(Debug)]
pub(crate) enum Turned {
    /// A person reads the same on a page.
    Page(Address),
    Failed(Failure),
}

impl From<Failure> for Turned {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        let page = match self {
            Self::Failed(failure) => return failure.into_response(),
            Self::Page(page) => page,
        };
        match HeaderValue::from_str(&page.to_string()) {
            Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::VARY, VARY)]).into_response(),
            Err(error) => Failure::internal(error).into_response(),
        }
    }
}

impl App {
    /// Answers with a read model: `query` takes the parameters that are the model's own.
    pub(crate) async fn answered<Q: Send + 'static, A: Serialize + Send + 'static>(
        &self,
        mut asked: Asked,
        table: &'static Table,
        query: impl FnOnce(&mut Parameters) -> Result<Q, Failure>,
        model: impl FnOnce(Known<'_>, &Q) -> A + Send + 'static,
    ) -> Result<Response, Failure> {
        let query = query(&mut asked.parameters)?;
        let reading = asked.reading()?;
        self.given(asked, reading, table, async move || self.ask_stamped(reading, move |known| model(known, &query)).await).await
    }

    /// Answers with what `make` makes, where the reader hasn't got it and nobody was given it before.
    pub(crate) async fn given<A: Serialize + Send + 'static>(
        &self,
        asked: Asked,
        reading: Reading,
        table: &'static Table,
        make: impl AsyncFnOnce() -> Result<(Stamp, A), Failure>,
    ) -> Result<Response, Failure> {
        let projection = self.reach(reading.at_least).await?;
        let now = self.stamp(&projection).await?;
        let tag = asked.tag(now);
        if let Some(unchanged) = asked.unchanged(now) {
            return Ok(unchanged);
        }
        if let Some(kept) = self.kept.get(now, &tag) {
            return Ok(kept.response());
        }
        let (stamp, answer) = make().await?;
        let app = self.clone();
        self.scan(move || {
            let answer = serde_json::to_vec(&answer).expect("an answer is plain data");
            let written = Arc::new(asked.write(stamp, &answer, table));
            app.kept.keep(stamp, &asked.tag(stamp), &written);
            written.response()
        })
        .await
    }

    /// Asks a read model, on a thread that may block.
    pub(crate) async fn ask_stamped<T: Send + 'static>(
        &self,
        reading: Reading,
        model: impl FnOnce(Known<'_>) -> T + Send + 'static,
    ) -> Result<(Stamp, T), Failure> {
        let projection = self.reach(reading.at_least).await?;
        self.scan(move || projection.ask_stamped(reading.as_known, model)).await
    }

    /// What an answer of now rests on; looked up once a record.
    async fn stamp(&self, projection: &Projection) -> Result<Stamp, Failure> {
        let (next, version) = {
            let progress = projection.watch();
            let progress = progress.borrow();
            (progress.next, progress.version)
        };
        if let Some(stamp) = self.kept.stamp(next.get(), version) {
            return Ok(stamp);
        }
        let asked = projection.clone();
        let stamp = tokio::task::spawn_blocking(move || asked.stamp()).await.map_err(Failure::internal)?;
        self.kept.stand_at(stamp);
        Ok(stamp)
    }
}

impl Asked {
    /// Which records the answer rests on. What nobody took is refused.
    pub(crate) fn reading(&mut self) -> Result<Reading, Failure> {
        let reading = self.parameters.reading()?;
        std::mem::take(&mut self.parameters).finish()?;
        Ok(reading)
    }
}
