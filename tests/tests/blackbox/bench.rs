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
