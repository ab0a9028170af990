/** Profiles in `config.json`, readable by their owner only. */

import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import Conf from 'conf';
import { z } from 'zod/mini';
import { isSettingName, type SettingName, type SettingValues } from '../core/settings.ts';
import { LocalSystemError } from '../errors.ts';

export interface ProfileStore {
  readonly path: string;
  /** Values of one profile; unknown keys of a newer bai are left out here and kept in the file. */
  read(profile: string): SettingValues;
  write(profile: string, name: SettingName, value: string): void;
  /** Whether there was something to remove. */
  remove(profile: string, name: SettingName): boolean;
  /** The file's mode bits that let others in (0 when it is private or not there). */
  exposedMode(): number;
}

const storeSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** Opens, and does not create, the file at `path`. */
export function openProfileStore(path: string): ProfileStore {
  const open = (): Conf<Record<string, unknown>> => openConf(path);
  const profiles = (): Record<string, Record<string, string>> => readProfiles(open(), path);
  return {
    path,
    read(profile) {
      const entries = Object.entries(profiles()[profile] ?? {});
      return Object.fromEntries(entries.filter(([name]) => isSettingName(name)));
    },
    write(profile, name, value) {
      const all = profiles();
      open().set('profiles', { ...all, [profile]: { ...all[profile], [name]: value } });
    },
    remove(profile, name) {
      const all = profiles();
      const { [name]: removed, ...rest } = all[profile] ?? {};
      if (removed === undefined) return false;
      open().set('profiles', { ...all, [profile]: rest });
      return true;
    },
    exposedMode: () => exposedMode(path),
  };
}

function openConf(path: string): Conf<Record<string, unknown>> {
  try {
    return new Conf<Record<string, unknown>>({
      cwd: dirname(path),
      configName: basename(path, '.json'),
      projectSuffix: '',
      projectName: 'bai',
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
      clearInvalidConfig: false,
    });
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw brokenFile(path, cause);
  }
}

function readProfiles(
  conf: Conf<Record<string, unknown>>,
  path: string,
): Record<string, Record<string, string>> {
  const parsed = storeSchema.safeParse(conf.get('profiles') ?? {});
  if (!parsed.success) throw brokenFile(path, parsed.error);
  return parsed.data;
}

function brokenFile(path: string, cause: unknown): LocalSystemError {
  return new LocalSystemError(`the settings in ${path} cannot be read: the file is not what bai wrote`, {
    code: 'config-broken',
    hint: 'correct it, or move it away and set your values again with `bai config set`',
    cause,
  });
}

function exposedMode(path: string): number {
  if (process.platform === 'win32') return 0;
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 0 : found.mode & 0o077;
}
