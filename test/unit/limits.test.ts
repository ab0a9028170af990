/** Limits of time count the time in which bai ran: what goes by another clock is here, with why it may. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../src');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('emulator/'))
  .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const);

function filesWith(pattern: RegExp): string[] {
  return sources.filter(([, text]) => pattern.test(text)).map(([file]) => file);
}

/** A timer of Node's comes at once when a machine wakes up. */
const ownTimers: Readonly<Record<string, string>> = {
  'core/time-limit.ts': 'the limits themselves',
  'process.ts': 'the end by force, seconds after a signal',
  'ssh/connection.ts': 'the same, of one connection',
  'services/session/wait-session.ts': 'a pause, which the next event ends as well',
  'ssh/openssh/jump-host.ts': 'a method of that name',
  'services/session/look-for-end.ts': 'a head start, which is no limit',
  'services/session/session-end.ts': 'a pause between two questions',
  'config/forwards/control.ts': 'how long somebody of this machine may take to ask',
  'net/late-stream.ts': "a socket's method of that name, for Node's agents",
};

test.each(filesWith(/\bsetTimeout\(/))('%s sets a timer for a reason that is known', (file) => {
  expect(Object.keys(ownTimers)).toContain(file);
});

/** How long ago something was, compared with how long it may be. */
const ownClocks: Readonly<Record<string, string>> = {
  'net/network.ts': 'connections that are kept die in their sleep, so sleep counts',
  'providers/backend-ai/tunnel/manager-tunnel.ts': 'the same',
  'core/clock-jump.ts': 'sleep is what it looks for',
  'services/forward/kept-login.ts': 'how often is asked',
  'services/forward/known-forwards.ts': 'how old a record is, in days',
  'services/ssh/diagnose-disconnect.ts': 'asks only once ssh has ended',
  'services/ssh/persist-ssh.ts': 'how steady a line was, which is no limit',
  'net/http.ts': 'what is shown',
  'output/waiting.ts': 'what is shown',
  'output/transfer-progress.ts': 'what is shown',
  'commands/session/list.ts': 'what is shown',
  'services/session/watch-sessions.ts': 'what is shown',
  'providers/backend-ai/session/listing.ts': 'what is shown',
  'transfer/engine/journal-keeper.ts': 'how often is saved',
  'transfer/benchmark/benchmark.ts': 'how long is measured',
  'transfer/benchmark/load-generator.ts': 'how long is measured',
  'transfer/local/local-disk.ts': 'how long a call took',
  'services/ssh/ssh-stdio.ts': 'the last answer to somebody who has gone, which no sleep is worth',
  'ssh/flow-control.ts': 'how often something is done',
  'ssh/job-control.ts': 'the same',
  'config/told.ts': 'how old a file is, in days',
  'transfer/engine/journal.ts': 'how old a file of another machine is',
};

const clock = String.raw`(?:performance|Date)\.now\(\)`;

test.each(filesWith(new RegExp(`${clock}[^;=]*[<>](?!=?>)|[<>][^;=]*${clock}`)))(
  '%s compares times of a clock for a reason that is known',
  (file) => {
    expect(Object.keys(ownClocks)).toContain(file);
  },
);

test('no limit is left to a library, which would count the time of a sleep', () => {
  expect(filesWith(/AbortSignal\.timeout\(|handshakeTimeout:|readyTimeout: (?!0\b)/)).toEqual([]);
});
