// The properties of a message that a request can set, from JSON to how the mailbox stores them.

import { Refused } from './context.ts';
import { booleanOf, type Json, listOf, oneOf, partsOf, textOf, unknownProperty, unsettable } from './json-body.ts';
import type { Address, FlagDates, StoredMessage } from './mailbox.ts';
import { MESSAGE, MESSAGE_SCHEMA } from './message-json.ts';
import { htmlOfText } from './text.ts';

/** The properties of a message that a request sets. */
export type MessageFields = Partial<Pick<StoredMessage,
  'isRead' | 'flag' | 'flagDates' | 'categories' | 'importance' | 'inference' | 'subject' | 'body' | 'from' | 'to' | 'cc' | 'bcc' | 'replyTo' | 'internetMessageId'>>;

type Read = (value: unknown, name: string) => MessageFields;

function bodyOf(value: unknown, name: string): string {
  const { contentType = 'text', content = '' } = partsOf(value, name, ['contentType', 'content']);
  const text = content === null ? '' : textOf(content, 'content');
  return oneOf(contentType, 'contentType', ['text', 'html']) === 'html' ? text : htmlOfText(text);
}

export function recipientOf(value: unknown, name: string): Address {
  const { emailAddress } = partsOf(value, name, ['emailAddress']);
  const { name: person, address } = partsOf(emailAddress, 'emailAddress', ['name', 'address']);
  return { name: person === undefined || person === null ? '' : textOf(person, 'name'), address: address === undefined || address === null ? '' : textOf(address, 'address') };
}

const DATES = ['startDateTime', 'dueDateTime', 'completedDateTime'] as const;

function dateOf(value: unknown, name: string): { dateTime: string; timeZone: string } {
  const { dateTime, timeZone } = partsOf(value, name, ['dateTime', 'timeZone']);
  return { dateTime: textOf(dateTime, 'dateTime'), timeZone: textOf(timeZone, 'timeZone') };
}

/** A flag has the dates that come with it. One without a status changes the dates alone. */
function flagOf(value: unknown, name: string): MessageFields {
  const { flagStatus, ...dates } = partsOf(value, name, ['flagStatus', ...DATES]);
  const flag = flagStatus === undefined ? undefined : oneOf(flagStatus, 'flagStatus', ['notFlagged', 'flagged', 'complete']);
  const flagDates: FlagDates = {};
  for (const date of DATES) if (dates[date] !== undefined && dates[date] !== null) flagDates[date] = dateOf(dates[date], date);
  // "To set the due date, you must also specify the startDateTime" (followupFlag). The page does not name the code.
  if (flagDates.dueDateTime && !flagDates.startDateTime) throw new Refused(400, 'ErrorInvalidRequest', 'A due date needs a start date.');
  if (flag === 'complete') {
    const today = new Date().toISOString().slice(0, 10);
    flagDates.completedDateTime ??= { dateTime: `${today}T00:00:00.0000000`, timeZone: 'UTC' };
  }
  return { ...(flag && { flag }), flagDates: flag === 'notFlagged' ? {} : flagDates };
}

const IMPORTANCES = ['low', 'normal', 'high'] as const;
const INFERENCES = ['focused', 'other'] as const;

/** Free to change on each message. */
const FREE: Record<string, Read> = {
  isRead: (value, name) => ({ isRead: booleanOf(value, name) }),
  flag: flagOf,
  categories: (value, name) => ({ categories: listOf(value, name, textOf) }),
  importance: (value, name) => ({ importance: oneOf(value, name, IMPORTANCES) }),
  inferenceClassification: (value, name) => ({ inference: oneOf(value, name, INFERENCES) }),
};

/** "Updatable only if isDraft = true" (message: update), and from the end of 2026 refused for other messages. */
const CONTENT: Record<string, Read> = {
  subject: (value, name) => ({ subject: value === null ? '' : textOf(value, name) }),
  body: (value, name) => ({ body: bodyOf(value, name) }),
  from: (value, name) => ({ from: value === null ? null : recipientOf(value, name) }),
  toRecipients: (value, name) => ({ to: listOf(value, name, recipientOf) }),
  ccRecipients: (value, name) => ({ cc: listOf(value, name, recipientOf) }),
  bccRecipients: (value, name) => ({ bcc: listOf(value, name, recipientOf) }),
  replyTo: (value, name) => ({ replyTo: listOf(value, name, recipientOf) }),
  internetMessageId: (value, name) => ({ internetMessageId: textOf(value, name) }),
};

/** Each property with what it sets, for a new message too. */
export const SETTABLE: Record<string, Read> = { ...FREE, ...CONTENT };

/** What Graph can set and the stand-in does not store. */
const NOT_KEPT = ['sender', 'isDeliveryReceiptRequested', 'singleValueExtendedProperties', 'multiValueExtendedProperties'];

export interface MessageChange {
  fields: MessageFields;
  /** Whether the content of the message is among them. */
  isContent: boolean;
  /** Undefined if it stays as it is. */
  wantsReadReceipt: boolean | undefined;
}

/** What a change sets. */
export function fieldsOf(json: Json): MessageChange {
  const fields: MessageFields = {};
  let wantsReadReceipt: boolean | undefined;
  for (const [name, value] of Object.entries(json)) {
    const read = SETTABLE[name];
    if (read) Object.assign(fields, read(value, name));
    else if (name === 'isReadReceiptRequested') wantsReadReceipt = booleanOf(value, name);
    else if (name === 'internetMessageHeaders') throw new Refused(400, 'InvalidInternetMessageHeader', 'Internet message headers can be set only when a message is created.');
    else if (NOT_KEPT.includes(name)) throw new Refused(400, 'NotKept', `The stand-in does not keep a change of '${name}'. Microsoft Graph would.`);
    else throw name in MESSAGE_SCHEMA ? unsettable() : unknownProperty(name, MESSAGE);
  }
  return { fields, isContent: Object.keys(json).some((name) => name in CONTENT), wantsReadReceipt };
}
