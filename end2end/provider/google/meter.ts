// The quota of each mailbox, and a list of its calls: an independent witness of what a client costs.

export interface Counted {
  /** Milliseconds since 1970. */
  at: number;
  login: string;
  name: string;
  units: number;
  status: number;
}

/** What a mailbox has had. */
export interface Used {
  calls: number;
  units: number;
  /** The largest number of units of any sixty seconds. */
  mostInAMinute: number;
  /** The number of calls of each name. */
  byName: Record<string, number>;
  refused: number;
}

const MINUTE = 60_000;

export class Meter {
  private readonly counted: Counted[] = [];
  private readonly now: () => number;

  /** @param now Milliseconds since 1970. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Counts a call. @returns What the caller tells the status of the answer, or undefined if the quota does not let it. */
  admit(login: string, name: string, units: number, perMinute: number): ((status: number) => void) | undefined {
    const call: Counted = { at: this.now(), login, name, units, status: 0 };
    const recent = this.of(login).filter(({ at }) => at > call.at - MINUTE);
    const used = recent.reduce((sum, one) => sum + one.units, 0);
    this.counted.push(call);
    if (units > 0 && used + units > perMinute) {
      Object.assign(call, { units: 0, status: 403 });
      return undefined;
    }
    return (status) => { call.status = status; };
  }

  reset(): void {
    this.counted.length = 0;
  }

  list(login: string): Counted[] {
    return this.of(login);
  }

  report(login: string): Used {
    const calls = this.of(login);
    const byName: Record<string, number> = {};
    for (const { name } of calls) byName[name] = (byName[name] ?? 0) + 1;
    const inMinuteFrom = (start: number): number =>
      calls.filter(({ at }) => at >= start && at < start + MINUTE).reduce((sum, { units }) => sum + units, 0);
    return {
      calls: calls.length,
      units: calls.reduce((sum, { units }) => sum + units, 0),
      mostInAMinute: Math.max(0, ...calls.map(({ at }) => inMinuteFrom(at))),
      byName,
      refused: calls.filter(({ status }) => status === 403 || status === 429).length,
    };
  }

  private of(login: string): Counted[] {
    return this.counted.filter((call) => call.login === login);
  }
}
