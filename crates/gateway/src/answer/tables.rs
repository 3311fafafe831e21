//! The tables of the read models. What a column is of, and its HXL tag, is the contract of whoever opens them in a spreadsheet: names and tags stay.

use super::table::{Column, Source, Table};

const fn column(name: &'static str, tag: &'static str, of: usize, at: &'static str) -> Column {
    Column { name, tag, of, at }
}

const fn exchange(of: usize, at: &'static str) -> Column {
    column("exchange", "#event+id", of, at)
}

const fn date(of: usize, at: &'static str) -> Column {
    column("date", "#date+event", of, at)
}

const fn announced(of: usize, at: &'static str) -> Column {
    column("announced", "#date+announced", of, at)
}

const fn announcer(of: usize, at: &'static str) -> Column {
    column("announcer", "#org+announcer", of, at)
}

const fn position(of: usize, at: &'static str) -> Column {
    column("position", "#meta+position", of, at)
}

const fn kind(of: usize) -> Column {
    column("kind", "#activity+kind", of, "/kind")
}

const fn from(of: usize, at: &'static str) -> Column {
    column("from", "#country+code+from", of, at)
}

const fn to(of: usize, at: &'static str) -> Column {
    column("to", "#country+code+to", of, at)
}

const fn category(of: usize, at: &'static str) -> Column {
    column("category", "#affected+category", of, at)
}

const fn low(of: usize, at: &'static str) -> Column {
    column("low", "#affected+num+min", of, at)
}

const fn high(of: usize, at: &'static str) -> Column {
    column("high", "#affected+num+max", of, at)
}

const fn unknown(of: usize) -> Column {
    column("unknown", "#meta+unknown", of, "/unknown")
}

const fn disputed(of: usize, at: &'static str) -> Column {
    column("disputed", "#meta+disputed", of, at)
}

const fn one_sided(of: usize) -> Column {
    column("one_sided", "#meta+onesided", of, "/one_sided")
}

const fn claims(of: usize, at: &'static str) -> Column {
    column("claims", "#meta+claims", of, at)
}

/// How many claims there are that a long list leaves out.
const fn more_claims(of: usize, at: &'static str) -> Column {
    column("more_claims", "#meta+claims+num+more", of, at)
}

const fn framework(of: usize, at: &'static str) -> Column {
    column("framework", "#activity+framework", of, at)
}

pub(crate) static TIMELINE: Table = Table {
    lists: &["exchanges", "figures"],
    also: None,
    columns: &[
        exchange(1, "/key"),
        date(1, "/date"),
        column("what", "#event+type", 1, "/what"),
        column("status", "#status", 1, "/status"),
        from(2, "/from"),
        to(2, "/to"),
        category(2, "/category"),
        low(2, "/low"),
        high(2, "/high"),
        unknown(2),
        disputed(2, "/disputed"),
        one_sided(2),
        framework(1, "/frameworks"),
        column("statements", "#meta+statements+num", 1, "/statements"),
        column("reports", "#meta+reports+num", 1, "/reports"),
        claims(2, "/claims"),
    ],
    source: Source::Exchange(1, "/key"),
    next: Some("after"),
};

pub(crate) static DOSSIER: Table = Table {
    lists: &["claims", "transfers", "counts"],
    also: None,
    columns: &[
        exchange(0, "/key"),
        position(1, "/position"),
        announced(1, "/announced"),
        announcer(1, "/announcer"),
        column("publisher", "#org+publisher", 1, "/publisher"),
        kind(1),
        date(1, "/date"),
        from(2, "/from"),
        to(2, "/to"),
        category(3, "/category"),
        column("part_of", "#affected+category+whole", 3, "/of"),
        low(3, "/count@low"),
        high(3, "/count@high"),
        column("count", "#affected+stated", 3, "/count"),
        column("live", "#status+live", 1, "/live"),
        column("why_out", "#status+reason", 1, "/out/why"),
        column("outlet", "#org+outlet", 1, "/report/outlet"),
        column("url", "#meta+url+report", 1, "/report/url"),
        claims(1, "/position"),
    ],
    source: Source::Exchange(0, "/key"),
    next: Some("after"),
};

