//! What a sentence says was handed over: from whom, to whom, how many of whom.

mod both_ways;
mod measures;
mod subjects;

use std::ops::Range;

use announcement::{Category, Count, Finding};

use self::{
    measures::{is_age, is_listed, is_measure},
    subjects::{acts, speaker_acts, subjects},
};
use crate::{
    categories,
    clauses::{Clause, clauses},
    counted::{Counted, View},
    direction::{Direction, Named, Part, direction, named},
    language::Language,
    lexicon::{Move, Noun, Side, Tag, Tense},
    mode::{Mode, doubts, mode},
    reading::{Reading, nearest},
    support::{Sourced, Support},
    why::Why,
};

/// What was handed over in one direction.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Flow {
    pub(crate) from: Sourced<Side>,
    pub(crate) to: Sourced<Side>,
    pub(crate) items: Vec<Item>,
}

/// So many of these.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Item {
    pub(crate) category: Sourced<&'static str>,
    pub(crate) count: Sourced<Count>,
    pub(crate) of: Option<Sourced<Category>>,
    pub(crate) origin: Option<Sourced<&'static str>>,
    pub(crate) identity: Option<Sourced<Finding>>,
}

/// What a sentence says was handed over, or is to be.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Moved {
    pub(crate) mode: Mode,
    pub(crate) flows: Vec<Flow>,
    /// Its tokens.
    pub(crate) at: Range<usize>,
}

/// What the sentences before say, and the whole article.
pub(crate) struct Around<'a> {
    /// What was handed over last, for "in return".
    pub(crate) last: Option<&'a Flow>,
    /// Where the article names each party.
    pub(crate) parties: &'a [(Side, Range<usize>)],
    /// Whose official speaks, and what says so.
    pub(crate) voice: Option<(Side, Support)>,
}

/// What a sentence says was handed over.
pub(crate) fn moved(reading: &Reading<'_>, around: &Around<'_>) -> Result<Vec<Moved>, Why> {
    let view = reading.view();
    let clauses = clauses(view, reading.language);
    doubts(reading, &clauses)?;
    if is_of_belarus(reading) {
        return Err(Why::OtherParties);
    }
    if tells_of_holding(reading) {
        return Err(Why::NotUnderstood);
    }
    let mut found: Vec<Moved> = Vec::new();
    let mut subject: Option<Named> = None;
    let mut problem = None;
    for clause in &clauses {
        let parties = named(view, clause, &reading.apart, reading.language);
        let own = subjects(reading, clause, &parties);
        let both = own.iter().any(|party| party.side != own[0].side);
        if let Some(first) = own.first() {
            subject = Some((*first).clone());
        } else if let Some(speaker) = speaker_acts(reading, clause, around) {
            subject = Some(speaker);
        }
        let acting = subject.as_ref().filter(|subject| !both && acts(reading, clause, subject));
        let gathered = Gathered { reading, around, clause, parties: &parties, subject: acting, both, found: &found };
        match gathered.flows() {
            Ok(flows) if flows.is_empty() => {}
            Ok(flows) => {
                let mode = mode(view, clause, reading.language)?;
                add(&mut found, mode, flows, clause)?;
            }
            Err(why) => problem = Some(why),
        }
    }
    match problem {
        // What is half understood isn't proposed.
        Some(why) => Err(why),
        None if !found.is_empty() && (leaves_half(reading, &found) || adds_one(reading)) => Err(Why::NoCategory),
        None => Ok(found),
    }
}

const AND: &[&str] = &["and", "и", "і", "й", "та"];

