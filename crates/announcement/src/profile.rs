use std::{borrow::Cow, collections::HashSet};

use crate::{Fault, Problem, problem::escape};

/// How deep arrays and objects may lie in one another.
const MAX_DEPTH: usize = 32;
/// So many digits before the point are within a 64-bit float.
const FINITE_DIGITS: usize = 300;
/// Up to so many members of an object are compared one by one.
const FEW: usize = 16;

/// Checks the JSON profile in one pass, without recursion, and gives the text: UTF-8, no byte-order mark, no member twice, no lone surrogate, at most 32 deep, one object.
pub(crate) fn check(event: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(event).map_err(|error| wrong("", format_args!("byte {} isn't UTF-8", error.valid_up_to())))?;
    if text.starts_with('\u{FEFF}') {
        return Err(wrong("", "it begins with a byte-order mark"));
    }
    Scanner { text, bytes: event, at: 0, open: Vec::new(), names: Vec::new() }.run()?;
    Ok(text)
}

fn wrong(pointer: impl Into<String>, detail: impl std::fmt::Display) -> Problem {
    Problem::at(Fault::NotJson, pointer, detail)
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open<'a>>,
    /// The members' names of all open objects, the outermost's first.
    names: Vec<Cow<'a, str>>,
}

/// An array or object that's being read.
enum Open<'a> {
    Array {
        index: usize,
    },
    /// Its names begin at `from`; where they are many they are looked up in `seen`.
    Object {
        from: usize,
        seen: Option<HashSet<Cow<'a, str>>>,
    },
}

impl<'a> Scanner<'a> {
    fn run(mut self) -> Result<(), Problem> {
        self.space();
        if self.peek() != Some(b'{') {
            return Err(wrong("", "expected one object"));
        }
        self.value()?;
        while !self.open.is_empty() {
            self.step()?;
        }
        self.space();
        if self.at == self.bytes.len() { Ok(()) } else { Err(wrong("", "something follows the object")) }
    }

