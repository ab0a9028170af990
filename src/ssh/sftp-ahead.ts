/** What a file server is asked before it has answered its greeting: it works off what comes in its order. */

import type { SFTPWrapper } from 'ssh2';
import type { LookAhead, NewPart } from '../core/sftp/look-ahead.ts';
import { interceptIncoming, sftpVersionOf } from './ssh2-internals.ts';

/**
 * ssh2 asks OpenSSH's file server for its limits before it lets anything else be asked. They are of no use before the first read or
 * write, which comes after other answers: by then they are there.
 */
export function readyAtOnce(sftp: SFTPWrapper): void {
  let isTold = false;
  interceptIncoming(sftp, (push) => (chunk) => {
    push(chunk);
    if (isTold || sftpVersionOf(sftp) === unanswered) return;
    isTold = true;
    sftp.emit('ready');
  });
}

/** What ssh2 has for the version before there is an answer. */
const unanswered = -1;

type Stat = SFTPWrapper['stat'];
type Answered = Parameters<Stat>[1];

/** What whoever asks gets the answer of that is there already. */
export interface AskedAhead {
  /** How many answers were given so: how long they took says nothing. */
  given(): number;
  /** The part that was to be made, until somebody has opened it. */
  part(): NewPart | undefined;
}

/** The first `stat` and the first `lstat` of each path are asked now, and the part is opened, then looked at. */
export function askAhead(sftp: SFTPWrapper, { paths, part }: LookAhead): AskedAhead {
  let given = 0;
  let free = part;
  const giving = (): void => {
    given += 1;
  };
  for (const path of paths) {
    sftp.stat = answerOnce(sftp.stat.bind(sftp), path, giving);
    sftp.lstat = answerOnce(sftp.lstat.bind(sftp), path, giving);
  }
  if (part !== undefined) {
    openOnce(sftp, part, () => {
      giving();
      free = undefined;
    });
    sftp.lstat = answerOnce(sftp.lstat.bind(sftp), part.path, giving);
  }
  return { given: () => given, part: () => free };
}

/** Only whoever asks for the same gets the answer. */
function openOnce(sftp: SFTPWrapper, { path, flags, mode }: NewPart, giving: () => void): void {
  const open = sftp.open.bind(sftp);
  const answer = new Promise<Parameters<Parameters<typeof open>[2]>>((resolve) => {
    open(path, flags, { mode }, (...words) => resolve(words));
  });
  sftp.open = (...words: unknown[]): void => {
    const [asked, askedFlags, attributes, answered] = words;
    const isSame = asked === path && askedFlags === flags && isOfMode(attributes, mode);
    if (!isSame || typeof answered !== 'function') return void Reflect.apply(open, sftp, words);
    sftp.open = open;
    giving();
    void answer.then((given) => Reflect.apply(answered, undefined, given));
  };
}

function isOfMode(attributes: unknown, mode: number): boolean {
  return typeof attributes === 'object' && attributes !== null && Reflect.get(attributes, 'mode') === mode;
}

function answerOnce(ask: Stat, path: string, giving: () => void): Stat {
  let give: ((answered: Answered) => void) | undefined;
  const answer = new Promise<Parameters<Answered>>((resolve) => {
    ask(path, (...words) => resolve(words));
  });
  give = (answered) => void answer.then((words) => answered(...words));
  return (asked, answered) => {
    if (asked !== path || give === undefined) return ask(asked, answered);
    giving();
    give(answered);
    give = undefined;
  };
}
