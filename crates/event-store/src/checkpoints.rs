use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use announcement::{Digest, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
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
    /// Guards what was handed out.
    handed: Mutex<Handed>,
}

#[derive(Debug, Default)]
struct Handed {
    /// The last one, and when.
    last: Option<(Checkpoint, Note, Instant)>,
    /// One that was handed out by an earlier process, and that the ledger has to come to before it hands out another.
    awaited: Option<Checkpoint>,
}

/// The checkpoint that was handed out last.
#[derive(Clone, Debug)]
pub struct HandedOut {
    /// The checkpoint. The ledger may not have come to it again since it was restored.
    pub checkpoint: Checkpoint,
    /// When it was kept, where the file system says so.
    pub kept: Option<Timestamp>,
}

/// A checkpoint that was handed out, and that a ledger may no longer hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostCheckpoint {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// The epoch that its origin ends in.
    pub epoch: u64,
}

/// Why checkpoints can't be handed out.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointsError {
    /// The ledger isn't the one that a checkpoint was handed out for.
    #[error(
        "a checkpoint of {size} records with root {root} was handed out, and the ledger has {found}: it was restored from an older backup or altered; \
         restore a newer backup, or begin an epoch, which everyone who has that checkpoint will see: handover ledger new-epoch (it is kept in {})", path.display()
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
    /// The ledger hasn't come to the checkpoint again that was handed out.
    #[error(
        "a checkpoint of {size} records was handed out, and the ledger has {found} of them: it hands out none before it has read them from the stream again; where the \
         stream has no more, restore a newer backup, or begin an epoch: handover ledger new-epoch"
    )]
    Awaited {
        /// The checkpoint's size.
        size: u64,
        /// How many records the ledger has.
        found: u64,
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
        Self::of(path, key, reader, |checkpoint, found| Err(checkpoint.behind(found)))
    }

    /// The same for a ledger that follows a stream: where it's behind it comes to the checkpoint by reading, and hands out none before.
    ///
    /// # Errors
    /// See [`CheckpointsError`].
    pub fn open_on_stream(path: PathBuf, key: SignerKey, reader: Reader) -> Result<Self, CheckpointsError> {
        Self::of(path, key, reader, |checkpoint, _| Ok(Handed { last: None, awaited: Some(checkpoint.checkpoint) }))
    }

    fn of(
        path: PathBuf,
        key: SignerKey,
        reader: Reader,
        short: impl FnOnce(Kept, String) -> Result<Handed, CheckpointsError>,
    ) -> Result<Self, CheckpointsError> {
        let handed = match fs::read(&path) {
            Ok(bytes) => {
                let kept = Kept::read(&path, &bytes, &key)?;
                match reader.root_at(kept.checkpoint.size())? {
                    Some(root) if root == kept.checkpoint.root() => {
                        let last = Instant::now().checked_sub(SAME_FOR).map(|since| (kept.checkpoint, kept.note, since));
                        Handed { last, awaited: None }
                    }
                    Some(root) => return Err(kept.behind(format!("root {root} of so many"))),
                    None => short(kept, format!("only {}", reader.head().size))?,
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Handed::default(),
            Err(source) => return Err(CheckpointsError::Io { path, source }),
        };
        Ok(Self { inner: Arc::new(Inner { reader, key, path, handed: Mutex::new(handed) }) })
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
        let Inner { reader, key, path, handed } = &*self.inner;
        let mut handed = handed.lock().unwrap_or_else(PoisonError::into_inner);
        handed.awaited = handed.awaited.take().filter(|_| path.exists());
        if let Some(awaited) = &handed.awaited {
            let (size, root) = (awaited.size(), awaited.root());
            match reader.root_at(size)? {
                Some(found) if found == root => handed.awaited = None,
                Some(found) => return Err(CheckpointsError::Behind { path: path.clone(), size, root, found: format!("root {found} of so many") }),
                None => return Err(CheckpointsError::Awaited { size, found: reader.head().size }),
            }
        }
        let head = reader.head();
        if let Some((checkpoint, note, since)) = &handed.last
            && (since.elapsed() < SAME_FOR || (checkpoint.size(), checkpoint.root()) == (head.size, head.root))
        {
            return Ok((checkpoint.clone(), note.clone()));
        }
        let origin: Origin = format!("{}/{}", key.verifier().name(), head.epoch).parse().map_err(|error| CheckpointsError::Origin(format!("{error}")))?;
        let checkpoint = Checkpoint::new(origin, head.size, head.root);
        let note = checkpoint.sign(key);
        keep(path, &note).map_err(|source| CheckpointsError::Io { path: path.clone(), source })?;
        handed.last = Some((checkpoint.clone(), note.clone(), Instant::now()));
        Ok((checkpoint, note))
    }

    /// The checkpoint that was handed out last, without handing out another; `None` where none was.
    #[must_use]
    pub fn last(&self) -> Option<HandedOut> {
        let Inner { path, handed, .. } = &*self.inner;
        let handed = handed.lock().unwrap_or_else(PoisonError::into_inner);
        let checkpoint = handed.last.as_ref().map(|(checkpoint, ..)| checkpoint).or(handed.awaited.as_ref().filter(|_| path.exists()))?;
        let kept = fs::metadata(path).and_then(|file| file.modified()).ok().and_then(|time| time.try_into().ok());
        Some(HandedOut { checkpoint: checkpoint.clone(), kept })
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

/// A checkpoint that was handed out by an earlier process.
struct Kept {
    path: PathBuf,
    checkpoint: Checkpoint,
    note: Note,
}

impl Kept {
    fn read(path: &Path, bytes: &[u8], key: &SignerKey) -> Result<Self, CheckpointsError> {
        let unreadable = |reason: String| CheckpointsError::Unreadable { path: path.to_owned(), reason };
        let checkpoint = Checkpoint::open(bytes, Some(key.verifier())).map_err(|error| unreadable(error.to_string()))?;
        let note = Note::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
        Ok(Self { path: path.to_owned(), checkpoint, note })
    }

    fn behind(self, found: String) -> CheckpointsError {
        CheckpointsError::Behind { size: self.checkpoint.size(), root: self.checkpoint.root(), path: self.path, found }
    }
}

impl LostCheckpoint {
    /// The checkpoint that was handed out last, kept at `path`; `None` where none was.
    ///
    /// # Errors
    /// [`CheckpointsError::Unreadable`], [`CheckpointsError::Io`].
    pub fn read(path: &Path, key: &SignerKey) -> Result<Option<Self>, CheckpointsError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CheckpointsError::Io { path: path.to_owned(), source }),
        };
        let checkpoint = Kept::read(path, &bytes, key)?.checkpoint;
        let epoch = checkpoint.origin().to_string().rsplit('/').next().and_then(|epoch| epoch.parse().ok());
        let reason = || CheckpointsError::Unreadable { path: path.to_owned(), reason: format!("its origin {} doesn't end in an epoch", checkpoint.origin()) };
        Ok(Some(Self { size: checkpoint.size(), root: checkpoint.root(), epoch: epoch.ok_or_else(reason)? }))
    }
}

fn keep(path: &Path, note: &Note) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = File::create(&unfinished)?;
    file.write_all(note.to_string().as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
}
