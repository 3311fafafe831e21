//! What a file's columns mean.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::day::Order;

/// A mapping as its file says it. An unknown key is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// The events' `source`.
    pub(super) source: String,
    /// The columns that name a row for ever.
    pub(super) key: Vec<String>,
    /// The file's form, where its ending doesn't say it.
    form: Option<Form>,
    /// Between cells; found in the header where it isn't given.
    pub(super) separator: Option<char>,
    #[serde(default)]
    pub(super) dates: Order,
    thousands: Option<char>,
    decimal: Option<char>,
    #[serde(default)]
    unknown: Vec<String>,
    /// Members of JSON lines that mean nothing here.
    #[serde(default)]
    pub(super) ignore: Vec<String>,
    pub(super) kind: Field,
    pub(super) subject: Option<Field>,
    pub(super) announced: Field,
    #[serde(default)]
    pub(super) announcer: Announcer,
    pub(super) exchange: Option<Exchange>,
    pub(super) report: Option<Report>,
    pub(super) note: Option<Field>,
    #[serde(default)]
    pub(super) transfers: Vec<Transfer>,
    #[serde(skip)]
    pub(super) numbers: Numbers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    Csv,
    Jsonl,
}

/// How numbers are written.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) thousands: Option<char>,
    pub(super) decimal: Option<char>,
    pub(super) unknown: Vec<String>,
}

/// Without a party it's an outlet's own voice, or an unnamed source.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Announcer {
    pub(super) party: Option<Field>,
    pub(super) office: Option<Field>,
    pub(super) name: Option<Field>,
    #[serde(rename = "for")]
    pub(super) on_behalf_of: Option<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    pub(super) date: Field,
    pub(super) place: Option<Field>,
    pub(super) framework: Option<Field>,
    pub(super) part_of: Option<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    pub(super) outlet: Option<Field>,
    pub(super) url: Option<Field>,
    pub(super) published: Option<Field>,
    pub(super) language: Option<Field>,
    pub(super) archived: Option<Field>,
}

/// One direction. Where none of its counts is given in a row, it isn't mentioned there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    pub(super) from: Field,
    pub(super) to: Field,
    pub(super) counts: Vec<Counted>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counted {
    pub(super) category: Field,
    pub(super) count: Field,
    pub(super) of: Option<Field>,
    pub(super) group: Option<Field>,
    pub(super) origin: Option<Field>,
    pub(super) identity: Option<Field>,
    pub(super) stated: Option<Field>,
}

/// The same text in every row, or a column's.
#[derive(Debug)]
pub(super) enum Field {
    Constant(String),
    Column(Column),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    pub(super) column: String,
    /// What an empty cell means.
    pub(super) default: Option<String>,
    /// What the cells' words mean; where it's given, a cell with another word is a fault.
    #[serde(default)]
    pub(super) values: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or { column = \"…\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Field, E> {
                Ok(Field::Constant(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field, A::Error> {
                Column::deserialize(MapAccessDeserializer::new(map)).map(Field::Column)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Mapping {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong in it, with the line.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut mapping: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if mapping.key.is_empty() {
            return Err("key is empty: name the columns that tell a row from all others, for ever".to_owned());
        }
        if mapping.thousands.is_some() && mapping.thousands == mapping.decimal {
            return Err("thousands and decimal are the same: one of them separates thousands".to_owned());
        }
        for (name, separator) in [("thousands", mapping.thousands), ("decimal", mapping.decimal)] {
            if separator.is_some_and(|separator| ![',', '.', ' ', '\''].contains(&separator)) {
                return Err(format!("{name} is one of \",\", \".\", \" \" and \"'\""));
            }
        }
        if mapping.separator.is_some_and(|separator| !separator.is_ascii() || ['"', '\r', '\n'].contains(&separator)) {
            return Err("separator is one ASCII character and no quote".to_owned());
        }
        mapping.numbers = Numbers { thousands: mapping.thousands, decimal: mapping.decimal, unknown: std::mem::take(&mut mapping.unknown) };
        Ok(mapping)
    }

    /// Whether the file holds JSON lines.
    pub(super) fn is_json(&self, file: &Path) -> bool {
        let ending = file.extension().is_some_and(|ending| ending == "jsonl" || ending == "ndjson");
        self.form.map_or(ending, |form| form == Form::Jsonl)
    }

    /// The columns that it names.
    pub(super) fn columns(&self) -> Vec<&str> {
        let Self { key, kind, subject, announced, announcer, exchange, report, note, transfers, .. } = self;
        let mut fields: Vec<&Field> = vec![kind, announced];
        fields.extend([subject, note, &announcer.party, &announcer.office, &announcer.name, &announcer.on_behalf_of].into_iter().flatten());
        if let Some(Exchange { date, place, framework, part_of }) = exchange {
            fields.push(date);
            fields.extend([place, framework, part_of].into_iter().flatten());
        }
        if let Some(Report { outlet, url, published, language, archived }) = report {
            fields.extend([outlet, url, published, language, archived].into_iter().flatten());
        }
        for Transfer { from, to, counts } in transfers {
            fields.extend([from, to]);
            for Counted { category, count, of, group, origin, identity, stated } in counts {
                fields.extend([category, count]);
                fields.extend([of, group, origin, identity, stated].into_iter().flatten());
            }
        }
        let named = fields.into_iter().filter_map(|field| match field {
            Field::Constant(_) => None,
            Field::Column(column) => Some(column.column.as_str()),
        });
        named.chain(key.iter().map(String::as_str)).collect()
    }
}
