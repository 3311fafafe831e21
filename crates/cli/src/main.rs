//! `handover`: runs the ledger, publishes announcements, reads what follows from them.

mod arguments;
mod backup;
mod bench;
mod catch_up;
mod config;
mod connection;
mod control;
mod convert;
mod deploy;
mod doctor;
mod draft;
mod epoch;
mod exit;
mod export;
mod folder;
mod input;
mod key;
mod operate;
mod outbox;
mod output;
mod projection;
mod proof;
mod publish;
mod read;
mod redact;
mod refusals;
mod replay;
mod schema;
mod serve;
mod service_manager;
mod status;
mod token;
mod verify;

use std::process::ExitCode;

use clap::CommandFactory;

use arguments::{Arguments, Command};
use exit::Failure;

fn main() -> ExitCode {
    connection::prepare_tls();
    match config::parse(std::env::args_os()).and_then(|arguments| run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Publish(arguments) => publish::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Outbox(arguments) => outbox::run(&arguments),
        Command::Draft(arguments) => draft::run(&arguments),
        Command::Exchanges(arguments) => read::exchanges(&arguments),
        Command::Exchange(arguments) => read::exchange(&arguments),
        Command::Totals(arguments) => read::totals(&arguments),
        Command::Channels(arguments) => read::channels(&arguments),
        Command::Reconciliation(arguments) => read::reconciliation(&arguments),
        Command::Discrepancies(arguments) => read::discrepancies(&arguments),
        Command::Plans(arguments) => read::plans(&arguments),
        Command::Frameworks(arguments) => read::frameworks(&arguments),
        Command::ThirdParties(arguments) => read::third_parties(&arguments),
        Command::Offices(arguments) => read::offices(&arguments),
        Command::Identity(arguments) => read::identity(&arguments),
        Command::Lineage(arguments) => read::lineage(&arguments),
        Command::Changes(arguments) => read::changes(&arguments),
        Command::Knowledge(arguments) => read::knowledge(&arguments),
        Command::Candidates(arguments) => read::candidates(&arguments),
        Command::Integrity(arguments) => read::integrity(&arguments),
        Command::Records(arguments) => read::records(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Ledger(arguments) => operate::ledger(&arguments),
        Command::Projection(arguments) => projection::run(&arguments),
        Command::Refusals(arguments) => refusals::run(&arguments),
        Command::Redact(arguments) => redact::run(&arguments),
        Command::Prove(arguments) => proof::prove(&arguments),
        Command::CheckProof(arguments) => proof::check(&arguments),
        Command::Checkpoint { command } => proof::checkpoint(&command),
        Command::Token(arguments) => token::run(&arguments),
        Command::Key(arguments) => key::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::VerifyVolume(arguments) => verify::volume(&arguments),
        Command::Backup(arguments) => backup::backup(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Import(arguments) => export::import(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Deploy(arguments) => deploy::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "handover", &mut script);
            output::print(&script)
        }
    }
}
