use std::{collections::BTreeMap, fs::File, io, os::unix::fs::FileExt, path::Path};

use crate::{Folder, Frame, FrameHead, Journal, JournalReader, OpenError, WriteError, error::at, frame::HEAD_LEN};

/// What is kept free for changes that only remove, in bytes: what is full can be emptied.
const SPARE: u64 = 256 << 10;
/// How much of the journal may be of no use any more before it's written anew, in bytes, besides as much as is of use.
const WASTE: u64 = 4 << 20;

/// A small map on disk: numbered values, put and removed in atomic steps, each one frame of a journal and one `fdatasync`.
///
/// The journal is all there is: it's read whole at each opening, so nothing but what was synced is ever found. The map says where in it each value stands. Once more than half
/// of the journal is of no use, another with what is of use takes its place.
#[derive(Debug)]
pub struct Queue {
    folder: Folder,
    number: u64,
    journal: Journal,
    file: File,
    places: BTreeMap<u64, Place>,
    frames: u64,
    /// The bytes of the values that are there.
    live: u64,
    /// Where the journal ends when it's looked at for waste again.
    look_again: u64,
    /// Another journal may have this one's place at the next opening.
    broken: bool,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    frame: u64,
    offset: u64,
    len: usize,
}

/// A change of a [`Queue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A value is put under a number, in the place of what it had.
    Put(u64, Vec<u8>),
    /// What a number has goes.
    Remove(u64),
}

const PUT: u8 = 1;
const REMOVE: u8 = 2;
/// Before each value: what is done, the number, the length.
const CHANGE_LEN: usize = 1 + 8 + 4;

