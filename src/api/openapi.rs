//! The OpenAPI 3.1 document of the API, made from the table of calls and the shapes of their results. It names no
//! organisation, so it needs no credential. The page of the reference shows the same document.

use std::sync::LazyLock;

use axum::{
    body::Bytes,
    extract::RawQuery,
    response::{IntoResponse, Response},
};
use http::{Method, header};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        ArrayBuilder, Components, ComponentsBuilder, Content, Header, HttpMethod, InfoBuilder, ObjectBuilder,
        OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Required, ResponseBuilder, Schema, Server, Type,
        path::{Operation, OperationBuilder, Parameter as ApiParameter, ParameterBuilder, ParameterIn},
        request_body::{RequestBody, RequestBodyBuilder},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    calls::{self, Answer, Call, Credential},
    errors::Error,
    parameters::{Effect, Given, Kind, MAX_ID, MAX_LABEL_ID, Member, Parameter, Place},
    shapes,
};
use crate::platform::failure::Failure;

const JSON: &str = "application/json";
/// The name of the security scheme in the document.
const KEY: &str = "apiKey";

static DOCUMENT: LazyLock<Result<Value, String>> =
    LazyLock::new(|| serde_json::to_value(describe()).map_err(|error| error.to_string()));

/// The document as it is sent. It is written once, because it needs no credential.
static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
    DOCUMENT.as_ref().map_or_else(|_| Bytes::new(), |document| Bytes::from(document.to_string()))
});

/// `GET /api/openapi.json`.
pub async fn show(RawQuery(query): RawQuery) -> Response {
    if let Err(error) = Given::read(calls::OPENAPI.parameters, &[], &query.unwrap_or_default(), b"") {
        return error.into_response();
    }
    match document() {
        Ok(_) => ([(header::CONTENT_TYPE, JSON)], TEXT.clone()).into_response(),
        Err(failure) => failure.into_response(),
    }
}

/// The document.
///
/// # Errors
/// [`Failure::Unexpected`] if it cannot be written as JSON.
pub fn document() -> Result<&'static Value, Failure> {
    DOCUMENT.as_ref().map_err(|error| Failure::Unexpected(error.clone()))
}

fn describe() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Mail360 Connectors")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Read and change mail and contacts of connected mailboxes. The calls are those of Mail360, and some more. Numbers, booleans \
             and arrays are also taken as strings that hold them. HEAD answers as GET without the body.",
        ))
        .build();
    let mut paths = Paths::new();
    for call in calls::ALL {
        paths.add_path_operation(call.path, vec![http_method(&call.method)], describe_call(call));
    }
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("/")]))
        .paths(paths)
        .components(Some(components()))
        .build()
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn describe_call(call: &Call) -> Operation {
    let Call { id, group, summary, about, credential, parameters, answer, .. } = *call;
    let (scope, security) = match credential {
        Credential::None => (None, None),
        Credential::Client(scope) => {
            (Some(scope), Some([SecurityRequirement::new(KEY, [scope.name().to_owned()])]))
        }
    };
    let scope = scope.map(|scope| format!("Scope: {scope}."));
    let description: Vec<String> =
        [about.to_owned(), scope.unwrap_or_default()].into_iter().filter(|text| !text.is_empty()).collect();
    let outside = parameters.iter().filter(|parameter| parameter.place != Place::Body);
    let operation = OperationBuilder::new()
        .operation_id(Some(id))
        .tag(group)
        .summary(Some(summary))
        .description(Some(description.join(" ")).filter(|text| !text.is_empty()))
        .parameters(Some(outside.map(describe_parameter)))
        .request_body(describe_body(call))
        .response(status_of(answer), describe_answer(answer));
    let operation = match answer {
        Answer::Bulk(name) => operation.response("207", describe_partly_done(name)),
        _ => operation,
    };
    let operation = operation.response(
        "default",
        ResponseBuilder::new()
            .description("An error: see errorCode.")
            .content(JSON, Content::new(Some(Ref::from_schema_name("Error")))),
    );
    match security {
        Some(security) => operation.securities(Some(security)).build(),
        None => operation.build(),
    }
}

fn describe_parameter(parameter: &Parameter) -> ApiParameter {
    let (place, required) = match parameter.place {
        Place::Path => (ParameterIn::Path, true),
        Place::Query | Place::Body => (ParameterIn::Query, parameter.is_required),
        Place::Header => (ParameterIn::Header, parameter.is_required),
    };
    ParameterBuilder::new()
        .name(parameter.name)
        .parameter_in(place)
        .required(if required { Required::True } else { Required::False })
        .description(Some(describe_effect(parameter)))
        .schema(Some(schema_of(parameter)))
        .build()
}

