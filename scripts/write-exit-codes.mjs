/** Writes the tables of docs/exit-codes.md from src/error-codes/. */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const path = new URL('../docs/exit-codes.md', import.meta.url);
const source = fileURLToPath(new URL('../src/error-codes/index.ts', import.meta.url));
const { outputFiles } = buildSync({ entryPoints: [source], bundle: true, format: 'esm', write: false });
const { errorCodes } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);

const text = readFileSync(path, 'utf8').replace(
  /(^### (.+)\n(?:(?!^#)[^|]*\n)*?\| code \| status \| meaning \|\n\|---\|---\|---\|\n)(?:\|.*\n)*/gm,
  (whole, head, group) => {
    const codes = errorCodes[group];
    if (codes === undefined) return whole;
    const rows = Object.entries(codes).map(
      ([name, { status, meaning }]) => `| \`${name}\` | ${status} | ${meaning} |\n`,
    );
    return head + rows.join('');
  },
);
writeFileSync(path, text);
