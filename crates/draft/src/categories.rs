use announcement::{Category, Count};

use crate::{
    clauses::Clause,
    counted::Counted,
    flows::Flow,
    lexicon::{Noun, Tag},
    reading::Reading,
    support::Sourced,
    why::Why,
};

/// What a number counts, and what says so.
pub(crate) fn category(reading: &Reading<'_>, clause: &Clause, item: &Counted, parts: &[&Counted], before: Option<&Flow>) -> Result<Sourced<Category>, Why> {
    let at = |value: Category, token: usize| Ok(Sourced { value, from: vec![reading.support(token..token + 1)] });
    if let Some(dead) = item.dead {
        return at(Category::Bodies, dead);
    }
    if item.unclear {
        return Err(Why::NoCategory);
    }
    // "Five who died in captivity": no living ones.
    let died = || {
        reading
            .sentence
            .tokens
            .iter()
            .any(|token| ["died", "killed", "умер", "скончал", "помер", "загинул", "погибли"].iter().any(|stem| token.lower.starts_with(stem)))
    };
    if !matches!(item.noun, Some((Noun::Bodies, _))) && died() {
        return Err(Why::NoCategory);
    }
    let civilians = parts.iter().find(|part| matches!(part.noun, Some((Noun::Civilians | Noun::Children, _))));
    match item.noun {
        Some((Noun::Bodies, token)) => at(Category::Bodies, token),
        Some((Noun::Civilians, token)) => at(Category::Civilians, token),
        Some((Noun::Children, token)) => at(Category::Children, token),
        Some((Noun::Prisoners, token)) if civilians.is_some() => at(Category::People, token),
        Some((Noun::Soldiers | Noun::SoldiersOf(_), _)) if civilians.is_some() => Err(Why::NoCategory),
        Some((Noun::Soldiers | Noun::SoldiersOf(_) | Noun::Prisoners, token)) => soldiers(reading, clause, token),
        // "84 prisoners of war, and 84 Russians".
        Some((Noun::Nationals(_), token)) if follows_prisoners(reading, item) => at(Category::Prisoners, token),
        Some((Noun::People | Noun::Nationals(_), token)) => match apposed(reading, item) {
            Some(civilians) => at(Category::Civilians, civilians),
            None => at(Category::People, token),
        },
        Some((Noun::Women | Noun::Wounded, _)) => Err(Why::NoCategory),
        None => match bare(reading, item, before) {
            Ok(known) if known.value == Category::Bodies || civilians.is_none() => Ok(known),
            Err(why) if civilians.is_none() => Err(why),
            _ => at(Category::People, item.first),
        },
    }
}

/// Living soldiers; beside bodies in one sentence it isn't sure that they live.
fn soldiers(reading: &Reading<'_>, clause: &Clause, token: usize) -> Result<Sourced<Category>, Why> {
    let bodies = reading.marks.iter().any(|mark| matches!(mark.tag, Tag::Noun(Noun::Bodies) | Tag::Dead) && clause.tokens.contains(&mark.first));
    let elsewhere = reading.marks.iter().any(|mark| matches!(mark.tag, Tag::Noun(Noun::Bodies)));
    let captive = reading.marks.iter().any(|mark| matches!(mark.tag, Tag::Captivity | Tag::HeldBy(_) | Tag::Noun(Noun::Prisoners)));
    if (bodies || elsewhere) && !captive {
        return Err(Why::NoCategory);
    }
    Ok(Sourced { value: Category::Prisoners, from: vec![reading.support(token..token + 1)] })
}

/// "Three citizens, residents of Kursk region".
fn apposed(reading: &Reading<'_>, item: &Counted) -> Option<usize> {
    const RESIDENTS: &[&str] = &["resident", "жител", "мешкан"];
    let tokens = &reading.sentence.tokens;
    let parted = tokens.get(item.phrase_end).is_some_and(|next| matches!(next.lower.as_str(), "," | "–" | "—" | "-"));
    let next = item.phrase_end + 1;
    let residents = tokens.get(next).is_some_and(|token| RESIDENTS.iter().any(|stem| token.lower.starts_with(stem)));
    (parted && residents).then_some(next)
}

fn follows_prisoners(reading: &Reading<'_>, item: &Counted) -> bool {
    let before = reading.counted.iter().rfind(|other| other.first < item.first && !other.part);
    before.is_some_and(|before| matches!(before.noun, Some((Noun::Prisoners | Noun::Soldiers | Noun::SoldiersOf(_), _))))
}

