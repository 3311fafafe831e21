use std::time::{Duration, Instant};

use gateway::Limits;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::harness::{Answer, PATIENCE, Server, event};

const WAITS: &str = "GET /v1/totals?at_least=0 HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Sends a request that waits for the first record, and returns once it's being answered.
async fn waiting(server: &Server) -> TcpStream {
    let mut socket = server.connect().await;
    // The answer to the first request of two on one connection says that the server has the second.
    socket.write_all(format!("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n{WAITS}").as_bytes()).await.unwrap();
    let mut first = [0; 16];
    timeout(PATIENCE, tokio::io::AsyncReadExt::read_exact(&mut socket, &mut first)).await.unwrap().unwrap();
    socket
}

#[tokio::test]
async fn at_the_stop_signal_requests_under_way_are_answered_and_no_connection_is_taken() {
    let server = Server::start().await;
    let mut socket = waiting(&server).await;
    let idle = server.connect().await;
    server.stop.cancel();
    let refused = async {
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, refused).await.expect("no new connection");
    let subject = "handover.announce.local".to_owned();
    server.ledger.submit(subject, Vec::new(), event(1).to_string().into()).await.unwrap();
    let answers = timeout(PATIENCE, crate::harness::until_end(&mut socket)).await.unwrap();
    let answers = String::from_utf8(answers).unwrap();
    assert!(answers.contains("HTTP/1.1 200") && answers.contains("\"figures\""), "{answers}");
    drop(idle);
    timeout(PATIENCE, server.serving).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn what_outlasts_the_drain_is_ended() {
    let server = Server::with(Limits { drain: Duration::from_millis(200), at_least: PATIENCE, ..Limits::default() }, None).await;
    let _socket = waiting(&server).await;
    server.stop.cancel();
    let begun = Instant::now();
    timeout(PATIENCE, server.serving).await.unwrap().unwrap().unwrap();
    assert!(begun.elapsed() < PATIENCE / 2);
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let server = Server::start().await;
    let mut socket = server.connect().await;
    let request = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let last = "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    socket.write_all(format!("{request}{request}{last}").as_bytes()).await.unwrap();
    let answer = Answer::read(&mut socket).await;
    assert_eq!(answer.text().matches("HTTP/1.1 200").count(), 2);
}
