//! The read models over HTTP: what the real announcements answer, worked out by hand from the samples; what a correction and the two cut-offs make of it.

use serde_json::{Value, json};

use crate::harness::{Answer, Server};

/// Where each is asked, with all parameters of its own.
pub(crate) const ROUTES: [(&str, &[&str]); 11] = [
    ("/v1/reconciliation", &["policy", "party", "after", "limit"]),
    ("/v1/discrepancies", &["exchange", "state", "between", "from", "to", "after", "limit"]),
    ("/v1/plans", &["policy", "outcome", "from", "to", "after", "limit"]),
    ("/v1/frameworks", &["policy", "framework"]),
    ("/v1/third-parties", &["party", "from", "to"]),
    ("/v1/offices", &["party"]),
    ("/v1/identity", &["policy", "exchange", "from", "to", "after", "limit"]),
    ("/v1/exchanges/ru-ua/bodies/2025-06-16/lineage", &[]),
    ("/v1/changes", &["kind", "exchange", "policy", "from", "limit"]),
    (
        "/v1/knowledge?then=100",
        &["from", "to", "policy", "category", "sender", "receiver", "period", "by", "claims_after", "then", "then_announced_until", "moves_from", "limit"],
    ),
    ("/v1/candidates", &["from", "to", "after", "limit"]),
];

/// A route with one more parameter.
pub(crate) fn with(route: &str, parameter: &str) -> String {
    let joint = if route.contains('?') { '&' } else { '?' };
    format!("{route}{joint}{parameter}")
}

/// The first thing of a list whose member is this.
#[track_caller]
fn one<'a>(things: &'a Value, member: &str, is: impl Into<Value>) -> &'a Value {
    let is = is.into();
    things.as_array().unwrap().iter().find(|thing| thing[member] == is).unwrap_or_else(|| panic!("no {member} {is} in {things}"))
}

fn each<'a>(things: &'a Value, member: &str) -> Vec<&'a Value> {
    things.as_array().unwrap().iter().map(|thing| &thing[member]).collect()
}

fn bounds(of: &Value) -> (&Value, &Value) {
    (&of["low"], &of["high"])
}

/// An answer without what it rests on.
fn content(answer: &Answer) -> Value {
    let mut content = answer.json();
    content.as_object_mut().unwrap().remove("as_of").unwrap();
    content
}

#[tokio::test]
async fn official_totals_stand_beside_the_sums_of_what_they_cover() {
    let server = Server::with_samples().await;
    let found = server.get("/v1/reconciliation?limit=1000").await.json();
    // 11 to 16 June 2025 to Ukraine: 1,212 + 1,200 + 1,200 + 1,200 and 1,245 or 1,248 are 6,057 to 6,060; Ukraine's total is 6,057.
    let ukraine = one(&found["aggregates"], "position", 101);
    let line = &ukraine["lines"][0];
    assert_eq!((bounds(&line["ledger"]), &line["verdict"]), ((&json!(6057), &json!(6060)), &json!("fits")));
    assert_eq!((bounds(&line["difference"]), &ukraine["scope"]), ((&json!(-3), &json!(0)), &json!("under the Istanbul agreements")));
    // To Russia 27 + 51 = 78, an outlet says 79.
    let outlet = &one(&found["aggregates"], "position", 103)["lines"][0];
    assert_eq!((bounds(&outlet["ledger"]), &outlet["verdict"], &outlet["difference"]["low"]), ((&json!(78), &json!(78)), &json!("exceeds"), &json!(1)));
    // As the sender counts it there were 6,060.
    let sender = server.get("/v1/reconciliation?policy=sender&limit=1000").await.json();
    assert_eq!(
        (&sender["policy"], bounds(&one(&sender["aggregates"], "position", 101)["lines"][0]["ledger"])),
        (&json!("sender"), (&json!(6060), &json!(6060)))
    );
    let foreign = server.get("/v1/reconciliation?party=AE").await.json();
    assert_eq!(each(&foreign["aggregates"], "position"), [64]);
    // The latest four totals in pages of two: 188, 172, 167 and 159.
    let page = server.get("/v1/reconciliation?limit=2").await.json();
    assert_eq!((each(&page["aggregates"], "position"), &page["next"]), (vec![&json!(188), &json!(172)], &json!(172)));
    assert_eq!(each(&server.get("/v1/reconciliation?limit=2&after=172").await.json()["aggregates"], "position"), [167, 159]);
}

