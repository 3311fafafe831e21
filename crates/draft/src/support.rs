use std::ops::Range;

/// What a field rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Support {
    /// These bytes of the article.
    Text(Range<usize>),
    /// The day on which it was published, which whoever asks has given.
    Published,
    /// An option.
    Option,
    /// The letters and words of the whole article.
    Detected,
}

/// A value and what it rests on.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Sourced<T> {
    pub(crate) value: T,
    pub(crate) from: Vec<Support>,
}

impl<T> Sourced<T> {
    pub(crate) fn text(value: T, bytes: Range<usize>) -> Self {
        Self { value, from: vec![Support::Text(bytes)] }
    }
}
