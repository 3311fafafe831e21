use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use clap::{Arg, Command, error::ErrorKind};
use toml::{Table, Value};

use super::{option, wrong};
use crate::exit::Failure;

/// The longest file of a configuration, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// Options that a file can't give: it would name itself, or end the program.
const NOT_IN_A_FILE: [&str; 3] = ["config", "help", "version"];

/// A file of the configuration.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    table: Table,
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let metadata = fs::metadata(path).map_err(|error| wrong(path, error))?;
        if !metadata.is_file() {
            return Err(wrong(path, "it isn't a file"));
        }
        if metadata.len() > MAX_BYTES {
            return Err(wrong(path, format_args!("it has more than {MAX_BYTES} bytes")));
        }
        let text = fs::read_to_string(path).map_err(|error| wrong(path, error))?;
        let table = text.parse().map_err(|error: toml::de::Error| {
            // Without the line: it may be of another file, one with a secret.
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            wrong(path, format_args!("line {line}: {}", error.message()))
        })?;
        Ok(Self { path: path.to_owned(), table })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it gives this option of this command.
    pub(super) fn has(&self, command: &[String], name: &str) -> bool {
        let table = command.iter().try_fold(&self.table, |table, name| table.get(name)?.as_table());
        table.is_some_and(|table| table.iter().any(|(key, value)| !value.is_table() && option(key) == name))
    }

    /// The command with the file's values as its defaults.
    pub(super) fn applied_to(&self, command: Command) -> Result<Command, Failure> {
        if let Some(key) = self.table.iter().find(|(_, value)| !value.is_table()).map(|(key, _)| key) {
            return Err(wrong(&self.path, format_args!("{key} stands outside the table of a command: write it under [serve], for example")));
        }
        self.apply(command, &self.table, &[])
    }

    fn apply(&self, mut command: Command, table: &Table, path: &[&str]) -> Result<Command, Failure> {
        for (key, value) in table {
            let here = || path.iter().chain(&[key.as_str()]).copied().collect::<Vec<_>>();
            if let Value::Table(inner) = value {
                if command.find_subcommand(key).is_none() {
                    return Err(wrong(&self.path, format_args!("[{}]: there is no such command", here().join("."))));
                }
                let mut failure = None;
                command = command.mut_subcommand(key, |inner_command| {
                    let name = inner_command.get_name().to_owned();
                    self.apply(inner_command, inner, &here()).unwrap_or_else(|error| {
                        failure = Some(error);
                        Command::new(name)
                    })
                });
                if let Some(failure) = failure {
                    return Err(failure);
                }
                continue;
            }
            let name = option(key);
            let known = command.get_arguments().find(|argument| argument.get_long() == Some(&*name) && !NOT_IN_A_FILE.contains(&&*name)).cloned();
            let Some(known) = known else {
                return Err(wrong(&self.path, format_args!("{}: handover {} has no option --{name}", here().join("."), path.join(" "))));
            };
            let values = texts(value)
                .filter(|values| !values.is_empty())
                .ok_or_else(|| wrong(&self.path, format_args!("{}: expected text, a number, true or false, or a list of these", here().join("."))))?;
            self.check(&command, &known, &values, &here())?;
            let id = known.get_id().clone();
            command = command.mut_arg(id, |argument| argument.default_values(values.iter().map(OsString::from).collect::<Vec<_>>()).required(false));
        }
        Ok(command)
    }

    /// Has the option itself say whether it takes a value, so that the file and the key can be named with it.
    fn check(&self, command: &Command, argument: &Arg, values: &[String], path: &[&str]) -> Result<(), Failure> {
        let wrong = |reason: &str| wrong(&self.path, format_args!("{}: {reason}", path.join(".")));
        if !argument.get_action().takes_values() {
            let is_flag = matches!(values, [only] if only == "true" || only == "false");
            return if is_flag { Ok(()) } else { Err(wrong("expected true or false")) };
        }
        let name = argument.get_long().unwrap_or_default();
        let given = values.iter().map(|value| format!("--{name}={value}"));
        let tried = command.clone().no_binary_name(true).try_get_matches_from(given);
        match tried {
            Err(error)
                if matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::TooManyValues | ErrorKind::ArgumentConflict) =>
            {
                let text = error.to_string();
                let reason = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
                Err(wrong(reason))
            }
            // That others are missing isn't this one's fault.
            _ => Ok(()),
        }
    }
}

/// A value as an option would be given it.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => values.iter().map(one).collect(),
        value => one(value).map(|one| vec![one]),
    }
}

fn one(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(is) => Some(is.to_string()),
        Value::Datetime(_) | Value::Float(_) | Value::Array(_) | Value::Table(_) => None,
    }
}
