use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{OpenError, error::at};

/// How long a process that was just started may still have the file of the one that started it and has let go of it since: until it becomes another program.
const STARTING: Duration = Duration::from_millis(500);
/// How long is waited before another look.
const STARTING_STEP: Duration = Duration::from_millis(5);

/// Holds a folder for one process. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join("lock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(at(&path))?;
        match try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.take(20).read_to_string(&mut pid);
                let pid = if pid.is_empty() { "unknown".to_owned() } else { pid };
                return Err(OpenError::Locked { dir: dir.to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(at(&path)(source)),
        }
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id())).map_err(at(&path))?;
        Ok(Self { _file: file })
    }
}

fn try_lock(file: &File) -> Result<(), TryLockError> {
    let deadline = Instant::now() + STARTING;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(STARTING_STEP),
            tried => return tried,
        }
    }
}
