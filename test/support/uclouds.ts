/** The UClouds contract tests run against: the emulator, and a genuine one when there is one. */

import {
  startUcloudEmulator,
  type UcloudEmulator,
  type UcloudEmulatorOptions,
} from '../../src/emulator/ucloud/emulator.ts';
import { createNetwork } from '../../src/net/network.ts';
import type { UcloudClient } from '../../src/providers/ucloud/client.ts';
import { createUcloudClient, type UcloudOptions } from '../../src/providers/ucloud/client.ts';
import { createJob } from '../../src/providers/ucloud/create-job.ts';
import { tempFolder } from './temp-folder.ts';
import { until } from './until.ts';

export interface TestUcloud extends AsyncDisposable {
  readonly endpoint: string;
  readonly token: string;
  readonly client: UcloudClient;
  /** From which jobs of the tests are made; nothing where making one would cost somebody. */
  readonly job: { readonly application: string; readonly product: string } | undefined;
}

export interface UcloudKind {
  readonly name: string;
  readonly isGenuine: boolean;
  open(): Promise<TestUcloud>;
}

/**
 * `BAI_TEST_UCLOUD=URL,TOKEN` also runs the tests against a genuine UCloud; `URL,TOKEN,APP,CATEGORY/ID@PROVIDER` lets them make
 * jobs there, too, which they end.
 */
export function ucloudKinds(): UcloudKind[] {
  const [endpoint = '', token = '', application, product] = (process.env['BAI_TEST_UCLOUD'] ?? '').split(',');
  const emulated = { name: 'emulator', isGenuine: false, open: () => openUcloud() };
  if (endpoint === '') return [emulated];
  const job = application !== undefined && product !== undefined ? { application, product } : undefined;
  const open = async (): Promise<TestUcloud> => {
    const connected = connect({ endpoint, token });
    const { client } = connected;
    return { endpoint, token, client, job, [Symbol.asyncDispose]: () => connected.close() };
  };
  return [emulated, { name: 'genuine', isGenuine: true, open }];
}

interface Address {
  readonly endpoint: string;
  readonly token: string;
}

/** A client and a network of its own. */
export function connect(
  { endpoint, token }: Address,
  more: Partial<UcloudOptions> = {},
): { readonly client: UcloudClient; close(): Promise<void> } {
  const network = createNetwork({
    ...{ skipTlsVerify: false, connectTimeoutMs: 5_000, readTimeoutMs: 30_000, environment: {} },
  });
  const client = createUcloudClient({
    ...{ endpoint: new URL(endpoint), token, userAgent: 'bai/test', network, now: () => new Date() },
    ...more,
  });
  return { client, close: () => network.close() };
}

export interface UcloudBed extends TestUcloud {
  readonly emulator: UcloudEmulator;
  readonly job: { readonly application: string; readonly product: string };
  /** Another client, such as one of another token. */
  connect(token: string, more?: Partial<UcloudOptions>): UcloudClient;
}

/** An emulator with the first token's client; it fails when bai calls what UCloud does not have. */
export async function openUcloud(options: Partial<UcloudEmulatorOptions> = {}): Promise<UcloudBed> {
  const homes = tempFolder();
  const emulator = await startUcloudEmulator({
    ...{ homesRoot: homes.path, stepDelayMs: 5, sshDelayMs: 5 },
    ...options,
  });
  const { endpoint, token } = emulator;
  const opened = [connect({ endpoint, token })];
  return {
    ...{ endpoint, token, emulator },
    client: opened[0]?.client ?? connect({ endpoint, token }).client,
    job: { application: 'terminal-ubuntu', product: 'u1-small/u1-small-1' },
    connect(other, more) {
      const made = connect({ endpoint, token: other }, more);
      opened.push(made);
      return made.client;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((each) => each.close()));
      await emulator[Symbol.asyncDispose]();
      homes[Symbol.dispose]();
      if (emulator.unknownRoutes.length > 0)
        throw new Error(`bai called what UCloud does not have: ${emulator.unknownRoutes.join(', ')}`);
    },
  };
}

/** The id of a new job that runs and whose SSH server listens. */
export async function startJob(
  { client, emulator, job }: UcloudBed,
  name: string,
  application = job.application,
): Promise<string> {
  const { signal } = new AbortController();
  const request = { application, product: job.product, parameters: {}, folders: [], nodes: 1 };
  const { id } = await createJob(client, { ...request, name, timeMs: 8 * 3_600_000 }, signal);
  const isThere = (): boolean => {
    const { state, statuses, isListening } = emulator.jobs.get(id);
    if (state === 'FAILURE') throw new Error(`the job ${name} failed: ${statuses.join('; ')}`);
    return isListening;
  };
  await until(isThere, `the job ${name} is there`);
  return id;
}