    /// Reads what comes next in the innermost array or object.
    fn step(&mut self) -> Result<(), Problem> {
        self.space();
        let (first, in_array, end) = match self.open.last() {
            Some(Open::Array { index }) => (*index == 0, true, b']'),
            Some(Open::Object { from, .. }) => (self.names.len() == *from, false, b'}'),
            None => return Ok(()),
        };
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                if let Some(Open::Object { from, .. }) = self.open.pop() {
                    self.names.truncate(from);
                }
                return Ok(());
            }
            Some(b',') if !first => {
                self.at += 1;
                self.space();
            }
            _ if first => {}
            _ => return Err(self.here("expected , or the end")),
        }
        if in_array {
            if let Some(Open::Array { index }) = self.open.last_mut() {
                *index += 1;
            }
            return self.value();
        }
        self.name()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.here("expected :"));
        }
        self.at += 1;
        self.space();
        self.value()
    }

    fn name(&mut self) -> Result<(), Problem> {
        if self.peek() != Some(b'"') {
            return Err(self.here("expected a member's name"));
        }
        let name = self.string()?;
        let Some(Open::Object { from, seen }) = self.open.last_mut() else { return Ok(()) };
        let before = &self.names[*from..];
        let twice =
            if before.len() < FEW { before.contains(&name) } else { !seen.get_or_insert_with(|| before.iter().cloned().collect()).insert(name.clone()) };
        self.names.push(name);
        if twice { Err(self.here("the member occurs twice")) } else { Ok(()) }
    }

    fn value(&mut self) -> Result<(), Problem> {
        match self.peek() {
            Some(b'{' | b'[') if self.open.len() == MAX_DEPTH => Err(self.here(format_args!("more than {MAX_DEPTH} deep"))),
            Some(b'{') => self.enter(Open::Object { from: self.names.len(), seen: None }),
            Some(b'[') => self.enter(Open::Array { index: 0 }),
            Some(b'"') => self.string().map(drop),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.here("expected a value")),
            None => Err(self.here("it ends early")),
        }
    }

    fn enter(&mut self, open: Open<'a>) -> Result<(), Problem> {
        self.at += 1;
        self.open.push(open);
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Problem> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.here("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), Problem> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits();
        let leading_zero = whole > 1 && self.bytes[self.at - whole] == b'0';
        let mut valid = whole > 0 && !leading_zero;
        if self.peek() == Some(b'.') {
            self.at += 1;
            valid &= self.digits() > 0;
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            valid &= self.digits() > 0;
        }
        // What a 64-bit float can't hold has no canonical form.
        let small = !exponent && whole <= FINITE_DIGITS;
        let finite = || small || self.text[start..self.at].parse::<f64>().is_ok_and(f64::is_finite);
        if valid && finite() { Ok(()) } else { Err(self.here("not a number of JSON")) }
    }

    fn digits(&mut self) -> usize {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    /// Reads a string; gives what it says.
    fn string(&mut self) -> Result<Cow<'a, str>, Problem> {
        let start = self.at + 1;
        self.at = start;
        let mut escaped = false;
        loop {
            let rest = &self.bytes[self.at..];
            self.at += rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\').unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.here("a control character in a string")),
                None => return Err(self.here("a string doesn't end")),
            }
        }
        let inside = &self.text[start..self.at];
        self.at += 1;
        if !escaped {
            return Ok(Cow::Borrowed(inside));
        }
        serde_json::from_str(&self.text[start - 1..self.at]).map(Cow::Owned).map_err(|error| self.here(error))
    }

    fn escape(&mut self) -> Result<(), Problem> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => match self.unit()? {
                0xD800..0xDC00 => {
                    let low = if self.bytes[self.at..].starts_with(b"\\u") {
                        self.at += 1;
                        self.unit()?
                    } else {
                        0
                    };
                    if !(0xDC00..0xE000).contains(&low) {
                        return Err(self.here("a lone surrogate"));
                    }
                }
                0xDC00..0xE000 => return Err(self.here("a lone surrogate")),
                _ => {}
            },
            _ => return Err(self.here("an unknown escape")),
        }
        Ok(())
    }

    /// The code unit of `uXXXX`.
    fn unit(&mut self) -> Result<u32, Problem> {
        let digits = self.bytes.get(self.at + 1..self.at + 5).and_then(|digits| std::str::from_utf8(digits).ok());
        let unit = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 5;
        unit.ok_or_else(|| {
            self.at = self.bytes.len();
            self.here("an unknown escape")
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Where the names of the object at this depth end: where the next object's begin.
    fn end_of_names(&self, depth: usize) -> usize {
        let inner = self.open[depth + 1..].iter().find_map(|open| match open {
            Open::Object { from, .. } => Some(*from),
            Open::Array { .. } => None,
        });
        inner.unwrap_or(self.names.len())
    }

    /// A problem at the member or element that's being read.
    fn here(&self, detail: impl std::fmt::Display) -> Problem {
        let mut pointer = String::new();
        for (depth, open) in self.open.iter().enumerate() {
            match open {
                Open::Array { index } => pointer.push_str(&format!("/{}", index.saturating_sub(1))),
                Open::Object { from, .. } => {
                    if let Some(name) = self.names[*from..self.end_of_names(depth)].last() {
                        let short: String = name.chars().take(64).collect();
                        pointer.push_str(&format!("/{}", escape(&short)));
                    }
                }
            }
        }
        wrong(pointer, format_args!("{detail}, at byte {}", self.at.min(self.bytes.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(input: &str) -> Option<String> {
        check(input.as_bytes()).err().and_then(|problem| problem.pointer)
    }

    #[test]
    fn json_of_the_profile_is_taken() {
        let deep = format!("{}1{}", "{\"a\":".repeat(32), "}".repeat(32));
        for input in ["{}", " {\"a\":[1,-0.5e+3,\"\\u00e9\\ud83d\\ude00\",true,false,null,{}],\"b\":[]} \n", &deep] {
            assert_eq!(check(input.as_bytes()).unwrap(), input);
        }
    }

    #[test]
    fn whatever_breaks_the_profile_is_refused_at_its_place() {
        let too_deep = format!("{}1{}", "{\"a\":".repeat(33), "}".repeat(33));
        for (input, place) in [
            ("", ""),
            ("[]", ""),
            ("\u{FEFF}{}", ""),
            ("{} {}", ""),
            ("{\"a\":1,\"a\":2}", "/a"),
            ("{\"d\":{\"a\":1,\"\\u0061\":2}}", "/d/a"),
            ("{\"x\":[0,\"\\ud800\"]}", "/x/1"),
            ("{\"x\":\"\\udc00\\ud800\"}", "/x"),
            ("{\"x\":\"\\ud800\\u0041\"}", "/x"),
            ("{\"x\":01}", "/x"),
            ("{\"x\":1e999}", "/x"),
            ("{\"x\":+1}", "/x"),
            ("{\"x\":nul}", "/x"),
            ("{\"x\":1,}", "/x"),
            ("{\"x\" 1}", "/x"),
            ("{\"x\":\"\u{1}\"}", "/x"),
            ("{\"x\":\"\\u12\"}", "/x"),
            ("{\"x\":\"abc", "/x"),
            ("{\"x\":[1", "/x/0"),
        ] {
            assert_eq!(pointer(input).as_deref(), Some(place), "{input}");
        }
        let many: String = (0..40).map(|number| format!("\"m{number}\":1,")).collect();
        assert_eq!(pointer(&format!("{{{many}\"m3\":2}}")).as_deref(), Some("/m3"));
        assert_eq!(pointer(&format!("{{{many}\"n\":2}}")), None);
        assert!(check(too_deep.as_bytes()).unwrap_err().detail.starts_with("more than 32 deep"));
        assert!(check(b"{\"a\":\"\xFF\"}").unwrap_err().detail.contains("UTF-8"));
    }
}