impl Queue {
    /// Takes a folder, or makes it, and reads what is in it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let folder = Folder::take(dir)?;
        let journals = folder.journals()?;
        let number = journals.last().copied().unwrap_or_default();
        if journals.is_empty() {
            folder.create_journal(number, &[]).map_err(|error| at(dir)(io::Error::other(error)))?;
        }
        let (places, journal, file) = read(&folder, number)?;
        // The last one is whole since it has its name, and has all of those before it.
        for &older in journals.iter().filter(|&&older| older != number) {
            folder.remove_unsealed(older)?;
        }
        let live = places.values().map(|place| place.len as u64).sum();
        let mut queue = Self { folder, number, frames: journal.frames(), journal, file, places, live, look_again: 0, broken: false };
        queue.look_for_waste();
        Ok(queue)
    }

    /// The numbers that have a value, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.places.keys().copied()
    }

    /// The value of a number.
    ///
    /// # Errors
    /// What the system says.
    pub fn get(&self, number: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(place) = self.places.get(&number) else { return Ok(None) };
        let mut value = vec![0; place.len];
        self.file.read_exact_at(&mut value, place.offset)?;
        Ok(Some(value))
    }

    /// Makes sure that the disk has room for one [`write`](Self::write) of so many values with so many bytes together, and for removing them again.
    ///
    /// # Errors
    /// The disk has no room. Nothing was changed, and the queue goes on.
    pub fn reserve(&mut self, values: usize, bytes: usize) -> io::Result<()> {
        self.journal.reserve((HEAD_LEN + values * CHANGE_LEN + bytes) as u64 + SPARE)
    }

    /// Makes changes, all or none; they're on disk when this returns.
    ///
    /// # Errors
    /// [`WriteError::TooLarge`] changes nothing. After any other the queue takes no more changes until it's opened anew, and finds these then or not.
    pub fn write(&mut self, changes: &[Change]) -> Result<(), WriteError> {
        if self.broken {
            return Err(WriteError::Poisoned);
        }
        let payload = encode(changes);
        let begin = self.journal.end() + HEAD_LEN as u64;
        self.journal.append(&head(self.frames), &payload)?;
        for (change, offset) in parts(&payload) {
            let removed = match change {
                Part::Put(number, value) => self.places.insert(number, Place { frame: self.frames, offset: begin + offset, len: value.len() }),
                Part::Remove(number) => self.places.remove(&number),
            };
            self.live -= removed.map_or(0, |place| place.len as u64);
            self.live += if let Part::Put(_, value) = change { value.len() as u64 } else { 0 };
        }
        self.frames += 1;
        self.look_for_waste();
        Ok(())
    }

    /// A note, if there is one.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, OpenError> {
        self.folder.note(name)
    }

    /// Notes something, on disk when this returns.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub fn put_note(&self, name: &str, bytes: &[u8]) -> Result<(), OpenError> {
        self.folder.put_note(name, bytes)
    }

    fn look_for_waste(&mut self) {
        let end = self.journal.end();
        if end < self.look_again || end <= 2 * self.live + WASTE {
            return;
        }
        self.look_again = end + WASTE;
        if let Err(error) = self.write_anew() {
            tracing::warn!(%error, "a journal that is mostly of no use any more could not be written anew; it's gone on with");
        }
    }

    fn write_anew(&mut self) -> Result<(), OpenError> {
        let next = self.number + 1;
        let mut frames = Vec::new();
        let mut reader = self.folder.open_journal(self.number, 0)?;
        while let Some(Frame { number, payload, .. }) = reader.next_frame()? {
            let of_use = |change: &Part<'_>| matches!(change, Part::Put(key, _) if self.places.get(key).is_some_and(|place| place.frame == number));
            // A number may be put twice in one frame; the last one counts, here as well.
            let kept: Vec<Change> = parts(&payload).map(|(change, _)| change).filter(of_use).map(Part::own).collect();
            if !kept.is_empty() {
                frames.push((head(frames.len() as u64), encode(&kept)));
            }
        }
        let created = self.folder.create_journal(next, &frames).map_err(|error| io::Error::other(error).to_string());
        match created.and_then(|_| read(&self.folder, next).map_err(|error| error.to_string())) {
            Ok((places, journal, file)) => {
                (self.frames, self.journal, self.file, self.places) = (journal.frames(), journal, file, places);
                self.look_again = 0;
                self.folder.remove_unsealed(std::mem::replace(&mut self.number, next))
            }
            Err(reason) => {
                self.broken = self.folder.remove_unsealed(next).is_err();
                Err(at(Path::new("journal"))(io::Error::other(reason)))
            }
        }
    }
}

fn read(folder: &Folder, number: u64) -> Result<(BTreeMap<u64, Place>, Journal, File), OpenError> {
    let mut reader: JournalReader = folder.open_journal(number, 0)?;
    let mut places = BTreeMap::new();
    while let Some(frame) = reader.next_frame()? {
        let begin = reader.offset() - frame.payload.len() as u64;
        for (change, offset) in parts(&frame.payload) {
            match change {
                Part::Put(key, value) => places.insert(key, Place { frame: frame.number, offset: begin + offset, len: value.len() }),
                Part::Remove(key) => places.remove(&key),
            };
        }
    }
    let file = reader.file()?;
    Ok((places, reader.finish()?, file))
}

fn head(frame: u64) -> FrameHead {
    FrameHead { first_position: frame, size: frame + 1, root: [0; 32], stream_sequence: 0 }
}

fn encode(changes: &[Change]) -> Vec<u8> {
    let mut payload = Vec::new();
    for change in changes {
        let (what, number, value) = match change {
            Change::Put(number, value) => (PUT, number, &value[..]),
            Change::Remove(number) => (REMOVE, number, &[][..]),
        };
        payload.push(what);
        payload.extend_from_slice(&number.to_be_bytes());
        payload.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        payload.extend_from_slice(value);
    }
    payload
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Put(u64, &'a [u8]),
    Remove(u64),
}

impl Part<'_> {
    fn own(self) -> Change {
        match self {
            Self::Put(number, value) => Change::Put(number, value.to_vec()),
            Self::Remove(number) => Change::Remove(number),
        }
    }
}

