//! `handover draft` proposes announcements and publishes nothing.

use blackbox::handover_command;
use serde_json::Value;

const ARTICLE: &str = "Russia handed over the bodies of 1,000 fallen soldiers to Ukraine on January 29, Vladimir Medinsky, an aide to the Russian president, said. \
                       The oldest was 62. Another 500 bodies will be handed over next week, he added.\n";

fn lines(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_news_text_gives_announcements_with_the_words_that_each_field_rests_on() {
    let ran = handover_command(&["draft", "-", "--published", "2026-02", "--outlet", "an outlet", "--source", "urn:test:desk"], ARTICLE.as_bytes());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let proposed = lines(&ran.stdout);
    assert_eq!(proposed.len(), 1, "{proposed:#?}");
    let event = &proposed[0]["event"];
    assert_eq!((&event["source"], &event["subject"]), (&Value::from("urn:test:desk"), &Value::from("ru-ua/bodies/2026-01-29")));
    assert_eq!(event["data"]["transfers"][0]["counts"][0]["count"]["exact"], 1000);
    announcement::parse(event.to_string().as_bytes()).unwrap();
    let spans = proposed[0]["spans"].as_array().unwrap();
    let of = |pointer: &str| spans.iter().filter(|span| span["pointer"] == pointer).collect::<Vec<_>>();
    let date = of("/data/exchange/date");
    let words = |span: &Value, end: &str| usize::try_from(span[end].as_u64().unwrap()).unwrap();
    assert_eq!(&ARTICLE[words(date[0], "start")..words(date[0], "end")], "January 29");
    assert_eq!((&date[0]["text"], &date[1]["span"]), (&Value::from("January 29"), &Value::from("published")));
    assert_eq!(of("/data/report/outlet")[0]["span"], "option");
    let again = handover_command(&["draft", "-", "--published", "2026-02", "--outlet", "an outlet", "--source", "urn:test:desk"], ARTICLE.as_bytes());
    assert_eq!(again.stdout, ran.stdout);
}

#[test]
fn a_text_that_announces_nothing_gives_no_line_and_says_why() {
    let ran = handover_command(
        &["draft", "-", "--published", "2026-02-01", "--explain"],
        b"Kyiv denied that Moscow had handed over 500 bodies. It was 20 degrees below zero.",
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.stderr.contains("published: 0") && ran.stderr.contains("gave none: 2"), "{ran:?}");
    assert!(ran.stderr.contains("0..51: it denies something"), "{ran:?}");
    let foreign = handover_command(&["draft", "-"], "Die Gefangenen wurden ausgetauscht.".as_bytes());
    assert_eq!((foreign.code, foreign.stdout.as_str()), (Some(0), ""));
    assert!(foreign.stderr.contains("English, Russian or Ukrainian"), "{foreign:?}");
}

#[test]
fn what_is_no_article_is_refused_with_the_remedy() {
    let long = "a".repeat((1 << 20) + 1);
    for (arguments, input, code, words) in [
        (vec!["draft", "-"], long.as_bytes(), 65, "cut off"),
        (vec!["draft", "-"], &[0xff, 0xfe][..], 65, "UTF-8"),
        (vec!["draft", "-", "--published", "2026-02~"], b"text", 2, "2026-02-26"),
        (vec!["draft", "-", "--source", ""], b"text", 2, "source"),
        (vec!["draft", "/nonexistent/article"], b"", 65, "/nonexistent/article"),
    ] {
        let ran = handover_command(&arguments, input);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{arguments:?} {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{arguments:?} {}", ran.stderr);
    }
}