#[tokio::test]
async fn discrepancies_say_who_says_what_since_when() {
    let server = Server::with_samples().await;
    // Ukraine received 1,245 (99), Russia handed over 1,248 (100), both said on 16 June.
    let found = server.get("/v1/discrepancies?exchange=ru-ua/bodies/2025-06-16").await.json();
    let expected = json!([{
        "exchange": "ru-ua/bodies/2025-06-16", "field": "count", "between": "sides", "from": "RU", "to": "UA", "category": "bodies",
        "values": [
            {"party": "RU", "count": {"low": 1248, "high": 1248}, "claims": [100]},
            {"party": "UA", "count": {"low": 1245, "high": 1245}, "claims": [99]}
        ],
        "state": "open", "since": {"position": 100, "announced": "2025-06-16"}, "resolved_by": null, "disputed_by": []
    }]);
    assert_eq!((&found["discrepancies"], &found["next"]), (&expected, &Value::Null));
    // One office in two ways: the presidential aide on 19 December 2025.
    let office = server.get("/v1/discrepancies?between=office").await.json();
    assert_eq!(each(&office["discrepancies"], "exchange"), ["ru-ua/bodies/2025-12-19"]);
    assert_eq!(server.get("/v1/discrepancies?state=resolved").await.json()["discrepancies"], json!([]));
    assert_eq!(server.get("/v1/discrepancies?state=open").await.body, server.get("/v1/discrepancies").await.body);
    assert_eq!(server.get("/v1/discrepancies?exchange=ru-ua/bodies/1999-01-01").await.json()["discrepancies"], json!([]));
}

#[tokio::test]
async fn plans_stand_beside_what_came_of_them() {
    let server = Server::with_samples().await;
    let found = server.get("/v1/plans").await.json();
    // 314 in both directions; 157 to Ukraine, 157 and 3 civilians to Russia.
    let both = &one(&found["plans"], "position", 160)["counts"][0];
    assert_eq!((&both["from"], bounds(&both["handed_over"]), &both["difference"]["low"]), (&Value::Null, (&json!(317), &json!(317)), &json!(3)));
    // About 6,000 from 9 to 15 June; put off (83), contested (82), and 6,057 as the receiver counts them.
    let receiver = server.get("/v1/plans?policy=receiver&outcome=completed").await.json();
    let june = one(&receiver["plans"], "position", 81);
    assert_eq!(bounds(&june["counts"][0]["handed_over"]), (&json!(6057), &json!(6057)));
    assert_eq!((each(&june["put_off"], "position"), &june["contested_by"]), (vec![&json!(83)], &json!([82])));
    assert_eq!(server.get("/v1/plans?outcome=cancelled").await.json()["plans"], json!([]));
    // The samples have six plans.
    let page = server.get("/v1/plans?limit=4").await.json();
    assert_eq!((each(&page["plans"], "position"), &page["next"]), (vec![&json!(182), &json!(168), &json!(160), &json!(81)], &json!(81)));
    let last = server.get("/v1/plans?limit=4&after=81").await.json();
    assert_eq!((each(&last["plans"], "position"), &last["next"]), (vec![&json!(56), &json!(1)], &Value::Null));
}

#[tokio::test]
async fn an_agreement_stands_beside_what_is_said_to_follow_it() {
    let server = Server::with_samples().await;
    let names = server.get("/v1/frameworks").await.json();
    assert_eq!(each(&names["frameworks"], "framework"), ["Abu Dhabi talks (2026)", "Geneva agreements (2026)", "Istanbul agreements (2025)"]);
    let of = async |policy: &str| server.get(&format!("/v1/frameworks?framework=Istanbul+agreements+(2025)&policy={policy}")).await.json();
    let found = of("range").await;
    assert_eq!(found["frameworks"].as_array().unwrap().len(), 1);
    // About 6,000 bodies each way were agreed (97). To Ukraine: 6,057 to 6,060 in June, 1,000 three times, 1,000 to 1,003 in December, 1,000 in January.
    let bodies = one(&found["frameworks"][0]["terms"], "category", "bodies");
    assert_eq!((&bodies["from"], bounds(&bodies["agreed"]), &bodies["claims"]), (&json!("RU"), (&json!(5400), &json!(6600)), &json!([97])));
    assert_eq!((bounds(&bodies["delivered"]), &bodies["delivered"]["exchanges"]), ((&json!(11057), &json!(11063)), &json!(6)));
    // As the receiver counts them: 6,057 in June and 1,003 in December.
    assert_eq!(bounds(&one(&of("receiver").await["frameworks"][0]["terms"], "category", "bodies")["delivered"]), (&json!(11060), &json!(11060)));
}

