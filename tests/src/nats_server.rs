use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::{deadline::PATIENCE, deadline::wait_for, process::Process, programs};

/// A nats-server with JetStream on loopback. Its store outlives a kill; its port stays the same.
#[derive(Debug)]
pub struct NatsServer {
    process: Process,
    folder: TempDir,
    port: u16,
}

impl NatsServer {
    /// Starts one with an empty store, and returns when it answers.
    ///
    /// # Panics
    ///
    /// Where there is no nats-server, or it doesn't start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// The same with further lines of configuration for JetStream.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_with(jetstream: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        configure(folder.path(), jetstream, "");
        for port in candidate_ports() {
            if let Some(process) = launch(folder.path(), port) {
                return Self { process, folder, port };
            }
        }
        panic!("nats-server found none of {ATTEMPTS} ports free");
    }

    /// One with further configuration: `prepare` is given the folder of the configuration, and gives its lines.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_prepared(prepare: impl FnOnce(&Path) -> String) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let more = prepare(folder.path());
        configure(folder.path(), "", &more);
        let (port, process) = candidate_ports().find_map(|port| Some((port, launch(folder.path(), port)?))).expect("a port is free");
        Self { process, folder, port }
    }

    /// The folder of its configuration.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// One of a cluster; `None` where a port of its own is taken.
    pub(crate) fn start_member(port: u16, cluster: &str) -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder");
        configure(folder.path(), "", cluster);
        launch(folder.path(), port).map(|process| Self { process, folder, port })
    }

    /// Where it can be asked about itself, where it was told to answer.
    pub(crate) fn monitoring_url(&self) -> Option<String> {
        let ports: Value = serde_json::from_slice(&fs::read(ports_file(self.folder.path(), &self.process)).ok()?).ok()?;
        Some(ports["monitoring"][0].as_str()?.to_owned())
    }

    /// `nats://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// SIGKILL: what it hadn't written is lost, what it had is there after [`restart`](Self::restart).
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it in good order.
    pub fn stop(&mut self) {
        self.process.terminate();
    }

    /// SIGSTOP: it keeps its connections and answers nothing.
    pub fn pause(&mut self) {
        self.process.signal(Signal::STOP);
    }

    /// SIGCONT: it goes on where it stood.
    pub fn resume(&mut self) {
        self.process.signal(Signal::CONT);
    }

    /// Starts it again on the same port and store, and returns when it answers.
    ///
    /// # Panics
    ///
    /// Where it doesn't start, or something else has taken the port.
    pub fn restart(&mut self) {
        self.kill();
        self.process = launch(self.folder.path(), self.port).unwrap_or_else(|| panic!("port {} was taken meanwhile", self.port));
    }

    /// Its store, to be copied and put back while it's stopped.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("jetstream")
    }

    /// Throws the store away, as a lost disk would. Only while it's stopped.
    pub fn lose_store(&mut self) {
        self.kill();
        fs::remove_dir_all(self.store()).expect("a stopped server's store can be removed");
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }
}

const CONFIGURATION: &str = "server.conf";

/// `jetstream` and `more` are lines of configuration, inside its block and outside.
fn configure(folder: &Path, jetstream: &str, more: &str) {
    let configuration = format!("jetstream {{\n  store_dir: \"{}\"\n  {jetstream}\n}}\n{more}\n", folder.display());
    fs::write(folder.join(CONFIGURATION), configuration).expect("a file for the configuration");
}

fn ports_file(folder: &Path, process: &Process) -> PathBuf {
    folder.join(format!("nats-server_{}.ports", process.id()))
}

const ATTEMPTS: u16 = 50;

/// Below the range from which the kernel hands out ports, so that nobody gets a killed server's port before it's started again.
pub(crate) fn candidate_ports() -> impl Iterator<Item = u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let of_this_process = u16::try_from(process::id() % 6000).expect("less than 6,000");
    (0..ATTEMPTS).map(move |_| 20_000 + of_this_process * 2 % 12_000 + NEXT.fetch_add(7, Ordering::Relaxed) % 500)
}

/// `None` where the port is taken.
fn launch(folder: &Path, port: u16) -> Option<Process> {
    let arguments: [OsString; 8] = [
        "-a".into(),
        "127.0.0.1".into(),
        "-p".into(),
        port.to_string().into(),
        "-c".into(),
        folder.join(CONFIGURATION).into(),
        "--ports_file_dir".into(),
        folder.into(),
    ];
    let mut process = Process::start(programs::nats_server(), &arguments);
    let ports_file = ports_file(folder, &process);
    let started = wait_for("nats-server to say its port", PATIENCE, || {
        if let Some(status) = process.ended() {
            assert!(process.stderr().contains("address already in use"), "nats-server ended with {status}: {}", process.stderr());
            return Some(false);
        }
        let ports: Value = serde_json::from_slice(&fs::read(&ports_file).ok()?).ok()?;
        ports["nats"].as_array().is_some_and(|urls| !urls.is_empty()).then_some(true)
    });
    started.then_some(process)
}
