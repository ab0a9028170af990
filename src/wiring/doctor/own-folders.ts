/** bai's own folders and files, and those of SSH keys, as this process finds them. */

import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findOwnPaths } from '../../config/paths.ts';
import type { Environment } from '../../context.ts';
import type { Finding, Seen } from '../../core/doctor/stages.ts';
import { typed } from '../../core/text/typed.ts';
import { formatBytes } from '../../core/text/units.ts';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { BaiError, RetoldError } from '../../errors.ts';
import { folderState } from '../../files/folder-state.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { openKeyLedger } from '../../keys/key-ledger.ts';
import type { SshSettings } from '../../services/ssh/ssh-tools.ts';

/** What bai writes in a day is a thousandth of it. */
const lowBytes = 50 * 1024 * 1024;

/** Where another folder can be named. */
const otherPlaces = { config: 'BAI_HOME', state: 'BAI_HOME', ssh: 'BAI_SSH_DIR' } as const;

/** Rejects with a BaiError for a folder that cannot be used. Of SSH keys nothing is known without settings. */
export async function seeFolders(
  environment: Environment,
  ssh: Pick<SshSettings, 'keyPath' | 'identity'> | undefined,
): Promise<Seen> {
  const { configFile, stateDir, keyLedger } = findOwnPaths(environment);
  const roles = {
    ...{ config: dirname(configFile), state: stateDir },
    ...(ssh !== undefined && { ssh: dirname(ssh.keyPath) }),
  };
  const findings: Finding[] = [];
  const facts: Record<string, unknown> = {};
  let leastFree = Number.POSITIVE_INFINITY;
  const looked = new Set<string>();
  for (const role of ['config', 'state', 'ssh'] as const) {
    const path = roles[role];
    if (path === undefined) continue;
    const { isThere, freeBytes, openMode } = await usable(path, otherPlaces[role]);
    facts[role] = { path, isThere, ...(freeBytes !== undefined && { freeBytes }) };
    // With BAI_HOME two of them are one.
    if (looked.has(path)) continue;
    looked.add(path);
    if (openMode !== 0) findings.push(openTo('write to', path, '700'));
    if (freeBytes !== undefined && freeBytes < lowBytes) findings.push(low(path, freeBytes));
    leastFree = Math.min(leastFree, freeBytes ?? leastFree);
  }
  const own = (await openKeyLedger(keyLedger).all()).map(({ path }) => path);
  const keys = new Set([...own, ...(ssh?.identity === undefined ? [] : [ssh.identity]), configFile]);
  for (const path of keys) if (await isReadable(path)) findings.push(openTo('read', path, '600'));
  const free = Number.isFinite(leastFree) ? `, ${formatBytes(leastFree)} free` : '';
  return { seen: `${[...new Set(Object.values(roles))].join(', ')}${free}`, facts, findings };
}

async function usable(path: string, variable: string): ReturnType<typeof folderState> {
  try {
    return await folderState(path);
  } catch (error) {
    if (!(error instanceof BaiError) || error.hint !== undefined) throw error;
    const hint = `\`${typed(['ls', '-ld', path])}\` shows whose it is; ${variable}= names another folder`;
    throw new RetoldError(error, error.message, { hint, details: error.details });
  }
}

/** For others than its owner. */
async function isReadable(path: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const found = await onThisMachine('look at', path, stat(path).catch(noneIfMissing));
  return found !== undefined && (found.mode & 0o077) !== 0;
}

function openTo(what: string, path: string, mode: string): Finding {
  return {
    code: 'open-to-others',
    message: `others on this machine may ${what} ${path}`,
    hint: typed(['chmod', mode, path]),
  };
}

function low(path: string, freeBytes: number): Finding {
  const message = `only ${formatBytes(freeBytes)} are free where ${path} is`;
  return { code: 'disk-low', message, hint: 'make room there' };
}
