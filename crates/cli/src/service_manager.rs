//! What a service manager (systemd, `Type=notify`) is told over the datagram socket that it names in `NOTIFY_SOCKET`; see sd_notify(3).

use std::{
    env, future, io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use event_store::{Health, Part};
use tokio::{sync::watch, time::sleep};

/// How often the watchdog's time holds a sign of life.
const SIGNS: u32 = 3;

/// The service manager, where there is one.
pub(crate) struct ServiceManager {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// The one that started this process.
    pub(crate) fn from_environment() -> Self {
        let Some(name) = env::var_os("NOTIFY_SOCKET") else { return Self { socket: None, watchdog: None } };
        let socket = connect(name.as_bytes());
        if let Err(error) = &socket {
            tracing::warn!(%error, ?name, "the service manager can't be reached");
        }
        let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
        let is_for_us = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|micros| is_for_us && *micros > 0).map(Duration::from_micros);
        Self { socket: socket.ok(), watchdog }
    }

    /// It listens.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// It drains.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=stopping");
    }

    /// Says what the ledger does whenever that changes, and gives signs of life. Never ends.
    pub(crate) async fn keep_told(&self, health: Option<watch::Receiver<Health>>) {
        let living = async {
            let Some(watchdog) = self.watchdog else { return future::pending().await };
            loop {
                self.tell("WATCHDOG=1");
                sleep(watchdog / SIGNS).await;
            }
        };
        let telling = async {
            let Some(mut health) = health else {
                self.tell("STATUS=serves what it reads over NATS");
                return future::pending().await;
            };
            loop {
                let status = status(&health.borrow_and_update());
                self.tell(&format!("STATUS={status}"));
                if health.changed().await.is_err() {
                    return future::pending().await;
                }
            }
        };
        tokio::select! {
            () = living => {}
            () = telling => {}
        }
    }

    fn tell(&self, what: &str) {
        // Where nobody hears it nothing else is to be done.
        let _ = self.socket.as_ref().map(|socket| socket.send(what.as_bytes()));
    }
}

fn connect(name: &[u8]) -> io::Result<UnixDatagram> {
    let address = match name.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(std::path::Path::new(std::ffi::OsStr::from_bytes(name)))?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// One line, whatever a reason holds.
fn status(health: &Health) -> String {
    let parts = [("writer", &health.writer), ("intake", &health.intake), ("log", &health.log)];
    let said: Vec<String> = parts
        .into_iter()
        .filter_map(|(name, part)| match part {
            Part::Running => None,
            Part::Waiting { reason } => Some(format!("{name} waits: {reason}")),
            Part::Stopped { reason, remedy, .. } => Some(format!("{name} stopped: {reason}. {remedy}")),
        })
        .collect();
    let status = if said.is_empty() { "takes records in".to_owned() } else { said.join("; ") };
    status.replace(['\n', '\r'], " ")
}
