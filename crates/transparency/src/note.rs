use std::fmt;

use crate::{Signature, SignatureError, SignerKey, VerifierKey};

/// The longest note that is read or made, in bytes: more than twice what 16 of the largest signatures take, those of post-quantum keys.
pub const MAX_NOTE: usize = 256 << 10;

/// The most signatures that a note can have.
pub const MAX_SIGNATURES: usize = 64;

/// A text with one or more signatures (C2SP signed-note). What is read is written as the same bytes.
///
/// Nobody has signed the text before [`Note::verify`] says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// Not a signed note.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct NoteError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong there.
    pub fault: NoteFault,
}

/// What is wrong with a line of a note.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoteFault {
    /// The note is too long.
    #[error("the note is longer than {MAX_NOTE} bytes")]
    Long,
    /// The line isn't UTF-8.
    #[error("it isn't UTF-8")]
    NotText,
    /// The line has a control character.
    #[error("it has a control character")]
    Control,
    /// The last line has no end.
    #[error("the end of the line is missing")]
    Cut,
    /// No signatures follow.
    #[error("expected an empty line and signatures after it")]
    Unsigned,
    /// The line isn't that of a signature.
    #[error("expected a signature: — name base64")]
    Signature,
    /// The signature's name can't be one.
    #[error("expected the name of a key without white space and +")]
    Name,
    /// The signature's bytes can't be read.
    #[error("expected the base64 of a key's id and a signature")]
    Base64,
    /// The note has too many signatures.
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    Many,
}

impl Note {
    /// Signs a text, which ends with a line feed.
    ///
    /// # Errors
    /// [`NoteFault::Long`], [`NoteFault::Control`] and [`NoteFault::Cut`].
    pub fn sign(text: String, key: &SignerKey) -> Result<Self, NoteError> {
        check(&text)?;
        let signatures = vec![key.sign(&text)];
        let note = Self { text, signatures };
        check(&note.to_string())?;
        Ok(note)
    }

    /// Reads a note.
    ///
    /// # Errors
    /// The first line that can't be one of a note.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let note = str::from_utf8(bytes).map_err(|error| at(bytes, error.valid_up_to(), NoteFault::NotText))?;
        check(note)?;
        let text_end = note.rfind("\n\n").ok_or_else(|| at(bytes, bytes.len(), NoteFault::Unsigned))? + 1;
        let lines = &note[text_end + 1..];
        let mut signatures = Vec::new();
        for (before, line) in lines.split_terminator('\n').enumerate() {
            let here = |fault| NoteError { line: line_of(bytes, text_end + 1) + before, fault };
            if signatures.len() == MAX_SIGNATURES {
                return Err(here(NoteFault::Many));
            }
            signatures.push(Signature::parse(line).map_err(here)?);
        }
        if signatures.is_empty() {
            return Err(at(bytes, bytes.len(), NoteFault::Unsigned));
        }
        Ok(Self { text: note[..text_end].to_owned(), signatures })
    }

    /// The text, which ends with a line feed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, checked or not.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Checks that this key signed the text. Signatures by other keys are ignored.
    ///
    /// # Errors
    /// [`SignatureError::Unsigned`], and [`SignatureError::Invalid`] where any signature in the key's name and id isn't one.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), SignatureError> {
        let (name, id) = (key.name(), key.id());
        let mut mine = self.signatures.iter().filter(|signature| signature.name() == name && signature.id() == id).peekable();
        if mine.peek().is_none() {
            return Err(SignatureError::Unsigned { name: name.clone(), id });
        }
        if mine.all(|signature| key.signed(&self.text, signature.bytes())) { Ok(()) } else { Err(SignatureError::Invalid { name: name.clone(), id }) }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

