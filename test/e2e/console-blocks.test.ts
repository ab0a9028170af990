/** What the pages show of a terminal is what happens there: each line is run, ends as it should, and prints what stands below it. */

import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { splitWords } from '../../src/core/text/shell-words.ts';
import { type Emulator, type Fault, startEmulator } from '../../src/emulator/emulator.ts';
import { defaultAccount } from '../../src/emulator/model/accounts.ts';
import { cleanEnvironment, finished, launcher } from '../support/bai.ts';
import { areShown, pages, type Step, shapeOf } from '../support/console-blocks.ts';
import { freePort } from '../support/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';
import { standing, type Typing, typeHere } from '../support/typed.ts';

const password = 'a-password-of-the-tests';
const session = 'bai session create python:3.11 --name demo -r cpu=2 -r mem=4g';
const data = 'head -c 588895 /dev/zero > data.csv; mkdir src; echo "print(1)" > src/main.py';

/** What a page takes for there: it is typed before the block that begins with this line. */
const before: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'README.md': { 'bai login https://console.example.com': [data] },
  'docs/clients.md': { 'bai app forward demo -p 12000': [session, 'bai key fetch demo'] },
  'docs/editors.md': {
    'bai ssh-config install': [
      ...[session, data, 'bai key fetch demo', 'echo "# mine" > .ssh/config'],
      "bai ssh demo 'git init -q project.git && git -C project.git -c user.name=you -c user.email=you commit -q --allow-empty -m first'",
    ],
  },
  'docs/files.md': {
    'bai sftp put -r data.csv src demo:': [session, data],
    'bai sftp sync --dry-run --delete src demo:src': [
      'for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do echo $n > src/$n.py; done',
      'head -c 1200 /dev/zero > src/main.py; echo > src/old.py',
      'bai sftp sync src demo:src',
      'rm src/old.py; touch -d 2026-01-01T00:00:00Z src/main.py',
    ],
    'bai sftp put -rn src data.csv demo:work': [
      'rm src/[0-9]*.py; head -c 1000 /dev/zero > data.csv',
      'bai sftp mkdir demo:work',
      'bai sftp put data.csv demo:work',
    ],
  },
  'docs/forwards.md': { 'bai forward demo 8080:80 jupyter': [session] },
  'docs/keys.md': {
    'bai key fetch demo': [session, 'bai key fetch demo'],
    'bai key authorize demo colleague.pub': [
      'ssh-keygen -q -t ed25519 -N "" -C colleague -f colleague; rm colleague',
    ],
    'bai key prune': ['bai session terminate --yes demo', session],
  },
  'docs/ssh.md': { 'bai ssh demo uname -s': [session] },
  'docs/quick-start.md': { 'bai local up': [data] },
  'docs/troubleshooting.md': {
    'bai doctor demo': [session],
    'bai --verbose ssh demo -- true': ['bai key fetch demo'],
  },
};

/** Pages that begin before anybody has named a manager. */
const beginnings = ['README.md', 'docs/quick-start.md'];

interface Doing extends Typing {
  /** What it ends with in place of 0. */
  readonly status?: number;
  /** What is wrong with the manager. */
  readonly fault?: Fault;
}

/** What belongs to a line beside typing it. */
const doings: Readonly<Record<string, Doing>> = {
  'bai login https://console.example.com': {
    answers: [
      [/E-mail: $/, 'you@example.com'],
      [/Password of .*: $/, password],
    ],
  },
  'bai session terminate demo': { answers: [[/\[y\/N\] $/, 'y']] },
  'bai key prune': { answers: [[/\[Y\/n\] $/, 'y']] },
  'bai key generate --ppk': {
    answers: [
      [/New passphrase.*: $/, ''],
      [/Same passphrase.*: $/, ''],
    ],
  },
  'bai app forward demo -p 12000': { until: /Ctrl-C closes/ },
  'bai app forward demo -p 12000 --for putty': { until: /Ctrl-C closes/ },
  'bai open sftp demo': { until: /Ctrl-C closes/ },
  'bai image list pytorch': { columns: 100 },
  'bai forward demo 8080:80 jupyter': { until: /Ctrl-C closes/, status: 130 },
  'bai doctor demo': {
    ...{ columns: 1_000, status: 5 },
    fault: { kind: 'answer', route: 'GET *tcpproxy*', body: '<html>not here</html>', status: 403 },
  },
};

