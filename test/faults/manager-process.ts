/**
 * A manager in a process of its own: `node FILE JSON`. It prints its keys as JSON once its session runs. A later one
 * on the same port and with the same session id is the same manager after a restart.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startEmulator } from '../../src/emulator/emulator.ts';

export interface ManagerOrder {
  readonly port: number;
  readonly homesRoot: string;
  readonly home: string;
  readonly launcher: string;
  readonly sshPort: number;
  readonly sessionId?: string;
}

export interface ManagerFacts {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionId: string;
}

const order = JSON.parse(process.argv[2] ?? '') as ManagerOrder; // Written by who starts this.
const emulator = await startEmulator({ port: order.port, homesRoot: order.homesRoot, stepDelayMs: 1 });
const create = ['session', 'create', 'python', '--name', 'demo', '-r', 'cpu=1', '-r', 'mem=256m'];
await promisify(execFile)(process.execPath, [order.launcher, ...create], {
  env: {
    PATH: process.env['PATH'],
    HOME: order.home,
    BACKEND_ENDPOINT: emulator.endpoint,
    BACKEND_ACCESS_KEY: emulator.accessKey,
    BACKEND_SECRET_KEY: emulator.secretKey,
  },
});
const session = emulator.sessions.get('demo');
session.addApp({ name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: order.sshPort });
if (order.sessionId !== undefined) Reflect.set(session, 'id', order.sessionId);
const facts: ManagerFacts = {
  endpoint: emulator.endpoint,
  accessKey: emulator.accessKey,
  secretKey: emulator.secretKey,
  sessionId: session.id,
};
process.stdout.write(`${JSON.stringify(facts)}\n`);
// Whoever started it may be killed.
process.stdin.resume().on('end', () => process.exit());
