/** From an e-mail to a login: asks for what is missing, and again for what was wrong, where somebody can be asked. */

import type { Login, LoginAnswer, PasswordDoor, PasswordLogin } from '../../core/session/sign-in.ts';
import { UsageError } from '../../errors.ts';

/** A person at a terminal. Each rejects when the wait is interrupted. */
export interface Asker {
  line(this: void, prompt: string): Promise<string>;
  /** Typed unseen. */
  secret(this: void, prompt: string): Promise<string>;
  yesOrNo(this: void, question: string): Promise<boolean>;
}

interface LoginWish {
  readonly email: string;
  /** Nothing: it is asked for. */
  readonly password?: string | undefined;
  readonly code?: string | undefined;
  readonly force?: boolean;
}

interface AskLoginTools {
  readonly door: PasswordDoor;
  /** Nothing where nobody can be asked. */
  readonly ask?: Asker | undefined;
  /** Hears what was wrong before it is asked for again. */
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Each wrong password counts towards a block of the account, so bai stops long before. */
const mostTries = 3;

/** Rejects with the reason when it was the last try, or nobody can be asked. */
export async function askLogin(wish: LoginWish, tools: AskLoginTools): Promise<Login> {
  let login: PasswordLogin = { ...wish, password: wish.password ?? (await typedPassword(wish.email, tools)) };
  for (let tried = 1; ; tried += 1) {
    const answer = await tools.door.login(login, tools.signal);
    if (answer.kind === 'in') return answer.login;
    const { ask } = tools;
    if (ask === undefined || tried > mostTries) throw answer.error;
    login = await nextTry(login, answer, { ...tools, ask, isTyped: wish.password === undefined });
  }
}

async function typedPassword(email: string, { ask, door }: AskLoginTools): Promise<string> {
  if (ask === undefined) {
    throw new UsageError(`signing in to ${door.origin} takes a password, and nobody can be asked for it`, {
      hint: 'pipe it in: `… | bai login --email E-MAIL --password-stdin`',
    });
  }
  const password = await ask.secret(`Password of ${email}: `);
  if (password !== '') return password;
  throw new UsageError('no password was given', { hint: 'run `bai login` again' });
}

type Refused = Exclude<LoginAnswer, { readonly kind: 'in' }>;

/** What is tried next; throws where nothing else can be. */
async function nextTry(
  login: PasswordLogin,
  { kind, error }: Refused,
  tools: AskLoginTools & { readonly ask: Asker; readonly isTyped: boolean },
): Promise<PasswordLogin> {
  const { ask, warn, isTyped } = tools;
  switch (kind) {
    case 'wrong-password': {
      // What came from a pipe or a program is the same the next time.
      if (!isTyped) throw error;
      warn(error.message);
      // The code of before may be used up.
      return { ...login, code: undefined, password: await typedPassword(login.email, tools) };
    }
    case 'code-needed':
      return { ...login, code: await ask.line('Code of the second factor: ') };
    case 'wrong-code':
      warn(error.message);
      return { ...login, code: await ask.line('Code of the second factor: ') };
    case 'too-many':
      warn(error.message);
      if (await ask.yesOrNo('End the oldest of these logins?')) return { ...login, force: true };
      throw error;
    case 'refused':
      throw error;
  }
}
