use std::{future, io::IsTerminal, net::SocketAddr, time::Duration};

use announcement::Publisher;
use async_nats::{ConnectError, ConnectErrorKind};
use event_store::{Checkpoints, CheckpointsError, Ledger, control, nats};
use gateway::{Access, App, Door, Intake, Limits, Quota, Tls, TokenFile, Unproven};
use producer::{Options as ProducerOptions, Producer, Server};
use projection::{Projection, Settings, Snapshots, Source, run_views};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    arguments::{Log, Reads, Role, Serve},
    connection::check_private,
    control::Operated,
    epoch::CHECKPOINT,
    exit::{Code, Failure},
    folder::open,
    key,
    operate::SOCKET,
    output::print,
    service_manager::ServiceManager,
};

/// What a stop may take: connections are drained and the ledger is synced; then the process ends.
const DRAIN: Duration = Duration::from_secs(9);
/// How long a nats-server that is started together with this process may take until it listens.
const NATS_WITHIN: Duration = Duration::from_secs(5);
const NATS_RETRY: Duration = Duration::from_millis(100);
/// HTTP, the intake and the folds share these; the ledger's writer has a thread of its own.
const WORKERS: usize = 2;

pub(crate) fn run(arguments: Serve) -> Result<(), Failure> {
    log(arguments.log);
    allow_files();
    let failed = |error: std::io::Error| Failure::new(Code::Failed, error);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().map_err(failed)?;
    let ended = runtime.block_on(serve(arguments));
    runtime.shutdown_timeout(Duration::from_millis(100));
    ended
}

async fn serve(arguments: Serve) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| Failure::new(Code::Failed, error))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| Failure::new(Code::Failed, error))?;
    let stop = CancellationToken::new();
    let manager = ServiceManager::from_environment();
    let mut node = Node::start(&arguments, &stop).await?;
    manager.ready();
    let health = node.ledger.as_ref().map(Ledger::health);
    tokio::select! {
        _ = terminate.recv() => tracing::info!("stopping on SIGTERM"),
        _ = interrupt.recv() => tracing::info!("stopping on SIGINT"),
        () = manager.keep_told(health) => {}
        ended = node.ended() => {
            stop.cancel();
            node.close().await;
            return Err(ended);
        }
    }
    manager.stopping();
    stop.cancel();
    if timeout(DRAIN, node.close()).await.is_err() {
        tracing::warn!("not everything was drained in time; what was receipted is on disk");
    }
    Ok(())
}

/// Whether what the arguments say and name can be used, without starting anything.
pub(crate) fn check(arguments: &Serve) -> Result<(), Failure> {
    check_roles(arguments)?;
    if let Some(url) = &arguments.nats {
        arguments.nats_access.server(url, arguments.name.as_str())?;
    }
    if let Some(key) = &arguments.key {
        key::read(key)?;
    }
    tls(arguments)?;
    access(arguments, arguments.listen).map(drop)
}

fn check_roles(arguments: &Serve) -> Result<(), Failure> {
    let configuration = |reason: &str| Failure::new(Code::Configuration, reason);
    if arguments.role == Role::Reader && arguments.nats.is_none() {
        return Err(configuration("--role reader follows a ledger over NATS: give --nats"));
    }
    if arguments.views && (arguments.nats.is_none() || arguments.role == Role::Ledger) {
        return Err(configuration("--views writes what the read models say to a bucket: give --nats, and a role that has read models"));
    }
    Ok(())
}

/// Everything that runs, to be drained together.
struct Node {
    ledger: Option<Ledger>,
    tasks: JoinSet<Result<(), Failure>>,
}

impl Node {
    async fn start(arguments: &Serve, stop: &CancellationToken) -> Result<Self, Failure> {
        check_roles(arguments)?;
        let listener =
            TcpListener::bind(arguments.listen).await.map_err(|error| Failure::new(Code::Configuration, format_args!("{}: {error}", arguments.listen)))?;
        let client = match &arguments.nats {
            Some(url) => Some(connect(&arguments.nats_access.server(url, arguments.name.as_str())?).await?),
            None => None,
        };
        let ledger = match arguments.role {
            Role::Reader => None,
            Role::All | Role::Ledger => Some(open(&arguments.data)?),
        };
        let source = match (&ledger, &client) {
            (Some(ledger), _) => Source::Ledger(ledger.reader()),
            (None, Some(client)) => Source::Nats(client.clone()),
            (None, None) => return Err(Failure::new(Code::Configuration, "there is neither a ledger nor NATS to read from")),
        };
        let snapshots = if arguments.role == Role::Ledger { None } else { snapshots(arguments) };
        let mut node = Self { ledger: ledger.clone(), tasks: JoinSet::new() };
        // A reader's folder is its own where it has the snapshots.
        let is_operated = ledger.is_some() || snapshots.is_some();
        let projection = Projection::with(Settings { snapshots, ..Settings::default() });
        if is_operated {
            let kept = (arguments.role != Role::Ledger).then(|| (projection.clone(), source.clone()));
            node.run_control(arguments, Operated { ledger: ledger.clone(), client: client.clone(), projection: kept }, stop);
        }
        if let Some(ledger) = &ledger {
            node.run_ledger(arguments, ledger, client.as_ref(), stop).await?;
        }
        node.run_gateway(arguments, listener, client, (projection, source), stop).await?;
        Ok(node)
    }

