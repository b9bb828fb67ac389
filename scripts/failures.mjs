// Prints the failed stories of a Playwright report with their errors: `node failures.mjs REPORT`.

import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const LINES = 12;

function* stories(suite) {
  for (const spec of suite.specs ?? []) for (const test of spec.tests) yield { spec, test };
  for (const inner of suite.suites ?? []) yield* stories(inner);
}

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const error of report.errors ?? []) console.log(stripVTControlCharacters(error.message ?? ''));
for (const suite of report.suites) {
  for (const { spec, test } of stories(suite)) {
    if (spec.ok || test.status !== 'unexpected') continue;
    console.log(`\n${test.projectName}: ${spec.file}:${spec.line}: ${spec.title}`);
    for (const { message } of test.results.flatMap((result) => result.errors)) {
      console.log(stripVTControlCharacters(message ?? '').split('\n').slice(0, LINES).join('\n'));
    }
  }
}
