/** The processes of bai that keep a login at a web console in use: one small file each, for as long as they run. */

import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../core/text/json.ts';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { removeFile } from '../files/held-files.ts';
import { readOwnFile, replaceOwnFile } from '../files/own-file.ts';
import {
  type AskStart,
  fateOf,
  ownIdentity,
  type ProcessIdentity,
  readIdentity,
} from '../files/process-identity.ts';
import { unlessRefused } from './unless-refused.ts';

export interface LoginHolder {
  /** As people know it, such as `ssh to demo`. */
  readonly what: string;
  readonly process: ProcessIdentity;
  /** `unknown` where nothing proves that the process of this number is the one that is meant. */
  fate(this: void): Promise<'alive' | 'ended' | 'unknown'>;
  forget(this: void): Promise<void>;
}

export interface LoginHolders {
  /** This process, from now on; what was said of it before counts no longer. Its failure is nobody's. */
  add(login: string, what: string): Promise<void>;
  /** This process no longer. */
  remove(): Promise<void>;
  /** The others that live, or of which nobody knows; what those that have ended left is taken away. */
  find(login: string): Promise<readonly LoginHolder[]>;
}

const fileSchema = z.object({
  owner: z.unknown(),
  login: z.string(),
  what: z.string().check(z.maxLength(300)),
});

export function openLoginHolders(folder: string, askStart: AskStart): LoginHolders {
  const own = join(folder, `${process.pid}-${randomBytes(6).toString('hex')}.json`);
  return {
    async add(login, what) {
      const content = {
        owner: await ownIdentity(askStart),
        login: digestOf(login),
        what: what.slice(0, 300),
      };
      await unlessRefused(replaceOwnFile(own, `${JSON.stringify(content)}\n`));
      // What others left who were killed does not pile up where nobody signs out.
      await readAll(folder, askStart);
    },
    async remove() {
      await unlessRefused(removeFile(own));
    },
    async find(login) {
      const wanted = digestOf(login);
      return (await readAll(folder, askStart)).flatMap((each) =>
        each.login === wanted ? [each.holder] : [],
      );
    },
  };
}

/** Nobody has as many; a folder that holds more is not only bai's. */
const mostFiles = 1_000;

/** The login itself is a secret. */
function digestOf(login: string): string {
  return createHash('sha256').update(login).digest('hex');
}

interface Read {
  readonly login: string;
  readonly holder: LoginHolder;
}

async function readAll(folder: string, askStart: AskStart): Promise<readonly Read[]> {
  const names = (await unlessRefused(readdir(folder).catch(noneIfMissing))) ?? [];
  const paths = names.filter((name) => name.endsWith('.json')).slice(0, mostFiles);
  const all = await Promise.all(paths.map((name) => readHolder(join(folder, name), askStart)));
  return all.filter((each) => each !== undefined);
}

async function readHolder(path: string, askStart: AskStart): Promise<Read | undefined> {
  const text = await unlessRefused(readOwnFile(path));
  const parsed = fileSchema.safeParse(text === undefined ? undefined : parseJson(text));
  const owner = parsed.success ? readIdentity(parsed.data.owner) : undefined;
  if (!parsed.success || owner === undefined) return undefined;
  const forget = (): Promise<void> => unlessRefused(removeFile(path));
  const fate = (): ReturnType<typeof fateOf> => fateOf(owner, askStart);
  if ((await fate()) === 'ended') {
    await forget();
    return undefined;
  }
  const { login, what } = parsed.data;
  return { login, holder: { what, process: owner, fate, forget } };
}
