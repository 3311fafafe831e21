//! Options over the environment over a file over what is built in.

use std::fs;

use blackbox::{Ran, Serve, handover_command_with, http};
use serde_json::Value;
use tempfile::TempDir;

fn file(dir: &TempDir, text: &str) -> String {
    let path = dir.path().join("handover.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What `config show --origin` says of an option of serve: its value as TOML, and where it comes from.
#[track_caller]
fn shown(ran: &Ran, option: &str) -> (String, String) {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let line = ran.stdout.lines().find(|line| line.trim_start_matches("# ").starts_with(&format!("{option} ="))).unwrap_or_else(|| panic!("{option}: {ran:?}"));
    let (value, origin) = line.split_once("  # ").unwrap();
    (value.split_once('=').unwrap().1.trim().to_owned(), origin.to_owned())
}

#[test]
fn an_option_goes_before_the_environment_before_the_file_before_what_is_built_in() {
    let dir = TempDir::new().unwrap();
    let path = file(&dir, "[serve]\nrate = 1\nname = \"file\"\nper_second = 7\nviews = true\nnats = \"nats://127.0.0.1:1\"\n");
    let variables = [("HANDOVER_CONFIG", path.as_str()), ("HANDOVER_RATE", "2"), ("HANDOVER_NAME", "environment")];
    let ran = handover_command_with(&variables, &["config", "show", "--origin", "--", "serve", "--rate", "3"], b"");
    let told = |option: &str| shown(&ran, option);
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(told("rate"), pair("3", "--rate"));
    assert_eq!(told("name"), pair("\"environment\"", "HANDOVER_NAME"));
    assert_eq!(told("per-second"), pair("7", &path));
    assert_eq!(told("views"), pair("true", &path));
    assert_eq!(told("per-day"), pair("1000000", "built in"));
    assert_eq!(told("tokens"), pair("", "built in"));
}

#[test]
fn what_is_shown_is_a_file_that_comes_to_the_same() {
    let dir = TempDir::new().unwrap();
    let path = file(&dir, "[serve]\nlisten = \"127.0.0.1:0\"\nrole = \"ledger\"\nreads = \"open\"\nlog = \"json\"\n");
    let first = handover_command_with(&[], &["config", "show", "--config", &path], b"");
    let again = file(&dir, &first.stdout);
    assert_eq!(handover_command_with(&[], &["config", "show", "--config", &again], b"").stdout, first.stdout);
}

#[test]
fn a_server_runs_with_what_the_file_says() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("ledger");
    let path = file(&dir, &format!("[serve]\ndata = {data:?}\nlog = \"json\"\n\n[totals]\noutput = \"json\"\n"));
    let server = Serve::embedded(&dir.path().join("flag")).with(["--config", &path]).start();
    assert!(!data.exists(), "an option goes before the file");
    assert!(server.process().stderr().lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let ran = handover_command_with(&[("HANDOVER_SERVER", &server.url(""))], &["totals", "--config", &path], b"");
    assert_eq!(ran.json()["policy"], "range");
    assert_eq!(http::get(&server.url("/livez")).status, 200);
}

#[test]
fn what_a_file_can_not_say_is_named_with_its_place() {
    let dir = TempDir::new().unwrap();
    for (text, words) in [
        ("rate = 1", "rate stands outside the table of a command"),
        ("[server]\nrate = 1", "[server]: there is no such command"),
        ("[serve]\nlistn = \"127.0.0.1:0\"", "serve.listn: handover serve has no option --listn"),
        ("[serve]\nconfig = \"x\"", "serve.config"),
        ("[serve]\nhelp = true", "serve.help"),
        ("[serve]\nlisten = \"here\"", "serve.listen: invalid value 'here'"),
        ("[serve]\nrate = -1", "serve.rate: invalid value '-1'"),
        ("[serve]\nrate = 1.5", "serve.rate: expected text, a number"),
        ("[serve]\nviews = \"yes\"", "serve.views: expected true or false"),
        ("[serve]\nrole = [\"all\", \"reader\"]", "serve.role"),
        ("[serve]\nrate = 1\nrate = 2", "line 3: duplicate key"),
        ("[ledger.trim]\nkept = \"7d\"", "ledger.trim.kept: handover ledger trim has no option --kept"),
        ("[serve", "line 1: "),
        ("[serve]\nrate = []", "serve.rate: expected text"),
    ] {
        let path = file(&dir, text);
        for arguments in [&["config", "check", "--config", &path][..], &["--config", &path, "totals"]] {
            let ran = handover_command_with(&[], arguments, b"");
            assert!(ran.code == Some(78) && ran.stderr.contains(words) && ran.stderr.contains(&path), "{text}: {ran:?}");
        }
    }
    let ran = handover_command_with(&[], &["--config", "missing.toml", "totals"], b"");
    assert!(ran.code == Some(78) && ran.stderr.contains("missing.toml"), "{ran:?}");
}

#[test]
fn check_finds_what_a_server_would_stumble_over_before_it_starts() {
    let dir = TempDir::new().unwrap();
    let there = file(&dir, "[serve]\nrate = 1\n");
    assert_eq!(handover_command_with(&[], &["config", "check", "--config", &there], b"").code, Some(0));
    let missing = dir.path().join("missing");
    let private = dir.path().join("private");
    fs::write(&private, "nothing").unwrap();
    fs::set_permissions(&private, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for (text, words) in [
        ("role = \"reader\"".to_owned(), "--role reader follows a ledger over NATS"),
        ("views = true".to_owned(), "--views writes"),
        ("reads = \"token\"".to_owned(), "--reads token needs a file of tokens"),
        (format!("tokens = {missing:?}"), "missing"),
        (format!("key = {missing:?}"), "missing"),
        (format!("tls-cert = {missing:?}"), "--tls-cert and --tls-key go together"),
        (format!("tls-cert = {missing:?}\ntls-key = {missing:?}"), "missing"),
        (format!("nats = \"nats://127.0.0.1:1\"\nnats-nkey = {missing:?}"), "missing"),
        (format!("nats = \"nats://127.0.0.1:1\"\nnats-cert = {there:?}"), "--nats-cert and --nats-key go together"),
        (format!("nats = \"nats://127.0.0.1:1\"\nnats-nkey = {there:?}"), "everyone may read it"),
        (format!("tls-cert = {there:?}\ntls-key = {there:?}"), "everyone may read it"),
        (format!("nats = \"nats://127.0.0.1:1\"\nnats-nkey = {private:?}"), "doesn't hold the seed"),
        (format!("tokens = {there:?}"), "handover.toml"),
    ] {
        let path = file(&dir, &format!("[serve]\n{text}\n"));
        let ran = handover_command_with(&[], &["config", "check", "--config", &path], b"");
        assert!(ran.code == Some(78) && ran.stderr.contains(words), "{text}: {ran:?}");
    }
}
