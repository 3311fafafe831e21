//! Statements that aren't about one handing over: totals, channels, talks.

use announcement::{Category, ChannelStatus, Count, Date, Number};

use crate::{
    categories::channel_of,
    claim::Act,
    clauses::is_subject_form,
    counted::Whose,
    dates::{Published, Side as Direction, When, resolve},
    flows::{Flow, Item},
    gazetteer::{FRAMEWORK, helper},
    language::Language,
    lexicon::{Mark, Move, Noun, Side, Since, Tag, Tense},
    reading::Reading,
    speakers::{Offices, Speaker, What},
    support::{Sourced, Support},
    times::own_dates,
    tokens::{Kind, bytes},
    voice::is_partner,
    why::Why,
};

/// When the full-scale invasion began.
const INVASION: &str = "2022-02-24";

/// What a cumulative figure covers.
pub(crate) struct Covers {
    pub(crate) period: Sourced<Date>,
    pub(crate) scope: Option<Sourced<String>>,
    pub(crate) exchanges: Option<Sourced<Count>>,
}

/// Whether the sentence gives a cumulative figure, and what it covers. `announced` is when it was said.
pub(crate) fn covers(reading: &Reading<'_>, announced: &Sourced<Date>, published: Option<&Published>, article: &str) -> Result<Option<Covers>, Why> {
    let exchanges = number_of_exchanges(reading);
    let since = reading.find(|tag| matches!(tag, Tag::Since(Since::YearBegan | Since::WarBegan | Since::Ever)));
    let dates = || reading.dates.iter().filter(|date| date.when != When::Captivity);
    let dated = reading.find(|tag| tag == Tag::Since(Since::Date)).and_then(|mark| {
        let date = dates().find(|date| date.first >= mark.end && date.first <= mark.end + 2)?;
        Some((mark.first, date))
    });
    // "С июня 2025 года".
    let from =
        |date: &&crate::dates::Mention| date.first > 0 && matches!(reading.sentence.tokens[date.first - 1].lower.as_str(), "с" | "со" | "з" | "із" | "від");
    let dated = dated.or_else(|| dates().find(from).map(|date| (date.first - 1, date)));
    let year = reading.dates.iter().find(|date| matches!(date.when, When::Year(_)));
    // "On August 24 it welcomed home 146, the first since the invasion began": which of the times the number is of can't be told.
    let of_a_day = |date: &crate::dates::Mention| matches!(date.when, When::Day { .. } | When::Weekday(_) | When::DaysAgo(_));
    let other_day = || own_dates(reading).any(|date| of_a_day(date) && dated.is_none_or(|(_, from)| from != date));
    if (since.is_some() || dated.is_some()) && other_day() {
        return Err(Why::NoPeriod);
    }
    let total = reading.has(|tag| tag == Tag::Total);
    let end = announced.value.to_string();
    let end = end.strip_prefix("../").unwrap_or(&end);
    let interval = |from: &str, at: std::ops::Range<usize>| {
        let value = format!("{from}/{end}").parse().map_err(|_| Why::NoPeriod)?;
        let mut supports = vec![reading.support(at.clone())];
        supports.extend(announced.from.clone());
        let scope = words(reading, at, article);
        Ok(Some(Covers { period: Sourced { value, from: supports }, scope: Some(scope), exchanges: exchanges.clone() }))
    };
    match (since.map(|mark| (mark, mark.tag)), dated, year) {
        (Some((mark, Tag::Since(Since::WarBegan))), ..) => interval(INVASION, mark.first..mark.end),
        (Some((mark, Tag::Since(Since::YearBegan))), ..) => {
            let year = end.get(..4).filter(|_| published.is_some() || !announced.from.is_empty()).ok_or(Why::NoPeriod)?;
            interval(&format!("{year}-01-01"), mark.first..mark.end)
        }
        (_, Some((first, date)), _) => {
            let from = resolve(date, &reading.sentence.tokens, published, Direction::Past).ok_or(Why::NoPeriod)?;
            let from = from.value.to_string();
            let from = if from.len() == 4 { format!("{from}-01-01") } else { from };
            interval(&from, first..date.end)
        }
        (_, None, Some(date)) if is_until(reading, date.first) => Err(Why::NoPeriod),
        (_, None, Some(date)) => {
            let period = resolve(date, &reading.sentence.tokens, published, Direction::Past).ok_or(Why::NoPeriod)?;
            let scope = through(reading, date.end, article).or_else(|| Some(words(reading, date.first.saturating_sub(1)..date.end, article)));
            Ok(Some(Covers { period, scope, exchanges }))
        }
        (Some((_, _)), None, _) => Err(Why::NoPeriod),
        (None, None, _) if exchanges.is_some() => Err(Why::NoPeriod),
        (None, None, None) if total && !reading.dates.iter().any(|date| matches!(date.when, When::Day { .. } | When::DaysAgo(_) | When::Weekday(_))) => {
            Err(Why::NoPeriod)
        }
        _ => Ok(None),
    }
}

