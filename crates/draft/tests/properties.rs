//! Whatever the text: no panic, each span is the article's own words, each field has one, and what is proposed is valid.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;

use draft::{Options, Span};
use proptest::{prelude::*, sample::select};
use serde_json::Value;

/// Sentences, and what comes between, out of which texts are made.
const PIECES: &[&str] = &[
    "Russia handed over the bodies of 1,000 fallen soldiers to Ukraine on January 29.",
    "In return, Russia received 38 bodies, Medinsky, an aide to the Russian president, said.",
    "“Ukraine brought home between 40 and 43 prisoners of war from Russian captivity,” Zelensky wrote.",
    "Россия передала Украине 1 000 тел погибших и получила 35.",
    "Взамен переданы около 14,5 тыс. военнопленных ВСУ, сообщили в Минобороны РФ.",
    "В Україну повернуто 1000 тіл, які, за твердженням російської сторони, належать українським захисникам.",
    "З російського полону повернулися 157 українців: 150 військових і 7 цивільних.",
    "The exchange was mediated by the United Arab Emirates and the United States.",
    "Those actions were within the framework of agreements reached in Istanbul, Medinsky said on Thursday.",
    "Prisoner exchanges are blocked, Moskalkova, the human rights commissioner, said in January.",
    "Since the beginning of the year more than 1,800 servicemen returned from Ukrainian captivity.",
    "обменялись пленными 157 на 157",
    "\n",
    "\n\n",
    " ",
    "«",
    "”",
    "—",
    "а́",
    "1",
    " 000",
    "'s",
    "🕊",
    "\u{feff}",
];

fn leaves(pointer: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => members.iter().for_each(|(name, value)| leaves(&format!("{pointer}/{name}"), value, found)),
        Value::Array(items) if !items.is_empty() => items.iter().enumerate().for_each(|(number, value)| leaves(&format!("{pointer}/{number}"), value, found)),
        _ => {
            found.insert(pointer.to_owned());
        }
    }
}

fn check(article: &str, options: &Options<'_>) {
    let drafted = draft::draft(article, options).unwrap();
    for proposal in &drafted.proposals {
        announcement::parse(proposal.event.to_string().as_bytes()).unwrap();
        let mut expected = BTreeSet::new();
        leaves("/data", &proposal.event["data"], &mut expected);
        let mut supported = BTreeSet::new();
        for span in &proposal.spans {
            match span {
                Span::Text { pointer, start, end, text } => {
                    assert!(start < end);
                    assert_eq!(&article[*start..*end], text);
                    supported.insert(pointer.clone());
                }
                Span::Given { pointer, span } => {
                    assert!(["published", "option", "detected"].contains(span));
                    supported.insert(pointer.clone());
                }
            }
        }
        assert_eq!(expected, supported);
    }
    for skipped in &drafted.skipped {
        assert!(!article[skipped.start..skipped.end].is_empty());
    }
    assert_eq!(drafted, draft::draft(article, options).unwrap());
}

fn options(published: &str) -> Options<'static> {
    Options { published: Some(published.parse().unwrap()), outlet: Some("an outlet"), url: Some("https://example.org/1"), source: "urn:test" }
}

proptest! {
    #[test]
    fn any_text_is_read(article in any::<String>()) {
        check(&article, &options("2026-02-26"));
    }

    #[test]
    fn any_run_of_sentences_is_read(pieces in prop::collection::vec(select(PIECES), 0..24), published in select(&["2026", "2026-02", "2026-02-26"][..])) {
        check(&pieces.concat(), &options(published));
    }

    #[test]
    fn a_text_that_is_cut_or_altered_anywhere_is_read(from in 0..3000_usize, len in 0..3000_usize, altered in any::<char>()) {
        for article in [include_str!("data/reference.txt"), include_str!("data/articles/ru-mod.txt"), include_str!("data/articles/uk-mixed.txt")] {
            let characters: Vec<char> = article.chars().collect();
            let from = from.min(characters.len());
            let end = (from + len).min(characters.len());
            let mut cut: String = characters[from..end].iter().collect();
            check(&cut, &options("2026-02"));
            cut.push(altered);
            cut.extend(characters[..from].iter());
            check(&cut, &options("2026-02"));
        }
    }
}

#[test]
fn the_longest_text_is_read_in_seconds() {
    let article = include_str!("data/reference.txt").repeat(draft::MAX_ARTICLE / 2300);
    let started = std::time::Instant::now();
    draft::draft(&article, &options("2026-02")).unwrap();
    assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn a_longer_text_and_a_vague_day_of_publication_are_refused() {
    let long = "a".repeat(draft::MAX_ARTICLE + 1);
    assert!(matches!(draft::draft(&long, &options("2026")), Err(draft::DraftError::TooLong(_))));
    assert_eq!(draft::draft("text", &options("2026-02~")), Err(draft::DraftError::Published));
    let source = Options { source: "", ..options("2026") };
    assert!(matches!(draft::draft("text", &source), Err(draft::DraftError::Option(_))));
    let outlet = Options { outlet: Some("one@example.org"), ..options("2026") };
    assert!(matches!(draft::draft("text", &outlet), Err(draft::DraftError::Option(_))));
}
