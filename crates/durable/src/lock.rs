use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Seek, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{OpenError, error::at};

/// A child that this process is starting has its locks until it is another program; for so long a lock that was let go of may seem held.
const STARTING: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(2);

/// Holds a folder for one process. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join("lock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(at(&path))?;
        let deadline = Instant::now() + STARTING;
        while let Err(error) = file.try_lock() {
            if let TryLockError::Error(source) = error {
                return Err(at(&path)(source));
            }
            let pid = fs::read_to_string(&path).ok().filter(|pid| !pid.is_empty()).unwrap_or_else(|| "unknown".to_owned());
            if pid != std::process::id().to_string() || Instant::now() >= deadline {
                return Err(OpenError::Locked { dir: dir.to_owned(), pid });
            }
            thread::sleep(STEP);
        }
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id())).map_err(at(&path))?;
        Ok(Self { _file: file })
    }
}
