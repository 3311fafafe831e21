use std::{borrow::Cow, collections::BTreeMap};

use announcement::Count;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::address::Address;

/// How a read model's answer becomes lines and rows.
#[derive(Debug)]
pub(crate) struct Table {
    /// The list of its things, the list of each thing's parts, and so on: a row for each of the innermost, or for a thing without any.
    pub(crate) lists: &'static [&'static str],
    /// A second list of the same things; a column `list` tells them apart.
    pub(crate) also: Option<&'static str>,
    /// The columns; a column `source` comes after them.
    pub(crate) columns: &'static [Column],
    /// What `source` leads to.
    pub(crate) source: Source,
    /// The parameter that `next` is given back in.
    pub(crate) next: Option<&'static str>,
}

/// A column of a table.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Its HXL tag (hxlstandard.org).
    pub(crate) tag: &'static str,
    /// Of what it is: 0 is the answer, 1 a thing, 2 a part of it, and so on.
    pub(crate) of: usize,
    /// Where it is in that, as a JSON pointer; of a count as it was announced `@low` or `@high` after it takes that bound.
    pub(crate) at: &'static str,
}

/// The permanent address behind a row: it answers the same whatever is recorded later.
#[derive(Debug)]
pub(crate) enum Source {
    /// The dossier of the exchange whose key is there.
    Exchange(usize, &'static str),
    /// The record whose position is there.
    Record(usize, &'static str),
    /// This very answer.
    Answer,
}

/// The tags of the columns that every table may have.
/// The digits of a position as a record has it, which is a number in a spreadsheet.
const SEQUENCE: usize = 20;
const LIST_TAG: &str = "#meta+list";
const SOURCE_TAG: &str = "#meta+url+source";

impl Table {
    /// The things, one a line, each with its members in their order.
    pub(crate) fn lines(&self, answer: &[u8]) -> String {
        let lists: BTreeMap<&str, &RawValue> = serde_json::from_slice(answer).unwrap_or_default();
        let lines = |list: &str| -> String {
            let things: Vec<&RawValue> = lists.get(list).and_then(|things| serde_json::from_str(things.get()).ok()).unwrap_or_default();
            // Between its values JSON may have line breaks, in them it has none.
            let line = |thing: &RawValue| thing.get().replace(['\n', '\r'], " ");
            let named = |thing: String| if self.also.is_some() { thing.replacen('{', &format!("{{\"list\":\"{list}\","), 1) } else { thing };
            things.into_iter().map(|thing| named(line(thing)) + "\n").collect()
        };
        self.lists.iter().take(1).chain(&self.also).map(|list| lines(list)).collect()
    }

    /// The rows, with the header and the HXL tags before them.
    pub(crate) fn csv(&self, answer: &Value, asked: &Address) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let mut write = |row: Vec<String>| writer.write_record(row).expect("memory takes what is written, and rows are equally long");
        let list = self.also.map(|_| Column { name: "list", tag: LIST_TAG, of: 1, at: "/list" });
        let columns: Vec<&Column> = list.iter().chain(self.columns).collect();
        write(columns.iter().map(|column| column.name).chain(["source"]).map(str::to_owned).collect());
        write(columns.iter().map(|column| column.tag).chain([SOURCE_TAG]).map(str::to_owned).collect());
        let as_of = answer.pointer("/as_of/position").cloned().unwrap_or_default();
        let root = Cow::Borrowed(answer);
        for thing in self.things(answer) {
            rows(&mut vec![root.clone(), thing], &self.lists[1..], &mut |row| {
                let cells = columns.iter().map(|column| column.cell(row));
                write(cells.chain([self.source(row, &as_of, asked)]).collect());
            });
        }
        writer.into_inner().expect("memory is flushed at once")
    }

    fn things<'a>(&self, answer: &'a Value) -> Vec<Cow<'a, Value>> {
        let of = |list: &str| answer[list].as_array().map_or(&[][..], Vec::as_slice);
        let Some(also) = self.also else { return of(self.lists[0]).iter().map(Cow::Borrowed).collect() };
        let named = |list: &'static str| {
            of(list).iter().cloned().map(move |mut thing| {
                thing["list"] = list.into();
                Cow::Owned(thing)
            })
        };
        named(self.lists[0]).chain(named(also)).collect()
    }

    fn source(&self, row: &[Cow<'_, Value>], as_of: &Value, asked: &Address) -> String {
        let known = |address: Address| address.with("as_known_at", as_of).to_string();
        match self.source {
            Source::Record(of, pointer) => format!("/v1/records/{}", cell(at(row, of, pointer))),
            Source::Exchange(of, pointer) => match at(row, of, pointer) {
                Value::String(key) => known(asked.clone().only(&["policy", "announced_until"]).at(format!("/v1/exchanges/{key}"))),
                _ => String::new(),
            },
            Source::Answer => known(asked.clone().without("at_least").without("format")),
        }
    }
}

