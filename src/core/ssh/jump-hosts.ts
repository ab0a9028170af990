/** Hosts between this machine and the manager, as ssh's ProxyJump has them. */

import { UsageError } from '../../errors.ts';
import { rewriteOptions, settingOf } from './ssh-options.ts';

const hop = /^(?:[A-Za-z0-9_][\w.-]*@)?(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/;

/** `[user@]host[:port]`, several separated by commas; `none` is none. Throws a UsageError that names `origin`. */
export function parseJumpHosts(text: string, origin: string): readonly string[] {
  if (text === 'none') return [];
  const hops = text.split(',');
  for (const each of hops) {
    const port = hop.exec(each)?.[1];
    if (hop.test(each) && !(Number(port) > 65_535)) continue;
    throw new UsageError(`${origin} must be [USER@]HOST[:PORT], not "${text}"`, {
      hint: 'several hosts are separated by commas, the one next to you first',
    });
  }
  return hops;
}

/** What the system's ssh is given to reach `host:port` over its stdin and stdout. */
export function jumpArguments(
  hops: readonly string[],
  { host, port }: { readonly host: string; readonly port: number },
  connectTimeoutSeconds: number,
): string[] {
  const last = hops.at(-1) ?? '';
  const first = hops.slice(0, -1);
  return [
    '-W',
    `${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...(first.length > 0 ? ['-J', first.join(',')] : []),
    ...(connectTimeoutSeconds > 0 ? ['-o', `ConnectTimeout=${Math.ceil(connectTimeoutSeconds)}`] : []),
    ...['-o', 'RemoteCommand=none', '--', `ssh://${last}`],
  ];
}

interface JumpWords {
  /** As written; the first one counts, as for ssh. */
  readonly jump: string | undefined;
  /** What is left for ssh, which connects to this machine only. */
  readonly words: readonly string[];
}

/** Takes -J and ProxyJump out of the words for ssh. */
export function takeJumpHosts(all: readonly string[]): JumpWords {
  let jump: string | undefined;
  const words = rewriteOptions(all, (option, own) => {
    const value = option.flag === 'J' ? option.value : proxyJump(option.value, option.flag);
    if (value === undefined) return own;
    jump ??= value;
    return option.before === '' ? [] : [option.before];
  });
  return { jump, words };
}

function proxyJump(value: string | undefined, flag: string): string | undefined {
  const setting = settingOf(flag === 'o' ? value : '');
  return setting.name === 'proxyjump' && /^\S+$/.test(setting.value) ? setting.value : undefined;
}
