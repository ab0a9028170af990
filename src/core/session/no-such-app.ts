/** The refusal of an app that a session does not offer. */

import { NotFoundError } from '../../errors.ts';

/** `offered`: the names of those that it does. */
export function noSuchApp(
  session: { readonly name: string },
  app: string,
  { offered, cause }: { readonly offered: readonly string[]; readonly cause?: unknown },
): NotFoundError {
  const names = offered.join(', ');
  return new NotFoundError(`session ${session.name} has no app ${app}`, {
    code: 'app-not-found',
    hint: names === '' ? 'it offers none at all; it may still be starting' : `it offers: ${names}`,
    details: { app, apps: offered },
    cause,
  });
}