#[tokio::test]
async fn help_is_told_apart_by_who_credits_it() {
    let server = Server::with_samples().await;
    let found = server.get("/v1/third-parties?party=US").await.json();
    assert_eq!(each(&found["third_parties"], "party"), ["US"]);
    // Russia credits it in February (162) and March (184), Ukraine in March (181), its own envoy in February (160), an outlet for no exchange (4).
    let credits: Vec<_> =
        found["third_parties"][0]["credits"].as_array().unwrap().iter().map(|credit| (&credit["by"], &credit["role"], &credit["claims"])).collect();
    let expected = [("RU", "mediator", vec![162, 184]), ("UA", "mediator", vec![181]), ("US", "mediator", vec![160]), ("", "facilitator", vec![4])];
    let expected = expected.map(|(by, role, claims)| (if by.is_empty() { Value::Null } else { json!(by) }, json!(role), json!(claims)));
    assert_eq!(credits, expected.iter().map(|(by, role, claims)| (by, role, claims)).collect::<Vec<_>>());
    let all = server.get("/v1/third-parties").await.json();
    assert_eq!(each(&all["third_parties"], "party"), ["AE", "BY", "QA", "US", "X-ICRC"]);
}

#[tokio::test]
async fn offices_stand_beside_what_contradicts_them_since() {
    let server = Server::with_samples().await;
    let found = server.get("/v1/offices?party=RU").await.json();
    assert!(each(&found["offices"], "party").iter().all(|party| **party == "RU"));
    // "Blocked" in January (6) and on 17 and 19 January (149, 150); on 5 February prisoners were exchanged (8, 9, 161, 163).
    let commissioner = one(&found["offices"], "office", "human rights commissioner");
    assert_eq!(commissioner["statements"]["channel"], json!([6, 149, 150, 151]));
    let followed = |position: u64| json!({"position": position, "by": [8, 9, 161, 163], "exchange": "ru-ua/prisoners/2026-02-05", "field": null});
    assert_eq!(commissioner["contradicted"], json!([followed(6), followed(149), followed(150)]));
    // Ukraine contests what a negotiator said (83) by its statement at 84.
    assert_eq!(one(&found["offices"], "office", "negotiating group")["contested"], json!([{"position": 83, "by": [84]}]));
}

#[tokio::test]
async fn findings_on_bodies_stand_beside_how_many_were_handed_over() {
    let server = Server::with_samples().await;
    let found = server.get("/v1/identity?exchange=ru-ua/bodies/2025-06-11_2025-06-16&policy=receiver").await.json();
    let bodies = one(&found["bodies"], "from", "RU");
    assert_eq!(bounds(&bodies["handed_over"]), (&json!(6057), &json!(6057)));
    // Ukraine's interior minister: an unknown number may be its own (105); its president: 20 (110), at least 20 (111) are Russia's.
    let expected = json!([
        {"by": "UA", "finding": "may-belong", "low": 0, "high": null, "disputed": false, "claims": [105]},
        {"by": "UA", "finding": "found-other-side", "low": 20, "high": 20, "disputed": false, "claims": [110, 111]},
    ]);
    assert_eq!((&bodies["findings"], &found["unassigned"]), (&expected, &json!([])));
    // Three given back, of no exchange that is known (114).
    assert_eq!(each(&server.get("/v1/identity").await.json()["unassigned"], "position"), [114]);
}

#[tokio::test]
async fn copies_of_a_statement_stand_below_it() {
    let server = Server::with_samples().await;
    let found = server.get("/v1/exchanges/ru-ua/bodies/2026-02-26/lineage").await.json();
    let statements = found["statements"].as_array().unwrap();
    let reports: Vec<Vec<u64>> = statements.iter().map(|told| each(&told["reports"], "position").iter().map(|at| at.as_u64().unwrap()).collect()).collect();
    assert_eq!(reports, [vec![0], vec![1], vec![168], vec![169, 171, 173, 174, 175, 176, 177], vec![170, 178, 179, 180]]);
    assert_eq!(each(&found["statements"], "origin"), [0, 1, 168, 169, 170]);
    assert_eq!(server.get("/v1/exchanges/ru-ua%2Fbodies%2F2026-02-26/lineage").await.json(), found);
    let unknown = server.get("/v1/exchanges/ru-ua/bodies/1999-01-01/lineage").await.problem(404);
    assert!(unknown["detail"].as_str().unwrap().contains("ru-ua/bodies/1999-01-01"), "{unknown}");
    server.get("/v1/exchanges/ru-ua/lineage").await.problem(400);
}

#[tokio::test]
async fn each_takes_the_parameters_of_its_query_and_names_them_where_one_is_unknown() {
    let server = Server::start().await;
    for (route, own) in ROUTES {
        let unknown = server.get(&with(route, "colour=red")).await.problem(400);
        let known = [own, &["at_least", "as_known_at", "announced_until"]].concat().join(", ");
        assert_eq!(
            (&unknown["parameter"], &unknown["remedy"]),
            (&json!("colour"), &json!(format!("Leave it out, or correct it; known here: format, {known}."))),
            "{route}"
        );
    }
}

