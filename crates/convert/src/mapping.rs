//! What a file's columns mean.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::day::Order;

/// What the columns of a file mean, as a file of TOML says it. An unknown key is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The events' `source`.
    pub(crate) source: String,
    /// The columns that name a row for ever.
    pub(crate) key: Vec<String>,
    /// The file's form, where its ending doesn't say it.
    form: Option<Form>,
    /// Between cells; found in the header where it isn't given.
    pub(crate) separator: Option<char>,
    #[serde(default)]
    pub(crate) dates: Order,
    thousands: Option<char>,
    decimal: Option<char>,
    #[serde(default)]
    unknown: Vec<String>,
    /// Members of JSON lines that mean nothing here.
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
    pub(crate) kind: Field,
    pub(crate) subject: Option<Field>,
    pub(crate) announced: Field,
    #[serde(default)]
    pub(crate) announcer: Announcer,
    pub(crate) exchange: Option<Exchange>,
    pub(crate) report: Option<Report>,
    pub(crate) note: Option<Field>,
    #[serde(default)]
    pub(crate) transfers: Vec<Transfer>,
    #[serde(skip)]
    pub(crate) numbers: Numbers,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A header and rows.
    Csv,
    /// An object a line.
    Jsonl,
}

/// How numbers are written.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) thousands: Option<char>,
    pub(crate) decimal: Option<char>,
    pub(crate) unknown: Vec<String>,
}

/// Without a party it's an outlet's own voice, or an unnamed source.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Announcer {
    pub(crate) party: Option<Field>,
    pub(crate) office: Option<Field>,
    pub(crate) name: Option<Field>,
    #[serde(rename = "for")]
    pub(crate) on_behalf_of: Option<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    pub(crate) date: Field,
    pub(crate) place: Option<Field>,
    pub(crate) framework: Option<Field>,
    pub(crate) part_of: Option<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    pub(crate) outlet: Option<Field>,
    pub(crate) url: Option<Field>,
    pub(crate) published: Option<Field>,
    pub(crate) language: Option<Field>,
    pub(crate) archived: Option<Field>,
}

/// One direction. Where none of its counts is given in a row, it isn't mentioned there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transfer {
    pub(crate) from: Field,
    pub(crate) to: Field,
    pub(crate) counts: Vec<Counted>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    pub(crate) category: Field,
    pub(crate) count: Field,
    pub(crate) of: Option<Field>,
    pub(crate) group: Option<Field>,
    pub(crate) origin: Option<Field>,
    pub(crate) identity: Option<Field>,
    pub(crate) stated: Option<Field>,
}

/// The same text in every row, or a column's.
#[derive(Debug)]
pub(crate) enum Field {
    Constant(String),
    Column(Column),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Column {
    pub(crate) column: String,
    /// What an empty cell means.
    pub(crate) default: Option<String>,
    /// What the cells' words mean; where it's given, a cell with another word is a fault.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
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
    pub fn parse(text: &str) -> Result<Self, String> {
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

    /// What the file holds: as the mapping says, else as its ending does.
    #[must_use]
    pub fn form_of(&self, file: &Path) -> Form {
        let is_json = file.extension().is_some_and(|ending| ending == "jsonl" || ending == "ndjson");
        self.form.unwrap_or(if is_json { Form::Jsonl } else { Form::Csv })
    }

    /// The columns that it names.
    pub(crate) fn columns(&self) -> Vec<&str> {
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
