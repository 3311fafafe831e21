//! What a cell says, as text.

/// Without white space around it, and with one space for each white space inside, a no-break space or a line's end too.
pub(crate) fn tidy(text: &str) -> String {
    text.split(|char: char| char.is_whitespace()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A fault of a cell: what is wrong with it, and the remedy.
pub(crate) type CellFault = (String, String);

pub(crate) fn fault(detail: impl Into<String>, remedy: impl Into<String>) -> CellFault {
    (detail.into(), remedy.into())
}
