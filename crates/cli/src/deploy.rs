//! What a deployment needs beside the program: users and permissions of nats-server, and certificates.

mod certificates;
mod nats_config;
mod permissions;

use clap::{Args, Subcommand};

use crate::exit::Failure;

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    #[command(subcommand)]
    command: DeployCommand,
}

#[derive(Debug, Subcommand)]
enum DeployCommand {
    /// Write the users of nats-server with their permissions, and the nkeys that they sign in with
    NatsConfig(nats_config::NatsConfig),
    /// Make an authority of one's own, and certificates that it signs, for TLS inside a deployment
    Certificates(certificates::Certificates),
}

pub(crate) fn run(arguments: &Deploy) -> Result<(), Failure> {
    match &arguments.command {
        DeployCommand::NatsConfig(arguments) => nats_config::run(arguments),
        DeployCommand::Certificates(arguments) => certificates::run(arguments),
    }
}
