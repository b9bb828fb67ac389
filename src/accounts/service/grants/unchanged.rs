//! Stores new tokens with few statements where nothing else changes: the account is connected and has no failures, its
//! connector has no gate and still its application, and its grant is the claimed one. This is nearly every refresh.
//! Everything else is written by [`Grants::settle`].

use super::{
    Grants,
    settle::{Settlement, Stored},
    sharing::Ended,
    verdict::Verdict,
};
use crate::{
    accounts::{
        model::HistoryKind,
        store::{Accounts, grants::OrganisationGrants},
    },
    platform::{clock::Timestamp, failure::Failure},
};

impl Grants {
    /// Stores new tokens if nothing else changes. `None`, and nothing written, in all other cases.
    pub(super) async fn settle_unchanged(
        &self,
        settlement: &Settlement,
        now: Timestamp,
    ) -> Result<Option<Stored>, Failure> {
        let (grant, Verdict::Tokens(new), Some(request)) =
            (&settlement.grant, &settlement.verdict, &settlement.request)
        else {
            return Ok(None);
        };
        // After a failure the account has others to write.
        if grant.tries > 0 {
            return Ok(None);
        }
        let connectors = &self.dependencies().connectors;
        let (accounts, grants) =
            (Accounts::of(grant.organisation), OrganisationGrants::of(grant.organisation));
        let (settled, token) = self.prepare_tokens(request, grant, new, now)?;
        let entry = self.history_entry(HistoryKind::Refreshed, "{}".to_owned(), now);
        self.database()
            .write::<_, Failure, _>(async |tx| {
                let connector = connectors.find(&tx, grant.organisation, grant.connector).await?;
                if connector.is_none_or(|connector| settlement.is_outdated(&connector)) {
                    return Ok(None);
                }
                // The account before its grant, as in all transactions.
                if !accounts.lock_if_steady(&tx, grant.account, grant.connector).await?
                    || !grants.settle_claimed(&tx, grant, settled).await?
                {
                    return Ok(None);
                }
                accounts.add_event(&tx, grant.account, entry).await?;
                Ok(Some(Ended::Refreshed(token).into()))
            })
            .await
    }
}
