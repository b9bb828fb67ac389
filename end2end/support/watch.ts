import { type BrowserContext, expect, type Response } from '@playwright/test';

/**
 * Watches all pages of a browser. Our pages must have no script error, no console error and
 * no violation of the Content-Security-Policy; the provider's pages are not checked.
 */
export class Watch {
  private readonly problems: string[] = [];
  private readonly expected: number[] = [];
  private readonly nonces: string[] = [];
  private readonly reading: Promise<void>[] = [];
  private keeping = false;
  /** Address and text of every page, script and style sheet of ours, at each visit since `keepBodies`. */
  readonly bodies: [url: string, text: string][] = [];

  constructor(context: BrowserContext, private readonly origin: string) {
    context.on('weberror', (error) => {
      // The browser skips the animation between two pages if one redirects at once, which is no fault.
      if (/^Transition was (aborted|skipped)/.test(error.error().message)) return;
      if (this.ours(error.page()?.url() ?? '')) this.problems.push(`script error: ${error.error().message}`);
    });
    context.on('console', (message) => {
      const where = message.location().url || (message.page()?.url() ?? '');
      if (message.type() !== 'error' || !this.ours(where)) return;
      // Chromium writes a line for each 4xx and 5xx; a test says in advance which ones it expects.
      const status = Number(/responded with a status of (\d{3})/.exec(message.text())?.[1]);
      const at = this.expected.indexOf(status);
      if (at >= 0) this.expected.splice(at, 1);
      else this.problems.push(`console: ${message.text()} (${where})`);
    });
    context.on('response', (response) => { this.see(response); });
  }

  private ours(url: string): boolean {
    return url.startsWith(`${this.origin}/`) || url === this.origin;
  }

  private see(response: Response): void {
    const url = response.url();
    if (!this.ours(url) || (response.status() >= 300 && response.status() < 400)) return;
    // A body may be gone after a redirect; the tests fetch important pages again.
    if (this.keeping) this.reading.push(response.text().then((text) => { this.bodies.push([url, text]); }, () => undefined));
    const headers = response.headers();
    if (!headers['content-type']?.includes('text/html')) return;
    const policy = headers['content-security-policy'] ?? '';
    const nonce = /'nonce-([^']{22,})'/.exec(policy)?.[1];
    if (!nonce) this.problems.push(`no nonce in the Content-Security-Policy of ${url}: ${policy}`);
    else this.nonces.push(nonce);
    for (const part of ["form-action 'self'", "frame-ancestors 'none'"]) {
      if (!policy.includes(part)) this.problems.push(`${url} has no ${part}`);
    }
  }

  /** Keeps the text of every response from now on. Few stories search them, and each text is read from the browser. */
  keepBodies(): void {
    this.keeping = true;
  }

  /** The next page (or the next few) may have this status. */
  expectStatus(status: number, times = 1): void {
    for (let i = 0; i < times; i += 1) this.expected.push(status);
  }

  async settle(): Promise<void> {
    await Promise.all(this.reading);
  }

  async conclude(): Promise<void> {
    await this.settle();
    expect(this.problems, 'errors on our own pages').toEqual([]);
    expect(new Set(this.nonces).size, 'each answer has a nonce of its own').toBe(this.nonces.length);
  }
}
