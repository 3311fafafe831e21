use std::io::{self, Write};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use crate::{
    arguments::Format,
    exit::{Code, Failure},
};

/// Data goes to stdout; a reader that has had enough is no failure.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(Code::Failed, format_args!("stdout: {error}"))),
        _ => Ok(()),
    }
}

/// One thing in rows, for a table or for CSV.
pub(crate) struct Rows {
    /// The names of the columns.
    pub(crate) header: Vec<&'static str>,
    /// The rows.
    pub(crate) rows: Vec<Vec<String>>,
    /// The columns of numbers.
    pub(crate) numbers: Vec<usize>,
}

impl Rows {
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new(), numbers: Vec::new() }
    }

    pub(crate) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(self.header.iter().map(|name| name.replace('_', " ")));
        for row in &self.rows {
            table.add_row(row);
        }
        for &column in &self.numbers {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        format!("{table}\n")
    }

    fn csv(&self) -> Result<Vec<u8>, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| Failure::new(Code::Failed, error);
        writer.write_record(&self.header).map_err(failed)?;
        for row in &self.rows {
            writer.write_record(row).map_err(failed)?;
        }
        writer.into_inner().map_err(|error| Failure::new(Code::Failed, error))
    }
}

/// Prints an answer: its own bytes, its things a line each, or as rows.
pub(crate) fn answer(body: &[u8], format: Format, things: &str, rows: impl FnOnce(&Value) -> Vec<(String, Rows)>) -> Result<(), Failure> {
    let parse =
        || serde_json::from_slice::<Value>(body).map_err(|error| Failure::new(Code::Failed, format_args!("the server's answer can't be read: {error}")));
    match format {
        Format::Json => print(&[body.trim_ascii_end(), b"\n"].concat()),
        Format::Jsonl => {
            let answer = parse()?;
            let lines: String = match answer.get(things).and_then(Value::as_array) {
                Some(things) => things.iter().map(|thing| format!("{thing}\n")).collect(),
                None => format!("{answer}\n"),
            };
            print(lines.as_bytes())
        }
        Format::Csv => match rows(&parse()?).into_iter().next() {
            Some((_, rows)) => print(&rows.csv()?),
            None => Ok(()),
        },
        Format::Table => {
            let mut text = String::new();
            for (title, rows) in rows(&parse()?) {
                text.push_str(&format!("{title}\n"));
                if !rows.rows.is_empty() {
                    text.push_str(&rows.table());
                }
            }
            print(text.as_bytes())
        }
    }
}
