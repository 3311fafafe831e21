//! The OpenAPI document, held against the built binary by somebody else's program: schemathesis makes requests of it, well-formed and not, and judges the answers.

use std::process::Command;

use blackbox::{Handover, Serve, corpus, handover_command};
use tempfile::TempDir;

/// What an answer must be: no fault of the server, of a status, a media type and a schema that the document names.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Another one finds other requests.
const SEED: &str = "1";

fn check(server: &Handover, arguments: &[&str]) {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let program = Command::new(format!("{tests}get-schemathesis")).output().unwrap();
    assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stderr));
    let folder = TempDir::new().unwrap();
    let ran = Command::new(String::from_utf8(program.stdout).unwrap().trim())
        .args(["--config-file", &format!("{tests}schemathesis.toml"), "run", &server.url("/v1/openapi.json"), "--checks", CHECKS, "--seed", SEED])
        .args(["--continue-on-failure", "--request-timeout", "10", "--suppress-health-check", "all", "--workers", "2"])
        // Streams don't end; the gateway's own tests read them.
        .args(["--exclude-path-regex", "stream$"])
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "seed {SEED}: {said}{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn every_operation_answers_as_the_document_says_whatever_it_is_asked() {
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    let files = [corpus::reference_article(), corpus::public_record()].map(|file| file.into_os_string().into_string().unwrap());
    let ran = handover_command(&["publish", "--to", &server.url(""), &files[0], &files[1]], b"");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    check(&server, &["--phases", "examples,coverage", "--include-method", "GET"]);
    check(&server, &["--phases", "fuzzing", "--max-examples", "20"]);
}
