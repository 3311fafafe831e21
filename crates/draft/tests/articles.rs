//! Texts in three languages, with what trips: every announcement that is proposed is one that the text makes, in each of its fields.
//!
//! The expected events were written from the texts by the wire format. What is expected and not proposed counts against recall, which is printed and may not fall.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Value, json};

/// Of a hundred expected announcements so many are proposed at least. The texts are chosen for what trips, and what isn't proposed of them stays expected.
const LEAST_RECALL: usize = 80;

struct Article {
    name: String,
    text: String,
    published: String,
    expected: Vec<Value>,
}

fn articles() -> Vec<Article> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/articles");
    let mut texts: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension().unwrap() == "txt").collect();
    texts.sort();
    let read = |path: PathBuf| {
        let events = fs::read_to_string(path.with_extension("jsonl")).unwrap();
        let mut lines = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let published = lines.next().unwrap()["published"].as_str().unwrap().to_owned();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        Article { name, text: fs::read_to_string(&path).unwrap(), published, expected: lines.collect() }
    };
    texts.into_iter().map(read).collect()
}

fn proposed(article: &Article) -> Vec<Value> {
    let options = draft::Options { published: Some(article.published.parse().unwrap()), ..draft::Options::default() };
    let drafted = draft::draft(&article.text, &options).unwrap();
    let plain = |proposal: draft::Proposal| {
        let kind = proposal.event["type"].as_str().unwrap().split('.').nth(2).unwrap().to_owned();
        let mut data = proposal.event["data"].clone();
        data.as_object_mut().unwrap().remove("report");
        json!({"kind": kind, "data": data})
    };
    drafted.proposals.into_iter().map(plain).collect()
}

#[test]
fn what_is_proposed_is_what_the_text_announces() {
    let (mut found, mut expected) = (0, 0);
    let mut languages: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for article in articles() {
        let mut left = article.expected.clone();
        for event in proposed(&article) {
            match left.iter().position(|other| *other == event) {
                Some(place) => {
                    left.remove(place);
                    found += 1;
                }
                None => wrong.push(format!("{}: {event}", article.name)),
            }
        }
        for event in &left {
            println!("not proposed, {}: {event}", article.name);
        }
        expected += article.expected.len();
        *languages.entry(article.name[..2].to_owned()).or_default() += 1;
    }
    println!("precision {}/{}, recall {found}/{expected}", found, found + wrong.len());
    assert!(languages.len() == 3 && languages.values().all(|count| *count >= 3), "{languages:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(found * 100 >= expected * LEAST_RECALL, "recall {found}/{expected}");
}
