//! The rows of JSON lines: each member is a cell, a nested one named by its path (`exchange.date`).

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

use crate::{
    Fault,
    mapping::Mapping,
    rows::{Row, Rows},
};

/// Every line that isn't empty, with its number.
pub(crate) fn read(text: &str, mapping: &Mapping) -> Rows {
    let columns = mapping.columns();
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| (number, row(line, &columns, &mapping.ignore))).collect()
}

fn row(line: &str, columns: &[&str], ignored: &[String]) -> Result<Row, Fault> {
    let wrong = |detail: String, remedy: &str| Fault { column: None, detail, remedy: remedy.to_owned() };
    let Members(members) =
        serde_json::from_str(line).map_err(|error| wrong(error.to_string(), "Give one object a line, of texts, numbers and objects of these"))?;
    let mut row: Row = columns.iter().map(|column| ((*column).to_owned(), String::new())).collect();
    let mut left: Vec<(String, Cell)> = members;
    while let Some((path, cell)) = left.pop() {
        match cell {
            Cell::Text(text) if columns.contains(&path.as_str()) => drop(row.insert(path, text)),
            Cell::Text(_) if ignored.contains(&path) => {}
            Cell::Text(_) => {
                let remedy = "Name it in the mapping, in a field or in ignore";
                return Err(Fault { column: Some(path), detail: "the mapping doesn't know it".to_owned(), remedy: remedy.to_owned() });
            }
            Cell::Members(members) => left.extend(members.into_iter().map(|(name, cell)| (format!("{path}.{name}"), cell))),
        }
    }
    Ok(row)
}

struct Members(Vec<(String, Cell)>);

enum Cell {
    /// Empty for `null`.
    Text(String),
    Members(Vec<(String, Self)>),
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Cell::deserialize(deserializer)? {
            Cell::Members(members) => Ok(Self(members)),
            Cell::Text(_) => Err(de::Error::custom("expected an object")),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, null, or an object of these")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell::Text(number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell::Text(number.to_string()))
    }

    /// As it's written: 1000.0 doesn't become a whole number in silence.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell::Text(format!("{number:?}")))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Cell, E> {
        Ok(Cell::Text(String::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        let mut members: Vec<(String, Cell)> = Vec::new();
        while let Some((name, cell)) = map.next_entry::<String, Cell>()? {
            if members.iter().any(|(known, _)| *known == name) {
                return Err(de::Error::custom(format_args!("\"{name}\" stands twice")));
            }
            members.push((name, cell));
        }
        Ok(Cell::Members(members))
    }
}
