// Help of the guide that needs scripts; the guide works without them.

import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { addConnector, setUp } from '../steps.ts';
import { AUDIENCE, FORM } from '../words.ts';

test('the guide follows the typed values, and its links lead into the application', async ({ page, app, look }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  const guide = page.getByRole('main');
  const id = randomUUID();
  await page.getByRole('textbox', { name: FORM.serviceName }).fill('Post-Archiv');
  await page.getByRole('textbox', { name: FORM.clientId }).fill(id);
  await page.getByRole('radio', { name: AUDIENCE.organisations }).check();
  // In two steps, and in the messages to a person who may register applications and to one who may allow permissions.
  await expect(guide.getByText('Post-Archiv', { exact: true })).toHaveCount(4);
  await expect(guide.getByText('Multiple Entra ID tenants', { exact: true }).first()).toBeVisible();
  await expect(guide.getByRole('link', { name: 'API permissions' })).toHaveAttribute('href', new RegExp(`CallAnAPI/appId/${id}$`));
  await guide.getByText('Does an administrator have to allow this?').click();
  const address = guide.getByText(/adminconsent\?client_id=/);
  await expect(address).toContainText(id);
  await expect(address).toContainText('/organizations/');
  await expect(address).toContainText('Mail.Send');
  const names = guide.locator('[data-mirror="names"]');
  await expect(names).toHaveText(/User\.Read\s+offline_access\s+profile\s+openid\s+Mail\.Read\s+Mail\.Send\s+Contacts\.Read/);
  await page.getByRole('checkbox', { name: /Mail\.Send/ }).uncheck();
  await expect(address).not.toContainText('Mail.Send');
  await guide.getByText('Not allowed to register applications?').click();
  const request = guide.getByText(/^Please register an application/);
  await expect(request).toContainText('Name: Post-Archiv. Account type: Multiple Entra ID tenants.');
  await expect(request).not.toContainText('Mail.Send');
  await expect(names).toContainText('Mail.Read');
  await expect(names).not.toContainText('Mail.Send');
  await expect(request).toContainText('a client secret for 24 months');
  await page.getByRole('radio', { name: /^6 months/ }).check();
  await expect(guide.getByText('Set the expiration to 6 months')).toBeVisible();
  await expect(request).toContainText('a client secret for 6 months');
  await page.getByRole('radio', { name: FORM.anotherDay }).check();
  await page.getByLabel(FORM.day, { exact: true }).fill('2028-11-23');
  const note = guide.locator('[data-scope="Mail.Read"]');
  await page.getByRole('checkbox', { name: /Mail\.Read\b/ }).uncheck();
  await expect(note).toBeHidden();
  await page.getByRole('checkbox', { name: /Mail\.Read\b/ }).check();
  await expect(note).toBeVisible();
  // One permission includes the other.
  await page.getByRole('checkbox', { name: /Mail\.ReadWrite/ }).check();
  await expect(names).toContainText(/openid\s+Mail\.ReadWrite\s/);
  await expect(note).toBeHidden();
  await page.getByRole('checkbox', { name: /Mail\.ReadWrite/ }).uncheck();
  await expect(names).not.toContainText('Mail.ReadWrite');
  await expect(note).toBeVisible();
  await expect(guide.getByText('Set the expiration to Custom, ending on 23 Nov 2028')).toBeVisible();
  await expect(request).toContainText('a client secret that ends on 23 Nov 2028');
  await page.getByRole('radio', { name: AUDIENCE.single }).check();
  await expect(guide.getByText('Enter the tenant in the form')).toBeVisible();
  await page.getByRole('textbox', { name: FORM.tenant }).fill('contoso.com');
  await expect(address).toContainText('/contoso.com/');
  await expect(guide.getByText('Enter the tenant in the form')).toBeHidden();
  await page.getByRole('textbox', { name: FORM.clientId }).fill('');
  await expect(guide.getByText('Enter the Client ID in the form')).toBeVisible();
  await page.getByRole('textbox', { name: FORM.clientId }).fill(id);
  await page.getByRole('radio', { name: AUDIENCE.personal }).check();
  await expect(guide.getByText('each user allows the permissions')).toBeVisible();
  await expect(address).toBeHidden();
  await page.getByRole('radio', { name: AUDIENCE.single }).check();
  await look('guide-followed');
});

test('the checklist is kept while the user moves between pages, and is empty for the next application', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  const step = page.getByRole('checkbox', { name: 'Step B2 is done' });
  await step.check();
  await page.goto('/connectors');
  await page.goto('/connectors/new');
  await expect(step).toBeChecked();
  await page.goBack();
  await page.goForward();
  await expect(step).toBeChecked();
  await addConnector(page, { name: 'Mail archive', client: { id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` } });
  // After hydration, because a reader takes longer than this story.
  await expect.poll(() => page.evaluate(() => localStorage.getItem('mail360:guide'))).toBeNull();
  await page.goto('/connectors/new');
  await expect(step).not.toBeChecked();
});

test('p7_a_page_under_another_host_name_shows_a_warning', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors');
  await expect(page.locator('#address-check')).toBeHidden();
  // As behind a proxy with another scheme than the configured one.
  await page.route('**/connectors', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace(`data-origin="${app.url}"`, 'data-origin="https://mail.example.com"') });
  });
  await page.goto('/connectors');
  await expect(page.locator('#address-check')).toBeVisible();
  await expect(page.locator('#address-check')).toContainText(app.url);
});
