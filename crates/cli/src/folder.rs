use std::path::{Path, PathBuf};

use announcement::Position;
use event_store::{Ledger, OpenError, RangeAnswer, control};
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{
    exit::{Code, Failure},
    operate::SOCKET,
};

/// A ledger as an operator's command reaches it: through the server that runs on its folder, or the folder itself.
pub(crate) struct Folder {
    runtime: Runtime,
    way: Way,
}

enum Way {
    Running(PathBuf),
    Opened(Ledger),
}

impl Folder {
    /// Asks the server that runs on a data folder; where none does, opens the ledger.
    pub(crate) fn reach(data: &Path) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
        let socket = data.join(SOCKET);
        let running = runtime.block_on(control::call(&socket, &control::Command::Status));
        let way = match running {
            Ok(_) => Way::Running(socket),
            Err(control::ControlError::NotRunning { .. }) => Way::Opened(open_existing(data)?),
            Err(error) => return Err(Failure::new(Code::Failed, error)),
        };
        Ok(Self { runtime, way })
    }

    /// The server's answer, or what `otherwise` makes of the opened ledger.
    pub(crate) fn ask(&self, command: &control::Command, otherwise: impl FnOnce(&Runtime, &Ledger) -> Result<Value, String>) -> Result<Value, Failure> {
        match &self.way {
            Way::Running(socket) => self.runtime.block_on(control::call(socket, command)).map_err(|error| Failure::new(Code::Failed, error)),
            Way::Opened(ledger) => otherwise(&self.runtime, ledger).map_err(|error| Failure::new(Code::Failed, error)),
        }
    }

    /// A page of records from a position on.
    pub(crate) fn records(&self, from: u64, limit: usize) -> Result<RangeAnswer, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(Code::Failed, error);
        match &self.way {
            Way::Running(socket) => {
                let page =
                    self.runtime.block_on(control::call_for_bytes(socket, &control::Command::Records { from, limit })).map_err(|error| failed(&error))?;
                serde_json::from_slice(&page).map_err(|error| failed(&error))
            }
            Way::Opened(ledger) => RangeAnswer::read(&ledger.reader(), Position::new(from), limit).map_err(|error| failed(&error)),
        }
    }

    /// Closes a ledger that was opened.
    pub(crate) fn close(self) {
        if let Way::Opened(ledger) = &self.way {
            self.runtime.block_on(ledger.close());
        }
    }
}

/// Opens the ledger in a folder that nobody uses, looks at it, and closes it.
pub(crate) fn look_into<T>(dir: &Path, look: impl FnOnce(&Ledger) -> Result<T, Failure>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    let ledger = open_in(dir)?;
    let found = look(&ledger);
    runtime.block_on(ledger.close());
    found
}

/// Where a data folder has its ledger.
pub(crate) fn ledger_in(data: &Path) -> PathBuf {
    data.join("ledger")
}

/// Opens the ledger of a data folder, or makes it.
pub(crate) fn open(data: &Path) -> Result<Ledger, Failure> {
    open_in(&ledger_in(data))
}

fn open_in(dir: &Path) -> Result<Ledger, Failure> {
    Ledger::open(event_store::Options::new(dir.to_owned(), Timestamp::now)).map_err(|error| {
        let code = match &error {
            OpenError::Store(durable) if durable.is_configuration() => Code::Configuration,
            _ => Code::Failed,
        };
        Failure::new(code, error)
    })
}

fn open_existing(data: &Path) -> Result<Ledger, Failure> {
    let dir = ledger_in(data);
    if !dir.is_dir() {
        return Err(Failure::new(Code::Configuration, format_args!("{} isn't there; give --data the folder of a ledger", dir.display())));
    }
    open(data)
}
