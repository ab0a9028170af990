/** What `bai forward SESSION …` is asked for, in the words of ssh and kubectl. */

import { UsageError } from '../../errors.ts';
import { sshApp } from '../ssh/forwarder.ts';

export type ForwardWish = PortWish | AppWish | RemoteWish;

/** A port of this machine that leads to one of the session. */
export interface PortWish {
  readonly kind: 'port';
  /** Nothing: any that is free, and the same one each time. */
  readonly local: number | undefined;
  /** As the session knows it. */
  readonly host: string;
  readonly port: number;
}

/** A port of this machine that leads to an app. */
interface AppWish {
  readonly kind: 'app';
  readonly app: string;
  readonly local: number | undefined;
}

/** A port of the session that leads to one of this machine, or of another that this machine knows. */
export interface RemoteWish {
  readonly kind: 'remote';
  readonly port: number;
  readonly host: string;
  readonly local: number;
}

/** As the session calls itself. */
export const sessionHost = 'localhost';
/** More listeners are hardly meant. */
const mostWishes = 200;

/** `specs` as they stand behind the session, `remotes` as they stand behind -R. Without any it is the SSH server. */
export function readWishes(specs: readonly string[], remotes: readonly string[]): ForwardWish[] {
  const all = [...specs.flatMap(readSpec), ...remotes.flatMap(readRemote)];
  if (all.length === 0) return [{ kind: 'app', app: sshApp, local: undefined }];
  if (all.length > mostWishes)
    throw new UsageError(`${all.length} ports are too many for one command; at most ${mostWishes}`);
  const texts = all.map(wishText);
  const twice = texts.find((text, at) => texts.indexOf(text) !== at) ?? portTwice(all);
  if (twice !== undefined) throw new UsageError(`${twice} is named twice`);
  return all;
}

function portTwice(wishes: readonly ForwardWish[]): string | undefined {
  const ports = wishes.flatMap((wish) =>
    wish.kind === 'remote' || wish.local === undefined ? [] : [wish.local],
  );
  const port = ports.find((each, at) => ports.indexOf(each) !== at);
  return port === undefined ? undefined : `port ${port} of this machine`;
}

/** The same for the same wish, however it was written. */
export function wishText(wish: ForwardWish): string {
  switch (wish.kind) {
    case 'app':
      return wish.local === undefined ? wish.app : `${wish.app}@${wish.local}`;
    case 'port':
      return `${wish.local ?? ''}:${wish.host === sessionHost ? '' : `${bracketed(wish.host)}:`}${wish.port}`;
    case 'remote':
      return `-R ${wish.port}:${bracketed(wish.host)}:${wish.local}`;
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** `8080:80`, `:80`, `8080`, `5000-5010`, `8080:db:5432`, `jupyter`, `jupyter@8888`. */
function readSpec(text: string): ForwardWish[] {
  const both = /^(\d+(?:-\d+)?)$/.exec(text);
  if (both?.[1] !== undefined)
    return range(both[1], text).map((port) => ({ kind: 'port', local: port, host: sessionHost, port }));
  const [, local, name, inBrackets, remote] = portsPattern.exec(text) ?? [];
  if (local !== undefined && remote !== undefined) {
    const host = name ?? inBrackets ?? sessionHost;
    const [here, there] = [local === '' ? [] : range(local, text), range(remote, text)];
    if (here.length > 0 && here.length !== there.length)
      throw new UsageError(`"${text}" names ${here.length} ports here and ${there.length} in the session`);
    return there.map((port, at) => ({ kind: 'port', local: here[at], host, port }));
  }
  const [, app, port] = /^([A-Za-z0-9][\w.-]*)(?:@(\d+))?$/.exec(text) ?? [];
  if (app === undefined) throw wrongSpec(text);
  return [{ kind: 'app', app, local: port === undefined ? undefined : portNumber(port, text) }];
}

const portsPattern =
  /^(\d+(?:-\d+)?|):(?:((?!\d+:)[A-Za-z0-9][\w.-]*):|\[([\da-fA-F:.%]+)\]:)?(\d+(?:-\d+)?)$/;

/** `9000`, `9000:3000`, `9000:host:3000`. */
function readRemote(text: string): RemoteWish[] {
  const [, first, name, inBrackets, last] =
    /^(\d+(?:-\d+)?)(?::(?:((?!\d+:)[A-Za-z0-9][\w.-]*):|\[([\da-fA-F:.%]+)\]:)?(\d+(?:-\d+)?))?$/.exec(
      text,
    ) ?? [];
  if (first === undefined) {
    throw new UsageError(`-R takes PORT:LOCAL, not "${text}"`, {
      hint: 'such as -R 9000:3000: port 9000 of the session leads to port 3000 of this machine',
    });
  }
  const [there, here] = [range(first, text), range(last ?? first, text)];
  if (here.length !== there.length)
    throw new UsageError(`"-R ${text}" names ${there.length} ports in the session and ${here.length} here`);
  const host = name ?? inBrackets ?? 'localhost';
  return there.map((port, at) => ({ kind: 'remote', port, host, local: here[at] ?? port }));
}

function range(text: string, spec: string): number[] {
  const [first = 0, last = first] = text.split('-').map((each) => portNumber(each, spec));
  if (last < first) throw new UsageError(`the range in "${spec}" ends before it begins`);
  if (last - first >= mostWishes)
    throw new UsageError(`the range in "${spec}" has ${last - first + 1} ports; at most ${mostWishes}`);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

function portNumber(text: string, spec: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(`"${spec}" has a port that is not between 1 and 65535`);
}

function wrongSpec(text: string): UsageError {
  return new UsageError(`"${text}" names neither a port nor an app`, {
    hint: '8080:80 is port 80 of the session at 8080 here; :80, 8080, 5000-5010, jupyter and jupyter@8888 can be used as well',
  });
}
