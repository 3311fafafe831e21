//! The personal-data gate: finds what identifies a person in a free text. It's a net and not a proof: what it misses an operator redacts.

use crate::{Fault, Problem};

/// Refuses a text that holds personal data. The problem says what kind it is and never repeats it.
pub(crate) fn check(text: &str, pointer: &str) -> Result<(), Problem> {
    match find(text) {
        Some(finding) => Err(Problem::at(Fault::PersonalData, pointer, format_args!("the text holds {finding}"))),
        None => Ok(()),
    }
}

fn find(text: &str) -> Option<&'static str> {
    if uuid::Uuid::try_parse(text).is_ok() {
        return None;
    }
    if has_email(text) {
        return Some("an e-mail address");
    }
    let lower = text.to_lowercase();
    let numbers = Numbers::of(text);
    if numbers.has_birth(&lower) {
        return Some("a date of birth");
    }
    if numbers.has_document(&lower) {
        return Some("a passport, tag or personal number");
    }
    if numbers.has_phone() {
        return Some("a telephone number");
    }
    has_person(text).then_some("names of persons")
}

fn has_email(text: &str) -> bool {
    let part = |character: char| character.is_alphanumeric() || "._%+-".contains(character);
    text.match_indices('@').any(|(at, _)| {
        let host: String = text[at + 1..].chars().take_while(|&character| part(character)).collect();
        text[..at].chars().next_back().is_some_and(part) && host.split('.').filter(|label| !label.is_empty()).count() > 1
    })
}

/// The groups of digits of a text, dates of the form 2022-02-24 left out.
struct Numbers {
    groups: Vec<Group>,
    /// Days such as 24.02.2022, with their year.
    days: Vec<u16>,
}

/// Digits in a row, with what stands before them.
struct Group {
    digits: String,
    before: String,
}

impl Numbers {
    fn of(text: &str) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut before = String::new();
        for character in text.chars() {
            match groups.last_mut() {
                Some(group) if character.is_ascii_digit() && before.is_empty() => group.digits.push(character),
                _ if character.is_ascii_digit() => groups.push(Group { digits: character.to_string(), before: std::mem::take(&mut before) }),
                _ => before.push(character),
            }
        }
        let mut days = Vec::new();
        let mut kept: Vec<Group> = Vec::new();
        let mut groups = groups.into_iter().peekable();
        while let Some(group) = groups.next() {
            let year = |digits: &str| (digits.len() == 4).then(|| digits.parse::<u16>().ok()).flatten().filter(|year| (1900..2100).contains(year));
            let of_date = |group: &Group, separators: &[&str]| group.digits.len() <= 2 && separators.contains(&group.before.as_str());
            if year(&group.digits).is_some() && groups.peek().is_some_and(|month| of_date(month, &["-"])) {
                days.extend(year(&group.digits));
                groups.next();
                groups.next_if(|day| of_date(day, &["-"]));
                continue;
            }
            if group.digits.len() <= 2 && groups.peek().is_some_and(|month| of_date(month, &[".", "/", "-"])) {
                let month = groups.next();
                if let Some(found) = groups.peek().filter(|last| [".", "/", "-"].contains(&last.before.as_str())).and_then(|last| year(&last.digits)) {
                    days.push(found);
                    groups.next();
                    continue;
                }
                kept.push(group);
                kept.extend(month);
                continue;
            }
            kept.push(group);
        }
        Self { groups: kept, days }
    }

    fn has_birth(&self, lower: &str) -> bool {
        const BIRTH: [&str; 9] = ["born", "birth", "d.o.b", "dob:", "рожден", "родил", "народж", "г.р.", "р.н."];
        let years = self.groups.iter().filter_map(|group| group.digits.parse::<u16>().ok().filter(|_| group.digits.len() == 4));
        let living = |year: u16| (1920..2012).contains(&year);
        let said = BIRTH.iter().any(|word| lower.contains(word));
        // No announcement of this century speaks of a day long before it.
        self.days.iter().any(|&year| (1920..2000).contains(&year)) || said && self.days.iter().copied().chain(years).any(living)
    }

    fn has_document(&self, lower: &str) -> bool {
        const DOCUMENTS: [&str; 12] = [
            "passport",
            "паспорт",
            "dog tag",
            "tag number",
            "tag no",
            "жетон",
            "service number",
            "personal number",
            "военник",
            "військовий квиток",
            "снилс",
            "іпн",
        ];
        let named = DOCUMENTS.iter().any(|word| lower.contains(word)) && self.groups.iter().any(|group| group.digits.len() >= 4);
        // A count has at most eight digits.
        let long = self.groups.iter().any(|group| group.digits.len() >= 9);
        let series =
            self.groups.windows(2).any(|pair| pair[0].digits.len() == 4 && pair[1].digits.len() == 6 && [" ", " № ", "-"].contains(&pair[1].before.as_str()));
        named || long || series || self.groups.iter().any(has_series)
    }

    fn has_phone(&self) -> bool {
        let mut digits = 0;
        let mut begins_like_one = false;
        for group in &self.groups {
            let glue = !group.before.is_empty() && group.before.chars().all(|character| " -().".contains(character)) && group.before.len() <= 3;
            let plus = group.before.trim_end_matches('(').ends_with('+');
            if plus || !glue || digits == 0 {
                digits = 0;
                begins_like_one = plus || group.digits.starts_with('0') || group.digits == "8" && group.digits.len() == 1;
            }
            digits += group.digits.len();
            if begins_like_one && (9..=15).contains(&digits) {
                return true;
            }
        }
        false
    }
}

