/** The way into a session: the manager as it is or at the far end of a slow line, and the forwarders through it. */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import getPort from 'get-port';
import { launcher } from './contenders.mjs';
import { cpuSecondsOf, output, serve, serveUntil } from './processes.mjs';

const linkProgram = fileURLToPath(new URL('link.mjs', import.meta.url));
const bytesPerSecond = 125_000_000;

/** GCM where the server has it, then what the sessions' dropbear does best: the order bai asks in. */
const sshOptions = [
  ...['-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
  ...['-o', 'LogLevel=ERROR', '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
  ...['-o', 'Ciphers=aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr'],
];

/**
 * `stand`: { env, session, folder, ignoresWindow, pythonClient }. A line has the environment of bai and of the genuine client,
 * and what ssh needs for either forwarder.
 */
export async function openLine(stand, roundTripMs) {
  const { host, hostname, port } = new URL(stand.env.BACKEND_ENDPOINT);
  const link =
    roundTripMs > 0
      ? await serve([
          process.execPath,
          linkProgram,
          hostname,
          port,
          String(roundTripMs),
          String(bytesPerSecond),
        ])
      : undefined;
  const endpoint = `http://${link ? `127.0.0.1:${link.facts.port}` : host}`;
  const env = { ...stand.env, BACKEND_ENDPOINT: endpoint };
  const forward = [process.execPath, launcher, '--json', 'app', 'forward', stand.session];
  const bai = await serve(forward, { env });
  const python = stand.pythonClient ? await startPython(stand, env) : undefined;
  const { ssh: facts, port: baiPort } = bai.facts;
  const ports = { bai: baiPort, python: python?.port };
  const pids = { bai: bai.pid, python: python?.pid };
  const options = [...sshOptions, '-i', facts.identityFile];
  const destination = `${facts.user}@127.0.0.1`;
  return {
    roundTripMs,
    session: stand.session,
    folder: stand.folder,
    env,
    ignoresWindow: stand.ignoresWindow,
    hasPython: python !== undefined,
    ssh: (forwarder = 'bai') => ({ port: ports[forwarder], options, destination }),
    /** Processor seconds of the forwarder so far. */
    forwarderCpu: (forwarder = 'bai') => cpuSecondsOf(pids[forwarder]),
    /** What a shell script prints inside the session, in the folder of the bench. */
    run: (script) =>
      output(['ssh', ...options, '-p', String(baiPort), destination, 'sh'], {
        input: `cd '${stand.folder}' || exit\n${script}`,
      }),
    async close() {
      await python?.stop('SIGINT');
      await bai.stop('SIGINT');
      await link?.stop();
    },
  };
}

async function startPython({ pythonClient, session }, env) {
  const port = await getPort({ host: '127.0.0.1' });
  const words = [pythonClient, 'app', session, 'sshd', '-b', `127.0.0.1:${port}`];
  // It is installed somewhere below the user's own home.
  const own = { ...process.env, BACKEND_ENDPOINT: env.BACKEND_ENDPOINT };
  return { port, ...(await serveUntil(words, { env: own, isReady: () => greets(port) })) };
}

async function greets(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    const [greeting] = await once(socket, 'data', { signal: AbortSignal.timeout(3000) });
    return greeting.toString('latin1').startsWith('SSH-');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Bytes a second that the slow line really carries, from one plain connection. */
export async function measureLink(roundTripMs, bytes = 128 * 1024 * 1024) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = String(server.address().port);
  const link = await serve([
    ...[process.execPath, linkProgram, '127.0.0.1', port],
    ...[String(roundTripMs), String(bytesPerSecond)],
  ]);
  const received = once(server, 'connection').then(async ([socket]) => {
    let seen = 0;
    let startedAt;
    for await (const chunk of socket) {
      startedAt ??= performance.now();
      seen += chunk.length;
    }
    return seen / ((performance.now() - startedAt) / 1000);
  });
  const client = connect(link.facts.port, '127.0.0.1');
  const block = Buffer.alloc(1024 * 1024, 'x');
  for (let sent = 0; sent < bytes; sent += block.length) {
    if (!client.write(block)) await once(client, 'drain');
  }
  client.end();
  const rate = await received;
  await link.stop();
  server.close();
  await after(0);
  return rate;
}
