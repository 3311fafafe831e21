//! Files that are damaged, a disk that says no, a folder that's in use.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use announcement::Receipt;
use blackbox::{Generator, NotReady, PATIENCE, Process, Serve, http, wait_for};
use tempfile::TempDir;

use crate::audit::audit;

fn load(address: &str, seed: u64) -> Vec<Receipt> {
    let events: Vec<Vec<u8>> = Generator::new(seed).take(300).map(|one| one.event).collect();
    let mut receipts = Vec::new();
    for events in events.chunks(50) {
        let body = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
        let answer = http::post(&format!("http://{address}/v1/announcements"), "application/cloudevents-batch+json", &body).json();
        receipts.extend(answer["receipts"].as_array().unwrap().iter().map(|receipt| serde_json::from_value::<Receipt>(receipt.clone()).unwrap()));
    }
    receipts
}

fn files_of_sled(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data.join("ledger/active-00000000")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).collect()
}

#[test]
fn whatever_is_damaged_of_sled_is_rebuilt_from_the_journal() {
    let data = TempDir::new().unwrap();
    let serve = Serve::embedded(data.path());
    let server = serve.start();
    let receipts = load(server.address(), 1);
    server.kill();
    let flip = |path: &Path, part: u64| {
        let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let length = file.metadata().unwrap().len();
        let at = length * part / 16;
        let mut bytes = vec![0; usize::try_from((length - at).min(64)).unwrap()];
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut bytes).unwrap();
        bytes.iter_mut().for_each(|byte| *byte ^= 0x5a);
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&bytes).unwrap();
    };
    let survives = |what: &str| {
        let server = serve.try_start().unwrap_or_else(|problem| panic!("{what}: {problem:?}"));
        let answer = http::get(&server.url("/v1/records?limit=1")).json();
        assert_eq!(answer["as_of"]["position"], receipts.len() as u64 - 1, "{what}");
        server.kill();
    };
    for part in 0..16 {
        files_of_sled(data.path()).iter().for_each(|path| flip(path, part));
        survives(&format!("flipped at {part} of 16"));
    }
    for path in files_of_sled(data.path()) {
        OpenOptions::new().write(true).open(&path).unwrap().set_len(path.metadata().unwrap().len() / 2).unwrap();
    }
    survives("cut in half");
    files_of_sled(data.path()).iter().for_each(|path| fs::remove_file(path).unwrap());
    survives("removed");
    fs::remove_dir_all(data.path().join("ledger/active-00000000")).unwrap();
    audit(serve.start(), data.path(), &receipts);
}

#[test]
fn a_damaged_journal_is_refused_by_name_and_left_as_it_is() {
    let data = TempDir::new().unwrap();
    let serve = Serve::embedded(data.path());
    let server = serve.start();
    load(server.address(), 2);
    server.kill();
    let path = data.path().join("ledger/journal-00000000");
    let mut journal = fs::read(&path).unwrap();
    // A process that was killed leaves room behind the last frame.
    let written = journal.iter().rposition(|&byte| byte != 0).unwrap();
    journal[written / 2] ^= 1;
    fs::write(&path, &journal).unwrap();
    let Err(NotReady::Ended { status, log }) = serve.try_start() else { panic!("it serves a damaged journal") };
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("is damaged at byte") && log.contains("position") && log.contains("backup"), "{log}");
    assert_eq!(fs::read(&path).unwrap(), journal);
}

#[test]
fn a_second_process_on_a_data_folder_is_refused_and_the_first_goes_on() {
    let data = TempDir::new().unwrap();
    let serve = Serve::embedded(data.path());
    let first = serve.start();
    let Err(NotReady::Ended { status, log }) = serve.try_start() else { panic!("two processes have one folder") };
    assert_eq!(status.code(), Some(78), "{log}");
    assert!(log.contains(&format!("in use by process {}", first.process().id())), "{log}");
    assert_eq!(load(first.address(), 3).len(), 300);
}

