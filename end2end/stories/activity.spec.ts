import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { addConnector, entry, logIn, logOut, setUp } from '../steps.ts';

test('an administrator reads who did what, and when', async ({ page, app, look }) => {
  const person = await setUp(page, app);
  await addConnector(page, { name: 'Mail archive', client: { id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` } });
  await logOut(page, person);
  await logIn(page, person);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Activity' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();
  await expect(entry(page, 'Connector added')).toContainText('Mail archive');
  await expect(entry(page, 'Connector added')).toContainText(person.name);
  await expect(entry(page, 'Logged in')).toHaveCount(2);
  await look('activity');

  await page.getByRole('combobox', { name: 'What' }).selectOption('Connectors');
  await page.getByRole('combobox', { name: 'Who' }).selectOption({ index: 1 });
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(entry(page, 'Connector added')).toHaveCount(1);
  await expect(entry(page, 'Logged in')).toHaveCount(0);
  await expect(page.getByRole('combobox', { name: 'What' })).toHaveValue('connectors');
  await page.getByRole('combobox', { name: 'What' }).selectOption('Refused requests');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(page.getByText('Nothing matches.')).toBeVisible();
  await look('activity-nothing-fits');
  await page.getByRole('link', { name: 'Show everything' }).click();
  await expect(entry(page, 'Logged in')).toHaveCount(2);
});
