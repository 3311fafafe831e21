use announcement::Position;

/// How many claims of a sum are listed at most: those that were recorded first.
pub const MAX_CITED: usize = 1_000;

/// Claims that are listed by position, in a list that doesn't grow without end.
#[derive(Debug)]
pub(crate) struct Cited<T = Position> {
    claims: Vec<T>,
    /// Whatever comes after it isn't listed.
    last: Option<T>,
    /// How many aren't listed.
    more: usize,
}

impl<T> Default for Cited<T> {
    fn default() -> Self {
        Self { claims: Vec::new(), last: None, more: 0 }
    }
}

impl<T: Ord + Copy> Cited<T> {
    /// Adds claims that aren't in it.
    pub(crate) fn extend(&mut self, claims: impl IntoIterator<Item = T>) {
        for claim in claims {
            if self.last.is_some_and(|last| claim > last) { self.more += 1 } else { self.claims.push(claim) }
        }
        if self.claims.len() >= 4 * MAX_CITED {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.claims.len() > MAX_CITED {
            let (_, last, _) = self.claims.select_nth_unstable(MAX_CITED - 1);
            self.last = Some(*last);
            self.more += self.claims.len() - MAX_CITED;
            self.claims.truncate(MAX_CITED);
        }
    }

    /// The first of them, and how many more there are.
    pub(crate) fn done(mut self) -> (Vec<T>, usize) {
        self.cut();
        self.claims.sort_unstable();
        (self.claims, self.more)
    }
}

/// For an answer: nothing is said of a list that's whole.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) const fn is_whole(more: &usize) -> bool {
    *more == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_very_many_claims_has_the_first_of_them() {
        let mut cited = Cited::default();
        // 7,919 is prime: each of 40,000 comes once, in no order.
        for at in 0..40_000u64 {
            cited.extend([Position::new(at * 7_919 % 40_000)]);
        }
        let (claims, more) = cited.done();
        assert_eq!(claims, (0..1_000).map(Position::new).collect::<Vec<_>>());
        assert_eq!(more, 39_000);
    }
}
