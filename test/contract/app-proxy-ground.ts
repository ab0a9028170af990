/** A provider of the emulated manager in this process, with an app proxy beside the manager, for the tests of what can go wrong there. */

import type { Duplex } from 'node:stream';
import type { AllowFrom, WayIn } from '../../src/core/allow-from.ts';
import type { Provider, SshAccess } from '../../src/core/session/provider.ts';
import type { SessionRef } from '../../src/core/session/session.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.ts';
import { createNetwork } from '../../src/net/network.ts';
import { createManagerClient } from '../../src/providers/backend-ai/manager/client.ts';
import { createdSchema } from '../../src/providers/backend-ai/manager/schema.ts';
import { createBackendAi } from '../../src/providers/backend-ai/provider.ts';
import { tempFolder } from '../support/temp-folder.ts';

export interface ProxyGround extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly session: SessionRef;
  /** What was told on the way. */
  readonly told: string[];
  provider(way: Way): Provider;
  access(way: Way): Promise<SshAccess>;
  dial(way: Way): Promise<Duplex>;
}

interface Way {
  readonly via?: WayIn;
  readonly allowFrom?: AllowFrom;
  readonly answerMs?: number;
}

export async function openProxyGround(
  options: Partial<EmulatorOptions> = {},
  type = 'interactive',
): Promise<ProxyGround> {
  const homes = tempFolder();
  const emulator = await startEmulator({ homesRoot: homes.path, stepDelayMs: 1, appProxy: {}, ...options });
  const told: string[] = [];
  const signal = new AbortController().signal;
  const environment = {};
  const network = createNetwork({
    skipTlsVerify: false,
    connectTimeoutMs: 10_000,
    readTimeoutMs: 10_000,
    environment,
  });
  const { accessKey, secretKey } = emulator;
  const now = (): Date => new Date();
  const userAgent = 'bai/test';
  const endpoints = [new URL(emulator.endpoint)];
  const client = createManagerClient({
    ...{ network, userAgent, now, domain: 'default', endpoints },
    key: { accessKey, secretKey },
  });
  const reporter = {
    interactive: false,
    info: (text: string) => void told.push(text),
    wait: () => ({ [Symbol.dispose]() {} }),
  };
  const provider = ({ via = 'proxy', allowFrom = 'everywhere', answerMs = 20_000 }: Way): Provider =>
    createBackendAi({
      ...{
        client,
        endpoints,
        network,
        reporter,
        userAgent,
        now,
        answerMs,
        via,
        accessKey,
        owner: undefined,
        project: 'default',
      },
      allowFrom: async () => allowFrom,
      warn: () => {},
    });
  const made = await client.json(
    {
      ...{ what: 'create', method: 'POST', path: 'session', signal },
      body: { name: 'demo', image: 'python:3.11', type, config: { resources: { cpu: '1', mem: '256m' } } },
    },
    createdSchema,
  );
  await emulator.sessions.get('demo').settled(signal);
  const session = { id: made.sessionId, name: 'demo', status: 'RUNNING' };
  const access = (way: Way): Promise<SshAccess> => provider(way).access(session, { signal });
  return {
    ...{ emulator, session, told, provider, access },
    dial: async (way) => (await access(way)).dial(signal),
    async [Symbol.asyncDispose]() {
      await network.close();
      await emulator[Symbol.asyncDispose]();
      homes[Symbol.dispose]();
    },
  };
}
