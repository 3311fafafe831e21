use std::{fmt, str::FromStr};

use announcement::Digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{Note, NoteError, Origin, SignatureError, SignerKey, VerifierKey, origin::is_line};

/// The longest text of a checkpoint that is read, in bytes.
pub const MAX_CHECKPOINT: usize = 64 << 10;

/// What a log was at some size (C2SP tlog-checkpoint). What is read is written as the same text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    origin: Origin,
    size: u64,
    root: Digest,
    extensions: Vec<String>,
}

/// Not the text of a checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct CheckpointError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong there.
    pub fault: CheckpointFault,
}

/// What is wrong with a line of a checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CheckpointFault {
    /// The text is too long.
    #[error("the checkpoint is longer than {MAX_CHECKPOINT} bytes")]
    Long,
    /// The last line has no end.
    #[error("the end of the line is missing")]
    Cut,
    /// The first line isn't an origin.
    #[error("expected the log's origin: 1 to 256 bytes without control characters")]
    Origin,
    /// The second line isn't a size.
    #[error("expected the tree's size, in decimal without leading zeroes")]
    Size,
    /// The third line isn't a root.
    #[error("expected the tree's root: the base64 of 32 bytes")]
    Root,
    /// A later line is empty or has a control character.
    #[error("expected text without control characters, or nothing more")]
    Extension,
}

/// Why a signed checkpoint can't be believed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// It isn't a signed note.
    #[error("not a signed note: {0}")]
    Note(#[from] NoteError),
    /// The key didn't sign it.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The note's text isn't that of a checkpoint.
    #[error("not a checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

impl Checkpoint {
    /// What a log is at a size.
    #[must_use]
    pub const fn new(origin: Origin, size: u64, root: Digest) -> Self {
        Self { origin, size, root, extensions: Vec::new() }
    }

    /// Reads a signed note with a checkpoint. Without a key nobody has signed it: whoever asks vouches for where the bytes are from.
    ///
    /// # Errors
    /// [`OpenError`]: why it can't be believed.
    pub fn open(bytes: &[u8], key: Option<&VerifierKey>) -> Result<Self, OpenError> {
        let note = Note::parse(bytes)?;
        if let Some(key) = key {
            note.verify(key)?;
        }
        Ok(note.text().parse()?)
    }

    /// Signs it.
    #[must_use]
    pub fn sign(&self, key: &SignerKey) -> Note {
        Note::sign(self.to_string(), key).expect("a checkpoint is lines without control characters, shorter than a note")
    }

    /// Which log it's of.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// The lines after the third, which nothing here reads.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let at = |line, fault| CheckpointError { line, fault };
        let cut = |end: usize| 1 + text.as_bytes()[..end].iter().filter(|&&byte| byte == b'\n').count();
        if text.len() > MAX_CHECKPOINT {
            return Err(at(cut(MAX_CHECKPOINT), CheckpointFault::Long));
        }
        let lines = text.strip_suffix('\n').ok_or_else(|| at(cut(text.len()), CheckpointFault::Cut))?;
        let mut lines = lines.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let origin = next().parse().map_err(|fault| at(1, fault))?;
        let size = size(next()).ok_or(at(2, CheckpointFault::Size))?;
        let root = root(next()).ok_or(at(3, CheckpointFault::Root))?;
        let extension = |(text, line)| if is_line(text) { Ok(text.to_owned()) } else { Err(at(line, CheckpointFault::Extension)) };
        Ok(Self { origin, size, root, extensions: lines.zip(4..).map(extension).collect::<Result<_, _>>()? })
    }
}

fn size(line: &str) -> Option<u64> {
    line.parse().ok().filter(|size: &u64| size.to_string() == line)
}

