use std::path::Path;

use event_store::control::{Command, ControlError, call};
use serde_json::Value;

use crate::{
    arguments::{Ledger, LedgerCommand},
    catch_up, epoch,
    exit::{Code, Failure, say},
    folder::ledger_in,
    output::print,
};

/// The control socket's name in the data folder.
pub(crate) const SOCKET: &str = "control.sock";

pub(crate) fn ledger(arguments: &Ledger) -> Result<(), Failure> {
    match &arguments.command {
        LedgerCommand::Status(data) => {
            let status = ask(&data.data, &Command::Status)?;
            pretty(&status)?;
            let running = |part: &str| status["health"][part]["state"] == "running";
            if running("writer") && running("intake") { Ok(()) } else { Err(Failure::new(Code::Unhealthy, "the ledger takes nothing in: see health")) }
        }
        LedgerCommand::Migrate(data) => {
            let aside = event_store::migrate(&ledger_in(&data.data)).map_err(|error| Failure::new(Code::Failed, error))?;
            say(format_args!("the ledger was migrated; what was there is {}", aside.display()));
            Ok(())
        }
        LedgerCommand::AdoptStream(data) => pretty(&ask(&data.data, &Command::AdoptStream)?),
        LedgerCommand::Trim(trim) => pretty(&ask(&trim.data.data, &Command::Trim { keep_s: trim.keep.as_secs() })?),
        LedgerCommand::CatchUp(arguments) => catch_up::run(arguments),
        LedgerCommand::NewEpoch(arguments) => epoch::begin(arguments),
    }
}

pub(crate) fn ask(data: &Path, command: &Command) -> Result<Value, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    runtime.block_on(call(&data.join(SOCKET), command)).map_err(|error| {
        let code = if matches!(error, ControlError::NotRunning { .. }) { Code::Unreachable } else { Code::Failed };
        Failure::new(code, error)
    })
}

pub(crate) fn pretty(value: &Value) -> Result<(), Failure> {
    print(format!("{value:#}\n").as_bytes())
}