/// The changes of a frame, and where in it their values begin.
fn parts(payload: &[u8]) -> impl Iterator<Item = (Part<'_>, u64)> {
    let mut rest = payload;
    std::iter::from_fn(move || {
        let (head, after) = rest.split_first_chunk::<CHANGE_LEN>()?;
        let number = u64::from_be_bytes(head[1..9].try_into().expect("eight bytes"));
        let len = u32::from_be_bytes(head[9..].try_into().expect("four bytes"));
        let offset = (payload.len() - after.len()) as u64;
        let (value, after) = after.split_at_checked(usize::try_from(len).ok()?)?;
        rest = after;
        Some((if head[0] == PUT { Part::Put(number, value) } else { Part::Remove(number) }, offset))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn all(queue: &Queue) -> BTreeMap<u64, Vec<u8>> {
        queue.numbers().map(|number| (number, queue.get(number).unwrap().unwrap())).collect()
    }

    fn steps() -> impl Strategy<Value = Vec<Vec<(u64, Option<u32>)>>> {
        let change = (0..6_u64, prop::option::weighted(0.6, 0..300_000_u32));
        prop::collection::vec(prop::collection::vec(change, 0..5), 0..40)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn it_holds_what_a_map_would_also_when_it_is_opened_again(steps in steps()) {
            let dir = tempfile::tempdir().unwrap();
            let mut expected = BTreeMap::new();
            let mut queue = Queue::open(dir.path()).unwrap();
            for (round, step) in steps.into_iter().enumerate() {
                let mut changes = Vec::new();
                for (number, len) in step {
                    let value = len.map(|len| vec![u8::try_from(round).unwrap(); len as usize]);
                    match &value {
                        Some(value) => expected.insert(number, value.clone()),
                        None => expected.remove(&number),
                    };
                    changes.push(value.map_or(Change::Remove(number), |value| Change::Put(number, value)));
                }
                queue.write(&changes).unwrap();
                prop_assert_eq!(&all(&queue), &expected);
                prop_assert_eq!(queue.live, expected.values().map(|value| value.len() as u64).sum::<u64>());
                if round % 7 == 0 {
                    drop(queue);
                    queue = Queue::open(dir.path()).unwrap();
                    prop_assert_eq!(&all(&queue), &expected);
                }
            }
        }
    }

    #[test]
    fn what_is_of_no_use_any_more_does_not_stay_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let mut queue = Queue::open(dir.path()).unwrap();
        queue.write(&[Change::Put(1, b"kept".to_vec())]).unwrap();
        for number in 2..40 {
            queue.write(&[Change::Put(number, vec![7; 1 << 20])]).unwrap();
            queue.write(&[Change::Remove(number)]).unwrap();
        }
        let bytes: u64 = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes < 8 << 20, "{bytes}");
        assert_eq!(all(&queue), [(1, b"kept".to_vec())].into());
    }

    #[test]
    fn a_torn_end_is_cut_off_and_what_was_written_before_it_stays() {
        let dir = tempfile::tempdir().unwrap();
        let mut queue = Queue::open(dir.path()).unwrap();
        queue.write(&[Change::Put(1, b"first".to_vec())]).unwrap();
        let whole = queue.journal.end();
        queue.write(&[Change::Put(2, b"second".to_vec()), Change::Remove(1)]).unwrap();
        let end = queue.journal.end();
        drop(queue);
        let journal = dir.path().join("journal-00000000");
        let bytes = fs::read(&journal).unwrap();
        for cut in whole..end {
            fs::write(&journal, &bytes[..usize::try_from(cut).unwrap()]).unwrap();
            assert_eq!(all(&Queue::open(dir.path()).unwrap()), [(1, b"first".to_vec())].into(), "cut at {cut}");
        }
    }

    #[test]
    fn two_can_not_have_it_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let _queue = Queue::open(dir.path()).unwrap();
        assert!(matches!(Queue::open(dir.path()), Err(OpenError::Locked { .. })));
    }
}