fn root(line: &str) -> Option<Digest> {
    let bytes = STANDARD.decode(line).ok()?;
    Some(Digest::from_bytes(bytes.try_into().ok()?))
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{KeyName, oracle};

    /// The reference tree of RFC 6962 at size 8, its root in base64.
    const TEXT: &str = "ledger.example/1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";

    fn signer(name: &str) -> SignerKey {
        SignerKey::from_seed(name.parse::<KeyName>().unwrap(), &[7; 32])
    }

    #[test]
    fn a_checkpoint_is_origin_size_and_root() {
        let root = Digest::from_hex(oracle::REFERENCE_ROOTS[8]).unwrap();
        let checkpoint = Checkpoint::new("ledger.example/1".parse().unwrap(), 8, root);
        assert_eq!(checkpoint.to_string(), TEXT);
        assert_eq!(TEXT.parse(), Ok(checkpoint));
        let extended = format!("{TEXT}one\ntwo 2\n");
        let checkpoint: Checkpoint = extended.parse().unwrap();
        assert_eq!(checkpoint.extensions(), ["one", "two 2"]);
        assert_eq!(checkpoint.to_string(), extended);
    }

    #[test]
    fn a_signed_checkpoint_is_opened_with_its_logs_key_whoever_else_signed() {
        let (log, other) = (signer("ledger.example"), signer("witness.example"));
        let checkpoint: Checkpoint = TEXT.parse().unwrap();
        let witnessed = format!("{TEXT}\n{}\n{}\n", checkpoint.sign(&other).signatures()[0], checkpoint.sign(&log).signatures()[0]);
        assert_eq!(Checkpoint::open(witnessed.as_bytes(), Some(log.verifier())), Ok(checkpoint.clone()));
        let signed = checkpoint.sign(&log).to_string();
        assert!(matches!(Checkpoint::open(signed.as_bytes(), Some(other.verifier())), Err(OpenError::Signature(SignatureError::Unsigned { .. }))));
        assert_eq!(Checkpoint::open(signed.as_bytes(), None), Ok(checkpoint));
        let altered = signed.replace("\n8\n", "\n9\n");
        assert!(matches!(Checkpoint::open(altered.as_bytes(), Some(log.verifier())), Err(OpenError::Signature(SignatureError::Invalid { .. }))));
        assert!(matches!(Checkpoint::open(TEXT.as_bytes(), None), Err(OpenError::Note(_))));
        let note = Note::sign("no checkpoint\n".to_owned(), &log).unwrap().to_string();
        assert!(matches!(Checkpoint::open(note.as_bytes(), Some(log.verifier())), Err(OpenError::Checkpoint(_))));
    }

    #[test]
    fn a_malformed_checkpoint_names_its_line() {
        use CheckpointFault::{Cut, Extension, Long, Origin, Root, Size};
        let root = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=";
        for (text, line, fault) in [
            (String::new(), 1, Cut),
            ("\n".to_owned(), 1, Origin),
            (format!("\n8\n{root}\n"), 1, Origin),
            (format!("a\tb\n8\n{root}\n"), 1, Origin),
            (format!("{}\n8\n{root}\n", "a".repeat(257)), 1, Origin),
            ("a\n".to_owned(), 2, Size),
            (format!("a\n\n{root}\n"), 2, Size),
            (format!("a\n08\n{root}\n"), 2, Size),
            (format!("a\n+8\n{root}\n"), 2, Size),
            (format!("a\n-8\n{root}\n"), 2, Size),
            (format!("a\n8 \n{root}\n"), 2, Size),
            (format!("a\n18446744073709551616\n{root}\n"), 2, Size),
            ("a\n8\n".to_owned(), 3, Root),
            ("a\n8\n\n".to_owned(), 3, Root),
            (format!("a\n8\n{}\n", root.trim_end_matches('=')), 3, Root),
            (format!("a\n8\n{}\n", root.replace("yg=", "yh=")), 3, Root),
            (format!("a\n8\n{}\n", &root[4..]), 3, Root),
            (format!("a\n8\n{root}"), 3, Cut),
            (format!("a\n8\n{root}\n\n"), 4, Extension),
            (format!("a\n8\n{root}\nb\nc\rd\n"), 5, Extension),
            (format!("a\n8\n{root}\n{}\n", "b".repeat(MAX_CHECKPOINT)), 4, Long),
        ] {
            assert_eq!(text.parse::<Checkpoint>(), Err(CheckpointError { line, fault }), "{text:.200}");
        }
        assert!(format!("a\n18446744073709551615\n{root}\n").parse::<Checkpoint>().is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[a\n]{0,3}\n[0-9+]{0,3}\n([A-Za-z0-9+/]{43}=)?\n?[a\n]{0,3}|.{0,80}") {
            if let Ok(checkpoint) = text.parse::<Checkpoint>() {
                prop_assert_eq!(checkpoint.to_string(), text);
            }
        }
    }
}
