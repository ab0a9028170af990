/** Where somebody signs in, and whom: asked for where it is not given, and again where it cannot be right. */

import type { SignInPlace } from '../../core/session/sign-in.ts';
import { localManager } from '../../core/settings/settings.ts';
import { BaiError, UsageError } from '../../errors.ts';
import type { Asker } from './ask-login.ts';
import type { SignInTools } from './sign-in-tools.ts';

/** Who has nothing better to type each time has come to the wrong program. */
const mostQuestions = 5;

type PlaceTools = Pick<SignInTools, 'ask' | 'reporter' | 'settings' | 'recognise' | 'signal'>;

export async function findPlace(address: string | undefined, tools: PlaceTools): Promise<SignInPlace> {
  const { ask } = tools;
  const { endpoint } = await tools.settings();
  // Nobody signs in to the local manager.
  const known = endpoint.origin === localManager ? undefined : endpoint.value;
  const given = address ?? (ask === undefined ? known : undefined);
  if (given !== undefined) return await placeAt(given, tools);
  if (ask === undefined) {
    throw new UsageError('bai does not know where to sign in', {
      code: 'no-endpoint',
      hint: 'give the address that you type in the browser: bai login https://console.example.com',
    });
  }
  return await askPlace(known, { ...tools, ask });
}

async function askPlace(
  known: string | undefined,
  tools: PlaceTools & { readonly ask: Asker },
): Promise<SignInPlace> {
  const { ask, reporter, signal } = tools;
  const enter = known === undefined ? '' : ` [${known}]`;
  for (let asked = 1; ; asked += 1) {
    const typed = (await ask.line(`Address (what you type in the browser is fine)${enter}: `)).trim();
    try {
      return await placeAt(typed === '' ? (known ?? '') : typed, tools);
    } catch (error) {
      if (!(error instanceof BaiError) || signal.aborted || asked === mostQuestions) throw error;
      reporter.warn(error.message, error.hint);
    }
  }
}

async function placeAt(typed: string, { reporter, recognise }: PlaceTools): Promise<SignInPlace> {
  using _shown = typed === '' ? undefined : reporter.wait(`looking at ${typed}`, 0);
  return await recognise(typed);
}

/** What is no e-mail may be what this console goes by all the same: Enter takes it. */
export async function emailOf(
  given: string | undefined,
  { ask, settings, reporter }: Pick<SignInTools, 'ask' | 'settings' | 'reporter'>,
): Promise<string> {
  let known = (await settings()).email.value;
  if (given !== undefined) return given;
  if (ask === undefined) {
    if (known !== undefined) return known;
    throw new UsageError('bai does not know whom to sign in', { hint: 'give --email E-MAIL' });
  }
  for (let asked = 1; asked <= mostQuestions; asked += 1) {
    const typed = (await ask.line(known === undefined ? 'E-mail: ' : `E-mail [${known}]: `)).trim();
    if (/^\S+@\S+$/.test(typed)) return typed;
    if (typed === '' && known !== undefined) return known;
    if (typed === '') continue;
    known = typed;
    reporter.warn(`"${typed}" is no e-mail address`, 'type it again, or press Enter to use it all the same');
  }
  throw new UsageError('no e-mail was given', { hint: 'run `bai login` again' });
}
