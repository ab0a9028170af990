/** Joins forwards to the login and the browser, and those in the background to their folder, their sockets and their processes. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { askControl, serveControl } from '../config/forwards/control.ts';
import { openLog, readLog } from '../config/forwards/log.ts';
import {
  controlAddress,
  processState,
  readRecords,
  removeRecord,
  removeSocket,
  withRecords,
  writeRecord,
} from '../config/forwards/records.ts';
import { readBackgroundAnswer } from '../config/forwards/schemas.ts';
import { webSecretFor } from '../config/forwards/web-key.ts';
import { findOwnPaths } from '../config/paths.ts';
import type { Context } from '../context.ts';
import { browserCommands, hasDesktop } from '../core/desktop/desktop.ts';
import { settingValue } from '../core/settings/settings.ts';
import { replaceOwnFile } from '../files/own-file.ts';
import { ownIdentity, sendSignal } from '../files/process-identity.ts';
import type { ForwardStore, ForwardsTools } from '../services/forward/forward-store.ts';
import type { BrowserTools, ForwardTools } from '../services/forward/forward-tools.ts';
import { launch } from '../ssh/programs.ts';
import type { AppParts } from './apps.ts';
import { clientTools } from './clients.ts';
import { lockWait } from './lock-wait.ts';
import type { BuilderContext } from './tools.ts';

export async function forwardTools(
  context: BuilderContext,
  partsOf: () => Promise<AppParts>,
): Promise<ForwardTools> {
  const parts = await partsOf();
  const { forwards } = findOwnPaths(parts.environment);
  return {
    ...clientTools(parts),
    renewed: async () => ((await context.renewAccount()) ? forwardTools(context, partsOf) : undefined),
    webSecret: ({ id }, app) => webSecretFor(join(forwards, 'web-key'), `${id}\n${app}`, lockWait(parts)),
    asksForSecret: settingValue(parts.settings, 'webSecret') === 'cookie',
    browser: browserTools(parts),
  };
}

function browserTools({ environment, signal }: Pick<AppParts, 'environment' | 'signal'>): BrowserTools {
  const facts = { platform: process.platform, environment };
  const { forwards } = findOwnPaths(environment);
  return {
    hasDesktop: hasDesktop(facts) || Boolean(environment['BROWSER'] && !environment['CI']),
    commands: (url) => browserCommands(facts, url),
    launch: (command) => launch({ ...command, environment, signal }),
    async pageTo(url, id) {
      const path = join(forwards, `${id}.html`);
      await replaceOwnFile(path, page(url));
      return pathToFileURL(path).href;
    },
  };
}

/** What is in it is bai's own: an address of this machine. */
function page(url: string): string {
  const safe = encodeURI(url).replaceAll('&', '&amp;').replaceAll('"', '%22');
  return `<!doctype html><meta charset="utf-8"><title>bai forward</title><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${safe}"><p><a href="${safe}">Go on to the session</a></p>
`;
}

export function forwardsTools(context: Context): ForwardsTools {
  const { reporter, signal, environment } = context;
  return { store: forwardStore(context), reporter, signal, browser: browserTools({ environment, signal }) };
}

/** A process answers at once; one that hangs is told of. */
const answerMs = 2_000;

function forwardStore(context: Context): ForwardStore {
  const { environment, signal } = context;
  const { forwards: folder } = findOwnPaths(environment);
  const logPath = (id: string): string => join(folder, `${id}.log`);
  return {
    records: () => readRecords(folder),
    write: (record) => writeRecord(folder, record),
    remove: (record) => removeRecord(folder, record),
    removeSocket,
    alone: (work) => withRecords(folder, work, lockWait(context)),
    processState,
    ask: ({ control }, request) => askControl(control, request, { signal, ms: answerMs }),
    kill: ({ owner }, name) => sendSignal(owner.pid, name),
    owner: ownIdentity,
    controlAddress: (id) => controlAddress(folder, id, environment['XDG_RUNTIME_DIR']),
    serve: serveControl,
    logPath,
    openLog: (id) => openLog(logPath(id)),
    readLog: (id, from) => readLog(logPath(id), from),
    readAnswer: readBackgroundAnswer,
  };
}
