use event_store::control::{ControlError, call_other};
use projection::MODELS;
use serde_json::Value;

use crate::{
    arguments::{Data, Projection, ProjectionCommand as Wanted},
    control::ProjectionCommand,
    exit::{Code, Failure, say},
    operate::{SOCKET, pretty},
    output::print,
};

pub(crate) fn run(arguments: &Projection) -> Result<(), Failure> {
    match &arguments.command {
        Wanted::List(_) => print(MODELS.map(|name| format!("{name}\n")).concat().as_bytes()),
        Wanted::Status(data) => pretty(&ask(data, &ProjectionCommand::Status)?),
        Wanted::Rebuild(rebuild) => {
            let answer = ask(&rebuild.data, &ProjectionCommand::Rebuild { name: rebuild.name.clone() })?;
            say(format_args!("all read models are made from one fold: each is rebuilt, over {} records; see handover projection status", answer["records"]));
            pretty(&answer)
        }
        Wanted::Cancel(data) => pretty(&ask(data, &ProjectionCommand::Cancel)?),
    }
}

fn ask(data: &Data, command: &ProjectionCommand) -> Result<Value, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    runtime.block_on(call_other(&data.data.join(SOCKET), command)).map_err(|error| {
        let code = if matches!(error, ControlError::NotRunning { .. }) { Code::Unreachable } else { Code::Failed };
        Failure::new(code, error)
    })
}
