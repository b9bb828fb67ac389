// The house, as its code has it: which folder imports from which, and how long files are. Fails where an arrow points
// up the list of rooms in ARCHITECTURE.md, where that file draws other arrows than there are, where a room names SeaORM
// that must not, or where a file is two files.
//
//   node scripts/house.mjs [--write]     with --write it draws the arrows into ARCHITECTURE.md

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const LONGEST = 400;
const wrong = [];
const NOT_OURS = /node_modules|test-results|playwright-report/;
const files = ['benches', 'end2end', 'migrations', 'scripts', 'src', 'style', 'tests'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !NOT_OURS.test(entry.parentPath ?? entry.path))
    .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`));
const architecture = readFileSync('ARCHITECTURE.md', 'utf8');

/** The rooms from the top down: `oauth/` and `app.rs, app/` each begin a line of the list. */
const list = /## The rooms\n+```\n(.*?)```/s.exec(architecture)?.[1] ?? '';
const rooms = list.split('\n').flatMap((line) => {
  const [names] = line.split(/ {2,}/);
  return names ? [[...new Set(names.split(', ').map((name) => name.replace(/\.rs$|\/$/, '')))]] : [];
});
/** @param {string} name */
const floor = (name) => rooms.findIndex((names) => names.includes(name));

// Whichever of these begins first is one: a text may hold what looks like a comment, and a comment what looks like a text.
const ASIDE = /\/\/.*|\/\*[^]*?\*\/|\br(#*)"[^]*?"\1|"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\.[^']*)'/g;

/** What is neither comment nor text. @param {string} file */
const codeOf = (file) => readFileSync(file, 'utf8').replace(ASIDE, '""');

/** The first names of what is imported from the crate, in whatever form it is written. @param {string} code */
function imported(code) {
  const names = new Set();
  for (const { index, 0: start } of code.matchAll(/\b(?:crate|mail360)::/g)) {
    let at = index + start.length;
    if (code[at] !== '{') {
      names.add(/^\w+/.exec(code.slice(at))?.[0]);
      continue;
    }
    // A group: what stands at its first level.
    let depth = 0;
    let fresh = true;
    do {
      const sign = code[at];
      if (sign === '{') depth += 1;
      if (sign === '}') depth -= 1;
      if (depth === 1 && (sign === '{' || sign === ',')) fresh = true;
      else if (depth === 1 && fresh && /\w/.test(sign ?? '')) {
        names.add(/^\w+/.exec(code.slice(at))?.[0]);
        fresh = false;
      }
      at += 1;
    } while (depth > 0 && at < code.length);
  }
  return names;
}

const arrows = new Map();
for (const file of files.filter((name) => /^src\/.*\.rs$/.test(name))) {
  const code = codeOf(file);
  const room = file.split('/')[1]?.replace(/\.rs$/, '') ?? '';
  if (room === 'lib') continue;
  if (floor(room) < 0) wrong.push(`${file}: ARCHITECTURE.md lists no room for it`);
  const from = rooms[floor(room)]?.[0];
  for (const name of imported(code)) {
    const to = rooms[floor(name)]?.[0];
    if (!to || to === from) continue;
    if (floor(name) < floor(room)) wrong.push(`${file}: imports ${name}, which stands above it`);
    arrows.set(`${from} --> ${to}`, true);
  }
  const may = /\/store(\.rs|\/)|^src\/platform\/database/.test(file);
  if (!may && /\b(sea_orm|sea_query|sqlx)/.test(code)) wrong.push(`${file}: names SeaORM; that is a store's`);
}

for (const file of files.filter((name) => /\.(rs|ts|mjs|css|sh)$/.test(name))) {
  const lines = readFileSync(file, 'utf8').split('\n').length - 1;
  if (lines > LONGEST) wrong.push(`${file}: ${lines} lines; a file past ${LONGEST} is two files`);
}

/** @param {string} line */
const rank = (line) => line.split(' --> ').map((name) => String(floor(name)).padStart(2, '0')).join();
const drawn = [...arrows.keys()].sort((one, other) => rank(one).localeCompare(rank(other))).map((line) => `  ${line}`).join('\n');
const block = `\`\`\`mermaid\ngraph TD\n${drawn}\n\`\`\``;
const old = /```mermaid\n.*?```/s.exec(architecture)?.[0];
if (process.argv.includes('--write')) {
  if (!old) throw new Error('ARCHITECTURE.md has no mermaid block to write to');
  writeFileSync('ARCHITECTURE.md', architecture.replace(old, block));
} else if (old !== block) {
  wrong.push('ARCHITECTURE.md draws other arrows than there are: node scripts/house.mjs --write');
}

if (wrong.length) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
console.log(`${rooms.length} rooms, ${arrows.size} arrows, none of them upwards; no file past ${LONGEST} lines`);
