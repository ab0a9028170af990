/**
 * How often commands wait for the far end of the line. A flight is a change of direction in which the client waited: that a TCP
 * connection stands is one, an answer is one, and what is answered at the same time is one together.
 */

import { chmod, copyFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { canCountFlights, type FlightCounter, startFlightCounter } from '../support/flights.ts';
import { sshServers, type TestSshd } from '../support/sshd.ts';

let bed: EmulatorBed;
let line: FlightCounter;

beforeAll(async () => {
  bed = await openEmulator();
  line = await startFlightCounter(Number(new URL(bed.emulator.endpoint).port));
  await writeFile(join(bed.home, 'small'), 'abc');
});
afterAll(async () => {
  await line[Symbol.asyncDispose]();
  await bed[Symbol.asyncDispose]();
});

async function run(args: readonly string[], user?: string): Promise<number> {
  const env = { BACKEND_ENDPOINT: `http://127.0.0.1:${line.port}`, ...(user && { BAI_USER: user }) };
  line.begin();
  const { code, stderr } = await bed.bai(args, { env });
  expect([args, code, stderr]).toEqual([args, 0, expect.any(String)]);
  return line.flights();
}

/** Of a second run, which knows the server and the session. */
async function flightsOf(args: readonly string[], user?: string): Promise<number> {
  await run(args, user);
  return await run(args, user);
}

describe.skipIf(!canCountFlights)('a command that knows the server waits', () => {
  test('twice for session list', async () => {
    expect([await flightsOf(['session', 'list']), line.log()]).toEqual([2, expect.anything()]);
  });

  describe.each(sshServers.filter(({ name, missing }) => name !== 'sshd' && missing === undefined))(
    'with $name',
    ({ start }) => {
      let server: TestSshd;
      let session: string;

      beforeEach(async () => {
        server = await start();
        session = `s${server.port}`;
        const id = await bed.create(session);
        const made = bed.emulator.sessions.get(id);
        Object.defineProperty(made, 'sshPort', { value: server.port });
        await copyFile(server.privateKeyPath, join(made.home ?? '', 'id_container'));
      });
      afterEach(() => server[Symbol.asyncDispose]());

      test.each([
        [4, ['ssh', '', '--', 'true']],
        [4, ['exec', '', 'true']],
        [6, ['sftp', 'put', 'small', ':small']],
        [6, ['sftp', 'get', ':small', 'back']],
      ] as const)('%i times for bai %j', async (most, words) => {
        if (words[1] === 'get') await run(['sftp', 'put', 'small', `${session}:small`], server.user);
        const args = words.map((word) => (word === '' || word.startsWith(':') ? `${session}${word}` : word));
        const flights = await flightsOf(args, server.user);
        expect({ flights, log: line.log() }).toEqual({
          flights: most,
          log: line.log().length === most ? line.log() : [],
        });
      });

      test('once more to put in place of what fewer may read than its new part', async () => {
        await run(['sftp', 'put', 'small', `${session}:narrow`], server.user);
        await chmod(join(server.home, 'narrow'), 0o600);
        expect(await run(['sftp', 'put', 'small', `${session}:narrow`], server.user)).toBe(7);
        expect((await stat(join(server.home, 'narrow'))).mode & 0o777).toBe(0o600);
        expect((await readdir(server.home)).filter((name) => name.includes('bai-part'))).toEqual([]);
      });
    },
  );
});
