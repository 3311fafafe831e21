//! Whatever a file holds, each of its rows gives an event or a fault, and the same ones again.
#![allow(clippy::unwrap_used, reason = "a test may")]

use convert::{Form, Mapping, convert, decode};
use proptest::prelude::*;

const MAPPING: &str = r#"
source = "urn:test:properties"
key = ["a"]
dates = "d.m.y"
thousands = ","
kind = { column = "kind", default = "completed" }
announced = { column = "day", default = "2026" }
[exchange]
date = { column = "day", default = "2026" }
[[transfers]]
from = "RU"
to = "UA"
counts = [{ category = "bodies", count = { column = "count" } }]
"#;

fn holds(text: &str, form: Form) {
    let mapping = Mapping::parse(MAPPING).unwrap();
    let Ok(converted) = convert(text, form, &mapping) else { return };
    for event in &converted.events {
        announcement::parse(event.as_bytes()).unwrap();
        assert!(!event.contains('\n'));
    }
    for (_, fault) in &converted.faults {
        assert!(!fault.detail.is_empty() && !fault.remedy.is_empty());
    }
    assert_eq!(convert(text, form, &mapping).unwrap().events, converted.events);
}

/// Near what is right, so that all of it is gone through.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,6}",
        "[~><+≥0-9, -]{1,8}",
        "[0-3]?[0-9]\\.[01]?[0-9]\\.20[0-9]{2}",
        "completed|confirmed|planned|offered",
        "\\PC{0,12}",
        Just(String::new())
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_a_text_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..64), begin in prop::sample::select(vec![&b""[..], b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"])) {
        if let Ok(text) = decode([begin, &bytes].concat()) {
            holds(&text, Form::Csv);
            holds(&text, Form::Jsonl);
        }
    }

    #[test]
    fn any_cells_are_events_or_faults(rows in prop::collection::vec([cell(), cell(), cell(), cell()], 0..8)) {
        let line = |cells: &[String; 4]| cells.each_ref().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).join(";") + "\n";
        let text = "a;kind;day;count\n".to_owned() + &rows.iter().map(line).collect::<String>();
        holds(&text, Form::Csv);
        let converted = convert(&text, Form::Csv, &Mapping::parse(MAPPING).unwrap()).unwrap();
        let mut numbers: Vec<u64> = converted.faults.iter().map(|(row, _)| *row).collect();
        numbers.dedup();
        let filled = rows.iter().filter(|cells| cells.iter().any(|cell| !cell.trim().is_empty())).count();
        prop_assert_eq!(converted.events.len() + numbers.len(), filled, "each row gives one or the other");
    }

    #[test]
    fn any_lines_are_events_or_faults(a in cell(), day in cell(), count in cell()) {
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        holds(&format!("{{\"a\": \"{}\", \"day\": \"{}\", \"count\": \"{}\"}}\n{{\"a\": {a}", escaped(&a), escaped(&day), escaped(&count)), Form::Jsonl);
    }
}
