"""Uses a mailbox with Google's client for Python, and prints what it found or did as JSON.

    python google-client.py BASE_URL TOKEN

BASE_URL is what comes before the paths of the two APIs. It is the only thing that differs between Google itself, its
stand-in, and the raw passage of an account, whose token is an API key. What it prints has no ids and no times, so it is
the same each time.
"""

import base64
import json
import sys
from email.message import EmailMessage
from uuid import uuid4

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError


def service(name, version, base, token):
    # The documents of both APIs are in the package.
    options = {"api_endpoint": base}
    return build(name, version, credentials=Credentials(token), client_options=options, static_discovery=True)


def refusal(call):
    """The status with which a call is refused."""
    try:
        call.execute()
    except HttpError as error:
        return error.status_code
    raise AssertionError("a call was not refused")


def everything(resource, first, member):
    """Every item of a list, page by page."""
    items, request = [], first
    while request is not None:
        page = request.execute()
        items += page.get(member, [])
        request = resource.list_next(request, page)
    return items


def letter(address, subject):
    message = EmailMessage()
    message["From"] = message["To"] = address
    message["Subject"] = subject
    message["Message-ID"] = f"<{uuid4()}@audit.test>"
    message.set_content("Hello")
    return message["Message-ID"], base64.urlsafe_b64encode(message.as_bytes()).decode()


def read(users, people):
    messages = users.messages()
    found = everything(messages, messages.list(userId="me", maxResults=7, q="-in:sent -in:drafts"), "messages")
    assert len({message["id"] for message in found}) == len(found), "a message is on two pages"
    one = messages.get(userId="me", id=found[0]["id"]).execute()
    assert one["payload"]["headers"], "a message has no headers"
    source = messages.get(userId="me", id=found[0]["id"], format="raw").execute()
    assert b"\r\n\r\n" in base64.urlsafe_b64decode(source["raw"] + "=="), "the message's source has no end of its head"
    connections = people.people().connections()
    contacts = everything(
        connections, connections.list(resourceName="people/me", pageSize=5, personFields="names"), "connections")
    return {
        "labels": len(users.labels().list(userId="me").execute()["labels"]),
        "contacts": len(contacts),
        "names": sorted(contact["names"][0]["displayName"] for contact in contacts),
        "refused": [refusal(messages.get(userId="me", id="nonsense")), refusal(messages.list(userId="me", pageToken="x"))],
    }


def write(users, people, address):
    before = len(users.messages().list(userId="me", labelIds=["SENT"], maxResults=500).execute().get("messages", []))
    message_id, raw = letter(address, "Sent by Google's client")
    sent = users.messages().send(userId="me", body={"raw": raw}).execute()
    found = users.messages().list(userId="me", q=f"rfc822msgid:{message_id}").execute()
    assert [message["id"] for message in found["messages"]] == [sent["id"]], "the sent message is not found"
    _, raw = letter(address, "A draft")
    draft = users.drafts().create(userId="me", body={"message": {"raw": raw}}).execute()
    users.drafts().send(userId="me", body={"id": draft["id"]}).execute()
    after = len(users.messages().list(userId="me", labelIds=["SENT"], maxResults=500).execute()["messages"])

    name = f"Label {uuid4()}"
    label = users.labels().create(userId="me", body={"name": name}).execute()
    taken = refusal(users.labels().create(userId="me", body={"name": name}))
    changed = users.messages().modify(
        userId="me", id=sent["id"], body={"addLabelIds": [label["id"], "STARRED"], "removeLabelIds": ["UNREAD"]}).execute()
    users.labels().delete(userId="me", id=label["id"]).execute()

    contact = people.people().createContact(
        personFields="names", body={"names": [{"givenName": "Ada", "familyName": "Byron"}]}).execute()
    update = {"resourceName": contact["resourceName"], "updatePersonFields": "nicknames"}
    body = {"etag": contact["etag"], "nicknames": [{"value": "Countess"}]}
    people.people().updateContact(**update, body=body).execute()
    stale = refusal(people.people().updateContact(**update, body=body))
    people.people().deleteContact(resourceName=contact["resourceName"]).execute()
    return {"sent": after - before, "starred": "STARRED" in changed["labelIds"], "taken": taken, "stale": stale}


def main(base, token):
    gmail, people = service("gmail", "v1", base, token), service("people", "v1", base, token)
    users = gmail.users()
    profile = users.getProfile(userId="me").execute()
    found = {"address": profile["emailAddress"], **read(users, people)}
    # What was sent before is not counted: it grows from run to run.
    found["messages"] = sum(1 for _ in everything(users.messages(), users.messages().list(userId="me", q="-in:sent"), "messages"))
    return {**found, "written": write(users, people, profile["emailAddress"])}


print(json.dumps(main(*sys.argv[1:3]), indent=1))
