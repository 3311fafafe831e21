use announcement::{Outcome, Receipt, Record, Route};

use crate::{
    Message, ReadError,
    commit::{Commit, Taken},
    open::Fault,
};

/// Takes a record over that another ledger decided on, as the message that it came of: what is decided here must be the same record at the same place.
pub(crate) fn take_over(commit: &mut Commit<'_>, record: &Record) -> Result<(), Fault> {
    let position = record.position;
    if record.removed.is_some() {
        return match commit.restore(record)? {
            Ok(Outcome::Recorded { .. }) => Ok(()),
            other => Err(Fault::new(format_args!("the redacted record at position {position} of another node has no place here: {other:?}"))),
        };
    }
    let kind = record.announcement().map_err(|_| ReadError::Unreadable { position })?.kind();
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