impl Column {
    fn cell(&self, row: &[Cow<'_, Value>]) -> String {
        let Some((pointer, end)) = self.at.split_once('@') else { return cell(at(row, self.of, self.at)) };
        // A count that wasn't given has no bound that would be 0.
        let count = Count::deserialize(at(row, self.of, pointer)).ok().filter(|count| *count != Count::Unknown).map(|count| count.bounds());
        let bound = if end == "low" { count.map(|bounds| bounds.low) } else { count.and_then(|bounds| bounds.high) };
        bound.map(|bound| bound.to_string()).unwrap_or_default()
    }
}

fn at<'a>(row: &'a [Cow<'_, Value>], of: usize, pointer: &str) -> &'a Value {
    row.get(of).and_then(|value| value.pointer(pointer)).unwrap_or(&Value::Null)
}

/// Gives each way from the outermost to the innermost, where there is nothing further in, to the end.
fn rows<'a>(way: &mut Vec<Cow<'a, Value>>, lists: &[&str], row: &mut impl FnMut(&[Cow<'a, Value>])) {
    let [list, further @ ..] = lists else { return row(way) };
    let parts = way.last().map(|last| parts(last, list)).unwrap_or_default();
    if parts.is_empty() {
        return row(way);
    }
    for part in parts {
        way.push(Cow::Owned(part));
        rows(way, further, row);
        way.pop();
    }
}

/// The items of a list, or the members of an object as `name` and `value`.
fn parts(of: &Value, list: &str) -> Vec<Value> {
    match &of[list] {
        Value::Array(items) => items.clone(),
        Value::Object(members) => members.iter().map(|(name, value)| serde_json::json!({"name": name, "value": value})).collect(),
        _ => Vec::new(),
    }
}

/// A value in a cell of a spreadsheet; nothing for `null`, which isn't 0.
fn cell(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::String(sequence) if sequence.len() == SEQUENCE => {
            sequence.parse().map_or_else(|_| harmless(sequence.clone()), |position: u64| position.to_string())
        }
        other => harmless(text(other)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_number) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        Value::Object(members) if members.contains_key("earliest") => days(value),
        Value::Object(members) if members.contains_key("party") => {
            ["party", "office", "name", "role"].iter().map(|part| text(&value[part])).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        }
        Value::Object(members) if members.len() == 1 => members.iter().map(|(form, count)| stated(form, count)).collect(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// A count in words, as it was announced.
fn stated(form: &str, count: &Value) -> String {
    match count {
        Value::Array(ends) => ends.iter().map(text).collect::<Vec<_>>().join(" to "),
        exact if form == "exact" => text(exact),
        other => format!("{} {}", form.replace('_', " "), text(other)),
    }
}

/// As EDTF writes it.
fn days(days: &Value) -> String {
    let end = |day: &Value| day.as_str().map_or_else(|| "..".to_owned(), str::to_owned);
    let (earliest, latest) = (end(&days["earliest"]), end(&days["latest"]));
    if earliest == latest { earliest } else { format!("{earliest}/{latest}") }
}

/// A spreadsheet takes a text for a formula that begins with one of these; an apostrophe before it says that it's a text.
fn harmless(text: String) -> String {
    let is_formula = text.trim_start_matches([' ', '\u{feff}']).starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TABLE: Table = Table {
        lists: &["things", "parts"],
        also: None,
        columns: &[
            Column { name: "key", tag: "#meta+id", of: 1, at: "/key" },
            Column { name: "low", tag: "#affected+min", of: 2, at: "/low" },
            Column { name: "claims", tag: "#meta+claims", of: 2, at: "/claims" },
        ],
        source: Source::Exchange(1, "/key"),
        next: None,
    };

    #[test]
    fn each_part_is_a_row_and_a_thing_without_parts_too() {
        let answer = json!({"as_of": {"position": 7}, "things": [
            {"key": "a", "parts": [{"low": -1, "claims": [3, 4]}, {"low": 0, "claims": []}]},
            {"key": "=1+1", "parts": []},
        ]});
        let asked = Address::new("/v1/things".to_owned(), [("policy", "both"), ("limit", "2")].map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let csv = String::from_utf8(TABLE.csv(&answer, &asked)).unwrap();
        let expected = "key,low,claims,source\r\n#meta+id,#affected+min,#meta+claims,#meta+url+source\r\n\
            a,-1,3 4,/v1/exchanges/a?as_known_at=7&policy=both\r\na,0,,/v1/exchanges/a?as_known_at=7&policy=both\r\n\
            '=1+1,,,/v1/exchanges/=1+1?as_known_at=7&policy=both\r\n";
        assert_eq!(csv, expected);
        assert_eq!(TABLE.lines(b"{\"things\": [{\"b\":\n1,\"a\":[{}]}, {}], \"next\": null}"), "{\"b\": 1,\"a\":[{}]}\n{}\n");
    }

    #[test]
    fn a_count_is_shown_as_announced_and_in_its_bounds_and_unknown_is_not_0() {
        let shown = |count: Value| {
            let row = [Cow::Owned(json!({"count": count}))];
            ["/count", "/count@low", "/count@high"].map(|at| Column { name: "", tag: "", of: 0, at }.cell(&row))
        };
        assert_eq!(shown(json!({"exact": 1000})), ["1000", "1000", "1000"]);
        assert_eq!(shown(json!({"at_least": 200})), ["at least 200", "200", ""]);
        assert_eq!(shown(json!({"between": [40, 43]})), ["40 to 43", "40", "43"]);
        assert_eq!(shown(json!({"about": 250})), ["about 250", "225", "275"]);
        assert_eq!(shown(json!("unknown")), ["unknown", "", ""]);
        assert_eq!(shown(json!(null)), ["", "", ""]);
    }

    #[test]
    fn no_text_is_a_formula() {
        for hostile in ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1"] {
            assert_eq!(cell(&json!(hostile)), format!("'{hostile}"));
            assert_eq!(cell(&json!({"party": hostile, "office": null})), format!("'{hostile}"));
        }
        assert_eq!(cell(&json!(-3)), "-3");
        assert_eq!(cell(&json!("a=b")), "a=b");
    }
}
