//! Spreadsheets and JSON lines become announcements by a mapping, once however often they are converted.

use std::{fs, path::Path};

use blackbox::{NatsServer, Ran, Serve, handover_command, repository};
use serde_json::{Value, json};
use tempfile::TempDir;

const MAPPING: &str = r#"
source = "urn:test:sheet"
key = ["Row no"]
dates = "d.m.y"
thousands = " "
unknown = ["не названо"]
kind = "completed"
announced = { column = "Said on" }
note = { column = "Note" }
[announcer]
party = { column = "Who", values = { Russia = "RU", Ukraine = "UA" } }
[exchange]
date = { column = "Day" }
place = { column = "Place" }
[[transfers]]
from = "RU"
to = "UA"
counts = [{ category = "bodies", count = { column = "Bodies to Ukraine" } }, { category = "prisoners", count = { column = "Prisoners to Ukraine" } }]
[[transfers]]
from = "UA"
to = "RU"
counts = [{ category = "bodies", count = { column = "Bodies to Russia" } }]
"#;
const HEADER: [&str; 10] =
    ["Row no", "Said on", "Who", "Day", "Place", "Bodies to\nUkraine", "Prisoners to Ukraine", "Bodies to Russia", "Note", "Our own remarks"];
const ROW: [&str; 10] =
    ["1", "29.01.2026", "Ukraine", "29.01.2026", "Novaya Guta; the crossing", "1\u{a0}000", "", "~38", "said \"at last\",\nin the evening", "x"];

struct Folder(TempDir);

impl Folder {
    fn new(mapping: &str) -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("map.toml", mapping.as_bytes());
        folder
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn convert(&self, name: &str, more: &[&str]) -> Ran {
        let path = |name: &str| self.0.path().join(name).to_str().unwrap().to_owned();
        let (file, mapping) = (path(name), path("map.toml"));
        handover_command(&[&["convert", &file, "--mapping", &mapping], more].concat(), b"")
    }

    /// Of a file of these rows.
    fn convert_rows(&self, rows: &[[&str; 10]], more: &[&str]) -> Ran {
        self.write("rows.csv", csv(rows, ";", "\n").as_bytes());
        self.convert("rows.csv", more)
    }
}

fn csv(rows: &[[&str; 10]], separator: &str, end: &str) -> String {
    let quoted = |cell: &&str| format!("\"{}\"", cell.replace('"', "\"\""));
    let line = |cells: &[&str; 10]| cells.iter().map(quoted).collect::<Vec<_>>().join(separator) + end;
    std::iter::once(&HEADER).chain(rows).map(line).collect()
}

fn with(column: &str, cell: &'static str) -> [&'static str; 10] {
    let mut row = ROW;
    let place = HEADER.iter().position(|name| name.replace('\n', " ") == column).unwrap();
    row[place] = cell;
    row
}

fn event(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

#[test]
fn the_sample_is_recorded_once_however_often_it_is_imported() {
    let (nats, data, folder) = (NatsServer::start(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let _server = Serve::over(&nats, data.path()).start();
    let samples = repository().join("deploy/samples");
    let mapping = samples.join("spreadsheet.toml");
    let import = |file: &Path| {
        let converted = handover_command(&["convert", file.to_str().unwrap(), "--mapping", mapping.to_str().unwrap()], b"");
        assert_eq!((converted.code, converted.stderr.trim()), (Some(0), "9 good, 0 bad"));
        let published = handover_command(&["publish", "--to", &nats.url(), "--as", "desk", "-"], converted.stdout.as_bytes());
        (converted.stdout, published)
    };
    let sheet = samples.join("spreadsheet.csv");
    let (lines, first) = import(&sheet);
    assert_eq!((first.code, first.stderr.trim()), (Some(0), "9 recorded, 0 duplicate, 0 refused"));
    let (again, second) = import(&sheet);
    assert_eq!((second.code, second.stderr.trim()), (Some(0), "0 recorded, 9 duplicate, 0 refused"));
    assert_eq!(lines, again);
    let third = event(lines.lines().nth(2).unwrap());
    assert_eq!(third["id"], "68f5b9d8-5056-507b-90dc-db86f50e38d9", "an id that was given out once is never given otherwise");
    let expected = json!([
        {"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": {"exact": 1248}}]},
        {"from": "UA", "to": "RU", "counts": [{"category": "bodies", "count": {"exact": 51}}]},
    ]);
    assert_eq!(third["data"]["transfers"], expected);

    let changed = folder.path().join("changed.csv");
    fs::write(&changed, fs::read_to_string(&sheet).unwrap().replace(";51;", ";52;")).unwrap();
    let (_, published) = import(&changed);
    assert!(published.code == Some(65) && published.stderr.contains("8 duplicate, 1 refused"), "{published:?}");
}

#[test]
fn one_sheet_gives_the_same_announcement_however_it_was_exported() {
    let folder = Folder::new(MAPPING);
    folder.write("plain.csv", csv(&[ROW], ";", "\n").as_bytes());
    let plain = folder.convert("plain.csv", &[]);
    assert_eq!((plain.code, plain.stderr.trim()), (Some(0), "1 good, 0 bad"));
    let converted = event(&plain.stdout);
    assert_eq!(converted["type"], "org.handover.completed.v1");
    let data = json!({
        "announced": "2026-01-29", "announcer": {"party": "UA"}, "note": "said \"at last\", in the evening",
        "exchange": {"date": "2026-01-29", "place": {"text": "Novaya Guta; the crossing", "precision": "stated"}},
        "transfers": [
            {"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": {"exact": 1000}}]},
            {"from": "UA", "to": "RU", "counts": [{"category": "bodies", "count": {"about": 38}}]},
        ],
    });
    assert_eq!(converted["data"], data);

    let utf_16 = |text: &str| std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let empty = ";;;;;;;;;\r\n";
    for (how, bytes) in [
        ("commas", csv(&[ROW], ",", "\n").into_bytes()),
        ("tabs", csv(&[ROW], "\t", "\r\n").into_bytes()),
        ("a byte-order mark", format!("\u{feff}{}", csv(&[ROW], ";", "\r\n")).into_bytes()),
        ("UTF-16", utf_16(&csv(&[ROW], "\t", "\r\n"))),
        ("a separator that is named", format!("sep=|\r\n{}", csv(&[ROW], "|", "\r\n")).into_bytes()),
        ("empty rows at the end", format!("{}{empty}{empty}\r\n", csv(&[ROW], ";", "\r\n")).into_bytes()),
    ] {
        folder.write("other.csv", &bytes);
        let other = folder.convert("other.csv", &[]);
        assert_eq!((other.stdout, other.code), (plain.stdout.clone(), Some(0)), "{how}: {}", other.stderr);
    }
}

