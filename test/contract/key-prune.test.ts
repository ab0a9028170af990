import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { finished, launcher, untilPrinted } from '../support/bai.ts';
import { makeKey } from '../support/ssh-agent.ts';
import { openTerminal } from '../support/terminal.ts';
import { type EmulatorBed, filesIn, openEmulator } from './app-bed.ts';

describe('bai key prune', () => {
  let bed: EmulatorBed;
  const ssh = (...parts: string[]): string => join(bed.home, '.ssh', ...parts);

  beforeEach(async () => {
    bed = await openEmulator();
    onTestFinished(() => bed[Symbol.asyncDispose]());
  });

  /** A session with a key of its own, which bai has fetched; the file. */
  async function sessionWithKey(name: string): Promise<string> {
    const id = await bed.create(name);
    const home = bed.emulator.sessions.get(id).home ?? '';
    const own = join(bed.home, name);
    makeKey(own);
    writeFileSync(join(home, 'id_container'), readFileSync(own));
    writeFileSync(join(home, '.ssh/authorized_keys'), readFileSync(`${own}.pub`));
    const ran = await bed.bai(['ssh', name, '--client', 'system', '--', 'true']);
    expect(ran.code, ran.stderr).toBe(0);
    return /saved the session's key as (.*)/.exec(ran.stderr)?.[1] ?? '';
  }

  async function end(name: string): Promise<void> {
    expect((await bed.bai(['session', 'terminate', name])).code).toBe(0);
    expect((await bed.bai(['session', 'list'])).stdout).not.toContain(name);
  }

  const prune = (...words: string[]) => bed.bai(['key', 'prune', ...words]);

  test('the key of a session that is gone is removed, that of a live one stays, and each is said', async () => {
    const gone = await sessionWithKey('first');
    const live = await sessionWithKey('second');
    await end('first');
    const dry = await prune('--dry-run');
    expect(dry.stdout).toContain(`would remove ${gone} (SHA256:`);
    expect(existsSync(gone)).toBe(true);
    const { code, stdout } = await prune('--yes');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^removed ${gone} \\(SHA256:.*\\)\nkept ${live}: session second uses this key\n$`),
    );
    expect(filesIn(ssh())).toEqual([live.slice(ssh().length + 1)]);
    // What is gone is no longer bai's: the same key put there by hand is not touched.
    writeFileSync(gone, readFileSync(join(bed.home, 'first')), { mode: 0o600 });
    expect((await prune('--yes')).stdout).not.toContain(`${gone} `);
    expect(existsSync(gone)).toBe(true);
  });

  test('what key rotate saved stays while new sessions accept it, and goes when the account has another key', async () => {
    const rotated = JSON.parse((await bed.bai(['key', 'rotate', '--json'])).stdout);
    expect((await prune('--yes')).stdout).toBe(
      `kept ${rotated.path}: new sessions accept it (\`bai key rotate\` saved it)\n`,
    );
    const again = JSON.parse((await bed.bai(['key', 'rotate', '--json'])).stdout);
    const { code, stdout } = await prune('--yes');
    expect(code).toBe(0);
    expect(stdout).toContain(`removed ${again.previous.path} (${rotated.fingerprint})`);
    expect(stdout).toContain(`kept ${again.path}: new sessions accept it`);
  });

  test('the file for PuTTY goes with the key it was made of', async () => {
    const path = await sessionWithKey('first');
    const child = bed.start(['app', 'forward', 'first', '--for', 'plink']);
    await untilPrinted(child, 'stdout', /plink/);
    const ended = finished(child);
    child.kill('SIGTERM');
    await ended;
    expect(existsSync(`${path}.ppk`)).toBe(true);
    await end('first');
    expect((await prune('--yes')).stdout).toContain(`removed ${path}.ppk (SHA256:`);
    expect(filesIn(ssh())).toEqual([]);
  });

  test('a file stays while any live session has the same key, also one that bai never was in', async () => {
    const [first, other] = [await bed.create('first'), await bed.create('second')];
    const keyOf = (id: string): string => join(bed.emulator.sessions.get(id).home ?? '', 'id_container');
    copyFileSync(keyOf(first), keyOf(other));
    const fetched = await bed.bai(['key', 'fetch', 'first']);
    await end('first');
    expect((await prune('--yes', '--json')).stdout).toMatch(
      /"removed": \[\][\s\S]*"reason": "in-use",\s*"session": "second"/,
    );
    expect(existsSync(fetched.stdout.trim())).toBe(true);
    await end(other);
    expect(JSON.parse((await prune('--yes', '--json')).stdout)).toMatchObject({
      dryRun: false,
      removed: [{ path: fetched.stdout.trim() }],
      kept: [],
    });
    expect(filesIn(ssh())).toEqual([]);
  });

  test('never a file that bai did not write, nor one that was changed, and never through a link', async () => {
    mkdirSync(ssh(), { mode: 0o700 });
    makeKey(ssh('id_container'));
    const mine = readFileSync(ssh('id_container'));
    const changed = await sessionWithKey('first');
    const linked = await sessionWithKey('second');
    await end('first');
    await end('second');
    makeKey(join(bed.home, 'new'));
    writeFileSync(changed, readFileSync(join(bed.home, 'new')));
    renameSync(linked, join(bed.home, 'elsewhere'));
    symlinkSync(join(bed.home, 'elsewhere'), linked);
    const { stdout } = await prune('--yes');
    expect(stdout.split('\n').sort()).toEqual([
      '',
      ...[
        `kept ${changed}: it is not the key that bai wrote`,
        `kept ${linked}: it is a link or a folder now, which bai did not write`,
      ].sort(),
    ]);
    expect(readFileSync(ssh('id_container'))).toEqual(mine);
    expect(lstatSync(linked).isSymbolicLink()).toBe(true);
    expect(existsSync(join(bed.home, 'elsewhere'))).toBe(true);
  });

  test('a manager that does not answer, or another account: nothing is removed', async () => {
    const path = await sessionWithKey('first');
    await end('first');
    const other = await prune('--yes', '--endpoint', bed.emulator.endpoint.replace('127.0.0.1', 'localhost'));
    expect(other.stdout).toBe(`kept ${path}: it is of another manager or account\n`);
    bed.emulator.faults.add({ kind: 'reset', route: '* /admin/*' });
    const failed = await prune('--yes');
    expect([failed.code === 0, failed.stdout], failed.stderr).toEqual([false, '']);
    expect(existsSync(path)).toBe(true);
  });

  test('two at once: both end well, and the file is gone', async () => {
    const path = await sessionWithKey('first');
    await end('first');
    const runs = await Promise.all([prune('--yes'), prune('--yes'), prune('--yes')]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(runs.filter(({ stdout }) => stdout.includes(`removed ${path}`))).toHaveLength(1);
    expect(filesIn(ssh())).toEqual([]);
  });

  test('it asks on a terminal, and nothing is removed without a yes', async () => {
    const path = await sessionWithKey('first');
    await end('first');
    const refused = await prune();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--yes');
    using terminal = openTerminal({ home: bed.home, env: bed.env });
    terminal.type(`'${process.execPath}' '${launcher}' key prune\r`);
    await terminal.see(/remove [\s\S]*id_container[\s\S]*\? \[Y\/n\]/);
    terminal.type('n\r');
    await terminal.see(/local\$ /);
    expect(existsSync(path)).toBe(true);
    terminal.type(`'${process.execPath}' '${launcher}' key prune\r`);
    await terminal.see(/\[Y\/n\]/);
    terminal.type('y\r');
    await terminal.see(/removed/);
    expect(existsSync(path)).toBe(false);
  });
});
