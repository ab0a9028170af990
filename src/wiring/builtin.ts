/** The builtin ssh client over a connection, with the streams of this process. */

import { sanitizeLine } from '../core/text/sanitize.ts';
import { watchLocalPeers } from '../proxy/local-peers.ts';
import type { BuiltinConnection, FirstRun } from '../services/ssh/ssh-programs.ts';
import type { BuiltinRequest, LoginRequest } from '../services/ssh/ssh-tools.ts';
import { type BuiltinOptions, runBuiltin } from '../ssh/builtin-client.ts';
import type { SshConnection, WithLogin } from '../ssh/connection.ts';
import { runWithLogin } from '../ssh/run-with-login.ts';
import type { AppParts } from './apps.ts';

/** What is begun with the login is given to the connection that is made. */
export type OpenConnection = (
  request: LoginRequest & { readonly withLogin?: WithLogin | undefined },
) => Promise<SshConnection>;

export async function openBuiltin(
  { first, ...request }: BuiltinRequest,
  logIn: OpenConnection,
  parts: AppParts,
): Promise<BuiltinConnection> {
  let begun: Promise<number> | undefined;
  const hear = (ended: Promise<number>): void => {
    begun = ended;
    // Whoever waits for the connection hears it first.
    ended.catch(() => {});
  };
  const withLogin = first && !request.isStepwise ? along(first, request, { parts, hear }) : undefined;
  const connection = await logIn({ ...request, withLogin });
  return {
    software: connection.software,
    async run(work, output) {
      if (begun !== undefined) return await begun;
      using _terminal = parts.reporter.yieldTerminal();
      return await runBuiltin(connection, work, builtinOptions(parts, { output }));
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

interface Begun {
  readonly parts: AppParts;
  readonly hear: (ended: Promise<number>) => void;
}

function along(
  first: FirstRun,
  { session: name, node }: LoginRequest,
  { parts, hear }: Begun,
): WithLogin | undefined {
  let terminal: Disposable | undefined;
  const starting = (): void => {
    terminal = parts.reporter.yieldTerminal();
    first.starting?.();
  };
  const place = { name, ...(node !== undefined && { node }) };
  const options = builtinOptions(parts, { ...first, starting });
  return runWithLogin({ work: first.work, options, place }, (ended) =>
    hear(ended.finally(() => terminal?.[Symbol.dispose]())),
  );
}

function builtinOptions(
  { streams, environment, signal }: AppParts,
  { output: { stdout, stderr } = streams, starting }: Pick<FirstRun, 'output' | 'starting'>,
): BuiltinOptions {
  const say = (message: string): void =>
    void streams.stderr.write(`${sanitizeLine(message)}${streams.stdin.isRaw ? '\r\n' : '\n'}`);
  return {
    ...{
      stdin: streams.stdin,
      stdout,
      stderr,
      term: environment['TERM'],
      environment,
      signal,
      say,
      starting,
    },
    started: () => streams.background?.ready(),
    peers: watchLocalPeers(),
  };
}