/// What a parameter is for, and what this program does with it.
fn describe_effect(parameter: &Parameter) -> String {
    match parameter.effect {
        Effect::Honoured => parameter.about.to_owned(),
        Effect::WithoutEffect | Effect::Only(_) => {
            format!("{} ({})", parameter.about, parameter.effect_words())
        }
    }
}

fn schema_of(parameter: &Parameter) -> RefOr<Schema> {
    let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
    let default = parameter.default.map(|default| match parameter.kind {
        Kind::Integer { .. } | Kind::Boolean => serde_json::from_str(default).unwrap_or(Value::Null),
        Kind::Id
        | Kind::LabelId
        | Kind::Text { .. }
        | Kind::Lines { .. }
        | Kind::OneOf(_)
        | Kind::Texts { .. }
        | Kind::Ids { .. }
        | Kind::LabelIds { .. }
        | Kind::Objects { .. } => Value::from(default),
    });
    let object = match parameter.kind {
        Kind::Id => of(Type::String).max_length(Some(MAX_ID)),
        Kind::LabelId => of(Type::String).max_length(Some(MAX_LABEL_ID)),
        Kind::Text { max } | Kind::Lines { max } => of(Type::String).max_length(Some(max)),
        Kind::Integer { min, max } => of(Type::Integer).minimum(Some(min)).maximum(Some(max)),
        Kind::Boolean => of(Type::Boolean),
        Kind::OneOf(values) => of(Type::String).enum_values(Some(values.iter().copied())),
        Kind::Ids { max } if parameter.place == Place::Body => return array_of_ids(MAX_ID, max),
        Kind::LabelIds { max } if parameter.place == Place::Body => return array_of_ids(MAX_LABEL_ID, max),
        Kind::Texts { .. } | Kind::Ids { .. } | Kind::LabelIds { .. } => of(Type::String),
        Kind::Objects { max, members } => {
            return ArrayBuilder::new().items(schema_of_members(members)).max_items(Some(max)).into();
        }
    };
    object.default(default).into()
}

/// Ids of at most `longest` characters each, at most `max`. A string that holds the array is taken too.
fn array_of_ids(longest: usize, max: usize) -> RefOr<Schema> {
    let id = ObjectBuilder::new().schema_type(Type::String).max_length(Some(longest));
    ArrayBuilder::new().items(id).max_items(Some(max)).into()
}

/// The objects of an array.
fn schema_of_members(members: &[Member]) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for Member { name, kind, is_required } in members {
        object = object.property(*name, schema_of(&Parameter::body(name, *kind, "")));
        if *is_required {
            object = object.required(*name);
        }
    }
    object.into()
}

/// The body, if the call takes one: a JSON object, a file, or what a raw call passes on.
fn describe_body(call: &Call) -> Option<RequestBody> {
    let is_raw = call.answer == Answer::Bytes(None) && call.method != Method::GET;
    if is_raw || call.id == calls::UPLOAD_ATTACHMENT.id {
        let bytes: RefOr<Schema> = ObjectBuilder::new().schema_type(Type::String).into();
        let body = RequestBodyBuilder::new().required(Some(Required::False));
        return Some(body.content("*/*", Content::new(Some(bytes))).build());
    }
    let mut members = call.parameters.iter().filter(|parameter| parameter.place == Place::Body).peekable();
    members.peek()?;
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    let mut required = Required::False;
    for parameter in members {
        object = object.property(parameter.name, schema_of(parameter));
        if parameter.is_required {
            object = object.required(parameter.name);
            required = Required::True;
        }
    }
    let schema: RefOr<Schema> = object.into();
    let body = RequestBodyBuilder::new().required(Some(required));
    Some(body.content(JSON, Content::new(Some(schema))).build())
}

/// The answer of a call for several things, of which some were not changed.
fn describe_partly_done(name: &str) -> ResponseBuilder {
    let data = Ref::from_schema_name(name).into();
    let response = ResponseBuilder::new().description(format!("{name}. Some were not changed."));
    response.content(JSON, Content::new(Some(envelope(Some(data)))))
}

/// The status of a successful answer.
const fn status_of(answer: Answer) -> &'static str {
    match answer {
        Answer::Created(_) => "201",
        _ => "200",
    }
}

