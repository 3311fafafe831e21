use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::MAX_LAG;
use crate::{connection::Http, read::text};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer that is read: of metrics some 100 KB.
const MAX_ANSWER: u64 = 4 << 20;

/// A server, as it says over HTTP.
#[derive(Debug, Default, Serialize)]
pub(super) struct Server {
    pub(super) url: String,
    /// Why it can't be asked.
    pub(super) unreachable: Option<String>,
    pub(super) ready: bool,
    /// What isn't ready, and why.
    pub(super) not_ready: Vec<String>,
    /// `ledger` or `reader`.
    pub(super) node: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) root: Option<String>,
    pub(super) epoch: Option<u64>,
    /// Where its read models stand; nothing where it keeps none.
    pub(super) read_models: Option<ReadModels>,
    pub(super) refused: Option<u64>,
    pub(super) verified_backup: Option<String>,
    pub(super) verification: Option<String>,
    pub(super) damaged_parts: Option<u64>,
}

/// Where read models stand.
#[derive(Debug, Serialize)]
pub(super) struct ReadModels {
    pub(super) position: Option<u64>,
    pub(super) state: String,
    pub(super) lag: Option<u64>,
    pub(super) lag_s: Option<f64>,
    pub(super) last_error: Option<String>,
}

impl Server {
    /// Asks one. Blocks.
    pub(super) fn ask(http: &Http, url: String) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        let (ready, integrity) = match get(http, &url, "/readyz").and_then(|ready| Ok((ready, get(http, &url, "/v1/integrity")?))) {
            Ok((ready, integrity)) => (ready, integrity),
            Err(reason) => return Self { url, unreachable: Some(reason), ..Self::default() },
        };
        let (ready, integrity) = ((ready.0, parsed(&ready.1)), parsed(&integrity.1));
        let parts = ready.1["parts"].as_array().map_or(&[][..], Vec::as_slice);
        let not_ready = parts.iter().filter(|part| part["ready"] == false).map(|part| {
            let remedy = if part["remedy"].is_null() { String::new() } else { format!("; {}", text(&part["remedy"])) };
            format!("{}: {}{remedy}", text(&part["part"]), text(&part["reason"]))
        });
        Self {
            ready: ready.0 == 200,
            not_ready: not_ready.collect(),
            node: integrity["node"].as_str().map(str::to_owned),
            size: integrity["size"].as_u64(),
            root: integrity["root"].as_str().map(str::to_owned),
            epoch: integrity["epoch"].as_u64(),
            read_models: ReadModels::of(http, &url, &integrity["read_models"]),
            refused: integrity["refusals"]["kept"].as_u64(),
            verified_backup: integrity["verified_backup"]["verified"].as_str().map(str::to_owned),
            verification: integrity["verification"]["verified"].as_str().map(str::to_owned),
            damaged_parts: integrity["verification"]["damage"].as_u64(),
            unreachable: None,
            url,
        }
    }

    /// What isn't as it should be.
    pub(super) fn problems(&self) -> Vec<String> {
        if let Some(reason) = &self.unreachable {
            return vec![format!("{}: {reason}", self.url)];
        }
        let mut problems: Vec<String> = self.not_ready.iter().map(|reason| format!("{}: {reason}", self.url)).collect();
        if !self.ready && problems.is_empty() {
            problems.push(format!("{}: it isn't ready", self.url));
        }
        if let Some(damaged) = self.damaged_parts.filter(|&damaged| damaged > 0) {
            problems.push(format!("{}: the last verification found {damaged} damaged parts: handover verify names them", self.url));
        }
        if let Some(lag) = self.read_models.as_ref().and_then(|models| models.lag).filter(|&lag| lag > MAX_LAG && self.ready) {
            problems.push(format!("{}: the read models are {lag} records behind", self.url));
        }
        problems
    }
}

impl ReadModels {
    /// As the integrity says; a rebuild, and what went wrong last, are told with the projections.
    fn of(http: &Http, url: &str, integrity: &Value) -> Option<Self> {
        let state = integrity["state"].as_str()?;
        let projections = get(http, url, "/v1/projections").map(|(_, body)| parsed(&body)["projections"][0].clone()).unwrap_or_default();
        let metrics = get(http, url, "/metrics").map(|(_, text)| text).unwrap_or_default();
        Some(Self {
            position: integrity["position"].as_u64(),
            state: projections["state"].as_str().unwrap_or(state).to_owned(),
            lag: integrity["lag"].as_u64(),
            lag_s: value(&String::from_utf8_lossy(&metrics), "handover_projection_lag_seconds"),
            last_error: projections["last_error"].as_str().map(str::to_owned),
        })
    }
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// A server's answer, whatever its status.
fn get(http: &Http, server: &str, path: &str) -> Result<(u16, Vec<u8>), String> {
    let request = http.authorized(http.agent.get(format!("{server}{path}"))).config().timeout_global(Some(PATIENCE)).build();
    let mut answer = request.call().map_err(|error| error.to_string())?;
    let body = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(|error| error.to_string())?;
    Ok((answer.status().as_u16(), body))
}

/// The value of a series without labels.
fn value(metrics: &str, series: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_found_by_its_whole_name() {
        let metrics = "# TYPE a gauge\na_seconds 1\na 2.5\n";
        assert_eq!((value(metrics, "a"), value(metrics, "a_seconds"), value(metrics, "b")), (Some(2.5), Some(1.0), None));
    }
}