pub(crate) static LINEAGE: Table = Table {
    lists: &["statements", "reports"],
    also: None,
    columns: &[
        exchange(0, "/exchange"),
        column("origin", "#meta+position+origin", 1, "/origin"),
        kind(1),
        column("first", "#meta+position+first", 1, "/first/position"),
        position(2, "/position"),
        announced(2, "/announced"),
        announcer(2, "/announcer"),
        column("publisher", "#org+publisher", 2, "/publisher"),
        claims(2, "/position"),
    ],
    source: Source::Answer,
    next: None,
};

pub(crate) static TOTALS: Table = Table {
    lists: &["figures"],
    also: Some("possibly"),
    columns: &[
        column("period", "#date+period", 1, "/period"),
        framework(1, "/frameworks"),
        from(1, "/from"),
        to(1, "/to"),
        column("between", "#country+code+between", 1, "/between"),
        category(1, "/category"),
        low(1, "/low"),
        high(1, "/high"),
        column("exchanges", "#event+num", 1, "/exchanges"),
        column("unknown", "#event+num+unknown", 1, "/unknown"),
        column("disputed", "#event+num+disputed", 1, "/disputed"),
        column("one_sided", "#event+num+onesided", 1, "/one_sided"),
        claims(1, "/claims"),
        more_claims(1, "/more_claims"),
    ],
    source: Source::Answer,
    next: None,
};

pub(crate) static KNOWLEDGE: Table = Table {
    lists: &["figures", "moves"],
    also: Some("possibly"),
    columns: &[
        column("period", "#date+period", 1, "/period"),
        from(1, "/from"),
        to(1, "/to"),
        category(1, "/category"),
        column("then_low", "#affected+num+min+then", 1, "/then/low"),
        column("then_high", "#affected+num+max+then", 1, "/then/high"),
        column("now_low", "#affected+num+min+now", 1, "/now/low"),
        column("now_high", "#affected+num+max+now", 1, "/now/high"),
        position(2, "/position"),
        announced(2, "/announced"),
        kind(2),
        exchange(2, "/exchange"),
        column("old_low", "#affected+num+min+old", 2, "/old/low"),
        column("old_high", "#affected+num+max+old", 2, "/old/high"),
        column("new_low", "#affected+num+min+new", 2, "/new/low"),
        column("new_high", "#affected+num+max+new", 2, "/new/high"),
        claims(2, "/position"),
    ],
    source: Source::Answer,
    next: Some("moves_from"),
};

pub(crate) static CHANGES: Table = Table {
    lists: &["changes", "exchanges", "figures"],
    also: None,
    columns: &[
        position(1, "/position"),
        column("recorded", "#date+recorded", 1, "/recorded"),
        announced(1, "/announced"),
        kind(1),
        exchange(2, "/exchange"),
        column("old_status", "#status+old", 2, "/status/old"),
        column("new_status", "#status+new", 2, "/status/new"),
        column("old_date", "#date+event+old", 2, "/date/old"),
        column("new_date", "#date+event+new", 2, "/date/new"),
        from(3, "/from"),
        to(3, "/to"),
        category(3, "/category"),
        column("old_low", "#affected+num+min+old", 3, "/old/low"),
        column("old_high", "#affected+num+max+old", 3, "/old/high"),
        column("new_low", "#affected+num+min+new", 3, "/new/low"),
        column("new_high", "#affected+num+max+new", 3, "/new/high"),
        disputed(3, "/new/disputed"),
        column("acts_on", "#meta+claims+target", 1, "/acts_on"),
        claims(3, "/new/claims"),
    ],
    source: Source::Record(1, "/position"),
    next: Some("from"),
};

