use std::{collections::VecDeque, io::IsTerminal};

use announcement::{Outcome, Receipt, Record};
use event_store::{RecordAnswer, SubmitError};
use futures::{StreamExt, stream};
use indicatif::ProgressBar;

use crate::{
    arguments::{Export, Import},
    exit::{Code, Failure, say},
    folder::{Folder, open},
    input::{Input, Inputs},
    output::print,
};

/// How many records one look brings.
pub(crate) const PAGE: usize = 1_024;
/// How many records may wait for the ledger.
const WINDOW: usize = 512;

/// Every record a line, with its own bytes.
pub(crate) fn export(arguments: &Export) -> Result<(), Failure> {
    let folder = Folder::reach(&arguments.data.data)?;
    let mut next = arguments.from.unwrap_or(0);
    let end = arguments.to.map_or(u64::MAX, |last| last.saturating_add(1));
    while next < end {
        let page = folder.records(next, PAGE.min(usize::try_from(end - next).unwrap_or(PAGE)))?;
        let mut lines = Vec::new();
        for record in &page.records {
            serde_json::to_writer(&mut lines, record).expect("a record is plain data");
            lines.push(b'\n');
        }
        let Some(last) = page.records.last() else { break };
        next = last.position.successor().get();
        print(&lines)?;
    }
    folder.close();
    Ok(())
}

/// Takes an export in: the same records at the same places give the same tree.
pub(crate) fn import(arguments: &Import) -> Result<(), Failure> {
    let ledger = open(&arguments.data.data)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Failure::new(Code::Failed, error))?;
    let progress = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let imported = runtime.block_on(async {
        let places = std::cell::RefCell::new(VecDeque::new());
        let wrong = std::cell::RefCell::new(None);
        let records = Inputs::of(&arguments.files).map_while(|input| {
            let read = input.and_then(|input| read(&input).map(|record| (input.place, record)));
            let (place, record) = read.map_err(|failure| *wrong.borrow_mut() = Some(failure)).ok()?;
            places.borrow_mut().push_back((place, record.clone()));
            Some(record)
        });
        let mut receipts = std::pin::pin!(stream::iter(records).map(async |record| ledger.import(&record).await).buffered(WINDOW));
        let mut count = 0_u64;
        while let Some(receipt) = receipts.next().await {
            let (place, record) = places.borrow_mut().pop_front().expect("a receipt for each record in its order");
            came_to_its_place(&place, &record, receipt)?;
            count += 1;
            progress.inc(1);
        }
        wrong.take().map_or(Ok(count), Err)
    });
    progress.finish_and_clear();
    let head = ledger.head();
    runtime.block_on(ledger.close());
    say(format_args!("{} records read; the ledger has {} with root {}", imported?, head.size, head.root));
    Ok(())
}

fn read(Input { place, event }: &Input) -> Result<Record, Failure> {
    let bad = |reason: &str| Failure::new(Code::BadData, format_args!("{place}: {reason}"));
    let answer: RecordAnswer = serde_json::from_slice(event).map_err(|error| bad(&format!("not a line of an export: {error}")))?;
    answer.into_record().ok_or_else(|| bad("its bytes don't give its leaf: it isn't as it was exported"))
}

fn came_to_its_place(place: &str, record: &Record, receipt: Result<Receipt, SubmitError>) -> Result<(), Failure> {
    let bad = |reason: String| Err(Failure::new(Code::BadData, format_args!("{place}: {reason}; import into an empty folder, from position 0 on")));
    match receipt.map_err(|error| Failure::new(Code::Failed, format_args!("{place}: {error}")))?.outcome {
        Outcome::Recorded { position, leaf, .. } if (position, leaf) == (record.position, record.leaf()) => Ok(()),
        Outcome::Duplicate { position } if position == record.position => Ok(()),
        Outcome::Recorded { position, .. } | Outcome::Duplicate { position } => bad(format!("record {} came to position {position}", record.position)),
        Outcome::Refused { problem } => bad(format!("record {} was refused: {problem}", record.position)),
    }
}
