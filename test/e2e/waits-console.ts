/** Waits for a web console: signing in, staying in, leaving, and what is asked before and meanwhile. */

import { createServer } from 'node:net';
import { type OpenedConsole, openConsole } from '../support/consoles.ts';
import type { Place, Wait, Waiting } from './waits-bed.ts';

const noAnswer = { code: 5, says: /127\.0\.0\.1:\d+ did not answer in \d+ s/ };

/** The console takes the request and never answers. */
function asked(
  name: string,
  covers: readonly string[],
  route: string,
  waiting: (
    console: OpenedConsole,
    place: Place,
  ) => Promise<Omit<Waiting, 'reached'>> | Omit<Waiting, 'reached'>,
): Wait {
  return {
    name,
    covers,
    async begin(place: Place) {
      const opened = place.keep(await openConsole());
      const more = await waiting(opened, place);
      const fault = opened.emulator.faults.add({ kind: 'hang', route });
      return { limit: noAnswer, ...more, reached: () => fault.hits > 0 };
    },
  };
}

const signIn = ({ endpoint, email, password }: OpenedConsole): Omit<Waiting, 'reached'> => ({
  args: ['login', endpoint, '--email', email, '--password-stdin'],
  stdin: password,
});

/** As `bai login` leaves it; a login that comes from elsewhere is not bai's to end. */
async function signedIn(opened: OpenedConsole, { bed }: Place): Promise<Omit<Waiting, 'reached'>> {
  const env = { BACKEND_ENDPOINT: '', BACKEND_ACCESS_KEY: '', BACKEND_SECRET_KEY: '' };
  const { args, stdin = '' } = signIn(opened);
  await bed.bai(args, { env, input: stdin });
  return { args: ['logout'], env, limit: { code: 0, says: /could not be ended at the web console/ } };
}

/** A login that is half over: it is prolonged beside the calls. */
function halfOver(): string {
  const [sinceMs, untilMs] = [Date.now() - 3_000_000, Date.now() + 600_000];
  return `${new Date(sinceMs).toISOString()}/${new Date(untilMs).toISOString()}`;
}

export const consoleWaits: Wait[] = [
  asked('what stands at an address', [], 'GET /', (opened) => signIn(opened)),
  asked('a password to be let in', ['POST server/login'], 'POST /server/login', (opened) => signIn(opened)),
  asked('a logout', ['POST server/logout'], 'POST /server/logout', signedIn),
  asked('whether a logout holds', ['POST server/login-check'], 'POST /server/login-check', signedIn),
  asked(
    'a login to be prolonged, which nobody waits for',
    ['POST server/extend-login-session'],
    'POST /server/extend-login-session',
    async (opened) => ({
      args: ['session', 'list'],
      env: { ...(await opened.env()), BAI_LOGIN_TIME: halfOver() },
      limit: { code: 0, says: /no sessions/ },
      isShort: true,
    }),
  ),
  {
    name: 'an address where something listens and says nothing',
    covers: [],
    async begin(place) {
      let arrived = 0;
      const server = createServer(() => {
        arrived += 1;
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      place.keep({ [Symbol.dispose]: () => void server.close() });
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      return {
        args: ['login', `http://127.0.0.1:${port}`],
        reached: () => arrived > 0,
        limit: noAnswer,
      };
    },
  },
];
