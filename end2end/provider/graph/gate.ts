// What a request of one mailbox passes before it is answered: the limit of the mailbox, then the faults that a test asked
// for. A test changes both, and reads what each mailbox has had.

import type { Answer, GraphContext, GraphRequest } from './context.ts';
import { fail, FaultBoard, type FaultWish } from './faults.ts';
import { type Limits, type Load, MailboxLimits } from './throttle.ts';

export interface Gate {
  faults: FaultBoard;
  limits: MailboxLimits;
}

export function makeGate(now: () => number): Gate {
  return { faults: new FaultBoard(), limits: new MailboxLimits(now) };
}

export interface Passed {
  answer: Answer;
  /** Called when the whole answer has been sent or the client has left: until then the request is under way. */
  leave: () => void;
}

/** Answers a request as far as the limit and the faults let it. */
export async function pass(gate: Gate, request: GraphRequest, context: GraphContext, sound: () => Promise<Answer>): Promise<Passed> {
  const admitted = gate.limits.admit(context.login, request.method === 'GET' ? 0 : request.body.length);
  if (typeof admitted !== 'function') return { answer: admitted, leave: () => {} };
  try {
    const fault = gate.faults.take(request, context.login);
    if (fault) context.record({ event: 'graph.fault', kind: fault.kind, login: context.login, path: request.target.split('?')[0] });
    return { answer: fault ? await fail(fault, sound, context) : await sound(), leave: admitted };
  } catch (error) {
    admitted();
    throw error;
  }
}

/** Answers a whole batch, or its fault. The batch itself does not pass the limit. */
export async function passBatch(gate: Gate, request: GraphRequest, context: GraphContext, sound: () => Promise<Answer>): Promise<Answer> {
  const fault = gate.faults.take(request, context.login);
  if (!fault) return sound();
  context.record({ event: 'graph.fault', kind: fault.kind, login: context.login, path: request.target.split('?')[0] });
  return fail(fault, sound, context);
}

/** What a test asks of the gate. */
export interface GateWish {
  faults?: FaultWish[];
  limits?: Partial<Limits>;
  /** Clears the faults, sets the usual limits and starts counting again; before anything else that is asked. */
  reset?: boolean;
}

/** Does what is asked, and answers what each mailbox has had. */
export function controlGate(gate: Gate, { faults = [], limits = {}, reset = false }: GateWish): Record<string, Load> {
  if (reset) {
    gate.faults.clear();
    gate.limits.reset();
  }
  for (const fault of faults) gate.faults.add(fault);
  gate.limits.limits = { ...gate.limits.limits, ...limits };
  return gate.limits.report();
}
