"""Reads a mailbox with Microsoft's client for Python, and prints what it found as JSON.

    python graph-client.py BASE_URL TOKEN

BASE_URL ends with the version, as https://graph.microsoft.com/v1.0 does. It is the only thing that differs between
Graph itself, its stand-in, and the raw passage of an account, whose token is an API key.
"""

import asyncio
import json
import sys

from azure.core.credentials import AccessToken
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.users.item.contacts.contacts_request_builder import ContactsRequestBuilder
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph_core import PageIterator

IN_THE_YEAR_3000 = 32_503_680_000


class Known:
    """A credential that is known already."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.token, IN_THE_YEAR_3000)


async def everything(client, first):
    """Every item of a list, page by page."""
    items = []
    await PageIterator(first, client.request_adapter).iterate(lambda item: items.append(item) is None)
    return items


async def read(base, token):
    adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(Known(token)))
    adapter.base_url = base
    client = GraphServiceClient(request_adapter=adapter)

    wanted = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        select=["subject", "hasAttachments"], top=7, orderby=["receivedDateTime desc"])
    messages = await everything(client, await client.me.messages.get(RequestConfiguration(query_parameters=wanted)))
    assert len({message.id for message in messages}) == len(messages), "a message is on two pages"
    one = await client.me.messages.by_message_id(messages[0].id).get()
    assert one.subject == messages[0].subject and one.body.content, "the message lacks what the list has, or its body"
    source = await client.me.messages.by_message_id(messages[0].id).content.get()
    assert b"\r\n\r\n" in source, "the message's source has no end of its head"

    attached = next(message for message in messages if message.has_attachments)
    attachments = await client.me.messages.by_message_id(attached.id).attachments.get()
    folders = await everything(client, await client.me.mail_folders.get())
    contacts = await everything(client, await client.me.contacts.get())
    wanted = ContactsRequestBuilder.ContactsRequestBuilderGetQueryParameters(top=3, orderby=["displayName"])
    few = await client.me.contacts.get(RequestConfiguration(query_parameters=wanted))
    assert few.odata_next_link.startswith(base), f"the next page is elsewhere: {few.odata_next_link}"

    try:
        await client.me.messages.by_message_id("nonsense").get()
        raise AssertionError("a malformed id was found")
    except APIError as error:
        refused = [error.response_status_code, error.error.code]
    return {
        "messages": [message.id for message in messages],
        "attachments": [attachment.name for attachment in attachments.value],
        "folders": sorted(folder.display_name for folder in folders),
        "contacts": sorted(contact.display_name for contact in contacts),
        "first contacts": [contact.display_name for contact in few.value],
        "source": len(source),
        "refused": refused,
    }


print(json.dumps(asyncio.run(read(*sys.argv[1:3])), indent=1))
