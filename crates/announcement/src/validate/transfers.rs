use crate::{Bounds, Category, Count, Data, ExchangeKey, Fault, Item, Party, Problem, Transfer};

pub(super) fn check(data: &Data, base: &str) -> Result<(), Problem> {
    let transfers = data.transfers();
    for (number, transfer) in transfers.iter().enumerate() {
        let at = || format!("{base}/{number}");
        if transfer.from == transfer.to {
            return Err(wrong(at() + "/to", "a party hands over to itself"));
        }
        let first = &transfers[0];
        if pair(transfer) != pair(first) {
            return Err(wrong(at() + "/from", "the transfers are between several pairs of parties"));
        }
        if transfers[..number].iter().any(|other| other.from == transfer.from) {
            return Err(wrong(at(), "there are two transfers of this direction; put their items into one"));
        }
        let other = transfers.iter().any(|other| other.from == transfer.to);
        if transfer.relation.is_some() && !other && transfer.counts.is_empty() {
            return Err(wrong(at() + "/relation", "it's compared with the other direction, which isn't given"));
        }
        check_items(&transfer.counts, matches!(data, Data::Identity(_)), || at() + "/counts")?;
    }
    Ok(())
}

/// Findings about the bodies of one exchange may differ by `identity` alone.
fn check_items(items: &[Item], findings: bool, base: impl Fn() -> String) -> Result<(), Problem> {
    for (number, item) in items.iter().enumerate() {
        let at = || format!("{}/{number}", base());
        check_count(item.count, || at() + "/count")?;
        if item.of.is_none() && item.category.main().is_none() {
            let detail = "expected bodies, prisoners, civilians, children or people; a part names its whole in `of`";
            return Err(Problem::at(Fault::Malformed, at() + "/category", detail));
        }
        let about = |item: &Item| item.of.or(item.category.main());
        if item.identity.is_some() && about(item) != Some(Category::Bodies) {
            return Err(wrong(at() + "/identity", "identity is said of bodies only"));
        }
        let told_apart = |other: &Item| findings && other.identity != item.identity;
        let same = |other: &Item| {
            (&other.category, other.of, &other.group, &other.origin) == (&item.category, item.of, &item.group, &item.origin) && !told_apart(other)
        };
        if items[..number].iter().any(same) {
            return Err(wrong(at(), "an item before it has the same category, of, group and origin"));
        }
        if let Some(whole) = item.of {
            check_part(item, whole, items, at)?;
        }
    }
    Ok(())
}

fn check_part(part: &Item, whole: Category, items: &[Item], at: impl Fn() -> String) -> Result<(), Problem> {
    let of_whole: Vec<Bounds> = items.iter().filter(|item| item.main() == Some(whole)).map(|item| item.count.bounds()).collect();
    if of_whole.is_empty() {
        return Err(Problem::at(Fault::Range, at() + "/of", format_args!("the transfer has no item of {whole} that it could be a part of")));
    }
    let sum: Bounds = of_whole.into_iter().sum();
    if sum.high.is_some_and(|high| part.count.bounds().low > high) {
        return Err(Problem::at(Fault::Range, at() + "/count", format_args!("the part is larger than its whole, {whole}")));
    }
    Ok(())
}

pub(super) fn check_count(count: Count, at: impl FnOnce() -> String) -> Result<(), Problem> {
    match count {
        Count::Between(low, high) if low > high => Err(Problem::at(Fault::Range, at(), "the smaller number comes first")),
        Count::LessThan(number) if number.get() == 0 => Err(Problem::at(Fault::Range, at(), "no count is less than 0")),
        _ => Ok(()),
    }
}

/// The exchange keys of an event are of its transfers' parties, and an exchange is no stage of itself.
pub(super) fn check_keys(data: &Data, subject: Option<&ExchangeKey>, base: &str) -> Result<(), Problem> {
    let part_of = data.part_of();
    let derived = || ExchangeKey::derive(data.exchange_date()?, data.transfers());
    if part_of.is_some_and(|whole| Some(whole) == subject || subject.is_none() && Some(whole) == derived().as_ref()) {
        return Err(Problem::at(Fault::Stage, format!("{base}/data/exchange/part_of"), "the exchange is a stage of itself"));
    }
    let scope = match data {
        Data::Aggregate(data) => data.scope_exchanges.as_deref(),
        Data::Identity(data) => data.scope_exchanges.as_deref(),
        _ => None,
    };
    let scope = scope.unwrap_or_default().iter().enumerate().map(|(number, key)| (format!("/data/scope_exchanges/{number}"), key));
    let named = subject.map(|key| ("/subject".to_owned(), key)).into_iter().chain(part_of.map(|key| ("/data/exchange/part_of".to_owned(), key))).chain(scope);
    let Some((one, other)) = data.transfers().first().map(pair) else { return Ok(()) };
    for (pointer, key) in named {
        if !key.is_between(one, other) {
            return Err(Problem::at(Fault::SubjectParties, format!("{base}{pointer}"), format_args!("the transfers are between {one} and {other}")));
        }
    }
    Ok(())
}

fn pair(transfer: &Transfer) -> (Party, Party) {
    (transfer.from.min(transfer.to), transfer.from.max(transfer.to))
}

fn wrong(pointer: impl Into<String>, detail: &str) -> Problem {
    Problem::at(Fault::Transfers, pointer, detail)
}
