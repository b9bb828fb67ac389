"""Uses a mailbox with Microsoft's client for Python, and prints what it found or did as JSON.

    python graph-client.py read|write BASE_URL TOKEN

BASE_URL ends with the version, as https://graph.microsoft.com/v1.0 does. It is the only thing that differs between
Graph itself, its stand-in, and the raw passage of an account, whose token is an API key. What it prints after writing
has no ids and no times, so it is the same each time.
"""

import asyncio
import json
import sys
from uuid import uuid4

import httpx
from azure.core.credentials import AccessToken
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.attachment_item import AttachmentItem
from msgraph.generated.models.attachment_type import AttachmentType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.contact import Contact
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.contacts.contacts_request_builder import ContactsRequestBuilder
from msgraph.generated.users.item.messages.item.attachments.create_upload_session.create_upload_session_post_request_body import (
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.users.item.messages.item.create_reply.create_reply_post_request_body import CreateReplyPostRequestBody
from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph_core import PageIterator

IN_THE_YEAR_3000 = 32_503_680_000
# All pieces of an upload but the last one are multiples of this.
PIECE = 320 * 1024
LARGE = 1_000_000


class Known:
    """A credential that is known already."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.token, IN_THE_YEAR_3000)


def client_of(base, token):
    adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(Known(token)))
    adapter.base_url = base
    return GraphServiceClient(request_adapter=adapter)


def headers(**values):
    """The configuration of a request with these headers."""
    configuration = RequestConfiguration()
    for name, value in values.items():
        configuration.headers.add(name.replace("_", "-"), value)
    return configuration


def immutable():
    """Ids that survive a move."""
    return headers(Prefer='IdType="ImmutableId"')


async def refusal(call):
    """The status and the code with which a call is refused."""
    try:
        await call
    except APIError as error:
        return [error.response_status_code, error.error.code]
    raise AssertionError("a call was not refused")


async def everything(client, first):
    """Every item of a list, page by page."""
    items = []
    await PageIterator(first, client.request_adapter).iterate(lambda item: items.append(item) is None)
    return items


async def read(client, base):
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
    return {
        "messages": [message.id for message in messages],
        "attachments": [attachment.name for attachment in attachments.value],
        "folders": sorted(folder.display_name for folder in folders),
        "contacts": sorted(contact.display_name for contact in contacts),
        "first contacts": [contact.display_name for contact in few.value],
        "source": len(source),
        "refused": await refusal(client.me.messages.by_message_id("nonsense").get()),
    }


def letter(subject, to="ada@contoso.test"):
    return Message(
        subject=subject,
        body=ItemBody(content_type=BodyType.Text, content="Hello"),
        to_recipients=[Recipient(email_address=EmailAddress(address=to))] if to else [],
    )


async def upload(attachments, name, base):
    """Uploads a large file in pieces. They go to another host, whose address authorises them, so they neither pass
    through the raw passage nor have a token. Microsoft's own task for this fails for files of messages: it does not
    read the ranges that their sessions expect."""
    item = AttachmentItem(attachment_type=AttachmentType.File, name=name, size=LARGE)
    session = await attachments.create_upload_session.post(CreateUploadSessionPostRequestBody(attachment_item=item))
    assert not session.upload_url.startswith(base), f"the pieces would come here: {session.upload_url}"
    statuses = []
    async with httpx.AsyncClient() as http:
        for start in range(0, LARGE, PIECE):
            end = min(start + PIECE, LARGE)
            piece = {"Content-Range": f"bytes {start}-{end - 1}/{LARGE}"}
            answer = await http.put(session.upload_url, content=bytes(end - start), headers=piece)
            statuses.append(answer.status_code)
    return statuses


async def when_sent(message):
    """A message when it has left the drafts. For a while after it was accepted it is a draft, and then nowhere."""
    for _ in range(100):
        try:
            found = await message.get(immutable())
            if not found.is_draft:
                return found
        except APIError as error:
            assert error.response_status_code == 404, error
        await asyncio.sleep(0.2)
    raise AssertionError("the message was not sent")


async def send(client, base):
    """A draft with a small file and a large one, sent; a message that is sent at once; a reply that is not sent."""
    draft = await client.me.messages.post(letter("Draft"), immutable())
    message = client.me.messages.by_message_id(draft.id)
    await message.attachments.post(FileAttachment(
        odata_type="#microsoft.graph.fileAttachment", name="small.txt", content_type="text/plain", content_bytes=b"A file"))
    pieces = await upload(message.attachments, "large.bin", base)
    await message.patch(Message(subject="Sent by Microsoft's client"))
    await message.send.post()
    sent = await when_sent(message)
    attachments = await message.attachments.get()

    await client.me.send_mail.post(SendMailPostRequestBody(message=letter("At once"), save_to_sent_items=False))
    reply = await message.create_reply.post(CreateReplyPostRequestBody(comment="Thanks"), immutable())
    await client.me.messages.by_message_id(reply.id).delete()
    unsendable = await client.me.messages.post(letter("To no recipient", to=None), immutable())
    refused = await refusal(client.me.messages.by_message_id(unsendable.id).send.post())
    await client.me.messages.by_message_id(unsendable.id).delete()
    return {
        "subject": sent.subject,
        "attachments": sorted([attachment.name, attachment.size] for attachment in attachments.value),
        "pieces": pieces,
        "reply": reply.subject,
        "refused": refused,
        "changed after sending": await refusal(message.patch(Message(subject="Too late"))),
    }


async def change(client):
    """A folder, a message that moves into it, and a contact."""
    name = f"Folder {uuid4()}"
    folder = await client.me.mail_folders.post(MailFolder(display_name=name))
    draft = await client.me.messages.post(letter("To be moved"), immutable())
    message = client.me.messages.by_message_id(draft.id)
    moved = await message.move.post(MovePostRequestBody(destination_id=folder.id), immutable())
    assert [moved.id, moved.parent_folder_id] == [draft.id, folder.id], "the message is elsewhere"
    marked = await message.patch(Message(is_read=True, categories=["Scanned"]), immutable())
    taken = await refusal(client.me.mail_folders.post(MailFolder(display_name=name)))
    await message.delete()
    await client.me.mail_folders.by_mail_folder_id(folder.id).delete()

    added = await client.me.contacts.post(Contact(given_name="Ada", surname="Byron"))
    contact = client.me.contacts.by_contact_id(added.id)
    etag = added.additional_data["@odata.etag"]
    changed = await contact.patch(Contact(job_title="Analyst"), headers(If_Match=etag))
    stale = await refusal(contact.patch(Contact(job_title="Poet"), headers(If_Match=etag)))
    await contact.delete()
    return {
        "marked": [marked.is_read, marked.categories],
        "name is taken": taken,
        "contact": [changed.display_name, changed.job_title],
        "stale": stale,
    }


async def main(what, base, token):
    client = client_of(base, token)
    if what == "read":
        return await read(client, base)
    return {"sent": await send(client, base), "changed": await change(client)}


print(json.dumps(asyncio.run(main(*sys.argv[1:4])), indent=1))
