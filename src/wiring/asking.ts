/** What asks somebody at a terminal more than yes or no, and what is remembered for the next time. */

import { join } from 'node:path';
import { findOwnPathsIfAny } from '../config/paths.ts';
import type { LastImage } from '../core/session/last-image.ts';
import { settingValue } from '../core/settings/settings.ts';
import type { AskingTools } from '../services/session/session-tools.ts';
import type { BuilderContext } from './tools.ts';

/** Of the server that the settings name; nothing where bai has no place to keep it. */
export async function lastImageOf(context: BuilderContext): Promise<LastImage | undefined> {
  const places = findOwnPathsIfAny(context.environment);
  const settings = await context.settings();
  if (places === undefined) return undefined;
  const endpoints = settingValue(settings, 'endpoint') ?? [];
  const server = [settingValue(settings, 'provider'), ...endpoints].join(' ');
  const open = async (): Promise<LastImage> =>
    (await import('../config/last-image.ts')).openLastImage(join(places.stateDir, 'images'), server);
  return {
    read: async () => (await open()).read(),
    write: async (image) => (await open()).write(image),
  };
}

/** Nothing where nobody can be asked, or wants to be. */
export async function askingTools(context: BuilderContext): Promise<AskingTools | undefined> {
  const { stdin, stderr, signal, environment, flags } = context;
  if (stdin.isTTY !== true || !context.reporter.interactive || flags.quiet) return undefined;
  const { openQuestions } = await import('../output/ask/questions.ts');
  const ask = openQuestions({ stdin, stderr, signal, environment, color: flags.color });
  return { ...(await context.tools('sessions')), ask };
}
