use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::{
        fs::{DirBuilderExt, FileTypeExt, PermissionsExt},
        net::UnixStream,
    },
    path::Path,
};

use tokio::net::UnixListener;

/// Makes the socket with mode 0600. It's made in a folder that nobody else may enter and moved from there, so that it's at no moment open to others.
pub(super) fn listen(path: &Path) -> io::Result<UnixListener> {
    remove_stale(path)?;
    let dir = path.parent().unwrap_or(Path::new(""));
    // Shorter than the name of the socket itself: a socket's path has at most 107 bytes.
    let private = dir.join(".control");
    let unfinished = private.join("s");
    if private.exists() {
        fs::remove_dir_all(&private)?;
    }
    DirBuilder::new().mode(0o700).create(&private)?;
    let listener = UnixListener::bind(&unfinished)?;
    fs::set_permissions(&unfinished, Permissions::from_mode(0o600))?;
    fs::rename(&unfinished, path)?;
    fs::remove_dir(&private)?;
    Ok(listener)
}

/// Removes a socket that was left behind, and nothing else.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() && UnixStream::connect(path).is_ok() => {
            Err(io::Error::new(io::ErrorKind::AddrInUse, "a process that runs listens there"))
        }
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that isn't a socket is there; move it away")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