/// "Two boys and a girl": one more, whom no number counts.
fn adds_one(reading: &Reading<'_>) -> bool {
    const ONE: &[&str] = &[
        "девочка",
        "девочку",
        "девушка",
        "девушку",
        "женщина",
        "женщину",
        "мальчик",
        "мальчика",
        "ребенок",
        "ребёнок",
        "гражданский",
        "гражданского",
        "дівчинка",
        "дівчинку",
        "дівчина",
        "дівчину",
        "жінка",
        "жінку",
        "хлопчик",
        "хлопчика",
        "хлопець",
        "хлопця",
        "дитина",
        "дитину",
        "цивільний",
        "цивільного",
    ];
    /// How many words of hers may stand between.
    const NEAR: usize = 3;
    let tokens = &reading.sentence.tokens;
    let word = |at: usize| tokens.get(at).map_or("", |token| token.lower.as_str());
    let known = |at: usize| reading.marks.iter().any(|mark| mark.first == at && matches!(mark.tag, Tag::Noun(_)));
    let noun = |at: usize| known(at) || matches!(word(at), "girl" | "boy" | "man" | "teenager" | "infant" | "baby");
    (0..tokens.len()).filter(|at| AND.contains(&word(*at)) || word(*at) == ",").any(|at| {
        let article = matches!(word(at + 1), "a" | "an") && (at + 2..at + 2 + NEAR).take_while(|next| word(*next) != "of").any(noun);
        article || ONE.contains(&word(at + 1))
    })
}

/// Whether of "185 soldiers and 20 civilians" only one number is read.
fn leaves_half(reading: &Reading<'_>, found: &[Moved]) -> bool {
    let counts: Vec<&Support> = found.iter().flat_map(|moved| &moved.flows).flat_map(|flow| &flow.items).flat_map(|item| &item.count.from).collect();
    let is_read = |item: &Counted| counts.contains(&&reading.support(item.first..item.end));
    let counts_them = |item: &Counted| item.noun.is_some() || item.dead.is_some();
    reading.counted.iter().any(|one| {
        let tokens = &reading.sentence.tokens;
        let joined = |other: &&Counted| other.first == one.phrase_end + 1 && AND.contains(&tokens[one.phrase_end].lower.as_str());
        reading.counted.iter().find(joined).is_some_and(|other| counts_them(one) && counts_them(other) && is_read(one) != is_read(other))
    })
}

fn add(found: &mut Vec<Moved>, mode: Mode, flows: Vec<Flow>, clause: &Clause) -> Result<(), Why> {
    let at = match found.iter().position(|moved| moved.mode == mode) {
        Some(at) => at,
        None => {
            found.push(Moved { mode, flows: Vec::new(), at: clause.tokens.clone() });
            found.len() - 1
        }
    };
    found[at].at.end = clause.tokens.end;
    flows.into_iter().try_for_each(|flow| merge(&mut found[at].flows, flow))
}

/// Puts a flow beside others; two numbers of one category in one direction aren't understood.
pub(crate) fn merge(flows: &mut Vec<Flow>, flow: Flow) -> Result<(), Why> {
    let Some(known) = flows.iter_mut().find(|known| known.from.value == flow.from.value) else {
        flows.push(flow);
        return Ok(());
    };
    for item in flow.items {
        let same = |other: &Item| (other.category.value, other.of.as_ref().map(|of| of.value)) == (item.category.value, item.of.as_ref().map(|of| of.value));
        match known.items.iter().find(|other| same(other)) {
            // "In the format 300 for 300: 300 came home" says one thing twice.
            Some(other) if other.count.value == item.count.value => {}
            Some(_) => return Err(Why::Twice),
            None => known.items.push(item),
        }
    }
    Ok(())
}

/// One clause, and what is known where it's read.
struct Gathered<'a> {
    reading: &'a Reading<'a>,
    around: &'a Around<'a>,
    clause: &'a Clause,
    parties: &'a [Named],
    subject: Option<&'a Named>,
    /// Both parties are its subject.
    both: bool,
    found: &'a [Moved],
}

