use crate::{MAX_ENTRY, TILE_WIDTH};

/// Not an entry bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BundleError {
    /// An entry is longer than its length can say.
    #[error("entry {entry} of the bundle has {length} bytes: at most {MAX_ENTRY} fit")]
    Long {
        /// Its number in the bundle, from 0 on.
        entry: usize,
        /// How many bytes it has.
        length: usize,
    },
    /// There are more entries than a bundle takes.
    #[error("a bundle has at most {TILE_WIDTH} entries")]
    Many,
    /// The bytes end within an entry.
    #[error("the bundle ends within its entry {entry}")]
    Cut {
        /// Its number in the bundle, from 0 on.
        entry: usize,
    },
}

/// Puts entries together as C2SP tlog-tiles serves them: each after its length, u16 big-endian.
///
/// # Errors
/// [`BundleError::Long`] and [`BundleError::Many`].
pub fn encode_bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, BundleError> {
    let mut bundle = Vec::new();
    for (number, entry) in entries.into_iter().enumerate() {
        if number as u64 == TILE_WIDTH {
            return Err(BundleError::Many);
        }
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::Long { entry: number, length: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// Takes the entries of a bundle apart.
///
/// # Errors
/// [`BundleError::Many`] and [`BundleError::Cut`].
pub fn decode_bundle(mut bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        if entries.len() as u64 == TILE_WIDTH {
            return Err(BundleError::Many);
        }
        let cut = BundleError::Cut { entry: entries.len() };
        let (&length, rest) = bundle.split_first_chunk().ok_or(cut)?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(length))).ok_or(cut)?;
        entries.push(entry);
        bundle = rest;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bundle_is_entries_after_their_lengths() {
        let long = vec![b'x'; 258];
        let bundle = [b"\0\x01a\0\0\x01\x02".as_slice(), &long].concat();
        let entries = [b"a".as_slice(), b"", &long];
        assert_eq!(encode_bundle(entries), Ok(bundle.clone()));
        assert_eq!(decode_bundle(&bundle), Ok(entries.to_vec()));
        assert_eq!(decode_bundle(&bundle[..1]), Err(BundleError::Cut { entry: 0 }));
        assert_eq!(decode_bundle(&bundle[..bundle.len() - 1]), Err(BundleError::Cut { entry: 2 }));
    }

    #[test]
    fn a_bundle_takes_256_entries_of_65535_bytes() {
        let entry = vec![0; MAX_ENTRY + 1];
        let full = encode_bundle([&entry[1..]; 256]).unwrap();
        assert_eq!(decode_bundle(&full), Ok(vec![&entry[1..]; 256]));
        assert_eq!(encode_bundle([b"a".as_slice(); 257]), Err(BundleError::Many));
        assert_eq!(decode_bundle(&[0; 2 * 257]), Err(BundleError::Many));
        assert_eq!(encode_bundle([b"a".as_slice(), &entry]), Err(BundleError::Long { entry: 1, length: MAX_ENTRY + 1 }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(0..4_u8, 0..60)) {
            if let Ok(entries) = decode_bundle(&bytes) {
                prop_assert_eq!(encode_bundle(entries), Ok(bytes));
            }
        }
    }
}
