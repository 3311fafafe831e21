//! What the other tests stand on does what it says.

use std::{collections::BTreeSet, path::Path, time::Duration};

use blackbox::{Generator, NatsServer, PATIENCE, Process};

#[test]
fn every_generated_announcement_is_valid_and_of_about_700_bytes() {
    let generated: Vec<_> = Generator::new(1).take(2_000).collect();
    for one in &generated {
        announcement::parse(&one.event).unwrap_or_else(|problem| panic!("{problem:?} in {}", String::from_utf8_lossy(&one.event)));
    }
    let bytes: usize = generated.iter().map(|one| one.event.len()).sum();
    assert!((600..800).contains(&(bytes / generated.len())), "{} bytes on average", bytes / generated.len());
    let kinds: BTreeSet<_> = generated.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, BTreeSet::from(["aggregate", "channel", "completed", "confirmed", "corrected", "disputed", "planned"]));
}

#[test]
fn a_seed_gives_the_same_announcements_and_another_seed_gives_others() {
    let events = |seed| Generator::new(seed).take(100).map(|one| one.event).collect::<Vec<_>>();
    assert_eq!(events(7), events(7));
    let ids = |seed| Generator::new(seed).take(100).map(|one| one.id).collect::<BTreeSet<_>>();
    assert!(ids(7).is_disjoint(&ids(8)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_nats_server_comes_back_at_the_same_address_with_what_it_acknowledged() {
    let mut server = NatsServer::start();
    let address = server.url();
    let jetstream = async_nats::jetstream::new(async_nats::connect(&address).await.unwrap());
    let config = || async_nats::jetstream::stream::Config { name: "KEPT".into(), subjects: vec!["kept".into()], ..Default::default() };
    jetstream.create_stream(config()).await.unwrap();
    jetstream.publish("kept", "one".into()).await.unwrap().await.unwrap();
    server.restart();
    assert_eq!(server.url(), address);
    let again = async_nats::jetstream::new(async_nats::connect(&address).await.unwrap());
    assert_eq!(again.get_stream("KEPT").await.unwrap().cached_info().state.messages, 1);
}

#[test]
fn a_process_outlives_the_thread_that_started_it_and_ends_when_it_is_dropped() {
    let mut process = std::thread::spawn(|| Process::start(Path::new("/bin/sleep"), &["60"])).join().unwrap();
    assert!(process.ended().is_none());
    assert!(process.resident_bytes() > 0);
    let folder = format!("/proc/{}", process.id());
    drop(process);
    assert!(!Path::new(&folder).exists());
}

#[test]
fn a_terminated_process_says_how_it_ended() {
    let mut process = Process::start(Path::new("/bin/sh"), &["-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done"]);
    blackbox::wait_for("the trap", PATIENCE, || process.stdout().contains("ready").then_some(()));
    assert_eq!(process.terminate().code(), Some(3));
    assert_eq!(process.wait(Duration::ZERO).code(), Some(3));
}
