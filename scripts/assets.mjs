// Builds the folder site/: `assets.mjs WORK SITE`. WORK has the output of wasm-bindgen; the style
// sheet is bundled here; public/ is copied. One hash over all three is in their names, so
// that a page always matches its assets, and browsers may cache each for ever.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { transformSync } from 'esbuild';
import { browserslistToTargets, bundle } from 'lightningcss';

const [work, site] = process.argv.slice(2).map((path) => resolve(path));
const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

const style = bundle({
  filename: join(root, 'style/main.css'),
  minify: true,
  // Browsers that support light-dark(): a lowered version would not follow the system's setting.
  targets: browserslistToTargets(['chrome 123', 'edge 123', 'firefox 120', 'safari 17.5']),
});
// wasm-bindgen writes comments and long names.
const script = transformSync(readFileSync(join(work, 'mail360.js'), 'utf8'), { minify: true, format: 'esm', target: 'es2022' });
const files = {
  '.js': Buffer.from(script.code),
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

// Two renames: a server that starts at this moment finds the old folder, the new one, or (between the two) none.
// In that case it says so.
const old = `${site}.old`;
rmSync(old, { recursive: true, force: true });
if (existsSync(site)) renameSync(site, old);
renameSync(next, site);
rmSync(old, { recursive: true, force: true });
