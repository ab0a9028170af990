/**
 * Rescale's platform and the machines of its jobs in this process, on loopback, as far as its clients show what it does: for
 * people without an account and for contract tests. The server itself is not public.
 */

import { type EmulatorFaults, FaultBook } from '../model/faults.ts';
import type { RequestRecord } from '../server/http-server.ts';
import { defaultRescaleAccount, type RescaleAccount } from './accounts.ts';
import { Front } from './front.ts';
import type { Job } from './job.ts';
import { Platform } from './platform.ts';
import type { Scope } from './rate-limits.ts';

export type { Job as EmulatedJob } from './job.ts';

export interface RescaleEmulatorOptions {
  /** 0, the default, is any free port; it always listens on 127.0.0.1. */
  readonly port?: number;
  /** Folder for the homes of jobs; made when missing. */
  readonly homesRoot: string;
  /** One by default. */
  readonly accounts?: readonly RescaleAccount[];
  /** Time a job spends in each status on its way; 150 by default. */
  readonly stepDelayMs?: number;
  /** For how long a machine that is listed refuses connections; 300 by default. */
  readonly sshDelayMs?: number;
  /** Whether the machines' SSH servers move files; they do by default. */
  readonly hasSftp?: boolean;
  /** How long an hour of a job's walltime is; an hour by default. */
  readonly hourMs?: number;
  /** Requests an hour by scope; those of the platform by default. */
  readonly limits?: Partial<Readonly<Record<Scope, number>>>;
  /** The ids of jobs; random letters by default. */
  readonly makeId?: () => string;
  /** Proves to whoever asks that this is the server that was started here. */
  readonly prove?: (challenge: string, port: number) => unknown;
}

interface EmulatedJobs {
  /** Newest first, ended ones included. */
  all(): readonly Job[];
  /** The newest job of this id or name; throws an Error when there is none. */
  get(reference: string): Job;
  /** Jobs stop in this status until it is changed; undefined lets them go on. */
  holdAt(status: string | undefined): void;
}

export interface RescaleEmulator extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** Of the first account. */
  readonly apiKey: string;
  readonly faults: EmulatorFaults;
  /** `METHOD /path` of every request answered 501 because the emulator does not know it. */
  readonly unknownRoutes: readonly string[];
  /** Every request so far, in the order they were answered. */
  readonly requests: readonly RequestRecord[];
  readonly jobs: EmulatedJobs;
}

/** Resolves once it listens. Disposing of it ends its jobs and their processes, and removes their homes. */
export async function startRescaleEmulator(options: RescaleEmulatorOptions): Promise<RescaleEmulator> {
  const {
    homesRoot,
    stepDelayMs = 150,
    sshDelayMs = 300,
    hourMs = 3_600_000,
    makeId,
    hasSftp = true,
  } = options;
  const accounts = options.accounts ?? [defaultRescaleAccount];
  const [first] = accounts;
  if (first === undefined) throw new TypeError('an emulator needs an account');
  const faults = new FaultBook();
  const platform = new Platform({
    ...{ homesRoot, faults, stepDelayMs, sshDelayMs, hasSftp, hourMs, makeId },
  });
  const { limits, prove } = options;
  const front = new Front({ accounts, limits, prove, platform, faults });
  await front.server.listen(options.port ?? 0);
  return {
    address: `http://127.0.0.1:${front.server.port}`,
    apiKey: first.apiKey,
    faults: {
      add: (fault, times) => faults.add(fault, times),
      clear: () => faults.clear(),
      refuseConnections: (refuse) => front.server.refuseConnections(refuse),
    },
    unknownRoutes: front.unknownRoutes,
    requests: front.server.requests,
    jobs: {
      all: () => platform.all(),
      get(reference) {
        const found = platform.all().find(({ id, name }) => id === reference || name === reference);
        if (found === undefined) throw new Error(`the emulator has no job ${reference}`);
        return found;
      },
      holdAt: (status) => platform.holdAt(status),
    },
    async [Symbol.asyncDispose]() {
      front.server.stopListening();
      await platform[Symbol.asyncDispose]();
      await front.server[Symbol.asyncDispose]();
    },
  };
}