/// "By the end of 2024", "до 2025 року": a total up to then, and since when isn't said.
fn is_until(reading: &Reading<'_>, first: usize) -> bool {
    const UNTIL: &[&str] = &["by", "until", "before", "end", "start", "до", "к", "концу", "конец", "кінець", "кінця", "станом"];
    reading.sentence.tokens[first.saturating_sub(2)..first].iter().any(|token| UNTIL.contains(&token.lower.as_str()))
}

/// Whether words of the text may stand in an event as they are: no word in capitals is there but of parties, offices and times. A name of somebody who is held
/// or was killed must never get into one.
fn names_nobody(reading: &Reading<'_>, tokens: std::ops::Range<usize>) -> bool {
    let known = |at: usize| {
        reading.marks.iter().any(|mark| (mark.first..mark.end).contains(&at)) || reading.dates.iter().any(|date| (date.first..date.end).contains(&at))
    };
    tokens.into_iter().all(|at| !reading.sentence.tokens[at].capital || known(at) || helper(&reading.sentence.tokens[at..]).is_some())
}

/// The words themselves.
fn words(reading: &Reading<'_>, tokens: std::ops::Range<usize>, article: &str) -> Sourced<String> {
    let place = bytes(&reading.sentence.tokens, tokens);
    Sourced::text(article[place.clone()].to_owned(), place)
}

/// "Returned through exchanges conducted in 2025": the verb and what limits it, without what stands between.
fn through(reading: &Reading<'_>, end: usize, article: &str) -> Option<Sourced<String>> {
    let tokens = &reading.sentence.tokens;
    let first = tokens.iter().position(|token| matches!(token.lower.as_str(), "through" | "via")).filter(|first| *first < end)?;
    let verb = reading.marks.iter().rfind(|mark| matches!(mark.tag, Tag::Verb(..)) && mark.end <= first).filter(|_| names_nobody(reading, first..end))?;
    let (verb, limit) = (bytes(tokens, verb.first..verb.end), bytes(tokens, first..end));
    let value = format!("{} {}", &article[verb.clone()], &article[limit.clone()]);
    Some(Sourced { value, from: vec![Support::Text(verb), Support::Text(limit)] })
}

/// "75 exchanges".
fn number_of_exchanges(reading: &Reading<'_>) -> Option<Sourced<Count>> {
    let tokens = &reading.sentence.tokens;
    let mark =
        reading.marks.iter().find(|mark| mark.tag == Tag::Exchanges && mark.first > 0 && matches!(tokens[mark.first - 1].kind, Kind::Number(Some(_))))?;
    let Kind::Number(Some(number)) = tokens[mark.first - 1].kind else { return None };
    let number = Number::new(number)?;
    let bound = reading.marks.iter().find(|bound| bound.end == mark.first - 1);
    let (count, first) = match bound.map(|bound| (bound.tag, bound.first)) {
        Some((Tag::Bound(crate::lexicon::Bound::MoreThan), first)) => (Count::MoreThan(number), first),
        Some((Tag::Bound(crate::lexicon::Bound::AtLeast), first)) => (Count::AtLeast(number), first),
        Some((Tag::Bound(crate::lexicon::Bound::About), first)) => (Count::About(number), first),
        Some((Tag::Bound(_), _)) => return None,
        _ => (Count::Exact(number), mark.first - 1),
    };
    Some(Sourced { value: count, from: vec![reading.support(first..mark.end)] })
}

