use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitStatus,
    thread,
    time::{Duration, Instant},
};

use crate::{deadline::PATIENCE, http, nats_cluster::NatsCluster, nats_server::NatsServer, process::Process, programs};

/// How a server is to be started; the same one can be started again and again.
#[derive(Clone, Debug)]
pub struct Serve {
    data: PathBuf,
    more: Vec<OsString>,
    log: Option<String>,
}

impl Serve {
    /// Without NATS.
    #[must_use]
    pub fn embedded(data: &Path) -> Self {
        Self { data: data.to_owned(), more: Vec::new(), log: None }
    }

    /// With everything going through this nats-server.
    #[must_use]
    pub fn over(nats: &NatsServer, data: &Path) -> Self {
        Self::embedded(data).with(["--nats", &nats.url()])
    }

    /// With everything going through a cluster.
    #[must_use]
    pub fn over_cluster(cluster: &NatsCluster, data: &Path) -> Self {
        Self::embedded(data).with(["--nats", &cluster.url()])
    }

    /// With these arguments too.
    #[must_use]
    pub fn with<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.more.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With a log in JSON of what this filter lets through.
    #[must_use]
    pub fn logging(self, filter: &str) -> Self {
        Self { log: Some(filter.to_owned()), ..self.with(["--log", "json"]) }
    }

    /// Starts it without waiting for anything.
    ///
    /// # Panics
    ///
    /// Where the binary isn't built.
    #[must_use]
    pub fn spawn(&self) -> Process {
        let mut arguments: Vec<OsString> = vec!["serve".into(), "--data".into(), self.data.clone().into()];
        if !self.more.iter().any(|argument| argument == "--listen") {
            arguments.extend(["--listen".into(), "127.0.0.1:0".into()]);
        }
        arguments.extend(self.more.iter().cloned());
        let Some(filter) = &self.log else { return Process::start(&programs::handover(), &arguments) };
        let before = [format!("RUST_LOG={filter}").into(), programs::handover().into()];
        Process::start(Path::new("/usr/bin/env"), &before.into_iter().chain(arguments).collect::<Vec<OsString>>())
    }

    /// Starts it and waits until `/readyz` says yes.
    ///
    /// # Errors
    ///
    /// [`NotReady`], with the process gone.
    pub fn try_start(&self) -> Result<Handover, NotReady> {
        Self::ready(self.spawn(), PATIENCE)
    }

    /// Starts it and waits until `/readyz` says yes.
    ///
    /// # Panics
    ///
    /// Where it isn't ready within [`PATIENCE`].
    #[must_use]
    #[track_caller]
    pub fn start(&self) -> Handover {
        match self.try_start() {
            Ok(server) => server,
            Err(problem) => panic!("handover serve isn't ready: {problem:?}"),
        }
    }

    fn ready(mut process: Process, within: Duration) -> Result<Handover, NotReady> {
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if let Some(status) = process.ended() {
                return Err(NotReady::Ended { status, log: process.stderr() });
            }
            if let Some(address) = address_in(&process.stdout())
                && http::try_get(&format!("http://{address}/readyz")).is_ok_and(|answer| answer.status == 200)
            {
                return Ok(Handover { process, address });
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(NotReady::Late { log: process.stderr() })
    }
}

/// The server prints one line when it listens: the address of its page.
fn address_in(stdout: &str) -> Option<String> {
    let (line, _) = stdout.split_once('\n')?;
    Some(line.split_once("http://")?.1.trim_end_matches('/').to_owned())
}

/// Why a server isn't ready.
#[derive(Debug)]
pub enum NotReady {
    /// It ended.
    Ended {
        /// How.
        status: ExitStatus,
        /// What it logged.
        log: String,
    },
    /// It ran, and wasn't ready in time. It has been killed.
    Late {
        /// What it logged.
        log: String,
    },
}

/// A running `handover serve`.
#[derive(Debug)]
pub struct Handover {
    process: Process,
    address: String,
}

impl Handover {
    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of a path of it, which begins with `/`; of the server for an empty one.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// SIGKILL; returns when it's gone.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// SIGTERM; returns its exit code, `None` where a signal ended it.
    ///
    /// # Panics
    ///
    /// When it hasn't ended within 12 s.
    #[track_caller]
    pub fn terminate(mut self) -> Option<i32> {
        self.process.terminate().code()
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }
}