pub(crate) static CHANNELS: Table = Table {
    lists: &["channels", "views", "statements"],
    also: None,
    columns: &[
        column("channel", "#activity+channel", 1, "/channel"),
        column("parties", "#country+code+between", 1, "/parties"),
        announcer(2, "/announcer"),
        announced(3, "/announced"),
        column("status", "#status", 3, "/status"),
        column("since", "#date+start", 3, "/since"),
        column("blames", "#country+code+blamed", 3, "/blames"),
        column("completed_since", "#event+id+since", 3, "/completed_since/key"),
        column("last_completed", "#event+id+last", 1, "/last_completed/key"),
        claims(3, "/position"),
        column("older", "#meta+statements+num+older", 2, "/older"),
    ],
    source: Source::Answer,
    next: None,
};

pub(crate) static RECONCILIATION: Table = Table {
    lists: &["aggregates", "lines"],
    also: None,
    columns: &[
        position(1, "/position"),
        announced(1, "/announced"),
        announcer(1, "/announcer"),
        column("period", "#date+period", 1, "/period"),
        column("scope", "#description+scope", 1, "/scope"),
        from(2, "/from"),
        to(2, "/to"),
        category(2, "/category"),
        column("claimed_low", "#affected+num+min+claimed", 2, "/claimed/low"),
        column("claimed_high", "#affected+num+max+claimed", 2, "/claimed/high"),
        column("ledger_low", "#affected+num+min+ledger", 2, "/ledger/low"),
        column("ledger_high", "#affected+num+max+ledger", 2, "/ledger/high"),
        column("ledger_exchanges", "#event+num", 2, "/ledger/exchanges"),
        column("verdict", "#status+verdict", 2, "/verdict"),
        column("difference_low", "#affected+num+min+difference", 2, "/difference/low"),
        column("difference_high", "#affected+num+max+difference", 2, "/difference/high"),
        claims(2, "/ledger/claims"),
        more_claims(2, "/ledger/more_claims"),
    ],
    source: Source::Answer,
    next: Some("after"),
};

pub(crate) static DISCREPANCIES: Table = Table {
    lists: &["discrepancies", "values"],
    also: None,
    columns: &[
        exchange(1, "/exchange"),
        column("field", "#indicator+field", 1, "/field"),
        column("between", "#meta+between", 1, "/between"),
        from(1, "/from"),
        to(1, "/to"),
        category(1, "/category"),
        column("party", "#country+code+announcer", 2, "/party"),
        low(2, "/count/low"),
        high(2, "/count/high"),
        date(2, "/date"),
        framework(2, "/frameworks"),
        column("stages", "#event+stage", 2, "/stages"),
        column("state", "#status", 1, "/state"),
        column("since", "#date+start", 1, "/since/announced"),
        column("resolved_by", "#meta+position+resolved", 1, "/resolved_by"),
        claims(2, "/claims"),
    ],
    source: Source::Exchange(1, "/exchange"),
    next: Some("after"),
};

pub(crate) static PLANS: Table = Table {
    lists: &["plans", "counts"],
    also: None,
    columns: &[
        position(1, "/position"),
        announced(1, "/announced"),
        announcer(1, "/announcer"),
        exchange(1, "/exchange"),
        column("due", "#date+due", 1, "/due"),
        column("outcome", "#status+outcome", 1, "/outcome"),
        column("took_place", "#date+event", 1, "/took_place"),
        from(2, "/from"),
        to(2, "/to"),
        category(2, "/category"),
        column("planned_low", "#affected+num+min+planned", 2, "/planned/low"),
        column("planned_high", "#affected+num+max+planned", 2, "/planned/high"),
        column("handed_over_low", "#affected+num+min", 2, "/handed_over/low"),
        column("handed_over_high", "#affected+num+max", 2, "/handed_over/high"),
        claims(1, "/claims"),
    ],
    source: Source::Answer,
    next: Some("after"),
};