#[tokio::test]
async fn a_wrong_parameter_is_named_with_what_is_expected() {
    let server = Server::with_samples().await;
    let words = [
        ("policy", "best", "range, receiver, sender, both"),
        ("party", "XX", "ISO"),
        ("after", "ru-ua", "expected a"),
        ("limit", "0", "from 1 to 1000"),
        ("limit", "1001", "from 1 to 1000"),
        ("exchange", "nowhere", "an exchange key such as"),
        ("state", "closed", "open, resolved or disputed"),
        ("between", "friends", "sides, others, office or reports"),
        ("moves_from", "ru-ua", "a whole number from 0"),
        ("outcome", "kept", "completed, cancelled, postponed, planned, mentioned"),
        ("as_known_at", "yesterday", "a position, an instant"),
        ("as_known_at", "-1", "a position, an instant"),
        ("announced_until", "2026-02-30", "a day such as 2026-01-29"),
        ("at_least", "1.5", "a whole number from 0"),
    ];
    for (route, own) in ROUTES {
        let taken = words.iter().filter(|(name, ..)| own.contains(name) || matches!(*name, "as_known_at" | "announced_until" | "at_least"));
        for (name, value, expected) in taken {
            let problem = server.get(&with(route, &format!("{name}={value}"))).await.problem(400);
            let (detail, remedy) = (problem["detail"].as_str().unwrap(), problem["remedy"].as_str().unwrap());
            assert_eq!(problem["parameter"], *name, "{route}");
            // Pages of some end with a position, of others with an exchange.
            let expected = if *name == "after" && own.contains(&"exchange") { "an exchange key such as" } else { expected };
            assert!(detail.starts_with(&format!("{name}: ")) && detail.contains(expected), "{route} {problem}");
            assert!(remedy.contains(name) || *name == "limit", "{problem}");
        }
    }
}

/// The Ministry of Defence's 1,248 of 16 June 2025 (100) becomes 1,245, without the help that it credited.
fn correction() -> Value {
    let ministry = json!({"party": "RU", "office": "Ministry of Defence"});
    let transfers = json!([
        {"from": "RU", "to": "UA", "counts": [{"category": "bodies", "count": {"exact": 1245}}]},
        {"from": "UA", "to": "RU", "counts": [{"category": "bodies", "count": {"exact": 51}}]}
    ]);
    let exchange = json!({"date": "2025-06-16", "framework": "Istanbul agreements (2025)", "part_of": "ru-ua/bodies/2025-06-11_2025-06-16"});
    let data = json!({"announced": "2026-03-20", "announcer": ministry, "exchange": exchange, "transfers": transfers});
    json!({
        "specversion": "1.0", "id": "00000000-0000-5000-8000-000000000001", "source": "urn:test", "type": "org.handover.corrected.v1",
        "data": {
            "announced": "2026-03-20", "announcer": ministry, "reason": "a misprint",
            "target": {"source": "urn:handover:public-record", "id": "5ff25007-99cb-57c3-96d4-7927ed5ce3c6"},
            "replacement": {"kind": "completed", "subject": "ru-ua/bodies/2025-06-16", "data": data}
        }
    })
}

