/** Profiles in `config.json`, readable by their owner only. */

import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type Conf from 'conf';
import * as z from 'zod/mini';
import { noteProfileChange } from '../core/settings/profile-changes.ts';
import type { ProfileValues, StoredProfile } from '../core/settings/profiles.ts';
import { isSettingName, type SettingValues } from '../core/settings/settings.ts';
import { usualProfile } from '../core/ssh/config-sections.ts';
import { parseJson } from '../core/text/json.ts';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { ConflictError, LocalSystemError } from '../errors.ts';
import { removeFile } from '../files/held-files.ts';
import type { LockWait } from '../files/lock.ts';
import { changeOwnFile, readOwnFile } from '../files/own-file.ts';
import { besidePath } from '../files/whole-file.ts';

/** What the file held at one moment. */
export interface StoredProfiles {
  readonly path: string;
  /** Of all profiles, in alphabetical order. */
  readonly names: readonly string[];
  /** The profile that is meant where none is named; nothing where nobody chose. */
  readonly current: string | undefined;
  read(this: void, profile: string): StoredProfile;
}

export interface ProfileStore {
  readonly path: string;
  /** By one look at the file. */
  all(): Promise<StoredProfiles>;
  names(): Promise<readonly string[]>;
  current(): Promise<string | undefined>;
  read(profile: string): Promise<StoredProfile>;
  /** All of it at once, or nothing. Resolves with the items that the profile no longer names. */
  save(profile: string, values: ProfileValues, keyringItems?: SettingValues): Promise<readonly string[]>;
  use(profile: string): Promise<void>;
  /** What is current stays current, under its new name. */
  rename(profile: string, name: string): Promise<void>;
  /** `next` is current from then on. Resolves with the items that the profile named. */
  remove(profile: string, next: string | undefined): Promise<readonly string[]>;
  /** The file's mode bits that let others in (0 when it is private or not there). */
  exposedMode(): Promise<number>;
}

type RawProfile = Readonly<Record<string, string>>;

const storeSchema = z.object({
  profiles: z.optional(z.record(z.string(), z.record(z.string(), z.string()))),
  /** Older releases leave it alone, and take the default profile. */
  current: z.optional(z.string()),
});

type Stored = z.infer<typeof storeSchema>;

/** Creates nothing until something is written. `wait` is for another command that is writing. */
export function openProfileStore(path: string, wait?: LockWait): ProfileStore {
  const change = async (edit: (all: Stored) => Stored): Promise<void> => {
    await changeOwnFile(path, (text) => edited(path, text, edit), wait);
    noteProfileChange();
  };
  const all = async (): Promise<StoredProfiles> => {
    const { profiles = {}, current } = await readStored(path);
    const read = (profile: string): StoredProfile => readProfile(profiles[profile] ?? {});
    return { path, names: Object.keys(profiles).sort(), current, read };
  };
  return {
    path,
    all,
    names: async () => (await all()).names,
    current: async () => (await all()).current,
    read: async (profile) => (await all()).read(profile),
    async save(profile, values, keyringItems = {}) {
      let left: readonly string[] = [];
      await change((all) => {
        const before = all.profiles?.[profile] ?? {};
        const after = changedProfile(before, values, keyringItems);
        left = itemsLeft(before, after);
        return { ...all, profiles: { ...all.profiles, [profile]: after } };
      });
      return left;
    },
    use: (profile) => change((all) => ({ ...all, current: profile })),
    rename: (profile, name) => change((all) => renamed(all, profile, name)),
    async remove(profile, next) {
      let left: readonly string[] = [];
      await change((all) => {
        const { [profile]: gone = {}, ...profiles } = all.profiles ?? {};
        left = itemsLeft(gone, {});
        return { profiles, current: next ?? all.current };
      });
      return left;
    },
    exposedMode: () => exposedMode(path),
  };
}

/** Takes the place of each secret that is in the keyring. No setting has this name, so older releases send nothing of it. */
const itemsKey = 'keyring';

function readProfile(raw: RawProfile): StoredProfile {
  const values = Object.entries(raw).filter(([name]) => isSettingName(name));
  const items = readItems(raw).filter(([name]) => isSettingName(name) && raw[name] === undefined);
  return { values: Object.fromEntries(values), keyringItems: Object.fromEntries(items) };
}

/** `secretKey:1f2e3d token:4c5b6a` */
function readItems(raw: RawProfile): (readonly [name: string, id: string])[] {
  return [...(raw[itemsKey] ?? '').matchAll(/([A-Za-z]+):([0-9a-f]+)/g)].map(([, name = '', id = '']) => [
    name,
    id,
  ]);
}

function changedProfile(before: RawProfile, values: ProfileValues, items: SettingValues): RawProfile {
  const changed = [...Object.keys(values), ...Object.keys(items)];
  const kept = readItems(before).filter(([name]) => !changed.includes(name));
  const all = [...kept, ...Object.entries(items)].map(([name, id]) => `${name}:${id}`);
  const gone = Object.fromEntries(Object.keys(items).map((name) => [name, undefined]));
  const whole = { ...before, ...values, ...gone, [itemsKey]: all.length === 0 ? undefined : all.join(' ') };
  const there = Object.entries(whole).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(there);
}

function itemsLeft(before: RawProfile, after: RawProfile): readonly string[] {
  const named = new Set(readItems(after).map(([, id]) => id));
  return readItems(before).flatMap(([, id]) => (named.has(id) ? [] : [id]));
}

function renamed(all: Stored, profile: string, name: string): Stored {
  const { [profile]: moved = {}, ...profiles } = all.profiles ?? {};
  if (profiles[name] !== undefined) throw profileExists(name);
  const isCurrent = (all.current ?? usualProfile) === profile;
  return { profiles: { ...profiles, [name]: moved }, current: isCurrent ? name : all.current };
}

function profileExists(name: string): ConflictError {
  return new ConflictError(`there is a profile "${name}" already`, {
    code: 'profile-exists',
    hint: `choose another name, or remove it first: \`bai profile remove ${name}\``,
  });
}

/** Keys of a newer bai stay. */
async function edited(
  path: string,
  text: string | undefined,
  edit: (all: Stored) => Stored,
): Promise<string> {
  const { profiles = {}, current } = edit(parseStored(text ?? '{}', path));
  const copy = besidePath(path, 'new');
  try {
    await writeFile(copy, text ?? '{}', { flag: 'wx', mode: 0o600 });
    const conf = await openConf(copy);
    conf.set('profiles', profiles);
    if (current !== undefined) conf.set('current', current);
    return whole(await readFile(copy, 'utf8'));
  } finally {
    await removeFile(copy);
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

async function readStored(path: string): Promise<Stored> {
  return parseStored((await readOwnFile(path)) ?? '{}', path);
}

function parseStored(text: string, path: string): Stored {
  const parsed = storeSchema.safeParse(parseJson(text));
  if (!parsed.success) throw brokenFile(path, parsed.error);
  return parsed.data;
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
