use announcement::{ExchangeKey, Position};

use super::Book;
use crate::wire::Put;

/// The first thing that two books say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Differs {
    /// One has more records.
    Records,
    /// The record at a position, or what was done to it.
    Record(Position),
    /// What claims name, stand for or are a stage of an exchange.
    Exchange(ExchangeKey),
}

impl std::fmt::Display for Differs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Records => f.write_str("the number of records"),
            Self::Record(position) => write!(f, "the record at position {position}"),
            Self::Exchange(key) => write!(f, "the exchange {key}"),
        }
    }
}

impl Book {
    /// The first thing that another book says otherwise; none where both say the same, whatever numbers their shared values have.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<Differs> {
        if self.next() != other.next() {
            return Some(Differs::Records);
        }
        let written = |book: &Self, at: Position| {
            let mut to = Put::values(&book.pools);
            book.put_record(at, &mut to);
            to.bytes
        };
        let differs = |at: &Position| written(self, *at) != written(other, *at);
        if let Some(at) = (0..self.next().get()).map(Position::new).find(differs) {
            return Some(Differs::Record(at));
        }
        // Who folded a report that names its origins, and lost them since, had it changed by what one who never saw them doesn't tie it to.
        let is_whole = self.bare.is_empty() && other.bare.is_empty();
        let touches = |book: &Self| book.touches.iter().map(|&(at, id)| (at, book.pools.keys.get(id).clone())).collect::<Vec<_>>();
        if is_whole && let Some(at) = first_other(&touches(self), &touches(other)) {
            return Some(Differs::Record(at));
        }
        let of_merges = |book: &Self| book.merges.iter().map(|merged| (merged.at, merged.has_effect)).collect::<Vec<_>>();
        if let Some(at) = first_other(&of_merges(self), &of_merges(other)) {
            return Some(Differs::Record(at));
        }
        let keys = self.pools.keys.ids().map(|id| self.pools.keys.get(id)).chain(other.pools.keys.ids().map(|id| other.pools.keys.get(id)));
        let mut keys: Vec<&ExchangeKey> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().find(|key| self.written_node(key) != other.written_node(key)).cloned().map(Differs::Exchange)
    }

    /// A key's node; an empty one where nothing was ever said of the key.
    fn written_node(&self, key: &ExchangeKey) -> Vec<u8> {
        let mut to = Put::values(&self.pools);
        match self.pools.keys.find(key) {
            Some(id) => self.nodes[id.index()].put(&mut to),
            None => crate::place::Node::default().put(&mut to),
        }
        to.bytes
    }
}

/// The position of the first entry that two lists don't share.
fn first_other<T: PartialEq>(one: &[(Position, T)], two: &[(Position, T)]) -> Option<Position> {
    let at = one.iter().zip(two).take_while(|(one, two)| one == two).count();
    one.get(at).or(two.get(at)).map(|&(at, _)| at)
}
