use crate::{Fault, Problem};

/// Cuts one object, an array of objects, or JSON lines into the events' own bytes, without reading them.
///
/// # Errors
/// [`Fault::NotJson`] where the pieces can't be told apart. What a piece holds isn't looked at.
pub fn cut(bytes: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let bytes = bytes.trim_ascii();
    match bytes.first() {
        None => Ok(Vec::new()),
        Some(b'[') => array(bytes),
        Some(_) => sequence(bytes),
    }
}

/// Objects one after the other: one object, or JSON lines.
fn sequence(mut rest: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, after) = object(rest, pieces.len())?;
        pieces.push(piece);
        rest = after.trim_ascii_start();
    }
    Ok(pieces)
}

fn array(bytes: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let mut pieces = Vec::new();
    let mut rest = bytes[1..].trim_ascii_start();
    if rest == b"]" {
        return Ok(pieces);
    }
    loop {
        let (piece, after) = object(rest, pieces.len())?;
        pieces.push(piece);
        rest = after.trim_ascii_start();
        match rest.split_first() {
            Some((b',', after)) => rest = after.trim_ascii_start(),
            Some((b']', [])) => return Ok(pieces),
            _ => return Err(wrong(pieces.len(), "expected , or the array's end after an event")),
        }
    }
}

/// The object at the beginning of `bytes`, and what follows it.
fn object(bytes: &[u8], number: usize) -> Result<(&[u8], &[u8]), Problem> {
    if bytes.first() != Some(&b'{') {
        return Err(wrong(number, "expected an object"));
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(bytes.split_at(at + 1));
                }
            }
            _ => {}
        }
    }
    Err(wrong(number, "the object doesn't end"))
}

fn wrong(number: usize, detail: &str) -> Problem {
    Problem::at(Fault::NotJson, format!("/{number}"), format_args!("event {}: {detail}", number + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expect: &[&str]) {
        let expect: Vec<&[u8]> = expect.iter().map(|piece| piece.as_bytes()).collect();
        assert_eq!(cut(input.as_bytes()).unwrap(), expect, "{input}");
    }

    #[test]
    fn pieces_keep_their_own_bytes() {
        check("", &[]);
        check(" [ ] ", &[]);
        check("{\"a\": 1}", &["{\"a\": 1}"]);
        check("[{\"a\":\"]}\\\"\"} , {}]", &["{\"a\":\"]}\\\"\"}", "{}"]);
        check("{\"a\":[{}]}\r\n\n{\"b\":2}\n", &["{\"a\":[{}]}", "{\"b\":2}"]);
    }

    #[test]
    fn what_can_not_be_told_apart_is_refused_by_its_number() {
        for (input, pointer) in [("[{}", "/1"), ("[{},]", "/1"), ("[{}] {}", "/1"), ("7", "/0"), ("{\"a\":\"", "/0"), ("{}\n{", "/1")] {
            assert_eq!(cut(input.as_bytes()).unwrap_err().pointer.as_deref(), Some(pointer), "{input}");
        }
    }
}
