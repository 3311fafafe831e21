//! `handover convert`: reads the two files, and prints what the crate `convert` makes of them.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;
use convert::{Mapping, convert, decode};

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

pub(crate) fn run(arguments: &Convert) -> Result<(), Failure> {
    let configuration = |reason: String| Failure::new(Code::Configuration, format_args!("{}: {reason}", arguments.mapping.display()));
    let mapping = read(&arguments.mapping, MAX_MAPPING_BYTES, Code::Configuration)?;
    let mapping = String::from_utf8(mapping).map_err(|error| configuration(error.to_string()))?;
    let mapping = Mapping::parse(&mapping).map_err(configuration)?;

    let file = arguments.file.display();
    let bad = |fault: &dyn std::fmt::Display| Failure::new(Code::BadData, format_args!("{file}: {fault}"));
    let text = decode(read(&arguments.file, MAX_FILE_BYTES, Code::BadData)?).map_err(|fault| bad(&fault))?;
    let converted = convert(&text, mapping.form_of(&arguments.file), &mapping).map_err(|fault| bad(&fault))?;
    let faults = &converted.faults;
    for (row, fault) in faults.iter().take(MAX_FAULTS) {
        let column = fault.column.as_ref().map_or_else(String::new, |column| format!(", column \"{column}\""));
        say(format_args!("{file}: row {row}{column}: {}. {}", fault.detail, fault.remedy));
    }
    if faults.len() > MAX_FAULTS {
        say(format_args!("{file}: and {} more", faults.len() - MAX_FAULTS));
    }
    if !arguments.check && (faults.is_empty() || arguments.keep_going) {
        let lines: String = converted.events.iter().flat_map(|event| [event.as_str(), "\n"]).collect();
        print(lines.as_bytes())?;
    }
    let mut bad_rows: Vec<u64> = faults.iter().map(|(row, _)| *row).collect();
    bad_rows.dedup();
    say(format_args!("{} good, {} bad", converted.events.len(), bad_rows.len()));
    if faults.is_empty() { Ok(()) } else { Err(Failure::said(Code::BadData)) }
}

fn read(path: &Path, limit: u64, code: Code) -> Result<Vec<u8>, Failure> {
    let failed = |reason: &dyn std::fmt::Display| Failure::new(code, format_args!("{}: {reason}", path.display()));
    let mut bytes = Vec::new();
    let input: Box<dyn Read> = if path == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(File::open(path).map_err(|error| failed(&error))?) };
    input.take(limit + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > limit {
        return Err(failed(&format_args!("more than {limit} bytes; cut it into several files")));
    }
    Ok(bytes)
}
