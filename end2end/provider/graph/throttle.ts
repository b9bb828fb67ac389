// The limits of Exchange: four requests at a time and 10,000 in ten minutes for an application and a mailbox. One mailbox
// does not touch the limit of another. What was under way at most is counted, for the tests of a client's own limit.

import { type Answer, refusal } from './context.ts';

export interface Limits {
  /** Requests of a mailbox at a time. */
  concurrency: number;
  /** Requests of a mailbox in a window. Refused ones count too. */
  requests: number;
  /** The length of the window, in seconds. */
  window: number;
  /** What `Retry-After` of a refusal says in seconds; -1 for an answer without it. */
  retryAfter: number;
  /** Bytes that a mailbox takes in a window of uploads: "150 MB upload (PATCH, POST, PUT) in a 5-minute period" (Microsoft, throttling limits). */
  uploadBytes: number;
  /** The length of this window, in seconds. */
  uploadWindow: number;
}

/** What a mailbox has had since the last reset. */
export interface Load {
  underWay: number;
  /** The largest number of requests that were admitted at a time. */
  most: number;
  requests: number;
  refused: number;
}

export const DEFAULT_LIMITS: Limits = { concurrency: 4, requests: 10_000, window: 600, retryAfter: 1, uploadBytes: 150 * 1024 * 1024, uploadWindow: 300 };

interface Counter extends Load {
  windowStart: number;
  inWindow: number;
  uploadStart: number;
  uploaded: number;
}

export class MailboxLimits {
  limits: Limits = DEFAULT_LIMITS;
  private readonly counters = new Map<string, Counter>();
  private readonly now: () => number;

  /** @param now Milliseconds. */
  constructor(now: () => number) {
    this.now = now;
  }

  /**
   * Admits a request, or refuses it.
   * @param bytes The number of bytes that it uploads.
   * @returns What the caller calls when the whole answer has been sent, or the refusal.
   */
  admit(mailbox: string, bytes = 0): (() => void) | Answer {
    const counter = this.counterOf(mailbox);
    counter.requests += 1;
    counter.inWindow += 1;
    if (counter.inWindow > this.limits.requests) {
      counter.refused += 1;
      const left = counter.windowStart + this.limits.window * 1000 - this.now();
      return this.refuse('TooManyRequests', 'Application is over its RequestsPerMailbox limit.', Math.ceil(left / 1000));
    }
    if (counter.underWay >= this.limits.concurrency) {
      counter.refused += 1;
      return this.refuse('ApplicationThrottled', 'Application is over its MailboxConcurrency limit.', this.limits.retryAfter);
    }
    if (bytes && counter.uploaded + bytes > this.limits.uploadBytes) {
      counter.refused += 1;
      const left = counter.uploadStart + this.limits.uploadWindow * 1000 - this.now();
      return this.refuse('ApplicationThrottled', 'Application is over its UploadBytesPerMailbox limit.', Math.ceil(left / 1000));
    }
    counter.uploaded += bytes;
    counter.underWay += 1;
    counter.most = Math.max(counter.most, counter.underWay);
    let isUnderWay = true;
    return () => {
      if (isUnderWay) counter.underWay -= 1;
      isUnderWay = false;
    };
  }

  report(): Record<string, Load> {
    const loads = [...this.counters].map(([mailbox, { underWay, most, requests, refused }]) => [mailbox, { underWay, most, requests, refused }] as const);
    return Object.fromEntries(loads);
  }

  /** Starts counting again, with the usual limits. Requests that are under way stay so. */
  reset(): void {
    this.limits = DEFAULT_LIMITS;
    for (const [mailbox, counter] of this.counters) {
      if (counter.underWay === 0) this.counters.delete(mailbox);
      else Object.assign(counter, { most: counter.underWay, requests: 0, refused: 0, inWindow: 0, uploaded: 0 });
    }
  }

  private counterOf(mailbox: string): Counter {
    const counter = this.counters.get(mailbox) ?? { underWay: 0, most: 0, requests: 0, refused: 0, windowStart: this.now(), inWindow: 0, uploadStart: this.now(), uploaded: 0 };
    this.counters.set(mailbox, counter);
    if (this.now() >= counter.windowStart + this.limits.window * 1000) Object.assign(counter, { windowStart: this.now(), inWindow: 0 });
    if (this.now() >= counter.uploadStart + this.limits.uploadWindow * 1000) Object.assign(counter, { uploadStart: this.now(), uploaded: 0 });
    return counter;
  }

  private refuse(code: string, message: string, seconds: number): Answer {
    const isSaid = this.limits.retryAfter >= 0;
    return refusal(429, code, message, isSaid ? { 'retry-after': String(Math.max(seconds, 1)) } : {});
  }
}
