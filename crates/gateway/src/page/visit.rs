use std::collections::BTreeMap;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Uri, header, request::Parts},
};
use jiff::civil;
use projection::{AsKnown, Moment};

use super::language::Language;
use crate::{
    answer::Address,
    parameters::{Parameters, Reading},
    problem::Failure,
};

/// How a page was asked for: in which language, at which moment, with what else.
#[derive(Debug)]
pub(super) struct Visit {
    /// The parameters that nobody took yet.
    pub(super) parameters: Parameters,
    pub(super) reading: Reading,
    pub(super) here: Here,
}

/// Where a reader is: every link of a page stays in its language and in its past.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub(super) language: Language,
    pub(super) past: AsKnown,
    path: String,
    /// The parameters that aren't left out or empty.
    query: BTreeMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut parameters = Parameters::parse(filled(&parts.uri).as_deref())?;
        let query = parameters.all().clone();
        let named: Option<Language> = parameters.value("lang")?;
        let reading = parameters.reading()?;
        let language = named.unwrap_or_else(|| Language::liked(&parts.headers));
        Ok(Self { parameters, reading, here: Here { language, past: reading.as_known, path: parts.uri.path().to_owned(), query } })
    }
}

/// The query without the fields that a form left empty.
fn filled(uri: &Uri) -> Option<String> {
    let pairs =
        uri.query()?.split('&').filter(|pair| !pair.ends_with('=') || !pair[..pair.len() - 1].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    Some(pairs.collect::<Vec<_>>().join("&"))
}

impl Visit {
    /// Refuses what nobody took.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        std::mem::take(&mut self.parameters).finish()
    }
}

impl Here {
    /// Of an address that can't be read: its language at least.
    pub(super) fn lost(uri: &Uri, headers: &HeaderMap) -> Self {
        let given = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang=")?.parse().ok()));
        let language: Language = given.unwrap_or_else(|| Language::liked(headers));
        let query = given.map(|language| ("lang".to_owned(), language.tag().to_owned())).into_iter().collect();
        Self { language, past: AsKnown::default(), path: uri.path().to_owned(), query }
    }

    /// Whether it's what is known now that is shown.
    pub(super) fn is_now(&self) -> bool {
        self.past == AsKnown::default()
    }

    /// Whether this is the page at an address, or one below it.
    pub(super) fn is_at(&self, page: &str) -> bool {
        self.path == page || page != "/" && self.path.strip_prefix(page).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The stream that says when this page has to be asked for again: of what changes exchanges, or of every record.
    pub(super) fn follows(&self) -> &'static str {
        if self.is_at("/exchanges") || self.is_at("/then-and-now") { "/v1/changes/stream" } else { "/v1/stream" }
    }

    /// This page's address with its parameters, without those of the past.
    fn address(&self) -> Address {
        Address::new(self.path.clone(), self.query.clone()).without("at_least")
    }

    /// This page with another value of a parameter.
    pub(super) fn with(&self, name: &str, value: impl ToString) -> String {
        self.address().with(name, value).to_string()
    }

    /// This page without these parameters.
    pub(super) fn without(&self, names: &[&str]) -> String {
        names.iter().fold(self.address(), |address, name| address.without(name)).to_string()
    }

    /// Another page, in the same language and the same past; what follows `#` stays at the end.
    pub(super) fn link(&self, address: &str) -> String {
        self.page(address, &["lang", "as_known_at", "announced_until"])
    }

    /// Another page in the same language, whatever past this one shows.
    pub(super) fn link_now(&self, address: &str) -> String {
        self.page(address, &["lang"])
    }

    fn page(&self, address: &str, keep: &[&str]) -> String {
        let (page, anchor) = address.split_at(address.find('#').unwrap_or(address.len()));
        let kept = Address::new(String::new(), self.query.clone()).only(keep).query();
        match kept.as_str() {
            "" => address.to_owned(),
            kept => format!("{page}{}{kept}{anchor}", if page.contains('?') { '&' } else { '?' }),
        }
    }

    /// The parameters that a form of this page carries along unseen: all but its own fields and those of paging.
    pub(super) fn carried<'a>(&'a self, own: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let kept = |name: &str| !own.contains(&name) && !["after", "at_least", "moves_from"].contains(&name);
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(move |(name, _)| kept(name))
    }

    /// What a parameter was given as.
    pub(super) fn given(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// The same with these of its parameters only.
    pub(super) fn only(&self, names: &[&str]) -> Self {
        let query = self.query.iter().filter(|(name, _)| names.contains(&name.as_str()));
        Self { query: query.map(|(name, value)| (name.clone(), value.clone())).collect(), ..self.clone() }
    }

    /// The parameters of this page that the API knows too.
    pub(super) fn api_query(&self) -> Address {
        self.address().without("lang")
    }

    /// The moment that this page shows, as its form and its words give it.
    pub(super) fn moment(&self) -> (Option<Moment>, Option<civil::Date>) {
        (self.past.at, self.past.announced_until)
    }

    /// Names what a page depends on beside the records.
    pub(super) fn name(&self) -> String {
        format!("{}\n{}", self.language.tag(), self.address())
    }

    pub(super) const fn vary() -> (header::HeaderName, &'static str) {
        (header::VARY, "accept-language, accept-encoding")
    }
}
