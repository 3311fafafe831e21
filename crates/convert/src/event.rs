//! A row becomes an event.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    Fault,
    cell::{CellFault, tidy},
    count::count,
    day::day,
    mapping::{Column, Counted, Field, Mapping, Transfer},
    rows::Row,
};

/// Of the ids of converted rows.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b0e_6d0c_9a3f_5c0a_8f63_0d7a_4be1_2c94);

/// An event in its structured form, on one line.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) id: Uuid,
    pub(crate) event: String,
}

/// Makes a row's event and checks all of it that needs no ledger.
///
/// # Errors
/// Every fault of its cells; where there is none, what the ledger would refuse it for.
pub(crate) fn build(row: &Row, mapping: &Mapping) -> Result<Built, Vec<Fault>> {
    let mut reading = Reading { row, mapping, places: Vec::new(), faults: Vec::new() };
    let id = reading.id();
    let kind = reading.text(&mapping.kind, "/type");
    let subject = mapping.subject.as_ref().and_then(|field| reading.text(field, "/subject"));
    let data = reading.data();
    if !reading.faults.is_empty() {
        return Err(reading.faults);
    }
    let mut event = json!({
        "specversion": "1.0",
        "id": id,
        "source": mapping.source,
        "type": format!("org.handover.{}.v1", kind.unwrap_or_default()),
        "datacontenttype": "application/json",
        "data": data,
    });
    if let Some(subject) = subject {
        event["subject"] = subject.into();
    }
    let event = event.to_string();
    match announcement::parse(event.as_bytes()) {
        Ok(_) => Ok(Built { id, event }),
        Err(problem) => Err(vec![reading.refused(problem)]),
    }
}

/// A row while it's read.
struct Reading<'a> {
    row: &'a Row,
    mapping: &'a Mapping,
    /// Which column a part of the event came from.
    places: Vec<(String, &'a str)>,
    faults: Vec<Fault>,
}

impl<'a> Reading<'a> {
    fn id(&mut self) -> Uuid {
        let cells: Vec<String> = self.mapping.key.iter().map(|column| tidy(self.row.get(column).map_or("", String::as_str))).collect();
        if cells.iter().all(String::is_empty) {
            let remedy = "Give the row a value there that stays the same for ever";
            self.faults.push(Fault { column: Some(self.mapping.key.join("\", \"")), detail: "the row has no key".to_owned(), remedy: remedy.to_owned() });
        }
        // As JSON, so that no two lists of texts are one name.
        Uuid::new_v5(&NAMESPACE, json!([self.mapping.source, cells]).to_string().as_bytes())
    }

