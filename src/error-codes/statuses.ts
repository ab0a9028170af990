/** What each exit status stands for, by its name in `ExitCode`; docs/exit-codes.md has the same table, which a test compares. */

export const statusMeanings: Readonly<Record<string, string>> = {
  ok: 'done',
  failure:
    "something went wrong that has no status of its own: a file was not moved, this machine refused, the manager's answer made no sense",
  usage: 'the command line or a setting is wrong; nothing was done',
  denied: 'not signed in, a wrong key, or signed in and refused',
  notFound: 'the session, app, image, file or setting is not there',
  unreachable: 'no answer, a lost connection, or the time you allowed is over',
  conflict:
    'something else is already there: a name, a port, a file, another host key; or a quota is used up',
  sessionError: 'the session that was waited for, or forwarded to, went to ERROR',
  sessionCancelled: '… to CANCELLED',
  sessionTerminated: '… to TERMINATED',
  bug: 'a bug in bai: the stack is shown, please report it',
  hungUp: 'SIGHUP: the terminal was closed',
  interrupted: 'Ctrl-C',
  terminated: 'SIGTERM, such as a CI job that is cancelled',
};
