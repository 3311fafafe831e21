use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::Process;

/// The library that is preloaded into a process to record what it does to its files.
#[derive(Debug)]
pub struct Recorder {
    dir: TempDir,
}

impl Recorder {
    /// Compiles the library, with the C compiler that Rust links with: `CC`, else `cc`.
    ///
    /// # Panics
    /// It can't be compiled.
    #[must_use]
    pub fn compile() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/power/recorder.c");
        let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"]).arg(library(dir.path())).arg(source).arg("-ldl");
        let compiled = compiler.output().expect("there is a C compiler where Rust links");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        Self { dir }
    }

    /// Starts a program whose changes of the files in `disk`, and what it prints, are added to `trace`. `variables` are set besides.
    ///
    /// # Panics
    /// It can't be started.
    #[must_use]
    pub fn start(&self, program: &Path, arguments: &[&str], disk: &Path, trace: &Path, variables: &[(&str, String)]) -> Process {
        let disk = disk.canonicalize().expect("the folder that is watched is there");
        let set = |name: &str, value: &Path| [name.as_ref(), "=".as_ref(), value.as_os_str()].into_iter().collect::<OsString>();
        let mut all = vec![set("LD_PRELOAD", &library(self.dir.path())), set("HANDOVER_POWER_DIR", &disk), set("HANDOVER_POWER_TRACE", trace)];
        all.extend(variables.iter().map(|(name, value)| OsString::from(format!("{name}={value}"))));
        all.push(program.into());
        all.extend(arguments.iter().map(OsString::from));
        Process::start(Path::new("/usr/bin/env"), &all)
    }
}

fn library(dir: &Path) -> PathBuf {
    dir.join("recorder.so")
}
