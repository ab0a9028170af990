/** The faults: when each strikes, what it breaks, and how that is mended. */

import type { ChildProcess } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { setTimeout as after } from 'node:timers/promises';
import type { Relay, Way } from '../support/relay.ts';
import type { TestSshd } from '../support/sshd.ts';
import type { FaultCase } from './cases.ts';
import type { Ground } from './ground.ts';
import { killAll, processesBelow } from './processes.ts';

export interface Scene {
  readonly ground: Ground;
  readonly server: TestSshd;
  readonly relay: Relay;
  readonly targetFolder: string;
  /** The bai that runs, where it has a process of its own. */
  child: ChildProcess | undefined;
}

export interface Fault {
  readonly hasStruck: () => boolean;
  /** Resolves when all is well again. */
  heal(): Promise<void>;
}

/** What strikes at once is done when it resolves; the rest waits for its byte. */
export async function armFault(fault: FaultCase, scene: Scene): Promise<Fault> {
  let hasStruck = false;
  const mending: Promise<unknown>[] = [];
  const act = (): void => {
    hasStruck = true;
    const mended = strike(fault, scene);
    // Its failure is told by `heal`.
    mended?.catch(() => {});
    mending.push(mended ?? Promise.resolve());
  };
  if (fault.kind === 'disk-full') {
    await scene.ground.disk?.leave(fault.at * fault.size);
    hasStruck = true;
  } else {
    const { bytes, way } = momentOf(fault);
    scene.relay.after(bytes, act, way);
  }
  return {
    hasStruck: () => hasStruck,
    async heal() {
      scene.relay.heal();
      await Promise.all(mending);
      if (fault.kind === 'disk-full') await scene.ground.disk?.clear();
      if (fault.kind === 'denied') await chmod(scene.targetFolder, 0o755);
    },
  };
}

/** Returns what mends it, where that begins at once. */
function strike(fault: FaultCase, scene: Scene): Promise<unknown> | undefined {
  switch (fault.kind) {
    case 'cut':
      scene.relay.cut();
      return undefined;
    case 'stall':
      for (const way of fault.form < 0.3 ? (['up', 'down'] as const) : [wayOf(fault.form)])
        scene.relay.stall(way);
      // A handshake waits much longer than the engine does for an answer.
      return after(1_000 + fault.form * 1_000).then(() => scene.relay.heal());
    case 'server-killed':
      return killServer(fault.form, scene.server);
    case 'bai-killed':
      scene.child?.kill('SIGKILL');
      return undefined;
    case 'interrupt':
      scene.child?.kill('SIGINT');
      return undefined;
    case 'manager-killed':
      scene.ground.manager.kill();
      if (!fault.isOneRun) scene.child?.kill('SIGKILL');
      return scene.ground.manager.startAgain();
    case 'denied':
      chmodSync(scene.targetFolder, fault.form < 0.5 ? 0o555 : 0o000);
      return undefined;
    case 'disk-full':
      return undefined;
  }
}

/** Only the file server, all that serves the connection, or the whole server, which is then started again. */
function killServer(form: number, server: TestSshd): Promise<void> | undefined {
  const below = processesBelow(server.pid);
  killAll(form < 0.33 ? below.filter(({ name }) => name.startsWith('sftp-server')) : below);
  return form < 0.66 ? undefined : server.restart();
}

function wayOf(form: number): Way {
  return form < 0.65 ? 'up' : 'down';
}

/** A handshake takes about so many bytes each way, and the rest of a transfer without its content as many again. */
const overhead = 2_500;
const bytesPerRequest = 70;

function momentOf({ kind, direction, size, at, form }: FaultCase): { bytes: number; way: Way | undefined } {
  const way = kind === 'cut' ? [undefined, 'up' as const, 'down' as const][Math.floor(form * 3)] : undefined;
  const hasContent = way === undefined || (way === 'up') === (direction === 'put');
  const content = hasContent ? size * 1.02 : (size / 261_120) * bytesPerRequest;
  const start = way === undefined ? 2 * overhead : overhead;
  return { bytes: start + at * (content + start), way };
}
