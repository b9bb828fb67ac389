//! What administrators do with API clients: list, add, change, delete, and revoke everything of one.

use super::{ClientDependencies, ClientService, NewSecret};
use crate::{
    accounts::service::ClientReaches,
    activity::model::{Action, Detail, Entry},
    clients::{
        model::{
            ApiClientId, Client, ClientDetails, ClientErrors, CredentialKind, MAX_CLIENTS, MAX_CONNECTORS,
            ParsedClient, TypedClient,
        },
        store::OrganisationClients,
    },
    people::access::{Admin, Reauthenticated},
    platform::{database::Tx, failure::Failure, id::OrganisationId, text},
};

/// A client that was just added, with its first API key.
#[derive(Clone, Debug)]
pub struct NewClient {
    pub id: ApiClientId,
    pub name: String,
    pub key: NewSecret,
}

/// What became of the form of a new client.
#[derive(Clone, Debug)]
pub enum Added {
    New(NewClient),
    /// The form was sent before, and has added this client then. Its key was shown once.
    Before(ApiClientId),
}

/// What *Revoke everything* has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    pub credentials: u64,
    /// Number of open connect links.
    pub links: u64,
}

const TAKEN: &str = "An API client has this name already. Choose another name.";
const TOO_MANY: &str = "The organisation has 500 API clients, which is the most. Delete one first.";
const CHANGED: &str = "Another administrator has changed this client in the meantime. Open its page again.";
const NO_CONNECTOR: &str = "A chosen connector was deleted. Choose again.";

impl ClientService {
    /// The clients of an organisation, by name.
    pub async fn list(&self, admin: &Admin) -> Result<Vec<Client>, Failure> {
        let read = self.dependencies().database.read();
        let mut clients = OrganisationClients::of(admin.organisation()).list(&read, MAX_CLIENTS).await?;
        clients.sort_by_cached_key(|client| (text::fold(&client.name), client.id));
        Ok(clients)
    }

    /// The names of all clients of an organisation.
    pub async fn names(&self, admin: &Admin) -> Result<Vec<(ApiClientId, String)>, Failure> {
        let read = self.dependencies().database.read();
        Ok(OrganisationClients::of(admin.organisation()).names(&read, MAX_CLIENTS).await?)
    }

    /// A client with all that its page shows.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such client.
    pub async fn get(&self, admin: &Admin, id: ApiClientId) -> Result<ClientDetails, Failure> {
        let ClientDependencies { database, people, .. } = self.dependencies();
        let (organisation, read) = (admin.organisation(), database.read());
        let store = OrganisationClients::of(organisation);
        let client = store.get(&read, id).await?.ok_or(Failure::NotFound)?;
        let connectors =
            ClientReaches::of(organisation).connectors(&read, id, as_limit(MAX_CONNECTORS)).await?;
        let credentials = store.credentials(&read, id).await?;
        let names = people.names(organisation, client.created_by).await?;
        let maker = client.created_by.and_then(|user| names.get(&user)).map(ToString::to_string);
        Ok(ClientDetails { client, connectors, credentials, maker })
    }

    /// The id of the client that a new form adds. A form that is sent twice adds one client.
    pub fn new_id(&self) -> ApiClientId {
        let ClientDependencies { clock, randomness, .. } = self.dependencies();
        ApiClientId::new(&**clock, &**randomness)
    }

    /// Adds a client, and makes its first API key. Its name differs from those of the others.
    ///
    /// # Returns
    /// The client with its key, or what to change, by the name of the field.
    pub async fn add(
        &self,
        admin: &Reauthenticated<Admin>,
        typed: &TypedClient,
    ) -> Result<Result<NewClient, ClientErrors>, Failure> {
        let parsed = match typed.parse() {
            Ok(parsed) => parsed,
            Err(errors) => return Ok(Err(errors)),
        };
        let ClientDependencies { database, people, .. } = self.dependencies();
        database
            .write::<_, Failure, _>(async |tx| {
                people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                self.add_within(&tx, admin, self.new_id(), &parsed).await
            })
            .await
    }

