/** What each manager release does differently, as one table the rest of the emulator asks. */

const apiVersions = [
  'v4.20181215',
  'v4.20190115',
  'v4.20190315',
  'v4.20190615',
  'v5.20191215',
  'v6.20200815',
  'v6.20220315',
  'v6.20220615',
  'v6.20221201',
  'v6.20230315',
  'v7.20230615',
  'v8.20240315',
  'v8.20240915',
  'v9.20250722',
];

/**
 * How parameters reach a handler. A: JSON body if there is one, else query. B: GET reads the query, other
 * methods as A. C: every endpoint has one place.
 */
type Generation = 'A' | 'B' | 'C';

export interface ReleaseBehaviour {
  readonly release: string;
  readonly apiVersion: string;
  readonly acceptedVersions: readonly string[];
  readonly generation: Generation;
  /** Before 24.03.7 files are downloaded with GET; afterwards with POST. */
  readonly downloadMethod: 'GET' | 'POST';
  /** Where `download`, `download_single` and `rename` look in generation C. */
  readonly downloadPlace: 'query' | 'body';
  readonly downloadSinglePlace: 'query' | 'body';
  readonly renamePlace: 'query' | 'body';
  /** States a session passes before RUNNING. */
  readonly startStates: readonly string[];
  readonly statusWords: ReadonlySet<string>;
  /** The new scheduler: terminate returns at once and each transition is an event of its own. */
  readonly newScheduler: boolean;
  /** Look-ups answer "Entity not found.", unknown ids 403. Seen on 26.9.6; the first such release is a guess. */
  readonly entityErrors: boolean;
  /** Accounts need roles. Seen on 26.4.16; the first such release is a guess, and 26.9.6 was not tried. */
  readonly needsRoles: boolean;
  /** Whether the web console refuses a login by the status too. Seen on 26.9.6 and not on 25.15.12; the first such release is a guess. */
  readonly refusesLoginsByStatus: boolean;
  readonly streamByName: boolean;
  /** Seen on 23.09.10: the end of a tunnel is the end of its connection, without a close frame. */
  readonly endsWithoutCloseFrame: boolean;
  /** Whether who is connected keeps a session from being idle: 25.15.12 and before write it down under another id than they look for. Read, not seen; the first such release is a guess. */
  readonly countsConnections: boolean;
  readonly sshIdent: string;
  /** Longer exec commands end the connection, as the sessions' dropbear does. */
  readonly longestCommand: number;
  /** Format of a key that a session makes for itself. */
  readonly ownKeyFormat: 'openssh' | 'pkcs1';
  atLeast(release: string): boolean;
}

/** The behaviour of a release such as `26.9.6`. A release the table does not name behaves as its neighbours. */
export function releaseBehaviour(release: string): ReleaseBehaviour {
  const atLeast = (other: string) => compareReleases(release, other) >= 0;
  const apiVersion = apiVersionOf(atLeast);
  return {
    release,
    apiVersion,
    acceptedVersions: apiVersions.slice(0, apiVersions.indexOf(apiVersion) + 1),
    generation: generationOf(atLeast),
    downloadMethod: atLeast('24.03.7') ? 'POST' : 'GET',
    downloadPlace: atLeast('26.4.7') ? 'query' : 'body',
    downloadSinglePlace: atLeast('26.4.0') ? 'query' : 'body',
    renamePlace: atLeast('26.4.0') ? 'body' : 'query',
    startStates: atLeast('24.12')
      ? ['PENDING', 'SCHEDULED', 'PREPARING', 'PREPARED', 'CREATING']
      : ['PENDING', 'SCHEDULED', 'PREPARING'],
    statusWords: statusWordsOf(atLeast),
    newScheduler: atLeast('25.13'),
    entityErrors: atLeast('26.8'),
    needsRoles: atLeast('26.4') && !atLeast('26.8'),
    refusesLoginsByStatus: atLeast('26.8'),
    endsWithoutCloseFrame: !atLeast('24.03.0'),
    countsConnections: atLeast('26.9'),
    streamByName: atLeast('26.3') && !atLeast('26.4.4'),
    sshIdent: atLeast('24.09') ? 'dropbear_2024.85' : 'dropbear_2020.81',
    longestCommand: atLeast('24.09') ? 20_000 : 9_000,
    ownKeyFormat: atLeast('24.09') ? 'openssh' : 'pkcs1',
    atLeast,
  };
}

/** Negative, zero or positive; missing parts count as zero. */
export function compareReleases(left: string, right: string): number {
  const a = numbers(left);
  const b = numbers(right);
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbers(release: string): number[] {
  return release.split('.').map((part) => Number.parseInt(part, 10) || 0);
}

type AtLeast = (release: string) => boolean;

function apiVersionOf(atLeast: AtLeast): string {
  if (atLeast('25.12')) return 'v9.20250722';
  if (atLeast('24.09')) return 'v8.20240915';
  if (atLeast('24.03')) return 'v8.20240315';
  return atLeast('23.03.12') ? 'v7.20230615' : 'v6.20220615';
}

function generationOf(atLeast: AtLeast): Generation {
  if (atLeast('26.3')) return 'C';
  const first24 = atLeast('24.03') && !atLeast('24.03.7');
  return atLeast('23.09.11') && !first24 ? 'B' : 'A';
}

function statusWordsOf(atLeast: AtLeast): ReadonlySet<string> {
  const words = ['PENDING', 'SCHEDULED', 'PULLING', 'PREPARING', 'RUNNING', 'RUNNING_DEGRADED', 'RESTARTING'];
  words.push('TERMINATING', 'TERMINATED', 'ERROR', 'CANCELLED');
  if (atLeast('24.12')) words.push('PREPARED', 'CREATING');
  if (atLeast('26.1')) words.push('DEPRIORITIZING');
  if (atLeast('26.8')) words.push('RESERVED', 'PREEMPTED', 'RESCHEDULING');
  return new Set(words);
}
