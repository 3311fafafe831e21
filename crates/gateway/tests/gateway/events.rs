//! A reader of server-sent events.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::harness::{PATIENCE, Server};

pub(crate) struct Events {
    socket: TcpStream,
    pub(crate) head: String,
    /// What came, in its chunks.
    raw: Vec<u8>,
    text: String,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<u64>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Events {
    pub(crate) async fn follow(server: &Server, path: &str, last: Option<u64>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // What isn't read stays with the server.
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let socket = timeout(PATIENCE, socket.connect(server.address)).await.unwrap().unwrap();
        let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let mut events = Self { socket, head: String::new(), raw: Vec::new(), text: String::new() };
        events.socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n{last}\r\n").as_bytes()).await.unwrap();
        while !events.raw.windows(4).any(|end| end == b"\r\n\r\n") {
            assert!(events.more().await, "an answer");
        }
        let end = events.raw.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        events.head = String::from_utf8(events.raw.drain(..end + 4).collect()).unwrap();
        assert!(events.head.starts_with("HTTP/1.1 200"), "{}", events.head);
        events
    }

    async fn more(&mut self) -> bool {
        let mut chunk = [0; 16 * 1024];
        let read = timeout(PATIENCE, self.socket.read(&mut chunk)).await.expect("something in time").unwrap_or(0);
        self.raw.extend_from_slice(&chunk[..read]);
        read > 0
    }

    fn unchunk(&mut self) {
        while let Some(end) = self.raw.windows(2).position(|end| end == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&self.raw[..end]).unwrap(), 16).unwrap();
            if self.raw.len() < end + size + 4 {
                return;
            }
            self.text.push_str(std::str::from_utf8(&self.raw[end + 2..end + 2 + size]).unwrap());
            self.raw.drain(..end + size + 4);
        }
    }

    /// All up to the next empty line.
    pub(crate) async fn block(&mut self) -> Option<String> {
        loop {
            self.unchunk();
            if let Some(end) = self.text.find("\n\n") {
                let block = self.text[..end].to_owned();
                self.text.drain(..end + 2);
                return Some(block);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next event; `None` where the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect::<Vec<_>>().join("\n");
            if !field("data").is_empty() {
                let data = serde_json::from_str(&field("data")).unwrap();
                return Some(Event { id: field("id").parse().ok(), name: field("event"), data });
            }
        }
    }

    pub(crate) async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut taken = Vec::new();
        for _ in 0..count {
            taken.push(self.next().await.expect("an event"));
        }
        taken
    }
}
