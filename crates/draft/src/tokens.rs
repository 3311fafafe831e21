use std::ops::Range;

/// What a piece of text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Word,
    /// A whole number; `None` where it has a fraction or is too large to be a count.
    Number(Option<u32>),
    /// Digits that are no number of anything: `71st`, `152-мм`, `12:30`, `05.02.2026`.
    Code,
    /// One other character.
    Mark,
}

/// A word, a number or a mark, with its place in the article.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// In lower case, one kind of apostrophe and hyphen, without combining accents.
    pub(crate) lower: String,
    /// It begins with a capital letter.
    pub(crate) capital: bool,
    /// White space stands before it.
    pub(crate) spaced: bool,
}

impl Token {
    pub(crate) fn is(&self, word: &str) -> bool {
        self.lower == word
    }

    pub(crate) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }
}

/// Cuts a piece of the article, whose first byte is the article's byte `base`.
pub(crate) fn tokens(text: &str, base: usize) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    let mut spaced = true;
    while let Some(character) = text[at..].chars().next() {
        if character.is_whitespace() || is_invisible(character) {
            spaced |= character.is_whitespace();
            at += character.len_utf8();
            continue;
        }
        let (len, kind) = if character.is_ascii_digit() {
            number(&text[at..])
        } else if character.is_alphabetic() {
            (word(&text[at..]), Kind::Word)
        } else {
            (character.len_utf8(), Kind::Mark)
        };
        let (start, end) = (base + at, base + at + len);
        tokens.push(Token { start, end, kind, lower: normal(&text[at..at + len]), capital: character.is_uppercase(), spaced });
        at += len;
        spaced = false;
    }
    tokens
}

/// The bytes of the article that these tokens take.
pub(crate) fn bytes(tokens: &[Token], places: Range<usize>) -> Range<usize> {
    tokens[places.start].start..tokens[places.end - 1].end
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn normal(text: &str) -> String {
    let plain = |character: char| match character {
        '’' | 'ʼ' | '`' | '‘' => Some('\''),
        '‑' => Some('-'),
        '\u{300}'..='\u{36f}' | '\u{ad}' => None,
        other => Some(other),
    };
    text.chars().filter_map(plain).flat_map(char::to_lowercase).collect()
}

/// The length of a word: letters, and apostrophes, hyphens and digits between them. `'s` stays apart.
fn word(text: &str) -> usize {
    let mut end = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let inside = |next: Option<&(usize, char)>| next.is_some_and(|(_, next)| next.is_alphanumeric());
        let joins = match character {
            '’' | '\'' | 'ʼ' | '`' | '‘' => inside(characters.peek()) && !is_possessive(&text[at..]),
            '-' | '‑' => inside(characters.peek()),
            '\u{300}'..='\u{36f}' | '\u{ad}' => true,
            other => other.is_alphanumeric(),
        };
        if !joins {
            break;
        }
        end = at + character.len_utf8();
    }
    end
}

fn is_possessive(text: &str) -> bool {
    let mut rest = text.chars().skip(1);
    matches!(rest.next(), Some('s' | 'S')) && rest.next().is_none_or(|next| !next.is_alphanumeric())
}

/// The length of what begins with a digit, and what it is.
fn number(text: &str) -> (usize, Kind) {
    let run = text.bytes().take_while(u8::is_ascii_digit).count();
    let (mut end, mut grouped) = (run, false);
    if run <= 3 {
        while let Some(len) = group(&text[end..]) {
            end += len;
            grouped = true;
        }
    }
    let code = code(&text[end..]);
    if code > 0 {
        return (end + code, Kind::Code);
    }
    let fraction = text[end..].strip_prefix(['.', ',']).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if fraction > 0 && !grouped {
        return (end + 1 + fraction, Kind::Number(None));
    }
    let digits: String = text[..end].chars().filter(char::is_ascii_digit).collect();
    (end, Kind::Number(digits.parse().ok()))
}

/// A separator and three digits that end there: a comma, a full stop or a space, as one number has it.
fn group(text: &str) -> Option<usize> {
    let separator = text.chars().next().filter(|separator| matches!(separator, ',' | '.' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\''))?;
    let rest = &text[separator.len_utf8()..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let ends = rest[digits.min(rest.len())..].chars().next().is_none_or(|next| !next.is_alphanumeric() && next != ':' && next != '%');
    (digits == 3 && ends).then_some(separator.len_utf8() + 3)
}

/// The length of what makes a number something else: letters right after it, or further digits after `.`, `:`, `/`.
fn code(text: &str) -> usize {
    let mut characters = text.chars();
    let first = characters.next();
    let second = characters.next();
    let third = characters.next();
    let digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
    let letter = |character: Option<char>| character.is_some_and(char::is_alphabetic);
    let coded = match first {
        Some('%' | '°' | '№' | '$' | '€') => return first.map_or(0, char::len_utf8),
        Some('-' | '‑') if letter(second) => true,
        Some(':' | '/') if digit(second) => true,
        Some('-') if digit(second) && is_date(text) => true,
        Some('.') if digit(second) && digit(third) && is_date(text) => true,
        other => letter(other),
    };
    if !coded {
        return 0;
    }
    let joined = |character: &char| character.is_alphanumeric() || matches!(character, '-' | '‑' | ':' | '/' | '.');
    let taken: usize = text.chars().take_while(joined).map(char::len_utf8).sum();
    let trailing = text[..taken].bytes().rev().take_while(|byte| matches!(byte, b'.' | b'-' | b':' | b'/')).count();
    taken - trailing
}

/// `.02.2026` or `-02-05`: two further groups of digits.
fn is_date(text: &str) -> bool {
    let separator = &text[..1];
    let mut groups = text[1..].split(separator);
    let digits = |group: Option<&str>, lens: &[usize]| group.is_some_and(|group| lens.contains(&group.bytes().take_while(u8::is_ascii_digit).count()));
    digits(groups.next(), &[1, 2]) && digits(groups.next(), &[2, 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(String, Kind)> {
        tokens(text, 0).into_iter().map(|token| (text[token.start..token.end].to_owned(), token.kind)).collect()
    }

    #[test]
    fn groups_of_three_digits_are_one_number_and_codes_are_none() {
        for (text, number) in [("1,000", 1000), ("1 000", 1000), ("1\u{a0}212", 1212), ("1.212", 1212), ("14\u{202f}480", 14480), ("157", 157)] {
            assert_eq!(cut(text), [(text.to_owned(), Kind::Number(Some(number)))]);
        }
        for text in ["71st", "71-й", "152-мм", "12:30", "24/7", "05.02.2026", "2026-02-05", "15%"] {
            assert_eq!(cut(text), [(text.to_owned(), Kind::Code)], "{text}");
        }
        assert_eq!(cut("2025 157").len(), 2);
        assert_eq!(cut("1,5"), [("1,5".to_owned(), Kind::Number(None))]);
        assert_eq!(cut("157."), [("157".to_owned(), Kind::Number(Some(157))), (".".to_owned(), Kind::Mark)]);
    }

    #[test]
    fn words_keep_their_apostrophes_and_hyphens_and_lose_possession() {
        let words = |text: &str| cut(text).into_iter().map(|(text, _)| text).collect::<Vec<_>>();
        assert_eq!(words("Russia's п’ять prisoner-of-war Т-72"), ["Russia", "'", "s", "п’ять", "prisoner-of-war", "Т-72"]);
    }
}
