use clap::Args;

use super::{Valid, as_of, get, length, listed, listed_of, text, things, voice};
use crate::{
    arguments::Reading,
    exit::Failure,
    output::{Rows, answer},
};

#[derive(Debug, Args)]
pub(crate) struct ThirdParties {
    /// Only this one
    #[arg(long, value_name = "PARTY")]
    party: Option<String>,
    #[command(flatten)]
    valid: Valid,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn third_parties(arguments: &ThirdParties) -> Result<(), Failure> {
    let body = get(&arguments.reading, "/v1/third-parties", [("party", arguments.party.clone())].into_iter().chain(arguments.valid.query()))?;
    answer(&body, arguments.reading.asking.output, "third_parties", |page| {
        let mut rows = Rows::new(&["party", "names", "credited_by", "role", "exchanges", "without_exchange", "claims"]);
        rows.numbers = vec![4, 5];
        for helper in things(page, "third_parties") {
            for credit in things(helper, "credits") {
                rows.rows.push(vec![
                    text(&helper["party"]),
                    listed(&helper["names"], "; "),
                    voice(&credit["by"]),
                    text(&credit["role"]),
                    length(credit, "exchanges"),
                    length(credit, "without_exchange"),
                    listed_of(credit, "claims"),
                ]);
            }
        }
        vec![(format!("Help as it's credited, as of {}", as_of(page)), rows)]
    })
}