pub(crate) static FRAMEWORKS: Table = Table {
    lists: &["frameworks", "terms"],
    also: None,
    columns: &[
        framework(1, "/framework"),
        from(2, "/from"),
        to(2, "/to"),
        category(2, "/category"),
        column("agreed_low", "#affected+num+min+agreed", 2, "/agreed/low"),
        column("agreed_high", "#affected+num+max+agreed", 2, "/agreed/high"),
        disputed(2, "/agreed/disputed"),
        column("delivered_low", "#affected+num+min", 2, "/delivered/low"),
        column("delivered_high", "#affected+num+max", 2, "/delivered/high"),
        column("exchanges", "#event+num", 2, "/delivered/exchanges"),
        column("remaining_low", "#affected+num+min+remaining", 2, "/remaining/low"),
        column("remaining_high", "#affected+num+max+remaining", 2, "/remaining/high"),
        column("agreed_by", "#meta+claims+agreed", 2, "/claims"),
        claims(2, "/delivered/claims"),
        more_claims(2, "/delivered/more_claims"),
    ],
    source: Source::Answer,
    next: None,
};

pub(crate) static THIRD_PARTIES: Table = Table {
    lists: &["third_parties", "credits"],
    also: None,
    columns: &[
        column("party", "#country+code+third", 1, "/party"),
        column("names", "#org+name", 1, "/names"),
        column("by", "#country+code+announcer", 2, "/by"),
        column("role", "#activity+role", 2, "/role"),
        column("exchanges", "#event+id", 2, "/exchanges"),
        claims(2, "/claims"),
        more_claims(2, "/more_claims"),
    ],
    source: Source::Answer,
    next: None,
};

pub(crate) static OFFICES: Table = Table {
    lists: &["offices", "statements"],
    also: None,
    columns: &[
        column("party", "#country+code+announcer", 1, "/party"),
        column("office", "#org+office", 1, "/office"),
        column("names", "#org+name", 1, "/names"),
        column("kind", "#activity+kind", 2, "/name"),
        claims(2, "/value"),
    ],
    source: Source::Answer,
    next: None,
};

pub(crate) static IDENTITY: Table = Table {
    lists: &["bodies", "findings"],
    also: None,
    columns: &[
        exchange(1, "/exchange"),
        from(1, "/from"),
        to(1, "/to"),
        column("handed_over_low", "#affected+killed+num+min", 1, "/handed_over/low"),
        column("handed_over_high", "#affected+killed+num+max", 1, "/handed_over/high"),
        column("by", "#country+code+announcer", 2, "/by"),
        column("finding", "#status+identity", 2, "/finding"),
        column("low", "#affected+killed+num+min+found", 2, "/low"),
        column("high", "#affected+killed+num+max+found", 2, "/high"),
        disputed(2, "/disputed"),
        claims(2, "/claims"),
    ],
    source: Source::Answer,
    next: Some("after"),
};

pub(crate) static CANDIDATES: Table = Table {
    lists: &["candidates", "counts"],
    also: None,
    columns: &[
        exchange(1, "/exchange"),
        date(1, "/date"),
        column("with_exchange", "#event+id+other", 1, "/with/exchange"),
        column("with_date", "#date+event+other", 1, "/with_date"),
        from(2, "/from"),
        to(2, "/to"),
        category(2, "/category"),
        low(2, "/exchange/low"),
        high(2, "/exchange/high"),
        column("with_low", "#affected+num+min+other", 2, "/with/low"),
        column("with_high", "#affected+num+max+other", 2, "/with/high"),
        claims(1, "/with/claim"),
    ],
    source: Source::Exchange(1, "/exchange"),
    next: Some("after"),
};

pub(crate) static RECORDS: Table = Table {
    lists: &["records"],
    also: None,
    columns: &[
        position(1, "/sequence"),
        column("recorded", "#date+recorded", 1, "/recordedtime"),
        column("publisher", "#org+publisher", 1, "/publisher"),
        column("type", "#activity+kind", 1, "/type"),
        exchange(1, "/subject"),
        announced(1, "/data/announced"),
        announcer(1, "/data/announcer"),
        column("outlet", "#org+outlet", 1, "/data/report/outlet"),
        column("url", "#meta+url+report", 1, "/data/report/url"),
        claims(1, "/sequence"),
    ],
    source: Source::Record(1, "/sequence"),
    next: Some("from"),
};