#[test]
fn a_disk_that_is_full_ends_the_writer_and_costs_no_receipt() {
    let data = TempDir::new().unwrap();
    let binary = std::env::var("HANDOVER_BIN").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../target/debug/handover").to_owned());
    let server = Serve::embedded(data.path()).start();
    let mut receipts = load(server.address(), 4);
    assert_eq!(server.terminate(), Some(0));
    let mut files = files_of_sled(data.path());
    files.push(data.path().join("ledger/journal-00000000"));
    let largest = files.iter().map(|path| path.metadata().unwrap().len()).max().unwrap();
    // ulimit counts in blocks of 512 bytes; what is there can be opened, and some hundred announcements more can be written.
    let blocks = largest / 512 + 1_024;
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" serve --data \"$1\" --listen 127.0.0.1:0");
    let limited = Process::start(Path::new("/bin/sh"), &["-c", &script, &binary, data.path().to_str().unwrap()]);
    let address = wait_for("the address", PATIENCE, || limited.stdout().lines().next().map(|line| line.trim_start_matches("http://").to_owned()));
    let mut refused = false;
    for events in Generator::new(5).take(4_000).map(|one| one.event).collect::<Vec<_>>().chunks(20) {
        let body = [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat();
        let answer = http::post(&format!("http://{address}/v1/announcements"), "application/cloudevents-batch+json", &body);
        for receipt in answer.json()["receipts"].as_array().unwrap() {
            match serde_json::from_value::<Receipt>(receipt.clone()) {
                Ok(receipt) => receipts.push(receipt),
                Err(_) => refused = true,
            }
        }
        if refused {
            break;
        }
    }
    assert!(refused, "the limit was never met");
    let ready = http::get(&format!("http://{address}/readyz"));
    assert_eq!(ready.status, 503, "{ready:?}");
    // What sled couldn't write it may first miss when it reads.
    assert!(ready.body.contains("\"writer\",\"ready\":false") && ready.body.contains("File too large"), "{ready:?}");
    // Not so the records themselves: a sled that couldn't write may not read either until it's opened anew.
    for path in ["/v1/totals", "/v1/exchanges"] {
        assert_eq!(http::get(&format!("http://{address}{path}")).status, 200, "what was folded is still answered");
    }
    drop(limited);
    audit(Serve::embedded(data.path()).start(), data.path(), &receipts);
}

/// Runs a shell's script with the binary as `$0` and the data folder as `$1`.
fn script(script: &str, data: &Path) -> std::process::Output {
    let binary = std::env::var("HANDOVER_BIN").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../target/debug/handover").to_owned());
    std::process::Command::new("/bin/sh").args(["-c", script, &binary]).arg(data).output().unwrap()
}

#[test]
fn a_data_folder_that_is_read_only_or_may_not_be_written_is_a_wrong_configuration_and_left_as_it_is() {
    let data = TempDir::new().unwrap();
    let server = Serve::embedded(data.path()).start();
    let receipts = load(server.address(), 6);
    server.kill();
    let journal = data.path().join("ledger/journal-00000000");
    let before = fs::read(&journal).unwrap();
    let refused = |how: &str, output: std::process::Output, says: &str| {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{how}: {said}");
        assert!(said.contains(says) && said.contains(data.path().to_str().unwrap()), "{how}: {said}");
        assert_eq!(fs::read(&journal).unwrap(), before, "{how}");
    };
    let serve = "exec timeout 30 \"$0\" serve --data \"$1\" --listen 127.0.0.1:0";
    let mounted = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\"";
    let may_mount = script(&format!("unshare --mount sh -c '{mounted}' \"$0\" \"$1\""), data.path()).status.success();
    if may_mount {
        refused("read-only", script(&format!("unshare --mount sh -c '{mounted} && {serve}' \"$0\" \"$1\""), data.path()), "Read-only file system");
    } else {
        println!("skipped: no file system may be mounted here, so none is read-only");
    }
    // Who may do anything is made somebody who may not; others are kept out by the folder's mode.
    let somebody = script("[ \"$(id -u)\" = 0 ] && exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$0\" --version", data.path()).status.success();
    let outside = if somebody { "exec setpriv --reuid 65534 --regid 65534 --clear-groups" } else { "exec" };
    let script_of = format!("chmod -R a+rX,a-w \"$1\"; {outside} timeout 30 \"$0\" serve --data \"$1\" --listen 127.0.0.1:0");
    let output = script(&script_of, data.path());
    assert!(script("chmod -R u+w \"$1\"; chmod 600 \"$1/ledger.key\"", data.path()).status.success());
    refused("unwritable", output, "Permission denied");
    audit(Serve::embedded(data.path()).start(), data.path(), &receipts);
}