/// Two capital letters and six or seven digits: `AB123456`, `МТ 123456`.
fn has_series(group: &Group) -> bool {
    if !(6..=7).contains(&group.digits.len()) {
        return false;
    }
    let series = group.before.trim_end_matches(|character: char| " -№".contains(character));
    let letters: Vec<char> = series.chars().rev().take_while(|character| character.is_alphabetic()).collect();
    letters.len() == 2 && letters.iter().all(|letter| letter.is_uppercase())
}

fn has_person(text: &str) -> bool {
    let words: Vec<Word<'_>> = words(text);
    has_initials(&words) || has_patronymic(&words) || has_announced_name(&words) || has_list_of_names(text)
}

/// A word, and whether it follows the one before directly.
struct Word<'a> {
    text: &'a str,
    joined: bool,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut end = 0;
    for word in text.split(|character: char| !(character.is_alphanumeric() || "'’-".contains(character))).filter(|word| !word.is_empty()) {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let between = &text[end..start];
        words.push(Word { text: word, joined: end > 0 && between.chars().all(|character| character == ' ' || character == '.') });
        end = start + word.len();
    }
    words
}

fn is_capitalized(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && word.chars().count() > 1
        && letters.all(|letter| letter.is_lowercase() || "'’-".contains(letter) || letter.is_uppercase())
}

/// Written as a name is, and not all in capitals as an abbreviation.
fn is_name(word: &str) -> bool {
    is_capitalized(word)
        && word.chars().any(char::is_lowercase)
        && !word.contains(|character: char| character.is_numeric())
        && !NO_NAMES.contains(&word.to_lowercase().as_str())
}

fn is_initial(word: &str) -> bool {
    word.chars().count() == 1 && word.chars().all(char::is_uppercase)
}

