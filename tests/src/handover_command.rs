use std::{
    ffi::OsStr,
    io::Write,
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;

use crate::programs;

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code, `None` where a signal ended it.
    pub code: Option<i32>,
    /// The data.
    pub stdout: String,
    /// The words.
    pub stderr: String,
}

impl Ran {
    /// Its data, as one JSON value.
    ///
    /// # Panics
    ///
    /// Where it failed or printed something else.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("{error} in {self:?}"),
        }
    }
}

/// Runs `handover` with these arguments and this input, to its end.
///
/// # Panics
///
/// Where the binary isn't built.
#[must_use]
pub fn handover_command(arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Ran {
    handover_command_with(&[], arguments, input)
}

/// The same with these variables of the environment.
///
/// # Panics
///
/// Where the binary isn't built.
#[must_use]
pub fn handover_command_with(variables: &[(&str, &str)], arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Ran {
    let mut command = Command::new(programs::handover());
    command.envs(variables.iter().copied());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("handover can be started");
    let mut stdin = child.stdin.take().expect("it was asked for");
    let output = thread::scope(|scope| {
        // A command that doesn't read its input closes it.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().expect("a child can be awaited")
    });
    let text = |bytes| String::from_utf8(bytes).expect("handover prints UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
