//! The configuration: options over the environment over a file over what is built in.
//!
//! The file's values become the defaults of the options that they are named like, so that they are read, checked and told like these.

mod file;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, parser::ValueSource};

use crate::{
    arguments::{Arguments, Command},
    exit::{Code, Failure, say},
    output::print,
    serve,
};
use file::File;

#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print what a command would run with, as a file that can be given to --config
    Show {
        /// Say of each value where it comes from
        #[arg(long)]
        origin: bool,
        #[command(flatten)]
        of: Of,
    },
    /// Check the file, and of serve also what it names: keys, certificates, tokens; exit code 78 where something is wrong
    Check {
        #[command(flatten)]
        of: Of,
    },
}

#[derive(Debug, Args)]
struct Of {
    /// The command with its options, after --: serve, for example
    #[arg(last = true, value_name = "COMMAND", default_value = "serve")]
    command: Vec<OsString>,
}

/// The arguments with what the file says.
///
/// # Errors
/// The file can't be taken. Wrong arguments end the program as clap does it.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Failure> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let (matches, _) = matches(&arguments)?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.exit())
}

fn matches(arguments: &[OsString]) -> Result<(ArgMatches, Option<File>), Failure> {
    let Some(path) = file_of(arguments) else { return Ok((Arguments::command().get_matches_from(arguments), None)) };
    let file = File::read(&path)?;
    let command = file.applied_to(Arguments::command())?;
    Ok((command.get_matches_from(arguments), Some(file)))
}

/// The file that these arguments name, or the environment.
fn file_of(arguments: &[OsString]) -> Option<PathBuf> {
    #[derive(Parser)]
    #[command(ignore_errors = true, disable_help_flag = true, disable_version_flag = true)]
    struct Early {
        #[arg(long, env = "HANDOVER_CONFIG", global = true)]
        config: Option<PathBuf>,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        _rest: Vec<OsString>,
    }
    // The option may stand behind a command, among options that only that one knows.
    let named = arguments.iter().enumerate().take_while(|(_, argument)| *argument != "--").find_map(|(place, argument)| {
        let text = argument.to_str()?;
        if text == "--config" { arguments.get(place + 1).map(PathBuf::from) } else { text.strip_prefix("--config=").map(PathBuf::from) }
    });
    named.or_else(|| Early::try_parse_from(["handover"]).ok()?.config)
}

pub(crate) fn run(arguments: &Config) -> Result<(), Failure> {
    match &arguments.command {
        ConfigCommand::Show { origin, of } => {
            let (matches, file) = of.matches()?;
            print(shown(&matches, file.as_ref(), *origin).as_bytes())
        }
        ConfigCommand::Check { of } => {
            let (matches, file) = of.matches()?;
            let checked = Arguments::from_arg_matches(&matches).map_err(|error| Failure::new(Code::Configuration, error))?;
            if let Command::Serve(serve) = &checked.command {
                serve::check(serve)?;
            }
            let path = file.as_ref().map_or_else(|| "there is no file, and what is built in".to_owned(), |file| file.path().display().to_string());
            say(format_args!("{path} is right"));
            Ok(())
        }
    }
}

impl Of {
    fn matches(&self) -> Result<(ArgMatches, Option<File>), Failure> {
        let own: Vec<OsString> = std::env::args_os().collect();
        let mut arguments = vec![OsString::from("handover")];
        if let Some(path) = file_of(&own) {
            arguments.extend([OsString::from("--config"), path.into_os_string()]);
        }
        arguments.extend(self.command.iter().cloned());
        matches(&arguments)
    }
}

/// The options of the command that was chosen, each with its value.
fn shown(matches: &ArgMatches, file: Option<&File>, with_origin: bool) -> String {
    let (mut command, mut matches, mut path) = (Arguments::command(), matches, Vec::new());
    command.build();
    while let Some((name, inner)) = matches.subcommand() {
        path.push(name.to_owned());
        matches = inner;
        command = command.find_subcommand(name).expect("it was parsed").clone();
    }
    let mut text = format!("[{}]\n", path.join("."));
    for argument in command.get_arguments() {
        let (id, Some(name)) = (argument.get_id().as_str(), argument.get_long()) else { continue };
        if matches!(name, "config" | "help" | "version") {
            continue;
        }
        let values: Vec<String> = matches.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned()).collect();
        let origin = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => format!("--{name}"),
            Some(ValueSource::EnvVariable) => argument.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            _ => match file.filter(|file| file.has(&path, name)) {
                Some(file) => file.path().display().to_string(),
                None => "built in".to_owned(),
            },
        };
        let takes_many = argument.get_action().takes_values() && argument.get_num_args().is_some_and(|many| many.max_values() > 1);
        let line = match (values.as_slice(), takes_many || values.len() > 1) {
            ([], _) => format!("# {name} ="),
            ([one], false) => format!("{name} = {}", written(one, argument)),
            (many, _) => format!("{name} = [{}]", many.iter().map(|one| written(one, argument)).collect::<Vec<_>>().join(", ")),
        };
        text.push_str(&if with_origin { format!("{line}  # {origin}\n") } else { format!("{line}\n") });
    }
    text
}

/// A value as TOML has it.
fn written(value: &str, argument: &clap::Arg) -> String {
    let is_flag = !argument.get_action().takes_values();
    let is_number = value.parse::<i64>().is_ok_and(|number| number.to_string() == value);
    if is_number || (is_flag && matches!(value, "true" | "false")) { value.to_owned() } else { toml::Value::String(value.to_owned()).to_string() }
}

/// The name of an option as a key has it: `-` and `_` are the same.
fn option(key: &str) -> String {
    key.replace('_', "-")
}

fn wrong(path: &Path, reason: impl std::fmt::Display) -> Failure {
    Failure::new(Code::Configuration, format_args!("{}: {reason}", path.display()))
}
