use jiff::{Timestamp, civil, tz::Offset};

use crate::{Announcement, Fault, Problem};

/// Refuses what was announced later than a day after it was recorded: the earliest day of `announced` counts, in UTC.
///
/// # Errors
/// [`Fault::Future`].
pub fn check_announced(announcement: &Announcement, recorded: Timestamp) -> Result<(), Problem> {
    let last = Offset::UTC.to_datetime(recorded).date().tomorrow().unwrap_or(civil::Date::MAX);
    let announced = announcement.data.announced();
    if announced.span().earliest.is_some_and(|earliest| earliest > last) {
        return Err(Problem::at(Fault::Future, "/data/announced", format_args!("{announced} is more than a day after the event reached the queue")));
    }
    Ok(())
}
