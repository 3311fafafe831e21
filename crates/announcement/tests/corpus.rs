//! The real announcements are read, and what is written again is the same value.

#![allow(clippy::unwrap_used)]

use announcement::parse;
use serde_json::Value;

fn lines(name: &str) -> Vec<String> {
    let path = format!("{}/../../deploy/samples/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn every_real_announcement_is_accepted_and_written_again_as_the_same_value() {
    for line in lines("reference-article").iter().chain(&lines("public-record")) {
        let announcement = parse(line.as_bytes()).unwrap_or_else(|problem| panic!("{problem:?} in {line}"));
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_value(&announcement.data).unwrap(), event["data"]);
    }
}
