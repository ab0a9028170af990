/** A plain client for the emulator's own tests: node:http, ws and the signer, nothing of bai's manager edge. */

import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.ts';
import { releaseBehaviour } from '../../src/emulator/model/release.ts';
import { authorization } from '../../src/providers/backend-ai/manager/signature.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  /** The body as JSON, of whatever shape the test expects. */
  json<T = Record<string, unknown>>(): T;
}

export interface CallOptions {
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly contentType?: string;
  readonly version?: string | null;
  readonly date?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly signed?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export class TestBed implements AsyncDisposable {
  readonly emulator: Emulator;
  readonly folder: string;
  readonly version: string;

  constructor(emulator: Emulator, folder: string, version: string) {
    this.emulator = emulator;
    this.folder = folder;
    this.version = version;
  }

  call(method: string, target: string, options: CallOptions = {}): Promise<Reply> {
    const url = new URL(target, this.emulator.endpoint);
    const body = options.json === undefined ? options.bytes : Buffer.from(JSON.stringify(options.json));
    const type = options.contentType ?? (options.json === undefined ? undefined : 'application/json');
    const headers = {
      ...this.headers(method, url, { ...options, ...(type === undefined ? {} : { contentType: type }) }),
    };
    if (type !== undefined) headers['Content-Type'] = type;
    if (body !== undefined) headers['Content-Length'] = String(body.length);
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            json: () => JSON.parse(bytes.toString('utf8')),
          });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  headers(method: string, url: URL, options: CallOptions = {}): Record<string, string> {
    const date = options.date ?? new Date().toISOString();
    const version = options.version === undefined ? this.version : options.version;
    const parts = {
      method,
      target: url.pathname + url.search,
      host: url.host,
      date,
      contentType: options.contentType ?? 'application/octet-stream',
      version: version ?? '',
    };
    const key = {
      accessKey: options.accessKey ?? this.emulator.accessKey,
      secretKey: options.secretKey ?? this.emulator.secretKey,
    };
    return {
      Date: date,
      ...(version === null ? {} : { 'X-BackendAI-Version': version }),
      ...(options.signed === false ? {} : { Authorization: authorization(parts, key) }),
      ...options.headers,
    };
  }

  /** Creates a session and waits for RUNNING. */
  async session(name: string, more: Record<string, unknown> = {}): Promise<{ id: string; name: string }> {
    const reply = await this.call('POST', '/session', { json: { name, image: 'python', ...more } });
    if (reply.status !== 201) throw new Error(`create: ${reply.status} ${reply.bytes.toString()}`);
    return { id: reply.json<{ sessionId: string }>().sessionId, name };
  }

  gql<T = Record<string, unknown>>(
    query: string,
    variables: unknown = {},
    options: CallOptions = {},
  ): Promise<T> {
    return this.call('POST', '/admin/gql', { json: { query, variables }, ...options }).then((r) =>
      r.json<T>(),
    );
  }

  /** Not yet open: wait for its events. */
  webSocket(target: string): WebSocket {
    const url = new URL(target, this.emulator.endpoint);
    const socket = new WebSocket(url, { perMessageDeflate: false, headers: this.headers('GET', url) });
    socket.on('error', () => undefined);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.emulator[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function openBed(options: Partial<EmulatorOptions> = {}): Promise<TestBed> {
  const folder = await mkdtemp(join(tmpdir(), 'bai-emulator-'));
  const emulator = await startEmulator({ homesRoot: join(folder, 'homes'), stepDelayMs: 5, ...options });
  return new TestBed(emulator, folder, releaseBehaviour(options.release ?? '26.9.6').apiVersion);
}

/** How a WebSocket ended: its close code, or the HTTP status that refused it. */
export function endOf(socket: WebSocket): Promise<{ readonly code: number } | { readonly status: number }> {
  return new Promise((resolve) => {
    socket.on('close', (code) => resolve({ code }));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    });
  });
}
