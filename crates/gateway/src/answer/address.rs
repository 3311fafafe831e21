use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is written as it is in a query: all of RFC 3986 but what parts it.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'/').remove(b',').remove(b'@');

/// The pages of what the API answers: the address in the API, and where a person reads the same.
const PAGES: [(&str, &str); 9] = [
    ("/v1/exchanges", "/exchanges"),
    ("/v1/totals", "/totals"),
    ("/v1/channels", "/channels"),
    ("/v1/frameworks", "/frameworks"),
    ("/v1/offices", "/offices"),
    ("/v1/third-parties", "/mediators"),
    ("/v1/knowledge", "/then-and-now"),
    ("/v1/records", "/ledger"),
    ("/v1/integrity", "/ledger"),
];

/// A path and its query, in one form: parameters by name, each encoded in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) path: String,
    query: BTreeMap<String, String>,
}

impl Address {
    pub(crate) const fn new(path: String, query: BTreeMap<String, String>) -> Self {
        Self { path, query }
    }

    /// The query, without a question mark.
    pub(crate) fn query(&self) -> String {
        let encode = |text| utf8_percent_encode(text, IN_QUERY);
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.join("&")
    }

    /// The same with another value of a parameter.
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.query.insert(name.to_owned(), value.to_string());
        self
    }

    /// The same without a parameter.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.query.remove(name);
        self
    }

    /// Of these parameters only.
    pub(crate) fn only(mut self, names: &[&str]) -> Self {
        self.query.retain(|name, _| names.contains(&name.as_str()));
        self
    }

    /// The same at another path.
    pub(crate) fn at(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// The page on which a person reads the same.
    pub(crate) fn page(&self) -> Option<Self> {
        let exchange = self.path.strip_prefix("/v1/exchanges/").map(|key| format!("/exchanges/{}", key.strip_suffix("/lineage").unwrap_or(key)));
        let listed = || PAGES.iter().find(|(address, _)| *address == self.path).map(|(_, page)| (*page).to_owned());
        Some(self.clone().without("format").at(exchange.or_else(listed)?))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.query().as_str() {
            "" => f.write_str(&self.path),
            query => write!(f, "{}?{query}", self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(path: &str, query: &[(&str, &str)]) -> Address {
        Address::new(path.to_owned(), query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn it_is_written_in_one_form() {
        let address = address("/v1/totals", &[("to", "2026-01-29"), ("from", "2026-01-29"), ("q", "a b&c=d\r\n<é>")]);
        assert_eq!(address.to_string(), "/v1/totals?from=2026-01-29&q=a%20b%26c%3Dd%0D%0A%3C%C3%A9%3E&to=2026-01-29");
        assert_eq!(address.with("from", 7).without("q").to_string(), "/v1/totals?from=7&to=2026-01-29");
    }

    #[test]
    fn a_page_keeps_the_query() {
        let page = |path: &str| address(path, &[("policy", "both"), ("format", "csv")]).page().map(|page| page.to_string());
        assert_eq!(page("/v1/exchanges/ru-ua/bodies/2026-01-29").as_deref(), Some("/exchanges/ru-ua/bodies/2026-01-29?policy=both"));
        assert_eq!(page("/v1/exchanges/ru-ua/bodies/2026-01-29/lineage").as_deref(), Some("/exchanges/ru-ua/bodies/2026-01-29?policy=both"));
        assert_eq!(page("/v1/third-parties").as_deref(), Some("/mediators?policy=both"));
        assert_eq!(page("/v1/candidates"), None);
    }
}