#[tokio::test]
async fn a_correction_shows_in_each_and_not_in_its_past() {
    let server = Server::with_samples().await;
    let paths = ROUTES.map(|(route, own)| with(route, if own.contains(&"limit") { "limit=1000&" } else { "" }));
    let mut before = Vec::new();
    for path in &paths {
        before.push(server.get(path).await);
    }
    let receipt = server.post_event(&correction()).await;
    assert_eq!((receipt.status, &receipt.json()["receipts"][0]["position"]), (201, &json!(189)));
    let mut now = Vec::new();
    for (path, before) in paths.iter().zip(&before) {
        let after = server.get(&format!("{path}at_least=189")).await.json();
        assert_eq!(after["as_of"]["position"], 189);
        let past = server.get(&format!("{path}as_known_at=188")).await;
        assert_eq!(past.text(), before.text(), "as known before the correction: {path}");
        let instant = before.json()["as_of"]["recorded"].as_str().unwrap().to_owned();
        assert_eq!(server.get(&format!("{path}as_known_at={instant}")).await.text(), before.text(), "as known at that instant: {path}");
        assert_eq!(server.get(&format!("{path}as_known_at=189")).await.json(), after, "as known with the correction: {path}");
        // It was announced on 20 March 2026; all else by 11 March.
        assert_eq!(content(&server.get(&format!("{path}announced_until=2026-03-19")).await), content(before), "announced until the day before: {path}");
        assert_eq!(
            content(&server.get(&format!("{path}announced_until=2026-03-20")).await),
            content(&server.get(path).await),
            "announced until that day: {path}"
        );
        now.push(after);
    }
    let [reconciliation, discrepancies, plans, frameworks, third_parties, offices, identity, lineage, changes, knowledge, candidates] = now.try_into().unwrap();
    // All of June was 6,057 then; Russia's own total of 6,060 is 3 more.
    let russia = &one(&reconciliation["aggregates"], "position", 102)["lines"][0];
    assert_eq!((bounds(&russia["ledger"]), &russia["verdict"], &russia["difference"]["low"]), ((&json!(6057), &json!(6057)), &json!("exceeds"), &json!(3)));
    let june = one(&discrepancies["discrepancies"], "exchange", "ru-ua/bodies/2025-06-16");
    assert_eq!((&june["state"], &june["resolved_by"]), (&json!("resolved"), &json!(189)));
    assert_eq!(bounds(&one(&plans["plans"], "position", 81)["counts"][0]["handed_over"]), (&json!(6057), &json!(6057)));
    let istanbul = one(&frameworks["frameworks"], "framework", "Istanbul agreements (2025)");
    assert_eq!(bounds(&one(&istanbul["terms"], "category", "bodies")["delivered"]), (&json!(11057), &json!(11060)));
    let red_cross = &one(&third_parties["third_parties"], "party", "X-ICRC")["credits"];
    assert!(!red_cross.as_array().unwrap().iter().any(|credit| credit["by"] == "RU" && credit["role"] == "observer"), "{red_cross}");
    assert_eq!(one(&offices["offices"], "office", "Ministry of Defence")["replaced"], json!([{"position": 100, "why": "corrected", "by": 189}]));
    let stage = identity["bodies"].as_array().unwrap().iter().find(|bodies| bodies["exchange"] == "ru-ua/bodies/2025-06-16" && bodies["from"] == "RU").unwrap();
    assert_eq!((bounds(&stage["handed_over"]), &stage["handed_over"]["claims"]), ((&json!(1245), &json!(1245)), &json!([99, 189])));
    assert_eq!(each(&lineage["statements"], "origin"), [99, 189]);
    assert_eq!(candidates["candidates"], json!([]), "the real record keeps no exchange twice");
    // 1,245 to 1,248 become 1,245, and 6,057 to 6,060 of June 6,057; the 51 to Russia stay.
    let change = changes["changes"].as_array().unwrap().last().unwrap();
    assert_eq!((&change["position"], &change["kind"], &change["acts_on"]), (&json!(189), &json!("corrected"), &json!([100])));
    let stage = json!(["RU", "UA", "bodies", [1245, 1248, true], [1245, 1245, false]]);
    let whole = json!(["RU", "UA", "bodies", [6057, 6060], [6057, 6057]]);
    assert_eq!(moved(change, "ru-ua/bodies/2025-06-16"), [stage]);
    assert_eq!(moved(change, "ru-ua/bodies/2025-06-11_2025-06-16").iter().map(without_dispute).collect::<Vec<_>>(), [whole]);
    // The record that is known now and wasn't at 100 that moved June last is the correction.
    let bodies = knowledge["figures"].as_array().unwrap().iter().find(|row| row["from"] == "RU" && row["category"] == "bodies").unwrap();
    let step = bodies["moves"].as_array().unwrap().last().unwrap();
    assert_eq!((&step["position"], &step["exchange"]), (&json!(189), &json!("ru-ua/bodies/2025-06-11_2025-06-16")));
    assert_eq!((bounds(&step["old"]), bounds(&step["new"])), ((&json!(6057), &json!(6060)), (&json!(6057), &json!(6057))));
}

/// The figures of an exchange that a change moved: direction, category, and low, high, disputed of old and new.
fn moved(change: &Value, exchange: &str) -> Vec<Value> {
    let side = |figure: &Value| if figure.is_null() { Value::Null } else { json!([figure["low"], figure["high"], figure["disputed"]]) };
    let figures = one(&change["exchanges"], "exchange", exchange)["figures"].as_array().unwrap();
    figures.iter().map(|of| json!([of["from"], of["to"], of["category"], side(&of["old"]), side(&of["new"])])).collect()
}

/// The same with the bounds alone.
fn without_dispute(moved: &Value) -> Value {
    let bounds = |side: &Value| if side.is_null() { Value::Null } else { json!([side[0], side[1]]) };
    json!([moved[0], moved[1], moved[2], bounds(&moved[3]), bounds(&moved[4])])
}

