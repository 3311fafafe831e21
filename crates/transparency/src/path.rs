use std::{fmt, str::FromStr};

use crate::{Bundle, Tile};

/// What a tiled log serves below its prefix (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.
///
/// Each has one path: what is read is written as the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TilePath {
    /// Hashes, 32 bytes each.
    Hashes(Tile),
    /// Entries, each after its length.
    Entries(Bundle),
}

/// Not the path of a tile or a bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PathError {
    /// It begins otherwise, or ends early.
    #[error("expected tile/<level>/<number> or tile/entries/<number>")]
    Form,
    /// The part after `tile/`.
    #[error("expected a level from 0 to 63, without leading zeroes, or entries")]
    Level,
    /// The part after the level.
    #[error("expected a number in groups of three digits, x before all but the last, such as x001/x234/067")]
    Number,
    /// The part after `.p/`.
    #[error("expected a width from 1 to 255, without leading zeroes")]
    Width,
}

impl FromStr for TilePath {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let (level, rest) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(PathError::Form)?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, partial_width(width).ok_or(PathError::Width)?),
            None => (rest, 256),
        };
        let index = index(number).ok_or(PathError::Number)?;
        if level == "entries" {
            return Bundle::new(index, width).map(Self::Entries).ok_or(PathError::Width);
        }
        let level = decimal(level).and_then(|level| u8::try_from(level).ok()).ok_or(PathError::Level)?;
        Tile::new(level, index, width).map(Self::Hashes).ok_or(PathError::Level)
    }
}

fn partial_width(text: &str) -> Option<u16> {
    decimal(text).filter(|width| (1..=255).contains(width))
}

/// At most three digits, written in the one way that they can be.
fn decimal(text: &str) -> Option<u16> {
    let canonical = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

fn index(text: &str) -> Option<u64> {
    let (before, last) = text.rsplit_once('/').map_or((None, text), |(before, last)| (Some(before), last));
    let mut index = 0;
    if let Some(before) = before {
        for group in before.split('/') {
            let group = three_digits(group.strip_prefix('x')?)?;
            index = next_group(index, group).filter(|&index| index > 0)?;
        }
    }
    next_group(index, three_digits(last)?)
}

fn next_group(index: u64, group: u64) -> Option<u64> {
    index.checked_mul(1000)?.checked_add(group)
}

fn three_digits(text: &str) -> Option<u64> {
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tile = match self {
            Self::Hashes(tile) => {
                write!(f, "tile/{}", tile.level())?;
                *tile
            }
            Self::Entries(bundle) => {
                f.write_str("tile/entries")?;
                bundle.hashes()
            }
        };
        let digits = tile.index().to_string();
        let groups = digits.len().div_ceil(3);
        let padded = format!("{:0>width$}", digits, width = 3 * groups);
        for group in 0..groups {
            let mark = if group + 1 == groups { "" } else { "x" };
            write!(f, "/{mark}{}", &padded[3 * group..3 * group + 3])?;
        }
        if tile.is_full() { Ok(()) } else { write!(f, ".p/{}", tile.width()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hashes(level: u8, index: u64, width: u16) -> TilePath {
        TilePath::Hashes(Tile::new(level, index, width).unwrap())
    }

    fn entries(index: u64, width: u16) -> TilePath {
        TilePath::Entries(Bundle::new(index, width).unwrap())
    }

    #[test]
    fn a_path_is_the_one_of_the_specification() {
        for (path, text) in [
            (hashes(0, 1_234_067, 256), "tile/0/x001/x234/067"),
            (hashes(63, 0, 1), "tile/63/000.p/1"),
            (hashes(1, 999, 17), "tile/1/999.p/17"),
            (hashes(2, 1000, 255), "tile/2/x001/000.p/255"),
            (entries(0, 256), "tile/entries/000"),
            (entries(273, 112), "tile/entries/273.p/112"),
            (hashes(0, u64::MAX, 256), "tile/0/x018/x446/x744/x073/x709/x551/615"),
        ] {
            assert_eq!(path.to_string(), text);
            assert_eq!(text.parse(), Ok(path), "{text}");
        }
    }

    #[test]
    fn a_path_that_is_written_otherwise_is_refused() {
        use PathError::{Form, Level, Number, Width};
        for (text, expected) in [
            ("", Form),
            ("tile/", Form),
            ("tile/0", Form),
            ("/tile/0/000", Form),
            ("tiles/0/000", Form),
            ("tile/00/000", Level),
            ("tile/+1/000", Level),
            ("tile/-1/000", Level),
            ("tile/64/000", Level),
            ("tile/256/000", Level),
            ("tile//000", Level),
            ("tile/data/000", Level),
            ("tile/0/", Number),
            ("tile/0/0", Number),
            ("tile/0/0000", Number),
            ("tile/0/+01", Number),
            ("tile/0/x000", Number),
            ("tile/0/x000/067", Number),
            ("tile/0/001/067", Number),
            ("tile/0/x001/x067", Number),
            ("tile/0/x001//067", Number),
            ("tile/0/x001/067/", Number),
            ("tile/0/x018/x446/x744/x073/x709/x551/616", Number),
            ("tile/0/٠٠٠", Number),
            ("tile/0/000.p", Number),
            ("tile/0/000.p/", Width),
            ("tile/0/000.p/0", Width),
            ("tile/0/000.p/01", Width),
            ("tile/0/000.p/256", Width),
            ("tile/0/000.p/1/", Width),
            ("tile/entries/000.p/1.p/1", Width),
        ] {
            assert_eq!(text.parse::<TilePath>(), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(level in 0..=63_u8, index: u64, width in 1..=256_u16) {
            for path in [hashes(level, index, width), entries(index, width)] {
                prop_assert_eq!(path.to_string().parse(), Ok(path));
            }
        }

        #[test]
        fn what_can_be_read_is_written_as_the_same(text in "(tile/)?([0-9]{1,2}|entries)/(x[0-9]{3}/){0,8}[0-9]{3}(\\.p/[0-9]{1,3})?|.{0,40}") {
            if let Ok(path) = text.parse::<TilePath>() {
                prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}
