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
    stop: CancellationToken,
    running: JoinHandle<Result<(), nats::NatsError>>,
}

impl Node {
    pub(crate) async fn start(server: &NatsServer, dir: &Path) -> Self {
        Self::start_with(server, open(dir)).await
    }

    pub(crate) async fn start_with(server: &NatsServer, ledger: Ledger) -> Self {
        let (client, stop) = (client(server).await, CancellationToken::new());
        nats::prepare(&client, &nats::Options::default()).await.unwrap();
        let running = tokio::spawn(nats::run(ledger.clone(), client.clone(), nats::Options::default(), stop.clone()));
        Self { ledger, client, stop, running }
    }

    /// Stops it in good order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
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
