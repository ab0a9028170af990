/**
 * What bai prints with each release of Node that is here: the one that runs the tests, and those that `npm run test:nodes` has
 * fetched. A release that warns of something old in bai or its libraries would do so on every user's terminal.
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanEnvironment, finished, launcher } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const folderOfNodes = process.env['BAI_TEST_NODES'] ?? join(homedir(), '.cache/bai-test/nodes');
const inFolder = (release: string): string =>
  join(folderOfNodes, release, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
const fetched = existsSync(folderOfNodes) ? readdirSync(folderOfNodes) : [];
const nodes = [
  ['the Node of this run', process.execPath],
  ...fetched
    .map((release) => [`Node ${release}`, inFolder(release)] as const)
    .filter(([, node]) => existsSync(node)),
] as const;

let home: TempFolder;
let run: (line: string, input?: string) => Promise<{ code: number; stdout: string; stderr: string }>;

beforeEach(() => {
  home = tempFolder();
});

afterEach(async () => {
  await run('local down');
  home[Symbol.dispose]();
});

/** A dozen and more that take different ways: libraries, protocols, files, child processes. */
const lines = [
  '--version',
  '--help',
  'session create --help',
  'config set sshPort 12345',
  'config list --json',
  'config unset sshPort',
  'key generate --output here --no-passphrase --json',
  'key convert here --to ppk',
  'key list',
  'session create python --name demo --mount data --json',
  'session list',
  'session list --json',
  'session info demo',
  'app list demo',
  'key fetch demo',
  'ssh demo --client builtin -- true',
  'ssh demo --client system -- true',
  'exec demo -- true',
  'host-key show demo',
  'sftp put file demo:data/',
  'sftp get demo:data/file back',
  'sftp put -r tree demo:data/',
  'sftp sync demo:data/tree copy',
  'sftp ls demo:data',
  'ssh-config print',
  'session terminate demo',
];

test.each(nodes)(
  '%s has no word of its own between what bai prints',
  async (_, node) => {
    // A proxy is looked up and not used.
    const env = { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' };
    run = (line, input) => {
      const options = { cwd: home.path, env: cleanEnvironment({ home: home.path, env }) };
      const child = spawn(node, [launcher, ...line.split(' ')], options);
      child.stdin.end(input);
      return finished(child);
    };
    mkdirSync(join(home.path, 'tree'));
    for (const path of ['file', 'tree/a', 'tree/b']) writeFileSync(join(home.path, path), path);
    expect(await run('local up --quiet')).toMatchObject({ code: 0, stderr: '' });
    const wrong: unknown[] = [];
    for (const line of lines) {
      const { code, stderr } = await run(`${line} --quiet`);
      if (code !== 0 || stderr !== '') wrong.push({ line, code, stderr });
    }
    expect(wrong).toEqual([]);
    expect(readFileSync(join(home.path, '.local/share/bai/local.log'), 'utf8')).not.toMatch(/warning|node:/i);
    // Thirty processes, one after the other.
  },
  300_000,
);
