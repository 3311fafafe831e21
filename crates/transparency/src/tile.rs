/// How many hashes a full tile has, and how many entries a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// One tile of a tree (C2SP tlog-tiles), full or partial: 1 to 256 consecutive hashes of one level.
///
/// Level 0 has the leaf hashes; hash `i` of level `l` is the root of the `256^l` leaves from `i · 256^l` on, and stands in tile `i / 256`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// One entry bundle (C2SP tlog-tiles), full or partial: the entries whose hashes a tile of level 0 has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Bundle(Tile);

impl Tile {
    /// The highest level that a path can name.
    pub const MAX_LEVEL: u8 = 63;

    /// A tile of `width` hashes; `None` for a level above 63, and for a width of 0 or above 256.
    #[must_use]
    pub const fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        if level <= Self::MAX_LEVEL && 1 <= width && width as u64 <= TILE_WIDTH { Some(Self { level, index, width }) } else { None }
    }

    /// The tile as a tree of `size` leaves has it; `None` where it has no hash there.
    #[must_use]
    pub fn of_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        let before = index.checked_mul(TILE_WIDTH)?;
        let width = hashes_at(level, size).checked_sub(before)?.min(TILE_WIDTH);
        Self::new(level, index, u16::try_from(width).ok()?)
    }

    /// Its level.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.level
    }

    /// Its number in the level.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many hashes it has: 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it has all its hashes, so that it never grows.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width as u64 == TILE_WIDTH
    }

    /// Whether a tree of `size` leaves has all its hashes.
    #[must_use]
    pub fn is_in(self, size: u64) -> bool {
        Self::of_tree(self.level, self.index, size).is_some_and(|tile| self.width <= tile.width)
    }
}

impl Bundle {
    /// A bundle of `width` entries; `None` for a width of 0 or above 256.
    #[must_use]
    pub fn new(index: u64, width: u16) -> Option<Self> {
        Tile::new(0, index, width).map(Self)
    }

    /// The bundle as a tree of `size` leaves has it; `None` where it has no entry there.
    #[must_use]
    pub fn of_tree(index: u64, size: u64) -> Option<Self> {
        Tile::of_tree(0, index, size).map(Self)
    }

    /// The tile of level 0 with the hashes of its entries.
    #[must_use]
    pub const fn hashes(self) -> Tile {
        self.0
    }
}

/// How many hashes level `level` has in a tree of `size` leaves, over all its tiles.
#[must_use]
pub fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(8 * u32::from(level)).unwrap_or(0)
}

/// All tiles of a tree of `size` leaves, level by level: at most one of each level is partial, its last.
pub fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    (0..8).flat_map(move |level| (0..hashes_at(level, size).div_ceil(TILE_WIDTH)).filter_map(move |index| Tile::of_tree(level, index, size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levels with how many full tiles they have, and how wide the partial one is: 0 where there is none.
    fn levels(size: u64) -> Vec<(usize, u16)> {
        let tiles: Vec<_> = tiles(size).collect();
        let levels = tiles.iter().map(|tile| tile.level()).max().map_or(0, |top| top + 1);
        let of = |level| tiles.iter().filter(move |tile| tile.level() == level);
        (0..levels)
            .map(|level| (of(level).filter(|tile| tile.is_full()).count(), of(level).filter(|tile| !tile.is_full()).map(|tile| tile.width()).sum()))
            .collect()
    }

    /// 70,000 and 256 are the examples of the specification.
    #[test]
    fn a_tree_has_the_tiles_that_the_specification_says() {
        for (size, expected) in [
            (0, &[] as &[(usize, u16)]),
            (1, &[(0, 1)]),
            (255, &[(0, 255)]),
            (256, &[(1, 0), (0, 1)]),
            (257, &[(1, 1), (0, 1)]),
            (65_536, &[(256, 0), (1, 0), (0, 1)]),
            (70_000, &[(273, 112), (1, 17), (0, 1)]),
        ] {
            assert_eq!(levels(size), expected, "{size}");
        }
    }

    #[test]
    fn a_tile_is_in_every_tree_that_has_its_hashes() {
        let tile = Tile::new(1, 2, 5).unwrap();
        let least = (2 * 256 + 5) * 256;
        assert!(!tile.is_in(least - 1));
        assert!(tile.is_in(least));
        assert!(tile.is_in(u64::MAX));
        assert_eq!(Bundle::of_tree(3, 3 * 256), None);
        assert_eq!(Bundle::of_tree(3, 3 * 256 + 7), Bundle::new(3, 7));
    }

    #[test]
    fn tiles_that_no_tree_has_are_no_ones() {
        assert_eq!(Tile::new(64, 0, 1), None);
        assert_eq!(Tile::new(0, 0, 0), None);
        assert_eq!(Tile::new(0, 0, 257), None);
        for (level, index) in [(63, 0), (8, 0), (7, 1), (0, u64::MAX), (1, 1 << 56)] {
            assert_eq!(Tile::of_tree(level, index, u64::MAX), None, "{level} {index}");
        }
        assert_eq!(Tile::of_tree(7, 0, u64::MAX), Tile::new(7, 0, 255));
    }
}
