// Changes of the owner's list of categories. The messages that have a category keep its name.

import { randomUUID } from 'node:crypto';
import { CATEGORIES, renderCategory } from './categories.ts';
import { accessDenied, allows, type Answer, type GraphContext, type GraphRequest, itemNotFound, Refused, WRITE } from './context.ts';
import { type Json, objectOf, oneOf, textOf, unknownProperty, unsettable } from './json-body.ts';
import type { Category, Mailbox } from './mailbox.ts';
import { contextOf, locationOf } from './query.ts';

const COLORS = ['none', ...Array.from({ length: 25 }, (_, number) => `preset${number}`)];

function answer(request: GraphRequest, context: GraphContext, category: Category, status: 200 | 201): Answer {
  return {
    status,
    ...(status === 201 && { headers: { location: locationOf(request, context.login, 'outlook/masterCategories', category.id) } }),
    json: { '@odata.context': contextOf(request, "users('me')/outlook/masterCategories/$entity"), ...renderCategory(category) },
  };
}

function checkNames(json: Json, settable: string[]): void {
  for (const name of Object.keys(json)) {
    if (!settable.includes(name)) throw name in CATEGORIES.schema ? unsettable() : unknownProperty(name, CATEGORIES.entity);
  }
}

function make(request: GraphRequest, mailbox: Mailbox, context: GraphContext): Answer {
  const json = objectOf(request);
  checkNames(json, ['displayName', 'color']);
  const displayName = textOf(json.displayName, 'displayName');
  const color = oneOf(json.color ?? 'none', 'color', COLORS);
  // "The displayName value must be unique in a user's master list" (outlookCategory). No page names the two codes.
  if (!displayName) throw new Refused(400, 'ErrorInvalidRequest', 'A category needs a name.');
  if (mailbox.categories.some((one) => one.displayName.toLowerCase() === displayName.toLowerCase())) {
    throw new Refused(409, 'ErrorNameAlreadyExists', 'A category with this name already exists.');
  }
  const made = { id: randomUUID(), displayName, color };
  mailbox.categories.push(made);
  return answer(request, context, made, 201);
}

/** "You can't modify the displayName property once you have created the category" (outlookCategory: update). */
function change(request: GraphRequest, context: GraphContext, category: Category): Answer {
  const json = objectOf(request);
  checkNames(json, ['color']);
  if ('color' in json) category.color = oneOf(json.color, 'color', COLORS);
  return answer(request, context, category, 200);
}

/** Answers what changes the list of categories; nothing for other calls. */
export function handleCategoryWriting(request: GraphRequest, mailbox: Mailbox, context: GraphContext): Answer | undefined {
  const [kind, list, id, ...rest] = request.segments;
  const { method } = request;
  const isCall = id === undefined ? method === 'POST' : method === 'PATCH' || method === 'DELETE';
  if (kind !== 'outlook' || list !== 'masterCategories' || rest.length || !isCall) return undefined;
  if (!allows(context, WRITE.settings)) return accessDenied();
  if (id === undefined) return make(request, mailbox, context);
  const category = mailbox.categories.find((one) => one.id === id);
  if (!category) throw Refused.by(itemNotFound());
  if (method === 'PATCH') return change(request, context, category);
  mailbox.categories = mailbox.categories.filter((one) => one !== category);
  return { status: 204 };
}
