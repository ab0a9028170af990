/**
 * What a server was like when it was spoken to last: its release, and which session a name meant. A guess to begin with, which the
 * server is asked beside: whoever uses it must be ready to hear that it is wrong.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../core/text/json.ts';
import { readOwnFile, replaceOwnFile } from '../files/own-file.ts';
import { unlessRefused } from './unless-refused.ts';

interface KnownRelease {
  readonly api: string;
  readonly text: string;
}

interface KnownSession {
  readonly id: string;
  readonly name: string;
}

export interface ServerMemory {
  release(): Promise<KnownRelease | undefined>;
  /** Never rejects: what cannot be kept is only slower. */
  keepRelease(release: KnownRelease): Promise<void>;
  session(reference: string): Promise<KnownSession | undefined>;
  /** Without a session it is forgotten. */
  keepSession(reference: string, session: KnownSession | undefined): Promise<void>;
}

const word = z.string().check(z.maxLength(200));

const fileSchema = z.object({
  version: z.literal(1),
  release: z.optional(z.object({ api: word, text: word })),
  sessions: z.array(z.object({ reference: word, id: word, name: word })),
});

type Content = z.infer<typeof fileSchema>;

/** Those that were gone into last. */
const mostSessions = 50;

/** `server` tells servers and accounts apart. */
export function openServerMemory(folder: string, server: string): ServerMemory {
  const path = join(folder, `${createHash('sha256').update(server).digest('hex').slice(0, 32)}.json`);
  let content: Promise<Content> | undefined;
  const read = (): Promise<Content> => {
    content ??= readContent(path);
    return content;
  };
  let changing = Promise.resolve();
  const change = (edit: (before: Content) => Content | undefined): Promise<void> => {
    changing = changing.then(async () => {
      const changed = edit(await read());
      if (changed === undefined) return;
      content = Promise.resolve(changed);
      await writeContent(path, changed);
    });
    return changing;
  };
  return {
    release: async () => (await read()).release,
    keepRelease: (release) =>
      change((before) => (isSame(before.release, release) ? undefined : { ...before, release })),
    async session(reference) {
      return (await read()).sessions.find((known) => known.reference === reference);
    },
    keepSession: (reference, session) => change((before) => withSession(before, reference, session)),
  };
}

function isSame(known: KnownRelease | undefined, { api, text }: KnownRelease): boolean {
  return known?.api === api && known.text === text;
}

/** Nothing where it is so already. */
function withSession(
  before: Content,
  reference: string,
  session: KnownSession | undefined,
): Content | undefined {
  const known = before.sessions.find((each) => each.reference === reference);
  if (known?.id === session?.id && known?.name === session?.name) return undefined;
  const others = before.sessions.filter((each) => each !== known);
  if (session === undefined) return { ...before, sessions: others };
  const newest = { reference, id: session.id, name: session.name };
  return { ...before, sessions: [newest, ...others].slice(0, mostSessions) };
}

async function readContent(path: string): Promise<Content> {
  const text = await unlessRefused(readOwnFile(path));
  const parsed = fileSchema.safeParse(text === undefined ? undefined : parseJson(text));
  return parsed.success ? parsed.data : { version: 1, sessions: [] };
}

async function writeContent(path: string, content: Content): Promise<void> {
  if (!fileSchema.safeParse(content).success) return;
  await unlessRefused(replaceOwnFile(path, `${JSON.stringify(content)}\n`));
}
