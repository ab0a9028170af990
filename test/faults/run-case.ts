/** One case: a transfer that a fault strikes, a look at what is left, and the same command until it is done. */

import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tree } from '../e2e/transfer-session.ts';
import { startRelay } from '../support/relay.ts';
import type { FaultCase } from './cases.ts';
import { bytesOf, checksum, writeSource } from './content.ts';
import { type Ground, homeOf, keyOf } from './ground.ts';
import { type Ending, type Move, moveByProgram, moveHere } from './movers.ts';
import { armFault, type Scene } from './strike.ts';

export interface CaseResult {
  readonly fault: FaultCase;
  /** Why it was not run. */
  readonly skipped?: string | undefined;
  readonly hasStruck: boolean;
  /** Of each run, in order. */
  readonly endings: readonly string[];
  /** Runs that went on from where an earlier one stood, and connections made again within one. */
  readonly resumed: number;
  readonly retries: number;
  /** What must never be. */
  readonly wrongs: readonly Wrong[];
  /** Parts and journals that nobody needs any more. */
  readonly litter: readonly string[];
  readonly seconds: number;
}

export type Wrong = 'corrupt' | 'not whole' | 'not resumed' | 'unnamed failure';

const mostRuns = 4;

export async function runCase(fault: FaultCase, ground: Ground): Promise<CaseResult> {
  const startedAt = performance.now();
  const nothing = { fault, hasStruck: false, endings: [], resumed: 0, retries: 0, wrongs: [], litter: [] };
  const skipped = ground.missing(fault);
  if (skipped !== undefined) return { ...nothing, skipped, seconds: 0 };
  const place = await prepare(fault, ground);
  try {
    return {
      ...(await strikeAndGoOn(fault, ground, place)),
      seconds: (performance.now() - startedAt) / 1000,
    };
  } finally {
    await chmod(place.targetFolder, 0o755).catch(() => {});
    for (const path of [place.folder, place.targetFolder]) await rm(path, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly targetFolder: string;
  readonly stateFolder: string;
  readonly move: Move;
  readonly oldSum: string | undefined;
  readonly newSum: string;
}

async function prepare(fault: FaultCase, ground: Ground): Promise<Place> {
  const folder = join(ground.folder, `case-${fault.index}`);
  const onDisk = fault.kind === 'disk-full' && ground.disk !== undefined;
  const targetFolder = onDisk ? join(ground.disk.path, `case-${fault.index}`) : join(folder, 'target');
  for (const path of [folder, targetFolder]) await mkdir(path, { recursive: true });
  const move = {
    direction: fault.direction,
    source: join(folder, 'source'),
    target: join(targetFolder, 'file'),
  };
  const newSum = await writeSource(move.source, fault);
  if (fault.oldSize !== undefined)
    await writeFile(move.target, bytesOf(fault.oldSize, fault.contentSeed + 1));
  const oldSum = await checksum(move.target);
  if (fault.kind === 'denied' && ground.nobody !== undefined) {
    await chown(targetFolder, ground.nobody, ground.nobody);
    if (oldSum !== undefined) await chown(move.target, ground.nobody, ground.nobody);
  }
  return { folder, targetFolder, stateFolder: join(folder, 'state'), move, oldSum, newSum };
}

async function strikeAndGoOn(
  fault: FaultCase,
  ground: Ground,
  place: Place,
): Promise<Omit<CaseResult, 'seconds'>> {
  const wrongs = new Set<Wrong>();
  const endings: Ending[] = [];
  const look = async (ending: Ending): Promise<void> => {
    endings.push(ending);
    if (!ending.isNamed) wrongs.add('unnamed failure');
    const sum = await checksum(place.move.target);
    if (ending.isDone && sum !== place.newSum) wrongs.add('corrupt');
    else if (sum !== place.oldSum && sum !== place.newSum) wrongs.add('not whole');
  };
  const open = await openScene(fault, ground, place);
  try {
    const armed = await armFault(fault, open.scene);
    const first = await open.run();
    // A folder that may not be entered hides what is in it.
    if (fault.kind === 'denied') await chmod(place.targetFolder, 0o755);
    await look(first);
    await armed.heal();
    while (!endings.at(-1)?.isDone && endings.length < mostRuns) await look(await open.run());
    if (!endings.at(-1)?.isDone) wrongs.add('not resumed');
    return {
      fault,
      hasStruck: armed.hasStruck(),
      endings: endings.map(({ how }) => how),
      resumed: endings.reduce((sum, { resumed }) => sum + resumed, 0),
      retries: endings.reduce((sum, { retries }) => sum + retries, 0),
      wrongs: [...wrongs],
      litter: await litterOf(place),
    };
  } finally {
    await open.close();
  }
}

interface OpenScene {
  readonly scene: Scene;
  readonly run: () => Promise<Ending>;
  readonly close: () => Promise<void>;
}

/** The faults that strike bai itself or the manager need both as processes of their own. */
async function openScene(fault: FaultCase, ground: Ground, place: Place): Promise<OpenScene> {
  const server = ground.serverOf(fault);
  const limitMs = fault.isSparse ? 600_000 : 120_000;
  const isProgram =
    ['bai-killed', 'interrupt', 'manager-killed'].includes(fault.kind) ||
    (fault.kind === 'denied' && fault.direction === 'get');
  const { targetFolder, move, stateFolder } = place;
  if (!isProgram) {
    const relay = await startRelay(server.port, { delayMs: fault.delayMs });
    const stallMs = fault.kind === 'stall' ? 800 + 20 * fault.delayMs : 60_000;
    const { isOneRun } = fault;
    const options = { server, port: relay.port, stateFolder, isOneRun, stallMs, limitMs };
    const scene: Scene = { ground, server, relay, targetFolder, child: undefined };
    return { scene, run: () => moveHere(move, options), close: async () => relay[Symbol.asyncDispose]() };
  }
  ground.leadTo(server);
  const scene: Scene = { ground, server, relay: ground.relay, targetFolder, child: undefined };
  const run = () =>
    moveByProgram(move, {
      ...{
        launcher: ground.launcher,
        home: homeOf(ground.folder, server),
        keyPath: keyOf(ground.folder, server),
      },
      ...{ user: server.user, session: ground.manager.session, env: ground.manager.env, limitMs },
      uid: fault.kind === 'denied' ? ground.nobody : undefined,
      onStart: (child) => {
        scene.child = child;
      },
    });
  return { scene, run, close: async () => ground.relay.heal() };
}

async function litterOf({ folder, targetFolder }: Place): Promise<string[]> {
  const left = [...(await tree(folder)), ...(await tree(targetFolder))];
  return [...new Set(left.filter((path) => /bai-(part|journal)|state\/./.test(path)))];
}
