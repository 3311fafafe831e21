use crate::{Announcement, Fault, Problem};

/// Everything of section 4 of the wire format that needs no ledger.
pub(crate) fn check(announcement: &Announcement) -> Result<(), Problem> {
    let source = &announcement.envelope.source;
    if source.is_empty() || source.len() > 256 {
        return Err(Problem::at(Fault::Envelope, "/source", "expected a URI-reference of at most 256 bytes"));
    }
    Ok(())
}

/// Refuses what was announced later than a day after it was recorded: the earliest day of `announced` counts, in UTC.
///
/// # Errors
/// [`Fault::Future`].
pub fn check_announced(announcement: &Announcement, recorded: jiff::Timestamp) -> Result<(), Problem> {
    let last = jiff::tz::Offset::UTC.to_datetime(recorded).date().tomorrow().unwrap_or(jiff::civil::Date::MAX);
    let announced = announcement.data.announced();
    if announced.span().earliest.is_some_and(|earliest| earliest > last) {
        return Err(Problem::at(Fault::Future, "/data/announced", format_args!("{announced} is more than a day after the event reached the queue")));
    }
    Ok(())
}
