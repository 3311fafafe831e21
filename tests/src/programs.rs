use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The repository's top folder.
///
/// # Panics
///
/// Never: the tests are a folder of it.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the repository")
}

/// The built binary: `HANDOVER_BIN`, else the one beside the test's own folder.
///
/// # Panics
///
/// Where it isn't built.
#[must_use]
pub fn handover() -> PathBuf {
    let path = env::var_os("HANDOVER_BIN").map_or_else(
        || {
            let test = env::current_exe().expect("a test knows its own path");
            test.ancestors().nth(2).expect("tests are in target/<profile>/deps").join("handover")
        },
        PathBuf::from,
    );
    assert!(path.is_file(), "{} isn't there: `cargo build -p cli` first, or name another with HANDOVER_BIN", path.display());
    path
}

/// A nats-server of 2.12 or newer: `NATS_SERVER`, else what `deploy/get-nats-server` finds or fetches.
///
/// # Panics
///
/// Where there is none.
#[must_use]
pub fn nats_server() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        if let Some(path) = env::var_os("NATS_SERVER") {
            return path.into();
        }
        let got = Command::new(repository().join("deploy/get-nats-server")).output().expect("deploy/get-nats-server can be run");
        assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
        String::from_utf8(got.stdout).expect("the path is text").trim_end().into()
    })
}
