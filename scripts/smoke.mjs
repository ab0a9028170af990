/**
 * The main job with whatever bai is given, on every system and without a shell:
 *
 *     node scripts/smoke.mjs                          the build, on this Node
 *     node scripts/smoke.mjs dist-single/bai-linux-x64
 *     node scripts/smoke.mjs deno run -A bin/bai.cjs
 *
 * A local manager, a session, a command in it, files both ways, a forward that stays and one that goes on in the background.
 * Everything is in a temporary home, and gone at the end. The exit status is 1 when a step did not do what it is for.
 */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const given = process.argv.slice(2);
const launcher = fileURLToPath(new URL('../bin/bai.cjs', import.meta.url));
const [program, ...before] = given.length > 0 ? given.map(whole) : [process.execPath, launcher];
const home = mkdtempSync(join(tmpdir(), 'bai-smoke-'));
const files = join(home, 'files');
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(BAI|BACKEND)_/.test(name))),
  HOME: home,
  USERPROFILE: home,
  BAI_HOME: join(home, 'bai'),
  NO_COLOR: '1',
};
const longestMs = 60_000;
const mostText = 100_000;
const failed = [];

/** The steps run in a folder of their own. */
function whole(word) {
  return /[/\\]/.test(word) ? resolve(word) : word;
}

async function bai(...words) {
  const child = spawn(program, [...before, ...words], {
    cwd: files,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    timeout: longestMs,
  });
  const texts = ['', ''];
  for (const [index, stream] of [child.stdout, child.stderr].entries())
    stream.setEncoding('utf8').on('data', (chunk) => {
      texts[index] += texts[index].length < mostText ? chunk : '';
    });
  const closed = once(child, 'close');
  const [code] = await once(child, 'exit');
  // A process in the background may keep what it was given open.
  await Promise.race([closed, delay(500, undefined, { ref: false })]);
  return { code, stdout: texts[0], stderr: texts[1] };
}

async function step(name, work) {
  const startedAt = performance.now();
  try {
    await work();
    console.log(`ok   ${name} (${Math.round(performance.now() - startedAt)} ms)`);
  } catch (error) {
    failed.push(name);
    console.log(`FAIL ${name}: ${error.message}`);
  }
}

async function answers(words, expected = '') {
  const { code, stdout, stderr } = await bai(...words);
  if (code !== 0 || !stdout.includes(expected))
    throw new Error(`bai ${words.join(' ')}: status ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** What somebody who connects is answered. */
async function echoed(port) {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(longestMs, () => socket.destroy(new Error('no answer')));
  socket.end('hello');
  let text = '';
  for await (const chunk of socket) text += chunk;
  if (text !== 'hello') throw new Error(`port ${port} answered ${JSON.stringify(text)}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function mainJob(echo) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  await step('--version', () => answers(['--version'], version));
  await step('--help', () => answers(['--help'], 'Usage: bai'));
  await step('local up', () => answers(['local', 'up'], 'http://127.0.0.1:'));
  await step('session create', () => answers(['session', 'create', 'python:3.11', '--name', 'demo'], 'demo'));
  await step('session list', () => answers(['session', 'list'], 'demo'));
  for (const client of ['builtin', 'system'])
    await step(`ssh, ${client} client`, () =>
      answers(['ssh', 'demo', '--client', client, '--', 'echo', 'hello'], 'hello'),
    );
  const content = randomBytes(3_000_000);
  mkdirSync(join(files, 'tree', 'sub'), { recursive: true });
  writeFileSync(join(files, 'large'), content);
  for (let index = 0; index < 40; index += 1)
    writeFileSync(join(files, 'tree', 'sub', `f${index}`), content.subarray(0, index * 100));
  await step('sftp put', () => answers(['sftp', 'put', '--verify', '-r', 'large', 'tree', 'demo:']));
  await step('sftp get', async () => {
    await answers(['sftp', 'get', '--verify', 'demo:large', 'back']);
    if (!readFileSync(join(files, 'back')).equals(content)) throw new Error('other bytes came back');
  });
  await step('sftp sync', async () => {
    await answers(['sftp', 'sync', 'demo:tree', 'mirror']);
    const last = readFileSync(join(files, 'mirror', 'sub', 'f39'));
    if (!last.equals(content.subarray(0, 3900))) throw new Error('other bytes came back');
  });
  await forwards(echo);
  await step('session terminate', () => answers(['session', 'terminate', '--yes', 'demo']));
}

async function forwards(echo) {
  await step('forward', async () => {
    const port = await freePort();
    const words = ['forward', 'demo', `${port}:${echo}`];
    const child = spawn(program, [...before, ...words], { cwd: files, env: environment, windowsHide: true });
    const ended = once(child, 'close');
    try {
      const [line] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), ended]);
      if (!`${line}`.includes(`:${port}`)) throw new Error(`it said ${line}`);
      await echoed(port);
    } finally {
      child.kill();
      await ended;
    }
  });
  await step('forward --background', async () => {
    const port = await freePort();
    await answers(['forward', 'demo', `${port}:${echo}`, '--background'], `:${port}`);
    await echoed(port);
    await answers(['forward', 'list'], 'running');
    await answers(['forward', 'stop', '--all']);
  });
}

const server = createServer((socket) => socket.pipe(socket).on('error', () => {})).listen(0, '127.0.0.1');
try {
  mkdirSync(files);
  await once(server, 'listening');
  await mainJob(server.address().port);
} finally {
  await step('local down', () => answers(['local', 'down', '--yes']));
  server.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
console.log(failed.length === 0 ? 'all is well' : `${failed.length} failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
