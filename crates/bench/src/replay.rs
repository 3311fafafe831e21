use std::{hint::black_box, path::Path, pin::pin, time::Instant};

use announcement::Position;
use event_store::{Ledger, MAX_PAGE};
use futures::StreamExt;
use jiff::Timestamp;

use crate::{
    BenchError, Figure,
    child::{Order, in_child},
    fill::Filled,
};

pub(crate) fn run(filled: &Filled, progress: fn(&str)) -> Result<Vec<Figure>, BenchError> {
    progress("replay");
    in_child(&Order::Replay { dir: filled.dir.clone() })
}

/// Every record as it's kept: by pages, and as a follower has it.
pub(crate) async fn replay(dir: &Path) -> Result<Vec<Figure>, BenchError> {
    let ledger = Ledger::open(event_store::Options::new(dir.to_owned(), Timestamp::now)).map_err(BenchError::failed)?;
    let (reader, size) = (ledger.reader(), ledger.head().size);
    let (mut next, mut bytes) = (Position::new(0), 0);
    let start = Instant::now();
    while next.get() < size {
        let page = reader.range(next, MAX_PAGE).map_err(BenchError::failed)?;
        let Some(last) = page.last() else { break };
        next = last.position.successor();
        bytes += page.iter().map(|record| record.event.len() as u64).sum::<u64>();
        black_box(page);
    }
    let pages = Figure::new("replay", "range, raw", size).rate(start.elapsed().as_secs_f64(), bytes).memory();
    let start = Instant::now();
    let mut following = pin!(reader.follow(Position::new(0)));
    let mut followed = 0;
    while followed < size
        && let Some(page) = following.next().await
    {
        followed += page.map_err(BenchError::failed)?.len() as u64;
    }
    let follower = Figure::new("replay", "follow, raw", size).rate(start.elapsed().as_secs_f64(), bytes).memory();
    ledger.close().await;
    Ok(vec![pages, follower])
}
