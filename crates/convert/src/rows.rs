//! The rows of CSV as spreadsheets export it.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};

use crate::{Fault, cell::tidy, mapping::Mapping};

/// Which separators are looked for in the header.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// The cells of a row by the names of their columns.
pub(crate) type Row = BTreeMap<String, String>;

/// Rows with their numbers.
pub(crate) type Rows = Vec<(u64, Result<Row, Fault>)>;

/// Every row that isn't empty, with its number as the spreadsheet shows it: the header is row 1.
///
/// # Errors
/// The file has no header, or not the mapping's columns.
pub(crate) fn read(text: &str, mapping: &Mapping) -> Result<Rows, String> {
    let (named, text) = excel_separator(text);
    let separator = mapping.separator.or(named).unwrap_or_else(|| separator_in(text));
    let separator = u8::try_from(separator).map_err(|_| format!("'{separator}' can't be a separator. Name one in the mapping: separator = \";\""))?;
    let mut reader = ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let header: Vec<String> = match records.next() {
        Some(Ok(header)) => header.iter().map(tidy).collect(),
        _ => return Err("it's empty. The first row names the columns".to_owned()),
    };
    for column in mapping.columns() {
        match header.iter().filter(|name| *name == column).count() {
            1 => {}
            0 => return Err(format!("no column is named \"{column}\", as the mapping has it. The first row has: {}", header.join(" | "))),
            _ => return Err(format!("several columns are named \"{column}\". Rename all but one")),
        }
    }
    let rows = (2..).zip(records).map(|(number, record)| {
        let row = match record {
            Ok(record) => row(&header, &record),
            Err(error) => Err(Fault { column: None, detail: error.to_string(), remedy: "Export it as CSV UTF-8 again".to_owned() }),
        };
        (number, row)
    });
    Ok(rows.filter(|(_, row)| !row.as_ref().is_ok_and(|row| row.values().all(|cell| cell.trim().is_empty()))).collect())
}

fn row(header: &[String], record: &StringRecord) -> Result<Row, Fault> {
    let is_whole = record.len() >= header.len() && record.iter().skip(header.len()).all(|cell| cell.trim().is_empty());
    if !is_whole {
        let detail = format!("it has {} cells, and the first row has {}", record.len(), header.len());
        let remedy = "A cell that holds a separator or a line's end stands in quotes, and a quote in it is doubled".to_owned();
        return Err(Fault { column: None, detail, remedy });
    }
    Ok(header.iter().cloned().zip(record.iter().map(str::to_owned)).collect())
}

/// `sep=;` in the first line, as Excel writes it for itself.
fn excel_separator(text: &str) -> (Option<char>, &str) {
    let Some((line, rest)) = text.split_once('\n') else { return (None, text) };
    let named = line.trim_end_matches('\r').strip_prefix("sep=").map(|separator| separator.chars().collect::<Vec<_>>());
    match named.as_deref() {
        Some([separator]) => (Some(*separator), rest),
        _ => (None, text),
    }
}

/// The one that occurs most often in the header outside of quotes.
fn separator_in(text: &str) -> char {
    let mut quoted = false;
    let mut counts = [0_usize; SEPARATORS.len()];
    for char in text.chars() {
        match char {
            '"' => quoted = !quoted,
            '\n' if !quoted => break,
            _ if !quoted => {
                if let Some(place) = SEPARATORS.iter().position(|separator| *separator == char) {
                    counts[place] += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    counts.iter().position(|count| *count == most).map_or(',', |place| SEPARATORS[place])
}