    /// What a field says in this row, where it says something.
    fn text(&mut self, field: &'a Field, pointer: &str) -> Option<String> {
        let Column { column, default, values } = match field {
            Field::Constant(text) => return Some(text.clone()),
            Field::Column(column) => column,
        };
        self.places.push((pointer.to_owned(), column));
        let cell = tidy(self.row.get(column).map_or("", String::as_str));
        if cell.is_empty() {
            return default.clone();
        }
        if values.is_empty() {
            return Some(cell);
        }
        let meaning = values.get(&cell).cloned();
        if meaning.is_none() {
            let remedy = format!("Add it to values in the mapping, which has: {}", values.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
            self.faults.push(Fault { column: Some(column.clone()), detail: format!("the mapping doesn't say what \"{cell}\" means"), remedy });
        }
        meaning
    }

    /// The same, as something else than a text.
    fn parsed<T>(&mut self, field: &'a Field, pointer: &str, parse: impl FnOnce(&str) -> Result<T, CellFault>) -> Option<T> {
        let text = self.text(field, pointer)?;
        match parse(&text) {
            Ok(parsed) => Some(parsed),
            Err((detail, remedy)) => {
                let column = if let Field::Column(column) = field { Some(column.column.clone()) } else { None };
                self.faults.push(Fault { column, detail, remedy });
                None
            }
        }
    }

    fn date(&mut self, field: &'a Field, pointer: &str) -> Option<Value> {
        let order = self.mapping.dates;
        self.parsed(field, pointer, |text| day(text, order)).map(Value::from)
    }

    /// The same where there has to be one.
    fn needed_date(&mut self, field: &'a Field, pointer: &str) -> Option<Value> {
        let before = self.faults.len();
        let date = self.date(field, pointer);
        if let (None, Field::Column(column), true) = (&date, field, before == self.faults.len()) {
            let remedy = "Fill it in, or give the column a default in the mapping".to_owned();
            self.faults.push(Fault { column: Some(column.column.clone()), detail: "the cell is empty, and it says when".to_owned(), remedy });
        }
        date
    }

    /// An object of those fields that say something.
    fn texts(&mut self, fields: &[(&str, &'a Option<Field>)], pointer: &str) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, field) in fields {
            if let Some(text) = field.as_ref().and_then(|field| self.text(field, &format!("{pointer}/{name}"))) {
                object.insert((*name).to_owned(), text.into());
            }
        }
        object
    }

    fn data(&mut self) -> Value {
        let mapping = self.mapping;
        let mut data = Map::new();
        if let Some(announced) = self.needed_date(&mapping.announced, "/data/announced") {
            data.insert("announced".to_owned(), announced);
        }
        let who = &mapping.announcer;
        let announcer = self.texts(&[("party", &who.party), ("office", &who.office), ("name", &who.name), ("for", &who.on_behalf_of)], "/data/announcer");
        data.insert("announcer".to_owned(), if announcer.is_empty() { Value::Null } else { announcer.into() });
        if let Some(report) = &mapping.report {
            let fields = [("outlet", &report.outlet), ("url", &report.url), ("language", &report.language), ("archived", &report.archived)];
            let mut object = self.texts(&fields, "/data/report");
            if let Some(published) = report.published.as_ref().and_then(|field| self.date(field, "/data/report/published")) {
                object.insert("published".to_owned(), published);
            }
            if !object.is_empty() {
                data.insert("report".to_owned(), object.into());
            }
        }
        data.extend(self.texts(&[("note", &mapping.note)], "/data"));
        if let Some(exchange) = &mapping.exchange {
            let mut object = self.texts(&[("framework", &exchange.framework), ("part_of", &exchange.part_of)], "/data/exchange");
            if let Some(date) = self.needed_date(&exchange.date, "/data/exchange/date") {
                object.insert("date".to_owned(), date);
            }
            if let Some(place) = exchange.place.as_ref().and_then(|field| self.text(field, "/data/exchange/place")) {
                object.insert("place".to_owned(), json!({"text": place, "precision": "stated"}));
            }
            data.insert("exchange".to_owned(), object.into());
        }
        if !mapping.transfers.is_empty() {
            let transfers = self.transfers();
            data.insert("transfers".to_owned(), transfers.into());
        }
        data.into()
    }

    /// Those of which something was said.
    fn transfers(&mut self) -> Vec<Value> {
        let mapping = self.mapping;
        let mut said = Vec::new();
        for Transfer { from, to, counts } in &mapping.transfers {
            let pointer = format!("/data/transfers/{}", said.len());
            let known = self.places.len();
            let mut items = Vec::new();
            for counted in counts {
                items.extend(self.item(counted, &format!("{pointer}/counts/{}", items.len())));
            }
            if items.is_empty() {
                self.places.truncate(known);
                continue;
            }
            let [from, to] = [("from", from), ("to", to)].map(|(name, field)| self.text(field, &format!("{pointer}/{name}")));
            said.push(json!({"from": from, "to": to, "counts": items}));
        }
        said
    }

    fn item(&mut self, counted: &'a Counted, pointer: &str) -> Option<Value> {
        let numbers = &self.mapping.numbers;
        let count = self.parsed(&counted.count, &format!("{pointer}/count"), |text| count(text, numbers)).flatten()?;
        let category = self.text(&counted.category, &format!("{pointer}/category"));
        let fields =
            [("of", &counted.of), ("group", &counted.group), ("origin", &counted.origin), ("identity", &counted.identity), ("stated", &counted.stated)];
        let mut item = self.texts(&fields, pointer);
        item.insert("category".to_owned(), category.into());
        item.insert("count".to_owned(), count);
        Some(item.into())
    }

    /// A refusal of the whole event, at the column that it came from.
    fn refused(&self, problem: announcement::Problem) -> Fault {
        let pointer = problem.pointer.unwrap_or_default();
        let covers = |place: &str| pointer == place || pointer.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'));
        let column = self.places.iter().filter(|(place, _)| covers(place)).max_by_key(|(place, _)| place.len());
        let at = if column.is_none() && !pointer.is_empty() { format!(" at {pointer}") } else { String::new() };
        Fault { column: column.map(|(_, column)| (*column).to_owned()), detail: format!("{}: {}{at}", problem.title, problem.detail), remedy: problem.remedy }
    }
}
