/** The proof of the seam: with a provider of thirty lines, and nothing else of a platform, everything that goes into a session works. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished, untilPrinted } from '../support/bai.ts';
import { sshdMissing } from '../support/sshd.ts';
import { openStandInBed, type StandInBed } from '../support/stand-in/bed.ts';

let bed: StandInBed;

describe.skipIf(sshdMissing !== undefined)('a provider of thirty lines', () => {
  beforeAll(async () => {
    bed = await openStandInBed();
  });
  afterAll(async () => {
    await bed?.[Symbol.asyncDispose]();
  });

  test('its file is no longer than that', () => {
    const text = readFileSync(join(import.meta.dirname, '../support/stand-in/provider.ts'), 'utf8');
    const [, body = ''] = text.split('export const openStandIn');
    expect(body.trim().split('\n').length).toBeLessThanOrEqual(36);
  });

  test('session list and info', async () => {
    expect(await bed.bai(['session', 'list'])).toMatchObject({
      code: 0,
      stdout: 'demo\tbox-0001\n',
    });
    const { stdout } = await bed.bai(['session', 'info', 'demo', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ id: 'box-0001', name: 'demo' });
  });

  test.each(['builtin', 'system'])(
    'ssh with the %s client gives output, input and exit status',
    async (client) => {
      const ran = await bed.bai(['ssh', '--client', client, 'demo', 'cat; echo err >&2; exit 7'], 'typed');
      expect(ran).toMatchObject({ code: 7, stdout: 'typed', stderr: expect.stringContaining('err') });
    },
  );

  test('its host key is pinned at the first login', async () => {
    const shown = await bed.bai(['host-key', 'show', 'demo', '--json']);
    expect(shown.stdout).toContain(bed.server.hostKeyFingerprint);
  });

  test('exec, one command', async () => {
    const ran = await bed.bai(['exec', 'demo', 'echo', '$((6*7))']);
    expect(ran).toMatchObject({ code: 0, stdout: '42\n' });
    expect((await bed.bai(['exec', 'demo', '--json', 'exit 3'])).stdout).toContain('"status": 3');
  });

  test('sftp put, ls, get and sync', async () => {
    mkdirSync(join(bed.home, 'tree', 'sub'), { recursive: true });
    writeFileSync(join(bed.home, 'tree', 'a'), 'one');
    writeFileSync(join(bed.home, 'tree', 'sub', 'b'), 'two');
    expect(await bed.bai(['sftp', 'put', '-r', 'tree', 'demo:'])).toMatchObject({ code: 0 });
    expect(readFileSync(join(bed.server.home, 'tree', 'sub', 'b'), 'utf8')).toBe('two');
    expect((await bed.bai(['sftp', 'ls', 'demo:tree'])).stdout).toMatch(/\ba\b[\s\S]*\bsub\b/);
    expect(await bed.bai(['sftp', 'get', 'demo:tree/a', 'back'])).toMatchObject({ code: 0 });
    expect(readFileSync(join(bed.home, 'back'), 'utf8')).toBe('one');
    writeFileSync(join(bed.home, 'tree', 'a'), 'changed');
    expect(await bed.bai(['sftp', 'sync', 'tree', 'demo:tree'])).toMatchObject({ code: 0 });
    expect(readFileSync(join(bed.server.home, 'tree', 'a'), 'utf8')).toBe('changed');
  });

  test('app forward tells what any other client needs, and its port leads to the sshd', async () => {
    const child = bed.start(['app', 'forward', 'demo', '--json']);
    const ended = finished(child);
    const [text] = await untilPrinted(child, 'stdout', /\{[\s\S]*\n\}/);
    const told = JSON.parse(text);
    expect(told.ssh.commands.scp).toContain(bed.server.home);
    const command = told.ssh.commands.ssh as string;
    expect(execFileSync('sh', ['-c', `${command} echo through`], { encoding: 'utf8' })).toBe('through\n');
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });

  test('ssh-config: plain ssh, scp and sftp reach it by its name, and --stdio carries them', async () => {
    expect(await bed.bai(['ssh-config', 'install'])).toMatchObject({ code: 0 });
    for (const host of ['demo.bai', 'box-0001.bai']) {
      const ran = await bed.run('ssh', [
        '-F',
        bed.config,
        '-oIdentityAgent=none',
        '-i',
        keyPath(),
        host,
        'echo plain',
      ]);
      expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: 'plain\n' });
    }
    const copied = await bed.run('scp', ['-F', bed.config, '-i', keyPath(), 'demo.bai:tree/a', 'copied']);
    expect(copied, copied.stderr).toMatchObject({ code: 0 });
    expect(existsSync(join(bed.home, 'copied'))).toBe(true);
  });

  test('open gives an editor the host and the home', async () => {
    const opened = await bed.bai(['open', 'vscode', 'demo', 'tree', '--print']);
    expect(opened, opened.stderr).toMatchObject({
      code: 0,
      stdout: `vscode://vscode-remote/ssh-remote+demo.bai${bed.server.home}/tree\n`,
    });
    const child = bed.start(['open', 'sftp', 'demo', '--print']);
    const ended = once(child, 'close');
    const [url] = await untilPrinted(child, 'stdout', /sftp:\S+/);
    expect(url).toContain(bed.server.home);
    child.kill('SIGINT');
    await ended;
  });

  test.each([
    ['session create', ['session', 'create', 'python', '--name', 'other']],
    ['ssh --create', ['ssh', 'other', '--create', 'python', 'true']],
    ['session rename', ['session', 'rename', 'demo', 'other']],
    ['session terminate', ['session', 'terminate', 'demo', '--yes']],
    ['session logs', ['session', 'logs', 'demo']],
    ['app list', ['app', 'list', 'demo']],
    ['app forward of an app', ['app', 'forward', 'demo', 'jupyter']],
    ['ssh --node', ['ssh', 'demo', '--node', 'sub1', 'true']],
    ['exec --node', ['exec', 'demo', '--node', 'sub1', 'true']],
    ['exec --all-nodes', ['exec', 'demo', '--all-nodes', 'true']],
    ['key fetch', ['key', 'fetch', 'demo']],
    ['key status', ['key', 'status']],
    ['key rotate', ['key', 'rotate']],
    ['key upload', ['key', 'upload', '--yes']],
    ['key prune', ['key', 'prune', '--dry-run']],
  ])('%s says that there is no such thing, why, and what to do instead', async (_what, words) => {
    const ran = await bed.bai(['--json', ...words]);
    const { error } = JSON.parse(ran.stderr.trim().split('\n').at(-1) ?? '');
    expect([ran.code, error.code]).toEqual([2, 'unsupported']);
    expect(error.message).toMatch(/^The stand-in \w+/);
    expect(error.hint).toMatch(/\w+/);
  });

  test('without a key it says so, and how to make one', async () => {
    const away = `${keyPath()}.away`;
    renameSync(keyPath(), away);
    const ran = await bed.bai(['--json', 'ssh', '--client', 'builtin', 'demo', 'true']);
    renameSync(away, keyPath());
    expect(JSON.parse(ran.stderr)).toMatchObject({
      error: { code: 'no-own-key', hint: expect.stringContaining('bai key generate') },
    });
  });

  test('another host key is refused, as with any provider', async () => {
    await bed.changeHostKey();
    for (const client of ['builtin', 'system']) {
      const ran = await bed.bai(['ssh', '--client', client, 'demo', 'true']);
      expect(ran.code).toBe(255);
      expect(ran.stderr).toMatch(/host key/i);
    }
  });
});

function keyPath(): string {
  return join(bed.home, '.ssh', 'id_ed25519');
}
