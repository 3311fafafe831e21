//! Publishes each line of a file and prints what became of it: `cargo run -p producer --example publish -- nats://127.0.0.1:4222 newsroom FILE`.
#![allow(clippy::print_stdout, reason = "it's a program")]

use std::{env, error::Error, fs, time::Duration};

use futures::StreamExt;
use producer::{Options, Outgoing, Producer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, name, file] = arguments.as_slice() else { return Err("usage: publish NATS-URL NAME FILE".into()) };
    let producer = Producer::connect(Options::new(url, name.parse()?)).await?;
    let events = fs::read_to_string(file)?;
    let events: Vec<Outgoing> = events.lines().map(|event| Outgoing::parse(event.to_owned())).collect::<Result<_, _>>()?;
    let mut receipts = std::pin::pin!(producer.publish_all(events, Duration::from_secs(30)));
    while let Some(receipt) = receipts.next().await {
        println!("{:?}", receipt?.outcome);
    }
    Ok(())
}
