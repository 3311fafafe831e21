//! `handover convert`: rows of a spreadsheet or JSON lines become announcements by a mapping. Pure but for reading the two files; nothing is published.
//!
//! An event's id is v5 over the mapping's source and the row's key, so that a file that is converted and published again adds nothing.

mod cell;
mod count;
mod day;
mod event;
mod json_lines;
mod mapping;
mod rows;
mod text;

use std::{
    collections::HashMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;

use self::{
    event::{Built, convert},
    mapping::Mapping,
    rows::Rows,
};
use crate::{
    exit::{Code, Failure, say},
    output::print,
};

/// What a file may take. It's held in memory, so that nothing is printed of one with a fault.
const MAX_FILE_BYTES: u64 = 64 << 20;
const MAX_MAPPING_BYTES: u64 = 1 << 20;
/// How many faults are named; further ones are counted.
const MAX_FAULTS: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// CSV as spreadsheets export it, or JSON lines; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the columns mean (TOML)
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// Print nothing but what is wrong
    #[arg(long)]
    check: bool,
    /// Print the good rows, also where others are bad
    #[arg(long)]
    keep_going: bool,
}

/// Why a cell, or a row, can't be converted.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    /// Where in the row; a fault may be of the whole row.
    column: Option<String>,
    detail: String,
    remedy: String,
}

pub(crate) fn run(arguments: &Convert) -> Result<(), Failure> {
    let configuration = |reason: String| Failure::new(Code::Configuration, format_args!("{}: {reason}", arguments.mapping.display()));
    let mapping = read(&arguments.mapping, MAX_MAPPING_BYTES)?;
    let mapping = String::from_utf8(mapping).map_err(|error| configuration(error.to_string()))?;
    let mapping = Mapping::parse(&mapping).map_err(configuration)?;

    let file = arguments.file.display();
    let bad = |fault: &dyn std::fmt::Display| Failure::new(Code::BadData, format_args!("{file}: {fault}"));
    let text = text::decode(read(&arguments.file, MAX_FILE_BYTES)?).map_err(|fault| bad(&fault))?;
    let is_json = mapping.is_json(&arguments.file);
    let rows = if is_json { json_lines::read(&text, &mapping) } else { rows::read(&text, &mapping).map_err(|fault| bad(&fault))? };

    let (converted, faults) = convert_all(rows, &mapping);
    for (row, fault) in faults.iter().take(MAX_FAULTS) {
        let column = fault.column.as_ref().map_or_else(String::new, |column| format!(", column \"{column}\""));
        say(format_args!("{file}: row {row}{column}: {}. {}", fault.detail, fault.remedy));
    }
    if faults.len() > MAX_FAULTS {
        say(format_args!("{file}: and {} more", faults.len() - MAX_FAULTS));
    }
    if !arguments.check && (faults.is_empty() || arguments.keep_going) {
        print(converted.concat().as_bytes())?;
    }
    let mut bad_rows: Vec<u64> = faults.iter().map(|(row, _)| *row).collect();
    bad_rows.dedup();
    say(format_args!("{} good, {} bad", converted.len(), bad_rows.len()));
    if faults.is_empty() { Ok(()) } else { Err(Failure::said(Code::BadData)) }
}

/// The lines of the good rows, and the faults of the bad ones by row.
fn convert_all(rows: Rows, mapping: &Mapping) -> (Vec<String>, Vec<(u64, Fault)>) {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    let mut seen = HashMap::new();
    for (number, row) in rows {
        let built = row.map_err(|fault| vec![fault]).and_then(|row| convert(&row, mapping));
        match built {
            Ok(Built { id, event }) => match seen.insert(id, number) {
                None => lines.push(event + "\n"),
                Some(before) => {
                    let (detail, remedy) =
                        (format!("it has the same key as row {before}"), "Name further columns in key, until each row has one of its own".to_owned());
                    faults.push((number, Fault { column: None, detail, remedy }));
                }
            },
            Err(found) => faults.extend(found.into_iter().map(|fault| (number, fault))),
        }
    }
    (lines, faults)
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let failed = |reason: &dyn std::fmt::Display| Failure::new(Code::BadData, format_args!("{}: {reason}", path.display()));
    let mut bytes = Vec::new();
    let input: Box<dyn Read> = if path == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(File::open(path).map_err(|error| failed(&error))?) };
    input.take(limit + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > limit {
        return Err(failed(&format_args!("more than {limit} bytes; cut it into several files")));
    }
    Ok(bytes)
}
