/**
 * 200 connections through one forwarder, one of whose readers stalls: how the others move and how much memory the
 * bai process takes. The app is an echo of megabytes on loopback, behind the embedded manager.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { printTable } from './measure.mjs';

const connections = 200;
const bytesEach = 4 * 1024 * 1024;

/** Resident memory of a process in MiB (Linux). */
function residentMiB(pid) {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** An app that sends without end, as fast as it is read. */
async function startSource() {
  const block = Buffer.alloc(256 * 1024, 'x');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const fill = () => {
      while (socket.write(block));
    };
    socket.on('drain', fill);
    fill();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function read(port, bytes) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let seen = 0;
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      seen += chunk.length;
      if (seen < bytes) return;
      socket.destroy();
      resolve();
    });
    socket.on('close', () =>
      seen < bytes ? reject(new Error(`a connection ended after ${seen} bytes`)) : undefined,
    );
  });
}

export async function benchForwarder({ launcher, env, addApp, session }) {
  const source = await startSource();
  await addApp({ name: 'source', protocol: 'tcp', containerPort: 3000, hostPort: source.address().port });
  const child = spawn(process.execPath, [launcher, '--json', 'app', 'forward', session, 'source'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = await once(child.stdout, 'data');
  const { port } = JSON.parse(text);
  const idle = residentMiB(child.pid);
  const stalled = connect(port, '127.0.0.1');
  stalled.on('error', () => {});
  await once(stalled, 'connect');
  stalled.pause();
  let peak = idle;
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentMiB(child.pid));
  }, 50);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections - 1 }, () => read(port, bytesEach)));
  const seconds = (performance.now() - startedAt) / 1000;
  clearInterval(sampler);
  stalled.destroy();
  child.kill('SIGINT');
  await once(child, 'close');
  source.close();
  source.closeAllConnections?.();
  const moved = ((connections - 1) * bytesEach) / (1024 * 1024);
  printTable(
    'Forwarder: 200 connections at once, one reader stalls',
    ['moved by the others', 'MiB/s', 'RSS before', 'RSS peak'],
    [[`${moved} MiB`, (moved / seconds).toFixed(0), `${idle.toFixed(0)} MiB`, `${peak.toFixed(0)} MiB`]],
  );
}
