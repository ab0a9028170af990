/** A client that shares no code of bai's transfers, ssh2-sftp-client, through `bai app forward`: what people's own programs do. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SftpClient from 'ssh2-sftp-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilPrinted } from '../support/bai.ts';
import { managerKinds } from '../support/managers.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { type RegressBed, regressServers } from './regress-bed.ts';

const mebibyte = 1024 * 1024;
const sizes = [0, 1, 32_768, 300_001, 8 * mebibyte + 1];

/** From the facts that it prints for programs. */
async function loginOf(child: ChildProcessWithoutNullStreams) {
  const [text] = await untilPrinted(child, 'stdout', /^\{[\s\S]*^\}\n/m);
  const { host, port, ssh }: Facts = JSON.parse(text);
  return { host, port, username: ssh.user, privateKey: readFileSync(ssh.identityFile) };
}

interface Facts {
  readonly host: string;
  readonly port: number;
  readonly ssh: { readonly user: string; readonly identityFile: string };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

for (const server of regressServers(managerKinds())) {
  const { name, missing } = server;
  const why = missing === undefined ? '' : ` (${missing})`;
  describe.skipIf(missing !== undefined)(`with the sshd of ${name}${why}`, () => {
    let place: RegressBed;
    let tunnel: ChildProcessWithoutNullStreams;
    let said = '';
    let client: SftpClient;
    let here: TempFolder;
    let folder: string;

    beforeAll(async () => {
      place = await server.open();
      here = tempFolder();
      const { bed, session, env } = place;
      tunnel = bed.start(['app', 'forward', session, '--json'], { env });
      tunnel.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      client = new SftpClient();
      await client.connect(await loginOf(tunnel));
      folder = `${await client.cwd()}/independent`;
      await client.mkdir(folder);
    });

    afterAll(async () => {
      try {
        await client?.rmdir(folder, true);
        await client?.end();
      } finally {
        tunnel?.kill('SIGTERM');
        here?.[Symbol.dispose]();
        await place?.[Symbol.asyncDispose]();
      }
    });

    const local = (file: string): string => join(here.path, file);

    /** Given a path, the client says that it is done before the file is written. */
    async function fetch(from: string, to: string): Promise<void> {
      const file = createWriteStream(to);
      await Promise.all([client.get(from, file), once(file, 'close')]);
    }

    test.each(sizes)(
      'a file of %i bytes goes there and comes back the same, piece by piece and at once',
      async (size) => {
        const bytes = randomBytes(size);
        writeFileSync(local('sent'), bytes);
        await client.put(local('sent'), `${folder}/by-stream`);
        await client.fastPut(local('sent'), `${folder}/at-once`);
        await fetch(`${folder}/at-once`, local('by-stream'));
        await client.fastGet(`${folder}/by-stream`, local('at-once'));
        for (const each of ['by-stream', 'at-once']) {
          expect(await client.stat(`${folder}/${each}`)).toMatchObject({ size, isFile: true });
          expect(digest(readFileSync(local(each)))).toBe(digest(bytes));
        }
      },
    );

    test('files are listed, renamed and deleted', async () => {
      const place = `${folder}/names`;
      await client.mkdir(`${place}/below/it`, true);
      const names = ['plain', 'with a blank', 'ünïcode-✓', '.hidden'];
      for (const each of names) await client.put(Buffer.from(each), `${place}/${each}`);
      const listed = async (): Promise<string[]> =>
        (await client.list(place)).map((each) => each.name).sort();
      expect(await listed()).toEqual([...names, 'below'].sort());
      await client.rename(`${place}/plain`, `${place}/below/it/moved`);
      await client.delete(`${place}/with a blank`);
      expect(await listed()).toEqual(['.hidden', 'below', 'ünïcode-✓'].sort());
      await fetch(`${place}/below/it/moved`, local('moved'));
      expect(readFileSync(local('moved'), 'utf8')).toBe('plain');
      await client.rmdir(place, true);
      expect(await client.exists(place)).toBe(false);
    });

    test('what is not there is refused in the words of SFTP', async () => {
      await expect(client.get(`${folder}/nothing`)).rejects.toMatchObject({ code: 2 });
      expect(said).not.toMatch(/failed/);
    });
  });
}
