//! What the machine gives: room, open files, the port.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
    time::Duration,
};

use rustix::{
    fs::statvfs,
    process::{Resource, getrlimit},
};

use super::{Finding, Running};

/// Below so many free bytes the disk counts as nearly full: a volume of the usual records that is sealed is written anew beside its journal.
const MIN_FREE: u64 = 512 << 20;
/// As many as connections, streams and the ledger's own files may take together.
const MIN_FILES: u64 = 4_096;
/// How long what listens on the port may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn examine(data: &Path, listen: SocketAddr, running: &Running) -> Vec<Finding> {
    [room(data), files(getrlimit(Resource::Nofile).maximum), port(listen, running)].into_iter().flatten().collect()
}

fn room(data: &Path) -> Option<Finding> {
    let existing = data.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("."));
    let disk = statvfs(existing).ok()?;
    nearly_full(existing, disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn nearly_full(dir: &Path, free: u64) -> Option<Finding> {
    (free < MIN_FREE).then(|| Finding {
        fault: "disk-nearly-full",
        what: format!("{} has {} MiB free", dir.display(), free >> 20),
        why: "a commit that finds no room ends the writer; nothing more is recorded until there is room and the server was started anew",
        next: format!("df -h {}; free at least {} MiB, or move the data folder to a larger disk", dir.display(), MIN_FREE >> 20),
    })
}

/// Of the most open files that the system allows; none where it allows any number.
fn files(most: Option<u64>) -> Option<Finding> {
    let most = most.filter(|&most| most < MIN_FILES)?;
    Some(Finding {
        fault: "few-open-files",
        what: format!("a process may have {most} files open"),
        why: "every reader and every volume holds one; above the limit connections wait and volumes can't be opened",
        next: format!("ulimit -n {MIN_FILES}, or LimitNOFILE={MIN_FILES} in the systemd unit; then start the server anew"),
    })
}

/// Whether something else than this folder's server has the port.
fn port(listen: SocketAddr, running: &Running) -> Option<Finding> {
    let error = TcpListener::bind(listen).err()?;
    let finding = |what: String, next: String| Some(Finding { fault: "port-taken", what, why: "a server that can't listen there doesn't start", next });
    if error.kind() != io::ErrorKind::AddrInUse {
        return finding(
            format!("{listen} can't be listened on: {error}"),
            "give handover serve --listen an address of this machine and a port that it may use".to_owned(),
        );
    }
    let who = format!("ss -ltnp 'sport = :{}' says which process it is; stop it, or give handover serve --listen another port", listen.port());
    match (is_handover(listen), running) {
        (true, Running::Yes(_)) => None,
        (true, Running::No) => finding(format!("a server of another data folder listens on {listen}"), who),
        (false, _) => finding(format!("something that isn't handover listens on {listen}"), who),
    }
}

fn is_handover(listen: SocketAddr) -> bool {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    let answer = agent.get(format!("http://{listen}/livez")).call().ok().and_then(|mut answer| answer.body_mut().read_to_string().ok());
    answer.is_some_and(|body| body.contains("\"live\":true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_and_few_files_are_found_and_enough_of_both_is_not() {
        let full = |free| nearly_full(Path::new("/data"), free).map(|finding| finding.fault);
        assert_eq!((full(MIN_FREE - 1), full(MIN_FREE)), (Some("disk-nearly-full"), None));
        assert_eq!((files(Some(1_024)).map(|finding| finding.fault), files(Some(MIN_FILES)), files(None)), (Some("few-open-files"), None, None));
    }
}
