//! What a power cut leaves: the model that the ledger's own test stands on, held against real processes.

use std::{fs, path::Path};

use blackbox::{
    PATIENCE, SplitMix,
    power::{Disk, Recorder, Trace},
};
use tempfile::TempDir;

/// Runs a script in an empty folder; gives what was recorded, and what is in the folder at its end.
fn run(script: &str) -> (Trace, Disk) {
    let (dir, trace) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (dir, trace) = (dir.path().canonicalize().unwrap(), trace.path().join("trace"));
    let script =
        format!("set -e; cd {}; put() {{ to=$1; text=$2; shift 2; printf %s \"$text\" | dd of=$to conv=notrunc status=none $@; }}; {script}", dir.display());
    let recorder = Recorder::compile();
    let mut process = recorder.start(Path::new("/bin/sh"), &["-c", &script], &dir, &trace, &[]);
    assert!(process.wait(PATIENCE).success(), "{script}\n{}", process.stderr());
    (Trace::read(&trace), Disk::read(&dir))
}

fn text<'a>(disk: &'a Disk, path: &str) -> Option<&'a str> {
    disk.file(path).map(|content| std::str::from_utf8(content).unwrap())
}

#[test]
fn what_is_recorded_gives_the_folder_as_it_is() {
    let script = "mkdir -p a/b; put a/b/one 1234567890; put a/b/one xyz seek=4 oflag=seek_bytes; cp a/b/one two; truncate -s 5 two; put two more oflag=append; ln two three; mv three a/; \
                  mv a c; rm two; mkdir gone; rmdir gone; fallocate -l 70000 c/b/two; put c/b/three short; mv c/b/three c/b/one; cp c/b/two big; echo printed";
    let (trace, found) = run(script);
    assert_eq!(trace.outcome(&Disk::default()), found);
    assert_eq!(text(&found, "c/three"), Some("1234xmore"));
    assert!(found.has("big") && !found.has("two") && !found.has("gone"), "{found:?}");
    assert!(trace.printed(trace.len()).ends_with("printed\n") && !trace.printed(trace.len() - 1).contains("printed"));
}

#[test]
fn only_what_was_synced_is_certain() {
    for (script, expected) in [
        ("put a new", None),
        ("put a new conv=fsync,notrunc", None),
        ("put a new; sync .", Some("")),
        ("put a new conv=fsync,notrunc; sync .", Some("new")),
        ("put a new; sync -d a .", Some("new")),
        ("put a new; sync a .; put a newer", Some("new")),
        ("put a new; sync a .; truncate -s 1 a", Some("new")),
        ("put a new; sync a .; truncate -s 1 a; sync -d a", Some("n")),
        ("put a new; sync a .; rm a", Some("new")),
        ("put a new; sync a .; rm a; sync .", None),
        ("put b new; sync b; mv b a", None),
        ("put b new; sync b; mv b a; sync .", Some("new")),
        ("put a old; put b new; sync a b .; mv b a", Some("old")),
        ("put a old; put b new; sync a b .; mv b a; sync .", Some("new")),
    ] {
        let (trace, found) = run(script);
        assert_eq!(trace.outcome(&Disk::default()), found, "{script}");
        assert_eq!(text(&trace.synced(&Disk::default(), trace.len()), "a"), expected, "{script}");
    }
    let (trace, _) = run("mkdir b; put b/a new; sync b/a b");
    assert!(!trace.synced(&Disk::default(), trace.len()).has("b"), "the folder's own name wasn't synced");
}

#[test]
fn everything_else_may_be_there_or_not_whole_or_in_parts() {
    let (trace, found) = run("truncate -s 40960 a; sync a .; put a $(head -c 40960 /dev/zero | tr '\\0' x) bs=40960 iflag=fullblock; put b new; rm a");
    let random = &mut SplitMix::new(1);
    let images: Vec<Disk> = (0..400).map(|_| trace.cut(&Disk::default(), trace.len(), random)).collect();
    let written = |disk: &Disk| disk.file("a").map(|a| a.iter().filter(|&&byte| byte == b'x').count());
    assert!(images.contains(&found) && images.contains(&trace.synced(&Disk::default(), trace.len())));
    assert!(images.iter().any(|disk| !disk.has("a") && !disk.has("b")) && images.iter().any(|disk| disk.has("a") && disk.has("b")));
    assert!(images.iter().any(|disk| written(disk).is_some_and(|bytes| bytes % 4_096 == 0 && (1..40_960).contains(&bytes))), "whole pages, some of them");
    assert!(images.iter().any(|disk| written(disk).is_some_and(|bytes| bytes % 4_096 != 0 && bytes % 512 == 0)), "a torn page");
    assert!(images.iter().all(|disk| disk.file("a").is_none_or(|a| a.len() == 40_960)), "its length was synced");
    for b in [None, Some(""), Some("\0\0\0"), Some("new")] {
        assert!(images.iter().any(|disk| text(disk, "b") == b), "{b:?}");
    }
}

#[test]
fn a_change_of_a_name_may_overtake_all_that_was_not_synced() {
    for (script, expected) in [
        ("put a old; put b new; sync a .; mv b a", [Some(""), None]),
        ("put a old; put b new; sync a b .; mv b a", [Some("new"), None]),
        ("put a old; put b new; sync a b .; mv b c; rm a", [None, Some("new")]),
        ("put a old; put b new; sync a b .; mv b c; sync .; rm a", [None, None]),
    ] {
        let (trace, _) = run(script);
        let disk = trace.overtaken(&Disk::default(), trace.len());
        assert_eq!(["a", "b"].map(|path| text(&disk, path)), expected, "{script}");
        assert_eq!(*trace.steps().last_key_value().unwrap().1.last().unwrap(), trace.len(), "{script}");
    }
}

#[test]
fn a_length_may_be_there_without_what_was_written_and_the_other_way_round() {
    let (trace, _) = run("put a new; sync a .; truncate -s 9000 a; put a end seek=4096 oflag=seek_bytes");
    let random = &mut SplitMix::new(1);
    let images: Vec<Disk> = (0..200).map(|_| trace.cut(&Disk::default(), trace.len(), random)).collect();
    let found = |len: usize, end: &str| images.iter().any(|disk| text(disk, "a").is_some_and(|a| a.len() == len && a.get(4096..4099).unwrap_or("") == end));
    assert!(found(3, "") && found(9_000, "\0\0\0") && found(9_000, "end"), "{images:?}");
    assert!(images.iter().all(|disk| text(disk, "a").is_some_and(|a| a.starts_with("new"))));
}

#[test]
fn an_image_is_written_and_read_as_it_is() {
    let (trace, found) = run("mkdir -p a/b; put a/b/c text; truncate -s 200000 a/hole; put a/hole end seek=150000 oflag=seek_bytes");
    let dir = TempDir::new().unwrap();
    trace.outcome(&Disk::default()).write(&dir.path().join("image"));
    assert_eq!(Disk::read(&dir.path().join("image")), found);
    assert_eq!(fs::metadata(dir.path().join("image/a/hole")).unwrap().len(), 200_000);
}
