/** Profiles in `config.json`, readable by their owner only. */

import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type Conf from 'conf';
import * as z from 'zod/mini';
import { isSettingName, type SettingName, type SettingValues } from '../core/settings.ts';
import { LocalSystemError, systemCode } from '../errors.ts';

export interface ProfileStore {
  readonly path: string;
  /** Of all profiles, in alphabetical order. */
  names(): readonly string[];
  /** Values of one profile; unknown keys of a newer bai are left out here and kept in the file. */
  read(profile: string): SettingValues;
  write(profile: string, name: SettingName, value: string): Promise<void>;
  /** Whether there was something to remove. */
  remove(profile: string, name: SettingName): Promise<boolean>;
  /** The file's mode bits that let others in (0 when it is private or not there). */
  exposedMode(): number;
}

type Profiles = Record<string, Record<string, string>>;

const storeSchema = z.object({
  profiles: z.optional(z.record(z.string(), z.record(z.string(), z.string()))),
});

/** Creates nothing until something is written. */
export function openProfileStore(path: string): ProfileStore {
  return {
    path,
    names: () => Object.keys(readProfiles(path)).sort(),
    read(profile) {
      const entries = Object.entries(readProfiles(path)[profile] ?? {});
      return Object.fromEntries(entries.filter(([name]) => isSettingName(name)));
    },
    async write(profile, name, value) {
      const conf = await openConf(path);
      // Read after the wait: another command may have written in between.
      const all = readProfiles(path);
      conf.set('profiles', { ...all, [profile]: { ...all[profile], [name]: value } });
    },
    async remove(profile, name) {
      const conf = await openConf(path);
      const all = readProfiles(path);
      const { [name]: removed, ...rest } = all[profile] ?? {};
      if (removed === undefined) return false;
      conf.set('profiles', { ...all, [profile]: rest });
      return true;
    },
    exposedMode: () => exposedMode(path),
  };
}

/** Every command reads and few write: conf, which brings a schema compiler, is loaded for writing only. */
async function openConf(path: string): Promise<Conf<Record<string, unknown>>> {
  // conf's own words for a broken file name neither the file nor a way out.
  readProfiles(path);
  const { default: Conf } = await import('conf');
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return new Conf<Record<string, unknown>>({
    cwd: dirname(path),
    configName: basename(path, '.json'),
    projectSuffix: '',
    projectName: 'bai',
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
    clearInvalidConfig: false,
  });
}

function readProfiles(path: string): Profiles {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return {};
    if (!(cause instanceof SyntaxError)) throw cause;
    throw brokenFile(path, cause);
  }
  const parsed = storeSchema.safeParse(content);
  if (!parsed.success) throw brokenFile(path, parsed.error);
  return parsed.data.profiles ?? {};
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
