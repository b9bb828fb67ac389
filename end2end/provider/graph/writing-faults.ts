// The faults of calls that change something: an answer that is lost after the change was done or before it, and a conflict.

import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, gatewayTimeout, type GraphContext } from './context.ts';
import { conflict } from './preconditions.ts';

type WritingFault = (wish: { seconds?: number }, sound: () => Promise<Answer>, context: GraphContext) => Promise<Answer> | Answer;

/** The connection is closed without an answer; in a batch the part is answered 504. */
export const lost = (): Answer => ({ ...gatewayTimeout(), lost: true });

/** `gateway-timeout`, among the faults of reading, is a 504 before the change, which is then not done. */
export const WRITING_FAULTS: Record<string, WritingFault> = {
  'gateway-timeout-after': async (_, sound) => {
    await sound();
    return gatewayTimeout();
  },
  'lost-before': lost,
  'lost-after': async (_, sound) => {
    await sound();
    return lost();
  },
  /** Done at once, and answered late; `slow` does it late too. */
  late: async ({ seconds = 1 }, sound, { signal }) => {
    const answer = await sound();
    await wait(seconds * 1000, undefined, { signal }).catch(() => undefined);
    return answer;
  },
  conflict: () => conflict(409).answer,
  'conflict-412': () => conflict(412).answer,
};