#[test]
fn every_fault_names_its_row_its_column_and_a_remedy() {
    let folder = Folder::new(MAPPING);
    for (column, cell, named, remedy) in [
        ("Said on", "01/29/2026", "no date", "dates ="),
        ("Said on", "", "empty", "default"),
        ("Day", "", "empty", "default"),
        ("Day", "46051", "no date", "number of a day"),
        ("Bodies to Ukraine", "1,000", "no count", "thousands ="),
        ("Bodies to Ukraine", "many", "no count", "unknown"),
        ("Bodies to Russia", "99999999", "99999999", "."),
        ("Who", "Ukrain", "\"Ukrain\"", "Ukraine"),
        ("Note", "call +380 44 123 45 67", "", "."),
        ("Row no", "", "no key", "for ever"),
    ] {
        let ran = folder.convert_rows(&[ROW, with(column, cell)], &["--check"]);
        let place = format!("row 3, column \"{column}\": ");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(65), ""), "{column} {cell}: {}", ran.stderr);
        let said = ran.stderr.lines().find(|line| line.contains(&place)).unwrap_or_else(|| panic!("{place} isn't in {}", ran.stderr));
        assert!(said.contains(named) && said.contains(remedy) && said.len() > place.len() + 20, "{said}");
    }
}

#[test]
fn nothing_is_printed_of_a_sheet_with_a_bad_row_unless_one_goes_on() {
    let folder = Folder::new(MAPPING);
    let second = with("Row no", "2");
    let rows = [ROW, with("Said on", "soon"), second];
    let ran = folder.convert_rows(&rows, &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(65), ""));
    assert!(ran.stderr.contains("2 good, 1 bad"), "{}", ran.stderr);
    let ran = folder.convert_rows(&rows, &["--keep-going"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(65), 2), "{ran:?}");
    let ran = folder.convert_rows(&[ROW, second], &["--check"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.trim()), (Some(0), "", "2 good, 0 bad"));
    let ran = folder.convert_rows(&[ROW, second, ROW], &[]);
    assert!(ran.code == Some(65) && ran.stderr.contains("row 4: it has the same key as row 2"), "{ran:?}");
    folder.write("short.csv", (csv(&[ROW], ";", "\n") + "2;29.01.2026\n").as_bytes());
    let ran = folder.convert("short.csv", &[]);
    assert!(ran.code == Some(65) && ran.stderr.contains("row 3: it has 2 cells, and the first row has 10"), "{ran:?}");
}

#[test]
fn a_count_that_was_not_given_is_unknown_and_what_was_not_mentioned_is_left_out() {
    let folder = Folder::new(MAPPING);
    let mut row = with("Bodies to Ukraine", "не названо");
    row[7] = "";
    let ran = folder.convert_rows(&[row], &[]);
    let expected = json!([{"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": "unknown"}]}]);
    assert_eq!(event(&ran.stdout)["data"]["transfers"], expected, "{}", ran.stderr);
    let mut row = with("Who", "");
    (row[5], row[7]) = ("", "");
    let ran = folder.convert_rows(&[row], &[]);
    assert_eq!(event(&ran.stdout)["data"]["transfers"], json!([]), "{}", ran.stderr);
    assert_eq!(event(&ran.stdout)["data"]["announcer"], Value::Null);
}

