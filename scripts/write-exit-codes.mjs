/** Writes the tables of docs/exit-codes.md from src/error-codes.ts. */

import { readFileSync, writeFileSync } from 'node:fs';
import { transformSync } from 'esbuild';

const path = new URL('../docs/exit-codes.md', import.meta.url);
const source = readFileSync(new URL('../src/error-codes.ts', import.meta.url), 'utf8');
const { code } = transformSync(source, { loader: 'ts', format: 'esm' });
const { errorCodes } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

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
