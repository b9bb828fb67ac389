import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { addDirectly, logIn, logOut, setUp } from '../steps.ts';

test('an administrator reads who did what, and when', async ({ page, app, look }) => {
  const person = await setUp(page, app);
  await addDirectly(page, app, { name: 'Mail archive', client: { id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` } });
  await logOut(page, person);
  await logIn(page, person);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Activity' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 2, name: /^Today, / })).toBeVisible();
  const line = (words: string) => page.getByRole('listitem').filter({ hasText: words });
  const added = line(`${person.name} added the connector Mail archive`);
  await expect(added).toHaveCount(1);
  await expect(line(`${person.name} logged in`)).toHaveCount(2);
  // Everything else is behind the line.
  await expect(added.getByText(person.email)).toBeHidden();
  await expect(added.getByText('Request ID')).toBeHidden();
  // 50 entries fit on two and a half screens.
  expect((await added.boundingBox())?.height).toBeLessThan(45);
  await look('activity');
  await added.locator('summary').click();
  await expect(added.getByText(person.email)).toBeVisible();
  await expect(added.getByText('Request ID')).toBeVisible();
  await look('activity-opened');

  await page.getByRole('combobox', { name: 'Kind of activity' }).selectOption('Connectors');
  await page.getByRole('combobox', { name: 'User' }).selectOption({ index: 1 });
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(added).toHaveCount(1);
  await expect(line('logged in')).toHaveCount(0);
  await expect(page.getByRole('combobox', { name: 'Kind of activity' })).toHaveValue('connectors');
  await page.getByRole('combobox', { name: 'Kind of activity' }).selectOption('Refused requests');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(page.getByText('No activity matches.')).toBeVisible();
  await look('activity-nothing-fits');
  await page.getByRole('link', { name: 'Show all activity' }).click();
  await expect(line(`${person.name} logged in`)).toHaveCount(2);
});
