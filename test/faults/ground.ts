/** What one worker strikes at: servers, a relay, a manager, a small disk, and bai as this and another user. */

import { execFileSync } from 'node:child_process';
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Relay, startRelay } from '../support/relay.ts';
import {
  dropbearMissing,
  plainShellMissing,
  sshdMissing,
  startDropbear,
  startSshd,
  type TestSshd,
} from '../support/sshd.ts';
import type { FaultCase } from './cases.ts';
import { type KillableManager, startManager } from './manager.ts';
import { mountSmallDisk, type SmallDisk, smallDiskMissing } from './small-disk.ts';

export interface Ground extends AsyncDisposable {
  readonly folder: string;
  readonly disk: SmallDisk | undefined;
  readonly manager: KillableManager;
  /** In front of the server that the manager leads to. */
  readonly relay: Relay;
  /** The built bai, where every user can read it. */
  readonly launcher: string;
  /** A user without root's rights; nothing where this process has none either. */
  readonly nobody: number | undefined;
  serverOf(fault: FaultCase): TestSshd;
  /** Where the manager's relay leads. */
  leadTo(server: TestSshd): void;
  /** Why such a case cannot be run on this machine, or nothing. */
  missing(fault: FaultCase): string | undefined;
}

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
/** For an ordinary user sshd does not run in the namespace that this takes. */
const isPlainShell = isRoot && plainShellMissing === undefined;

export interface GroundOptions {
  /** The checkout, built. */
  readonly root: string;
  /** manager-process.ts as a program. */
  readonly managerProgram: string;
}

export async function openGround({ root, managerProgram }: GroundOptions): Promise<Ground> {
  if (sshdMissing !== undefined) throw new Error(sshdMissing);
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'bai-faults-')));
  await chmod(folder, 0o755);
  const program = await copyProgram(root, folder);
  // Before dropbear, whose mounts are those of its start.
  const disk = smallDiskMissing === undefined ? await mountSmallDisk(join(folder, 'disk'), 128) : undefined;
  const sshd = await startSshd({ isPlainShell });
  const dropbear = dropbearMissing === undefined ? await startDropbear() : undefined;
  const asNobody =
    isRoot && nobodyProblem(program) === undefined
      ? await startSshd({ isPlainShell, serveAs: nobody })
      : undefined;
  let leadsTo: TestSshd = sshd;
  const relay = await startRelay(() => leadsTo.port);
  const manager = await startManager({
    program: managerProgram,
    launcher: program,
    folder,
    sshPort: relay.port,
  });
  const servers = [sshd, dropbear, asNobody].filter((each) => each !== undefined);
  for (const [index, server] of servers.entries()) await prepareHome(folder, server, index);
  return {
    ...{ folder, disk, manager, relay, launcher: program },
    nobody: asNobody === undefined ? undefined : nobody,
    serverOf: (fault) => {
      if (fault.kind === 'denied' && asNobody !== undefined) return asNobody;
      return fault.server === 'dropbear' && dropbear !== undefined ? dropbear : sshd;
    },
    leadTo: (server) => {
      leadsTo = server;
    },
    missing: ({ kind }) => {
      if (kind === 'disk-full') return smallDiskMissing;
      if (kind === 'server-killed' && !isPlainShell)
        return 'killing a server could kill start-up files of your shell';
      return kind === 'denied' && isRoot ? nobodyProblem(program) : undefined;
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of [manager, relay, ...servers, disk]) await each?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Of bai, which keeps one host key for a session: so each server has its own. */
export function homeOf(folder: string, server: TestSshd): string {
  return join(folder, `home-${server.port}`);
}

export function keyOf(folder: string, server: TestSshd): string {
  return join(homeOf(folder, server), 'key');
}

async function prepareHome(folder: string, server: TestSshd, index: number): Promise<void> {
  const home = homeOf(folder, server);
  await mkdir(home, { recursive: true });
  await copyFile(server.privateKeyPath, keyOf(folder, server));
  await chmod(keyOf(folder, server), 0o600);
  if (!isRoot || index < 2) return;
  for (const path of [home, keyOf(folder, server)]) await chown(path, nobody, nobody);
}

/** The checkout may lie where only its owner can read. */
async function copyProgram(from: string, folder: string): Promise<string> {
  const to = join(folder, 'bai');
  await mkdir(join(to, 'bin'), { recursive: true });
  for (const name of ['dist', 'package.json'])
    await cp(join(from, name), join(to, name), { recursive: true });
  const copied = join(to, 'bin', 'bai.cjs');
  await copyFile(join(from, 'bin', 'bai.cjs'), copied);
  return copied;
}

function nobodyProblem(program: string): string | undefined {
  try {
    const as = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups'];
    execFileSync('setpriv', [...as, process.execPath, program, '--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'bai cannot be run as another user here';
  }
}
