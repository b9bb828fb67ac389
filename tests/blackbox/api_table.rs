//! The table of the API's calls: it agrees with the route table, with the OpenAPI document and with the documentation.

use std::{collections::BTreeSet, fmt::Write};

use mail360::{
    api::{
        calls::{self, Credential},
        errors::Code,
        openapi,
    },
    log_in::guard::RouteAccess,
    router::{RouterKind, table},
};
use serde_json::Value;
use strum::VariantArray;

use crate::support::{Kind, World};

/// A path without the names of its parameters.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Method, shape of the path, and scope.
type Row = (String, String, String);

fn row(method: &str, path: &str, scope: &str) -> Row {
    (method.to_owned(), shape(path), scope.to_owned())
}

/// The routes of the API.
fn routes() -> BTreeSet<Row> {
    let of_api = table().into_iter().filter(|route| route.router() == RouterKind::Api);
    let rows = of_api.map(|route| {
        let scope = match route.access {
            RouteAccess::ApiClient(scope) => scope.name(),
            _ => "none",
        };
        row(route.method.as_str(), route.path, scope)
    });
    rows.collect()
}

#[test]
fn the_routes_of_the_api_are_the_calls_of_the_table_with_the_same_credential() {
    let calls: BTreeSet<_> = calls::ALL
        .into_iter()
        .map(|call| {
            let scope = match call.credential {
                Credential::Client(scope) => scope.name(),
                Credential::None => "none",
            };
            row(call.method.as_str(), call.path, scope)
        })
        .collect();
    assert_eq!(routes(), calls);
}

#[test]
fn the_operations_of_the_document_are_the_routes_of_the_api() {
    let document = openapi::document().expect("a document");
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let scope = operation["security"][0]["apiKey"][0].as_str().unwrap_or("none");
            operations.insert(row(&method.to_uppercase(), path, scope));
        }
    }
    assert_eq!(routes(), operations);
    let raw = &document["paths"][calls::PROXY.path];
    for method in ["post", "put", "patch", "delete"] {
        assert!(raw[method]["requestBody"]["content"]["*/*"].is_object(), "{method}");
    }
    assert!(raw["get"]["requestBody"].is_null());
}

#[tokio::test]
async fn the_document_is_open_to_everyone_and_names_no_organisation() {
    let world = World::new(Kind::Sqlite).await;
    world.set_up().await;
    let mut visitor = world.browser();
    let answer = visitor.get("/api/openapi.json").await;
    assert_eq!(answer.assert_status(200).header("content-type"), "application/json");
    let document: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "/");
    assert!(!answer.body.contains("Contoso") && !answer.body.contains("contoso"));
    let operations: usize = document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .map(|methods| methods.as_object().map_or(0, serde_json::Map::len))
        .sum();
    assert_eq!(operations, calls::ALL.len());
}

#[tokio::test]
async fn the_reference_is_a_page_for_users_and_for_visitors() {
    let world = World::new(Kind::Sqlite).await;
    let ada = world.set_up().await;
    for mut browser in [ada, world.browser()] {
        let page = browser.get("/api-reference").await;
        page.assert_status(200)
            .assert_says("API reference")
            .assert_says("http://localhost:3000/api/accounts");
        // Without the places where a path may break.
        let body = page.body.replace("<wbr>", "");
        for call in calls::ALL {
            assert!(body.contains(call.path), "{}", call.path);
        }
    }
}

#[test]
fn the_guide_has_every_code_call_and_parameter_line_by_line() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md");
    let guide = std::fs::read_to_string(path).expect("the guide");
    let lines: BTreeSet<_> = guide.lines().collect();
    let expected = written();
    for line in expected.lines() {
        assert!(
            lines.contains(line),
            "docs/api.md lacks this line:\n{line}\n\nThe tables are now:\n{expected}"
        );
    }
}

/// The tables of the guide, from the table of calls and of the codes.
fn written() -> String {
    let mut text = String::new();
    for (group, found) in calls::groups() {
        writeln!(text, "### {group}").expect("a text");
        for call in found {
            let scope = match call.credential {
                Credential::Client(scope) => format!("`{scope}`"),
                Credential::None => "no credential in the header".to_owned(),
            };
            writeln!(text, "**{}** `{} {}` ({scope})", call.summary, call.method, call.path).expect("a text");
            for parameter in call.parameters {
                let default =
                    parameter.default.map(|default| format!(", default `{default}`")).unwrap_or_default();
                let required = if parameter.is_required { ", required" } else { "" };
                writeln!(
                    text,
                    "| `{}` | {}{required}{default} | {} | {} |",
                    parameter.name,
                    parameter.type_words().replace('|', "or"),
                    parameter.effect_words(),
                    parameter.about
                )
                .expect("a text");
            }
        }
    }
    for code in Code::VARIANTS {
        writeln!(text, "| `{}` | {} | {} |", code.name(), code.status().as_u16(), code.meaning())
            .expect("a text");
    }
    text
}

#[tokio::test]
async fn each_call_refuses_a_request_without_a_credential_of_an_api_client() {
    let world = World::new(Kind::Sqlite).await;
    let ada = world.set_up().await;
    let key = uuid::Uuid::from_u128(1).to_string();
    for call in calls::ALL.into_iter().filter(|call| call.credential != Credential::None) {
        let path = call.path.replace("{account_key}", &key).replace(['{', '}'], "");
        for browser in [&ada, &world.browser()] {
            let mut browser = browser.clone();
            let request = browser.request(call.method.as_str(), &path).body(axum::body::Body::empty());
            let answer = browser.send(request.expect("a request")).await;
            let envelope: Value = serde_json::from_str(&answer.assert_status(401).body).expect("JSON");
            assert_eq!(envelope["data"]["errorCode"], "INVALID_OAUTHTOKEN", "{}", call.id);
        }
    }
}
