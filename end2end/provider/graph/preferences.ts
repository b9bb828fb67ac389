// Which preferences of a request were followed, as `Preference-Applied` says.

import { type GraphRequest, wantsImmutableIds } from './context.ts';

/** The header of an answer whose ids are of the sort that the request prefers. */
export function appliedIds(request: GraphRequest, others: string[] = []): Record<string, string> {
  const applied = [...(wantsImmutableIds(request) ? ['IdType="ImmutableId"'] : []), ...others];
  return applied.length ? { 'preference-applied': applied.join(', ') } : {};
}
