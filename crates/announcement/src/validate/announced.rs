use jiff::{Timestamp, civil, tz::Offset};

use crate::{Announcement, Data, Date, Fault, Problem};

/// Refuses what was announced later than a day after it was recorded: the earliest day of `announced` counts, in UTC. A correction's replacement is looked at too.
///
/// # Errors
/// [`Fault::Future`].
pub fn check_announced(announcement: &Announcement, recorded: Timestamp) -> Result<(), Problem> {
    let last = Offset::UTC.to_datetime(recorded).date().tomorrow().unwrap_or(civil::Date::MAX);
    check(announcement.data.announced(), last, "/data/announced")?;
    match &announcement.data {
        Data::Corrected(corrected) => check(corrected.replacement.data.announced(), last, "/data/replacement/data/announced"),
        _ => Ok(()),
    }
}

fn check(announced: &Date, last: civil::Date, pointer: &str) -> Result<(), Problem> {
    if announced.span().earliest.is_some_and(|earliest| earliest > last) {
        return Err(Problem::at(Fault::Future, pointer, format_args!("{announced} is more than a day after the event reached the queue")));
    }
    Ok(())
}
