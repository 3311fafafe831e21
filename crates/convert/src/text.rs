//! The text of a file, in whichever of the encodings that spreadsheets export.

/// How a workbook begins: it's a ZIP archive.
const ZIP: &[u8] = b"PK\x03\x04";

/// A file's text: UTF-8 with or without a byte-order mark, or UTF-16 with one.
///
/// # Errors
/// What the file is instead, and the remedy.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(ZIP) {
        return Err("it's a workbook (or another archive). Export the sheet as CSV UTF-8".to_owned());
    }
    let mut text = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes)?,
        _ => String::from_utf8(bytes).map_err(|error| {
            let place = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..place].iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("line {line} isn't UTF-8. Export it as CSV UTF-8")
        })?,
    };
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    if text.contains('\0') {
        return Err("it holds zero bytes: UTF-16 without a byte-order mark, or no text. Export it as CSV UTF-8".to_owned());
    }
    Ok(text)
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
    text.ok().filter(|_| rest.is_empty()).ok_or_else(|| "it begins as UTF-16 and isn't. Export it as CSV UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_that_spreadsheets_export_is_read() {
        let text = "місце;кількість\r\nСуми;12\r\n";
        let units = |bytes: fn(u16) -> [u8; 2]| std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect::<Vec<u8>>();
        for bytes in [text.as_bytes().to_vec(), ["\u{feff}", text].concat().into_bytes(), units(u16::to_le_bytes), units(u16::to_be_bytes)] {
            assert_eq!(decode(bytes).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_text_is_named_with_the_remedy() {
        for (bytes, named) in [
            (b"PK\x03\x04...".to_vec(), "workbook"),
            (b"a;b\n\xcc\xb3\xf1\xf6\xe5;1\n".to_vec(), "line 2 isn't UTF-8"),
            (b"a\0b\0\n\0".to_vec(), "zero bytes"),
            (b"\xff\xfea".to_vec(), "isn't"),
            (b"\xff\xfe\x00\xd8".to_vec(), "isn't"),
        ] {
            let fault = decode(bytes).unwrap_err();
            assert!(fault.contains(named) && fault.contains("CSV UTF-8"), "{fault}");
        }
    }
}
