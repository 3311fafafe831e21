//! The personal-data gate: finds what identifies a person in a free text.
//!
//! It's a net and not a proof: it knows the forms in which such data are usually written, and what it misses an operator redacts. Where it can't tell a list of
//! places from a list of people it refuses: the announcement is sent again with other words, while a name in the ledger stays.

mod births;
mod contacts;
mod documents;
mod known;
mod names;
mod numbers;

use numbers::Numbers;

use crate::{Fault, Problem};

/// Refuses a text that holds personal data. The problem says what kind it is and never repeats it.
pub(crate) fn check(text: &str, pointer: impl FnOnce() -> String) -> Result<(), Problem> {
    refuse(find(text), pointer)
}

/// Refuses what is no name of one holder of a public office.
pub(crate) fn check_holder(name: &str, pointer: impl FnOnce() -> String) -> Result<(), Problem> {
    refuse(find_number(name).or_else(|| names::has_list_of_names(name).then_some("a list of names")), pointer)
}

fn refuse(found: Option<&'static str>, pointer: impl FnOnce() -> String) -> Result<(), Problem> {
    found.map_or(Ok(()), |found| Err(Problem::at(Fault::PersonalData, pointer(), format_args!("the text holds {found}"))))
}

fn find(text: &str) -> Option<&'static str> {
    if uuid::Uuid::try_parse(text).is_ok() {
        return None;
    }
    find_number(text).or_else(|| names::has_person(text).then_some("names of persons"))
}

