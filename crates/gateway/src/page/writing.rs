//! How values are put into words: the same for both sides, and never a number where none is known.

use announcement::{Announcer, Category, ChannelOf, ChannelStatus, Count, Date, ExchangeKey, Finding, Kind, Number, Party, What};
use jiff::{Timestamp, civil};
use projection::{Days, Gap, Policy, Status, Why};

use super::{language::Language, words::Word};

impl Language {
    /// A party's name. What isn't among these is shown by its code.
    pub(super) fn party(self, party: Party) -> String {
        let [english, ukrainian, russian] = match party.as_str() {
            "AE" => ["United Arab Emirates", "Об’єднані Арабські Емірати", "Объединённые Арабские Эмираты"],
            "BY" => ["Belarus", "Білорусь", "Беларусь"],
            "CH" => ["Switzerland", "Швейцарія", "Швейцария"],
            "HU" => ["Hungary", "Угорщина", "Венгрия"],
            "QA" => ["Qatar", "Катар", "Катар"],
            "RU" => ["Russia", "Росія", "Россия"],
            "SA" => ["Saudi Arabia", "Саудівська Аравія", "Саудовская Аравия"],
            "TR" => ["Türkiye", "Туреччина", "Турция"],
            "UA" => ["Ukraine", "Україна", "Украина"],
            "US" => ["United States", "Сполучені Штати", "Соединённые Штаты"],
            "VA" => ["Holy See", "Святий Престол", "Святой Престол"],
            "X-ICRC" => ["International Committee of the Red Cross", "Міжнародний комітет Червоного Хреста", "Международный комитет Красного Креста"],
            code => [code; 3],
        };
        let name = match self {
            Self::English => english,
            Self::Ukrainian => ukrainian,
            Self::Russian => russian,
        };
        name.to_owned()
    }

    /// The names of the two parties of an exchange.
    pub(super) fn parties_of(self, key: &ExchangeKey) -> [String; 2] {
        let name = |part: &str| part.to_ascii_uppercase().replace('_', "-").parse().map_or_else(|_| part.to_owned(), |party| self.party(party));
        let (one, other) = key.parties();
        [name(one), name(other)]
    }

    /// `From Russia to Ukraine`, at the beginning of a line.
    pub(super) fn direction(self, from: Party, to: Party) -> String {
        self.fill(Word::FromTo, &[self.party(from), self.party(to)])
    }

    /// A direction, or both together where there is none.
    pub(super) fn direction_or_both(self, from: Option<Party>, to: Option<Party>) -> String {
        from.zip(to).map_or_else(|| self.say(Word::BothDirections).to_owned(), |(from, to)| self.direction(from, to))
    }

