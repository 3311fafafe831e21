use std::iter::zip;

use crate::{
    deadline::{PATIENCE, wait_for},
    http,
    nats_server::{NatsServer, candidate_ports},
};

/// How many servers it has.
const SERVERS: usize = 3;
/// How often other ports are tried.
const ATTEMPTS: usize = 10;

/// Three nats-servers that keep streams together. Each can be killed and started again.
#[derive(Debug)]
pub struct NatsCluster {
    servers: Vec<NatsServer>,
}

impl NatsCluster {
    /// Starts one with empty stores, and returns when it has a leader.
    ///
    /// # Panics
    ///
    /// Where there is no nats-server, or it doesn't come together.
    #[must_use]
    pub fn start() -> Self {
        let cluster = (0..ATTEMPTS).find_map(|_| Self::try_start()).expect("six ports are free");
        wait_for("the cluster to have a leader", PATIENCE, || cluster.is_whole().then_some(()));
        cluster
    }

    fn try_start() -> Option<Self> {
        let ports: Vec<u16> = candidate_ports().take(2 * SERVERS).collect();
        let (clients, routes) = ports.split_at(SERVERS);
        let urls: Vec<String> = routes.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let members = zip(clients, routes).map(|(&port, route)| {
            let cluster = format!("cluster {{\n  name: tests\n  listen: \"127.0.0.1:{route}\"\n  routes: {urls:?}\n}}");
            NatsServer::start_member(port, &format!("server_name: \"server-{port}\"\nhttp: \"127.0.0.1:-1\"\n{cluster}"))
        });
        Some(Self { servers: members.collect::<Option<_>>()? })
    }

    /// The addresses of all, with commas between.
    #[must_use]
    pub fn url(&self) -> String {
        self.servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }

    /// The servers.
    pub fn servers(&mut self) -> &mut [NatsServer] {
        &mut self.servers
    }

    /// Whether every server runs, knows the leader, and has everything that the others have.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.servers.iter().all(|server| {
            let Some(url) = server.monitoring_url() else { return false };
            let healthy = http::try_get(&format!("{url}/healthz")).is_ok_and(|answer| answer.status == 200);
            let known = http::try_get(&format!("{url}/jsz")).is_ok_and(|answer| {
                let cluster = &answer.json()["meta_cluster"];
                cluster["cluster_size"] == SERVERS && cluster["leader"].as_str().is_some_and(|leader| !leader.is_empty())
            });
            healthy && known
        })
    }
}
