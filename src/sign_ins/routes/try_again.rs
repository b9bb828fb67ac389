//! The handler that tries a connector's stored credentials again. A provider may refuse new credentials at first.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use tower_sessions::Session;

use super::{super::service::SignIns, leave};
use crate::{
    connectors::{
        change_notice::{ChangeMade, ChangeNotice},
        preflight::Preflight,
        service::{ConnectorId, ConnectorService},
    },
    people::access::Member,
    platform::{config::Config, failure::Failure, randomness::SharedRandomness},
};

/// `POST /connectors/{id}/try-again`: tries the stored credentials without a sign-in, and redirects to the connector's
/// page, which shows the result. If the provider lets only a sign-in try them, one starts.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn try_again(
    State(sign_ins): State<SignIns>,
    State(connectors): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    State(randomness): State<SharedRandomness>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let admin = member.admin()?;
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    // A connector of another organisation gets the same answer as one that does not exist.
    connectors.get(&admin.caller(), id).await?;
    let Some(finding) = sign_ins.try_credentials(&admin, id).await else {
        return leave(&sign_ins, &config, &*randomness, &admin, id, &headers).await;
    };
    ChangeNotice { connector: id, done: ChangeMade::TriedAgain, warning: None, finding: Some(finding) }
        .keep_in_session(&session, connectors.now())
        .await?;
    Ok(Redirect::to(&format!("/connectors/{id}")).into_response())
}