    pub(super) const fn what(self, what: What) -> &'static str {
        self.say(match what {
            What::Bodies => Word::BodiesOfFallen,
            What::Prisoners => Word::PrisonersOfWar,
            What::Civilians => Word::Civilians,
            What::Children => Word::Children,
        })
    }

    /// A category as a row of figures: `people` is the total of the living, the other three its breakdown.
    pub(super) const fn category(self, category: Category) -> &'static str {
        self.say(match category {
            Category::Bodies => Word::BodiesOfFallen,
            Category::People => Word::Living,
            Category::Prisoners => Word::OfThesePrisoners,
            Category::Civilians => Word::OfTheseCivilians,
            Category::Children => Word::OfTheseChildren,
        })
    }

    /// A category beside a number.
    pub(super) const fn short(self, category: Category) -> &'static str {
        self.say(match category {
            Category::Bodies => Word::ShortBodies,
            Category::People => Word::ShortPeople,
            Category::Prisoners => Word::ShortPrisoners,
            Category::Civilians => Word::ShortCivilians,
            Category::Children => Word::ShortChildren,
        })
    }

    /// Who says it: the party first, for everybody alike.
    pub(super) fn announcer(self, announcer: Option<&Announcer>) -> String {
        let Some(announcer) = announcer else { return self.say(Word::OutletVoice).to_owned() };
        let stands_for = announcer.stands_for.map(|stands_for| self.fill(Word::ForParty, &[self.party(stands_for)]));
        let parts = [Some(self.party(announcer.party)), stands_for, announcer.office.clone(), announcer.name.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// A voice: a party, or an outlet's own.
    pub(super) fn voice(self, party: Option<Party>) -> String {
        party.map_or_else(|| self.say(Word::OutletVoice).to_owned(), |party| self.party(party))
    }

    /// A whole number, with its digits in threes.
    pub(super) fn number(self, number: u64) -> String {
        let mark = if self == Self::English { ',' } else { '\u{a0}' };
        let digits = number.to_string();
        let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 * mark.len_utf8());
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(mark);
            }
            grouped.push(digit);
        }
        grouped
    }

    /// A number with its sign.
    pub(super) fn signed(self, number: i64) -> String {
        let digits = self.number(number.unsigned_abs());
        match number {
            0 => digits,
            1.. => format!("+{digits}"),
            _ => format!("\u{2212}{digits}"),
        }
    }

    /// A figure between two bounds. No bound at either end is `unknown`, never 0.
    pub(super) fn range(self, low: Option<u64>, high: Option<u64>) -> String {
        match (low.filter(|low| *low > 0), high) {
            (low, Some(high)) if low.unwrap_or(0) == high => self.number(high),
            (Some(low), Some(high)) => self.fill(Word::Range, &[self.number(low), self.number(high)]),
            (None, Some(high)) => self.fill(Word::UpTo, &[self.number(high)]),
            (Some(low), None) => self.fill(Word::OrMore, &[self.number(low)]),
            (None, None) => self.say(Word::Unknown).to_owned(),
        }
    }

    /// A difference between two bounds.
    pub(super) fn gap(self, gap: Gap) -> String {
        match (gap.low, gap.high) {
            (Some(low), Some(high)) if low == high => self.signed(low),
            (Some(low), Some(high)) => self.fill(Word::Range, &[self.signed(low), self.signed(high)]),
            (Some(low), None) => self.fill(Word::OrMore, &[self.signed(low)]),
            (None, Some(high)) => self.fill(Word::UpTo, &[self.signed(high)]),
            (None, None) => self.say(Word::Unknown).to_owned(),
        }
    }

    /// A count in the words of the announcement.
    pub(super) fn stated(self, count: Count) -> String {
        let wide = |number: Number| self.number(u64::from(number.get()));
        match count {
            Count::Exact(count) => wide(count),
            Count::AtLeast(count) => self.fill(Word::AtLeast, &[wide(count)]),
            Count::MoreThan(count) => self.fill(Word::MoreThan, &[wide(count)]),
            Count::AtMost(count) => self.fill(Word::AtMost, &[wide(count)]),
            Count::LessThan(count) => self.fill(Word::LessThan, &[wide(count)]),
            Count::About(count) => self.fill(Word::About, &[wide(count)]),
            Count::Between(low, high) => self.fill(Word::Range, &[wide(low), wide(high)]),
            Count::Unknown => self.say(Word::NumberNotGiven).to_owned(),
        }
    }

    /// A day: `29 January 2026`.
    pub(super) fn day(self, day: civil::Date) -> String {
        format!("{} {} {}", day.day(), self.month_name(day, true), day.year())
    }

    fn month_name(self, day: civil::Date, of_a_day: bool) -> &'static str {
        let names = match (self, of_a_day) {
            (Self::English, _) => ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
            (Self::Ukrainian, true) => {
                ["січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня", "листопада", "грудня"]
            }
            (Self::Ukrainian, false) => {
                ["січень", "лютий", "березень", "квітень", "травень", "червень", "липень", "серпень", "вересень", "жовтень", "листопад", "грудень"]
            }
            (Self::Russian, true) => ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"],
            (Self::Russian, false) => ["январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"],
        };
        names[usize::try_from(day.month() - 1).expect("a month is from 1 to 12")]
    }

    /// A month: `January 2026`.
    pub(super) fn month(self, day: civil::Date) -> String {
        format!("{} {}", self.month_name(day, false), day.year())
    }

    /// The days that a date can mean: a month or a year where they are exactly one.
    pub(super) fn days(self, days: Days) -> String {
        match (days.earliest, days.latest) {
            (Some(first), Some(last)) if first == last => self.day(first),
            (Some(first), Some(last)) if first == first.first_of_year() && last == first.last_of_year() => first.year().to_string(),
            (Some(first), Some(last)) if first == first.first_of_month() && last == first.last_of_month() => self.month(first),
            (Some(first), Some(last)) if (first.year(), first.month()) == (last.year(), last.month()) => {
                self.fill(Word::DayToDay, &[first.day().to_string(), self.day(last)])
            }
            (Some(first), Some(last)) => self.fill(Word::DayToDay, &[self.day(first), self.day(last)]),
            (Some(first), None) => self.fill(Word::OrLater, &[self.day(first)]),
            (None, Some(last)) => self.fill(Word::OrEarlier, &[self.day(last)]),
            (None, None) => self.say(Word::DateUnknown).to_owned(),
        }
    }

    /// The days of an exchange, where any are known.
    pub(super) fn days_or_unknown(self, days: Option<Days>) -> String {
        days.map_or_else(|| self.say(Word::DateUnknown).to_owned(), |days| self.days(days))
    }

    /// A date as it was announced, with its qualifier in words.
    pub(super) fn date(self, date: &Date) -> String {
        let points = match date {
            Date::Point(point) => vec![point],
            Date::Interval(from, to) => from.iter().chain(to).collect(),
        };
        let text = points.iter().map(ToString::to_string).collect::<String>();
        let words = self.days(date.span().into());
        match (text.contains('~') || text.contains('%'), text.contains('?') || text.contains('%')) {
            (true, true) => self.fill(Word::ApproximateUncertainDate, &[words]),
            (true, false) => self.fill(Word::ApproximateDate, &[words]),
            (false, true) => self.fill(Word::UncertainDate, &[words]),
            (false, false) => words,
        }
    }

    /// An instant to the second, in UTC.
    pub(super) fn instant(self, instant: Timestamp) -> String {
        let utc = jiff::tz::Offset::UTC.to_datetime(instant);
        format!("{}, {:02}:{:02}:{:02} UTC", self.day(utc.date()), utc.hour(), utc.minute(), utc.second())
    }

    /// Why a claim is in no figure.
    pub(super) const fn out(self, why: Why) -> &'static str {
        self.say(match why {
            Why::Retracted => Word::WhyRetracted,
            Why::Corrected => Word::WhyCorrected,
            Why::Revised => Word::WhyRevised,
            Why::Quarantined => Word::WhyQuarantined,
            Why::Redacted => Word::WhyRedacted,
            Why::Relay => Word::WhyRelay,
            Why::MaybeLater => Word::WhyMaybeLater,
            Why::Outranked => Word::WhyOutranked,
        })
    }

    /// Where an exchange stands.
    pub(super) const fn status(self, status: Status) -> &'static str {
        self.say(match status {
            Status::Completed => Word::Completed,
            Status::Cancelled => Word::Cancelled,
            Status::Postponed => Word::Postponed,
            Status::Planned => Word::Planned,
            Status::Mentioned => Word::Mentioned,
        })
    }

    /// How figures are made under a policy.
    pub(super) const fn policy(self, policy: Policy) -> &'static str {
        self.say(match policy {
            Policy::Range => Word::PolicyRange,
            Policy::Receiver => Word::PolicyReceiver,
            Policy::Sender => Word::PolicySender,
            Policy::Both => Word::PolicyBoth,
        })
    }

    /// A policy's name, with a few words.
    pub(super) const fn policy_name(self, policy: Policy) -> &'static str {
        self.say(match policy {
            Policy::Range => Word::PolicyNameRange,
            Policy::Receiver => Word::PolicyNameReceiver,
            Policy::Sender => Word::PolicyNameSender,
            Policy::Both => Word::PolicyNameBoth,
        })
    }

    pub(super) const fn finding(self, finding: Finding) -> &'static str {
        self.say(match finding {
            Finding::ClaimedBySender => Word::IdentityClaimed,
            Finding::MayBelong => Word::MayBelong,
            Finding::ToBeVerified => Word::ToBeVerified,
            Finding::Confirmed => Word::IdentityConfirmed,
            Finding::FoundOtherSide => Word::FoundOtherSide,
            Finding::Returned => Word::Returned,
        })
    }

    pub(super) const fn channel(self, channel: ChannelOf) -> &'static str {
        self.say(match channel {
            ChannelOf::Bodies => Word::ChannelBodies,
            ChannelOf::Prisoners => Word::ChannelPrisoners,
            ChannelOf::Civilians => Word::ChannelCivilians,
        })
    }

    pub(super) const fn channel_status(self, status: ChannelStatus) -> &'static str {
        self.say(match status {
            ChannelStatus::Open => Word::ChannelOpen,
            ChannelStatus::Paused => Word::ChannelPaused,
            ChannelStatus::Blocked => Word::ChannelBlocked,
            ChannelStatus::Resuming => Word::ChannelResuming,
        })
    }

    /// As what a third party helped; a role of later versions by its name.
    pub(super) fn role(self, role: &str) -> String {
        let word = match role {
            "mediator" => Word::RoleMediator,
            "intermediary" => Word::RoleIntermediary,
            "facilitator" => Word::RoleFacilitator,
            "observer" => Word::RoleObserver,
            "host" => Word::RoleHost,
            "participant" => Word::RoleParticipant,
            other => return other.to_owned(),
        };
        self.say(word).to_owned()
    }

    /// What an announcer does with a statement of a kind.
    pub(super) const fn kind(self, kind: Kind) -> &'static str {
        self.say(match kind {
            Kind::Planned => Word::KindPlanned,
            Kind::Completed => Word::KindCompleted,
            Kind::Confirmed => Word::KindConfirmed,
            Kind::Postponed => Word::KindPostponed,
            Kind::Cancelled => Word::KindCancelled,
            Kind::Offered => Word::KindOffered,
            Kind::Aggregate => Word::KindAggregate,
            Kind::Stock => Word::KindStock,
            Kind::Channel => Word::KindChannel,
            Kind::Contact => Word::KindContact,
            Kind::Agreement => Word::KindAgreement,
            Kind::Mediation => Word::KindMediation,
            Kind::Identity => Word::KindIdentity,
            Kind::Disputed => Word::KindDisputed,
            Kind::Corrected => Word::KindCorrected,
            Kind::Retracted => Word::KindRetracted,
            Kind::Linked => Word::KindLinked,
            Kind::Merged => Word::KindMerged,
            Kind::Split => Word::KindSplit,
            Kind::Quarantined => Word::KindQuarantined,
            Kind::Released => Word::KindReleased,
            Kind::Redacted => Word::KindRedacted,
        })
    }
}

