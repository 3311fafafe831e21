//! What holds for all dates, counts and bytes.
#![allow(clippy::unwrap_used, reason = "a test may")]

use announcement::{Announcement, Bounds, Count, Date, Number, Span, Transfer, decode, parse, same_content};
use proptest::prelude::*;

fn number() -> impl Strategy<Value = Number> {
    (0..=announcement::MAX_COUNT).prop_map(|number| Number::new(number).unwrap())
}

fn count() -> impl Strategy<Value = Count> {
    prop_oneof![
        number().prop_map(Count::Exact),
        number().prop_map(Count::AtLeast),
        number().prop_map(Count::MoreThan),
        number().prop_map(Count::AtMost),
        number().prop_map(Count::LessThan),
        number().prop_map(Count::About),
        (number(), number()).prop_map(|(one, other)| Count::Between(one.min(other), one.max(other))),
        Just(Count::Unknown),
    ]
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (0_u64..60, proptest::option::of(0_u64..60)).prop_map(|(low, more)| Bounds { low, high: more.map(|more| low + more) })
}

fn point() -> impl Strategy<Value = String> {
    (1_u16..=9999, proptest::option::of((1_u8..=12, proptest::option::of(1_u8..=28))), prop_oneof!["", "~", "\\?", "%"]).prop_map(|(year, month, qualifier)| {
        let month = month.map(|(month, day)| format!("-{month:02}{}", day.map(|day| format!("-{day:02}")).unwrap_or_default()));
        format!("{year:04}{}{qualifier}", month.unwrap_or_default())
    })
}

fn date() -> impl Strategy<Value = Date> {
    let interval = (proptest::option::of(point()), proptest::option::of(point()))
        .prop_map(|(from, to)| format!("{}/{}", from.unwrap_or_else(|| "..".into()), to.unwrap_or_else(|| "..".into())));
    prop_oneof![point(), interval].prop_filter_map("an interval that ends before it begins", |text| text.parse().ok())
}

fn samples() -> Vec<String> {
    let path = format!("{}/../../deploy/samples/public-record.jsonl", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn a_count_is_written_and_read_as_the_same(count in count()) {
        let text = serde_json::to_string(&count).unwrap();
        prop_assert_eq!(serde_json::from_str::<Count>(&text).unwrap(), count);
        let bounds = count.bounds();
        prop_assert!(bounds.high.is_none_or(|high| bounds.low <= high));
    }

    #[test]
    fn a_date_is_written_and_read_as_the_same_and_its_first_day_is_no_later_than_its_last(date in date()) {
        prop_assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
        let Span { earliest, latest } = date.span();
        prop_assert!(earliest.zip(latest).is_none_or(|(earliest, latest)| earliest <= latest));
        prop_assert!(earliest.is_some() || latest.is_some());
    }

    #[test]
    fn spans_meet_where_both_hold_and_cover_what_either_holds(one in date(), other in date()) {
        let (one, other) = (one.span(), other.span());
        prop_assert_eq!(one.intersection(other), other.intersection(one));
        prop_assert_eq!(one.intersection(one), Some(one));
        let cover = one.cover(other);
        prop_assert!(cover.contains(one) && cover.contains(other));
        if let Some(met) = one.intersection(other) {
            prop_assert!(one.contains(met) && other.contains(met));
        }
    }

    #[test]
    fn bounds_meet_cover_and_add_up_as_the_numbers_in_them_do(one in bounds(), other in bounds(), a in 0_u64..130, b in 0_u64..130) {
        let holds = |bounds: Bounds, number: u64| bounds.contains(Bounds::exact(number));
        prop_assert_eq!(one.intersection(other).is_some_and(|met| holds(met, a)), holds(one, a) && holds(other, a));
        prop_assert_eq!(one.intersection(other), other.intersection(one));
        if holds(one, a) || holds(other, a) {
            prop_assert!(holds(one.cover(other), a));
        }
        if holds(one, a) && holds(other, b) {
            prop_assert!(holds(one + other, a + b));
        }
        prop_assert!(one.a_tenth_wider().contains(one));
        prop_assert!(Bounds::UNKNOWN.contains(one));
    }

    #[test]
    fn a_transfer_is_written_and_read_as_the_same(counts in proptest::collection::vec(count(), 0..4)) {
        let items: Vec<_> = counts.iter().map(|count| serde_json::json!({"category": "bodies", "count": count})).collect();
        let transfer: Transfer = serde_json::from_value(serde_json::json!({"from": "RU", "to": "UA", "counts": items})).unwrap();
        let text = serde_json::to_string(&transfer).unwrap();
        prop_assert_eq!(serde_json::from_str::<Transfer>(&text).unwrap(), transfer);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let _ = announcement::cut(&bytes);
        let _ = announcement::from_binary([("ce-id", "x"), ("content-type", "application/json")], &bytes);
        let _ = same_content(&bytes, b"{}");
    }

    #[test]
    fn no_change_of_a_real_announcement_makes_the_parser_panic(which in any::<prop::sample::Index>(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let samples = samples();
        let mut bytes = which.get(&samples).clone().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(announcement) = parse(&bytes) {
            let text = std::str::from_utf8(&bytes).unwrap();
            let again: Announcement = decode(text).unwrap();
            let event: serde_json::Value = serde_json::from_str(text).unwrap();
            prop_assert_eq!(&serde_json::to_value(&announcement.data).unwrap(), &event["data"]);
            prop_assert_eq!(announcement, again);
        }
    }
}
