use crate::lexicon::Doubt;

/// Why nothing was proposed from a sentence that has numbers or speaks of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Why {
    /// Nothing in it was understood as a handing over.
    #[error("no handing over was understood")]
    NotUnderstood,
    /// It's asked.
    #[error("it's a question")]
    Question,
    /// It denies.
    #[error("it denies something")]
    Denied,
    /// It's conditional or possible.
    #[error("it says what may be, not what is")]
    Conditional,
    /// It demands.
    #[error("it asks for something")]
    Demanded,
    /// It's a rumour.
    #[error("it repeats what isn't confirmed")]
    Rumoured,
    /// It says what somebody refused or couldn't do.
    #[error("it says what wasn't done")]
    Refused,
    /// A negation.
    #[error("it says that something isn't so")]
    Negated,
    /// Between other parties.
    #[error("it names other parties")]
    OtherParties,
    /// It's of an earlier time that isn't said.
    #[error("when it was isn't said")]
    NoDate,
    /// It can't be told who said it.
    #[error("who said it can't be told")]
    NoSpeaker,
    /// From whom to whom can't be told.
    #[error("from whom to whom can't be told")]
    NoDirection,
    /// Who received can't be told.
    #[error("who received can't be told")]
    NoReceiver,
    /// What it says of the direction contradicts itself.
    #[error("the direction contradicts itself")]
    Contradictory,
    /// What the number counts can't be told.
    #[error("what the number counts can't be told")]
    NoCategory,
    /// The same category has two numbers in one direction.
    #[error("there are two numbers of the same")]
    Twice,
    /// It's neither past nor planned.
    #[error("whether it took place can't be told")]
    Tense,
    /// The same is proposed from another sentence.
    #[error("the same is proposed from another sentence")]
    Repeated,
    /// It's a heading, which the text repeats.
    #[error("it's a heading")]
    Heading,
    /// The format refuses what would be proposed.
    #[error("what would be proposed isn't valid")]
    Invalid,
    /// A total whose time or directions can't be told.
    #[error("what the total covers can't be told")]
    NoPeriod,
}

impl From<Doubt> for Why {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::Denied => Self::Denied,
            Doubt::Conditional => Self::Conditional,
            Doubt::Demanded => Self::Demanded,
            Doubt::Rumoured => Self::Rumoured,
            Doubt::Refused => Self::Refused,
        }
    }
}