impl Gathered<'_> {
    fn flows(&self) -> Result<Vec<Flow>, Why> {
        let items = self.items();
        let mut mains: Vec<&Counted> = items.iter().copied().filter(|item| !item.part).collect();
        // "In an exchange 84 for 84 it brought home 33 soldiers and 51 civilians": the formula isn't what the verb counts.
        if mains.iter().any(|item| !is_pair(self.reading.view(), item, &self.reading.counted)) {
            mains.retain(|item| item.noun.is_some() || !is_pair(self.reading.view(), item, &self.reading.counted));
        }
        if mains.is_empty() {
            return if self.has_other_number(&items) { Err(Why::NoCategory) } else { Ok(Vec::new()) };
        }
        if self.has_other_number(&items) {
            return Err(Why::NoCategory);
        }
        let mut flows = Vec::new();
        if let Some(flow) = self.both_ways(&mains, &items)? {
            return Ok(flow);
        }
        if self.clause.verb.moves == Move::Swap && mains.iter().any(|item| item.nationality.is_none()) {
            return Err(Why::NoDirection);
        }
        let mut last: Option<Direction> = None;
        let composed = categories::composed(&mains);
        for (number, item) in mains.iter().enumerate() {
            let direction = self.direction(item, last.as_ref())?;
            last = Some(direction.clone());
            let whole = if composed && number > 0 { Some(mains[0]) } else { None };
            let flow = self.flow(&direction, item, &items, whole)?;
            if composed && number > 0 {
                let known: &mut Flow = flows.last_mut().ok_or(Why::NotUnderstood)?;
                known.items.extend(flow.items);
            } else {
                merge(&mut flows, flow)?;
            }
        }
        Ok(flows)
    }

    /// The numbers that are this verb's.
    fn items(&self) -> Vec<&Counted> {
        let verb = self.clause.verb;
        let english = self.reading.language == Language::English;
        let object_follows = english && !self.clause.elliptic && !verb.passive && self.subject.is_some() && !matches!(verb.moves, Move::Come | Move::Swap);
        let own = |item: &&Counted| {
            let inside = self.clause.tokens.contains(&item.first) && !self.clause.loose.iter().any(|loose| loose.contains(&item.first));
            let apart = self.reading.apart.iter().any(|apart| apart.contains(&item.first));
            // What stands before a verb with a subject is no object of it.
            let placed = !object_follows || item.first > verb.first;
            inside && !apart && placed && !is_listed(self.reading.view(), verb.end, item) && (item.noun.is_some() || item.dead.is_some() || self.is_bare(item))
        };
        self.reading.counted.iter().filter(own).collect()
    }

    /// A number that isn't one of these, and no age and no length of time: what it counts isn't known, and it may be of those who were handed over.
    fn has_other_number(&self, items: &[&Counted]) -> bool {
        let view = self.reading.view();
        self.reading.counted.iter().any(|counted| {
            let inside = self.clause.tokens.contains(&counted.first) && !self.clause.loose.iter().any(|loose| loose.contains(&counted.first));
            let known = items.iter().any(|item| item.first == counted.first) || counted.part || counted.noun.is_some();
            let apart = self.reading.apart.iter().any(|apart| apart.contains(&counted.first));
            let before = counted.first < self.clause.verb.first && self.subject.is_some() || is_pair(view, counted, &self.reading.counted);
            inside && !known && !apart && !before && !is_age(view, counted) && !is_measure(view, counted)
        })
    }

    /// A number without a noun, right after the verb or a party, or in a pair, and before nothing that it could count.
    fn is_bare(&self, item: &Counted) -> bool {
        let view = self.reading.view();
        let next = view.tokens.get(item.phrase_end);
        let goes_on = |next: &crate::tokens::Token| {
            matches!(next.lower.as_str(), "and" | "for" | "to" | "from" | "in" | "on" | "и" | "на" | "а" | "в" | "і" | "та" | "у" | "й" | "while" | "but")
        };
        let marked = |tag: Tag| matches!(tag, Tag::Verb(..) | Tag::InReturn | Tag::Each | Tag::Weekday(_) | Tag::DaysAgo(_) | Tag::According | Tag::Speech);
        let free = next.is_none_or(|next| !next.is_word() || goes_on(next) || view.mark(item.phrase_end).is_some_and(|mark| marked(mark.tag)));
        let counts = item.same_as.is_some() || item.each || is_pair(view, item, &self.reading.counted) || self.clause.elliptic || self.is_at_verb(item);
        free && counts && !is_age(view, item) && !next.is_some_and(|next| matches!(next.lower.as_str(), "%" | "°"))
    }

    fn is_at_verb(&self, item: &Counted) -> bool {
        let verb = self.clause.verb;
        let gap = item.first.checked_sub(verb.end).or(verb.first.checked_sub(item.phrase_end));
        let after_return = self.reading.view().marks.iter().any(|mark| mark.end == item.first && mark.tag == Tag::InReturn);
        gap.is_some_and(|gap| gap <= 1) || after_return || item.part
    }

    fn direction(&self, item: &Counted, last: Option<&Direction>) -> Result<Direction, Why> {
        let view = self.reading.view();
        let returned = view.marks.iter().find(|mark| mark.tag == Tag::InReturn && mark.end == item.first && mark.first > self.clause.tokens.start);
        if let (Some(mark), Some(last)) = (returned, last) {
            let at = Some(mark.first..mark.end);
            let reversed = last.reversed();
            return Ok(Direction { from: (reversed.from.0, at.clone()), to: (reversed.to.0, at) });
        }
        let subject = self.subject.filter(|_| !self.clause.verb.passive || self.parties.iter().any(|party| party.part == Part::Subject));
        let repatriated = ["repatriated", "репатри", "репатрі"].iter().any(|stem| view.tokens[self.clause.verb.first].lower.starts_with(stem));
        match direction(self.clause, self.parties, subject, item, self.reading.language, repatriated) {
            Err(Why::NoDirection | Why::NoReceiver) => self.in_return().or_else(|why| self.home(item, why)),
            other => other,
        }
    }

    /// "In return 35 were handed over": the other way than what was said last.
    fn in_return(&self) -> Result<Direction, Why> {
        let mark = self.reading.marks.iter().find(|mark| mark.tag == Tag::InReturn && mark.first <= self.clause.verb.first).ok_or(Why::NoDirection)?;
        let known = self.found.iter().rev().find_map(|moved| moved.flows.last()).or(self.around.last).ok_or(Why::NoDirection)?;
        let at = Some(mark.first..mark.end);
        Ok(Direction { from: (known.to.value, at.clone()), to: (known.from.value, at) })
    }

    /// "Returned from captivity", in the words of one side's official: they are that side's.
    fn home(&self, item: &Counted, why: Why) -> Result<Direction, Why> {
        // "Вдалося повернути", in the words of who brought them back.
        let managed = ["вдал", "удал"].iter().any(|stem| self.reading.sentence.tokens[self.clause.verb.first].lower.starts_with(stem));
        let coming = managed
            || matches!(self.clause.verb.moves, Move::Come)
            || self.clause.verb.moves == Move::Return && (self.clause.verb.passive || self.subject.is_none());
        let verb = self.clause.verb;
        let tokens = &self.reading.sentence.tokens;
        let homeward = (managed || self.comes(item) || tokens[verb.first..verb.end].iter().any(|token| matches!(token.lower.as_str(), "home" | "вдома")))
            .then_some(verb.first..verb.end);
        let marked = || self.reading.marks.iter().find(|mark| matches!(mark.tag, Tag::Captivity | Tag::Home)).map(|mark| mark.first..mark.end);
        let captivity = Some(homeward.or_else(marked).filter(|_| coming && self.parties.is_empty()).ok_or(why)?);
        let (side, _) = self.around.voice.as_ref().ok_or(why)?;
        Ok(Direction { from: (side.other(), captivity.clone()), to: (*side, captivity) })
    }

    /// "277 warriors have returned", "о возвращении 277 воинов": of grown-ups an official says so of their own.
    fn comes(&self, item: &Counted) -> bool {
        let verb = self.clause.verb;
        let grown = matches!(item.noun, Some((Noun::Soldiers | Noun::SoldiersOf(_) | Noun::Prisoners | Noun::People, _))) && item.dead.is_none();
        let returned = self.reading.language == Language::English && verb.moves == Move::Return && !verb.passive && item.end <= verb.first;
        grown && (verb.moves == Move::Come && verb.tense == Tense::Past || returned && self.reading.sentence.tokens[verb.first].is("returned"))
    }

    /// The flow of one number, with the parts that are said of it.
    fn flow(&self, direction: &Direction, main: &Counted, items: &[&Counted], whole: Option<&Counted>) -> Result<Flow, Why> {
        let before = self.found.iter().rev().find_map(|moved| moved.flows.last()).or(self.around.last);
        let parts: Vec<&Counted> = items.iter().copied().filter(|item| item.part && item.first > main.first).collect();
        let mains: Vec<&Counted> = items.iter().copied().filter(|item| !item.part).collect();
        let composing = if categories::composed(&mains) { &mains[1..] } else { &[] };
        let of_whom = [parts.as_slice(), composing].concat();
        let of_whom = if whole.is_none() { of_whom.as_slice() } else { &[] };
        let category = categories::category(self.reading, self.clause, main, of_whom, before)?;
        let mut own = vec![self.item(main, Sourced { value: category.value.as_str(), from: category.from.clone() }, None)];
        if let Some(whole) = whole {
            let whole = categories::category(self.reading, self.clause, whole, composing, before)?;
            let name = categories::part_name(main).ok_or(Why::NoCategory)?;
            own = vec![self.item(main, Sourced { value: name, from: category.from }, Some(whole))];
        } else {
            for part in parts {
                let Some(name) = categories::part_name(part) else { continue };
                if name == "service-members" && category.value != Category::People {
                    continue;
                }
                let from = part.noun.map(|(_, at)| self.reading.support(at..at + 1)).into_iter().collect();
                own.push(self.item(part, Sourced { value: name, from }, Some(category.clone())));
            }
            own.extend(self.uncounted_civilians(main, &category));
        }
        if main.same_before {
            let known = before
                .filter(|flow| flow.from.value == direction.to.0)
                .and_then(|flow| flow.items.iter().find(|item| item.of.is_none() && item.category.value == own[0].category.value));
            let known = known.ok_or(Why::NoCategory)?;
            own[0].count.value = known.count.value;
            own[0].count.from.extend(known.count.from.clone());
        }
        let from = self.side(direction.from.0, direction.from.1.as_ref())?;
        let to = self.side(direction.to.0, direction.to.1.as_ref())?;
        Ok(Flow { from, to, items: own })
    }

    /// "Among them civilians": some, how many isn't said.
    fn uncounted_civilians(&self, main: &Counted, whole: &Sourced<Category>) -> Option<Item> {
        let view = self.reading.view();
        let part = self.reading.marks.iter().find(|mark| mark.tag == Tag::Part && mark.first >= main.end)?;
        let noun = (part.end..(part.end + 3).min(view.tokens.len())).find_map(|at| view.mark(at).filter(|mark| mark.tag == Tag::Noun(Noun::Civilians)))?;
        let counted = self.reading.counted.iter().any(|counted| counted.phrase_end > part.first && counted.first < noun.end);
        let words = vec![self.reading.support(part.first..noun.end)];
        (whole.value == Category::People && !counted).then(|| Item {
            category: Sourced { value: "civilians", from: vec![self.reading.support(noun.first..noun.end)] },
            count: Sourced { value: Count::Unknown, from: words },
            of: Some(whole.clone()),
            origin: None,
            identity: None,
        })
    }

    fn item(&self, counted: &Counted, category: Sourced<&'static str>, of: Option<Sourced<Category>>) -> Item {
        let mut from = vec![self.reading.support(counted.first..counted.end)];
        from.extend(counted.same_as.map(|(first, end)| self.reading.support(first..end)));
        let origin = counted.origin.map(|(name, first, end)| Sourced { value: name, from: vec![self.reading.support(first..end)] });
        let bodies = category.value == "bodies" && of.is_none();
        let identity = self.reading.identity().filter(|_| bodies);
        Item { category, count: Sourced { value: counted.count, from }, of, origin, identity }
    }

    /// A party, with what names it: the clause, or else the sentence or the article.
    fn side(&self, side: Side, at: Option<&Range<usize>>) -> Result<Sourced<Side>, Why> {
        if let Some(at) = at {
            return Ok(Sourced { value: side, from: vec![self.reading.support(at.clone())] });
        }
        let near = nearest(self.around.parties, side, &self.reading.sentence.bytes);
        let speaks = || self.around.voice.as_ref().filter(|(speaker, _)| *speaker == side).map(|(_, support)| support.clone());
        let support = near.map(|bytes| Support::Text(bytes.clone())).or_else(speaks).ok_or(Why::NoDirection)?;
        Ok(Sourced { value: side, from: vec![support] })
    }
}

