// A message as a program sends it in JSON, and its attachments. What Graph refuses is refused with its code; a name that
// a message does not have is refused too, so that a misspelt one does not stay unseen.

import { type GraphRequest, Refused, type StoredAttachment } from './context.ts';
import { inMemory } from './content.ts';
import { booleanOf, isObject, type Json, listOf, partsOf, textOf, unknownProperty, unread } from './json-body.ts';
import type { StoredMessage } from './mailbox.ts';
import { type MessageFields, SETTABLE } from './message-fields.ts';
import { MESSAGE, MESSAGE_SCHEMA } from './message-json.ts';
import type { Header } from './mime.ts';

export type AttachmentInput = Omit<StoredAttachment, 'key' | 'lastModified'>;

/** What a program says about a message that it writes. Everything else has a usual value. */
export interface Composed extends MessageFields, Partial<Pick<StoredMessage, 'inReplyTo'>> {
  references?: string;
  wantsReadReceipt?: boolean;
  /** Names begin with `x-`. */
  headers: Header[];
  attachments: AttachmentInput[];
  /** If it came as MIME. */
  source?: { headers: Header[]; body: Buffer };
}

/** Graph takes at most five headers (seen live by others). */
const MAX_HEADERS = 5;

/** A file of this size needs an upload session: "If the file size is under 3 MB, do a single POST" (Microsoft, large attachments). */
export const SESSION_SIZE = 3_000_000;

/** The body of a request as JSON; an empty one has no properties. */
export function jsonOf({ body, headers }: GraphRequest): Json {
  if (body.length === 0) return {};
  const type = headers['content-type'];
  if (type !== undefined && !/\bjson\b/i.test(type)) throw new Refused(415, 'UnsupportedMediaType', `The content type '${type}' is not supported.`);
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    value = undefined;
  }
  if (!isObject(value)) throw new Refused(400, 'BadRequest', 'Unable to read JSON request payload.');
  return value;
}

function headersOf(value: unknown): Header[] {
  const headers = listOf(value, 'internetMessageHeaders', (one): Header => {
    const { name, value: text } = partsOf(one, 'internetMessageHeaders', ['name', 'value']);
    return { name: textOf(name, 'name'), value: textOf(text, 'value') };
  });
  const standard = headers.find(({ name }) => !/^x-[\x21-\x39\x3b-\x7e]+$/i.test(name));
  if (standard) throw new Refused(400, 'InvalidInternetMessageHeader', `The internet message header name '${standard.name}' should start with 'x-' or 'X-'.`);
  if (headers.some(({ value: text }) => /[\r\n]/.test(text))) throw new Refused(400, 'InvalidInternetMessageHeader', 'The internet message header value is not valid.');
  if (headers.length > MAX_HEADERS) {
    throw new Refused(400, 'InvalidInternetMessageHeaderCollection', `Maximum number of headers in one message should be less than or equal to ${MAX_HEADERS}.`);
  }
  return headers;
}

/** Extended properties of MAPI that become headers, by their tags (MS-OXPROPS): the ids of the messages before and of its own. */
const EXTENDED: Record<string, 'inReplyTo' | 'references' | 'internetMessageId'> = { 1042: 'inReplyTo', 1039: 'references', 1035: 'internetMessageId' };

/** By a tag, or by a name or a number in a set (Microsoft Graph, singleValueLegacyExtendedProperty). */
const EXTENDED_ID = /^[A-Za-z]+ (?:0x[0-9a-f]{1,8}|\{[0-9a-f-]{36}\} (?:Name|Id) \S.*)$/i;

function extendedOf(value: unknown): Partial<Composed> {
  return Object.fromEntries(listOf(value, 'singleValueExtendedProperties', (one) => {
    const { id, value: text } = partsOf(one, 'singleValueExtendedProperties', ['id', 'value']);
    const wanted = textOf(id, 'id').trim();
    if (!EXTENDED_ID.test(wanted)) throw new Refused(400, 'ErrorInvalidExtendedProperty', `The extended property '${wanted}' is not valid.`);
    const tag = /^string 0x0*([0-9a-f]+)$/i.exec(wanted)?.[1];
    const property = EXTENDED[tag?.toLowerCase() ?? ''];
    return property ? [[property, textOf(text, 'value')] as const] : [];
  }).flat());
}

/** The bytes of base64. Buffer would pass over what is none. */
function bytesOf(value: unknown, name: string): Buffer {
  const text = textOf(value, name);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== Math.floor((text.replace(/=+$/, '').length * 3) / 4) || text.length % 4 !== 0) {
    throw unread(`Cannot convert the value of the property '${name}' to the expected type 'Edm.Binary'.`);
  }
  return bytes;
}

const OF_ATTACHMENTS = ['name', 'contentType', 'contentBytes', 'isInline', 'contentId', 'contentLocation', 'size', 'id', 'lastModifiedDateTime'];

/** A file. Graph also takes items; the stand-in does not. */
export function attachmentOf(value: unknown): AttachmentInput {
  const json = partsOf(value, 'microsoft.graph.fileAttachment', OF_ATTACHMENTS);
  const type = isObject(value) ? value['@odata.type'] : undefined;
  if (type === undefined) throw unread("The type of an attachment is missing: '@odata.type'.");
  if (!/^#?microsoft\.graph\.fileAttachment$/.test(textOf(type, '@odata.type'))) throw unread(`The stand-in takes no attachment of the type '${String(type)}'.`);
  const bytes = bytesOf(json.contentBytes, 'contentBytes');
  if (bytes.length >= SESSION_SIZE) throw new Refused(413, 'ErrorMessageSizeExceeded', 'The attachment is too large for one request. Create an upload session.');
  return {
    kind: 'file',
    name: textOf(json.name, 'name'),
    contentType: textOf(json.contentType ?? 'application/octet-stream', 'contentType'),
    content: inMemory(bytes),
    isInline: booleanOf(json.isInline ?? false, 'isInline'),
    contentId: json.contentId === undefined || json.contentId === null ? null : textOf(json.contentId, 'contentId'),
  };
}

/** What each property says, if a program may set it. */
const PROPERTIES: Record<string, (value: unknown, name: string) => Partial<Composed>> = {
  ...SETTABLE,
  internetMessageHeaders: (value) => ({ headers: headersOf(value) }),
  singleValueExtendedProperties: extendedOf,
  isReadReceiptRequested: (value, name) => ({ wantsReadReceipt: booleanOf(value, name) }),
  attachments: (value, name) => ({ attachments: listOf(value, name, attachmentOf) }),
};

/** The message of a JSON object. Properties that only the service sets are passed over. */
export function composedOf(json: Json): Composed {
  const composed: Composed = { headers: [], attachments: [] };
  for (const [name, value] of Object.entries(json)) {
    if (name.startsWith('@odata.') || value === null) continue;
    const property = PROPERTIES[name];
    if (property) Object.assign(composed, property(value, name));
    else if (!(name in MESSAGE_SCHEMA)) throw unknownProperty(name, MESSAGE);
  }
  return composed;
}
