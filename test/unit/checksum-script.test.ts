/** The programs that compute checksums in a session, in sessions that have them, lack them, or have others of their names. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  checksumScript,
  checksumsScript,
  isPlain,
  readSum,
  readSums,
} from '../../src/transfer/engine/checksum-script.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const shell = '/bin/sh';
const names = ['plain', 'two words', '-r', "it's", 'ä', '~', '$(id)'];
const sums = new Map(names.map((name) => [name, createHash('sha256').update(`of ${name}`).digest('hex')]));
const wrong = 'a'.repeat(64);

/** Each stands in the place of openssl: none, the machine's own, or a script. */
const sessions = {
  'its own openssl': 'own',
  'no openssl': undefined,
  'neither openssl nor sha256sum': 'shasum',
  'an openssl that always says the same': `echo '${wrong} *stdin'`,
  'an openssl that fails': 'exit 1',
  'an openssl that prints for ever': 'yes',
  'an openssl that answers with a name': 'echo "(stdin)= $(sha256sum | cut -c1-64)"',
} as const;

let folder: TempFolder;
const at = (name: string): string => join(folder.path, name);
const own = (program: string): string =>
  execFileSync(shell, ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();

beforeAll(() => {
  folder = tempFolder();
  for (const name of names) writeFileSync(at(name), `of ${name}`);
});
afterAll(() => folder[Symbol.dispose]());

function run(session: keyof typeof sessions, script: string, paths: readonly string[]): string {
  const programs = at(`programs of ${session}`);
  mkdirSync(programs, { recursive: true });
  const openssl = sessions[session];
  const hash = openssl === 'shasum' ? 'shasum' : 'sha256sum';
  for (const program of [hash, 'head', 'yes', 'cut', 'perl']) link(own(program), join(programs, program));
  if (openssl === 'shasum') return runScript(programs, script, paths);
  if (openssl === 'own') link(own('openssl'), join(programs, 'openssl'));
  else if (openssl !== undefined)
    writeFileSync(join(programs, 'openssl'), `#!${shell}\n${openssl}\n`, { mode: 0o755 });
  return runScript(programs, script, paths);
}

function runScript(programs: string, script: string, paths: readonly string[]): string {
  return execFileSync(shell, ['-c', script, 'sh', ...paths], {
    env: { PATH: programs },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

// Sessions run Linux.
const onLinux = test.skipIf(process.platform !== 'linux');

onLinux.each(Object.keys(sessions) as (keyof typeof sessions)[])(
  'a session with %s gives the sums',
  (session) => {
    expect(readSum(run(session, checksumScript, [at('two words')]))).toBe(sums.get('two words'));
    const paths = names.map(at);
    const printed = run(session, checksumsScript, [...paths, at('none'), folder.path]);
    expect(readSums(printed, [...paths, at('none'), folder.path])).toEqual(
      new Map(names.map((name) => [at(name), sums.get(name)])),
    );
  },
);

onLinux('an openssl that knows the letters and nothing else leaves the sum open', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad *stdin';
  const programs = at('knows letters');
  mkdirSync(programs);
  for (const program of ['sha256sum', 'head', 'cat']) link(own(program), join(programs, program));
  writeFileSync(
    join(programs, 'openssl'),
    `#!${shell}\nread -r line\n[ "$line" = abc ] && echo '${abc}' || echo equal\n`,
    { mode: 0o755 },
  );
  const options = { env: { PATH: programs }, encoding: 'utf8' } as const;
  const printed = execFileSync(shell, ['-c', checksumScript, 'sh', at('plain')], options);
  expect(readSum(printed)).toBeUndefined();
});

test.each([
  '',
  'equal',
  `${wrong}`,
  `${wrong} *stdin\n${wrong} *stdin\n`,
  `${wrong.toUpperCase()} *stdin\n`,
  `${wrong.slice(1)} *stdin\n`,
  `\\${wrong} *stdin\n`,
  `${wrong} *other\n`,
])('what is printed instead of a sum is none: %j', (printed) => {
  expect(readSum(printed)).toBeUndefined();
});

test('a line about a file that was not asked for is nothing, and of two about one neither is believed', () => {
  const printed = `${wrong} */a\n${wrong} */a\n${wrong}  /b\n${wrong} */c\n/d\n`;
  expect(readSums(printed, ['/a', '/b', '/d'])).toEqual(new Map([['/b', wrong]]));
});

test.each(['/a\nb', '/a\\b', '/a\rb', '/a\u0000', '/a\u2028b', 'a'])('%j is not printed as it is', (path) => {
  expect(isPlain(path)).toBe(false);
});