    /// The same for a form with this id, which becomes the id of the client.
    ///
    /// # Errors
    /// [`Failure::BadRequest`] if another organisation has a client with this id: no form had it.
    pub async fn add_of_form(
        &self,
        admin: &Reauthenticated<Admin>,
        form: ApiClientId,
        typed: &TypedClient,
    ) -> Result<Result<Added, ClientErrors>, Failure> {
        let parsed = match typed.parse() {
            Ok(parsed) => parsed,
            Err(errors) => return Ok(Err(errors)),
        };
        let ClientDependencies { database, people, .. } = self.dependencies();
        let store = OrganisationClients::of(admin.organisation());
        database
            .write::<_, Failure, _>(async |tx| {
                // Of two equal forms at the same time the second one waits here, and finds the client of the first one.
                people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                let id = match store.get(&tx, form).await? {
                    // A user may go back in the browser and type a second client into the same form.
                    Some(before) if text::fold(&before.name) != text::fold(&parsed.name) => self.new_id(),
                    Some(before) => return Ok(Ok(Added::Before(before.id))),
                    None => form,
                };
                Ok(self.add_within(&tx, admin, id, &parsed).await?.map(Added::New))
            })
            .await
    }

    async fn add_within(
        &self,
        tx: &Tx,
        admin: &Reauthenticated<Admin>,
        id: ApiClientId,
        parsed: &ParsedClient,
    ) -> Result<Result<NewClient, ClientErrors>, Failure> {
        let ClientDependencies { activity, clock, .. } = self.dependencies();
        let organisation = admin.organisation();
        let store = OrganisationClients::of(organisation);
        if store.count(tx).await? >= MAX_CLIENTS {
            return Ok(Err(vec![("name", TOO_MANY)]));
        }
        // Here, because two forms at once must not give two clients the same name.
        let (name, names) = (text::fold(&parsed.name), store.names(tx, MAX_CLIENTS).await?);
        if names.iter().any(|(_, other)| text::fold(other) == name) {
            return Ok(Err(vec![("name", TAKEN)]));
        }
        if !self.has_connectors(tx, organisation, parsed).await? {
            return Ok(Err(vec![("connectors", NO_CONNECTOR)]));
        }
        let now = clock.now();
        if !store.add(tx, id, parsed, admin.user(), now).await? {
            return Err(Failure::BadRequest);
        }
        ClientReaches::of(organisation).set_connectors(tx, id, parsed.connectors()).await?;
        let client = store.get(tx, id).await?.ok_or(Failure::NotFound)?;
        let kind = CredentialKind::ApiKey;
        let key = self.add_credential(tx, &client, kind, None, admin.user(), now).await?;
        let entry = entry(Action::ClientAdded, &client.name, id);
        let entry = entry.with_detail(Detail::Scopes { scopes: parsed.scopes.to_string() });
        activity.record(tx, admin.actor(), entry).await?;
        Ok(Ok(NewClient { id, name: client.name, key }))
    }

    /// Changes a client. `version` is that of the client that the form showed. Refresh tokens lose the scopes that
    /// their client loses, also if it gets them again later. A token that has none left is removed.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such client.
    ///
    /// # Returns
    /// What to change, by the name of the field, if anything is wrong.
    pub async fn change(
        &self,
        admin: &Reauthenticated<Admin>,
        id: ApiClientId,
        version: i64,
        typed: &TypedClient,
    ) -> Result<Result<(), ClientErrors>, Failure> {
        let parsed = match typed.parse() {
            Ok(parsed) => parsed,
            Err(errors) => return Ok(Err(errors)),
        };
        let ClientDependencies { database, people, activity, .. } = self.dependencies();
        let organisation = admin.organisation();
        let store = OrganisationClients::of(organisation);
        let changed = database
            .write::<_, Failure, _>(async |tx| {
                people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                let client = store.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                if client.version != version {
                    return Ok(Err(vec![("name", CHANGED)]));
                }
                if !self.has_connectors(&tx, organisation, &parsed).await? {
                    return Ok(Err(vec![("connectors", NO_CONNECTOR)]));
                }
                store.change(&tx, id, &parsed).await?;
                self.limit_tokens(&tx, admin, &client, &parsed).await?;
                ClientReaches::of(organisation).set_connectors(&tx, id, parsed.connectors()).await?;
                let entry = entry(Action::ClientChanged, &parsed.name, id);
                let entry = entry.with_detail(Detail::Scopes { scopes: parsed.scopes.to_string() });
                activity.record(&tx, admin.actor(), entry).await?;
                Ok(Ok(()))
            })
            .await?;
        self.0.cache.forget(id);
        Ok(changed)
    }

