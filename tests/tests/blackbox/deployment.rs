//! The files under `deploy/` say what the built program understands: each argument is one of its options, each probe's path is answered, each image is one version.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use blackbox::{NatsServer, PATIENCE, Serve, handover_command, http, nats_server, repository, wait_for};
use tempfile::TempDir;

const UNITS: [&str; 2] = ["systemd/handover-ledger.service", "systemd/handover-reader.service"];
const DROP_INS: [&str; 1] = ["systemd/https.conf"];
/// The files, and how often each calls the program.
const CONTAINERS: [(&str, usize); 4] = [("Containerfile", 2), ("compose.yaml", 4), ("kubernetes/ledger.yaml", 1), ("kubernetes/reader.yaml", 1)];

fn path(file: &str) -> PathBuf {
    repository().join("deploy").join(file)
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.starts_with('#')).collect()
}

/// What follows the first of these beginnings.
fn after<'a>(line: &'a str, beginnings: &[&str]) -> Option<&'a str> {
    beginnings.iter().find_map(|beginning| line.strip_prefix(beginning))
}

/// A list as JSON and YAML write it in one line, where it's a call of the program.
fn call(line: &str) -> Option<Vec<String>> {
    let health = line.split_once(" CMD [").map(|(_, list)| format!("[{list}"));
    let list = health.or_else(|| after(line, &["args: ", "command: ", "test: ", "CMD "]).map(str::to_owned))?;
    let mut words: Vec<String> = serde_json::from_str(&list).unwrap_or_else(|error| panic!("{error}: {line}"));
    if words.first().is_some_and(|word| word == "CMD") {
        words.remove(0);
    }
    match words.first().map(String::as_str)? {
        "/handover" => Some(words.split_off(1)),
        "serve" => Some(words),
        _ => None,
    }
}

fn calls(file: &str) -> Vec<Vec<String>> {
    lines(file).iter().filter_map(|line| call(line)).collect()
}

/// The program itself says whether it knows every argument, and whether each value is one: it reads them in their order, and then comes to `--help`.
fn understood(file: &str, mut arguments: Vec<String>) {
    let what = format!("{file}: {}", arguments.join(" "));
    arguments.push("--help".to_owned());
    let ran = handover_command(&arguments, b"");
    assert_eq!(ran.code, Some(0), "{what}: {}", ran.stderr);
}

#[test]
fn every_argument_is_an_option_of_the_program() {
    for file in UNITS {
        let lines = lines(file);
        let calls: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/handover ")).collect();
        assert_eq!(calls.len(), 1, "{file}");
        understood(file, calls[0].split(' ').map(str::to_owned).collect());
    }
    for (file, count) in CONTAINERS {
        let calls = calls(file);
        assert_eq!(calls.len(), count, "{file}: {calls:?}");
        for call in calls {
            understood(file, call);
        }
    }
}

#[test]
fn every_variable_is_one_that_the_program_reads() {
    let help = handover_command(&["serve", "--help"], b"").stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let known: BTreeSet<_> = help.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next()).collect();
    assert!(known.contains("HANDOVER_NATS"), "{help}");
    let mut found = BTreeSet::new();
    for file in UNITS.into_iter().chain(DROP_INS).chain(CONTAINERS.map(|(file, _)| file)) {
        // In comments too: who reads them types them.
        for word in fs::read_to_string(path(file)).unwrap().split(|char: char| !(char.is_ascii_uppercase() || char == '_')) {
            if word.starts_with("HANDOVER_") {
                assert!(known.contains(word), "{file}: {word}");
                found.insert(word.to_owned());
            }
        }
    }
    assert!(found.len() >= 5, "{found:?}");
}

#[test]
fn every_probe_of_the_program_asks_for_a_path_that_is_answered() {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let server = Serve::over(&nats, data.path()).start();
    let mut probes = 0;
    for file in ["kubernetes/ledger.yaml", "kubernetes/reader.yaml"] {
        for line in lines(file) {
            let Some(probe) = line.strip_prefix("httpGet: {path: ") else { continue };
            let (path, port) = probe.split_once(", port: ").unwrap();
            assert_eq!(port, "http}", "{file}");
            assert_eq!(http::get(&server.url(path)).status, 200, "{file}: {path}");
            probes += 1;
        }
    }
    assert_eq!(probes, 6);
}