#[test]
fn json_lines_may_leave_out_what_the_mapping_knows() {
    let mapping = r#"
source = "urn:test:lines"
key = ["id"]
ignore = ["checked_by"]
kind = { column = "kind", default = "completed" }
announced = { column = "said" }
[announcer]
party = { column = "by.party", default = "UA", values = { Russia = "RU" } }
office = { column = "by.office" }
[exchange]
date = { column = "day" }
[[transfers]]
from = "RU"
to = "UA"
counts = [{ category = { column = "what", default = "prisoners" }, count = { column = "count" } }]
"#;
    let folder = Folder::new(mapping);
    let lines = [
        r#"{"id": 1, "said": "2026-01-29", "day": "2026-01-29", "count": 157, "checked_by": "one of us"}"#,
        "",
        r#"{"id": 2, "said": "2026-01-30", "day": "2026-01", "count": ">20", "what": "civilians", "by": {"party": "Russia", "office": "Ombudsman"}, "kind": null}"#,
    ];
    folder.write("all.jsonl", lines.join("\n").as_bytes());
    let ran = folder.convert("all.jsonl", &[]);
    assert_eq!((ran.code, ran.stderr.trim()), (Some(0), "2 good, 0 bad"));
    let [first, second] = [0, 1].map(|line| event(ran.stdout.lines().nth(line).unwrap()));
    assert_eq!((&first["data"]["announcer"], &first["type"]), (&json!({"party": "UA"}), &json!("org.handover.completed.v1")));
    assert_eq!(first["data"]["transfers"][0]["counts"], json!([{"category": "prisoners", "count": {"exact": 157}}]));
    assert_eq!(second["data"]["announcer"], json!({"party": "RU", "office": "Ombudsman"}));
    assert_eq!(second["data"]["transfers"][0]["counts"], json!([{"category": "civilians", "count": {"more_than": 20}}]));
    for (line, named) in [
        (r#"{"id": 3, "said": "2026-01-29", "day": "2026-01-29", "cuont": 157}"#, "column \"cuont\": the mapping doesn't know it"),
        (r#"{"id": 3, "id": 4, "said": "2026-01-29", "day": "2026-01-29"}"#, "\"id\" stands twice"),
        (r#"{"id": 3, "said": "2026-01-29", "day": "2026-01-29", "count": 157.0}"#, "column \"count\": \"157.0\" is no count"),
        (r#"{"id": 3, "said": ["2026-01-29"], "day": "2026-01-29"}"#, "expected a text, a number, null, or an object"),
        (r#"["id"]"#, "expected a text, a number, null, or an object"),
        (r#"{"id": 3, "#, "EOF"),
    ] {
        folder.write("one.jsonl", line.as_bytes());
        let ran = folder.convert("one.jsonl", &[]);
        assert!(ran.code == Some(65) && ran.stderr.contains("row 1") && ran.stderr.contains(named), "{line}: {ran:?}");
    }
}

#[test]
fn a_mapping_that_is_wrong_or_of_another_sheet_is_refused() {
    for (right, wrong, named) in [
        ("note =", "nota =", "nota"),
        ("column = \"Note\"", "spalte = \"Note\"", "spalte"),
        ("key = [\"Row no\"]", "key = []", "key is empty"),
        ("thousands = \" \"", "thousands = \" \"\ndecimal = \" \"", "are the same"),
        ("thousands = \" \"", "thousands = \"x\"", "thousands is one of"),
        ("dates = \"d.m.y\"", "dates = \"y.d.m\"", "y.d.m"),
        ("source = \"urn:test:sheet\"", "", "source"),
    ] {
        let folder = Folder::new(&MAPPING.replacen(right, wrong, 1));
        let ran = folder.convert_rows(&[ROW], &[]);
        assert!(ran.code == Some(78) && ran.stdout.is_empty() && ran.stderr.contains(named), "{wrong}: {ran:?}");
    }
    let folder = Folder::new(&MAPPING.replace("\"Place\"", "\"Crossing\""));
    let ran = folder.convert_rows(&[ROW], &[]);
    assert!(ran.code == Some(65) && ran.stderr.contains("no column is named \"Crossing\"") && ran.stderr.contains("Row no | Said on"), "{ran:?}");
    let folder = Folder::new(MAPPING);
    folder.write("twice.csv", csv(&[ROW], ";", "\n").replace("Our own remarks", "Note").as_bytes());
    let ran = folder.convert("twice.csv", &[]);
    assert!(ran.code == Some(65) && ran.stderr.contains("several columns are named \"Note\""), "{ran:?}");
    folder.write("book.csv", b"PK\x03\x04");
    let ran = folder.convert("book.csv", &[]);
    assert!(ran.code == Some(65) && ran.stderr.contains("workbook"), "{ran:?}");
    let ran = handover_command(&["convert", "-", "--mapping", "/nowhere/map.toml"], b"");
    assert!(ran.code == Some(78) && ran.stderr.contains("/nowhere/map.toml"), "{ran:?}");
    folder.write("none.csv", b"");
    let ran = folder.convert("none.csv", &[]);
    assert!(ran.code == Some(65) && ran.stderr.contains("it's empty"), "{ran:?}");
}
