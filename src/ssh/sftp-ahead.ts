/** What a file server is asked before it has answered its greeting: it works off what comes in its order. */

import type { SFTPWrapper } from 'ssh2';
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

/**
 * The first `stat` and the first `lstat` of each path are asked now, and whoever asks gets that answer. Returns how many were given so: how
 * long they took says nothing.
 */
export function askAhead(sftp: SFTPWrapper, paths: readonly string[]): () => number {
  let given = 0;
  const giving = (): void => {
    given += 1;
  };
  for (const path of paths) {
    sftp.stat = answerOnce(sftp.stat.bind(sftp), path, giving);
    sftp.lstat = answerOnce(sftp.lstat.bind(sftp), path, giving);
  }
  return () => given;
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
