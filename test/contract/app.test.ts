/** `bai app` on every manager: the app list, the port, one command over ssh, bytes both ways. */

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished, untilPrinted } from '../support/bai.ts';
import { managerKinds } from '../support/managers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import {
  dial,
  forward,
  freePort,
  listenersOn,
  openSession,
  readAll,
  type SessionBed,
  take,
  until,
} from './app-bed.ts';

const run = promisify(execFile);

describe.each(managerKinds().map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  let bed: SessionBed;

  beforeAll(async () => {
    bed = await openSession(kind);
  }, 120_000);

  afterAll(() => bed?.[Symbol.asyncDispose](), 60_000);

  test('app list shows sshd and its port, as columns and as JSON', async () => {
    const plain = await bed.bai(['app', 'list', bed.session]);
    expect(plain.stdout).toMatch(/^sshd\ttcp\t2200$/m);
    const json = await bed.bai(['app', 'list', bed.session, '--json']);
    expect(JSON.parse(json.stdout)).toContainEqual({ name: 'sshd', protocol: 'tcp', ports: [2200] });
  });

  test('app list and app ssh take the id as well as the name', async () => {
    expect((await bed.bai(['app', 'list', bed.id])).code).toBe(0);
    expect(await bed.bai(['app', 'ssh', bed.id, '--', 'echo $BACKENDAI_SESSION_ID'])).toMatchObject({
      code: 0,
      stdout: `${bed.id}\n`,
    });
  });

  test('Exceptions are printed but exit status is 0: a command’s status comes back unchanged', async () => {
    for (const status of [0, 1, 7, 127, 255]) {
      expect((await bed.bai(['app', 'ssh', bed.session, '--', `exit ${status}`])).code).toBe(status);
    }
  });

  test('stdin goes in, stdout and stderr come out apart, every byte as it is', async () => {
    const input = randomBytes(3 << 20);
    const command = 'tee /dev/stderr | sha256sum >&2; head -c 300000 /dev/zero';
    const ran = await bed.bai(['app', 'ssh', bed.session, '--', `cat | { ${command}; }`], { input });
    expect(ran.code).toBe(0);
    expect(ran.stdoutBytes.equals(Buffer.alloc(300_000))).toBe(true);
    expect(ran.stderr).toContain(createHash('sha256').update(input).digest('hex'));
    const echoed = await bed.bai(['app', 'ssh', bed.session, '--', 'cat'], { input });
    expect(echoed.stdoutBytes.equals(input)).toBe(true);
  });

  test('fixed local port 9922, a second concurrent ssh fails: any number run at once', async () => {
    const runs = Array.from({ length: 4 }, (_, index) =>
      bed.bai(['app', 'ssh', bed.session, '--', `echo ${index}`]),
    );
    expect((await Promise.all(runs)).map(({ stdout }) => stdout)).toEqual(['0\n', '1\n', '2\n', '3\n']);
  });

  test('a printed banner is the session’s, on a port that only 127.0.0.1 listens on', async () => {
    await using forwarded = await forward(bed, [bed.session]);
    expect(listenersOn(forwarded.port)).toEqual(['127.0.0.1']);
    const socket = await dial(forwarded.port);
    expect((await take(socket, 20)).toString()).toMatch(/^SSH-2\.0-/);
    socket.destroy();
  });

  test('twenty ssh at once through one forwarder all get in, five at a time', async () => {
    await using forwarded = await forward(bed, [bed.session]);
    const ready = await bed.bai(['app', 'ssh', bed.session, '--', 'true']);
    expect(ready.code).toBe(0);
    const options = sshOptions(bed, forwarded.port);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        run('ssh', [...options, `echo ${index}`], { env: envOf(bed) }),
      ),
    );
    expect(answers.map(({ stdout }) => stdout)).toEqual(
      Array.from({ length: 20 }, (_, index) => `${index}\n`),
    );
    expect(forwarded.stderr()).not.toContain('warning');
  });

  test('local half-close: a command that answers after its input ended answers in full, 6 of 6', async () => {
    // Below the 2 MiB that OpenSSH lets a server send unasked: the sessions' dropbear sends on without leave.
    const command = 'cat >/dev/null; head -c 1048576 /dev/zero';
    for (let round = 0; round < 6; round += 1) {
      const answer = await bed.bai(['app', 'ssh', bed.session, '--', command], { input: 'a request\n' });
      expect([answer.code, answer.stdoutBytes.length, answer.stderr]).toEqual([0, 1 << 20, '']);
    }
  });

  test.runIf(kind.isGenuine)(
    'a client that closes its sending half still gets the whole page, 6 of 6',
    async () => {
      const child = bed.start(['app', 'forward', bed.session, 'ttyd', '--json']);
      const [, port] = await untilPrinted(child, 'stdout', /"port": (\d+)/);
      for (let round = 0; round < 6; round += 1) {
        const socket = await dial(Number(port));
        socket.end(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
        // A web console passes on no end of a connection: there a page ends where it says so itself.
        const { bytes, error } = await (kind.signIn === 'console' ? readPage(socket) : readAll(socket));
        expect(error).toBeUndefined();
        const { said, came } = lengthOf(bytes);
        expect(said).toBeGreaterThan(1_000);
        expect(came).toBe(said);
      }
      const ended = finished(child);
      child.kill('SIGTERM');
      expect(await ended).toMatchObject({ code: 0, stderr: '' });
    },
  );

  test('each printed command really runs: ssh, sftp, scp, and rsync where the session has it', async () => {
    using work = tempFolder();
    const content = randomBytes(3 << 20);
    mkdirSync(join(work.path, 'FOLDER'));
    for (const name of ['FILE', 'FOLDER/x']) writeFileSync(join(work.path, name), content);
    const child = bed.start(['app', 'ssh', bed.session, '--no-client', '--json']);
    const [text] = await untilPrinted(child, 'stdout', /^\{[\s\S]*^\}\n/m);
    const { commands }: { commands: Record<string, string> } = JSON.parse(text).ssh;
    const shell = (command = '', input = '') => {
      const ran = run('sh', ['-c', command], { cwd: work.path, env: envOf(bed) });
      ran.child.stdin?.end(input);
      return ran;
    };
    expect((await shell(`${commands['ssh']} 'echo in'`)).stdout).toBe('in\n');
    await shell(commands['sftp'], 'put FILE by-sftp\nget by-sftp back\n');
    expect(readFileSync(join(work.path, 'back')).equals(content)).toBe(true);
    const sum = `${createHash('sha256').update(content).digest('hex')}  `;
    await shell(commands['scp']);
    expect((await shell(`${commands['ssh']} sha256sum FILE`)).stdout).toBe(`${sum}FILE\n`);
    const { stdout: rsync } = await shell(`${commands['ssh']} 'command -v rsync || true'`);
    if (rsync !== '') {
      await shell(commands['rsync']);
      expect((await shell(`${commands['ssh']} sha256sum FOLDER/x`)).stdout).toBe(`${sum}FOLDER/x\n`);
    }
    const ended = finished(child);
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });

  test('an unknown app is named, with those there are, and nothing hangs', async () => {
    const unknown = await bed.bai(['app', 'forward', bed.session, 'no-such-app']);
    expect(unknown.code).toBe(4);
    expect(unknown.stderr).toMatch(/no-such-app[\s\S]*sshd/);
    expect(unknown.stdout).toBe('');
  });

  test('an http app shows its URL', async () => {
    const child = bed.start(['app', 'forward', bed.session, 'ttyd', '--json']);
    child.stdout.setEncoding('utf8');
    const [text]: string[] = (await once(child.stdout, 'data')) as string[];
    const shown: unknown = JSON.parse(text ?? '');
    expect(shown).toMatchObject({
      app: 'ttyd',
      host: '127.0.0.1',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
    });
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  test('the preferred port comes from --port, then BAI_SSH_PORT, then the sshPort setting', async () => {
    const [flag, variable, setting] = [await freePort(), await freePort(), await freePort()];
    expect((await bed.bai(['config', 'set', 'sshPort', String(setting)])).code).toBe(0);
    const env = { BAI_SSH_PORT: String(variable) };
    {
      await using forwarded = await forward(bed, [bed.session]);
      expect(forwarded.port).toBe(setting);
    }
    {
      await using forwarded = await forward(bed, [bed.session], { env });
      expect(forwarded.port).toBe(variable);
    }
    {
      await using forwarded = await forward(bed, [bed.session, '--port', String(flag)], { env });
      expect(forwarded.port).toBe(flag);
    }
    expect((await bed.bai(['config', 'unset', 'sshPort'])).code).toBe(0);
  });

  test('a taken port means a random one between 10000 and 65000, and bai says so', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    try {
      await using forwarded = await forward(bed, [bed.session, '-p', port]);
      expect(forwarded.port).toBeGreaterThanOrEqual(10_000);
      expect(forwarded.port).toBeLessThanOrEqual(65_000);
      expect(forwarded.stderr()).toContain(`port ${port} is not free; using ${forwarded.port}`);
      const strict = await bed.bai(['app', 'ssh', bed.session, '-p', port, '--strict-port', '--', 'true']);
      expect(strict.code).toBe(6);
      expect(strict.stderr).toContain(`port ${port}`);
    } finally {
      taken.close();
    }
  });

  test('a host key that changed is refused, and forgetting it learns the new one', async () => {
    await bed.bai(['app', 'ssh', bed.session, '--', 'true']);
    const shown = await bed.bai(['host-key', 'show', bed.session]);
    expect(shown.stdout).toMatch(/^ssh-rsa SHA256:\S+ MD5:/);
    expect((await bed.bai(['host-key', 'forget', bed.session])).code).toBe(0);
    expect((await bed.bai(['host-key', 'show', bed.session])).code).toBe(4);
    expect((await bed.bai(['app', 'ssh', bed.session, '--', 'true'])).code).toBe(0);
    expect((await bed.bai(['host-key', 'show', bed.session])).stdout).toBe(shown.stdout);
  });

  test('the session ends under an open tunnel: the connection is closed, and bai says so and ends', async () => {
    await using forwarded = await forward(bed, [bed.session]);
    const open = await dial(forwarded.port);
    await take(open, 4);
    open.resume();
    const closed = new Promise<void>((resolve) => open.once('close', () => resolve()));
    open.on('end', () => open.end());
    expect((await bed.bai(['session', 'terminate', bed.session])).code).toBe(0);
    await closed;
    // Managers from 25.13 answer before it has ended.
    await until(
      async () =>
        /"status":\s*"TERMINATED"/.test((await bed.bai(['session', 'info', bed.id, '--json'])).stdout),
      'the session is gone',
    );
    await until(() => forwarded.child.exitCode !== null, 'bai has ended');
    expect(forwarded.child.exitCode).toBe(12);
    expect(forwarded.stderr()).toMatch(/^error: session .* has ended/m);
    const again = await bed.bai(['app', 'ssh', bed.session, '--', 'true']);
    expect(again.code).toBe(4);
    expect(again.stderr).toMatch(/has ended|no session/);
  });
});

/** ssh's words for this session, as bai itself would write them. */
function sshOptions(bed: SessionBed, port: number): string[] {
  return [
    '-F/dev/null',
    '-p',
    String(port),
    '-i',
    `${bed.home}/.ssh/id_container`,
    `-oUserKnownHostsFile=${bed.home}/.local/share/bai/known_hosts`,
    `-oHostKeyAlias=bai-${bed.id}`,
    '-oStrictHostKeyChecking=yes',
    'work@127.0.0.1',
  ];
}

function envOf(bed: SessionBed): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: bed.home };
}

function lengthOf(bytes: Buffer): { readonly said: number; readonly came: number } {
  const page = bytes.toString('latin1');
  const length = /^content-length:\s*(\d+)/im.exec(page)?.[1];
  return { said: Number(length), came: page.length - page.indexOf('\r\n\r\n') - 4 };
}

/** As browsers do: as far as it says, or to its end when that comes first. */
async function readPage(socket: Socket): ReturnType<typeof readAll> {
  let bytes = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    const { said, came } = lengthOf(bytes);
    if (came >= said) socket.destroy();
  });
  const { error } = await readAll(socket);
  return { bytes, error };
}
