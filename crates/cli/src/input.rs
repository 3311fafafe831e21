use std::{
    collections::VecDeque,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use bytes::Bytes;

use crate::exit::{Code, Failure};

/// An event as it stood in a file.
pub(crate) struct Input {
    /// Where: `file:line` of JSON lines, `file#n` of an array.
    pub(crate) place: String,
    /// Its bytes.
    pub(crate) event: Bytes,
}

/// What an array or a single object may take; JSON lines have no such bound.
const MAX_WHOLE: u64 = 256 << 20;
/// The longest line: more than an event may be, so that a longer one is refused by name and not cut.
const MAX_LINE: u64 = 1 << 20;

/// The events of some files, read as they are needed.
pub(crate) struct Inputs {
    files: VecDeque<PathBuf>,
    open: Option<Lines>,
    cut: std::vec::IntoIter<Input>,
}

struct Lines {
    name: String,
    reader: Box<dyn BufRead>,
    line: u64,
}

impl Inputs {
    pub(crate) fn of(files: &[PathBuf]) -> Self {
        Self { files: files.iter().cloned().collect(), open: None, cut: Vec::new().into_iter() }
    }

    fn next_input(&mut self) -> Result<Option<Input>, Failure> {
        loop {
            if let Some(input) = self.cut.next() {
                return Ok(Some(input));
            }
            if let Some(lines) = &mut self.open {
                if let Some(input) = lines.next_line()? {
                    return Ok(Some(input));
                }
                self.open = None;
            }
            let Some(file) = self.files.pop_front() else { return Ok(None) };
            self.begin(&file)?;
        }
    }

    /// JSON lines are read line by line; an array, or an object over several lines, is read whole.
    fn begin(&mut self, file: &Path) -> Result<(), Failure> {
        let name = if file.as_os_str() == "-" { "standard input".to_owned() } else { file.display().to_string() };
        let unreadable = |error: std::io::Error| Failure::new(Code::BadData, format_args!("{name}: {error}"));
        let mut reader: Box<dyn BufRead> =
            if file.as_os_str() == "-" { Box::new(BufReader::new(std::io::stdin())) } else { Box::new(BufReader::new(File::open(file).map_err(unreadable)?)) };
        let mut first = Vec::new();
        while first.trim_ascii().is_empty() {
            first.clear();
            if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut first).map_err(unreadable)? == 0 {
                return Ok(());
            }
        }
        let is_line = first.trim_ascii().starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(&first).is_ok();
        let rest = std::io::Cursor::new(first).chain(reader);
        if is_line {
            self.open = Some(Lines { name, reader: Box::new(rest), line: 0 });
            return Ok(());
        }
        let mut whole = Vec::new();
        rest.take(MAX_WHOLE + 1).read_to_end(&mut whole).map_err(unreadable)?;
        if whole.len() as u64 > MAX_WHOLE {
            return Err(Failure::new(Code::BadData, format_args!("{name}: larger than {MAX_WHOLE} bytes in one piece; write one event a line")));
        }
        let whole = Bytes::from(whole);
        let events = announcement::cut(&whole).map_err(|problem| Failure::new(Code::BadData, format_args!("{name}: {problem}. {}", problem.remedy)))?;
        let inputs: Vec<Input> =
            events.into_iter().enumerate().map(|(number, event)| Input { place: format!("{name}#{}", number + 1), event: whole.slice_ref(event) }).collect();
        self.cut = inputs.into_iter();
        Ok(())
    }
}

impl Lines {
    fn next_line(&mut self) -> Result<Option<Input>, Failure> {
        loop {
            let mut line = Vec::new();
            let read = self.reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
            if read.map_err(|error| Failure::new(Code::BadData, format_args!("{}: {error}", self.name)))? == 0 {
                return Ok(None);
            }
            self.line += 1;
            let event = line.trim_ascii();
            if !event.is_empty() {
                return Ok(Some(Input { place: format!("{}:{}", self.name, self.line), event: Bytes::copy_from_slice(event) }));
            }
        }
    }
}

impl Iterator for Inputs {
    type Item = Result<Input, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_input().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let file = std::env::temp_dir().join(format!("handover-input-{}-{}", std::process::id(), text.len()));
        std::fs::write(&file, text).unwrap();
        let inputs: Result<Vec<_>, _> = Inputs::of(std::slice::from_ref(&file)).collect();
        std::fs::remove_file(&file).unwrap();
        let name = file.display().to_string();
        inputs.unwrap().into_iter().map(|input| (input.place.replace(&name, ""), String::from_utf8(input.event.to_vec()).unwrap())).collect()
    }

    #[test]
    fn one_object_an_array_and_lines_are_cut_with_their_own_bytes() {
        let place = |place: &str, event: &str| (place.to_owned(), event.to_owned());
        assert_eq!(read("{\"a\": 1}\n\n{\"b\":  2}"), [place(":1", "{\"a\": 1}"), place(":3", "{\"b\":  2}")]);
        assert_eq!(read("[ {\"a\": 1} ,\n {\"b\":2}]"), [place("#1", "{\"a\": 1}"), place("#2", "{\"b\":2}")]);
        assert_eq!(read("{\n\"a\": 1\n}\n"), [place("#1", "{\n\"a\": 1\n}")]);
        assert_eq!(read(""), []);
    }
}