/// "Prisoner exchanges are blocked": which channel, its state.
pub(crate) fn channel(reading: &Reading<'_>) -> Option<(Sourced<&'static str>, Sourced<ChannelStatus>)> {
    let tokens = &reading.sentence.tokens;
    let status = reading.find(|tag| matches!(tag, Tag::Status(_)))?;
    let Tag::Status(state) = status.tag else { return None };
    let distance = |mark: &Mark| mark.first.saturating_sub(status.end).max(status.first.saturating_sub(mark.end));
    let named = reading.marks.iter().filter(|mark| matches!(mark.tag, Tag::Exchanges | Tag::Exchange)).filter_map(|mark| {
        let beside = (mark.first.saturating_sub(2)..(mark.end + 3).min(tokens.len())).filter(|at| tokens[*at].is_word());
        beside.filter_map(|at| channel_of(&tokens[at].lower)).next().map(|of| (*mark, of))
    });
    let (mark, of) = named.min_by_key(|(mark, _)| distance(mark))?;
    // One verb between them at most: what is blocked is the exchanges.
    let (first, last) = if mark.first < status.first { (mark.end, status.first) } else { (status.end, mark.first) };
    let near = last.saturating_sub(first) <= 8 && tokens[first..last].iter().all(|token| !matches!(token.lower.as_str(), ";" | ":" | "("));
    let intended = reading.has(|tag| matches!(tag, Tag::Doubt(_) | Tag::Not | Tag::Foreign | Tag::Offer));
    let planned = reading.has(|tag| tag == Tag::Plan) && state != ChannelStatus::Resuming;
    // "Was suspended for five months": it no longer is.
    let past = |at: usize| tokens.get(at).is_some_and(|token| matches!(token.lower.as_str(), "был" | "были" | "было" | "була" | "були" | "було" | "had"));
    if past(status.end) || status.first.checked_sub(1).is_some_and(past) || status.first.checked_sub(2).is_some_and(past) {
        return None;
    }
    let question = tokens.iter().any(|token| token.is("?"));
    let text = |at: std::ops::Range<usize>| reading.support(at);
    (near && !intended && !planned && !question)
        .then(|| (Sourced { value: of.as_str(), from: vec![text(mark.first..mark.end)] }, Sourced { value: state, from: vec![text(status.first..status.end)] }))
}

/// With whom was talked, and about what: `issue` is the channel whose state was told last.
pub(crate) fn contact(
    reading: &Reading<'_>,
    offices: &Offices,
    issue: Option<(&str, ChannelStatus, &[Support])>,
    attributed: bool,
    article: &str,
) -> Option<(Vec<Speaker>, Option<Sourced<String>>)> {
    let talks = reading.find(|tag| tag == Tag::Talks)?;
    if reading.has(|tag| matches!(tag, Tag::Doubt(_) | Tag::Not | Tag::Plan | Tag::Foreign | Tag::Offer)) {
        return None;
    }
    let holders = || reading.named.iter().filter(|named| matches!(named.what, What::Holder(_)));
    let mut with: Vec<Speaker> =
        holders().filter(|named| named.at.start >= talks.first && is_partner(reading, named)).filter_map(|named| offices.speaker(reading, named)).collect();
    // Where an outlet tells of talks, both who talked are the ones with whom they were held.
    if !attributed && !with.is_empty() {
        let first: Vec<Speaker> =
            holders().filter(|named| named.at.end <= talks.first && !is_partner(reading, named)).filter_map(|named| offices.speaker(reading, named)).collect();
        if first.is_empty() {
            return None;
        }
        with.splice(0..0, first);
    }
    if with.is_empty() || with.iter().any(|with| with.name.is_none()) {
        return None;
    }
    let tokens = &reading.sentence.tokens;
    let about = tokens.windows(2).position(|pair| matches!((pair[0].lower.as_str(), pair[1].lower.as_str()), ("the", "issue" | "matter" | "question")));
    let topic = about.and_then(|at| {
        let (channel, status, supports) = issue?;
        let status = match status {
            ChannelStatus::Blocked => "blocked",
            ChannelStatus::Paused => "paused",
            ChannelStatus::Resuming | ChannelStatus::Open => return None,
        };
        let mut from = vec![reading.support(at..at + 2)];
        from.extend_from_slice(supports);
        Some(Sourced { value: format!("the {status} exchanges of {channel}"), from })
    });
    Some((with, topic.or_else(|| discussed(reading, &talks, article))))
}

