// The owner of a mailbox, without a browser: follows a connect link, signs in at the provider and agrees.

import { randomInt } from 'node:crypto';
import { until } from '../support/process.ts';
import { type Administrator, Interrupted } from './administrator.ts';

interface Page {
  url: string;
  status: number;
  /** The complete address to which it redirects. */
  location: string | undefined;
  html: string;
}

/** More requests than any sign-in takes. */
const MAX_HOPS = 25;

export class Owner {
  /** The cookies of each origin. A sign-in needs neither their paths nor their ends. */
  private readonly cookies = new Map<string, Map<string, string>>();
  /** Each owner has an address: the program limits the sign-ins that one address starts. */
  private readonly address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;

  constructor(private readonly origin: string, private readonly email: string) {}

  private async ask(url: string, form?: Record<string, string>): Promise<Page> {
    const { origin } = new URL(url);
    const jar = this.cookies.get(origin) ?? new Map<string, string>();
    this.cookies.set(origin, jar);
    const headers = new Headers({ 'accept-language': 'en', 'x-forwarded-for': this.address });
    if (jar.size) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    if (form) headers.set('origin', origin);
    const sent = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
    const broken = (error: Error): never => { throw new Interrupted(`${url}: ${error.message}`); };
    const answer = await fetch(url, { ...sent, headers, redirect: 'manual' }).catch(broken);
    const html = await answer.text().catch(broken);
    if ([502, 503, 504].includes(answer.status)) throw new Interrupted(`${answer.status} from ${url}`);
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(cookie) ?? [];
      jar.set(name, value);
    }
    const location = answer.headers.get('location');
    return { url, status: answer.status, location: location === null ? undefined : new URL(location, url).href, html };
  }

  /** Opens a page, also through redirects. */
  private async open(address: string): Promise<Page> {
    let page = await this.ask(address);
    for (let hops = 0; page.location && hops < MAX_HOPS; hops += 1) page = await this.ask(page.location);
    return page;
  }

  /** Opens an address that is a link or redirects to one, signs in at the provider and agrees. Returns the page of the outcome. */
  async follow(address: string): Promise<string> {
    const page = await this.open(address);
    if (page.status !== 200) throw new Error(`the page of a link was answered with ${page.status}`);
    const leaving = await this.ask(page.url, {});
    const authorize = /<a[^>]*href="([^"]*)"[^>]*>\s*Continue with (?:Microsoft|Google)/.exec(leaving.html)?.[1]?.replaceAll('&amp;', '&');
    if (!authorize) throw new Error(`the start of a sign-in was answered with ${leaving.status}: ${heading(leaving.html)}`);
    const back = await this.ask(await this.agreeAtProvider(authorize));
    const outcome = back.location;
    if (!outcome) throw new Error(`the callback was answered with ${back.status}: ${heading(back.html)}`);
    const end = await until('the end of a sign-in', async () => {
      const { html } = await this.ask(outcome);
      return html.includes('Checking…') ? undefined : html;
    }, 30_000).catch((error: Error) => { throw new Interrupted(error.message); });
    if (end.includes('The sign-in was interrupted')) throw new Interrupted(`${this.email}: the sign-in was interrupted`);
    return end;
  }

  /** Follows the link with this path until the mailbox is connected. */
  async connect(path: string): Promise<void> {
    const end = await this.follow(`${this.origin}${path}`);
    if (!end.includes('Your mailbox is connected')) throw new Error(`${this.email}: the sign-in ended as ${heading(end)}`);
  }

  /** Logs in at the provider and agrees. Returns the address that leads back. */
  private async agreeAtProvider(authorize: string): Promise<string> {
    let page = await this.ask(authorize);
    for (let hops = 0; hops < MAX_HOPS; hops += 1) {
      if (page.location?.startsWith(`${this.origin}/`)) return page.location;
      page = page.location
        ? await this.ask(page.location)
        : await this.ask(page.url, { answer: 'go', login: this.email, password: 'whatever' });
    }
    throw new Error('the provider never came back');
  }
}

const heading = (html: string) => /<h1[^>]*>(.*?)<\/h1>/s.exec(html)?.[1] ?? html.slice(0, 200);

/** Connects the mailbox with this email through a connector, with a link of this administrator. */
export async function connectMailbox(administrator: Administrator, connector: string, email: string): Promise<void> {
  const path = await administrator.makeLink(connector, email);
  await new Owner(administrator.origin, email).connect(path);
}
