use announcement::{Outcome, Receipt, Record, Route};

use crate::{
    Message, ReadError,
    commit::{Commit, Taken},
    open::Fault,
};

/// Takes a record over that another ledger decided on, as the message that it came of: what is decided here must be the same record at the same place.
pub(crate) fn take_over(commit: &mut Commit<'_>, record: &Record) -> Result<(), Fault> {
    let position = record.position;
    let event = std::str::from_utf8(&record.event).ok().and_then(|event| announcement::decode(event).ok());
    let kind = event.ok_or(ReadError::Unreadable { position })?.kind();
    let subject = Route::of(kind, record.publisher.clone()).to_string();
    let message = Message { subject, headers: Vec::new(), body: record.event.clone().into(), sequence: None, time: record.recorded };
    let leaf = record.leaf();
    match commit.take(&message)? {
        Taken::Decided { receipt: Receipt { outcome: Outcome::Recorded { position: at, leaf: given, .. }, .. }, .. } if (at, given) == (position, leaf) => {
            Ok(())
        }
        other => Err(Fault::new(format_args!("the record at position {position} of another node isn't decided on here as it was there: {other:?}"))),
    }
}
