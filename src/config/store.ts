/** Profiles in `config.json`, readable by their owner only. */

import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type Conf from 'conf';
import * as z from 'zod/mini';
import { isSettingName, type SettingName, type SettingValues } from '../core/settings/settings.ts';
import { parseJson } from '../core/text/json.ts';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { LocalSystemError } from '../errors.ts';
import type { LockWait } from '../files/lock.ts';
import { changeOwnFile, readOwnFile } from '../files/own-file.ts';
import { besidePath } from '../files/whole-file.ts';

interface ProfileStore {
  readonly path: string;
  /** Of all profiles, in alphabetical order. */
  names(): Promise<readonly string[]>;
  /** Values of one profile; unknown keys of a newer bai are left out here and kept in the file. */
  read(profile: string): Promise<SettingValues>;
  write(profile: string, name: SettingName, value: string): Promise<void>;
  /** All of them at once, or none: a value of undefined takes its setting away. */
  save(profile: string, values: ProfileValues): Promise<void>;
  /** Whether there was something to remove. */
  remove(profile: string, name: SettingName): Promise<boolean>;
  /** The file's mode bits that let others in (0 when it is private or not there). */
  exposedMode(): Promise<number>;
}

/** What is changed of a profile: undefined takes away. */
type ProfileValues = Readonly<Partial<Record<SettingName, string | undefined>>>;

type Profiles = Record<string, Record<string, string>>;

const storeSchema = z.object({
  profiles: z.optional(z.record(z.string(), z.record(z.string(), z.string()))),
});

/** Creates nothing until something is written. `wait` is for another command that is writing. */
export function openProfileStore(path: string, wait?: LockWait): ProfileStore {
  const change = (edit: (all: Profiles) => Profiles | undefined): Promise<void> =>
    changeOwnFile(path, (text) => edited(path, text, edit), wait);
  return {
    path,
    names: async () => Object.keys(await readProfiles(path)).sort(),
    async read(profile) {
      const entries = Object.entries((await readProfiles(path))[profile] ?? {});
      return Object.fromEntries(entries.filter(([name]) => isSettingName(name)));
    },
    write: (profile, name, value) =>
      change((all) => ({ ...all, [profile]: { ...all[profile], [name]: value } })),
    save: (profile, values) =>
      change((all) => ({ ...all, [profile]: withValues(all[profile] ?? {}, values) })),
    async remove(profile, name) {
      const isThere = (all: Profiles): boolean => all[profile]?.[name] !== undefined;
      if (!isThere(await readProfiles(path))) return false;
      await change((all) => {
        const { [name]: _removed, ...rest } = all[profile] ?? {};
        return isThere(all) ? { ...all, [profile]: rest } : undefined;
      });
      return true;
    },
    exposedMode: () => exposedMode(path),
  };
}

function withValues(before: Readonly<Record<string, string>>, values: ProfileValues): Record<string, string> {
  const after = { ...before };
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete after[name];
    else after[name] = value;
  }
  return after;
}

/** Keys of a newer bai stay. */
async function edited(
  path: string,
  text: string | undefined,
  edit: (all: Profiles) => Profiles | undefined,
): Promise<string | undefined> {
  const profiles = edit(parseProfiles(text ?? '{}', path));
  if (profiles === undefined) return undefined;
  const copy = besidePath(path, 'new');
  try {
    await writeFile(copy, text ?? '{}', { flag: 'wx', mode: 0o600 });
    (await openConf(copy)).set('profiles', profiles);
    return whole(await readFile(copy, 'utf8'));
  } finally {
    await rm(copy, { force: true });
  }
}

/**
 * On a copy: conf takes no lock, and gives what it wrote its name however little of it a full disk took. Every command reads and
 * few write: conf, which brings a schema compiler, is loaded for writing only.
 */
async function openConf(path: string): Promise<Conf<Record<string, unknown>>> {
  const { default: Conf } = await import('conf');
  return new Conf<Record<string, unknown>>({
    cwd: dirname(path),
    configName: basename(path),
    fileExtension: '',
    projectSuffix: '',
    projectName: 'bai',
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
    clearInvalidConfig: false,
  });
}

function whole(text: string): string {
  if (parseJson(text) !== undefined) return text;
  throw Object.assign(new Error('not all of the settings were written'), { code: 'ENOSPC' });
}

async function readProfiles(path: string): Promise<Profiles> {
  return parseProfiles((await readOwnFile(path)) ?? '{}', path);
}

function parseProfiles(text: string, path: string): Profiles {
  const parsed = storeSchema.safeParse(parseJson(text));
  if (!parsed.success) throw brokenFile(path, parsed.error);
  return parsed.data.profiles ?? {};
}

function brokenFile(path: string, cause: unknown): LocalSystemError {
  return new LocalSystemError(`the settings in ${path} cannot be read: the file is not what bai wrote`, {
    code: 'config-broken',
    hint: 'correct it, or move it out of the way and set your values again with `bai config set`',
    cause,
  });
}

async function exposedMode(path: string): Promise<number> {
  if (process.platform === 'win32') return 0;
  const found = await stat(path).catch(noneIfMissing);
  return found === undefined ? 0 : found.mode & 0o077;
}