fn describe_answer(answer: Answer) -> ResponseBuilder {
    let response = ResponseBuilder::new();
    let bytes = || ObjectBuilder::new().schema_type(Type::String);
    match answer {
        Answer::Done | Answer::Bulk(_) => {
            response.description("Done.").content(JSON, Content::new(Some(envelope(None))))
        }
        Answer::One(name) | Answer::Created(name) => {
            let data = Ref::from_schema_name(name).into();
            response.description(name).content(JSON, Content::new(Some(envelope(Some(data)))))
        }
        Answer::DoneOrOne(name) => {
            let data: RefOr<Schema> = Ref::from_schema_name(name).into();
            let object = ObjectBuilder::new()
                .schema_type(Type::Object)
                .property("status", Ref::from_schema_name("Status"))
                .required("status")
                .property("data", data);
            let schema: RefOr<Schema> = object.into();
            response.description(format!("Done, or {name}.")).content(JSON, Content::new(Some(schema)))
        }
        Answer::Many(name) => {
            let data = ArrayBuilder::new().items(Ref::from_schema_name(name)).into();
            response.description(name).content(JSON, Content::new(Some(envelope(Some(data)))))
        }
        Answer::Pages(name) => {
            let data = ArrayBuilder::new().items(Ref::from_schema_name(name)).into();
            let response = response.description(format!("{name}. Next-Cursor continues the list."));
            response
                .content(JSON, Content::new(Some(envelope(Some(data)))))
                .header("Next-Cursor", Header::new(ObjectBuilder::new().schema_type(Type::String)))
        }
        Answer::Bytes(kind) => {
            let kind = kind.unwrap_or("*/*");
            response.description("The bytes.").content(kind, Content::new(Some(bytes())))
        }
        Answer::Document => {
            let any = ObjectBuilder::new().schema_type(Type::Object);
            response.description("This document.").content(JSON, Content::new(Some(any)))
        }
    }
}

/// Mail360's envelope around this result.
fn envelope(data: Option<RefOr<Schema>>) -> RefOr<Schema> {
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("status", Ref::from_schema_name("Status"))
        .required("status");
    match data {
        Some(data) => object.property("data", data).required("data").into(),
        None => object.into(),
    }
}

fn components() -> Components {
    let mut found: Vec<(String, RefOr<Schema>)> = Vec::new();
    add::<Error>(&mut found);
    add::<shapes::AccessToken>(&mut found);
    add::<shapes::Account>(&mut found);
    add::<shapes::ConnectLink>(&mut found);
    add::<shapes::Confirmed>(&mut found);
    add::<shapes::Connector>(&mut found);
    add::<shapes::Message>(&mut found);
    add::<shapes::Content>(&mut found);
    add::<shapes::Header>(&mut found);
    add::<shapes::MessageResults>(&mut found);
    add::<shapes::ThreadResults>(&mut found);
    add::<shapes::Attachments>(&mut found);
    add::<shapes::Upload>(&mut found);
    add::<shapes::Sent>(&mut found);
    add::<shapes::CreatedDraft>(&mut found);
    add::<shapes::Draft>(&mut found);
    add::<shapes::Schedule>(&mut found);
    add::<shapes::Folder>(&mut found);
    add::<shapes::Label>(&mut found);
    add::<shapes::StartedJob>(&mut found);
    add::<shapes::Job>(&mut found);
    add::<shapes::Contact>(&mut found);
    add::<shapes::ContactChanges>(&mut found);
    add::<shapes::ContactFolder>(&mut found);
    add::<shapes::ProviderToken>(&mut found);
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key, or an access token of POST /api/access-token."))
        .build();
    ComponentsBuilder::new().schemas_from_iter(found).security_scheme(KEY, SecurityScheme::Http(key)).build()
}

/// Adds the schema of a type, and those that it refers to.
fn add<T: ToSchema>(found: &mut Vec<(String, RefOr<Schema>)>) {
    found.push((T::name().into_owned(), T::schema()));
    T::schemas(found);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reference in a part of the document.
    fn references(part: &Value, into: &mut Vec<String>) {
        match part {
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(to) if name == "$ref" => into.push(to.clone()),
                        value => references(value, into),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, into)),
            _ => {}
        }
    }

    #[test]
    fn the_document_has_every_call_and_every_reference_leads_to_a_schema() {
        let document = document().expect("a document");
        assert_eq!(document["openapi"], "3.1.0");
        for call in calls::ALL {
            let operation = &document["paths"][call.path][call.method.as_str().to_lowercase()];
            assert_eq!(operation["operationId"], call.id);
            let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
            let outside = call.parameters.iter().filter(|it| it.place != Place::Body).count();
            assert_eq!(parameters, outside, "{}", call.id);
            assert_eq!(operation["security"].is_array(), call.credential != Credential::None, "{}", call.id);
        }
        let mut found = Vec::new();
        references(document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let name = reference.strip_prefix("#/components/schemas/").expect("a schema of the document");
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
        }
    }

    #[test]
    fn each_field_of_a_result_is_in_its_schema() {
        let document = document().expect("a document");
        for (name, fields) in [
            ("Message", &["messageId", "sentDateInGMT", "flagid", "hasInline"][..]),
            ("AccountFacts", &["isOAuthAcc", "type", "incomingBlocked"]),
            ("ContactAddress", &["type", "postalCode"]),
            ("Error", &["status", "data"]),
        ] {
            for field in fields {
                let described = &document["components"]["schemas"][name]["properties"][field];
                assert!(described.is_object(), "{name}.{field}");
            }
        }
    }
}
