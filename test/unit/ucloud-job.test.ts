import { describe, expect, test } from 'vitest';
import type { BaiError } from '../../src/errors.ts';
import { durationOf, isJobId, type Job, jobOf, phaseOf } from '../../src/providers/ucloud/job.ts';
import { jobSchema } from '../../src/providers/ucloud/schema.ts';
import { sshAddressOf } from '../../src/providers/ucloud/ssh-access.ts';

test.each([
  ['IN_QUEUE', 'starting'],
  ['RUNNING', 'ready'],
  ['SUSPENDED', 'suspended'],
  ['SUCCESS', 'ended'],
  ['EXPIRED', 'ended'],
  ['FAILURE', 'failed'],
  // UCloud may get more of them: who waits goes on waiting.
  ['DANCING', 'starting'],
  ['constructor', 'starting'],
])('%s is %s', (state, phase) => {
  expect(phaseOf(state)).toBe(phase);
});

test.each([
  ['5175036', true],
  ['8', true],
  ['', false],
  ['abc', false],
  ['-1', false],
  ['1.5', false],
  ['٣', false],
  ['12345678901234567890', false],
])('%j is an id: %s', (text, expected) => {
  expect(isJobId(text)).toBe(expected);
});

test.each([
  [7_200_000, { hours: 2, minutes: 0, seconds: 0 }],
  [90 * 60_000, { hours: 1, minutes: 30, seconds: 0 }],
  // UCloud would lose the seconds.
  [61_000, { hours: 0, minutes: 2, seconds: 0 }],
])('%d ms are %j', (ms, duration) => {
  expect(durationOf(ms)).toEqual(duration);
});

interface Facts {
  readonly state?: string;
  readonly sshEnabled?: boolean;
  readonly mode?: string | null;
  readonly backend?: string;
  readonly auditLog?: boolean;
  readonly status?: string;
  /** As in a list that was not asked for applications. */
  readonly isBrief?: boolean;
}

function jobWith({
  state = 'RUNNING',
  sshEnabled,
  mode,
  backend = 'DOCKER',
  auditLog,
  status,
  isBrief,
}: Facts): Job {
  const application = {
    metadata: { name: 'app', version: '1' },
    invocation: {
      tool: { tool: { description: { backend } } },
      ssh: mode === undefined || mode === null ? null : { mode },
      jobAuditLogIsEnabled: auditLog ?? null,
    },
  };
  const row = {
    ...{ id: '8', createdAt: 1, owner: { createdBy: 'mira', project: null } },
    updates: status === undefined ? [] : [{ timestamp: 1, state: null, status }],
    specification: {
      ...{ application: { name: 'app', version: '1' }, product: { id: 'a', category: 'b', provider: 'c' } },
      ...{ replicas: 1, timeAllocation: null, ...(sshEnabled !== undefined && { sshEnabled }) },
    },
    status: { state, startedAt: null, expiresAt: null, resolvedApplication: isBrief ? null : application },
  };
  return jobOf(jobSchema.parse(row));
}

const address = 'SSH: Connected! Available at: ssh ucloud@h -p 22';

describe('whether a job has SSH', () => {
  test.each<[string, Facts, object]>([
    ['asked for', { mode: 'OPTIONAL', sshEnabled: true }, { kind: 'waiting' }],
    ['not asked for', { mode: 'OPTIONAL' }, { kind: 'off', reason: 'not-asked' }],
    ['always on', { mode: 'MANDATORY' }, { kind: 'waiting' }],
    ['never on', { mode: 'DISABLED', sshEnabled: true }, { kind: 'off', reason: 'application' }],
    ['of an application that says nothing', { mode: null }, { kind: 'off', reason: 'application' }],
    [
      'of a machine whose application says nothing',
      { mode: null, backend: 'VIRTUAL_MACHINE' },
      { kind: 'waiting' },
    ],
    [
      'with an audit log',
      { mode: 'OPTIONAL', sshEnabled: true, auditLog: true },
      { kind: 'off', reason: 'audit-log' },
    ],
    ['in a list, asked for', { isBrief: true, sshEnabled: true }, { kind: 'waiting' }],
    ['in a list, not asked for', { isBrief: true }, { kind: 'unknown' }],
    [
      'a line counts for more',
      { mode: null, status: address },
      { kind: 'address', user: 'ucloud', host: 'h', port: 22 },
    ],
    ['ended', { mode: 'MANDATORY', status: address, state: 'SUCCESS' }, { kind: 'off', reason: 'ended' }],
    [
      'refused by its provider',
      { mode: 'MANDATORY', status: 'SSH: Failure! full' },
      { kind: 'failed', reason: 'full' },
    ],
  ])('%s', (_what, facts, expected) => {
    expect(jobWith(facts).ssh).toEqual(expected);
  });
});

describe('who asks for the address is told why there is none', () => {
  test.each<[Facts, string, RegExp]>([
    [{ mode: 'OPTIONAL', sshEnabled: true }, 'ssh-not-ready', /no address for SSH yet \(RUNNING\)/],
    [{ mode: 'OPTIONAL', sshEnabled: true, state: 'SUSPENDED' }, 'ssh-not-ready', /suspended/],
    [{ mode: 'OPTIONAL' }, 'ssh-off', /was started without SSH/],
    [{ mode: 'DISABLED' }, 'ssh-off', /application app has none/],
    [{ mode: 'OPTIONAL', sshEnabled: true, auditLog: true }, 'ssh-off', /audit log/],
    [{ mode: 'MANDATORY', state: 'EXPIRED' }, 'session-ended', /has ended \(EXPIRED\)/],
    [{ mode: 'MANDATORY', status: 'SSH: Failure! full' }, 'ssh-unreadable', /could not set up SSH: full/],
    [
      { mode: 'MANDATORY', status: 'SSH: Connected! Available at: ssh -x' },
      'ssh-unreadable',
      /cannot be read/,
    ],
  ])('%j', (facts, code, words) => {
    const ask = (): unknown => sshAddressOf(jobWith(facts));
    expect(ask).toThrow(words);
    expect(ask).toThrow(expect.objectContaining({ code }) as BaiError);
  });

  test('and gets it when it is there', () => {
    const job = jobWith({ mode: 'OPTIONAL', sshEnabled: true, status: address });
    expect(sshAddressOf(job)).toEqual({ user: 'ucloud', host: 'h', port: 22 });
  });
});
