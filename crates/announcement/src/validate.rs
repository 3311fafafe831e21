mod announced;
mod envelope;
mod kinds;
mod texts;
mod transfers;

pub use announced::check_announced;

use crate::{Announcement, Data, ExchangeKey, Problem};

/// Everything of section 4 of the wire format that needs no ledger.
pub(crate) fn check(announcement: &Announcement) -> Result<(), Problem> {
    envelope::check(&announcement.envelope)?;
    check_data(&announcement.data, announcement.envelope.subject.as_ref(), "")
}

/// An event's data with its subject, or a replacement's, which stand below `base`.
fn check_data(data: &Data, subject: Option<&ExchangeKey>, base: &str) -> Result<(), Problem> {
    texts::check(data, &format!("{base}/data"))?;
    transfers::check(data, &format!("{base}/data/transfers"))?;
    transfers::check_keys(data, subject, base)?;
    kinds::check(data, &format!("{base}/data"))
}
