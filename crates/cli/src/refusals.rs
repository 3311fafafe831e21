use std::path::Path;

use event_store::control::Command;
use serde_json::Value;

use crate::{
    arguments::{Refusals, RefusalsCommand},
    exit::Failure,
    operate::{ask, pretty},
    output::{Rows, answer},
    read::text,
};

pub(crate) fn run(arguments: &Refusals) -> Result<(), Failure> {
    let data: &Path = &arguments.data.data;
    match &arguments.command {
        None => list(arguments),
        Some(RefusalsCommand::Show { number }) => pretty(&ask(data, &Command::Refusal { number: *number })?),
        Some(RefusalsCommand::Resubmit { number }) => pretty(&ask(data, &Command::ResubmitRefused { number: *number })?),
        Some(RefusalsCommand::Drop { number, reason }) => pretty(&ask(data, &Command::DropRefused { number: *number, reason: reason.clone() })?),
        Some(RefusalsCommand::List) => list(arguments),
    }
}

fn list(arguments: &Refusals) -> Result<(), Failure> {
    let found = ask(&arguments.data.data, &Command::Refusals { from: arguments.from })?;
    answer(found.to_string().as_bytes(), arguments.output, "refusals", |found| {
        let mut rows = Rows::new(&["number", "time", "times", "subject", "title", "pointer", "detail", "remedy", "dropped"]);
        for refusal in found["refusals"].as_array().into_iter().flatten() {
            let problem = &refusal["problem"];
            let cells = [
                &refusal["number"],
                &refusal["time"],
                &refusal["times"],
                &refusal["subject"],
                &problem["title"],
                &problem["pointer"],
                &problem["detail"],
                &problem["remedy"],
            ];
            let mut row: Vec<String> = cells.map(text).to_vec();
            row.push(refusal.get("dropped").map_or_else(String::new, |dropped: &Value| text(&dropped["reason"])));
            rows.rows.push(row);
        }
        vec![(format!("{} refusals", rows.rows.len()), rows)]
    })
}
