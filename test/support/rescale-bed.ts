/** An emulated platform of Rescale, a client of it, and keys to get into its jobs with. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type PublicLine, parsePublicLine } from '../../src/core/keys/public-line.ts';
import {
  type EmulatedJob,
  type RescaleEmulator,
  type RescaleEmulatorOptions,
  startRescaleEmulator,
} from '../../src/emulator/rescale/emulator.ts';
import { createNetwork, type Network } from '../../src/net/network.ts';
import { ApiKey } from '../../src/providers/rescale/api-key.ts';
import { createRescaleClient, type RescaleClient } from '../../src/providers/rescale/client.ts';
import { tempFolder } from './temp-folder.ts';

export { until } from './until.ts';

export const signal = new AbortController().signal;

export interface RescaleBed extends AsyncDisposable {
  readonly emulator: RescaleEmulator;
  readonly client: RescaleClient;
  readonly network: Network;
  /** A folder of the test's own. */
  readonly folder: string;
  /** What the client said of pauses. */
  readonly said: readonly string[];
  /** A job as somebody else's program would make it, submitted; by default one of a single machine that waits. */
  job(fields?: JobFields): Promise<EmulatedJob>;
}

export interface JobFields {
  readonly name?: string | null;
  readonly command?: string;
  readonly cores?: number;
  readonly hours?: number;
  readonly publicKey?: string;
  readonly cidrRule?: string;
  readonly isSubmitted?: boolean;
}

export async function openRescaleBed(options: Partial<RescaleEmulatorOptions> = {}): Promise<RescaleBed> {
  const folder = tempFolder();
  const emulator = await startRescaleEmulator({
    homesRoot: join(folder.path, 'homes'),
    stepDelayMs: 10,
    sshDelayMs: 10,
    ...options,
  });
  const said: string[] = [];
  const network = openNetwork();
  return {
    emulator,
    network,
    folder: folder.path,
    said,
    client: clientOf(emulator.address, emulator.apiKey, { network, said }),
    job: (fields) => makeJob(emulator, fields),
    async [Symbol.asyncDispose]() {
      await network.close();
      await emulator[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

export function openNetwork(readTimeoutMs = 10_000): Network {
  return createNetwork({
    skipTlsVerify: false,
    connectTimeoutMs: 5_000,
    readTimeoutMs,
    dial: undefined,
    environment: {},
  });
}

export function clientOf(
  address: string,
  apiKey: string,
  { network, said }: { readonly network: Network; readonly said?: string[] },
): RescaleClient {
  return createRescaleClient({
    key: new ApiKey(apiKey, new URL(address), 'a test'),
    network,
    userAgent: 'bai/test',
    now: () => new Date(),
    onPause: (message) => void said?.push(message),
  });
}

async function makeJob(emulator: RescaleEmulator, fields: JobFields = {}): Promise<EmulatedJob> {
  const {
    name = 'demo',
    command = 'sleep inf',
    cores = 1,
    hours = 1,
    isSubmitted = true,
    ...access
  } = fields;
  const body = {
    ...(name !== null && { name }),
    jobanalyses: [
      {
        command,
        analysis: { code: 'user_included', version: '0' },
        hardware: { coreType: { code: 'emerald' }, coresPerSlot: cores, slots: 1, walltime: hours },
      },
    ],
    isLowPriority: false,
    ...access,
  };
  const made = await post(emulator, '/api/v3/jobs/', body);
  const { id } = (await made.json()) as { id: string };
  if (isSubmitted) await post(emulator, `/api/v2/jobs/${id}/submit/`);
  return emulator.jobs.get(id);
}

export async function post(emulator: RescaleEmulator, path: string, body?: unknown): Promise<Response> {
  const headers = { Authorization: `Token ${emulator.apiKey}`, 'Content-Type': 'application/json' };
  return fetch(emulator.address + path, {
    method: 'POST',
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Stranger extends AsyncDisposable {
  readonly address: string;
  /** What it was asked, in order. */
  readonly asked: readonly Recorded[];
}

/** A server that answers as the test wants. */
export async function openStranger(
  answer: (asked: Recorded, response: ServerResponse) => void,
): Promise<Stranger> {
  const asked: Recorded[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const record = { method, url, headers, body: Buffer.concat(chunks).toString() };
      asked.push(record);
      answer(record, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function answerJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

export interface KeyPair {
  readonly path: string;
  readonly line: string;
  readonly key: PublicLine;
}

/** Made by ssh-keygen. */
export function makeKey(folder: string, type = 'rsa', bits = '2048'): KeyPair {
  const path = join(folder, `id_${type}_${bits}`);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-C', 'me@laptop', '-f', path]);
  const line = readFileSync(`${path}.pub`, 'utf8').trim();
  const key = parsePublicLine(line);
  if (key === undefined) throw new Error('ssh-keygen made no key');
  return { path, line, key };
}

export interface Login {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly keyPath: string;
}

/** The system's ssh, with nothing of the user's. */
export async function ssh(
  { user, host, port, keyPath }: Login,
  command: string,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const options = [
    ...[
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'IdentitiesOnly=yes',
      'IdentityAgent=none',
    ],
    ...['BatchMode=yes', 'ConnectTimeout=5', 'LogLevel=ERROR'],
  ].flatMap((option) => ['-o', option]);
  const child = spawn('ssh', [
    '-F',
    'none',
    '-p',
    String(port),
    '-i',
    keyPath,
    ...options,
    `${user}@${host}`,
    command,
  ]);
  child.stdin.end();
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}
