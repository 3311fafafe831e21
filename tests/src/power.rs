//! Power cuts. A [`Recorder`] writes down what a process does to the files of a folder; out of that [`Trace`], [`Trace::cut`] makes what a disk may hold after the
//! power went at a given moment, and the test opens it.
//!
//! What a disk must hold: of a file, everything written before a sync of it began that has returned; of a folder, every name that was given or taken before such a sync of
//! the folder. That is what POSIX promises, and no file system's own kindness: a file's sync doesn't bring its name, a rename isn't ordered after what it renames, and
//! `sync_file_range` counts for nothing. fsync and fdatasync are taken for equal, as on Linux, where a changed size is never left out.
//!
//! What it may hold besides: of everything else, any part. Each page of a file has any of the contents that it had since its last sync, and where the page was torn each of its
//! sectors has; a file has any of its lengths since then, with zeros where no data came; each change of a name happened or didn't, a rename as a whole.

mod content;
mod cut;
mod disk;
mod recorder;
mod replay;
mod trace;

pub use disk::Disk;
pub use recorder::Recorder;
pub use trace::Trace;