/// An address that may be linked to: only `http` and `https`.
pub(super) fn linkable(address: &str) -> bool {
    let scheme = address.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_never_zero_and_zero_is_never_unknown() {
        let range = |low, high| Language::English.range(low, high);
        assert_eq!(range(Some(0), None), "unknown");
        assert_eq!(range(None, None), "unknown");
        assert_eq!(range(Some(0), Some(0)), "0");
        assert_eq!(range(Some(1000), Some(1000)), "1,000");
        assert_eq!(range(Some(1245), Some(1248)), "1,245 to 1,248");
        assert_eq!(range(Some(0), Some(50)), "up to 50");
        assert_eq!(range(Some(1801), None), "1,801 or more");
        assert_eq!(Language::Ukrainian.range(Some(1245), None), "1\u{a0}245 або більше");
    }

    #[test]
    fn numbers_are_grouped_as_the_language_does() {
        let grouped = |language: Language| [0, 7, 999, 1_000, 12_345, 1_234_567].map(|number| language.number(number));
        assert_eq!(grouped(Language::English), ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(grouped(Language::Ukrainian), ["0", "7", "999", "1\u{a0}000", "12\u{a0}345", "1\u{a0}234\u{a0}567"]);
        assert_eq!(Language::English.signed(-12_345), "\u{2212}12,345");
    }

    #[test]
    fn days_are_written_as_the_language_does() {
        let day = civil::date(2026, 1, 29);
        assert_eq!(Language::ALL.map(|language| language.day(day)), ["29 January 2026", "29 січня 2026", "29 января 2026"]);
        assert_eq!(Language::ALL.map(|language| language.month(day)), ["January 2026", "січень 2026", "январь 2026"]);
    }

    #[test]
    fn only_web_addresses_are_linked() {
        assert!(linkable("https://example.org/") && linkable("HTTP://example.org"));
        for address in ["javascript:alert(1)", "data:text/html,x", "//example.org", "javascript://example.org/%0aalert(1)", "", "file:///etc/passwd"] {
            assert!(!linkable(address), "{address}");
        }
    }
}
