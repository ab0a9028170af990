/**
 * Puts that are interrupted or cut while further channels are opened, at each event there: a request that goes out or is
 * answered on one of them. A failed read must not be taken for an empty file, nor the part for another program's.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SFTPWrapper } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InterruptedError, UnreachableError } from '../../src/errors.ts';
import type { SftpConnection } from '../../src/transfer/engine/sftp-connection.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { connectFully } from '../support/ssh-session.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { content, type TempFolder, tempFolder, tree, watch } from './transfer-session.ts';

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;
const size = 9_000_000;
const bytes = content(size);
/** Each way: so long a line gets several channels at once. */
const delayMs = 6;
/** What happens on a channel that is added, in order: the part is opened, and its mark read, before anything is written. */
const events = [
  'opening',
  'opened',
  'open sent',
  'open answered',
  'read sent',
  'read answered',
  'write sent',
  'write answered',
  // The second one is asked when the part has lost its mark.
  'lstat sent',
  'lstat answered',
];
/** Of each, the first ones; more of them for a long search. */
const times = Number(process.env['BAI_TEST_MOMENTS'] ?? 2);

describe.skipIf(sshdMissing !== undefined)(`with sshd${why}`, () => {
  let server: TestSshd;
  let relay: Relay;
  let local: TempFolder;
  let count = 0;

  beforeAll(async () => {
    server = await startSshd();
    relay = await startRelay(server.port, { delayMs });
    local = await tempFolder();
    await writeFile(join(local.path, 'big.bin'), bytes);
  });
  afterAll(async () => {
    for (const each of [relay, server, local]) await each?.[Symbol.asyncDispose]();
  });

  interface Put {
    /** Called at each event of a channel that was added, before it has an effect. */
    readonly onEvent?: (event: string) => void;
    readonly signal?: AbortSignal;
    /** Whether a lost connection is made again. */
    readonly dials?: boolean;
  }

  async function put(target: string, { onEvent = () => {}, signal, dials = true }: Put = {}) {
    const dial = async (): Promise<SftpConnection> =>
      watched(await connectFully({ ...server, port: relay.port }, signal), onEvent);
    const resume = { folder: join(local.path, 'state'), peer: 'test' };
    await mkdir(resume.folder, { recursive: true });
    await using files = createRemoteFiles(await dial(), {
      signal: signal ?? new AbortController().signal,
      resume,
      ...(dials && { dial }),
    });
    const job = { sources: [join(local.path, 'big.bin')], target, recursive: false };
    return await files.put(job, watch());
  }

  /** Acts once, at the event of that number. */
  function at([wanted, time]: Moment, act: () => void) {
    let seen = 0;
    return {
      onEvent: (event: string): void => {
        seen += event === wanted ? 1 : 0;
        if (event === wanted && seen === time) act();
      },
      hasStruck: (): boolean => seen >= time,
    };
  }

  async function isWhole(target: string): Promise<boolean> {
    return bytes.equals(await readFile(join(server.home, target)));
  }

  /** In a long search there may be fewer channels or pieces than that. */
  function isBeyond([, time]: Moment, hasStruck: () => boolean): boolean {
    expect(hasStruck() || time > 2).toBe(true);
    return !hasStruck();
  }

  async function isKept(target: string): Promise<boolean> {
    return (await tree(server.home)).includes(`.${target}.bai-part`);
  }

  type Moment = readonly [event: string, time: number];
  const moments: readonly Moment[] = events.flatMap((event) =>
    Array.from({ length: times }, (_, index) => [event, index + 1] as const),
  );

  test.each(moments)(
    'Ctrl-C at "%s" (%i): "another program replaced .big.bin.bai-part"',
    async (...moment) => {
      const target = `interrupted-${++count}`;
      const interrupt = new AbortController();
      const { onEvent, hasStruck } = at(moment, () => interrupt.abort(new InterruptedError()));
      const outcome = await put(target, { onEvent, signal: interrupt.signal }).catch(
        (error: unknown) => error,
      );
      if (isBeyond(moment, hasStruck)) return;
      expect(outcome).toMatchObject({ exitCode: 130 });
      // What was kept is gone on with, unless the server had confirmed nothing of it yet.
      const most = (await isKept(target)) ? 1 : 0;
      const again = await put(target);
      expect(again).toMatchObject({ files: 1, failed: [] });
      expect(again.resumed).toBeLessThanOrEqual(most);
      expect(await isWhole(target)).toBe(true);
      expect(await isKept(target)).toBe(false);
    },
  );

  test.each(moments)('a cut at "%s" (%i) is mended within the run', async (...moment) => {
    const target = `mended-${++count}`;
    const { onEvent, hasStruck } = at(moment, relay.cut);
    const summary = await put(target, { onEvent });
    if (isBeyond(moment, hasStruck)) return;
    expect(summary).toMatchObject({ files: 1, failed: [] });
    expect(summary.retries).toBeGreaterThan(0);
    expect(await isWhole(target)).toBe(true);
  });

  test.each(moments)(
    'a cut at "%s" (%i) that nothing mends is a lost connection, and kept',
    async (...moment) => {
      const target = `cut-${++count}`;
      const { onEvent, hasStruck } = at(moment, relay.cut);
      const outcome = await put(target, { onEvent, dials: false }).catch((error: unknown) => error);
      if (isBeyond(moment, hasStruck)) return;
      expect(outcome).toBeInstanceOf(UnreachableError);
      expect(await put(target)).toMatchObject({ files: 1 });
      expect(await isWhole(target)).toBe(true);
      expect(await isKept(target)).toBe(false);
    },
  );
});

function watched(connection: SftpConnection, onEvent: (event: string) => void): SftpConnection {
  watchCalls(connection.sftp, 'lstat', onEvent);
  return {
    ...connection,
    async openChannel() {
      onEvent('opening');
      const sftp = await connection.openChannel?.();
      if (sftp === undefined) throw new Error('there are no further channels');
      onEvent('opened');
      for (const name of ['open', 'read', 'write', 'lstat'] as const) watchCalls(sftp, name, onEvent);
      return sftp;
    },
  };
}

type Call = (...args: unknown[]) => unknown;

/** ssh2 calls back with the last argument. */
function watchCalls(
  sftp: SFTPWrapper,
  name: 'open' | 'read' | 'write' | 'lstat',
  onEvent: (event: string) => void,
): void {
  const call = Reflect.get(sftp, name) as Call;
  Reflect.set(sftp, name, (...args: unknown[]) => {
    const done = args.at(-1) as Call;
    onEvent(`${name} sent`);
    const answered = (...answer: unknown[]): unknown => {
      onEvent(`${name} answered`);
      return done(...answer);
    };
    return Reflect.apply(call, sftp, [...args.slice(0, -1), answered]);
  });
}