/** Blocks that cannot be run: the page, the first line, and why. */
const leftOut: readonly (readonly [page: string, first: string, why: string])[] = [
  ['docs/adding-a-command.md', 'npm run build', 'the command is what the reader is about to write'],
];

/** These start bai again by its place, which is that of the program that was built. */
const startsItself = /^bai (?:ssh-config install|local up|.* --background)$/;

const [home, programs] = [tempFolder(), tempFolder()];
let emulator: Emulator;
let environment: Record<string, string>;
/** What is typed in the place of words, with the reason. */
let instead: readonly (readonly [why: string, what: RegExp, words: string])[];

beforeAll(async () => {
  const program = (name: string, text: string): void => {
    writeFileSync(join(programs.path, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(programs.path, name), 0o755);
  };
  program('bai', `exec '${process.execPath}' '${launcher}' "$@"`);
  // It goes by the home of the account, not by HOME.
  program('ssh', `PATH=\${PATH#*:} exec ssh -F "$HOME/.ssh/config" "$@"`);
  for (const name of ['code', 'xdg-open', 'wl-copy', 'browser']) program(name, 'cat > /dev/null < /dev/null');
  const desktop = { DISPLAY: ':0', WAYLAND_DISPLAY: 'wayland-0', BROWSER: join(programs.path, 'browser') };
  // Nobody's keyring is touched.
  const env = { ...desktop, TERM: 'xterm', NO_COLOR: '1', BAI_SECRET_STORE: 'file' };
  environment = cleanEnvironment({ home: home.path, env });
  environment['PATH'] = [programs.path, environment['PATH']].join(delimiter);
  Object.assign(process.env, { HOME: home.path, PATH: environment['PATH'] });
  process.chdir(home.path);
});
afterAll(() => {
  process.chdir('/');
  for (const folder of [home, programs]) folder[Symbol.dispose]();
});

async function openManager(): Promise<void> {
  emulator = await startEmulator({
    homesRoot: join(programs.path, 'homes'),
    stepDelayMs: 5,
    accounts: [{ ...defaultAccount, email: 'you@example.com', sshKeypair: 'made', signIn: { password } }],
    console: {},
  });
  instead = [
    ['an example', /https:\/\/console\.example\.com/, emulator.console?.endpoint ?? ''],
    ['somebody may have the port', /\b8080(?=:80\b)/, `${await freePort()}`],
    ['somebody may have the port', /(?<=-p )12000\b/, `${await freePort()}`],
    [
      'the containers of the emulator have the name of this machine',
      /\bhostname$/,
      'printenv BACKENDAI_CLUSTER_HOST',
    ],
    ['rates are measured for a second each', /(?<=speedtest demo)$/, ' --seconds 0.05'],
  ];
}

async function signIn(): Promise<void> {
  await run(`bai config set endpoint ${emulator.endpoint}`);
  await run(`bai config set accessKey ${emulator.accessKey}`);
  await run('bai config set secretKey', { answers: [[/: $/, emulator.secretKey]] });
}

/** A line at the prompt of a shell; `bai` costs no start where it can be in this process. */
async function run(typed: string, doing: Doing = {}): Promise<{ code: number; lines: string[] }> {
  const line = instead.reduce((text, [, what, words]) => text.replace(what, words), typed);
  // Whatever does not end says so with its line.
  const limit = AbortSignal.timeout(60_000);
  if (startsItself.test(typed)) {
    using terminal = openTerminal({ home: home.path, env: environment }, ['/bin/sh', '-c', line]);
    const kill = (): void => terminal.pty.kill('SIGTERM');
    limit.addEventListener('abort', kill);
    const code = await terminal.ended.finally(() => limit.removeEventListener('abort', kill));
    return { code, lines: linesOf(standing(terminal.screen())) };
  }
  if (line.startsWith('bai ')) {
    const seen = await typeHere(splitWords(line).slice(1), environment, doing, limit);
    return { code: seen.code, lines: linesOf(seen.screen) };
  }
  const child = spawn('/bin/sh', ['-c', `{ ${line}\n} 2>&1`], { env: environment, cwd: home.path });
  child.stdin.end();
  const { code, stdout } = await finished(child);
  return { code, lines: linesOf(stdout) };
}

/** As the account and the machine of the pages have them. */
function linesOf(printed: string): string[] {
  const known = printed
    .replaceAll(home.path, '/home/you')
    .replaceAll(emulator.console?.endpoint ?? '', 'https://console.example.com')
    .replaceAll(emulator.endpoint, 'https://api.example.com')
    .replaceAll(`${userInfo().username}@${hostname()}`, 'you@laptop')
    // What keeps the tests off the keyring is told as well.
    .replaceAll(/^.*\(BAI_SECRET_STORE\)\n/gm, '')
    // Asked for beside the way into a session: the answer comes at any moment, or nobody waits for it any more.
    .replaceAll(/^\d\.\d+s http +POST \S+\/(?:download_single|gql): .*\n?/gm, '')
    .trimEnd();
  return known.split('\n').slice(known === '' ? 1 : 0);
}

async function follow({ typed, shown }: Step): Promise<void> {
  const doing = doings[typed] ?? {};
  using _fault = doing.fault && emulator.faults.add(doing.fault);
  const { code, lines } = await run(typed, doing);
  expect.soft(code, `${typed}\n${lines.join('\n')}`).toBe(doing.status ?? 0);
  if (!areShown(shown, lines)) expect.soft(lines.map(shapeOf), typed).toEqual(shown.map(shapeOf));
}

const shownPages = pages.flatMap(({ name, blocks }) => {
  const runnable = blocks.filter(
    ([first]) => !leftOut.some(([page, line]) => page === name && line === first?.typed),
  );
  return runnable.length === 0 ? [] : [{ name, blocks: runnable }];
});

describe.skipIf(process.platform === 'win32')('a terminal shows the same as', () => {
  afterEach(async () => {
    // Where a page ends in the middle.
    for (const line of ['bai forward stop --all', 'bai local down']) await run(line);
    await emulator[Symbol.asyncDispose]();
    for (const name of readdirSync(home.path)) rmSync(join(home.path, name), { recursive: true });
  });

  test.each(shownPages)('$name', async ({ name, blocks }) => {
    await openManager();
    if (!beginnings.includes(name)) await signIn();
    for (const steps of blocks) {
      for (const line of before[name]?.[steps[0]?.typed ?? ''] ?? []) {
        const { code, lines } = await run(line);
        expect(code, `${line}\n${lines.join('\n')}`).toBe(0);
      }
      for (const step of steps) await follow(step);
    }
  });
});

const firstLines = new Map(pages.map(({ name, blocks }) => [name, blocks.map(([first]) => first?.typed)]));

test.each(leftOut)('%s has the block that begins with `%s`, which is left out: %s', (page, first) => {
  expect(firstLines.get(page)).toContain(first);
});

test('what is prepared is for blocks and lines that there are', () => {
  const wanted = Object.entries(before).flatMap(([page, blocks]) =>
    Object.keys(blocks).filter((first) => firstLines.get(page)?.includes(first) !== true),
  );
  const typed = pages.flatMap(({ blocks }) => blocks.flat().map((step) => step.typed));
  expect([...wanted, ...Object.keys(doings).filter((line) => !typed.includes(line))]).toEqual([]);
});

test.each(pages)('each line with a prompt of $name is in a console block', ({ blocks, prompts }) => {
  expect(blocks.flat()).toHaveLength(prompts);
});
