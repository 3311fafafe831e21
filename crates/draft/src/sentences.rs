use std::ops::Range;

use crate::tokens::{Kind, Token, tokens};

/// A sentence of the article.
#[derive(Debug)]
pub(crate) struct Sentence {
    /// Its bytes.
    pub(crate) bytes: Range<usize>,
    pub(crate) tokens: Vec<Token>,
    /// Which paragraph it's in.
    pub(crate) paragraph: usize,
    /// Which quotation its beginning is in.
    pub(crate) quotation: Option<usize>,
    /// Which quotation is open at its end.
    pub(crate) open: Option<usize>,
    /// A headline, or another line that is no sentence.
    pub(crate) heading: bool,
}

/// A longer line is no heading.
const MAX_HEADING_WORDS: usize = 18;
/// Words that end with a full stop and don't end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "gen", "lt", "col", "maj", "capt", "sgt", "st", "no", "vs", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
    "nov", "dec", "approx", "u.s", "u.k", "u.n", "e.g", "i.e", "тыс", "тис", "млн", "млрд", "чел", "г", "гг", "р", "рр", "г", "ул", "вул", "им", "ім", "обл",
    "стр", "напр", "т", "д", "п", "см", "ст", "янв", "фев", "февр", "авг", "сент", "окт", "нояб", "дек", "січ", "лют", "бер", "квіт", "трав", "черв", "лип",
    "серп", "вер", "жовт", "лист", "груд",
];

/// The sentences of an article, by paragraphs.
pub(crate) fn sentences(article: &str) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut quotations = Quotations::default();
    let paragraphs: Vec<Range<usize>> = paragraphs(article);
    for (paragraph, place) in paragraphs.iter().enumerate() {
        let tokens = tokens(&article[place.clone()], place.start);
        // Further down a line with a number and no full stop is what posts are made of.
        let counts = tokens.iter().any(|token| matches!(token.kind, Kind::Number(_)));
        let heading = paragraphs.len() > 1 && is_heading(&tokens) && (paragraph == 0 || !counts);
        quotations.paragraph();
        for tokens in split(tokens) {
            let quotation = quotations.at_start(&tokens);
            let bytes = tokens[0].start..tokens[tokens.len() - 1].end;
            quotations.pass(&tokens);
            let open = quotations.open.then_some(quotations.count);
            sentences.push(Sentence { bytes, tokens, paragraph, quotation, open, heading });
        }
    }
    sentences
}

fn paragraphs(article: &str) -> Vec<Range<usize>> {
    let mut paragraphs = Vec::new();
    let mut start = 0;
    for line in article.split_inclusive(['\n', '\r', '\u{2028}', '\u{2029}']) {
        if !line.trim().is_empty() {
            paragraphs.push(start..start + line.len());
        }
        start += line.len();
    }
    paragraphs
}

fn is_heading(tokens: &[Token]) -> bool {
    let ended = tokens.iter().rev().take(2).any(|token| matches!(token.lower.as_str(), "." | "!" | "?" | "…" | ":" | ";" | ","));
    !ended && tokens.iter().filter(|token| token.kind != Kind::Mark).count() <= MAX_HEADING_WORDS
}

fn split(tokens: Vec<Token>) -> Vec<Vec<Token>> {
    let mut sentences = Vec::new();
    let mut sentence: Vec<Token> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let ends = match token.lower.as_str() {
            "!" | "?" | "…" => true,
            "." => !sentence.last().is_some_and(is_abbreviation),
            _ => false,
        };
        sentence.push(token);
        if !ends {
            continue;
        }
        while let Some(closing) = tokens.next_if(|next| !next.spaced && is_closing(&next.lower)) {
            sentence.push(closing);
        }
        // What goes on in small letters or after a dash or a comma is the same sentence.
        let goes_on = tokens.peek().is_some_and(|next| {
            !next.spaced && next.kind != Kind::Mark || next.is_word() && !next.capital || matches!(next.lower.as_str(), "," | "—" | "–" | "-" | ";" | ")")
        });
        if !goes_on {
            sentences.push(std::mem::take(&mut sentence));
        }
    }
    if !sentence.is_empty() {
        sentences.push(sentence);
    }
    sentences
}

fn is_abbreviation(before: &Token) -> bool {
    let initial = before.is_word() && before.capital && before.lower.chars().count() == 1;
    initial || before.is_word() && ABBREVIATIONS.contains(&before.lower.as_str())
}

fn is_closing(mark: &str) -> bool {
    matches!(mark, "\"" | "”" | "“" | "»" | "'" | "’" | ")" | ".")
}

/// Follows quotation marks from sentence to sentence.
#[derive(Default)]
struct Quotations {
    count: usize,
    open: bool,
}

impl Quotations {
    /// A quotation isn't carried over a paragraph: an unclosed mark would swallow the rest of the article.
    fn paragraph(&mut self) {
        self.open = false;
    }

    fn at_start(&mut self, tokens: &[Token]) -> Option<usize> {
        let opens = tokens.first().is_some_and(opening);
        (self.open || opens).then_some(if self.open { self.count } else { self.count + 1 })
    }

    fn pass(&mut self, tokens: &[Token]) {
        for token in tokens {
            if !self.open && opening(token) {
                self.open = true;
                self.count += 1;
            } else if self.open && matches!(token.lower.as_str(), "\"" | "”" | "“" | "»") && !token.spaced {
                self.open = false;
            }
        }
    }
}

fn opening(token: &Token) -> bool {
    match token.lower.as_str() {
        "«" | "„" => true,
        "\"" | "“" | "”" => token.spaced,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(article: &str) -> Vec<&str> {
        sentences(article).into_iter().map(|sentence| &article[sentence.bytes]).collect()
    }

    #[test]
    fn abbreviations_years_and_quotations_do_not_end_a_sentence() {
        assert_eq!(split("Lt. Gen. A. Zorin spoke. He left."), ["Lt. Gen. A. Zorin spoke.", "He left."]);
        assert_eq!(split("В 2025 г. передано 5 тыс. тел. Это всё."), ["В 2025 г. передано 5 тыс. тел.", "Это всё."]);
        assert_eq!(split("«Мы ждём». – сказал он. Всё."), ["«Мы ждём». – сказал он.", "Всё."]);
        assert_eq!(split("\"One. Two,\" he said."), ["\"One.", "Two,\" he said."]);
    }

    #[test]
    fn sentences_of_one_quotation_know_it() {
        let quotations: Vec<_> = sentences("\"One. Two,” he said. Three. «Four».").into_iter().map(|sentence| sentence.quotation).collect();
        assert_eq!(quotations, [Some(1), Some(1), None, Some(2)]);
    }
}
