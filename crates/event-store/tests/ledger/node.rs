use std::path::Path;

use async_nats::{
    Client,
    jetstream::{self, message::PublishMessage},
};
use blackbox::NatsServer;
use event_store::{Ledger, nats};
use futures::{StreamExt, stream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::harness::{SUBJECT, event, open};

pub(crate) async fn client(server: &NatsServer) -> Client {
    async_nats::connect(server.url()).await.unwrap()
}

/// A ledger that follows a stream.
pub(crate) struct Node {
    pub(crate) ledger: Ledger,
    pub(crate) client: Client,
    options: nats::Options,
    stop: CancellationToken,
    running: Vec<JoinHandle<()>>,
}

impl Node {
    pub(crate) async fn start(server: &NatsServer, dir: &Path) -> Self {
        Self::start_with(server, open(dir)).await
    }

    pub(crate) async fn start_with(server: &NatsServer, ledger: Ledger) -> Self {
        Self::start_set(server, ledger, nats::Options::default()).await
    }

    pub(crate) async fn start_set(server: &NatsServer, ledger: Ledger, options: nats::Options) -> Self {
        Self::start_without_log(server, ledger, options).await.with_log()
    }

    /// One that takes announcements in, and neither publishes nor compares records.
    pub(crate) async fn start_without_log(server: &NatsServer, ledger: Ledger, options: nats::Options) -> Self {
        let (client, stop) = (client(server).await, CancellationToken::new());
        nats::prepare(&client, &options).await.unwrap();
        let running = nats::run(ledger.clone(), client.clone(), options.clone(), stop.clone());
        let running = vec![tokio::spawn(async move { running.await.unwrap() })];
        Self { ledger, client, options, stop, running }
    }

    pub(crate) fn with_log(mut self) -> Self {
        let log = nats::run_log(self.ledger.clone(), self.client.clone(), self.options.clone(), self.stop.clone());
        self.running.push(tokio::spawn(async move { log.await.unwrap() }));
        self
    }

    /// Stops it in good order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        for running in self.running {
            running.await.unwrap();
        }
        self.ledger.close().await;
    }
}

/// Publishes these events in their order and waits until they are in the stream.
pub(crate) async fn publish(client: &Client, numbers: impl IntoIterator<Item = u64>) {
    let context = jetstream::new(client.clone());
    let sent = stream::iter(numbers).then(|number| context.send_publish(SUBJECT, PublishMessage::build().payload(event(number))));
    // The client takes no more than 5,000 that nobody waits for.
    sent.map(|sent| async { sent.unwrap().await.unwrap() }).buffered(1_000).for_each(|_| async {}).await;
}

/// Publishes one message on any subject, and gives its sequence.
pub(crate) async fn publish_on(client: &Client, subject: &str, body: impl Into<bytes::Bytes>) -> u64 {
    jetstream::new(client.clone()).publish(subject.to_owned(), body.into()).await.unwrap().await.unwrap().sequence
}

/// The stream that announcements come on.
pub(crate) async fn the_stream(client: &Client) -> jetstream::stream::Stream {
    jetstream::new(client.clone()).get_stream(nats::STREAM).await.unwrap()
}
