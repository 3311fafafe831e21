//! The data folder: whether it's there, whose it is, who may read what is secret, and whether what is in it is whole.

use std::{
    fs::{self, File, Metadata, TryLockError},
    io::{self, ErrorKind},
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::UnixStream,
    },
    path::Path,
};

use rustix::{
    fs::{Access, access},
    process::geteuid,
};

use super::{Finding, Running};
use crate::{
    folder::ledger_in,
    key,
    operate::SOCKET,
    verify::{self, Work},
};

/// A ledger whose files take more isn't read whole here: that is what `handover verify` is for.
const MAX_READ_BYTES: u64 = 1 << 30;
/// The file in a ledger's folder that the process holds which has it open.
const LOCK: &str = "lock";

pub(super) fn examine(data: &Path, running: &Running) -> Vec<Finding> {
    let metadata = match fs::metadata(data) {
        Ok(metadata) => metadata,
        Err(error) => return vec![missing(data, &error.to_string())],
    };
    if !metadata.is_dir() {
        return vec![missing(data, "it isn't a folder")];
    }
    let socket = data.join(SOCKET);
    let mut findings: Vec<Finding> =
        [unwritable(data), owner(data, &metadata), secret(&key::of(data)), secret(&socket), views(data)].into_iter().flatten().collect();
    if matches!(running, Running::No) {
        let held = held(data);
        findings.extend(stale(data, &socket, held.is_some()));
        match held {
            Some(held) => findings.push(held),
            None => findings.extend(whole(data)),
        }
    }
    findings
}

fn missing(data: &Path, reason: &str) -> Finding {
    Finding {
        fault: "data-missing",
        what: format!("{}: {reason}", data.display()),
        why: "the ledger, its key and its read models are in the data folder",
        next: format!("give --data the folder that handover serve has; where there is none yet: handover serve --data {}", data.display()),
    }
}

fn unwritable(data: &Path) -> Option<Finding> {
    let error = access(data, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).err()?;
    Some(Finding {
        fault: "data-unwritable",
        what: format!("{} can't be written: {error}", data.display()),
        why: "a server that can't write its folder doesn't start",
        next: format!("run as the folder's owner: ls -ld {}; or mount its disk for writing", data.display()),
    })
}

fn owner(data: &Path, metadata: &Metadata) -> Option<Finding> {
    let own = geteuid().as_raw();
    let others = [(data.to_owned(), metadata.uid())].into_iter().chain([ledger_in(data), key::of(data)].into_iter().filter_map(|path| {
        let uid = fs::metadata(&path).ok()?.uid();
        Some((path, uid))
    }));
    let (path, uid) = others.into_iter().find(|&(_, uid)| uid != own)?;
    Some(Finding {
        fault: "other-owner",
        what: format!("{} belongs to user {uid}, and this is user {own}", path.display()),
        why: "what another user's process writes there the server can't read, and the other way round",
        next: format!("run handover as user {uid}, or: chown -R {own} {}", data.display()),
    })
}

/// Whether others may use what is the owner's alone.
fn secret(path: &Path) -> Option<Finding> {
    let mode = fs::symlink_metadata(path).ok()?.mode() & 0o777;
    (mode & 0o077 != 0).then(|| Finding {
        fault: "open-to-others",
        what: format!("{} has mode {mode:03o}", path.display()),
        why: "who reads ledger.key can sign checkpoints in this ledger's name; who may write control.sock operates it",
        next: format!("chmod 600 {}", path.display()),
    })
}

/// Whether the folder of snapshots is one that can be read.
fn views(data: &Path) -> Option<Finding> {
    let path = data.join("views");
    let read = || -> Result<(), std::io::Error> {
        for entry in fs::read_dir(&path)? {
            let entry = entry?.path();
            if entry.is_dir() { drop(fs::read_dir(&entry)?) } else { drop(File::open(&entry)?) }
        }
        Ok(())
    };
    let error = read().err().filter(|error| error.kind() != ErrorKind::NotFound)?;
    Some(Finding {
        fault: "snapshots-unreadable",
        what: format!("{}: {error}", path.display()),
        why: "without snapshots every start folds the read models from the first record",
        next: format!("stop the server, mv {0} {0}.aside, start it: the read models are folded anew", path.display()),
    })
}

/// Whether a process has the folder that doesn't answer on its control socket.
fn held(data: &Path) -> Option<Finding> {
    let lock = ledger_in(data).join(LOCK);
    let file = File::open(&lock).ok()?;
    // Let go of at once, with the file.
    let TryLockError::WouldBlock = file.try_lock_shared().err()? else { return None };
    let pid = fs::read_to_string(&lock).ok().filter(|pid| !pid.is_empty()).unwrap_or_else(|| "unknown".to_owned());
    Some(Finding {
        fault: "folder-in-use",
        what: format!("process {pid} has {} and doesn't answer on {SOCKET}", ledger_in(data).display()),
        why: "one process at a time has a ledger; another one doesn't start",
        next: format!("ps -fp {pid}; wait for it where it's a backup, an import or a verification; stop it where it's a server that hangs"),
    })
}

/// Whether a server was killed and left its socket.
fn stale(data: &Path, socket: &Path, is_held: bool) -> Option<Finding> {
    let is_socket = fs::symlink_metadata(socket).ok()?.file_type().is_socket();
    (is_socket && !is_held).then(|| Finding {
        fault: "stale-socket",
        what: format!("{} is there and no server answers: the one that made it was killed", socket.display()),
        why: "nothing is taken in, and operators' commands have nobody to ask",
        next: format!("handover serve --data {} with the options that it had; it removes the socket by itself", data.display()),
    })
}

/// Reads a copy of the whole ledger, where that isn't too much. The ledger isn't locked for it, so that no server is kept from starting; where one did, nothing was found.
fn whole(data: &Path) -> Option<Finding> {
    let ledger = ledger_in(data);
    if !ledger.is_dir() {
        return None;
    }
    let damaged = |what: String| Finding {
        fault: "ledger-damaged",
        what,
        why: "records that were receipted may not be readable any more",
        next: format!(
            "handover verify --data {0} names all of it; then handover restore BACKUP --data NEW, or handover ledger catch-up --from backup BACKUP --data {0}",
            data.display()
        ),
    };
    let bytes = size(&ledger);
    if bytes > MAX_READ_BYTES || bytes.saturating_mul(2) > free(data) {
        return None;
    }
    let work = Work::begin(None, &ledger).ok()?;
    copy(&ledger, &work.dir).ok()?;
    let found = verify::read(&work, None);
    if held(data).is_some() || data.join(SOCKET).exists() && UnixStream::connect(data.join(SOCKET)).is_ok() {
        return None;
    }
    match found {
        Ok(verified) => verified.damage.first().map(|damage| damaged(format!("{} ({} parts are damaged)", damage.what, verified.damage.len()))),
        Err(failure) => Some(damaged(failure.to_string())),
    }
}

/// What a verification reads of a ledger's folder: neither what was left unfinished nor what was set aside.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == LOCK || name.ends_with(".new") || name.contains(".damaged-") {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type()?.is_dir() { copy(&entry.path(), &target)? } else { fs::copy(entry.path(), target).map(|_| ())? }
    }
    Ok(())
}

fn free(dir: &Path) -> u64 {
    rustix::fs::statvfs(dir).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().map_or(0, |file| file.len()) }).sum()
}
