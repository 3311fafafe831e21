use std::sync::Arc;

use announcement::{Announcer, BothWays, Category, ChannelOf, ChannelStatus, Count, Date, ExchangeKey, Finding, Kind, Number, Party, Publisher, Relation};
use jiff::civil;

use super::{Malformed, Pooled, Put, Take, Wire, put_text, take_text};
use crate::{Helper, claim::Pools, effects::Doubt, intern::Pool};

/// Each value as its place in a list, which only ever grows at its end.
macro_rules! by_place {
    ($($type:ty: $values:expr;)*) => {
        $(impl Wire for $type {
            fn put(&self, to: &mut Put<'_>) {
                let place = $values.iter().position(|value| value == self).expect("the list has all");
                to.bytes.push(u8::try_from(place).expect("the list is short"));
            }

            fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
                let place = usize::from(u8::take(from)?);
                $values.get(place).copied().ok_or(Malformed("a value that there isn't"))
            }
        })*
    };
}

by_place! {
    Kind: Self::ALL;
    Category: [Self::Bodies, Self::People, Self::Prisoners, Self::Civilians, Self::Children];
    Finding: [Self::ClaimedBySender, Self::MayBelong, Self::ToBeVerified, Self::Confirmed, Self::FoundOtherSide, Self::Returned];
    Relation: [Self::Equal, Self::AboutEqual];
    ChannelOf: [Self::Bodies, Self::Prisoners, Self::Civilians];
    ChannelStatus: [Self::Open, Self::Paused, Self::Blocked, Self::Resuming];
    Doubt: [Self::Quarantined, Self::Released];
}

impl Wire for Count {
    fn put(&self, to: &mut Put<'_>) {
        let (form, numbers): (u8, &[Number]) = match self {
            Self::Exact(count) => (0, &[*count]),
            Self::AtLeast(count) => (1, &[*count]),
            Self::MoreThan(count) => (2, &[*count]),
            Self::AtMost(count) => (3, &[*count]),
            Self::LessThan(count) => (4, &[*count]),
            Self::About(count) => (5, &[*count]),
            Self::Between(low, high) => (6, &[*low, *high]),
            Self::Unknown => (7, &[]),
        };
        form.put(to);
        numbers.iter().for_each(|number| number.get().put(to));
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let form = u8::take(from)?;
        let mut number = || Number::new(u32::take(from)?).ok_or(Malformed("a count that is too large"));
        Ok(match form {
            0 => Self::Exact(number()?),
            1 => Self::AtLeast(number()?),
            2 => Self::MoreThan(number()?),
            3 => Self::AtMost(number()?),
            4 => Self::LessThan(number()?),
            5 => Self::About(number()?),
            6 => Self::Between(number()?, number()?),
            7 => Self::Unknown,
            _ => return Err(Malformed("a count of no form")),
        })
    }
}

impl Wire for Date {
    /// A single day in three bytes, since most are; another date as its text after a 0.
    fn put(&self, to: &mut Put<'_>) {
        match self.plain_day().filter(|day| day.year() >= 0) {
            Some(day) => (u32::from(day.year().unsigned_abs()) << 9 | u32::from(day.month().unsigned_abs()) << 5 | u32::from(day.day().unsigned_abs())).put(to),
            None => {
                0_u8.put(to);
                put_text(&self.to_string(), to);
            }
        }
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let malformed = Malformed("a date that there isn't");
        let packed = u32::take(from)?;
        if packed == 0 {
            return take_text(from)?.parse().map_err(|_| malformed);
        }
        let small = |number: u32| i8::try_from(number).expect("at most five bits");
        let year = i16::try_from(packed >> 9).map_err(|_| malformed)?;
        let day = civil::Date::new(year, small(packed >> 5 & 0xf), small(packed & 0x1f)).map_err(|_| malformed)?;
        Self::of_day(day).ok_or(malformed)
    }
}

impl Wire for Party {
    fn put(&self, to: &mut Put<'_>) {
        put_text(self.as_str(), to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        take_text(from)?.parse().map_err(|_| Malformed("a party that there isn't"))
    }
}

impl Wire for BothWays {
    fn put(&self, to: &mut Put<'_>) {
        self.category.put(to);
        self.count.put(to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        Ok(Self { category: Wire::take(from)?, count: Wire::take(from)? })
    }
}

impl Wire for Publisher {
    fn put(&self, to: &mut Put<'_>) {
        put_text(self.as_str(), to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        take_text(from)?.parse().map_err(|_| Malformed("a publisher that there isn't"))
    }
}

impl Wire for ExchangeKey {
    fn put(&self, to: &mut Put<'_>) {
        put_text(self.as_str(), to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        take_text(from)?.parse().map_err(|_| Malformed("an exchange key that there isn't"))
    }
}

impl Wire for String {
    fn put(&self, to: &mut Put<'_>) {
        put_text(self, to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        take_text(from).map(str::to_owned)
    }
}

impl Wire for Announcer {
    fn put(&self, to: &mut Put<'_>) {
        self.party.put(to);
        self.office.put(to);
        self.name.put(to);
        self.stands_for.put(to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        Ok(Self { party: Wire::take(from)?, office: Wire::take(from)?, name: Wire::take(from)?, stands_for: Wire::take(from)? })
    }
}

impl Wire for Helper {
    fn put(&self, to: &mut Put<'_>) {
        self.name.put(to);
        self.party.put(to);
        put_text(self.role, to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        let (name, party, role) = (Wire::take(from)?, Wire::take(from)?, take_text(from)?);
        let role = Self::ROLES.into_iter().find(|known| *known == role).ok_or(Malformed("a role that there isn't"))?;
        Ok(Self { name, party, role })
    }
}

impl Wire for Arc<str> {
    fn put(&self, to: &mut Put<'_>) {
        put_text(self, to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        take_text(from).map(Self::from)
    }
}

impl<T: Wire> Wire for Arc<T> {
    fn put(&self, to: &mut Put<'_>) {
        T::put(self, to);
    }

    fn take(from: &mut Take<'_>) -> Result<Self, Malformed> {
        T::take(from).map(Self::new)
    }
}

macro_rules! pooled {
    ($($type:ty: $pool:ident;)*) => {
        $(impl Pooled for $type {
            fn pool(pools: &Pools) -> &Pool<Self> {
                &pools.$pool
            }

            fn put_value(&self, to: &mut Put<'_>) {
                self.put(to);
            }
        })*
    };
}

pooled! {
    Publisher: publishers;
    Announcer: announcers;
    ExchangeKey: keys;
    Party: parties;
    Helper: helpers;
}

impl Pooled for str {
    fn pool(pools: &Pools) -> &Pool<Self> {
        &pools.texts
    }

    fn put_value(&self, to: &mut Put<'_>) {
        put_text(self, to);
    }
}