fn find_number(text: &str) -> Option<&'static str> {
    let (at, digit) = (contacts::may_have_email(text), text.bytes().any(|byte| byte.is_ascii_digit()));
    if !at && !digit {
        return None;
    }
    let lower = text.to_lowercase();
    if at && contacts::has_email(&lower) {
        return Some("an e-mail address");
    }
    // All that follows is about groups of digits.
    if !digit {
        return None;
    }
    let numbers = Numbers::of(text);
    if births::has_birth(&numbers, &lower) {
        return Some("a date of birth");
    }
    if documents::has_document(&numbers, &lower) {
        return Some("a passport, tag or personal number");
    }
    contacts::has_phone(&numbers).then_some("a telephone number")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: &[(&str, &str)] = &[
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
        ("Sergeant Person Onesson", "names of persons"),
        ("Pte. Person Onesson was among them", "names of persons"),
        ("soldiers: Person Onesson and Person Twosson", "names of persons"),
        ("Person Onesson / Person Twosson / Person Threeson", "names of persons"),
        ("1. Person Onesson 2. Person Twosson", "names of persons"),
        ("Person Onesson (34), Person Twosson (29)", "names of persons"),
        ("Person Onesson – Kyiv, Person Twosson – Lviv", "names of persons"),
        ("PERSON ONESSON, PERSON TWOSSON", "names of persons"),
        ("ПРИКЛАД ПЕРШИЙ ПРИКЛАДОВИЧ", "names of persons"),
        ("тіло Приклада Першого Прикладовича повернуто", "names of persons"),
        ("передано Приклада Першого Прикладовича", "names of persons"),
        ("повернули Прикладенко Другу Прикладівну", "names of persons"),
        ("Приклад П.П., Зразок З.З.", "names of persons"),
        ("П.П. Приклад", "names of persons"),
        ("Onesson P. P.", "names of persons"),
        ("Onesson Person b. 1991", "a date of birth"),
        ("Person Onesson, 12.03.1991", "a date of birth"),
        ("d.o.b. 12/03/91", "a date of birth"),
        ("DOB 12 March 1991", "a date of birth"),
        ("born on 3 May 1991", "a date of birth"),
        ("1991 г. р.", "a date of birth"),
        ("1991 р. н.", "a date of birth"),
        ("род. 12.03.1991", "a date of birth"),
        ("born 2003-05-03", "a date of birth"),
        ("03.05.2003 г.р.", "a date of birth"),
        ("+380441234567", "a passport, tag or personal number"),
        ("+380 (44) 123-45-67", "a telephone number"),
        ("tel 044-123-45-67", "a telephone number"),
        ("8-800-555-35-35", "a telephone number"),
        ("00380441234567", "a passport, tag or personal number"),
        ("+7 (495) 123 45 67", "a telephone number"),
        ("380 44 123 45 67", "a telephone number"),
        ("contact one@example.org", "an e-mail address"),
        ("contact one(at)example.org", "an e-mail address"),
        ("contact one [at] example [dot] org", "an e-mail address"),
        ("MT123456", "a passport, tag or personal number"),
        ("МТ № 123456", "a passport, tag or personal number"),
        ("passport MT 123456", "a passport, tag or personal number"),
        ("паспорт МТ123456", "a passport, tag or personal number"),
        ("token Б-123456", "a passport, tag or personal number"),
        ("tag А-123456", "a passport, tag or personal number"),
        ("жетон № А-12345", "a passport, tag or personal number"),
        ("ИНН 1234567890", "a passport, tag or personal number"),
        ("рядовий Приклад П.", "names of persons"),
        ("солдат Приклад", "names of persons"),
        ("captain Person Onesson", "names of persons"),
        ("prisoner of war Person Onesson", "names of persons"),
        ("fallen soldier Person Onesson", "names of persons"),
        ("released: Person Onesson", "names of persons"),
    ];

    #[test]
    fn what_identifies_a_person_is_found() {
        for &(text, expected) in FOUND {
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
            "Kharkiv Oblast, Sumy Oblast, Chernihiv Oblast",
            "Nizhny Novgorod, Novaya Guta",
            "Ukrainska Pravda, Al Jazeera",
            "Kyiv Independent and Ukrainska Pravda; Radio Liberty",
            "the 95th Airborne Brigade was formed in 1992",
            "Minsk Protocol, Normandy Format, Istanbul Accords",
            "Independence Day, Easter Sunday",
            "24 Feb 2022",
            "On 5 August 1994 the office was founded",
            "between 24.02.2022 and 31.12.2025",
            "1 000 bodies, 10 000 000 at most",
            "0.5 per cent; 8 500 000",
            "exchange no. 71, stage 2 of 3",
            "on 2025-06-02, 2025-06-07 and 2025-06-14",
            "06.02.2026-10.02.2026",
            "157 for 157, 2026-02-05 12:30:45Z",
            "https://example.org/posts/20260129",
            "Chornobyl Nuclear Power Plant, Zaporizhzhia Nuclear Power Plant",
            "Azovstal defenders, National Guard, Border Service",
            "Харківська область, Сумська область",
            "Координаційний штаб з питань поводження з військовополоненими",
            "Уполномоченный по правам человека в России",
            "Новая Гута, Нижний Новгород",
            "Українська Правда, Радіо Свобода",
            "The President of Ukraine and the Ministry of Defence said so",
            "Crown Prince, Holy See, Order of Malta",
            "Staff Sergeant Major rank and above",
            "born of the Istanbul talks",
            "the agreement of 1949 (Geneva Convention, Third)",
            "Resolution 2712/2023",
            "Telegram channel, TASS, RIA Novosti, Interfax",
            "Saudi Arabia, Qatar, Turkey, the Holy See",
            "Kryvyi Rih, Bila Tserkva",
            "Rostov Region, Belgorod Region and Bryansk Region",
            "Foreign Minister, Defence Minister",
            "passport data was not published",
            "11,744 of 12,000 handed over since 2022",
            "9,000 - 10,000",
            "in 2025: 1212, 1200, 1200; in all 6,057",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn the_name_of_an_office_holder_is_one_name() {
        for name in ["Vladimir Medinsky", "Lt Gen Person Onesson", "P. P. Onesson", "Приклад Перший Прикладович"] {
            check_holder(name, || "/name".to_owned()).unwrap();
        }
        for name in ["Person Onesson, Person Twosson", "Person Onesson (born 1991)", "one@example.org", "Person Onesson +380 44 123 45 67"] {
            let problem = check_holder(name, || "/name".to_owned()).unwrap_err();
            assert!(!["Onesson", "example", "380", "1991"].iter().any(|data| problem.detail.contains(data)), "{problem:?}");
        }
    }
}
