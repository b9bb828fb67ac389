// A message as Graph answers it, and the properties that a query may name.

import type { Message, Recipient } from '@microsoft/microsoft-graph-types';
import { Buffer } from 'node:buffer';
import { conversationId } from './ids.ts';
import type { Schema } from './filter.ts';
import type { Address, Mailbox, StoredMessage } from './mailbox.ts';
import { headersOf, mimeSize } from './mime.ts';
import { previewOf, sanitise, textOf, uniquePart } from './text.ts';

/** `conversationIndex` is base64, which the types call a number. */
export type MessageJson = Omit<Message, 'conversationIndex' | 'singleValueExtendedProperties'> & {
  '@odata.etag'?: string;
  conversationIndex?: string;
  singleValueExtendedProperties?: { id: string; value: string }[];
};

const RECIPIENT: Schema = { emailAddress: { of: { name: 'string', address: 'string' } } };
const ITEM_BODY: Schema = { contentType: 'enum', content: 'string' };
const ZONED: Schema = { dateTime: 'string', timeZone: 'string' };

export const MESSAGE = 'Microsoft.OutlookServices.Message';

export const MESSAGE_SCHEMA: Schema = {
  id: 'string',
  changeKey: 'string',
  createdDateTime: 'date',
  lastModifiedDateTime: 'date',
  receivedDateTime: 'date',
  sentDateTime: 'date',
  hasAttachments: 'boolean',
  internetMessageId: 'string',
  subject: 'string',
  bodyPreview: 'string',
  importance: 'enum',
  parentFolderId: 'string',
  conversationId: 'string',
  conversationIndex: 'binary',
  isRead: 'boolean',
  isDraft: 'boolean',
  isDeliveryReceiptRequested: 'boolean',
  isReadReceiptRequested: 'boolean',
  webLink: 'string',
  inferenceClassification: 'enum',
  body: { of: ITEM_BODY },
  uniqueBody: { of: ITEM_BODY },
  sender: { of: RECIPIENT },
  from: { of: RECIPIENT },
  toRecipients: { list: { of: RECIPIENT } },
  ccRecipients: { list: { of: RECIPIENT } },
  bccRecipients: { list: { of: RECIPIENT } },
  replyTo: { list: { of: RECIPIENT } },
  flag: { of: { flagStatus: 'enum', startDateTime: { of: ZONED }, dueDateTime: { of: ZONED }, completedDateTime: { of: ZONED } } },
  categories: { list: 'string' },
  attachments: { list: { of: {} } },
  internetMessageHeaders: { list: { of: { name: 'string', value: 'string' } } },
};

/** Properties that an answer has only if they are selected. */
const ON_DEMAND = ['uniqueBody', 'internetMessageHeaders'];

/** What Mail.ReadBasic does not show. */
export const NOT_BASIC = ['body', 'bodyPreview', 'uniqueBody', 'attachments'];

export interface Rendering {
  immutable: boolean;
  bodyType: 'text' | 'html';
  /** Whether HTML is answered as it came. */
  unsafe: boolean;
  /** Whether the token has Mail.ReadBasic only. */
  basic: boolean;
}

const recipient = ({ name, address }: Address): Recipient => ({ emailAddress: { name: name || address, address } });

export const etagOf = (message: StoredMessage): string => Buffer.from(`mail ${message.key} ${message.changed}`).toString('base64');

/** All properties that an answer may have, those on demand included. */
export function renderMessage(mailbox: Mailbox, message: StoredMessage, { immutable, bodyType, unsafe, basic }: Rendering): MessageJson {
  const id = mailbox.ids.idOf('message', message.key, message.moves, immutable);
  const html = unsafe ? message.body : sanitise(message.body);
  const content = (part: string) => ({ contentType: bodyType, content: bodyType === 'text' ? textOf(part) : part });
  const changeKey = etagOf(message);
  // A draft without a sender has neither property.
  const from = message.from ? { sender: recipient(message.from), from: recipient(message.from) } : {};
  const shown = basic ? {} : { bodyPreview: previewOf(message.body), body: content(html), uniqueBody: content(uniquePart(html)) };
  return {
    '@odata.etag': `W/"${changeKey}"`,
    id,
    createdDateTime: message.created,
    lastModifiedDateTime: message.modified,
    changeKey,
    categories: message.categories,
    receivedDateTime: message.received,
    sentDateTime: message.sent,
    hasAttachments: message.attachments.some(({ isInline }) => !isInline),
    internetMessageId: message.internetMessageId,
    subject: message.subject,
    importance: message.importance,
    parentFolderId: message.folder,
    conversationId: conversationId(mailbox.login, message.conversation),
    conversationIndex: Buffer.from(message.conversation.padEnd(22).slice(0, 22)).toString('base64'),
    isDeliveryReceiptRequested: message.isDraft ? false : null,
    isReadReceiptRequested: message.written?.wantsReadReceipt ?? false,
    isRead: message.isRead,
    isDraft: message.isDraft,
    webLink: `https://outlook.office365.com/owa/?ItemID=${encodeURIComponent(id)}&exvsurl=1&viewmodel=ReadMessageItem`,
    inferenceClassification: message.inference ?? 'focused',
    ...shown,
    ...from,
    toRecipients: message.to.map(recipient),
    ccRecipients: message.cc.map(recipient),
    bccRecipients: message.bcc.map(recipient),
    replyTo: message.replyTo.map(recipient),
    flag: { flagStatus: message.flag, ...(message.flag !== 'notFlagged' && message.flagDates) },
    internetMessageHeaders: headersOf(message),
  };
}

/** The message with the selected properties; without a selection, with all but those on demand. */
export function chooseProperties(message: MessageJson, select: string[] | undefined): MessageJson {
  const kept = Object.entries(message).filter(([name]) => {
    if (name === 'id' || name.startsWith('@')) return true;
    return select ? select.includes(name) : !ON_DEMAND.includes(name);
  });
  return Object.fromEntries(kept) as MessageJson;
}

/** Extended properties that are answered: `Long 0x0E08` is the size in bytes. */
export function extendedProperty(message: StoredMessage, id: string): { id: string; value: string } | undefined {
  const tag = /^(?:long|integer) 0x0*e08$/i.test(id.trim()) ? 'Long 0xe08' : undefined;
  return tag && { id: tag, value: String(mimeSize(message)) };
}
