/** `bai sftp site`: a session as a site of FileZilla's Site Manager, in a file to import. */

import type { SessionRef } from '../../core/session/session.ts';
import type { HostKey } from '../../core/ssh/client-commands.ts';
import { filezillaXml, ownSitePort } from '../../core/ssh/filezilla-site.ts';
import { forwardPlace, sshApp } from '../../core/ssh/forwarder.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { ConflictError } from '../../errors.ts';
import { openRunningSession } from '../session/open-session.ts';
import { type ClientTools, pinnedKeys, puttyKeyOf } from '../ssh/client-help.ts';
import { type PreparedSsh, prepareSsh } from '../ssh/prepare-ssh.ts';
import { homeOf } from '../ssh/session-home.ts';

interface SftpSiteRequest {
  readonly session: string;
  /** Absolute. */
  readonly path: string;
  readonly port: number | undefined;
  readonly force: boolean;
}

export interface SftpSite {
  readonly path: string;
  readonly change: 'created' | 'replaced' | 'unchanged';
  readonly session: SessionRef;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  readonly remoteFolder: string;
  readonly hostKeys: readonly HostKey[];
}

const loopback = '127.0.0.1';

/** Opens no port that stays: the site works while `bai app forward` keeps the same one open. */
export async function writeSftpSite(request: SftpSiteRequest, tools: ClientTools): Promise<SftpSite> {
  const { path } = request;
  // What the user can mend alone is said before anything is dialled.
  const before = await readBefore(request, tools);
  const session = await openRunningSession(request.session, tools);
  const ready = await prepareSsh(session, tools);
  const [hostKeys, key] = await Promise.all([pinnedKeys(ready, tools), puttyKeyOf(ready, tools)]);
  const port = request.port ?? tools.settings.preferredPort ?? before?.port ?? (await freePort(ready, tools));
  const { user } = ready.access;
  const remoteFolder = await homeOf(ready.access, tools);
  const place = { host: loopback, port, user, keyFile: key.path, remoteFolder };
  const name = sanitizeLine(session.name);
  const xml = filezillaXml({ ...place, name, comment: `session ${session.id}` });
  return { path, change: await write(request, { xml, before }, tools), session, ...place, hostKeys };
}

interface Before {
  readonly text: string;
  /** Of the site in it, when bai wrote it. */
  readonly port: number | undefined;
}

/** Nothing when there is no file; throws when it is not bai's to replace. */
async function readBefore(
  { path, force }: SftpSiteRequest,
  { keys: { files } }: ClientTools,
): Promise<Before | undefined> {
  const bytes = await files.read(path).catch((error: unknown) => {
    if (error instanceof ConflictError)
      throw siteConflict(path, 'is not a plain file', 'choose another name');
    throw error;
  });
  if (bytes === undefined) return undefined;
  const text = Buffer.from(bytes).toString('utf8');
  const port = ownSitePort(text);
  if (port === undefined && !force) throw foreign(path, text);
  return { text, port };
}

function foreign(path: string, text: string): ConflictError {
  const sites = text.includes('<FileZilla3');
  return siteConflict(
    path,
    sites ? 'holds sites of FileZilla that bai did not write' : 'already exists, and bai did not write it',
    `choose another name${sites ? ' and import that file' : ''}, or pass --force to replace it`,
  );
}

function siteConflict(path: string, what: string, hint: string): ConflictError {
  return new ConflictError(`${path} ${what}`, { code: 'site-conflict', hint, details: { path } });
}

interface Content {
  readonly xml: string;
  readonly before: Before | undefined;
}

async function write(
  { path }: SftpSiteRequest,
  { xml, before }: Content,
  { keys: { files } }: ClientTools,
): Promise<SftpSite['change']> {
  if (before?.text === xml) return 'unchanged';
  if (before === undefined) {
    if (await files.create(path, xml)) return 'created';
    throw siteConflict(path, 'has appeared in the meantime', 'run the same command again');
  }
  await files.write(path, xml);
  return 'replaced';
}

/** One that can be bound now: that of `bai app forward`. */
async function freePort({ access }: PreparedSsh, tools: ClientTools): Promise<number> {
  const place = forwardPlace(access.session, sshApp);
  const wish = {
    tunnel: access,
    isSsh: true,
    host: loopback,
    preferredPort: undefined,
    strict: false,
    place,
  };
  await using forwarder = await tools.startForwarder({ ...wish, onConnectionFailed() {} });
  return forwarder.port;
}
