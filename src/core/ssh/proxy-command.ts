/**
 * The line that ssh starts bai with. Where a shell reads it, words are quoted for one; on Windows none does: ssh gives the line to the
 * system as it is, and the program takes it apart by the rules of Windows.
 */

import { shellQuote } from '../text/shell-quote.ts';
import { percentDoubled, slashed } from './config-word.ts';

interface ProxyFacts {
  /** Starts bai from any shell and folder: absolute path of a program, then arguments. No secret. */
  readonly bai: readonly string[];
  /** See `SshConfigFacts`. */
  readonly agentKeys?: 'own' | 'issued' | undefined;
  readonly platform?: NodeJS.Platform | undefined;
}

/** `host` and `session` mean nothing to a shell: checked before, or `hostToken`. */
export function proxyCommand(facts: ProxyFacts, host: string, session: string): string {
  const words = [...facts.bai, 'app', 'ssh', '--stdio', ...keyOptions(facts)];
  const line = facts.platform === 'win32' ? windowsLine(words) : words.map(proxyWord).join(' ');
  return `${percentDoubled(line)} --ssh-host ${host} -- ${session}`;
}

/** The name as it was typed, where `%h` has lost its capitals; `hostPattern` leaves out what would not stay one word. */
export function hostToken(platform?: NodeJS.Platform): string {
  return platform === 'win32' ? '%n' : "'%n'";
}

function keyOptions({ agentKeys }: ProxyFacts): readonly string[] {
  if (agentKeys === undefined) return [];
  return agentKeys === 'own' ? ['--identity', 'agent'] : ['--key-store', 'agent'];
}

function proxyWord(word: string): string {
  return /^--[a-z-]+$/.test(word) ? word : shellQuote(word);
}

/**
 * The first word gets quotes where another has some: releases of ssh before 8.9 put a pair around a line that begins without, and
 * Windows would look for the end of the program at the next one.
 */
function windowsLine(words: readonly string[]): string {
  const isPlain = words.every((word) => plainWord.test(word));
  return words
    .map((word, index) => (plainWord.test(word) && (isPlain || index > 0) ? word : windowsQuote(word)))
    .join(' ');
}

/** Also for a shell: the ssh that comes with Git asks one. */
const plainWord = /^[\w@%+=:,./-]+$/;

/** A backslash before a quote hides it, and only there; so one at the end is doubled. */
function windowsQuote(word: string): string {
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`;
}

interface StartFacts {
  readonly platform: NodeJS.Platform;
  /** Of node, and of what it runs. */
  readonly program: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly options: readonly string[];
}

/** What sets variables is a program everywhere but on Windows, where bai does it. */
export function startCommand({ platform, program, variables, options }: StartFacts): string[] {
  const set = Object.entries(variables).map(([name, value]) => `${name}=${slashed(value, platform)}`);
  const rest = options.map((word) => slashed(word, platform));
  if (platform !== 'win32') {
    return [...(set.length === 0 ? [] : ['/usr/bin/env', ...set]), ...program, ...rest];
  }
  return [
    ...program.map((word) => slashed(word, platform)),
    ...set.flatMap((word) => [setOption, word]),
    ...rest,
  ];
}

/** Hidden, before all other words. */
export const setOption = '--set-env';

/** Where bai keeps its files, and which profile is meant: names, and nothing secret. */
const settable: ReadonlySet<string> = new Set(['BAI_HOME', 'BAI_PROFILE']);

interface TakenVariables {
  readonly words: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/** Words that are none of `startCommand` stay, for whoever reads the command line to refuse. */
export function takeVariables(argv: readonly string[]): TakenVariables {
  const variables: Record<string, string> = {};
  let at = 0;
  for (; argv[at] === setOption; at += 2) {
    const [, name = '', value = ''] = /^([A-Z_]+)=(.*)$/s.exec(argv[at + 1] ?? '') ?? [];
    if (!settable.has(name)) break;
    variables[name] = value;
  }
  return { words: argv.slice(at), variables };
}
