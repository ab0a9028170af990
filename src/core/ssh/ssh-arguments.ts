/** What a user asks of ssh behind the session, in ssh's own words, as far as the builtin client can do it. */

import { UsageError } from '../../errors.ts';
import { ownValue } from '../own-value.ts';
import { settingOf, sshValued } from './ssh-options.ts';

/** Where connections to one side come out on the other. */
export interface Forward {
  /** Where to listen; nothing for this machine's or the session's loopback. */
  readonly bind: string | undefined;
  /** 0 lets the session choose one for a remote forward. */
  readonly port: number;
  /** Nothing when each connection names its own, by SOCKS. */
  readonly target: ForwardTarget | undefined;
}

export interface ForwardTarget {
  readonly host: string;
  readonly port: number;
}

export interface SshWork {
  /** One line for the login shell, as ssh joins its words; nothing for a shell, or for no program at all. */
  readonly command: string | undefined;
  /** `auto`: for a shell, when stdin is a terminal; `yes` (-t): when stdin is one; `force` (-tt): in any case. */
  readonly terminal: 'auto' | 'yes' | 'force' | 'no';
  /** -N: forwards only. */
  readonly runsNothing: boolean;
  /** -f: goes on when whoever started it has ended. */
  readonly isInBackground: boolean;
  /** -n: the command gets no input. */
  readonly readsNothing: boolean;
  /** -A: programs over there may ask the agent of this machine. */
  readonly forwardsAgent: boolean;
  /** -L and -D. */
  readonly localForwards: readonly Forward[];
  readonly remoteForwards: readonly Forward[];
  /** -g: ports of this machine are open to others where no address was written. */
  readonly opensPorts: boolean;
  /** A forward that cannot be made ends everything. */
  readonly needsForwards: boolean;
}

export type ParsedSsh =
  | { readonly work: SshWork }
  /** What only the system's ssh can do, as the user wrote it. */
  | { readonly unsupported: string };

type Draft = { -readonly [Key in keyof SshWork]: SshWork[Key] };

type Setter = (draft: Draft, value: string) => void;

const switches: Readonly<Record<string, Setter>> = {
  N: (draft) => {
    draft.runsNothing = true;
  },
  n: (draft) => {
    draft.readsNothing = true;
  },
  f: (draft) => {
    draft.isInBackground = true;
    draft.readsNothing = true;
  },
  T: (draft) => {
    draft.terminal = 'no';
  },
  t: (draft) => {
    draft.terminal = draft.terminal === 'yes' || draft.terminal === 'force' ? 'force' : 'yes';
  },
  A: (draft) => {
    draft.forwardsAgent = true;
  },
  a: (draft) => {
    draft.forwardsAgent = false;
  },
  g: (draft) => {
    draft.opensPorts = true;
  },
  // There is no X11 and no chatter to switch off.
  x: () => {},
  q: () => {},
};

const valued: Readonly<Record<string, Setter>> = {
  L: (draft, value) => {
    draft.localForwards = [...draft.localForwards, parseForward(value, '-L')];
  },
  D: (draft, value) => {
    draft.localForwards = [...draft.localForwards, parseForward(value, '-D')];
  },
  R: (draft, value) => {
    draft.remoteForwards = [...draft.remoteForwards, parseForward(value, '-R')];
  },
};

const terminalWishes: Readonly<Record<string, SshWork['terminal']>> = {
  yes: 'yes',
  force: 'force',
  auto: 'auto',
  no: 'no',
};

/** ssh's settings by their names in lower case. What bai decides by itself, such as the host key, is let pass. */
const settings: Readonly<Record<string, (draft: Draft, value: string) => boolean>> = {
  requesttty(draft, value) {
    const wish = ownValue(terminalWishes, value.toLowerCase());
    if (wish !== undefined) draft.terminal = wish;
    return wish !== undefined;
  },
  forkafterauthentication(draft, value) {
    const isWanted = value.toLowerCase() === 'yes';
    if (isWanted) [draft.isInBackground, draft.readsNothing] = [true, true];
    return /^(yes|no)$/i.test(value);
  },
  exitonforwardfailure(draft, value) {
    draft.needsForwards = value.toLowerCase() === 'yes';
    return true;
  },
  gatewayports(draft, value) {
    draft.opensPorts = value.toLowerCase() === 'yes';
    return /^(yes|no)$/i.test(value);
  },
  // A path or a variable in place of the agent's own is for the system's ssh.
  forwardagent(draft, value) {
    draft.forwardsAgent = value.toLowerCase() === 'yes';
    return /^(yes|no)$/i.test(value);
  },
  batchmode: () => true,
  loglevel: (_, value) => !/^debug/i.test(value),
  stricthostkeychecking: () => true,
  userknownhostsfile: () => true,
  serveraliveinterval: () => true,
  serveralivecountmax: () => true,
  tcpkeepalive: () => true,
};