/// What holds for the text of a note and for a whole one.
fn check(text: &str) -> Result<(), NoteError> {
    let bytes = text.as_bytes();
    if bytes.len() > MAX_NOTE {
        return Err(at(bytes, MAX_NOTE, NoteFault::Long));
    }
    if let Some(place) = bytes.iter().position(|&byte| byte < b' ' && byte != b'\n') {
        return Err(at(bytes, place, NoteFault::Control));
    }
    if text.ends_with('\n') { Ok(()) } else { Err(at(bytes, bytes.len(), NoteFault::Cut)) }
}

fn at(bytes: &[u8], place: usize, fault: NoteFault) -> NoteError {
    NoteError { line: line_of(bytes, place), fault }
}

/// In which line a byte stands, from 1 on.
fn line_of(bytes: &[u8], place: usize) -> usize {
    1 + bytes[..place].iter().filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// These keys and lines are of the documentation of Go's `golang.org/x/mod/sumdb/note`.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const PETER_PRIVATE: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const BY_PETER: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const BY_ENOCH: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

    fn parsed(text: &str) -> Note {
        Note::parse(text.as_bytes()).unwrap()
    }

    fn error(text: &str) -> NoteError {
        Note::parse(text.as_bytes()).unwrap_err()
    }

    fn peter() -> VerifierKey {
        PETER.parse().unwrap()
    }

    #[test]
    fn a_text_is_signed_as_the_reference_signs_it() {
        let note = Note::sign(TEXT.to_owned(), &PETER_PRIVATE.parse().unwrap()).unwrap();
        assert_eq!(note.to_string(), format!("{TEXT}\n{BY_PETER}"));
        assert_eq!(note.verify(&peter()), Ok(()));
    }

    #[test]
    fn signatures_by_other_keys_are_kept_and_ignored() {
        let witness = "— witness.example/w1 AAAAAAU=\n";
        let text = format!("{TEXT}\n{BY_ENOCH}{witness}{BY_PETER}");
        let note = parsed(&text);
        assert_eq!(note.text(), TEXT);
        assert_eq!(
            note.signatures().iter().map(|signature| signature.name().as_str()).collect::<Vec<_>>(),
            ["EnochRoot", "witness.example/w1", "PeterNeumann"]
        );
        assert_eq!(note.to_string(), text);
        assert_eq!(note.verify(&peter()), Ok(()));
        let unsigned = SignatureError::Unsigned { name: "PeterNeumann".parse().unwrap(), id: peter().id() };
        assert_eq!(parsed(&format!("{TEXT}\n{BY_ENOCH}")).verify(&peter()), Err(unsigned.clone()));
        assert_eq!(parsed(&format!("{TEXT}\n{}", BY_PETER.replace("x08go", "x08gp"))).verify(&peter()), Err(unsigned.clone()));
        assert_eq!(parsed(&format!("{TEXT}\n{}", BY_PETER.replace("Peter", "Petra"))).verify(&peter()), Err(unsigned));
    }

    #[test]
    fn one_false_signature_in_a_keys_name_spoils_the_note() {
        let invalid = SignatureError::Invalid { name: "PeterNeumann".parse().unwrap(), id: peter().id() };
        let forged = BY_PETER.replace("nAM=", "nAQ=");
        for text in [format!("{TEXT}\n{forged}"), format!("{TEXT}\n{BY_PETER}{forged}"), format!("{TEXT}\n{forged}{BY_PETER}"), format!("\n{TEXT}\n{BY_PETER}")]
        {
            assert_eq!(parsed(&text).verify(&peter()), Err(invalid.clone()), "{text}");
        }
        assert_eq!(parsed(&format!("{TEXT}\n— PeterNeumann x08gowA=\n")).verify(&peter()), Err(invalid));
    }

    #[test]
    fn the_last_empty_line_ends_the_text() {
        let key = PETER_PRIVATE.parse().unwrap();
        for text in ["\n", "\n\n", "a\n\nb\n", &format!("a\n\n{BY_ENOCH}")] {
            let note = Note::sign(text.to_owned(), &key).unwrap();
            assert_eq!(parsed(&note.to_string()), note);
            assert_eq!(note.text(), text);
            assert_eq!(note.verify(&peter()), Ok(()));
        }
    }

    #[test]
    fn a_malformed_note_names_its_line() {
        use NoteFault::{Base64, Control, Cut, Long, Many, Name, NotText, Signature, Unsigned};
        for (text, line, fault) in [
            (String::new(), 1, Cut),
            (TEXT.to_owned(), 3, Unsigned),
            (format!("{TEXT}\n"), 4, Unsigned),
            (format!("{TEXT}{BY_PETER}"), 4, Unsigned),
            (format!("{TEXT}\n{}", BY_PETER.trim_end()), 4, Cut),
            (format!("{TEXT}\r\n{BY_PETER}"), 3, Control),
            (format!("{TEXT}\n{BY_PETER}{}\u{0}\n", BY_ENOCH.trim_end()), 5, Control),
            (format!("{TEXT}\n{BY_PETER}More.\n"), 5, Signature),
            (format!("{TEXT}\n{BY_PETER}{}", BY_ENOCH.replace('—', "-")), 5, Signature),
            (format!("{TEXT}\n— PeterNeumann\n"), 4, Signature),
            (format!("{TEXT}\n—  x08goAA=\n"), 4, Name),
            (format!("{TEXT}\n— a+b x08goAA=\n"), 4, Name),
            (format!("{TEXT}\n— a\u{a0}b x08goAA=\n"), 4, Name),
            (format!("{TEXT}\n— a  x08goAA=\n"), 4, Base64),
            (format!("{TEXT}\n— a x08goAA\n"), 4, Base64),
            (format!("{TEXT}\n— a x08goAB=\n"), 4, Base64),
            (format!("{TEXT}\n— a x08gow==\n"), 4, Base64),
            (format!("{TEXT}\n— a x08goAA= \n"), 4, Base64),
            (format!("{TEXT}\n{}", BY_PETER.repeat(MAX_SIGNATURES + 1)), 4 + MAX_SIGNATURES, Many),
            (format!("{}\n{TEXT}\n{BY_PETER}", "a".repeat(MAX_NOTE)), 1, Long),
        ] {
            assert_eq!(error(&text), NoteError { line, fault }, "{text:.400}");
        }
        assert_eq!(Note::parse(b"a\nb\xff\n\n").unwrap_err(), NoteError { line: 2, fault: NotText });
        assert_eq!(parsed(&format!("{TEXT}\n{}", BY_PETER.repeat(MAX_SIGNATURES))).verify(&peter()), Ok(()));
    }

    #[test]
    fn a_text_that_cant_stand_in_a_note_isnt_signed() {
        let key = PETER_PRIVATE.parse().unwrap();
        let sign = |text: &str| Note::sign(text.to_owned(), &key).map_err(|error| (error.line, error.fault));
        assert_eq!(sign(""), Err((1, NoteFault::Cut)));
        assert_eq!(sign("a\nb"), Err((2, NoteFault::Cut)));
        assert_eq!(sign("a\nb\tc\n"), Err((2, NoteFault::Control)));
        assert_eq!(sign(&format!("{}\n", "a".repeat(MAX_NOTE - 1))).map_err(|(_, fault)| fault), Err(NoteFault::Long));
    }

    #[test]
    fn a_flipped_bit_of_a_note_is_found() {
        let note = format!("{TEXT}\n{BY_PETER}");
        for bit in 0..8 * note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!Note::parse(&bytes).is_ok_and(|note| note.verify(&peter()).is_ok()), "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..80), text in "([a\n]{0,6}\n)?(— ?[a+]{0,2} [A-Za-z0-9+/=\n]{0,12}\n?){0,3}") {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                if let Ok(note) = Note::parse(bytes) {
                    prop_assert_eq!(note.to_string().into_bytes(), bytes);
                }
            }
        }
    }
}
