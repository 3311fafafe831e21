use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
};

use crate::{
    BenchError,
    measure::{Memory, memory},
    nats_server::dying_with_us,
};

/// `handover serve --role ledger` in a process of its own, as it's run for good.
pub(crate) struct LedgerProcess(Child);

impl LedgerProcess {
    /// Returns once it serves.
    pub(crate) fn start(nats: &str, data: &Path) -> Result<Self, BenchError> {
        let mut command = dying_with_us(&env::current_exe()?);
        command.args(["serve", "--role", "ledger", "--listen", "127.0.0.1:0", "--nats", nats, "--data"]).arg(data);
        command.env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut ledger = Self(command.spawn()?);
        let said = ledger.0.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut String::new()));
        match said {
            Some(Ok(1..)) => Ok(ledger),
            _ => Err(BenchError::Failed("the ledger didn't start; it said why".to_owned())),
        }
    }

    pub(crate) fn memory(&self) -> Option<Memory> {
        memory(&self.0.id().to_string())
    }
}

impl Drop for LedgerProcess {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