/** Throws a UsageError where ssh itself would refuse the words. */
export function parseSshArguments(words: readonly string[]): ParsedSsh {
  const draft: Draft = {
    command: undefined,
    terminal: 'auto',
    runsNothing: false,
    readsNothing: false,
    isInBackground: false,
    forwardsAgent: false,
    localForwards: [],
    remoteForwards: [],
    needsForwards: false,
    opensPorts: false,
  };
  let next = 0;
  for (; next < words.length; next += 1) {
    const word = words[next] ?? '';
    if (word === '--') {
      next += 1;
      break;
    }
    if (!/^-./.test(word)) break;
    const taken = takeFlags(draft, word, words[next + 1]);
    if (typeof taken === 'string') return { unsupported: taken };
    next += taken;
  }
  // An empty command is none, as for ssh; and -N leaves one out.
  const command = words.slice(next).join(' ');
  if (command !== '' && !draft.runsNothing) draft.command = command;
  if (draft.isInBackground && !draft.runsNothing && draft.command === undefined)
    throw new UsageError('a shell cannot go to the background (-f)', {
      hint: 'give a command, or -N for forwards alone',
    });
  return { work: draft };
}

/** Returns how many further words it took, or the flag that is not supported. */
function takeFlags(draft: Draft, word: string, following: string | undefined): number | string {
  for (let at = 1; at < word.length; at += 1) {
    const flag = word.charAt(at);
    if (!sshValued.includes(flag)) {
      const set = switches[flag];
      if (set === undefined) return `-${flag}`;
      set(draft, '');
      continue;
    }
    const attached = word.slice(at + 1);
    const value = attached === '' ? following : attached;
    if (value === undefined) throw new UsageError(`-${flag} of ssh needs a value`);
    if (!setValue(draft, flag, value)) return flag === 'o' ? `-o ${value}` : `-${flag}`;
    return attached === '' ? 1 : 0;
  }
  return 0;
}

function setValue(draft: Draft, flag: string, value: string): boolean {
  if (flag === 'o') {
    const { name, value: wish } = settingOf(value);
    return ownValue(settings, name)?.(draft, wish) ?? false;
  }
  const set = valued[flag];
  // Sockets in place of ports are for the system's ssh.
  if (set === undefined || value.includes('/')) return false;
  set(draft, value);
  return true;
}

type ForwardFlag = '-L' | '-R' | '-D';

const forwardForms: Readonly<Record<ForwardFlag, string>> = {
  '-L': '-L [ADDRESS:]PORT:HOST:PORT, for example -L 8080:localhost:80',
  '-R': '-R [ADDRESS:]PORT:HOST:PORT, for example -R 8080:localhost:80, or -R [ADDRESS:]PORT for a SOCKS proxy',
  '-D': '-D [ADDRESS:]PORT, for example -D 1080',
};

/** `[bind:]port[:host:hostport]`, where a bind address or host with colons stands in brackets. */
function parseForward(text: string, flag: ForwardFlag): Forward {
  const parts = text.match(/\[[^\]]*\]|[^:]+|(?<=^|:)(?=:)/g) ?? [];
  const isDynamic = flag === '-D' || (flag === '-R' && parts.length < 3);
  const target = isDynamic ? undefined : targetOf(parts.splice(-2));
  const [listens, bind] = parts.toReversed();
  const port = portOf(listens, flag === '-R' ? 0 : 1);
  if (port === undefined || parts.length > 2 || (target === undefined && !isDynamic))
    throw new UsageError(`${flag} ${text} is not a valid forward`, { hint: `write ${forwardForms[flag]}` });
  return { bind: bind === undefined ? undefined : plain(bind), port, target };
}

function targetOf([host = '', hostPort]: readonly string[]): ForwardTarget | undefined {
  const port = portOf(hostPort, 1);
  return host === '' || port === undefined ? undefined : { host: plain(host), port };
}

function portOf(text: string | undefined, lowest: number): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : Number.NaN;
  return port >= lowest && port <= 65_535 ? port : undefined;
}

function plain(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