    fn run_control(&mut self, arguments: &Serve, operated: Operated, stop: &CancellationToken) {
        let (socket, stopping) = (arguments.data.join(SOCKET), stop.clone());
        self.tasks.spawn(async move {
            let served = control::serve(&socket, move |line| operated.clone().answer(line), stopping).await;
            served.map_err(|error| Failure::new(Code::Configuration, format_args!("{}: {error}", socket.display())))
        });
    }

    /// The intake, where there is a stream.
    async fn run_ledger(&mut self, arguments: &Serve, ledger: &Ledger, client: Option<&async_nats::Client>, stop: &CancellationToken) -> Result<(), Failure> {
        let Some(client) = client.cloned() else {
            if ledger.follows_stream() {
                return Err(Failure::new(Code::Configuration, "this ledger follows a stream: give --nats"));
            }
            return Ok(());
        };
        let options =
            nats::Options { replicas: arguments.replicas.into(), max_bytes: arguments.stream_max_bytes, ledger_max_bytes: arguments.ledger_max_bytes };
        nats::prepare(&client, &options).await.map_err(|error| Failure::new(stream_code(&error), error))?;
        let logging = nats::run_log(ledger.clone(), client.clone(), options.clone(), stop.clone());
        self.tasks.spawn(async move { logging.await.map_err(|error| Failure::new(Code::Failed, error)) });
        let taking = nats::run(ledger.clone(), client, options, stop.clone());
        self.tasks.spawn(async move { taking.await.map_err(|error| Failure::new(Code::Failed, error)) });
        Ok(())
    }

    /// The read models and HTTP.
    async fn run_gateway(
        &mut self,
        arguments: &Serve,
        listener: TcpListener,
        client: Option<async_nats::Client>,
        (projection, source): (Projection, Source),
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        if let Some(client) = client.filter(|_| arguments.views) {
            let writing = run_views(projection.clone(), client, arguments.replicas.into(), stop.clone());
            self.tasks.spawn(async move {
                writing.await;
                Ok(())
            });
        }
        let with_read_models = arguments.role != Role::Ledger;
        if with_read_models {
            let (folding, source, stop) = (projection.clone(), source.clone(), stop.clone());
            self.tasks.spawn(async move {
                folding.run(source, stop).await;
                // A projection that stopped still answers what it has applied; /readyz says why it stopped.
                Ok(())
            });
        }
        let intake = match (&arguments.nats, &self.ledger) {
            (Some(_), _) if is_mute(arguments) => Intake::Closed,
            (Some(url), _) => {
                let server = arguments.nats_access.server(url, arguments.name.as_str())?;
                let options = match arguments.tokens {
                    Some(_) => ProducerOptions::gateway(server, arguments.name.clone()),
                    None => ProducerOptions::new(server, Publisher::local()),
                };
                let producer = Producer::connect(options).await;
                Intake::Nats(producer.map_err(|error| Failure::new(Code::Unreachable, error))?)
            }
            (None, Some(ledger)) => Intake::Embedded(ledger.clone()),
            (None, None) => return Err(Failure::new(Code::Configuration, "there is neither a ledger nor NATS to publish to")),
        };
        let address = listener.local_addr().map_err(|error| Failure::new(Code::Failed, error))?;
        let limits = Limits { rate: arguments.rate, ..Limits::default() };
        let app = App::new(projection, source, intake, self.ledger.as_ref().map(Ledger::health)).with_limits(limits).with_access(access(arguments, address)?);
        let app = if with_read_models { app } else { app.without_read_models() };
        let app = match &self.ledger {
            Some(ledger) => app.with_checkpoints(checkpoints(arguments, ledger)?).measuring(ledger.clone()),
            None => app,
        };
        let (door, scheme) = door(arguments, listener)?;
        let stopping = stop.clone();
        self.tasks.spawn(async move {
            let served = gateway::serve(door, app, stopping.cancelled_owned()).await;
            served.map_err(|error| Failure::new(Code::Failed, error))
        });
        tracing::info!(%address, "listening");
        print(format!("{scheme}://{address}\n").as_bytes())
    }

    /// The failure of the first part that ends by itself.
    async fn ended(&mut self) -> Failure {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(failure))) => return failure,
                Some(Err(error)) => return Failure::new(Code::Failed, error),
                None => future::pending().await,
            }
        }
    }

    /// Drains everything; the ledger last, so that what was taken in is written.
    async fn close(&mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(Err(failure)) = ended {
                tracing::warn!(?failure, "a part failed while it was stopped");
            }
        }
        if let Some(ledger) = &self.ledger {
            ledger.close().await;
        }
    }
}

