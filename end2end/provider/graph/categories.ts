// The owner's list of categories, with their colours. It belongs to the settings of the mailbox, so it needs another
// permission than mail.

import type { OutlookCategory } from '@microsoft/microsoft-graph-types';
import { type Answer, type GraphRequest, itemNotFound, Refused } from './context.ts';
import type { Schema } from './filter.ts';
import type { Category, Mailbox } from './mailbox.ts';
import { contextOf, listQuery, type ListRules, ordered, page, project } from './query.ts';

const SCHEMA: Schema = { id: 'string', displayName: 'string', color: 'enum' };
/** What the list takes. */
export const CATEGORIES: ListRules = { entity: 'Microsoft.OutlookServices.OutlookCategory', schema: SCHEMA, order: [] };

export const renderCategory = ({ id, displayName, color }: Category): OutlookCategory => ({ id, displayName, color: color as OutlookCategory['color'] });

/** Answers `/outlook/masterCategories` and one of them. */
export function handleCategories(request: GraphRequest, mailbox: Mailbox): Answer {
  const [, , id, ...rest] = request.segments;
  if (id === undefined) {
    // The list is never split into pages.
    const query = { ...listQuery(request, CATEGORIES), top: Number.MAX_SAFE_INTEGER, skip: 0 };
    return page(request, query, ordered(mailbox.categories.map(renderCategory), query), "users('me')/outlook/masterCategories", (one) => project(one, query.select));
  }
  const found = mailbox.categories.find((category) => category.id === id);
  if (!found || rest.length) throw Refused.by(itemNotFound());
  return { status: 200, json: { '@odata.context': contextOf(request, "users('me')/outlook/masterCategories/$entity"), ...renderCategory(found) } };
}
