/** Joins `bai open` to the programs of this machine. */

import { askYesOrNo } from '../config/yes-or-no.ts';
import { hasDesktop, urlOpeners } from '../core/desktop/desktop.ts';
import type { OpenTools } from '../services/ssh/open-program.ts';
import type { SshConfigTools } from '../services/ssh/ssh-config.ts';
import { launch } from '../ssh/programs.ts';
import { type AppParts, sshTools } from './apps.ts';

export function openTools(parts: AppParts, sshConfig: SshConfigTools): OpenTools {
  const { environment, reporter, signal, streams } = parts;
  const facts = { platform: process.platform, environment };
  const canAsk = streams.stdin.isTTY && reporter.interactive;
  return {
    ...sshTools(parts),
    sshConfig,
    ask: canAsk ? (question) => askYesOrNo(question, { ...streams, signal }) : undefined,
    hasDesktop: hasDesktop(facts),
    urlOpeners: (url) => urlOpeners(facts, url),
    launch: (command) => launch({ ...command, environment, signal }),
  };
}
