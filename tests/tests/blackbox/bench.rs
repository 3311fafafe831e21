//! `handover bench` gives figures that can be read. How large they are is no test's matter.

use blackbox::handover_command;

#[test]
fn a_benchmark_prints_what_it_measured_and_what_it_was_held_against() {
    let report = handover_command(&["bench", "append", "--records", "2000", "--batch", "16,256", "-o", "json"], b"").json();
    assert_eq!(report["records"], 2_000);
    assert!(report["machine"]["cores"].as_u64().unwrap() > 0);
    let figures = report["figures"].as_array().unwrap();
    for what in ["16 a batch", "256 a batch"] {
        let figure = figures.iter().find(|figure| figure["what"] == what).unwrap();
        let number = |name: &str| figure[name].as_f64().filter(|number| *number > 0.0).unwrap_or_else(|| panic!("{name} of {figure}"));
        assert!(number("count") >= 2_000.0 && number("events_per_s") > number("mb_per_s"));
        assert!(number("p50_us") <= number("p99_us") && number("p99_us") <= number("p999_us"));
        for reference in ["plain file", "plain sled"] {
            assert!(figure["ratios"][reference].as_f64().unwrap() > 0.0);
            assert!(figures.iter().any(|figure| figure["what"] == format!("{what}, {reference}")));
        }
    }
}

#[test]
fn a_benchmark_that_lacks_a_nats_server_says_so_at_once() {
    let ran = handover_command(&["bench", "ingest", "--nats-server", "/nonexistent/nats-server"], b"");
    assert_eq!(ran.code, Some(78), "{ran:?}");
    assert!(ran.stderr.contains("--nats-server"));
}

#[test]
fn the_read_models_are_measured_on_a_ledger_while_they_follow_it_and_as_they_were_known() {
    let report = handover_command(&["bench", "fold", "--records", "2000", "-o", "json"], b"").json();
    let figures = report["figures"].as_array().unwrap();
    let of = |what: &str| figures.iter().find(|figure| figure["what"] == what).unwrap_or_else(|| panic!("{what} isn't in {figures:#?}"));
    let number = |what: &str, name: &str| of(what)[name].as_f64().filter(|number| *number > 0.0).unwrap_or_else(|| panic!("{name} of {}", of(what)));
    for what in ["from a ledger on disk, 2000 over 100", "rebuild beside what is answered, 2000 over 100"] {
        assert!((of(what)["count"] == 2_000) && number(what, "events_per_s") * number(what, "seconds") > 1_999.0 && number(what, "mb_per_s") > 0.0);
    }
    let visible = "receipt to visible at 1,000/s, 2000 over 100";
    assert!(of(visible)["count"] == 2_000 && number(visible, "p50_us") <= number(visible, "p99_us"));
    assert!(number(visible, "seconds") > 1.9, "1,000 a second and no more");
    let saving = "dossier while 4000 records are saved; seconds: the longest";
    assert!(number(saving, "seconds") * 1e6 + 0.1 >= number(saving, "p999_us"));
    for model in ["totals", "timeline"] {
        number(&format!("{model}, announced until a day, 250 over 25"), "p99_us");
    }
    for model in ["changes, first page", "changes, last page", "knowledge since half of the records", "candidates"] {
        for when in ["now", "as known"] {
            number(&format!("{model}, {when}, 250 over 25"), "p99_us");
        }
    }
}
