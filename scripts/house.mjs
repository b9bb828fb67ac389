// Checks the structure of the code: which folder imports from which, and how long files are. It fails if an arrow points
// up the list of rooms in ARCHITECTURE.md, if that file draws other arrows than the code has, if a feature uses private
// parts of another, if a page uses a store, if a room must not name SeaORM and does, if a provider is named outside its
// folder, if a file of `src` does not begin with what it is responsible for, or if a file is too long.
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

/** The rooms from the top down: `sign_ins/` and `app.rs, app/` each begin a line of the list. */
const list = /## The rooms\n+```\n(.*?)```/s.exec(architecture)?.[1] ?? '';
const rooms = list.split('\n').flatMap((line) => {
  const [names] = line.split(/ {2,}/);
  return names ? [[...new Set(names.split(', ').map((name) => name.replace(/\.rs$|\/$/, '')))]] : [];
});
/** @param {string} name */
const floor = (name) => rooms.findIndex((names) => names.includes(name));

// The first of these wins, because a string may contain what looks like a comment, and a comment what looks like a string.
const ASIDE = /\/\/.*|\/\*[^]*?\*\/|\br(#*)"[^]*?"\1|"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\.[^']*)'/g;

/** The code without comments and strings. @param {string} file */
const codeOf = (file) => readFileSync(file, 'utf8').replace(ASIDE, '""');

/**
 * Parses an import tree at this position: the first `depth` names of each path.
 * @param {string} code @param {number} at @param {number} depth @returns {{ paths: string[][], at: number }}
 */
function tree(code, at, depth) {
  const blank = () => { while (/\s/.test(code[at] ?? '')) at += 1; };
  blank();
  if (code[at] === '{') {
    /** @type {string[][]} */
    const paths = [];
    for (at += 1, blank(); code[at] !== '}' && at < code.length; blank()) {
      const inner = tree(code, at, depth);
      paths.push(...inner.paths);
      // Skips an alias, and other text between two paths.
      at = inner.at + (/^[^,{}]*,?/.exec(code.slice(inner.at))?.[0].length ?? 1);
    }
    return { paths, at: at + 1 };
  }
  const name = /^\w*/.exec(code.slice(at))?.[0] ?? '';
  at += name.length;
  if (!code.startsWith('::', at)) return { paths: [[name]], at };
  const inner = tree(code, at + 2, depth - 1);
  return { paths: depth > 1 ? inner.paths.map((path) => [name, ...path].slice(0, depth)) : [[name]], at: inner.at };
}

/** The first two names of each path into the crate, in any notation. @param {string} code */
const imported = (code) => [...code.matchAll(/\b(?:crate|mail360)::/g)].flatMap(({ index, 0: start }) => tree(code, index + start.length, 2).paths);

const FEATURES = ['accounts', 'clients', 'connectors', 'sign_ins', 'log_in', 'people', 'activity'];
/** The modules of a feature that other features may use. */
const OPEN = ['service', 'model', 'access'];
/**
 * Modules of connectors that pages of sign_ins may use: widgets of a connector (state, consent, message after a change), the draft of
 * its form, and the trait by which credentials are tried.
 */
const SHOWN = ['connectors::pages', 'connectors::change_notice', 'connectors::draft', 'connectors::preflight'];

/**
 * What only the folder of a provider may say, in code and in comments. A parameter of Mail360 has the name of a provider in its
 * own name.
 * @type {[folder: string, words: RegExp][]}
 */
const PROVIDERS = [
  ['microsoft', /microsoft|azure|aadsts|\bentra\b|\btenants?\b|\bgraph\b/i],
  ['google', /google|\bgmail(?!_?typesync|_type_sync)|gocspx/i],
];
/** Lines that register providers. */
const REGISTERS = /^(pub mod (microsoft|google);|use super::.*\b(google, microsoft)\b.*|    (microsoft: microsoft|google: google)::Options,|.*\[&microsoft::Form, &google::Form\];|.*\[self\.microsoft\.check\(\), self\.google\.check\(\)\];)$/;

const arrows = new Map();
for (const file of files.filter((name) => /^src\/.*\.rs$/.test(name) && !/tests\.rs$/.test(name))) {
  if (!readFileSync(file, 'utf8').startsWith('//! ')) wrong.push(`${file} does not begin with a //! that says what it is responsible for`);
}
for (const file of files.filter((name) => /^src\/.*\.rs$/.test(name))) {
  const code = codeOf(file);
  const room = file.split('/')[1]?.replace(/\.rs$/, '') ?? '';
  if (room === 'lib') continue;
  if (floor(room) < 0) wrong.push(`${file}: ARCHITECTURE.md lists no room for it`);
  const from = rooms[floor(room)]?.[0];
  for (const [name = '', part = ''] of imported(code)) {
    const to = rooms[floor(name)]?.[0];
    if (!to || to === from) continue;
    const both = FEATURES.includes(room) && FEATURES.includes(name);
    const shown = /^src\/sign_ins\/(pages|routes|preflight)\b/.test(file) && SHOWN.includes(`${name}::${part}`);
    if (both && !OPEN.includes(part) && !shown) wrong.push(`${file}: uses ${name}::${part}; a feature uses ${OPEN.join(', ')} of another`);
    if (floor(name) < floor(room)) wrong.push(`${file}: imports ${name}, which is above it`);
    arrows.set(`${from} --> ${to}`, true);
  }
  // Within a feature: pages, routes and actions call the service, never the store.
  if (/\/(\w*pages?|routes|actions|form|guide)(\.rs|\/)/.test(file) && /\bstore::/.test(code)) wrong.push(`${file}: names a store; that is the service's`);
  const may = /\/store(\.rs|\/)|^src\/platform\/database/.test(file);
  if (!may && /\b(sea_orm|sea_query|sqlx)/.test(code)) wrong.push(`${file}: names SeaORM; that is a store's`);
}

for (const file of files.filter((name) => /^src\//.test(name) && !/(^|\/)tests(\.rs|\/)/.test(name))) {
  // Unit tests are at the end of their file.
  const [code = ''] = readFileSync(file, 'utf8').split('#[cfg(test)]\nmod tests {');
  const registers = /^src\/providers\/(mod|form|registry)\.rs$/.test(file);
  code.split('\n').forEach((line, at) => {
    const named = PROVIDERS.some(([folder, words]) => words.test(line) && !file.startsWith(`src/providers/${folder}/`));
    if (named && !(registers && REGISTERS.test(line))) wrong.push(`${file}:${at + 1}: names a provider outside its folder`);
  });
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