/// "31 Ukrainians were released in Belarus", "Belarus handed over five": no word of Russia, and out of other prisons than Russia's.
fn is_of_belarus(reading: &Reading<'_>) -> bool {
    const BELARUS: &[&str] = &["belarus", "білорус", "белорус", "беларус", "lukashenk", "лукашенк", "minsk", "минск", "мінськ"];
    const ACTING: &[&str] = &["belarus", "minsk", "lukashenko", "білорусь", "мінськ", "белоруссия", "беларусь", "минск", "лукашенко"];
    const PLACED: &[&str] =
        &["in", "via", "through", "to", "from", "with", "of", "by", "into", "near", "в", "у", "через", "на", "до", "из", "с", "з", "із", "во", "под", "під"];
    const FREED: &[&str] = &["release", "releasing", "freed", "pardon", "освобо", "помилов", "звільн"];
    let tokens = &reading.sentence.tokens;
    let russia = reading.has(|tag| matches!(tag, Tag::Party(Side::Ru, _) | Tag::HeldBy(Side::Ru)));
    let belarus = |word: &str| BELARUS.iter().any(|stem| word.starts_with(stem));
    let freed = tokens.iter().any(|token| FREED.iter().any(|stem| token.lower.starts_with(stem)));
    let acts = |at: usize| {
        let placed = at.checked_sub(1).is_some_and(|before| PLACED.contains(&tokens[before].lower.as_str()));
        !placed && ACTING.contains(&tokens[at].lower.as_str())
    };
    !russia && (0..tokens.len()).any(|at| belarus(&tokens[at].lower) && (freed || acts(at)))
}

/// "Two were returned, and 30 Moscow still holds": one of the numbers is of those who are held.
fn tells_of_holding(reading: &Reading<'_>) -> bool {
    const HOLDING: &[&str] =
        &["holds", "holding", "удерживает", "удерживают", "удерживается", "удерживаются", "утримує", "утримують", "утримується", "утримуються"];
    /// How many words may stand between the holding and the word that makes it a remark on those who returned.
    const NEAR: usize = 4;
    const RELATIVE: &[&str] = &["котор", "який", "яка", "яких", "які", "whom", "that", "who", "which"];
    let tokens = &reading.sentence.tokens;
    (0..tokens.len()).filter(|at| HOLDING.contains(&tokens[*at].lower.as_str())).any(|at| {
        let before = &tokens[at.saturating_sub(NEAR)..at];
        !before.iter().any(|token| RELATIVE.iter().any(|word| token.lower.starts_with(word)))
    })
}

/// "157 for 157".
fn is_pair(view: View<'_>, item: &Counted, all: &[Counted]) -> bool {
    let joins = |one: &Counted, other: &Counted| other.first == one.end + 1 && matches!(view.tokens[one.end].lower.as_str(), "for" | "на");
    all.iter().any(|other| joins(item, other) || joins(other, item))
}
