//! What a draft builds is what the format says, and what would be refused isn't built.
#![allow(clippy::unwrap_used, reason = "a test may")]

use announcement::{Announcer, Category, ChannelOf, ChannelStatus, Count, Draft, Event, Exchange, Kind, Problem, Said, Transfer, parse};

fn said(number: u32) -> Said {
    let announcer = Announcer { office: Some("exchange office".to_owned()), ..Announcer::of("RU".parse().unwrap()) };
    let id = format!("00000000-0000-4000-8000-{number:012}").parse().unwrap();
    Said { source: "urn:test:build".to_owned(), id, announced: "2026-01-31".parse().unwrap(), announcer: Some(announcer) }
}

fn bodies(number: u32) -> Vec<Transfer> {
    vec![Transfer::from_to("RU".parse().unwrap(), "UA".parse().unwrap()).count(Category::Bodies, Count::exact(number).unwrap())]
}

fn exchange() -> Exchange {
    Exchange::on("2026-01-29".parse().unwrap())
}

fn pointer(built: Result<Event, Problem>) -> String {
    built.unwrap_err().pointer.unwrap()
}

#[test]
fn every_kind_of_draft_is_read_as_what_it_was_built_from() {
    let parties = ["RU".parse().unwrap(), "UA".parse().unwrap()];
    let claim = Draft::completed(said(1), exchange(), bodies(1000)).subject("ru-ua/bodies/2026-01-29".parse().unwrap()).note("as read out").build().unwrap();
    let target = claim.target();
    let built = [
        claim,
        Draft::confirmed(said(2), exchange(), bodies(1000)).extension("correlationid", "a").build().unwrap(),
        Draft::planned(said(3), None, bodies(1000)).time("2026-01-31T10:00:00Z".parse().unwrap()).build().unwrap(),
        Draft::aggregate(said(4), "2025".parse().unwrap(), None, bodies(5000)).exchanges(Count::exact(12).unwrap()).build().unwrap(),
        Draft::channel(said(5), ChannelOf::Bodies, parties, ChannelStatus::Paused)
            .since("2026-01".parse().unwrap())
            .ext("org.example.desk", 7)
            .build()
            .unwrap(),
        Draft::disputed(said(6), target.clone(), "another number was counted").transfers(bodies(999)).build().unwrap(),
        Draft::corrected(said(7), target.clone(), "a misprint", Draft::completed(said(1), exchange(), bodies(999))).build().unwrap(),
        Draft::retracted(said(8), target, "it was said in error").build().unwrap(),
    ];
    let kinds = [Kind::Completed, Kind::Confirmed, Kind::Planned, Kind::Aggregate, Kind::Channel, Kind::Disputed, Kind::Corrected, Kind::Retracted];
    for (event, kind) in built.iter().zip(kinds) {
        assert_eq!((event.announcement().kind(), &parse(event.bytes()).unwrap()), (kind, event.announcement()));
    }
    assert_eq!(built[0].announcement().key().unwrap().as_str(), "ru-ua/bodies/2026-01-29");
}

#[test]
fn what_would_be_refused_is_not_built_and_the_field_is_named() {
    let here = || Draft::completed(said(1), exchange(), bodies(1));
    assert_eq!(pointer(here().note("").build()), "/data/note");
    assert_eq!(pointer(here().subject("de-ua/bodies/2026-01-29".parse().unwrap()).build()), "/subject");
    assert_eq!(pointer(here().extension("sequence", "1").build()), "/sequence");
    assert_eq!(pointer(here().extension("id", "1").build()), "/id");
    assert_eq!(pointer(here().ext("desk", 1).build()), "/data/ext/desk");
    let same = vec![Transfer::from_to("RU".parse().unwrap(), "RU".parse().unwrap())];
    assert!(pointer(Draft::completed(said(1), exchange(), same).build()).starts_with("/data/transfers/0"));
    let target = here().build().unwrap().target();
    let replacement = Draft::completed(said(1), exchange(), bodies(1)).note("");
    assert_eq!(pointer(Draft::corrected(said(2), target, "a misprint", replacement).build()), "/data/replacement/data/note");
}
