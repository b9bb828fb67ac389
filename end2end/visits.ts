// For the stories that look at every page: a visit asserts what holds for each of them, at several widths.

import { AXE_LOOKS, expect, test as base } from './fixtures.ts';
import { type Form, sendForm } from './support/forms.ts';
import { expectSoundLayout, FEW_WIDTHS, WIDTHS } from './support/layout.ts';

/** Opens an address, sends a form, or looks at the page that is open, and asserts what holds for every page. */
export type Visit = (name: string, to?: string | Form, status?: number) => Promise<void>;

interface Fixtures {
  visitAt: (widths: readonly number[]) => Visit;
  visit: Visit;
  /** For a further state of a page. */
  visitState: Visit;
}

export const test = base.extend<Fixtures>({
  visitAt: async ({ page, expectNoAxeFindings, expectStatus, picture }, use) => {
    /** The heading of each title. */
    const titles = new Map<string, string>();
    let visits = 0;
    await use((widths) => async (name, to, status = 200) => {
      if (to !== undefined && status >= 400) expectStatus(status);
      if (typeof to === 'string') expect((await page.goto(to))?.status(), to).toBe(status);
      else if (to !== undefined) expect(await sendForm(page, to), to.action).toBe(status);
      const heading = (await page.getByRole('heading', { level: 1 }).innerText()).trim();
      const title = await page.title();
      // A page for people without a user does not name this program.
      const isForGuests = new URL(page.url()).pathname.startsWith('/connect/');
      expect.soft(title, name).toMatch(isForGuests ? /\S/ : /\S · Mail360$/);
      expect.soft(titles.get(title) ?? heading, `two pages have the title ${title}`).toBe(heading);
      titles.set(title, heading);
      await expectSoundLayout(page, name, picture, widths);
      // At one look each, in turn, because axe is slow.
      await expectNoAxeFindings(page, AXE_LOOKS.slice(visits % AXE_LOOKS.length).slice(0, 1));
      visits += 1;
    });
  },

  visit: async ({ visitAt }, use) => { await use(visitAt(WIDTHS)); },

  visitState: async ({ visitAt }, use) => { await use(visitAt(FEW_WIDTHS)); },
});
