// Puts the folder site/ together: `assets.mjs WORK SITE`. WORK holds what wasm-bindgen made; the style
// sheet is bundled here; public/ is taken as it is. One hash over all three stands in their names, so
// that a page and what it loads always fit, and each may be kept by browsers for ever.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { browserslistToTargets, bundle } from 'lightningcss';

const [work, site] = process.argv.slice(2).map((path) => resolve(path));
const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

const style = bundle({
  filename: join(root, 'style/main.css'),
  minify: true,
  // Browsers that know light-dark() themselves: lowered, it would no longer follow the system.
  targets: browserslistToTargets(['chrome 123', 'edge 123', 'firefox 120', 'safari 17.5']),
});
const files = {
  '.js': readFileSync(join(work, 'mail360.js')),
  '_bg.wasm': readFileSync(join(work, 'mail360_bg.wasm')),
  '.css': style.code,
};
const hash = createHash('sha256');
for (const content of Object.values(files)) hash.update(content);
const name = `mail360.${hash.digest('hex').slice(0, 16)}`;

const next = `${site}.next`;
rmSync(next, { recursive: true, force: true });
mkdirSync(join(next, 'pkg'), { recursive: true });
cpSync(join(root, 'public'), next, { recursive: true });
for (const [end, content] of Object.entries(files)) writeFileSync(join(next, 'pkg', name + end), content);
if (existsSync(join(work, 'snippets'))) cpSync(join(work, 'snippets'), join(next, 'pkg/snippets'), { recursive: true });

const compress = (path) => {
  const content = readFileSync(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
};
const walk = (folder) => {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    if (statSync(path).isDirectory()) walk(path);
    else if (/\.(css|ico|js|svg|txt|wasm)$/.test(entry)) compress(path);
  }
};
walk(next);

// Two renames: a server that starts meanwhile finds the old folder or the new one, whole, or, between the two, none,
// and says so.
const old = `${site}.old`;
rmSync(old, { recursive: true, force: true });
if (existsSync(site)) renameSync(site, old);
renameSync(next, site);
rmSync(old, { recursive: true, force: true });
