use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::deadline::{PATIENCE, wait_for};

/// `handover` has 10 s to drain.
const DRAIN: Duration = Duration::from_secs(12);

/// A process that is killed when it's dropped, and by the kernel when the test's process dies.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    output: TempDir,
}

impl Process {
    /// Starts it, with its output in files.
    ///
    /// # Panics
    ///
    /// Where it can't be started.
    pub fn start(program: &Path, arguments: &[impl AsRef<OsStr>]) -> Self {
        let output = TempDir::new().expect("a temporary folder");
        let file = |name: &str| File::create(output.path().join(name)).expect("a file for the output");
        let mut command = dying_with_us(program);
        command.args(arguments).stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr"));
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let child = spawn(command).unwrap_or_else(|error| panic!("{} can't be started: {error}", program.display()));
        Self { child, name, output }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.read("stdout")
    }

    /// What it has logged.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.read("stderr")
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.output.path().join(name)).unwrap_or_default()).into_owned()
    }

    /// How it ended, where it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// SIGKILL; returns when it's gone.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait(PATIENCE);
    }

    /// SIGTERM; returns how it ended.
    ///
    /// # Panics
    ///
    /// When it hasn't ended within 12 s.
    #[track_caller]
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(DRAIN)
    }

    /// Sends a signal, where it hasn't ended.
    pub fn signal(&mut self, signal: Signal) {
        if self.ended().is_none() {
            kill_process(Pid::from_child(&self.child), signal).expect("a child can be signalled");
        }
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// When it hasn't ended by then.
    #[track_caller]
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let what = format!("{} to end", self.name);
        wait_for(&what, within, || self.ended())
    }

    /// Its resident memory.
    ///
    /// # Panics
    ///
    /// Where it has ended.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let path = PathBuf::from(format!("/proc/{}/status", self.id()));
        let status = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a running process has VmRSS");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("VmRSS is a number of kB");
        kib * 1024
    }
}

impl Drop for Process {
    #[expect(clippy::print_stderr, reason = "what a server logged belongs to the output of the test that failed")]
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{} ({}) logged:\n{}", self.name, self.id(), last_lines(&self.stderr(), 20));
        }
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn dying_with_us(program: &Path) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if setpriv.exists() {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

type Spawned = io::Result<Child>;

/// Starts it from a thread that lives as long as the test's process: the kernel's parent-death signal comes when the *thread* that started a child ends.
fn spawn(command: Command) -> Spawned {
    static STARTER: OnceLock<mpsc::Sender<(Command, mpsc::Sender<Spawned>)>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (sender, orders) = mpsc::channel::<(Command, mpsc::Sender<Spawned>)>();
        thread::spawn(move || {
            for (mut command, answer) in orders {
                // Fails only where nobody waits for it any more.
                let _ = answer.send(command.spawn());
            }
        });
        sender
    });
    let (answer, spawned) = mpsc::channel();
    starter.send((command, answer)).expect("the starting thread never ends");
    spawned.recv().expect("the starting thread answers")
}
