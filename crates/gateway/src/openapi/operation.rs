use schemars::{JsonSchema, Schema, SchemaGenerator};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, Ref, RefOr, Required, ResponseBuilder,
    header::Header,
    path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
    schema::{Object, SchemaType, Type},
};

use super::values::{Format, Moment, Place, Problem};
use crate::answer::Form;

/// Gives a type's schema a name in a document.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

pub(crate) fn of<T: JsonSchema>() -> SchemaOf {
    |generator| generator.subschema_for::<T>()
}

/// A parameter of an operation.
#[derive(Clone, Copy)]
pub(crate) struct Parameter {
    name: &'static str,
    about: &'static str,
    schema: SchemaOf,
    place: Where,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Query,
    Required,
    Path,
    Header,
}

impl Parameter {
    pub(crate) fn query<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { name, about, schema: of::<T>(), place: Where::Query }
    }

    pub(crate) fn required<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { place: Where::Required, ..Self::query::<T>(name, about) }
    }

    pub(crate) fn path<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { place: Where::Path, ..Self::query::<T>(name, about) }
    }

    pub(crate) fn header<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { place: Where::Header, ..Self::query::<T>(name, about) }
    }
}

/// One operation: what is asked, and everything that may be answered.
pub(crate) struct Described {
    pub(crate) method: HttpMethod,
    pub(crate) path: &'static str,
    id: &'static str,
    about: &'static str,
    parameters: Vec<Parameter>,
    bodies: Vec<(&'static str, SchemaOf)>,
    answers: Vec<Answer>,
}

struct Answer {
    status: &'static str,
    about: &'static str,
    contents: Vec<(&'static str, Option<SchemaOf>)>,
    headers: Vec<(&'static str, &'static str)>,
}

/// What every operation may answer.
const ALWAYS: [(&str, &str); 4] = [
    ("401", "The token that was sent isn't valid, or one is needed: WWW-Authenticate says how it's sent."),
    ("429", "Too many requests came from this address; Retry-After says when to come again."),
    ("500", "A fault of the server."),
    ("503", "Not available right now; Retry-After says when to come again."),
];

/// What a cache and the next page need.
const CACHED: [(&str, &str); 3] = [
    ("ETag", "Names the records, the fold, the question and the form."),
    ("Last-Modified", "When the last record was taken in."),
    ("Link", "Where the next page is, where there is one (rel=next)."),
];

impl Described {
    fn new(method: HttpMethod, path: &'static str, id: &'static str, about: &'static str) -> Self {
        Self { method, path, id, about, parameters: Vec::new(), bodies: Vec::new(), answers: Vec::new() }
    }

    /// Something that is read, with its problems.
    pub(crate) fn get(path: &'static str, id: &'static str, about: &'static str) -> Self {
        Self::new(HttpMethod::Get, path, id, about).problem("400", "A parameter, or the address, is wrong.")
    }

    pub(crate) fn post(path: &'static str, id: &'static str, about: &'static str) -> Self {
        Self::new(HttpMethod::Post, path, id, about)
    }

    /// A read model's answer in every form, of now or of the past.
    pub(crate) fn model<T: JsonSchema>(path: &'static str, id: &'static str, about: &'static str) -> Self {
        Self::cached::<T>(path, id, about)
            .takes(&[
                Parameter::query::<Moment>("as_known_at", "Of the records that were taken in by then."),
                Parameter::query::<announcement::Day>("announced_until", "Of what had been announced by the end of this day."),
            ])
            .problem("404", "Nothing is known of it, or this node keeps no read models.")
    }

    /// An answer in every form, which isn't sent to who has it.
    pub(crate) fn cached<T: JsonSchema>(path: &'static str, id: &'static str, about: &'static str) -> Self {
        let mut described = Self::get(path, id, about)
            .answers_as(
                "200",
                "The answer.",
                &[(Form::Json.media_type(), Some(of::<T>())), (Form::JsonLines.media_type(), None), (Form::Csv.media_type(), None)],
            )
            .answers_as("303", "The page of the same, for who would rather have text/html.", &[])
            .answers_as("304", "Nothing has changed since the answer whose ETag If-None-Match gives.", &[])
            .problem("406", "Accept names no form that is given here.")
            .takes(&[
                Parameter::query::<Format>("format", "The form, whatever Accept says."),
                at_least(),
                Parameter::header::<super::values::Text>("If-None-Match", "The ETag of the answer that the reader has."),
            ]);
        for answer in described.answers.iter_mut().filter(|answer| matches!(answer.status, "200" | "304")) {
            answer.headers = CACHED.to_vec();
        }
        described
    }

