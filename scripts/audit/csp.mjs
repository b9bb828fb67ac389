// Runs Google's CSP Evaluator over the policies of several pages. The worst accepted finding: 'self' can be problematic.
//
//   node csp.mjs URL COOKIE PATH…

import { CspEvaluator } from 'csp_evaluator/dist/evaluator.js';
import { Severity, Type } from 'csp_evaluator/dist/finding.js';
import { CspParser } from 'csp_evaluator/dist/parser.js';

const [url, cookie, ...paths] = process.argv.slice(2);
let graver = 0;
for (const path of paths) {
  const answer = await fetch(url + path, { headers: { cookie }, redirect: 'manual' });
  const policy = answer.headers.get('content-security-policy') ?? '';
  const findings = new CspEvaluator(new CspParser(policy).csp).evaluate();
  for (const { severity, type, directive, description } of findings) {
    // A lower number is more serious. MEDIUM_MAYBE is its finding about 'self'.
    const grave = severity < Severity.MEDIUM_MAYBE || !policy;
    if (grave) graver += 1;
    console.log(`${grave ? 'GRAVE' : 'note'} ${path} (${answer.status}): ${directive}: ${Type[type]}: ${description}`);
  }
  if (!policy) { graver += 1; console.log(`GRAVE ${path}: no policy`); }
}
console.log(`csp_evaluator: ${paths.length} policies, ${graver} grave findings`);
process.exitCode = graver ? 1 : 0;
