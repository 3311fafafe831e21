//! `deploy/cluster`: whichever of its processes is killed, nothing accepted is lost, the nodes and the readers agree, and the page answers.

use std::{
    collections::BTreeMap,
    env, fs,
    hash::{BuildHasher, RandomState},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use announcement::{Receipt, Record};
use blackbox::{Generator, NatsServer, Process, Serve, SplitMix, handover, handover_command, http, repository, wait_for};
use futures::StreamExt;
use producer::{Limits, Options, Outbox, Outgoing, Producer};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::audit::{honoured, records};

/// How long an election, a node that reads what it missed, and a stream that is brought up may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);
const BETWEEN_KILLS: Duration = Duration::from_secs(10);
/// Each publisher's rate. All announcements are about forty exchanges, and a page of many thousand claims of each is slow in a build without optimisation.
const BETWEEN_PUBLISHED: Duration = Duration::from_millis(50);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// How long no reader may have shown the page.
const LONGEST_GAP: Duration = Duration::from_secs(3);
const PROCESSES: [&str; 7] = ["nats-1", "ledger-1", "reader-1", "nats-2", "ledger-2", "reader-2", "nats-3"];

fn seconds() -> u64 {
    env::var("HANDOVER_SECONDS").map_or(30, |seconds| seconds.parse().expect("HANDOVER_SECONDS is a number"))
}

fn seed() -> u64 {
    env::var("HANDOVER_SEED").map_or_else(|_| RandomState::new().hash_one(0), |seed| seed.parse().expect("HANDOVER_SEED is a number"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// What the script started, at the addresses that it printed.
struct Cluster {
    script: Process,
    data: TempDir,
    readers: Vec<String>,
    nats: String,
}

impl Cluster {
    fn start() -> Self {
        let (data, handover) = (TempDir::new().unwrap(), handover());
        let arguments = ["--ports", "0", "--data", data.path().to_str().unwrap(), "--handover", handover.to_str().unwrap()];
        let mut script = Process::start(&repository().join("deploy/cluster"), &arguments);
        let printed = wait_for("the cluster to be ready", PATIENCE, || {
            assert_eq!(script.ended(), None, "{}", script.stderr());
            Some(script.stdout()).filter(|printed| printed.contains("nats  "))
        });
        let line = |name: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name} isn't in {printed}"));
            line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(line("ledgers").len(), 2);
        let (readers, nats) = (line("readers"), line("nats").concat());
        Self { script, data, readers, nats }
    }

    fn folder(&self, name: &str) -> String {
        self.data.path().join(name).to_str().unwrap().to_owned()
    }

    fn process(&self, name: &str) -> Option<i32> {
        fs::read_to_string(self.folder(&format!("{name}.pid"))).ok()?.trim().parse().ok()
    }

    /// SIGKILL; returns when it has been started again.
    fn kill(&self, name: &str) {
        let killed = self.process(name).unwrap();
        kill_process(Pid::from_raw(killed).unwrap(), Signal::KILL).unwrap();
        wait_for("it to be started again", PATIENCE, || self.process(name).filter(|started| *started != killed));
    }

    fn status(&self, node: &str) -> Value {
        let ran = handover_command(&["ledger", "status", "--data", &self.folder(node)], b"");
        serde_json::from_str(&ran.stdout).unwrap_or(Value::Null)
    }
}

/// What one publisher has accepted, and the receipts that came.
struct Published {
    publisher: &'static str,
    ids: Vec<String>,
    receipts: Vec<Receipt>,
}

/// Takes in announcements at a steady rate until it's told to stop, and ends when each has its receipt.
fn publish(nats: &str, publisher: &'static str, seed: u64, stop: &AtomicBool) -> Published {
    let dir = TempDir::new().unwrap();
    runtime().block_on(async {
        let outbox = Outbox::open(dir.path(), publisher.parse().unwrap(), Limits::default()).unwrap();
        let (done, left) = tokio::sync::oneshot::channel::<()>();
        let mut receipts = Vec::new();
        let sending = outbox.run(nats, async { drop(left.await) }, |receipt| receipts.push(receipt.clone()));
        let accepting = async {
            let mut ids = Vec::new();
            for one in Generator::new(seed) {
                outbox.publish(&Outgoing::parse(one.event).unwrap()).await.unwrap();
                ids.push(one.id.to_string());
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                tokio::time::sleep(BETWEEN_PUBLISHED).await;
            }
            let deadline = Instant::now() + PATIENCE;
            while outbox.waiting().waiting > 0 {
                assert!(Instant::now() < deadline, "{publisher}: {} wait", outbox.waiting().waiting);
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            assert_eq!((outbox.waiting().refused, outbox.waiting().held), (0, 0), "{publisher}");
            drop(done);
            ids
        };
        let (sent, ids) = tokio::join!(sending, accepting);
        sent.unwrap();
        Published { publisher, ids, receipts }
    })
}

/// The same with the command, whose outbox keeps what it wasn't given the time for.
fn publish_by_command(nats: &str, publisher: &'static str, seed: u64, stop: &AtomicBool) -> Published {
    let dir = TempDir::new().unwrap();
    let mut events = Generator::new(seed);
    let mut ids = Vec::new();
    let mut run = |events: &mut Generator, count: usize, wait: &str| {
        let mut lines = Vec::new();
        for one in events.take(count) {
            lines.extend([one.event, b"\n".to_vec()].concat());
            ids.push(one.id.to_string());
        }
        let arguments = ["publish", "--as", publisher, "--to", nats, "--outbox", dir.path().to_str().unwrap(), "--wait", wait];
        let ran = handover_command(&arguments, &lines);
        assert!(matches!(ran.code, Some(0 | 69 | 75)), "{ran:?}");
        ran.code
    };
    while !stop.load(Ordering::Relaxed) {
        run(&mut events, 20, "2s");
        thread::sleep(Duration::from_secs(1));
    }
    assert_eq!(run(&mut events, 0, "120s"), Some(0));
    Published { publisher, ids, receipts: Vec::new() }
}

/// Asks a reader for its page again and again, and gives the moments at which it came.
fn look(reader: &str, stop: &AtomicBool) -> Vec<Instant> {
    let mut seen = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        if http::try_get(&format!("{reader}/")).is_ok_and(|answer| answer.status == 200 && answer.body.contains("</html>")) {
            seen.push(Instant::now());
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    seen
}

/// The longest time without a page between two moments, and when it began.
fn longest_gap(begun: Instant, mut seen: Vec<Instant>, ended: Instant) -> (Duration, Duration) {
    seen.push(ended);
    seen.sort_unstable();
    let mut before = begun;
    let gaps = seen.into_iter().map(|next| {
        let last = std::mem::replace(&mut before, next);
        (next - last, last - begun)
    });
    gaps.max().unwrap_or_default()
}

/// Announcements a second from the first one sent to the last one's receipt.
fn rate(nats: &str, seed: u64, count: usize) -> f64 {
    runtime().block_on(async {
        let producer = Producer::connect(Options::new(nats, "measured".parse().unwrap())).await.unwrap();
        let events: Vec<_> = Generator::new(seed).take(count).map(|one| Outgoing::parse(one.event).unwrap()).collect();
        let begun = Instant::now();
        let receipts: Vec<_> = producer.publish_all(events, PATIENCE).collect().await;
        let took = begun.elapsed();
        assert!(receipts.len() == count && receipts.into_iter().all(|receipt| receipt.is_ok()));
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let count = count as f64;
        count / took.as_secs_f64()
    })
}

/// Both nodes' heads, once they are the same and the stream of records is as long.
fn agreed(cluster: &Cluster) -> Value {
    wait_for("the nodes to agree", PATIENCE, || {
        let [one, other] = ["ledger-1", "ledger-2"].map(|node| cluster.status(node));
        let running = json!({"state": "running"});
        let whole = |status: &Value| {
            status["health"] == json!({"writer": running, "intake": running, "log": running}) && status["log"]["last_sequence"] == status["head"]["size"]
        };
        (one["head"] == other["head"] && whole(&one) && whole(&other)).then(|| one["head"].clone())
    })
}

fn held_against(published: &[Published], ledger: &[Record]) {
    let mut recorded: BTreeMap<(String, String), u32> = BTreeMap::new();
    for record in ledger {
        let event: Value = serde_json::from_slice(&record.event).unwrap();
        *recorded.entry((record.publisher.to_string(), event["id"].as_str().unwrap().to_owned())).or_default() += 1;
    }
    for Published { publisher, ids, receipts } in published {
        assert!(ids.len() >= 100, "too few to show anything");
        for id in ids {
            assert_eq!(recorded.get(&((*publisher).to_owned(), id.clone())), Some(&1), "how often {id} of {publisher} is recorded");
        }
        for receipt in receipts {
            honoured(receipt, ledger);
        }
    }
}

/// The cluster's rates and those of one server with one nats-server, measured in turn.
fn compared(cluster: &Cluster, seed: u64, count: usize) -> Vec<[f64; 2]> {
    let (nats, data) = (NatsServer::start(), TempDir::new().unwrap());
    let _server = Serve::over(&nats, data.path()).start();
    (0..3).map(|round| [&cluster.nats, &nats.url()].map(|nats| rate(nats, seed.wrapping_sub(round), count))).collect()
}

type Publish = fn(&str, &'static str, u64, &AtomicBool) -> Published;
const PUBLISHERS: [(&str, Publish); 3] = [("first", publish), ("second", publish), ("command", publish_by_command)];

/// What runs while processes are killed.
struct Load {
    begun: Instant,
    stop: Arc<AtomicBool>,
    looking: Vec<JoinHandle<Vec<Instant>>>,
    publishing: Vec<JoinHandle<Published>>,
}

impl Load {
    fn start(cluster: &Cluster, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let looking = cluster.readers.iter().map(|reader| {
            let (reader, stop) = (reader.clone(), Arc::clone(&stop));
            thread::spawn(move || look(&reader, &stop))
        });
        let publishing = (1..).zip(PUBLISHERS).map(|(number, (publisher, publish))| {
            let (nats, stop) = (cluster.nats.clone(), Arc::clone(&stop));
            thread::spawn(move || publish(&nats, publisher, seed.wrapping_add(number), &stop))
        });
        Self { begun: Instant::now(), looking: looking.collect(), publishing: publishing.collect(), stop }
    }

    /// The longest time without a page, and what was published.
    fn stop(self) -> ((Duration, Duration), Vec<Published>) {
        self.stop.store(true, Ordering::Relaxed);
        let seen = self.looking.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        let gap = longest_gap(self.begun, seen, Instant::now());
        (gap, self.publishing.into_iter().map(|thread| thread.join().unwrap()).collect())
    }
}

fn readers_agree(cluster: &Cluster, last: u64) {
    for path in ["/v1/totals?", "/v1/exchanges?limit=100&"] {
        let answers = [0, 1].map(|reader| {
            wait_for("a reader to be as far", PATIENCE, || {
                let answer = http::try_get(&format!("{}{path}at_least={last}", cluster.readers[reader])).ok()?;
                (answer.status == 200).then(|| answer.json())
            })
        });
        assert_eq!(answers[0]["as_of"]["position"], last);
        assert_eq!(answers[0], answers[1], "{path}");
    }
}

#[test]
fn whichever_process_of_the_cluster_is_killed_nothing_is_lost_and_the_page_answers() {
    let (seconds, seed) = (seconds(), seed());
    println!("HANDOVER_SEED={seed}");
    let mut cluster = Cluster::start();
    let load = Load::start(&cluster, seed);
    let mut random = SplitMix::new(seed);
    for kill in 0..usize::try_from(seconds / BETWEEN_KILLS.as_secs()).unwrap() {
        thread::sleep(BETWEEN_KILLS);
        // Each once, then any.
        let chosen = if kill < PROCESSES.len() { kill } else { random.index(PROCESSES.len()) };
        println!("{} s: {} is killed", load.begun.elapsed().as_secs(), PROCESSES[chosen]);
        cluster.kill(PROCESSES[chosen]);
    }
    thread::sleep(BETWEEN_KILLS / 2);
    let ((gap, since), published) = load.stop();
    println!("the longest time without a page: {gap:?}, from {since:?} on");
    for one in &published {
        println!("{}: {} accepted, {} receipts", one.publisher, one.ids.len(), one.receipts.len());
    }
    for [together, single] in compared(&cluster, seed, usize::try_from(20 * seconds).unwrap()) {
        println!("{together:.0} announcements/s to the cluster, {single:.0}/s to one server: {:.2} of it", together / single);
    }
    assert!(gap < LONGEST_GAP, "no reader showed the page for {gap:?}");

    let head = agreed(&cluster);
    readers_agree(&cluster, head["size"].as_u64().unwrap() - 1);
    cluster.script.signal(Signal::TERM);
    assert_eq!(cluster.script.wait(PATIENCE).code(), Some(0), "{}", cluster.script.stderr());
    let ledgers = ["ledger-1", "ledger-2"].map(|node| records(Path::new(&cluster.folder(node))));
    assert_eq!(json!(ledgers[0].len()), head["size"]);
    assert!(ledgers[0] == ledgers[1]);
    held_against(&published, &ledgers[0]);
}