    pub(crate) fn takes(mut self, parameters: &[Parameter]) -> Self {
        self.parameters.extend_from_slice(parameters);
        self
    }

    pub(crate) fn body<T: JsonSchema>(mut self, media_type: &'static str) -> Self {
        self.bodies.push((media_type, of::<T>()));
        self
    }

    pub(crate) fn answers<T: JsonSchema>(self, status: &'static str, about: &'static str) -> Self {
        self.answers_as(status, about, &[(Form::Json.media_type(), Some(of::<T>()))])
    }

    pub(crate) fn answers_as(mut self, status: &'static str, about: &'static str, contents: &[(&'static str, Option<SchemaOf>)]) -> Self {
        self.answers.push(Answer { status, about, contents: contents.to_vec(), headers: Vec::new() });
        self
    }

    pub(crate) fn problem(self, status: &'static str, about: &'static str) -> Self {
        self.answers_as(status, about, &[("application/problem+json", Some(of::<Problem>()))])
    }

    /// As OpenAPI writes it; its schemas are added to the generator's.
    pub(super) fn operation(self, generator: &mut SchemaGenerator) -> Operation {
        let described = ALWAYS.iter().fold(self, |described, (status, about)| described.problem(status, about));
        let mut operation = OperationBuilder::new().operation_id(Some(described.id)).summary(Some(described.about));
        for parameter in &described.parameters {
            operation = operation.parameter(parameter.written(generator));
        }
        if !described.bodies.is_empty() {
            let bodies = described.bodies.iter().fold(RequestBodyBuilder::new().required(Some(Required::True)), |body, (media_type, schema)| {
                body.content(*media_type, ContentBuilder::new().schema(Some(referred(*schema, generator))).build())
            });
            operation = operation.request_body(Some(bodies.build()));
        }
        for answer in &described.answers {
            operation = operation.response(answer.status, answer.written(generator));
        }
        operation.build()
    }
}

impl Parameter {
    fn written(self, generator: &mut SchemaGenerator) -> ParameterBuilder {
        let place = match self.place {
            Where::Query | Where::Required => ParameterIn::Query,
            Where::Path => ParameterIn::Path,
            Where::Header => ParameterIn::Header,
        };
        let is_required = matches!(self.place, Where::Required | Where::Path);
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(place)
            .required(if is_required { Required::True } else { Required::False })
            .description(Some(self.about))
            .schema(Some(referred(self.schema, generator)))
    }
}

impl Answer {
    fn written(&self, generator: &mut SchemaGenerator) -> utoipa::openapi::Response {
        let mut response = ResponseBuilder::new().description(self.about);
        for (media_type, schema) in &self.contents {
            let schema = schema.map_or_else(|| text().into(), |schema| referred(schema, generator));
            response = response.content(*media_type, ContentBuilder::new().schema(Some(schema)).build());
        }
        for (name, about) in &self.headers {
            let header: Header = HeaderBuilder::new().schema(text()).description(Some(*about)).build();
            response = response.header(*name, header);
        }
        response.build()
    }
}

fn text() -> Object {
    Object::with_type(SchemaType::new(Type::String))
}

/// A reference to a schema among the components.
fn referred(schema: SchemaOf, generator: &mut SchemaGenerator) -> RefOr<utoipa::openapi::Schema> {
    let schema = schema(generator);
    let reference = schema.get("$ref").and_then(|reference| reference.as_str()).expect("each schema in an operation has a name");
    RefOr::Ref(Ref::new(reference))
}

pub(crate) fn at_least() -> Parameter {
    Parameter::query::<Place>("at_least", "Waits, within a bound, until the answer rests on the record at this position.")
}