#[test]
fn every_image_is_one_version() {
    let mut images = 0;
    for file in ["Containerfile", "compose.yaml", "kubernetes/nats.yaml", "kubernetes/ledger.yaml", "kubernetes/reader.yaml"] {
        for line in lines(file) {
            let Some(image) = after(&line, &["image: ", "FROM "]).and_then(|rest| rest.split(' ').next()) else { continue };
            images += 1;
            let version = image.rsplit_once(':').map_or("", |(_, version)| version);
            assert!(image == "scratch" || version.starts_with(|char: char| char.is_ascii_digit()), "{file}: {image} names no version");
        }
    }
    assert_eq!(images, 8);
    let version = handover_command(&["--version"], b"").stdout;
    let ours = format!("image: handover:{}", version.trim().trim_start_matches("handover "));
    for file in ["compose.yaml", "kubernetes/ledger.yaml", "kubernetes/reader.yaml"] {
        assert!(lines(file).contains(&ours), "{file} has another version than {version}");
    }
}

/// What nats-server is given: the file, or the part of a manifest.
fn queue(file: &str) -> String {
    let text = fs::read_to_string(path(file)).unwrap();
    match text.split_once("nats.conf: |\n") {
        Some((_, rest)) => rest.split("\n---\n").next().unwrap().to_owned(),
        None => text,
    }
}

#[test]
fn nats_server_takes_each_configuration_with_its_users() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let run = |arguments: &[&str]| assert_eq!(handover_command(arguments, b"").code, Some(0), "{arguments:?}");
    run(&["deploy", "nats-config", "--dir", &at("users"), "--ledger", "ledger", "--reader", "reader", "--gateway", "reader", "--views", "reader"]);
    run(&["deploy", "certificates", "--dir", &at("tls"), "nats", "--host", "127.0.0.1"]);
    for file in ["nats/nats-server.conf", "nats/compose.conf", "systemd/nats-server.conf", "kubernetes/nats.yaml"] {
        let text = queue(file);
        assert!(text.contains("users.conf"), "{file}: whoever reaches the queue may do everything");
        let text = text.replace("../nats-users/", "").replace("/etc/nats-tls", &at("tls")).replace("\"tls/", &format!("\"{}/", at("tls")));
        let conf = dir.path().join("users/server.conf");
        fs::write(&conf, text).unwrap();
        let checked = Command::new(nats_server()).args(["-t", "-c"]).arg(&conf).env("POD_NAME", "nats-0").output().unwrap();
        assert!(checked.status.success(), "{file}: {}", String::from_utf8_lossy(&checked.stderr));
    }
}

/// What a manifest is made of, by its words: a weaker hold than a cluster's own, and one that is always there.
#[test]
fn every_container_runs_as_a_number_on_a_read_only_root_without_capabilities() {
    for file in ["kubernetes/nats.yaml", "kubernetes/ledger.yaml", "kubernetes/reader.yaml"] {
        let lines = lines(file);
        for needed in [
            "runAsNonRoot: true",
            "runAsUser: 65532",
            "seccompProfile: {type: RuntimeDefault}",
            "allowPrivilegeEscalation: false",
            "readOnlyRootFilesystem: true",
            "capabilities: {drop: [ALL]}",
            "automountServiceAccountToken: false",
        ] {
            assert!(lines.iter().any(|line| line == needed), "{file} lacks {needed}");
        }
    }
}

#[test]
fn a_queue_whose_name_is_not_known_yet_is_waited_for() {
    let data = TempDir::new().unwrap();
    let mut server = Serve::embedded(data.path()).with(["--nats", "nats://queue.invalid:4222"]).spawn();
    wait_for("it to wait", PATIENCE, || server.stderr().contains("waiting for nats-server").then_some(()));
    assert_eq!(server.wait(PATIENCE).code(), Some(69), "{}", server.stderr());
}
