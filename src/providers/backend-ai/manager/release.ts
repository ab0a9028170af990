/** What changed for a client from release to release (docs/protocol-notes.md): decided by the manager's release, not its API version. */

import { ProtocolError } from '../../../errors.ts';
import { sessionNameProblem } from './states.ts';

/** The newest API version bai was written for. */
const newestApi = 'v9.20250722';

export interface Release {
  /** As the manager writes it, e.g. `26.9.6` or `23.09.10`. */
  readonly text: string;
  /** Negotiated API version, e.g. `v8.20240915`. */
  readonly api: string;
  atLeast(year: number, month: number, patch?: number): boolean;
}

/** Throws a ProtocolError for a manager bai cannot talk to. */
export function negotiate(serverApi: string, serverRelease: string): Release {
  const api = olderOf(parseApi(serverApi), parseApi(newestApi)).text;
  if (parseApi(api).major < 5) {
    throw new ProtocolError(`this manager is too old: it speaks API ${serverApi}, bai needs v5 or later`, {
      code: 'too-old',
    });
  }
  const numbers = (/^(\d+)\.(\d+)(?:\.(\d+))?/.exec(serverRelease) ?? [])
    .slice(1)
    .map((part) => Number(part ?? 0));
  const [year = 0, month = 0, patch = 0] = numbers;
  return {
    text: serverRelease,
    api,
    atLeast: (wantYear, wantMonth, wantPatch = 0) =>
      year * 1e6 + month * 1e3 + patch >= wantYear * 1e6 + wantMonth * 1e3 + wantPatch,
  };
}

/** What a manager was when it was spoken to last. */
export interface ReleaseMemory {
  release(): Promise<Pick<Release, 'api' | 'text'> | undefined>;
  /** Never rejects. */
  keepRelease(release: Pick<Release, 'api' | 'text'>): Promise<void>;
}

/** Nothing as well for one that this bai cannot talk to. */
export async function rememberedRelease(memory: ReleaseMemory | undefined): Promise<Release | undefined> {
  const known = await memory?.release();
  if (known === undefined) return undefined;
  try {
    return negotiate(known.api, known.text);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

export function isSameRelease(one: Release, other: Release): boolean {
  return one.api === other.api && one.text === other.text;
}

interface ApiVersion {
  readonly text: string;
  readonly major: number;
  readonly date: string;
}

function parseApi(text: string): ApiVersion {
  const match = /^v(\d+)\.(\d{8})$/.exec(text);
  if (!match)
    throw new ProtocolError(`"${text}" is not an API version of a manager`, { code: 'not-a-manager' });
  return { text, major: Number(match[1]), date: match[2] ?? '' };
}

function olderOf(a: ApiVersion, b: ApiVersion): ApiVersion {
  if (a.major !== b.major) return a.major < b.major ? a : b;
  return a.date <= b.date ? a : b;
}

/** States in which a session still holds its name, as far as this release knows the words: others are an error. */
export function liveStatuses(release: Release): string[] {
  return [
    'PENDING',
    'SCHEDULED',
    ...(release.atLeast(26, 1) ? ['DEPRIORITIZING'] : []),
    ...(release.atLeast(26, 8) ? ['RESERVED', 'PREEMPTED', 'RESCHEDULING'] : []),
    'PULLING',
    'PREPARING',
    ...(release.atLeast(24, 12) ? ['PREPARED', 'CREATING'] : []),
    'RUNNING',
    'RUNNING_DEGRADED',
    'RESTARTING',
    'TERMINATING',
    'ERROR',
  ];
}

/** 26.3.0 to 26.4.3 look up stream paths by name only. */
export function dialsByName(release: Release): boolean {
  return release.atLeast(26, 3) && !release.atLeast(26, 4, 4);
}

export function streamReference(
  release: Release,
  session: { readonly id: string; readonly name: string },
): string {
  // A name that is no session name, such as `..`, would lead to another path.
  return dialsByName(release) && sessionNameProblem(session.name) === undefined ? session.name : session.id;
}

/**
 * 23.09.10 ends a tunnel by ending its TCP connection, 26.9.6 with a close frame. Which release changed is not
 * known; in between an end without a frame is taken for what it looks like.
 */
export function tunnelsEndWithoutCloseFrame(release: Release): boolean {
  return !release.atLeast(26, 1);
}

/**
 * Whether a tunnel keeps a session from being idle. Read, and not seen: up to 25.15.12 tunnels are written down under the id of the main
 * container, and looked for under that of the session; in 26.9.6 it is one id. In between it is not known, and who hears of an end
 * that does not come has lost nothing.
 */
export function countsConnections(release: Release): boolean {
  return release.atLeast(26, 9);
}

/** Reading files is a GET up to 24.03.6, a POST from 24.03.7; 23.09 never moved. */
export function downloadMethod(release: Release): 'GET' | 'POST' {
  return release.atLeast(24, 3, 7) ? 'POST' : 'GET';
}

/** From 26.9 a list of folders has the caller's own and shared ones, and a project's only where the project is named. */
export function listsProjectFoldersApart(release: Release): boolean {
  return release.atLeast(26, 9);
}
