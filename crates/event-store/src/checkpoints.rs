use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use announcement::{Digest, Position};
use transparency::{Checkpoint, Note, Origin, ProofFile, SignerKey, VerifierKey};

use crate::{ProofError, ReadError, Reader};

/// A checkpoint that was handed out is handed out again for this long: each new one is synced to disk first.
const SAME_FOR: Duration = Duration::from_secs(1);

/// Signs what the ledger stands at, and remembers on disk what was handed out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    reader: Reader,
    key: SignerKey,
    path: PathBuf,
    /// Guards the last one that was handed out, and when.
    last: Mutex<Option<(Checkpoint, Note, Instant)>>,
}

/// Why checkpoints can't be handed out.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointsError {
    /// The ledger isn't the one that a checkpoint was handed out for.
    #[error(
        "a checkpoint of {size} records with root {root} was handed out, and the ledger has {found}: it was restored from an older backup or altered; \
         restore a newer backup, or move {} away to begin anew, which everyone who has that checkpoint will notice", path.display()
    )]
    Behind {
        /// Where the checkpoint is kept.
        path: PathBuf,
        /// Its size.
        size: u64,
        /// Its root.
        root: Digest,
        /// What the ledger has.
        found: String,
    },
    /// What is kept isn't a checkpoint of this key.
    #[error("{}: {reason}; move it away, or use the key that signed it", path.display())]
    Unreadable {
        /// Where it's kept.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The name of the key and the epoch make no origin.
    #[error("{0}")]
    Origin(String),
    /// The ledger can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no such proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The system said no. Nothing was handed out.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Checkpoints {
    /// Holds the ledger against the checkpoint that was handed out last, kept at `path`.
    ///
    /// # Errors
    /// See [`CheckpointsError`].
    pub fn open(path: PathBuf, key: SignerKey, reader: Reader) -> Result<Self, CheckpointsError> {
        let last = match fs::read(&path) {
            Ok(bytes) => Some(kept(&path, &bytes, &key, &reader)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(CheckpointsError::Io { path, source }),
        };
        let last = last.and_then(|(checkpoint, note)| Some((checkpoint, note, Instant::now().checked_sub(SAME_FOR)?)));
        Ok(Self { inner: Arc::new(Inner { reader, key, path, last: Mutex::new(last) }) })
    }

    /// The key that checkpoints are checked with.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        self.inner.key.verifier()
    }

    /// A checkpoint that's at most a second old. Blocks where it's a new one.
    ///
    /// # Errors
    /// See [`CheckpointsError`].
    pub fn latest(&self) -> Result<(Checkpoint, Note), CheckpointsError> {
        let Inner { reader, key, path, last } = &*self.inner;
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let head = reader.head();
        if let Some((checkpoint, note, since)) = &*last
            && (since.elapsed() < SAME_FOR || (checkpoint.size(), checkpoint.root()) == (head.size, head.root))
        {
            return Ok((checkpoint.clone(), note.clone()));
        }
        let origin: Origin = format!("{}/{}", key.verifier().name(), head.epoch).parse().map_err(|error| CheckpointsError::Origin(format!("{error}")))?;
        let checkpoint = Checkpoint::new(origin, head.size, head.root);
        let note = checkpoint.sign(key);
        keep(path, &note).map_err(|source| CheckpointsError::Io { path: path.clone(), source })?;
        *last = Some((checkpoint.clone(), note.clone(), Instant::now()));
        Ok((checkpoint, note))
    }

    /// What shows offline that a record is in the ledger, with the checkpoint that it's shown against.
    ///
    /// # Errors
    /// See [`CheckpointsError`].
    pub fn prove(&self, position: Position) -> Result<ProofFile, CheckpointsError> {
        let (mut checkpoint, mut note) = self.latest()?;
        if checkpoint.size() <= position.get() && position.get() < self.inner.reader.head().size {
            std::thread::sleep(SAME_FOR);
            (checkpoint, note) = self.latest()?;
        }
        Ok(self.inner.reader.proof_file(position, &note, checkpoint.size())?)
    }
}

fn kept(path: &Path, bytes: &[u8], key: &SignerKey, reader: &Reader) -> Result<(Checkpoint, Note), CheckpointsError> {
    let unreadable = |reason: String| CheckpointsError::Unreadable { path: path.to_owned(), reason };
    let checkpoint = Checkpoint::open(bytes, Some(key.verifier())).map_err(|error| unreadable(error.to_string()))?;
    let note = Note::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
    let (size, root) = (checkpoint.size(), checkpoint.root());
    let found = match reader.root_at(size)? {
        Some(found) if found == root => return Ok((checkpoint, note)),
        Some(found) => format!("root {found} of so many"),
        None => format!("only {}", reader.head().size),
    };
    Err(CheckpointsError::Behind { path: path.to_owned(), size, root, found })
}

fn keep(path: &Path, note: &Note) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = File::create(&unfinished)?;
    file.write_all(note.to_string().as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
}