#[tokio::test]
async fn changes_say_what_a_record_did_to_the_figures_under_the_readers_policy() {
    let server = Server::with_samples().await;
    let at = async |position: u64, more: &str| server.get(&format!("/v1/changes?from={position}&limit=1{more}")).await.json();
    // Ukraine received 1,245 on 16 June 2025 (99); Russia says 1,248, and 51 the other way (100). All of June: 4,812 until 15 June and these; 27 and 51.
    let ministry = at(100, "").await;
    assert_eq!((each(&ministry["changes"], "position"), &ministry["next"], &ministry["policy"]), (vec![&json!(100)], &json!(101), &json!("range")));
    let change = &ministry["changes"][0];
    assert_eq!((&change["kind"], &change["announced"], &change["acts_on"]), (&json!("completed"), &json!("2025-06-16"), &json!([])));
    assert_eq!(each(&change["exchanges"], "exchange"), ["ru-ua/bodies/2025-06-11_2025-06-16", "ru-ua/bodies/2025-06-16"]);
    let to_russia = json!(["UA", "RU", "bodies", null, [51, 51, false]]);
    assert_eq!(moved(change, "ru-ua/bodies/2025-06-16"), [json!(["RU", "UA", "bodies", [1245, 1245, false], [1245, 1248, true]]), to_russia.clone()]);
    let whole = moved(change, "ru-ua/bodies/2025-06-11_2025-06-16").iter().map(without_dispute).collect::<Vec<_>>();
    assert_eq!(whole, [json!(["RU", "UA", "bodies", [6057, 6057], [6057, 6060]]), json!(["UA", "RU", "bodies", [27, 27], [78, 78]])]);
    let stage = one(&change["exchanges"], "exchange", "ru-ua/bodies/2025-06-16");
    assert_eq!((&stage["part_of"], &stage["status"]), (&json!("ru-ua/bodies/2025-06-11_2025-06-16"), &json!({"old": "completed", "new": "completed"})));
    // As the receivers count them, only Russia's 51 are new.
    assert_eq!(moved(&at(100, "&policy=receiver").await["changes"][0], "ru-ua/bodies/2025-06-16"), [to_russia]);

    // "75 each" in June 2025 (95), taken out by a curator (96).
    let curated = at(96, "").await["changes"][0].clone();
    assert_eq!((&curated["kind"], &curated["acts_on"]), (&json!("quarantined"), &json!([95])));
    let gone = |from: &str, to: &str| ["prisoners", "people"].map(|category| json!([from, to, category, [75, 75, false], null]));
    assert_eq!(moved(&curated, "ru-ua/prisoners/2025-06"), [gone("RU", "UA"), gone("UA", "RU")].concat());

    // Help for no exchange (4) changes nothing, and the feed goes on after it.
    let nothing = at(4, "").await;
    assert_eq!((&nothing["changes"], &nothing["next"]), (&json!([]), &json!(5)));
    let before = at(100, "&as_known_at=99").await;
    assert_eq!((&before["changes"], &before["next"], &before["as_of"]["position"]), (&json!([]), &Value::Null, &json!(99)));
    let end = server.get("/v1/changes?from=180").await.json();
    assert_eq!((&end["next"], &end["as_of"]["position"]), (&Value::Null, &json!(188)));
    let problem = server.get("/v1/changes?from=2025-06-16").await.problem(400);
    assert!(problem["detail"].as_str().unwrap().contains("from: expected a position"), "{problem}");
}

