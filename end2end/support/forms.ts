import type { Page } from '@playwright/test';

/** A form to send. */
export interface Form {
  action: string;
  fields: Record<string, string>;
}

/** Sends a form from the open page, whose own checks it passes by. Returns the status of the page that is then open. */
export async function sendForm(page: Page, form: Form): Promise<number> {
  const answered = page.waitForResponse((answer) => answer.request().isNavigationRequest() && (answer.status() < 300 || answer.status() >= 400));
  const loaded = page.waitForEvent('load');
  await page.evaluate(({ action, fields }) => {
    const element = document.createElement('form');
    element.method = 'post';
    element.action = action;
    for (const [name, value] of Object.entries(fields)) {
      const field = document.createElement('input');
      field.type = 'hidden';
      field.name = name;
      field.value = value;
      element.append(field);
    }
    document.body.append(element);
    element.submit();
  }, form);
  const answer = await answered;
  await loaded;
  return answer.status();
}

/** The hidden fields of a page, by their names. */
export function hiddenFields(html: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input\b[^>]*>/g)) {
    const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
    const name = value('name');
    if (value('type') === 'hidden' && name) found[name] = value('value') ?? '';
  }
  return found;
}
