//! A way to nats-server whose connections break at any byte.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use blackbox::SplitMix;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime::Runtime,
};

/// Passes connections on, and breaks them while it's told to; ends with its runtime when it's dropped.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

struct Shared {
    /// `127.0.0.1:PORT` of the server.
    to: String,
    breaking: AtomicBool,
    broken: AtomicU64,
    /// How many bytes a connection passes on in one direction at most, while connections are broken.
    most: u64,
    /// Guards where the next connections break.
    random: Mutex<SplitMix>,
}

impl Proxy {
    /// To the server at `nats://127.0.0.1:PORT`.
    pub(crate) fn start(url: &str, seed: u64, most: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            to: url.trim_start_matches("nats://").to_owned(),
            breaking: AtomicBool::new(false),
            broken: AtomicU64::new(0),
            most,
            random: Mutex::new(SplitMix::new(seed)),
        });
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Self { port, shared, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// From now on each connection breaks after some bytes, those that are there too.
    pub(crate) fn break_connections(&self) {
        self.shared.breaking.store(true, Ordering::Relaxed);
    }

    pub(crate) fn leave_them_whole(&self) {
        self.shared.breaking.store(false, Ordering::Relaxed);
    }

    /// How many were broken.
    pub(crate) fn broken(&self) -> u64 {
        self.shared.broken.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // A connection that breaks is what this is for.
            let _ = pass_on(client, &shared).await;
        });
    }
}

async fn pass_on(client: TcpStream, shared: &Shared) -> io::Result<()> {
    let server = TcpStream::connect(&shared.to).await?;
    let [up, down] = {
        let mut random = shared.random.lock().unwrap();
        [(); 2].map(|()| 1 + random.below(shared.most))
    };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    // Whichever ends first drops both connections.
    tokio::select! {
        ended = carry(from_client, to_server, up, shared) => ended,
        ended = carry(from_server, to_client, down, shared) => ended,
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut left: u64, shared: &Shared) -> io::Result<()> {
    let mut bytes = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        if !shared.breaking.load(Ordering::Relaxed) {
            to.write_all(&bytes[..read]).await?;
            continue;
        }
        let passed = read.min(usize::try_from(left).unwrap());
        to.write_all(&bytes[..passed]).await?;
        if passed < read {
            shared.broken.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        left -= passed as u64;
    }
}