#[tokio::test]
async fn knowledge_says_by_which_records_a_total_moved() {
    let server = Server::with_samples().await;
    let bodies = "category=bodies&sender=RU";
    // Of 16 June 2025: 1,245 at record 99, 1,245 to 1,248 with record 100.
    let day = server.get(&format!("/v1/knowledge?then=99&as_known_at=100&from=2025-06-16&to=2025-06-16&{bodies}")).await.json();
    assert_eq!((&day["then_as_of"]["position"], &day["as_of"]["position"], &day["next"]), (&json!(99), &json!(100), &Value::Null));
    let [row] = day["figures"].as_array().unwrap().as_slice() else { panic!("{day}") };
    assert_eq!((bounds(&row["then"]), bounds(&row["now"])), ((&json!(1245), &json!(1245)), (&json!(1245), &json!(1248))));
    assert_eq!(row["difference"], json!({"low": 0, "high": 3, "exchanges": 0}));
    let [step] = row["moves"].as_array().unwrap().as_slice() else { panic!("{row}") };
    assert_eq!((&step["position"], &step["kind"], &step["exchange"]), (&json!(100), &json!("completed"), &json!("ru-ua/bodies/2025-06-16")));
    assert_eq!(
        (bounds(&step["old"]), bounds(&step["new"]), &step["new"]["disputed"]),
        ((&json!(1245), &json!(1245)), (&json!(1245), &json!(1248)), &json!(true))
    );

    // Of 11 to 16 June: announced by 15 June 1,212 + 1,200 + 1,200 (87, 89, 92); on 16 June 1,200 more (98), 1,245 (99), or 1,248 (100).
    let week = format!("/v1/knowledge?then_announced_until=2025-06-15&announced_until=2025-06-16&from=2025-06-11&to=2025-06-16&{bodies}");
    let found = server.get(&week).await.json();
    let row = &found["figures"][0];
    assert_eq!((bounds(&row["then"]), bounds(&row["now"])), ((&json!(3612), &json!(3612)), (&json!(6057), &json!(6060))));
    assert_eq!(row["difference"], json!({"low": 2445, "high": 2448, "exchanges": 0}));
    let steps: Vec<_> = row["moves"].as_array().unwrap().iter().map(|step| (&step["position"], &step["old"]["high"], &step["new"]["high"])).collect();
    let step = |at: u64, old: u64, new: u64| (json!(at), json!(old), json!(new));
    let expected = [step(98, 3612, 4812), step(99, 4812, 6057), step(100, 6057, 6060)];
    assert_eq!(steps, expected.iter().map(|(at, old, new)| (at, old, new)).collect::<Vec<_>>());
    // The first records of 16 June are an agreement (97) and 98.
    let page = server.get(&format!("{week}&limit=2")).await.json();
    assert_eq!((each(&page["figures"][0]["moves"], "position"), &page["next"]), (vec![&json!(98)], &json!(99)));
    let rest = server.get(&format!("{week}&moves_from=99")).await.json();
    assert_eq!((each(&rest["figures"][0]["moves"], "position"), &rest["next"]), (vec![&json!(99), &json!(100)], &Value::Null));
    assert_eq!((&rest["figures"][0]["then"], &rest["figures"][0]["now"]), (&row["then"], &row["now"]), "a page has the whole totals");

    // Nothing was announced of it before: no total, which isn't 0.
    let new = server.get(&format!("/v1/knowledge?then=80&as_known_at=100&from=2025-06-16&to=2025-06-16&{bodies}")).await.json();
    assert_eq!((&new["figures"][0]["then"], bounds(&new["figures"][0]["now"])), (&Value::Null, (&json!(1245), &json!(1248))));
}

#[tokio::test]
async fn knowledge_needs_a_moment_to_compare_with() {
    let server = Server::with_samples().await;
    for query in ["", "?from=2025-06-16&as_known_at=100&announced_until=2025-06-16"] {
        let problem = server.get(&format!("/v1/knowledge{query}")).await.problem(400);
        assert_eq!((&problem["parameter"], &problem["detail"]), (&json!("then"), &json!("then: it's missing")));
        assert!(problem["remedy"].as_str().unwrap().contains("then_announced_until (a day)"), "{problem}");
    }
    for (query, expected) in [
        ("then=yesterday", "then: expected a position, an instant"),
        ("then_announced_until=100", "then_announced_until: expected a day"),
        ("then=1&from=100", "from: expected a day"),
        ("then=1&by=colour", "by: "),
    ] {
        let problem = server.get(&format!("/v1/knowledge?{query}")).await.problem(400);
        assert!(problem["detail"].as_str().unwrap().starts_with(expected), "{problem}");
    }
}

#[tokio::test]
async fn what_was_announced_later_than_a_day_is_not_told_of_it() {
    let server = Server::with_samples().await;
    let until = async |path: &str, day: &str| server.get(&format!("{path}announced_until={day}")).await;
    // The two sides spoke on 16 June 2025, also of the total.
    let path = "/v1/discrepancies?exchange=ru-ua/bodies/2025-06-16&";
    assert_eq!(until(path, "2025-06-15").await.json()["discrepancies"], json!([]));
    assert_eq!(until(path, "2025-06-16").await.json()["discrepancies"].as_array().unwrap().len(), 1);
    let latest = until("/v1/reconciliation?limit=1&", "2025-06-15").await.json();
    assert_eq!(each(&latest["aggregates"], "position"), [93], "the defence minister's, of 15 June");
    // Of June 2025's plan nothing was done by 10 June, and its contest of 6 June was there.
    let plan = until("/v1/plans?limit=1&", "2025-06-10").await.json()["plans"][0].clone();
    assert_eq!((&plan["position"], &plan["outcome"], &plan["counts"][0]["handed_over"]), (&json!(81), &json!("postponed"), &Value::Null));
    assert_eq!((&plan["contested_by"], &plan["lag_days"]), (&json!([82]), &Value::Null));
    // Announced until the end of May 2025, the Istanbul agreements are of people only (75).
    let terms = until("/v1/frameworks?framework=Istanbul+agreements+(2025)&", "2025-05-31").await.json()["frameworks"][0]["terms"].clone();
    assert_eq!(one(&terms, "category", "people")["claims"], json!([75]));
    assert!(!each(&terms, "category").contains(&&json!("bodies")), "{terms}");
    assert_eq!(until("/v1/third-parties?party=US&", "2026-01-31").await.json()["third_parties"], json!([]));
    let offices = until("/v1/offices?party=RU&", "2026-01-31").await.json();
    let commissioner = one(&offices["offices"], "office", "human rights commissioner");
    assert_eq!(commissioner["contradicted"], json!([]), "the exchange of 5 February had not been announced");
    // The interior minister spoke on 16 June (105), the president days later (110, 111).
    let bodies = until("/v1/identity?exchange=ru-ua/bodies/2025-06-11_2025-06-16&", "2025-06-16").await.json()["bodies"].clone();
    assert_eq!((each(&bodies[0]["findings"], "claims"), bounds(&bodies[0]["handed_over"])), (vec![&json!([105])], (&json!(6057), &json!(6060))));
    let path = "/v1/exchanges/ru-ua/bodies/2026-02-26/lineage?";
    until(path, "2026-01-31").await.problem(404);
    assert_eq!(each(&until(path, "2026-02-27").await.json()["statements"], "origin"), [168, 169, 170], "\"in February\" may be the 28th");
}

