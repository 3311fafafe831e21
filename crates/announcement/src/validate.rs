use crate::{Announcement, Fault, Problem};

/// Everything of section 4 of the wire format that needs no ledger.
pub(crate) fn check(announcement: &Announcement) -> Result<(), Problem> {
    let source = &announcement.envelope.source;
    if source.is_empty() || source.len() > 256 {
        return Err(Problem::at(Fault::Envelope, "/source", "expected a URI-reference of at most 256 bytes"));
    }
    Ok(())
}
