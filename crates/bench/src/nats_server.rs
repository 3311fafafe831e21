use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{BenchError, folder::Temporary};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// A nats-server of this run alone, on a free port of loopback, with its store in a folder that goes with it.
pub(crate) struct NatsServer {
    child: Child,
    pub(crate) url: String,
    _folder: Temporary,
}

#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

impl NatsServer {
    /// With a line of configuration for JetStream.
    pub(crate) fn start(program: &Path, jetstream: &str, data: Option<&Path>) -> Result<Self, BenchError> {
        let folder = Temporary::new(data)?;
        let configuration = folder.path().join("server.conf");
        fs::write(&configuration, format!("jetstream {{\n  store_dir: \"{}\"\n  {jetstream}\n}}\n", folder.path().display()))?;
        let mut command = dying_with_us(program);
        command.args(["-a", "127.0.0.1", "-p", "-1", "-c"]).arg(&configuration).arg("--ports_file_dir").arg(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| unusable(program, &error))?;
        let ports = folder.path().join(format!("nats-server_{}.ports", child.id()));
        let mut server = Self { child, url: String::new(), _folder: folder };
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let found = fs::read(&ports).ok().and_then(|ports| serde_json::from_slice::<Ports>(&ports).ok());
            if let Some(url) = found.and_then(|ports| ports.nats.into_iter().next()) {
                server.url = url;
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                return Err(unusable(program, &status));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err(BenchError::Failed(format!("{} didn't start in time", program.display())))
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unusable(program: &Path, reason: &dyn std::fmt::Display) -> BenchError {
    BenchError::Configuration(format!("{} can't be started ({reason}); name a nats-server with --nats-server", program.display()))
}

/// A killed benchmark leaves no server behind, where the system can see to it. The thread that starts it must live as long as it's needed.
pub(crate) fn dying_with_us(program: &Path) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if setpriv.exists() {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}
