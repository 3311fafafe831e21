use std::collections::HashMap;

use crate::{
    Fault, Form, Mapping,
    event::{Built, build},
    json_lines, rows,
};

/// What became of a file's rows.
#[derive(Clone, Debug, Default)]
pub struct Converted {
    /// The events of the good rows in their structured form, in the file's order, none with a line's end in it.
    pub events: Vec<String>,
    /// What is wrong with the others, each with the number of its row: the line of JSON lines; of CSV the row as a spreadsheet shows it, with the header as row 1.
    pub faults: Vec<(u64, Fault)>,
}

/// Converts a file's text.
///
/// # Errors
/// The file has no header, or not the columns that the mapping names: what is wrong, and the remedy.
pub fn convert(text: &str, form: Form, mapping: &Mapping) -> Result<Converted, String> {
    let rows = match form {
        Form::Csv => rows::read(text, mapping)?,
        Form::Jsonl => json_lines::read(text, mapping),
    };
    let mut converted = Converted::default();
    let mut seen = HashMap::new();
    for (number, row) in rows {
        match row.map_err(|fault| vec![fault]).and_then(|row| build(&row, mapping)) {
            Ok(Built { id, event }) => match seen.insert(id, number) {
                None => converted.events.push(event),
                Some(before) => {
                    let (detail, remedy) =
                        (format!("it has the same key as row {before}"), "Name further columns in key, until each row has one of its own".to_owned());
                    converted.faults.push((number, Fault { column: None, detail, remedy }));
                }
            },
            Err(faults) => converted.faults.extend(faults.into_iter().map(|fault| (number, fault))),
        }
    }
    Ok(converted)
}
