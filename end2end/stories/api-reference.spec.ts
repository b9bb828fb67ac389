// The reference of the API: visitors and users read it, and its links lead to its parts. What it says is tested without a
// browser (`tests/blackbox/api_table.rs`).

import { expect } from '../fixtures.ts';
import { setUp } from '../steps.ts';
import { test } from '../visits.ts';
import { API } from '../words.ts';

interface Document {
  paths: Record<string, Record<string, { operationId: string; summary: string }>>;
}

test('a visitor finds each call of the API in the reference, and an administrator gets there from API access', { tag: '@plain' }, async ({
  page, app, anotherBrowser, look,
}) => {
  await setUp(page, app);
  const { page: visitor } = await anotherBrowser();
  expect((await visitor.goto('/api-reference'))?.status()).toBe(200);
  await expect(visitor.getByRole('heading', { level: 1, name: API.reference })).toBeVisible();
  await expect(visitor.getByRole('group', { name: 'A first call' })).toContainText(`${app.url}/api/accounts`);
  await look('api-reference-for-visitors', visitor);

  const document = await (await visitor.request.get('/api/openapi.json')).json() as Document;
  const calls = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const shown = await visitor.getByRole('article').evaluateAll((articles) =>
    articles.map((article) => [article.querySelector('h3')?.id, article.querySelector('h3')?.textContent] as const));
  expect(new Map(shown)).toEqual(new Map(calls.map(({ operationId, summary }) => [operationId, summary])));

  // From the list of parts to a part, and from a call to the fields of its result.
  await visitor.getByRole('navigation', { name: API.parts }).getByRole('link', { name: 'Contacts', exact: true }).click();
  await expect(visitor).toHaveURL('/api-reference#contacts');
  await expect(visitor.getByRole('heading', { level: 2, name: 'Contacts', exact: true })).toBeInViewport();
  const search = visitor.getByRole('article').filter({ has: visitor.getByRole('heading', { name: 'Search contacts' }) });
  await search.getByRole('link', { name: 'Contact', exact: true }).click();
  await expect(visitor.getByRole('heading', { level: 3, name: 'Contact', exact: true })).toBeInViewport();
  const fields = visitor.getByRole('table', { name: 'Fields of Contact', exact: true });
  await expect(fields.getByRole('rowheader', { name: 'displayName' })).toBeVisible();
  await expect(visitor.getByRole('link', { name: 'openapi.json' })).toHaveAttribute('href', '/api/openapi.json');

  await page.goto('/settings/api-access');
  await page.getByRole('link', { name: API.reference }).click();
  await expect(page.getByRole('heading', { level: 1, name: API.reference })).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
});

test('the reference of the API is whole on a telephone, a tablet and a screen', async ({ page, app, visitState }) => {
  await setUp(page, app);
  await visitState('api-reference', '/api-reference');
});