/// A number without a noun counts what the one before it counts, or what the sentence speaks of.
fn bare(reading: &Reading<'_>, item: &Counted, before: Option<&Flow>) -> Result<Sourced<Category>, Why> {
    let nearest = reading.counted.iter().filter(|other| other.first < item.first && !other.part).rev().find_map(|other| match (other.dead, other.noun) {
        (Some(dead), _) => Some((Category::Bodies, dead)),
        (None, Some((Noun::Bodies, at))) => Some((Category::Bodies, at)),
        (None, Some((Noun::Soldiers | Noun::SoldiersOf(_) | Noun::Prisoners, at))) => Some((Category::Prisoners, at)),
        (None, Some((Noun::Civilians, at))) => Some((Category::Civilians, at)),
        (None, Some((Noun::Children, at))) => Some((Category::Children, at)),
        (None, Some((Noun::People | Noun::Nationals(_), at))) => Some((Category::People, at)),
        _ => None,
    });
    let spoken = |noun: Noun, category: Category| reading.marks.iter().find(|mark| mark.tag == Tag::Noun(noun)).map(|mark| (category, mark.first));
    let marked = || match (spoken(Noun::Bodies, Category::Bodies), spoken(Noun::Prisoners, Category::Prisoners).or(spoken(Noun::Soldiers, Category::Prisoners)))
    {
        (Some(one), None) | (None, Some(one)) => Some(one),
        _ => exchange(reading),
    };
    if let Some((category, at)) = nearest.or_else(marked) {
        return Ok(Sourced { value: category, from: vec![reading.support(at..at + 1)] });
    }
    let last = before.and_then(|flow| flow.items.iter().find(|item| item.of.is_none())).ok_or(Why::NoCategory)?;
    let returned = reading.marks.iter().any(|mark| mark.tag == Tag::InReturn);
    let category = last.category.value.parse().map_err(|_| Why::NoCategory)?;
    if returned { Ok(Sourced { value: category, from: last.category.from.clone() }) } else { Err(Why::NoCategory) }
}

/// "The prisoner exchange", where the words for it say of whom.
fn exchange(reading: &Reading<'_>) -> Option<(Category, usize)> {
    reading
        .marks
        .iter()
        .filter(|mark| matches!(mark.tag, Tag::Exchange | Tag::Exchanges))
        .find_map(|mark| (mark.first..mark.end).find_map(|at| channel_of(&reading.sentence.tokens[at].lower).map(|category| (category, at))))
}

/// Whom a word of "prisoner exchange" names.
pub(crate) fn channel_of(word: &str) -> Option<Category> {
    let any = |stems: &[&str]| stems.iter().any(|stem| word.starts_with(stem));
    if any(&["prisoner", "pow", "плен", "военноплен", "полонен", "військовополонен"]) {
        Some(Category::Prisoners)
    } else if any(&["bodies", "repatriation", "тел", "тіл", "репатри", "репатрі"]) {
        Some(Category::Bodies)
    } else {
        None
    }
}

/// What a part of people is called.
pub(crate) fn part_name(part: &Counted) -> Option<&'static str> {
    match part.noun?.0 {
        Noun::Civilians => Some("civilians"),
        Noun::Children => Some("children"),
        Noun::Women => Some("women"),
        Noun::Wounded => Some("wounded"),
        Noun::Soldiers | Noun::SoldiersOf(_) => Some("service-members"),
        Noun::Bodies | Noun::Prisoners | Noun::People | Noun::Nationals(_) => None,
    }
}

/// "157 people: 150 servicemen and seven civilians": the first is the sum of the others.
pub(crate) fn composed(mains: &[&Counted]) -> bool {
    let [whole, parts @ ..] = mains else { return false };
    let number = |counted: &Counted| match counted.count {
        Count::Exact(number) => Some(number.get()),
        _ => None,
    };
    let people = matches!(whole.noun, Some((Noun::People | Noun::Nationals(_) | Noun::Prisoners, _))) || whole.noun.is_none();
    let named = parts.iter().all(|part| part_name(part).is_some());
    let sum: Option<u32> = parts.iter().map(|part| number(part)).sum();
    people && parts.len() > 1 && named && sum.is_some() && sum == number(whole)
}
