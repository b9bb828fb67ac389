//! Guards of a callback: the provider that sent it, and whether the user or the link that started the attempt may still
//! finish it. `returned` calls them before anything is sent to the provider.

use secrecy::ExposeSecret;

use super::{
    super::{
        callback::{Answer, CallbackParameters},
        model::{ConnectProblem, SignInProblem},
        store::Attempt,
    },
    SignInDependencies, SignIns,
    connecting::connect_problem,
};
use crate::{
    accounts::service::links::Link,
    people::service::MayFinish,
    platform::database::{DatabaseError, Tx},
    providers::{Mismatch, Pinned},
};

/// Why a consumed attempt stops before anything is sent to the provider.
pub(super) enum Stop {
    SignIn(SignInProblem),
    /// Its connect link cannot be used any more.
    Link(ConnectProblem),
}

impl SignIns {
    /// Whether a consumed attempt may go on: its user is still an administrator, or its link can still be used.
    ///
    /// # Returns
    /// The link, if one started the attempt; or why the attempt stops.
    pub(super) async fn may_go_on(
        &self,
        tx: &Tx,
        attempt: &Attempt,
    ) -> Result<Result<Option<Link>, Stop>, DatabaseError> {
        let SignInDependencies { people, links, .. } = &*self.dependencies;
        let organisation = attempt.organisation;
        if let Some(link) = attempt.link {
            let (account, started) = (attempt.account, attempt.created_at);
            let found = links.find_returned(tx, organisation, link, account, started).await?;
            return Ok(found.map(Some).map_err(|problem| Stop::Link(connect_problem(problem))));
        }
        let may = match attempt.user {
            Some(user) => people.may_finish(tx, organisation, user, attempt.user_version).await?,
            // Only an administrator may verify a connector.
            None => MayFinish::NotAdmin,
        };
        Ok(match may {
            MayFinish::Yes => Ok(None),
            MayFinish::NotAdmin => Err(Stop::SignIn(SignInProblem::NotAllowed)),
            MayFinish::LoggedOut => Err(Stop::SignIn(SignInProblem::LoggedOut)),
        })
    }
}

/// The mismatch if another provider or directory sent the callback. It guards against mix-up attacks (RFC 9207): a code
/// and a secret must reach only the token endpoint of their own provider.
pub(super) fn foreign_issuer(pinned: &dyn Pinned, parameters: &CallbackParameters) -> Option<Mismatch> {
    let issuer = parameters.issuer.as_deref()?;
    let code = match &parameters.answer {
        Answer::Code(code) => Some(code.expose_secret()),
        _ => None,
    };
    pinned.check_callback_issuer(issuer, code.as_slice()).err()
}
