// The body of a writing request: an object in JSON, and the reading of its values. What OData refuses while it reads is
// refused here with the same code.

import { type GraphRequest, Refused } from './context.ts';

export type Json = Record<string, unknown>;

export const unread = (message: string): Refused => new Refused(400, 'RequestBodyRead', message);

/** A property that exists and that this request cannot set. */
export const unsettable = (): Refused => new Refused(400, 'ErrorInvalidPropertySet', 'Set action is invalid for property.');

const NOT_JSON = 'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.';

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The body of a request, without the annotations of OData, which say nothing that is kept. */
export function objectOf({ body, headers }: GraphRequest): Json {
  if (!body.length) throw new Refused(400, 'BadRequest', 'Empty Payload. JSON content expected.');
  if (!/\bjson\b/i.test(headers['content-type'] ?? '')) throw new Refused(400, 'BadRequest', NOT_JSON);
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new Refused(400, 'BadRequest', NOT_JSON);
  }
  if (!isObject(value)) throw new Refused(400, 'BadRequest', NOT_JSON);
  return Object.fromEntries(Object.entries(value).filter(([name]) => !name.includes('@')));
}

export const unknownProperty = (name: string, entity: string): Refused =>
  unread(`The property '${name}' does not exist on type '${entity}'. Make sure to only use property names that are defined by the type.`);

/** A value of another type than the property has. */
const mistyped = (name: string, type: string): Refused => unread(`Cannot convert the value of the property '${name}' to the expected type '${type}'.`);

export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw mistyped(name, 'Edm.String');
  return value;
}

export function booleanOf(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw mistyped(name, 'Edm.Boolean');
  return value;
}

/** The elements of a list; null is an empty one. */
export function listOf<T>(value: unknown, name: string, read: (element: unknown, name: string) => T): T[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw mistyped(name, 'Collection');
  return value.map((element) => read(element, name));
}

/** One of the values of an enumeration, which a request may write with capitals. */
export function oneOf<T extends string>(value: unknown, name: string, values: readonly T[]): T {
  const found = typeof value === 'string' ? values.find((one) => one.toLowerCase() === value.toLowerCase()) : undefined;
  if (!found) throw unread(`Requested value '${String(value)}' of the property '${name}' was not found.`);
  return found;
}

/** An object that has no other properties than these. */
export function partsOf(value: unknown, name: string, properties: readonly string[]): Json {
  if (!isObject(value)) throw mistyped(name, 'a complex type');
  const kept = Object.entries(value).filter(([property]) => !property.includes('@'));
  for (const [property] of kept) if (!properties.includes(property)) throw unknownProperty(property, name);
  return Object.fromEntries(kept);
}

/** The parameters of an action. Their names may have any case; unknown ones are refused. */
export function parametersOf(json: Json, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(json).flatMap(([key, value]) => {
    const name = names.find((one) => one.toLowerCase() === key.toLowerCase());
    if (!name && !key.startsWith('@odata.')) throw unread(`The parameter '${key}' does not exist on this action.`);
    return name && value !== null ? [[name, value] as const] : [];
  }));
}

/** The parameter of `move` and `copy`: a folder's id or a well-known name. */
export function destinationOf(request: GraphRequest): string {
  const { destinationId } = parametersOf(objectOf(request), ['destinationId']);
  // No page says with which code Exchange refuses a missing one.
  if (typeof destinationId !== 'string') throw new Refused(400, 'ErrorInvalidRequest', 'The parameter destinationId is missing.');
  return destinationId;
}
