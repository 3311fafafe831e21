use announcement::{Digest, Position, Publisher, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Checkpoint, CheckpointError, Note, OpenError, Origin, ProofError, VerifierKey, verify_inclusion};

/// A record with all that shows its place in a ledger to someone who has a checkpoint and nothing else: no server, no data folder.
///
/// Nothing in it is to be believed before [`ProofFile::check`] says so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// Which log.
    pub origin: Origin,
    /// The record's place, which is its leaf's number.
    pub position: Position,
    /// When the queue took it in.
    pub recorded: Timestamp,
    /// Who published it.
    pub publisher: Publisher,
    /// The event's own bytes.
    pub event: String,
    /// The record's leaf hash.
    pub leaf: Digest,
    /// The size of the tree.
    pub size: u64,
    /// The tree's root.
    pub root: Digest,
    /// The inclusion proof, from the leaf up.
    pub inclusion: Vec<Digest>,
    /// The checkpoint of that size, a signed note.
    pub checkpoint: String,
}

/// Why no proof could be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProofFileError {
    /// The event isn't text; no ledger accepts such a one.
    #[error("the event isn't UTF-8")]
    NotText,
    /// The note isn't a checkpoint.
    #[error("not a checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

/// Why a proof shows nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CheckError {
    /// The bytes of the record don't have its leaf hash.
    #[error("the record doesn't hash to the proof's leaf: its position, recorded, publisher or event was altered")]
    Leaf,
    /// The proof's own checkpoint can't be believed.
    #[error("the proof's own checkpoint: {0}")]
    Own(#[source] OpenError),
    /// A field says something else than the proof's own checkpoint.
    #[error("the proof's {field} isn't that of its own checkpoint: one of the two was altered")]
    Contradiction {
        /// The field.
        field: &'static str,
    },
    /// The inclusion proof doesn't hold.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
    /// The given checkpoint can't be believed.
    #[error("the given checkpoint: {0}")]
    Given(#[source] OpenError),
    /// The two are of different logs.
    #[error("the proof is of {proof}, the checkpoint of {given}: take a checkpoint of {proof}")]
    OtherLog {
        /// The origin of the proof.
        proof: Origin,
        /// The origin of the checkpoint.
        given: Origin,
    },
    /// The two are of different sizes, so that neither says anything of the other.
    #[error("the proof is for size {proof}, the checkpoint of size {given}: ask for a proof for size {given}, or take the checkpoint of size {proof}")]
    OtherSize {
        /// The size of the proof.
        proof: u64,
        /// The size of the checkpoint.
        given: u64,
    },
    /// Two checkpoints of one log differ at one size: its past was altered, or readers are shown different ones. Both are evidence.
    #[error("{origin} has two roots at size {size}, one in the proof and one in the checkpoint: its past was altered; keep both files")]
    Forked {
        /// The origin of both.
        origin: Origin,
        /// The size of both.
        size: u64,
    },
}

impl ProofFile {
    /// The proof for a record: `inclusion` is that of its position in the tree of the checkpoint's size.
    ///
    /// # Errors
    /// [`ProofFileError::NotText`] and [`ProofFileError::Checkpoint`].
    pub fn new(record: Record, inclusion: Vec<Digest>, checkpoint: &Note) -> Result<Self, ProofFileError> {
        let signed: Checkpoint = checkpoint.text().parse()?;
        Ok(Self {
            leaf: record.leaf(),
            origin: signed.origin().clone(),
            position: record.position,
            recorded: record.recorded,
            publisher: record.publisher,
            event: String::from_utf8(record.event).map_err(|_| ProofFileError::NotText)?,
            size: signed.size(),
            root: signed.root(),
            inclusion,
            checkpoint: checkpoint.to_string(),
        })
    }

    /// Checks that the record stands at its place in the ledger that `given` is a checkpoint of: the bytes of a signed note.
    ///
    /// With a key, both checkpoints have to be signed by it. Without one, whoever asks vouches for where `given` is from.
    ///
    /// # Errors
    /// [`CheckError`]: the first thing that doesn't hold.
    pub fn check(&self, given: &[u8], key: Option<&VerifierKey>) -> Result<(), CheckError> {
        if self.record().leaf() != self.leaf || self.recorded.subsec_nanosecond() % 1000 != 0 {
            return Err(CheckError::Leaf);
        }
        let own = Checkpoint::open(self.checkpoint.as_bytes(), key).map_err(CheckError::Own)?;
        for (field, agrees) in [("origin", *own.origin() == self.origin), ("size", own.size() == self.size), ("root", own.root() == self.root)] {
            if !agrees {
                return Err(CheckError::Contradiction { field });
            }
        }
        verify_inclusion(self.leaf, self.position.get(), self.size, &self.inclusion, self.root)?;
        let given = Checkpoint::open(given, key).map_err(CheckError::Given)?;
        if *given.origin() != self.origin {
            return Err(CheckError::OtherLog { proof: self.origin.clone(), given: given.origin().clone() });
        }
        if given.size() != self.size {
            return Err(CheckError::OtherSize { proof: self.size, given: given.size() });
        }
        if given.root() == self.root { Ok(()) } else { Err(CheckError::Forked { origin: self.origin.clone(), size: self.size }) }
    }

    /// The record, as the proof has it.
    #[must_use]
    pub fn record(&self) -> Record {
        Record { position: self.position, recorded: self.recorded, publisher: self.publisher.clone(), event: self.event.clone().into_bytes(), removed: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SignerKey, oracle};

    const INDEX: usize = 3;

    fn signer() -> SignerKey {
        SignerKey::from_seed("ledger.example".parse().unwrap(), &[7; 32])
    }

    fn records() -> Vec<Record> {
        (0..)
            .zip(["{}", "{\"a\": \"\\u0430\"}", "{ \"b\":1 }", "{\"c\":\"д\\n\\\"\"}\n", "[]", "{\"d\":2}"])
            .map(|(position, event)| Record {
                position: Position::new(position),
                recorded: "2026-01-29T10:00:00.123456Z".parse().unwrap(),
                publisher: "kyiv-desk".parse().unwrap(),
                event: event.into(),
                removed: None,
            })
            .collect()
    }

    fn leaves(size: usize) -> Vec<Digest> {
        records()[..size].iter().map(Record::leaf).collect()
    }

    fn checkpoint(origin: &str, size: usize, root: Digest) -> Note {
        Checkpoint::new(origin.parse().unwrap(), size as u64, root).sign(&signer())
    }

    fn at(size: usize) -> Note {
        checkpoint("ledger.example/1", size, oracle::root(&leaves(size)))
    }

    fn proof(size: usize) -> ProofFile {
        ProofFile::new(records().swap_remove(INDEX), oracle::path(INDEX, &leaves(size)), &at(size)).unwrap()
    }

    fn check(proof: &ProofFile, given: &Note) -> Result<(), CheckError> {
        let given = given.to_string();
        let checked = proof.check(given.as_bytes(), Some(signer().verifier()));
        assert_eq!(proof.check(given.as_bytes(), None), checked);
        checked
    }

    #[test]
    fn a_proof_holds_with_the_checkpoint_of_its_size_after_it_was_written_and_read() {
        for size in INDEX + 1..=6 {
            let text = serde_json::to_string_pretty(&proof(size)).unwrap();
            let read: ProofFile = serde_json::from_str(&text).unwrap();
            assert_eq!(check(&read, &at(size)), Ok(()));
            assert_eq!(read.record(), records()[INDEX]);
        }
    }

    #[test]
    fn a_checkpoint_of_another_size_log_or_past_is_told_apart() {
        let proof = proof(5);
        assert_eq!(check(&proof, &at(6)), Err(CheckError::OtherSize { proof: 5, given: 6 }));
        assert_eq!(check(&proof, &at(4)), Err(CheckError::OtherSize { proof: 5, given: 4 }));
        let message = check(&proof, &at(6)).unwrap_err().to_string();
        assert_eq!(message, "the proof is for size 5, the checkpoint of size 6: ask for a proof for size 6, or take the checkpoint of size 5");
        let origin = proof.origin.clone();
        let other = checkpoint("ledger.example/2", 5, proof.root);
        assert_eq!(check(&proof, &other), Err(CheckError::OtherLog { proof: origin.clone(), given: "ledger.example/2".parse().unwrap() }));
        assert_eq!(check(&proof, &checkpoint("ledger.example/1", 5, proof.leaf)), Err(CheckError::Forked { origin, size: 5 }));
    }

    #[test]
    fn each_part_that_was_altered_is_named() {
        let altered = |alter: fn(&mut ProofFile)| {
            let mut proof = proof(5);
            alter(&mut proof);
            check(&proof, &at(5)).unwrap_err()
        };
        assert_eq!(altered(|proof| proof.position = Position::new(2)), CheckError::Leaf);
        assert_eq!(altered(|proof| proof.recorded = "2026-01-29T10:00:00.123457Z".parse().unwrap()), CheckError::Leaf);
        assert_eq!(altered(|proof| proof.recorded = "2026-01-29T10:00:00.123456001Z".parse().unwrap()), CheckError::Leaf);
        assert_eq!(altered(|proof| proof.publisher = Publisher::local()), CheckError::Leaf);
        assert_eq!(altered(|proof| proof.event.push(' ')), CheckError::Leaf);
        assert_eq!(altered(|proof| proof.leaf = proof.root), CheckError::Leaf);
        assert_eq!(altered(|proof| proof.origin = "ledger.example/2".parse().unwrap()), CheckError::Contradiction { field: "origin" });
        assert_eq!(altered(|proof| proof.size = 6), CheckError::Contradiction { field: "size" });
        assert_eq!(altered(|proof| proof.root = proof.leaf), CheckError::Contradiction { field: "root" });
        assert_eq!(altered(|proof| proof.inclusion[0] = proof.leaf), CheckError::Inclusion(ProofError::Root { size: 5 }));
        assert_eq!(altered(|proof| proof.inclusion.clear()), CheckError::Inclusion(ProofError::Length { found: 0, size: 5 }));
        assert!(matches!(altered(|proof| proof.checkpoint.insert(0, '\t')), CheckError::Own(OpenError::Note(_))));
    }

    #[test]
    fn a_checkpoint_that_the_key_didnt_sign_isnt_believed() {
        let (proof, own) = (proof(5), at(5).to_string());
        let stranger = SignerKey::from_seed("stranger.example".parse().unwrap(), &[8; 32]);
        let forged = own.replace(&own[own.len() - 20..own.len() - 12], "AAAAAAAA");
        assert!(matches!(proof.check(own.as_bytes(), Some(stranger.verifier())), Err(CheckError::Own(OpenError::Signature(_)))));
        assert!(matches!(proof.check(forged.as_bytes(), Some(signer().verifier())), Err(CheckError::Given(OpenError::Signature(_)))));
        assert_eq!(proof.check(forged.as_bytes(), None), Ok(()));
    }

    #[test]
    fn a_flipped_bit_of_a_proof_is_found() {
        let (proof, given) = (proof(5), at(5).to_string());
        let text = serde_json::to_string(&proof).unwrap();
        for bit in 0..8 * text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(read) = serde_json::from_slice::<ProofFile>(&bytes) else { continue };
            assert!(read == proof || read.check(given.as_bytes(), Some(signer().verifier())).is_err(), "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn no_proof_is_made_of_what_isnt_text_or_no_checkpoint() {
        let binary = Record { event: vec![0xff], ..records().swap_remove(0) };
        assert_eq!(ProofFile::new(binary, Vec::new(), &at(5)), Err(ProofFileError::NotText));
        let note = Note::sign("no checkpoint\n".to_owned(), &signer()).unwrap();
        assert!(matches!(ProofFile::new(records().swap_remove(0), Vec::new(), &note), Err(ProofFileError::Checkpoint(_))));
    }
}
