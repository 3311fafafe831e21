use std::{cmp::Ordering, fmt, str::FromStr};

use crate::text::as_text;

/// A party: a country by ISO 3166-1 alpha-2 (`UA`), or a body that has no code (`X-ICRC`). Ordered as its text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    text: [u8; Party::MAX],
    len: u8,
}

/// Not a party.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a party: an ISO 3166-1 alpha-2 code such as UA, or X- and 2 to 12 of A-Z and 0-9 such as X-ICRC")]
pub struct PartyError;

impl Party {
    const MAX: usize = 14;

    /// Its code, as written in an announcement.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..usize::from(self.len)]).expect("a party is ASCII")
    }

    /// Its code as part of an exchange key: `ua`, `x_icrc`.
    #[must_use]
    pub fn key_part(&self) -> String {
        self.as_str().to_ascii_lowercase().replace('-', "_")
    }
}

/// Looks among the codes, which stand in alphabetical order, three bytes apart.
fn is_assigned(code: &str) -> bool {
    let codes = ISO_3166_1.as_bytes();
    let (mut from, mut to) = (0, codes.len().div_ceil(3));
    while from < to {
        let middle = usize::midpoint(from, to);
        match codes[middle * 3..middle * 3 + 2].cmp(code.as_bytes()) {
            Ordering::Less => from = middle + 1,
            Ordering::Greater => to = middle,
            Ordering::Equal => return true,
        }
    }
    false
}

impl FromStr for Party {
    type Err = PartyError;

    fn from_str(text: &str) -> Result<Self, PartyError> {
        let upper = |byte: u8| byte.is_ascii_uppercase();
        let valid = match text.strip_prefix("X-") {
            Some(body) => (2..=12).contains(&body.len()) && body.bytes().all(|byte| upper(byte) || byte.is_ascii_digit()),
            None => is_assigned(text),
        };
        if !valid {
            return Err(PartyError);
        }
        let mut bytes = [0; Self::MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { text: bytes, len: u8::try_from(text.len()).expect("at most 14 bytes") })
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

as_text!(Party, "Party", "^([A-Z]{2}|X-[A-Z0-9]{2,12})$", "a party: an ISO 3166-1 alpha-2 code, or X- and 2 to 12 of A-Z and 0-9");

/// The officially assigned codes of ISO 3166-1 alpha-2 (<https://www.iso.org/obp/ui/#search/code>).
const ISO_3166_1: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO \
CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR \
HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN \
MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD \
SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE \
YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_is_an_assigned_code_or_a_body_without_one() {
        let codes: Vec<&str> = ISO_3166_1.split(' ').collect();
        assert_eq!(codes.len(), 249);
        for code in codes.into_iter().chain(["X-ICRC", "X-UN", "X-ABCDEFGHIJ12"]) {
            assert_eq!(code.parse::<Party>().map(|party| party.to_string()).as_deref(), Ok(code));
        }
        for text in ["", "U", "ua", "UAE", "ZZ", "AA", "D ", " A", "X-", "X-A", "X-ABCDEFGHIJ123", "X-icrc", "x-ICRC", "XICRC", "УА"] {
            assert_eq!(text.parse::<Party>(), Err(PartyError), "{text}");
        }
    }

    #[test]
    fn parties_are_ordered_as_their_text() {
        let mut parties: Vec<Party> = ["X-ICRC", "UA", "RU", "X-ICR", "AE"].iter().map(|text| text.parse().unwrap()).collect();
        parties.sort();
        let texts: Vec<&str> = parties.iter().map(Party::as_str).collect();
        assert_eq!(texts, ["AE", "RU", "UA", "X-ICR", "X-ICRC"]);
    }
}
