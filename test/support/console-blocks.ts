/** The blocks of the pages that show a terminal: what is typed there, what is shown for it, and what of that is the same each time. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

export interface Step {
  /** Without the prompt. */
  readonly typed: string;
  readonly shown: readonly string[];
}

export interface Page {
  readonly name: string;
  /** The steps of each block. */
  readonly blocks: readonly (readonly Step[])[];
  /** Every line with a prompt, in whatever block it stands. */
  readonly prompts: number;
}

/** README.md and docs/ without what is made from the sources. The translations show the same: translations.test.ts. */
export const pages: readonly Page[] = ['README.md', ...readdirSync(join(root, 'docs')).map(inDocs)]
  .filter((name) => /^[^.]+\.md$/.test(name))
  .map(readPage);

function inDocs(name: string): string {
  return `docs/${name}`;
}

function readPage(name: string): Page {
  const text = readFileSync(join(root, name), 'utf8');
  const blocks = [...text.matchAll(/^```console\n([\s\S]*?)^```/gm)].map(([, block = '']) => stepsOf(block));
  return { name, blocks, prompts: [...text.matchAll(/^\s*\$ \S/gm)].length };
}

function stepsOf(block: string): Step[] {
  const parts = block.split(/^\$ /m).slice(1);
  return parts.map((part) => {
    const [typed = '', ...shown] = part.trimEnd().split('\n');
    return { typed, shown };
  });
}

/** What differs from run to run, with the reason, and what stands in its place. */
const differing: readonly (readonly [why: string, what: RegExp, instead: string])[] = [
  ['keys are made anew', /SHA256:[\w+/]{43}/g, 'SHA256:KEY'],
  ['keys are made anew', /MD5:[0-9a-f:]{47}/g, 'MD5:KEY'],
  ['keys are made anew', /(?<=ssh-(?:ed25519|rsa) )AAAA\S+/g, 'KEY'],
  ['an older key is named after its fingerprint', /(?<=id_container_)[\w-]{8}/g, 'KEY'],
  ['a key written in the older form has no fixed size', /(?<=^-rw------- +)\d+(?=.* id_container$)/g, 'SIZE'],
  ['the size of a folder is that of its disk', /(?<=^d[rwx-]{9} +)\d+/g, 'SIZE'],
  ['each account has its own', /\bAKIA\w+/g, 'ACCESS-KEY'],
  ['secrets are made anew', /(?<=bai-secret=)[\w-]+/g, 'SECRET'],
  ['the manager gives ids', /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID'],
  ['lists have the beginning of an id', /\b[0-9a-f]{8}\b/g, 'ID'],
  ['files are of the moment', /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+00:00/g, 'TIME'],
  ['logs are of the moment', /\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  ['free ports are taken', /(?<=127\.0\.0\.1:|-[pP] |\bPort +)\d+/g, 'PORT'],
  ['free ports are taken', /\d+(?=->|:80: )/g, 'PORT'],
  ['rates are of the machine', /\d+(?:\.\d+)? (?:[KMG]i)?B\/s/g, 'RATE'],
  ['times are of the machine', /\b\d+(?:\.\d+)? (?:ms|s)\b|\b\d+(?:\.\d+)?[smh]\b/g, 'A-WHILE'],
  ['room is of the machine', /[\d.]+ [KMGT]iB free/g, 'SIZE free'],
  ['so is what is fastest there', /(?<=RATE +RATE +)(?:yes|-)/g, 'YES-OR-NOT'],
  [
    'so is what is fastest there',
    /use \S+ and (?:one connection|up to \d connections);/g,
    'use THE-FASTEST;',
  ],
  ['a version is of the release', /bai \d+\.\d+\.\d+, Node \d+\.\d+\.\d+, \w+/g, 'bai VERSION'],
  ['the pages tell of a server with a name and TLS', /(?<=^(?:dns|connect|tls) +ok +A-WHILE +).*/g, 'THERE'],
  ['columns are as wide as what is in them', / {2,}/g, '  '],
];

export function shapeOf(line: string): string {
  return differing.reduce((text, [, what, instead]) => text.replaceAll(what, instead), line).trimEnd();
}

/** Whether the lines are those that were printed. `…` stands for anything in a line, and alone for lines. */
export function areShown(lines: readonly string[], printed: readonly string[]): boolean {
  const [line, ...rest] = lines;
  if (line === undefined) return printed.length === 0;
  const [first, ...others] = printed;
  if (line === '…') return areShown(rest, printed) || (first !== undefined && areShown(lines, others));
  return first !== undefined && shows(line, first) && areShown(rest, others);
}

function shows(line: string, printed: string): boolean {
  const parts = shapeOf(line)
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(shapeOf(printed));
}
