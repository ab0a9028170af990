/** What a client of the user's own is told to reach a session through a port on this machine. */

import {
  type ClientProgram,
  type ClientTarget,
  clientCommands,
  filezillaFields,
  type HostKey,
  type PuttyLike,
} from '../../core/ssh/client-commands.ts';
import type { Forwarder } from '../../core/ssh/forwarder.ts';
import { readyWords } from '../../core/ssh/ssh-command.ts';
import { linesFor, type ReadyLine, type Shell } from '../../core/text/shells.ts';
import { UsageError } from '../../errors.ts';
import { type PuttyKeyTools, savePuttyKey } from '../keys/putty-key.ts';
import type { SavedKey } from '../keys/save-key.ts';
import { type PreparedSsh, sshTarget } from './prepare-ssh.ts';
import type { SshTools } from './ssh-tools.ts';

export interface ClientTools extends SshTools, Pick<PuttyKeyTools, 'formats' | 'disk'> {
  hostKey(blob: Uint8Array): HostKey;
  /** What bai was started from; see `shellOf`. */
  readonly shell: Shell;
}

export interface ClientHelp {
  readonly program: ClientProgram;
  /** Nothing when the key is the agent's. */
  readonly keyFile?: string;
  readonly hostKeys: readonly HostKey[];
  /** Ready to paste; none for a program with a dialog. */
  readonly lines: readonly ReadyLine[];
  /** Of that dialog, by their names there. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** Everything that can fail, done before a port is opened. */
interface PreparedClient {
  help(place: Pick<Forwarder, 'host' | 'port'>): ClientHelp;
}

export async function prepareClient(
  program: ClientProgram,
  ready: PreparedSsh & { readonly home: string },
  tools: ClientTools,
): Promise<PreparedClient> {
  const { access, home } = ready;
  const hostKeys = await pinnedKeys(ready, tools);
  if (program === 'openssh') {
    return {
      help: (place) => ({
        ...{ program, hostKeys },
        ...(ready.identityFile !== undefined && { keyFile: ready.identityFile }),
        lines: Object.values(readyWords(sshTarget(ready, place, tools), home)).flatMap((words) =>
          linesFor(tools.shell, words),
        ),
      }),
    };
  }
  const key = await puttyKeyOf(ready, tools);
  return {
    help: ({ host, port }) => {
      const place = { host, port, user: access.user, home };
      return describe(program, { ...place, hostKeys, keyFile: key.path }, tools.shell);
    },
  };
}

function describe(program: PuttyLike, target: ClientTarget, shell: Shell): ClientHelp {
  const { keyFile, hostKeys } = target;
  const fields = program === 'filezilla' ? { fields: filezillaFields(target) } : {};
  return { program, keyFile, hostKeys, lines: clientCommands(program, target, shell), ...fields };
}

/** Says what was made, and what is known to fail with it. */
export async function puttyKeyOf(ready: PreparedSsh, tools: ClientTools): Promise<SavedKey> {
  const { access } = ready;
  const identityFile = ready.identityFile ?? (await likelyKey(ready, tools));
  if (identityFile === undefined) {
    throw new UsageError(
      "PuTTY, WinSCP and FileZilla are given a key file, and the key is the agent's or in memory",
      {
        hint: 'leave out `--identity agent` and --key-store, or load the key into Pageant and connect without one',
      },
    );
  }
  const key = await savePuttyKey({ identityFile, sessionId: access.session.id }, { ...tools.keys, ...tools });
  const { reporter } = tools;
  if (key.change !== 'unchanged') reporter.info(`saved the key for PuTTY's programs as ${key.path}`);
  // What sessions of Backend.AI run.
  if (key.type === 'ssh-rsa' && tools.provider.issuedKey !== undefined) {
    reporter.info(
      'the sshd of sessions refuses about one in a hundred RSA logins of PuTTY, WinSCP and FileZilla: connect again then',
    );
  }
  return key;
}

/** Of several keys of the user's own, the one that the account has; else the one that ssh would offer first. */
async function likelyKey({ ownKeys }: PreparedSsh, tools: ClientTools): Promise<string | undefined> {
  const [first, ...others] = ownKeys;
  if (first === undefined || others.length === 0) return first;
  const known = await tools.provider.publicKeys?.list(tools.signal);
  const prints = new Set(known?.map(({ fingerprint }) => fingerprint));
  for (const path of ownKeys) {
    const file = tools.formats.inspect((await tools.disk.read(path)).bytes, path);
    const blob = file?.kind === 'private' ? file.publicBlob : undefined;
    if (blob !== undefined && prints.has(tools.formats.describe(blob).sha256)) return path;
  }
  return first;
}

export async function pinnedKeys({ access }: PreparedSsh, tools: ClientTools): Promise<readonly HostKey[]> {
  return (await tools.knownHosts.pinned(access.hostKeyAlias)).map((blob) => tools.hostKey(blob));
}
