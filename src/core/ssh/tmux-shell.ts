/** A shell that outlives its connection: what is started in the session, and what its exit status means to bai. */

import { BaiError, ExitCode, UsageError } from '../../errors.ts';
import { shellQuote } from '../text/shell-quote.ts';
import { leadingOptions } from './ssh-options.ts';

export const defaultPersistName = 'bai';

/** `open` begins a shell where there is none; `back` returns to the one that there was, or ends with `gone`. */
export type PersistMode = 'open' | 'back';

/**
 * What the line ends with beside the statuses of the shell. tmux's client tells no difference between a detachment and an
 * end, and a shell without tmux may end with any status: one that ends with these is told as 1.
 */
export const persistStatus = { detached: 240, gone: 241 } as const;

/** Also a name of tmux: of its session, and of the socket of a server for this session alone. */
export function checkPersistName(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$/.test(name) && name !== 'default') return name;
  throw new UsageError(`"${name}" is not a valid name for a kept shell`, {
    hint:
      name === 'default'
        ? 'choose another name: this one is of your own tmux server'
        : 'use at most 32 letters, digits, "_" and "-"',
  });
}

/** Options that leave no shell on a terminal. */
const withoutShell = /^-[1246AaCgKkMqtvXxYy]*([NTnfsGOQVW])/;

/** The options for ssh, without a command. Throws a UsageError for what a kept shell cannot be had with. */
export function persistOptions(words: readonly string[]): readonly string[] {
  const options = leadingOptions(words);
  const rest = words.slice(options.length).filter((word) => word !== '--');
  if (rest.length > 0) {
    throw new UsageError('--persist keeps a shell, and a command leaves none', {
      hint: 'leave out --persist, or start the command in the shell',
    });
  }
  for (const option of options) {
    const [, flag] = withoutShell.exec(option) ?? [];
    if (flag === undefined) continue;
    throw new UsageError(`--persist keeps a shell on a terminal, and -${flag} of ssh leaves none`, {
      hint: `leave out --persist or -${flag}`,
    });
  }
  return options;
}

/** Nothing is heard for so long only of a line that is dead; a new one costs little here. */
export const persistSilenceMs = 12_000;
const aliveSeconds = persistSilenceMs / 3_000;
/** ssh only asks, and bai gives up, later where bulk may keep the answer back. */
const aliveCount = 25;

/**
 * The user's own options come first, so that they win. The builtin client watches over its line by itself and lets these options pass.
 */
export function persistArguments(options: readonly string[], line: string): string[] {
  const alive = [`ServerAliveInterval=${aliveSeconds}`, `ServerAliveCountMax=${aliveCount}`];
  return [...options, ...alive.flatMap((option) => ['-o', option]), '-t', line];
}

/** Nothing is heard for so many milliseconds only of a line that is dead: sshd answers ssh once in each interval, if ssh asks at all. */
export function persistSilence(options: readonly string[]): number {
  const own = options.map((word) => /^(?:-o)?\s*ServerAliveInterval(?:\s*=\s*|\s+)"?(\w+)/i.exec(word)?.[1]);
  const seconds = secondsOf(own.find((value) => value !== undefined) ?? String(aliveSeconds));
  return seconds > 0 ? seconds * 1_500 : Number.POSITIVE_INFINITY;
}

const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** As ssh reads a time: `90`, `1m30s`. */
function secondsOf(time: string): number {
  const parts = [...time.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (secondsIn[unit || 's'] ?? 1), 0);
}

/**
 * Agents mount a tmux into sessions of every image, of each libc; its start fails where it does not suit the image.
 * It is outside PATH, and the shell must not take it for a reason to end.
 */
const shippedTmux = '/opt/kernel/tmux';

/** In this order; the first that starts is taken. */
const candidates = [shippedTmux, 'tmux'];

/**
 * For /bin/sh, with the name and the mode as $1 and $2. Every statement of it holds in dash, ash and bash.
 *
 * - The terminal's kind may have no description over there, and tmux then refuses it: a plainer one is taken.
 * - A server of its own reads the user's tmux.conf, which in sessions begins another shell: that one is ended.
 * - `destroy-unattached` of the user's configuration would end the shell with the connection.
 * - Two that begin at once: one of them begins it, and both are in.
 * - The newest client has the shell for itself: one that was cut off may still be there, and would keep its size.
 */
const script = [
  'n=$1; m=$2; f=; e=; s=$SHELL; [ "$s" ] || s=/bin/sh',
  'plain() { echo "bai: $1; this shell ends with its connection" >&2; "$s" -l; r=$?; case $r in 240|241) r=1;; esac; exit $r; }',
  'known() { for d in "$TERMINFO" "$HOME/.terminfo" /etc/terminfo /lib/terminfo /usr/share/terminfo; do [ -e "$d/$(printf %.1s "$1")/$1" ] && return; done; return 1; }',
  'for k in "$TERM" xterm-256color xterm screen vt100; do known "$k" && TERM=$k && export TERM && break; done',
  `for t in ${candidates.join(' ')}; do "$t" -V >/dev/null 2>&1 || continue`,
  '"$t" -L "$n" has-session -t "=$n" 2>/dev/null && f=$t && break',
  '[ "$m" = back ] && continue',
  'o=; "$t" -L "$n" list-sessions >/dev/null 2>&1 && o=1',
  'e=$("$t" -u -L "$n" new-session -d -s "$n" \\; set-option -t "$n" destroy-unattached off 2>&1) || "$t" -L "$n" has-session -t "=$n" 2>/dev/null || continue',
  '[ "$o" ] || "$t" -L "$n" kill-session -a -t "=$n"; f=$t; break; done',
  '[ "$f" ] || { [ "$m" = back ] && exit 241; [ "$e" ] && plain "tmux does not start in this session ($e)"; plain "there is no tmux in this session"; }',
  '"$f" -u -L "$n" attach-session -d -t "=$n"; r=$?',
  '"$f" -L "$n" has-session -t "=$n" 2>/dev/null || exit $r',
  '[ $r = 0 ] && exit 240',
  '[ -t 0 ] || exit $r; plain "tmux cannot use this terminal"',
].join('; ');

/** One line for any login shell. */
export function persistLine(name: string, mode: PersistMode): string {
  return `exec /bin/sh -c ${[script, 'bai', name, mode].map(shellQuote).join(' ')}`;
}

/** Seconds until the next try: 1, 2, 4 … 30, less up to a half, so that many that were cut off at once do not come back at once. */
export function persistPause(failed: number, random: number): number {
  return Math.max(1, Math.round(Math.min(30, 2 ** failed) * (1 - random / 2)));
}

const passingCodes: ReadonlySet<string> = new Set(['server-error']);

/** What may be over after a while: no answer, a lost line, an sshd or a manager that starts again. */
export function mayPass(error: unknown): error is BaiError {
  return (
    error instanceof BaiError && (error.exitCode === ExitCode.unreachable || passingCodes.has(error.code))
  );
}
