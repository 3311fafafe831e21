use crate::{Fault, Problem};

/// Checks the JSON profile and gives the text.
pub(crate) fn check(event: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(event).map_err(|error| Problem::at(Fault::NotJson, "", error))
}