/// `Surname I. I.` or `I. I. Surname`.
fn has_initials(words: &[Word<'_>]) -> bool {
    words.windows(3).any(|three| {
        let joined = three[1].joined && three[2].joined;
        joined
            && (is_name(three[0].text) && is_initial(three[1].text) && is_initial(three[2].text)
                || is_initial(three[0].text) && is_initial(three[1].text) && is_name(three[2].text))
    })
}

/// Three names in a row with a patronymic among the last two.
fn has_patronymic(words: &[Word<'_>]) -> bool {
    const ENDINGS: [&str; 14] = ["ович", "евич", "йович", "ич", "овна", "евна", "івна", "ївна", "ovych", "ovich", "evich", "ivna", "ovna", "evna"];
    words.windows(3).any(|three| {
        let names = three.iter().all(|word| is_name(word.text)) && three[1].joined && three[2].joined;
        names && three[1..].iter().any(|word| ENDINGS.iter().any(|ending| word.text.to_lowercase().ends_with(ending)))
    })
}

/// A word that announces a person's name, and two names.
fn has_announced_name(words: &[Word<'_>]) -> bool {
    const ANNOUNCING: [&str; 33] = [
        "captive",
        "soldier",
        "serviceman",
        "servicewoman",
        "prisoner",
        "private",
        "sergeant",
        "corporal",
        "lieutenant",
        "captain",
        "fighter",
        "named",
        "body-of",
        "civilian",
        "military",
        "солдат",
        "рядовой",
        "сержант",
        "ефрейтор",
        "старшина",
        "військовослужбовець",
        "военнослужащий",
        "рядовий",
        "солдата",
        "боєць",
        "боец",
        "полонений",
        "пленный",
        "тіло",
        "тело",
        "загиблий",
        "погибший",
        "іменем",
    ];
    words.windows(3).any(|three| {
        let announces = ANNOUNCING.contains(&three[0].text.to_lowercase().as_str());
        announces && three[1].joined && three[2].joined && is_name(three[1].text) && is_name(three[2].text)
    }) || words.windows(4).any(|four| {
        let of = four[0].text.eq_ignore_ascii_case("body") && four[1].text.eq_ignore_ascii_case("of");
        of && four[3].joined && is_name(four[2].text) && is_name(four[3].text)
    })
}

/// Two or more items of a list that are each two or three names and nothing else.
fn has_list_of_names(text: &str) -> bool {
    let separated = [" and ", " und ", " та ", " і ", " и ", "\n"].iter().fold(text.to_owned(), |text, word| text.replace(word, ","));
    let is_person = |item: &str| {
        let names: Vec<&str> = item.split_whitespace().collect();
        (2..=3).contains(&names.len()) && names.iter().all(|name| is_name(name))
    };
    // The first item may end a sentence that leads up to the list, the last one may begin another.
    let items = separated.split([',', ';', '•', '|']).map(|item| item.trim().trim_end_matches('.'));
    items.map(|item| item.rsplit(": ").next().unwrap_or(item)).filter(|item| is_person(item)).count() > 1
}

/// Capitalized words of offices, bodies, places and frameworks: a group of words with one of them is no person's name.
const NO_NAMES: &[&str] = &[
    "abu",
    "academy",
    "administration",
    "affairs",
    "africa",
    "agency",
    "agreement",
    "agreements",
    "air",
    "ambassador",
    "america",
    "april",
    "arab",
    "arabia",
    "armed",
    "army",
    "association",
    "august",
    "authority",
    "aviv",
    "azovstal",
    "battalion",
    "black",
    "bodies",
    "border",
    "brigade",
    "bureau",
    "cabinet",
    "center",
    "central",
    "centre",
    "chief",
    "children",
    "city",
    "civil",
    "civilians",
    "coast",
    "command",
    "commander",
    "commission",
    "commissioner",
    "committee",
    "control",
    "convention",
    "conventions",
    "coordination",
    "costa",
    "council",
    "countries",
    "country",
    "court",
    "cross",
    "crescent",
    "december",
    "defence",
    "defender",
    "defenders",
    "defense",
    "delegation",
    "department",
    "deputy",
    "dhabi",
    "directorate",
    "disinformation",
    "district",
    "doha",
    "duma",
    "east",
    "eastern",
    "embassy",
    "emirates",
    "europe",
    "european",
    "exchange",
    "exchanges",
    "family",
    "february",
    "federal",
    "federation",
    "foreign",
    "foundation",
    "fund",
    "general",
    "geneva",
    "government",
    "governor",
    "great",
    "guard",
    "head",
    "headquarters",
    "high",
    "holy",
    "house",
    "human",
    "humanitarian",
    "institute",
    "intelligence",
    "interfax",
    "interior",
    "international",
    "istanbul",
    "january",
    "july",
    "june",
    "justice",
    "kingdom",
    "korea",
    "kursk",
    "kyiv",
    "law",
    "legion",
    "los",
    "main",
    "march",
    "marine",
    "may",
    "mediation",
    "memorandum",
    "military",
    "minister",
    "ministry",
    "missing",
    "mission",
    "moscow",
    "national",
    "nations",
    "naval",
    "navy",
    "new",
    "news",
    "north",
    "northern",
    "november",
    "october",
    "office",
    "officer",
    "ombudsman",
    "operation",
    "organization",
    "parliament",
    "parliamentary",
    "party",
    "people",
    "people's",
    "persons",
    "police",
    "post",
    "president",
    "presidential",
    "press",
    "prisoner",
    "prisoners",
    "prosecutor",
    "protection",
    "public",
    "red",
    "region",
    "regional",
    "regions",
    "regiment",
    "reintegration",
    "relations",
    "representative",
    "republic",
    "rights",
    "riyadh",
    "russia",
    "russian",
    "saint",
    "san",
    "saudi",
    "sea",
    "secretary",
    "security",
    "see",
    "september",
    "service",
    "services",
    "social",
    "south",
    "southern",
    "special",
    "spokesman",
    "spokesperson",
    "staff",
    "star",
    "state",
    "states",
    "swiss",
    "talks",
    "territorial",
    "times",
    "treatment",
    "treaty",
    "turkey",
    "türkiye",
    "ukraine",
    "ukrainian",
    "union",
    "unit",
    "united",
    "vatican",
    "war",
    "west",
    "western",
    "white",
    "working",
    "world",
    "автономная",
    "верховна",
    "верховная",
    "вооруженных",
    "главное",
    "державна",
    "дума",
    "збройних",
    "координационный",
    "координаційний",
    "крест",
    "міністерство",
    "министерство",
    "объединенные",
    "область",
    "омбудсман",
    "організація",
    "організації",
    "президент",
    "рада",
    "республика",
    "россии",
    "російська",
    "российская",
    "росії",
    "сил",
    "служба",
    "совет",
    "соединенные",
    "україни",
    "украины",
    "федерации",
    "федерація",
    "хрест",
    "червоний",
    "червоного",
    "штаб",
    "штати",
    "штаты",
    "эмираты",
    "емірати",
    "арабские",
    "арабські",
    "об'єднані",
    "сполучені",
    "красный",
    "красного",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identifies_a_person_is_found() {
        for (text, expected) in [
            ("write to person.one@example.org", "an e-mail address"),
            ("born 12.03.1991", "a date of birth"),
            ("1991-03-12", "a date of birth"),
            ("12.03.1991 г.р.", "a date of birth"),
            ("дата народження 1991", "a date of birth"),
            ("passport 123456", "a passport, tag or personal number"),
            ("паспорт серии 4509 № 123456", "a passport, tag or personal number"),
            ("4509 123456", "a passport, tag or personal number"),
            ("tag АА-123456", "a passport, tag or personal number"),
            ("MT 123456 was returned", "a passport, tag or personal number"),
            ("1234567890", "a passport, tag or personal number"),
            ("call +380 44 123 45 67", "a telephone number"),
            ("call +380(44)123-45-67", "a telephone number"),
            ("8 (495) 123-45-67", "a telephone number"),
            ("044 123 45 67", "a telephone number"),
            ("Person Onesson, Person Twosson", "names of persons"),
            ("returned: Persona Primera; Persona Segunda; Persona Tercera", "names of persons"),
            ("Перший Приклад та Другий Приклад", "names of persons"),
            ("Приклад П. П.", "names of persons"),
            ("П. П. Приклад", "names of persons"),
            ("Приклад Перший Прикладович", "names of persons"),
            ("Primer Pervy Primerovich was among them", "names of persons"),
            ("the body of Person Onesson", "names of persons"),
            ("сержант Приклад Перший", "names of persons"),
        ] {
            assert_eq!(find(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn offices_places_frameworks_and_counts_are_left_alone() {
        for text in [
            "Coordination Headquarters for the Treatment of POWs",
            "Istanbul agreements (2025)",
            "State Duma, coordination group",
            "Belgorod, Kursk and Bryansk regions",
            "Zaporizhzhia, Kherson, Donetsk",
            "United States, United Arab Emirates, Turkey",
            "United Arab Emirates, Saudi Arabia, Holy See",
            "International Committee of the Red Cross, Ministry of Foreign Affairs",
            "1,000 bodies and 35 more; 6,000 in all",
            "since 24 Feb 2022",
            "2022-02-24 to 2025-05-16, 75 exchanges",
            "12.06.2025, 13.06.2025 and 14.06.2025",
            "1212 1200 1200 1200 1245",
            "over 14,480 in 2025, against 391",
            "Міністерство оборони, Координаційний штаб",
            "Верховна Рада України, Державна Дума",
            "the presidential aide Vladimir Medinsky spoke first",
            "Roman Primerovich is said to have mediated",
            "ten years and 10000000 rows",
            "f1733529-17e2-5b67-83d4-601658091491",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