/// 1,000 and 38 bodies on 30 January 2026 by an outlet; both sides have them on the 29th.
fn on_another_day(number: u64, date: &str) -> Value {
    let way = |from: &str, to: &str, count: u64| json!({"from": from, "to": to, "counts": [{"category": "bodies", "count": {"exact": count}}]});
    let data = json!({
        "announced": "2026-02-26", "announcer": null, "exchange": {"date": date}, "transfers": [way("RU", "UA", 1000), way("UA", "RU", 38)]
    });
    let id = format!("00000000-0000-5000-8000-{number:012}");
    json!({"specversion": "1.0", "id": id, "source": "urn:test", "type": "org.handover.completed.v1", "data": data})
}

#[tokio::test]
async fn what_may_be_one_exchange_is_offered_with_the_evidence_page_by_page() {
    let server = Server::with_samples().await;
    server.post_event(&on_another_day(1, "2026-01-30")).await;
    // And the day before, in the same counts.
    server.post_event(&on_another_day(2, "2026-01-28")).await;
    let found = server.get("/v1/candidates?at_least=190").await.json();
    let [day, next] = ["ru-ua/bodies/2026-01-29", "ru-ua/bodies/2026-01-30"];
    assert_eq!((each(&found["candidates"], "exchange"), &found["next"]), (vec![&json!("ru-ua/bodies/2026-01-28"), &json!(day)], &Value::Null));
    let pair = &found["candidates"][1];
    assert_eq!((&pair["with"], &pair["against"]), (&json!({"exchange": next}), &json!([{"evidence": "dates-apart"}])));
    assert_eq!(pair["for"], json!([{"evidence": "same-counts", "directions": 2}]));
    let counts = pair["counts"].as_array().unwrap().iter().map(|of| (&of["from"], &of["exchange"]["low"], &of["with"]["high"]));
    assert_eq!(counts.collect::<Vec<_>>(), [(&json!("RU"), &json!(1000), &json!(1000)), (&json!("UA"), &json!(38), &json!(38))]);

    let first = server.get("/v1/candidates?limit=1").await.json();
    assert_eq!(
        (each(&first["candidates"], "exchange"), &first["next"]),
        (vec![&json!("ru-ua/bodies/2026-01-28")], &json!(format!("ru-ua/bodies/2026-01-28~{day}")))
    );
    let rest = server.get(&format!("/v1/candidates?limit=1&after=ru-ua/bodies/2026-01-28~{day}")).await.json();
    assert_eq!((each(&rest["candidates"], "exchange"), &rest["next"]), (vec![&json!(day)], &Value::Null));

    assert_eq!(each(&server.get("/v1/candidates?as_known_at=189").await.json()["candidates"], "with"), [&json!({"exchange": next})]);
    assert_eq!(server.get("/v1/candidates?as_known_at=188").await.json()["candidates"], json!([]));
    assert_eq!(server.get("/v1/candidates?announced_until=2026-02-25").await.json()["candidates"], json!([]));
}

#[tokio::test]
async fn an_empty_ledger_has_no_zeros() {
    let server = Server::start().await;
    for (path, things) in [
        ("/v1/reconciliation", "aggregates"),
        ("/v1/discrepancies", "discrepancies"),
        ("/v1/plans", "plans"),
        ("/v1/frameworks", "frameworks"),
        ("/v1/third-parties", "third_parties"),
        ("/v1/offices", "offices"),
        ("/v1/identity", "bodies"),
        ("/v1/changes", "changes"),
        ("/v1/candidates", "candidates"),
        ("/v1/knowledge?then=0", "figures"),
    ] {
        let answer = server.get(path).await.json();
        assert_eq!((&answer[things], &answer["next"], &answer["as_of"]["position"]), (&json!([]), &Value::Null, &Value::Null), "{path}");
    }
    server.get(ROUTES[7].0).await.problem(404);
}