/// "Discussed … with": what stands between.
fn discussed(reading: &Reading<'_>, talks: &Mark, article: &str) -> Option<Sourced<String>> {
    /// The most words of a topic.
    const LONGEST: usize = 12;
    let tokens = &reading.sentence.tokens;
    let verb = ["discussed", "обсуд", "обговор"].iter().any(|stem| tokens[talks.first].lower.starts_with(stem));
    let end = (talks.end..tokens.len()).find(|at| matches!(tokens[*at].lower.as_str(), "with" | "с" | "со" | "з" | "із" | "зі"))?;
    let words = end - talks.end;
    let plain = tokens[talks.end..end].iter().all(|token| token.is_word() || token.is("'"));
    let place = (verb && plain && (2..=LONGEST).contains(&words) && names_nobody(reading, talks.end..end)).then(|| bytes(tokens, talks.end..end))?;
    Some(Sourced::text(article[place.clone()].to_owned(), place))
}

/// The agreement that the sentence says the exchange follows.
pub(crate) fn framework(reading: &Reading<'_>) -> Option<Sourced<&'static str>> {
    let tokens = &reading.sentence.tokens;
    (0..tokens.len()).find_map(|at| FRAMEWORK.at(&tokens[at..]).map(|(len, name)| Sourced { value: name, from: vec![reading.support(at..at + len)] }))
}

/// "At talks in Istanbul the sides agreed": the agreement of that place.
pub(crate) fn agreed_at(reading: &Reading<'_>) -> Option<Sourced<&'static str>> {
    const PLACES: &[(&str, &str)] = &[
        ("istanbul", "Istanbul agreements (2025)"),
        ("стамбул", "Istanbul agreements (2025)"),
        ("geneva", "Geneva agreements (2026)"),
        ("женев", "Geneva agreements (2026)"),
    ];
    let named = |(at, token): (usize, &crate::tokens::Token)| PLACES.iter().find(|(stem, _)| token.lower.starts_with(stem)).map(|(_, name)| (at, *name));
    let (at, name) = reading.sentence.tokens.iter().enumerate().find_map(named)?;
    Some(Sourced { value: name, from: vec![reading.support(at..at + 1)] })
}

/// "Ten residents remain in Ukraine": who holds how many of whose.
pub(crate) fn stock(reading: &Reading<'_>, parties: &[(Side, std::ops::Range<usize>)]) -> Option<Act> {
    reading.find(|tag| tag == Tag::Remain)?;
    if reading.has(|tag| matches!(tag, Tag::Doubt(_) | Tag::Not | Tag::Foreign | Tag::Plan | Tag::Verb(..)))
        || reading.sentence.tokens.iter().any(|token| token.is("?"))
    {
        return None;
    }
    let mut living = reading.counted.iter().filter(|counted| counted.dead.is_none() && counted.noun.is_some());
    let (Some(counted), None) = (living.next(), living.next()) else { return None };
    let (noun, at) = counted.noun?;
    let category = match noun {
        Noun::Civilians => "civilians",
        Noun::Children => "children",
        Noun::Prisoners | Noun::Soldiers | Noun::SoldiersOf(_) => "prisoners",
        Noun::People | Noun::Nationals(_) => "people",
        Noun::Bodies | Noun::Women | Noun::Wounded => return None,
    };
    let (Whose::Of(of), first, end) = counted.nationality? else { return None };
    let by = of.other();
    let holder = parties.iter().find(|(side, bytes)| *side == by && reading.sentence.bytes.contains(&bytes.start))?;
    Some(Act::Stock {
        by: Sourced::text(by, holder.1.clone()),
        of: Sourced { value: of, from: vec![reading.support(first..end)] },
        category: Sourced { value: category, from: vec![reading.support(at..at + 1)] },
        count: Sourced { value: counted.count, from: vec![reading.support(counted.first..counted.end)] },
    })
}

/// A planned exchange that was put off or called off, of which the day was said.
pub(crate) fn called_off(reading: &Reading<'_>, published: Option<&Published>, article: &str) -> Option<(Act, Sourced<Date>)> {
    let mark = reading.find(|tag| matches!(tag, Tag::Postponed | Tag::Cancelled))?;
    reading.find(|tag| tag == Tag::Exchange)?;
    if reading.has(|tag| matches!(tag, Tag::Doubt(_) | Tag::Not | Tag::Foreign)) || !reading.counted.is_empty() {
        return None;
    }
    let own: Vec<_> = own_dates(reading).collect();
    let [date] = own.as_slice() else { return None };
    let near = matches!(date.when, When::Day { .. });
    let date = resolve(date, &reading.sentence.tokens, published, Direction::Near).filter(|_| near)?;
    let tokens = &reading.sentence.tokens;
    let cause = tokens.iter().position(|token| matches!(token.lower.as_str(), "because" | "due" | "из-за" | "через"));
    let reason = cause.and_then(|cause| {
        let after = cause + 1 + usize::from(tokens.get(cause + 1).is_some_and(|next| matches!(next.lower.as_str(), "of" | "to")));
        let end = (after..tokens.len()).find(|at| matches!(tokens[*at].lower.as_str(), "," | "." | ";" | "—" | "–")).unwrap_or(tokens.len());
        (after < end && names_nobody(reading, after..end)).then(|| words(reading, after..end, article))
    });
    let reason = reason.unwrap_or_else(|| Sourced { value: "not stated".to_owned(), from: vec![reading.whole()] });
    let party = reading.marks.iter().find(|party| is_subject_form(**party) && party.end <= mark.first && mark.first <= party.end + 1);
    let by = party.and_then(|party| match party.tag {
        Tag::Party(side, _) => Some(Sourced { value: side, from: vec![reading.support(party.first..party.end)] }),
        _ => None,
    });
    let act = if mark.tag == Tag::Postponed { Act::Postponed { by, reason } } else { Act::Cancelled { by, reason } };
    Some((act, date))
}

/// An exchange that took place, of which it's said that the numbers aren't given: here or in the sentence after.
pub(crate) fn withheld(reading: &Reading<'_>, next: Option<&Reading<'_>>, parties: &[(Side, std::ops::Range<usize>)]) -> Option<Vec<Flow>> {
    let of = |reading: &Reading<'_>| reading.find(|tag| tag == Tag::Withheld).map(|mark| reading.support(mark.first..mark.end));
    let words = of(reading).or_else(|| next.and_then(of))?;
    reading.find(|tag| tag == Tag::Verb(Move::Swap, Tense::Past))?;
    if reading.counted.iter().any(|counted| counted.noun.is_some() || counted.dead.is_some())
        || reading.has(|tag| matches!(tag, Tag::Plan | Tag::Offer | Tag::Agree | Tag::Since(_) | Tag::Exchanges))
    {
        return None;
    }
    let kinds: Vec<(Category, usize)> =
        (0..reading.sentence.tokens.len()).filter_map(|at| channel_of(&reading.sentence.tokens[at].lower).map(|of| (of, at))).collect();
    let (category, at) = *kinds.first()?;
    let one_kind = kinds.iter().all(|(other, _)| *other == category);
    let named = |side: Side| {
        parties
            .iter()
            .find(|(party, bytes)| *party == side && reading.sentence.bytes.contains(&bytes.start))
            .map(|(_, bytes)| Sourced::text(side, bytes.clone()))
    };
    let (ru, ua) = (named(Side::Ru)?, named(Side::Ua)?);
    let flow = |from: &Sourced<Side>, to: &Sourced<Side>| Flow {
        from: from.clone(),
        to: to.clone(),
        items: vec![Item {
            category: Sourced { value: category.as_str(), from: vec![reading.support(at..at + 1)] },
            count: Sourced { value: Count::Unknown, from: vec![words.clone()] },
            of: None,
            origin: None,
            identity: None,
        }],
    };
    one_kind.then(|| vec![flow(&ru, &ua), flow(&ua, &ru)])
}

/// Whether two flows say the same of each direction that the second has.
pub(crate) fn repeats(known: &[Flow], flows: &[Flow]) -> bool {
    flows.iter().all(|flow| {
        known.iter().any(|other| {
            let item = |wanted: &crate::flows::Item| {
                other.items.iter().any(|item| item.category.value == wanted.category.value && item.count.value == wanted.count.value)
            };
            other.from.value == flow.from.value && flow.items.iter().filter(|item| item.of.is_none()).all(item)
        })
    })
}

/// Words by which a text goes on about the exchange that it spoke of.
pub(crate) fn is_definite(reading: &Reading<'_>, mark: &Mark, language: Language) -> bool {
    let before = mark.first.checked_sub(1).map_or("", |before| reading.sentence.tokens[before].lower.as_str());
    match language {
        Language::English => matches!(before, "the" | "this" | "that" | "latest"),
        Language::Russian | Language::Ukrainian => {
            !matches!(before, "новый" | "новий" | "предыдущий" | "попередній" | "следующий" | "наступний" | "очередной" | "черговий")
        }
    }
}