fn tls(arguments: &Serve) -> Result<Option<Tls>, Failure> {
    let configuration = |reason: &dyn std::fmt::Display| Failure::new(Code::Configuration, reason);
    match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => check_private(key).and_then(|()| Tls::open(certificate, key).map(Some).map_err(|error| configuration(&error))),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(configuration(&"--tls-cert and --tls-key go together")),
    }
}

fn door(arguments: &Serve, listener: TcpListener) -> Result<(Door, &'static str), Failure> {
    Ok(match tls(arguments)? {
        Some(tls) => (Door::with_tls(listener, tls), "https"),
        None => (listener.into(), "http"),
    })
}

/// Whether nobody publishes over HTTP here: nats-server knows this process by its key, and lets it speak for the holders of tokens only, of whom there are none.
fn is_mute(arguments: &Serve) -> bool {
    arguments.nats.is_some() && arguments.nats_access.signs_in() && arguments.tokens.is_none()
}

/// Who may do what.
fn access(arguments: &Serve, address: SocketAddr) -> Result<Access, Failure> {
    let configuration = |reason: &dyn std::fmt::Display| Failure::new(Code::Configuration, reason);
    let Some(file) = &arguments.tokens else {
        if arguments.reads == Reads::Token {
            return Err(configuration(&"--reads token needs a file of tokens: make one with handover token, and give --tokens"));
        }
        if is_mute(arguments) {
            return Ok(Access::without_tokens(Unproven::Never));
        }
        if address.ip().to_canonical().is_loopback() {
            return Ok(Access::without_tokens(Unproven::FromHere));
        }
        tracing::warn!(%address, "nobody can publish over HTTP: this address can be reached from elsewhere, and there are no tokens");
        return Ok(Access::without_tokens(Unproven::Never));
    };
    if arguments.name.as_str().contains('.') {
        return Err(configuration(&"--name: a name that publishers are named after has no dot"));
    }
    let reads = if arguments.reads == Reads::Token { gateway::Reads::WithToken } else { gateway::Reads::Open };
    let quota = Quota { per_second: arguments.per_second, per_day: arguments.per_day };
    Access::with_tokens(arguments.name.clone(), TokenFile::at(file), reads, quota).map_err(|error| configuration(&error))
}

/// Takes as many open files as the system allows: every reader of a stream holds one.
fn allow_files() {
    let allowed = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: allowed.maximum, ..allowed }) {
        tracing::warn!(%error, files = allowed.current, "more open files could not be had");
    }
}

/// Where snapshots are kept. Without a folder the read models are folded from the first record at each start, and all else goes on.
fn snapshots(arguments: &Serve) -> Option<Snapshots> {
    let dir = arguments.data.join("views");
    let opened = Snapshots::open(&dir);
    if let Err(error) = &opened {
        tracing::error!(%error, "the read models keep no snapshots; see to the folder and start anew");
    }
    opened.ok()
}

/// Holds the ledger against the checkpoint that was handed out last.
fn checkpoints(arguments: &Serve, ledger: &Ledger) -> Result<Checkpoints, Failure> {
    let key = key::load(&arguments.data, arguments.key.as_deref())?;
    let (path, reader) = (arguments.data.join(CHECKPOINT), ledger.reader());
    let opened = if arguments.nats.is_some() { Checkpoints::open_on_stream(path, key, reader) } else { Checkpoints::open(path, key, reader) };
    opened.map_err(|error| match error {
        CheckpointsError::Unreadable { .. } => Failure::new(Code::Configuration, error),
        other => Failure::new(Code::Failed, other),
    })
}

async fn connect(server: &Server) -> Result<async_nats::Client, Failure> {
    let deadline = Instant::now() + NATS_WITHIN;
    let attempt = || server.options().name("handover").event_callback(tell).connect(server.addresses());
    let mut connected = attempt().await;
    if is_absent(&connected) {
        tracing::info!("waiting for nats-server");
    }
    while is_absent(&connected) && Instant::now() < deadline {
        sleep(NATS_RETRY).await;
        connected = attempt().await;
    }
    connected.map_err(|error| match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => Failure::new(
            Code::Configuration,
            format_args!("nats-server at {} doesn't admit this user: look at --nats-nkey and at the users that it lists", server.url()),
        ),
        _ => Failure::new(Code::Unreachable, format_args!("nats-server can't be reached at {}: {error}", server.url())),
    })
}

/// What the server says apart from its answers: a subject that it refuses shows nowhere else.
async fn tell(event: async_nats::Event) {
    if let async_nats::Event::ServerError(error) = event {
        tracing::warn!(%error, "nats-server refuses something");
    }
}

/// Where containers are started together, its name comes a moment after it too.
fn is_absent(connected: &Result<async_nats::Client, ConnectError>) -> bool {
    connected.as_ref().is_err_and(|error| matches!(error.kind(), ConnectErrorKind::Io | ConnectErrorKind::Dns))
}

const fn stream_code(error: &nats::StreamError) -> Code {
    match error {
        nats::StreamError::Unreachable(_) => Code::Unreachable,
        _ => Code::Configuration,
    }
}

fn log(format: Log) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,async_nats=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    match format {
        Log::Text => builder.init(),
        Log::Json => builder.json().init(),
    }
}
