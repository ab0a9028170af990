/** Names for Tab in a shell: from the platform when it answers at once, else those that were known a moment ago. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type NameCache, openNameCache } from '../config/name-cache.ts';
import { findOwnPaths } from '../config/paths.ts';
import { openProfileStore } from '../config/store.ts';
import type { NameKind, Question } from '../core/completion.ts';
import { areElsewhere } from '../core/settings/profiles.ts';
import { settingValue } from '../core/settings/settings.ts';
import { joinRemote } from '../core/sftp/remote-path.ts';
import { atMost, limitTime, unlessAborted } from '../core/time-limit.ts';
import { BaiError } from '../errors.ts';
import type { CompletionTools } from '../services/completion/complete.ts';
import { ownProgram, ownWords } from './process/own-program.ts';
import type { BuilderContext } from './tools.ts';

/** Nobody who presses Tab waits longer; names that come later are there the next time. */
const patienceMs = 300;
/** For a login into a session, which takes round trips. */
const remotePatienceMs = 3_000;
const freshMs = 30_000;
const refreshMs = 15_000;

export function completionTools(context: BuilderContext): CompletionTools {
  return {
    async names(kind, question) {
      try {
        return await knownOrAsked(kind, question, context);
      } catch (error) {
        // Whoever presses Tab is told nothing rather than disturbed.
        if (error instanceof BaiError) return [];
        throw error;
      }
    },
    async refresh(question) {
      for (const kind of question.names)
        if (kind !== 'profile') await refresh(placeOf(kind, question), context);
    },
  };
}

async function refresh(place: Place, context: BuilderContext): Promise<void> {
  using limit = limitTime(context.signal, refreshMs);
  const cache = await cacheOf(place, context);
  await cache?.write(await namesAt(place, context, limit.signal));
}

/** What one question to the platform is about. */
interface Place {
  readonly kind: Exclude<NameKind, 'profile'>;
  readonly session: string | undefined;
  /** Of a session; with its last slash. */
  readonly folder: string;
}

async function knownOrAsked(
  kind: NameKind,
  question: Question,
  context: BuilderContext,
): Promise<readonly string[]> {
  if (kind === 'profile') return openProfileStore(findOwnPaths(context.environment).configFile).names();
  const place = placeOf(kind, question);
  const cache = await cacheOf(place, context);
  const known = await cache?.read();
  if (cache === undefined || (known !== undefined && known.ageMs < freshMs)) return known?.names ?? [];
  const settings = await context.settings();
  // A program of the user's may ask for a passphrase, which is too much for a key that was pressed.
  if (settings.secretCommand.value !== undefined) return known?.names ?? [];
  const isInSession = place.kind === 'remote' && place.session !== undefined;
  if (!isInSession && !areElsewhere(settings)) {
    const names = await askAtOnce(place, context);
    if (names !== undefined) {
      await cache.write(names);
      return names;
    }
  }
  // What cannot be broken off here goes on in a process that nobody waits for.
  await atMost(isInSession ? remotePatienceMs : patienceMs, refreshElsewhere(context));
  return (await cache.read())?.names ?? [];
}

/** Nothing when the names are not there in time, or are refused. */
async function askAtOnce(place: Place, context: BuilderContext): Promise<readonly string[] | undefined> {
  using limit = limitTime(context.signal, patienceMs);
  try {
    return await unlessAborted(namesAt(place, context, limit.signal), limit.signal);
  } catch (error) {
    if (error instanceof BaiError || limit.isOver) return undefined;
    throw error;
  }
}

function placeOf(kind: Place['kind'], { typed, session }: Question): Place {
  const colon = kind === 'remote' ? typed.indexOf(':') : -1;
  if (colon < 0) return { kind, session, folder: '' };
  const path = typed.slice(colon + 1);
  return { kind, session: typed.slice(0, colon), folder: path.slice(0, path.lastIndexOf('/') + 1) };
}

/** Nothing where no platform is set. */
async function cacheOf(place: Place, context: BuilderContext): Promise<NameCache | undefined> {
  const settings = await context.settings();
  const endpoints = settingValue(settings, 'endpoint');
  if (endpoints === undefined) return undefined;
  const account = [settings.accessKey.value, settings.email.value, await context.profile()];
  const question = [settingValue(settings, 'provider'), ...endpoints, ...account, ...Object.values(place)];
  const folder = join(findOwnPaths(context.environment).stateDir, 'completion');
  return openNameCache(folder, JSON.stringify(question), Date.now);
}

async function namesAt(
  { kind, session, folder }: Place,
  context: BuilderContext,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (kind === 'remote' && session !== undefined) return remoteNames(session, folder, context);
  const provider = await context.provider();
  const namesOf = async (list: Promise<readonly { readonly name: string }[]> | undefined) =>
    ((await list) ?? []).map(({ name }) => name);
  const sessions = (): Promise<string[]> =>
    namesOf(provider.list({ statuses: 'live', owner: 'own' }, signal));
  const offers: Readonly<Record<Place['kind'], () => Promise<readonly string[]>>> = {
    session: sessions,
    remote: async () => (await sessions()).map((name) => `${name}:`),
    image: async () =>
      ((await provider.images?.(signal)) ?? []).flatMap(({ aliases, reference }) => [...aliases, reference]),
    folder: () => namesOf(provider.folders?.(signal)),
    project: () => namesOf(provider.projects?.(signal)),
    group: async () => ((await provider.resources?.(signal))?.groups ?? []).map(({ name }) => name),
    app: async () => {
      const [found] = session === undefined ? [] : await provider.find(session, signal);
      return found === undefined ? [] : namesOf(provider.apps?.list(found, signal));
    },
  };
  return offers[kind]();
}

async function remoteNames(session: string, folder: string, context: BuilderContext): Promise<string[]> {
  const tools = await context.tools('sftp');
  await using files = await tools.open(session);
  const names: string[] = [];
  for await (const { name, attributes } of files.list(folder === '' ? '.' : joinRemote(folder, '.')))
    names.push(`${session}:${folder}${name}${attributes.kind === 'folder' ? '/' : ''}`);
  return names.sort();
}

/** The same question in a process that outlives this one; resolves when it has ended. */
async function refreshElsewhere({ environment }: BuilderContext): Promise<void> {
  const words = ownWords();
  const at = words.indexOf('__complete') + 1;
  const [program, ...before] = ownProgram();
  const child = spawn(program, [...before, ...words.toSpliced(at, 0, '--refresh')], {
    ...{ detached: true, windowsHide: true, stdio: 'ignore' },
    env: environment,
  });
  child.unref();
  await Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => {});
}
