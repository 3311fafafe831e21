//! Records as they come, over HTTP.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

use blackbox::{Generator, Handover, PATIENCE, Serve, http};
use tempfile::TempDir;

struct Follower(BufReader<TcpStream>);

impl Follower {
    fn begin(server: &Handover, path: &str, last: Option<u64>) -> Self {
        let mut socket = TcpStream::connect(server.address()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{last}\r\n").as_bytes()).unwrap();
        let mut follower = Self(BufReader::new(socket));
        assert_eq!(follower.line().as_deref(), Some("HTTP/1.1 200 OK"));
        while follower.line().unwrap() != "retry: 2000" {}
        follower
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.0.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    }

    /// The ids of the next events; fewer where the stream ends.
    fn ids(&mut self, count: usize) -> Vec<u64> {
        let lines = std::iter::from_fn(|| self.line());
        lines.filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).take(count).collect()
    }
}

#[test]
fn a_reader_goes_on_after_the_servers_restart_without_loss_or_repeat() {
    let data = TempDir::new().unwrap();
    let serve = Serve::embedded(data.path());
    let events: Vec<_> = Generator::new(7).take(120).collect();
    let publish = |server: &Handover, some: &[blackbox::Generated]| {
        for one in some {
            let answer = http::post(&server.url("/v1/announcements"), "application/cloudevents+json", &one.event);
            assert_eq!(answer.status, 201, "{answer:?}");
        }
    };
    let server = serve.start();
    publish(&server, &events[..50]);
    let mut follower = Follower::begin(&server, "/v1/stream?from=0", None);
    assert_eq!(follower.ids(30), (0..30).collect::<Vec<u64>>());
    server.kill();
    // What the socket still held comes, and then the end.
    let rest = follower.ids(usize::MAX);
    let last = rest.last().copied().unwrap_or(29);
    assert_eq!(rest, (30..=last).collect::<Vec<u64>>());
    let server = serve.start();
    publish(&server, &events[50..80]);
    let mut follower = Follower::begin(&server, "/v1/stream?from=0", Some(last));
    assert_eq!(follower.ids(80 - last as usize - 1), (last + 1..80).collect::<Vec<u64>>());
    assert_eq!(server.terminate(), Some(0), "an open stream doesn't keep a server from stopping");
    assert_eq!(follower.ids(1), [] as [u64; 0]);
    let server = serve.start();
    let mut follower = Follower::begin(&server, "/v1/stream", Some(79));
    publish(&server, &events[80..]);
    assert_eq!(follower.ids(40), (80..120).collect::<Vec<u64>>());
}
