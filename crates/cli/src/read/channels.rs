use clap::Args;

use super::{announcer, as_of, get, text, things};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct Channels {
    /// Only bodies, prisoners or civilians
    #[arg(long)]
    channel: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn channels(arguments: &Channels) -> Result<(), Failure> {
    let body = get(&arguments.reading, "/v1/channels", [("channel", arguments.channel.clone())])?;
    answer(&body, arguments.reading.asking.output, "channels", |page| {
        let mut rows = Rows::new(&["channel", "parties", "announcer", "announced", "status", "blames", "completed_since", "last_completed", "position"]);
        for channel in things(page, "channels") {
            let parties = things(channel, "parties").iter().map(text).collect::<Vec<_>>().join("–");
            for view in things(channel, "views") {
                for statement in things(view, "statements") {
                    rows.rows.push(vec![
                        text(&channel["channel"]),
                        parties.clone(),
                        announcer(&view["announcer"]),
                        text(&statement["announced"]),
                        text(&statement["status"]),
                        text(&statement["blames"]),
                        text(&statement["completed_since"]["key"]),
                        text(&channel["last_completed"]["key"]),
                        text(&statement["position"]),
                    ]);
                }
            }
        }
        vec![(format!("Channels as of {}", as_of(page)), rows)]
    })
}