    /// Takes the scopes that a locked client does not have any more from its refresh tokens. Those that have the scopes of
    /// their client follow it anyway.
    async fn limit_tokens(
        &self,
        tx: &Tx,
        admin: &Admin,
        client: &Client,
        parsed: &ParsedClient,
    ) -> Result<(), Failure> {
        let store = OrganisationClients::of(client.organisation);
        for credential in store.credentials(tx, client.id).await? {
            let Some(scopes) = credential.scopes else { continue };
            let left = scopes.intersection(&parsed.scopes);
            if left.is_empty() {
                store.remove_credential(tx, client.id, credential.id).await?;
                let detail = Detail::Credential { credential: credential.kind.name().to_owned() };
                let entry =
                    entry(Action::ClientCredentialRemoved, &parsed.name, client.id).with_detail(detail);
                self.dependencies().activity.record(tx, admin.actor(), entry).await?;
            } else if left != scopes {
                store.set_scopes(tx, client.id, credential.id, &left).await?;
            }
        }
        Ok(())
    }

    /// Deletes a client with its credentials, and revokes its open links. Accounts stay.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such client.
    pub async fn delete(&self, admin: &Reauthenticated<Admin>, id: ApiClientId) -> Result<(), Failure> {
        let ClientDependencies { database, activity, .. } = self.dependencies();
        let store = OrganisationClients::of(admin.organisation());
        database
            .write::<_, Failure, _>(async |tx| {
                let (client, _) = self.lock_and_revoke_links(&tx, admin, id).await?;
                store.delete(&tx, id).await?;
                let entry = entry(Action::ClientDeleted, &client.name, id);
                Ok(activity.record(&tx, admin.actor(), entry).await?)
            })
            .await?;
        self.0.cache.forget(id);
        Ok(())
    }

    /// Removes every credential of a client, and revokes its open links. The client stays and can get new credentials.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such client.
    pub async fn revoke_everything(&self, admin: &Admin, id: ApiClientId) -> Result<Revoked, Failure> {
        let ClientDependencies { database, activity, clock, .. } = self.dependencies();
        let store = OrganisationClients::of(admin.organisation());
        let revoked = database
            .write::<_, Failure, _>(async |tx| {
                let (client, links) = self.lock_and_revoke_links(&tx, admin, id).await?;
                let credentials = store.remove_credentials(&tx, id).await?;
                store.set_revoked(&tx, id, clock.now()).await?;
                let entry = entry(Action::ClientRevoked, &client.name, id);
                activity.record(&tx, admin.actor(), entry).await?;
                Ok(Revoked { credentials, links })
            })
            .await?;
        self.0.cache.forget(id);
        Ok(revoked)
    }

    /// Locks a client and revokes its open links.
    ///
    /// # Returns
    /// The client, and the number of revoked links.
    async fn lock_and_revoke_links(
        &self,
        tx: &Tx,
        admin: &Admin,
        id: ApiClientId,
    ) -> Result<(Client, u64), Failure> {
        let ClientDependencies { people, links, .. } = self.dependencies();
        let store = OrganisationClients::of(admin.organisation());
        people.lock_and_check_user(tx, admin.logged_in_user()).await?;
        store.get(tx, id).await?.ok_or(Failure::NotFound)?;
        // A sign-in locks a link before its client, so this does too.
        let before = links.revoke_of_client_within(tx, admin.actor(), id).await?;
        let client = store.lock(tx, id).await?.ok_or(Failure::NotFound)?;
        // Those that were made before the client was locked.
        let after = links.revoke_of_client_within(tx, admin.actor(), id).await?;
        Ok((client, before + after))
    }

    /// Whether the chosen connectors are all there.
    async fn has_connectors(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        parsed: &ParsedClient,
    ) -> Result<bool, Failure> {
        for &id in parsed.connectors() {
            let found = self.dependencies().connectors.find(tx, organisation, id).await?;
            if found.is_none_or(|connector| connector.deleted_at.is_some()) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn as_limit(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn entry(action: Action, name: &str, id: ApiClientId) -> Entry {
    Entry::done(action, name, id.0)
}
