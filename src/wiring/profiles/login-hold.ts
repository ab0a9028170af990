/** Says that this process keeps a login in use, so that `bai logout` finds it. */

import { type LoginHolders, openLoginHolders } from '../../config/login-holders.ts';
import { findOwnPaths } from '../../config/paths.ts';
import type { Environment, GlobalFlags } from '../../context.ts';
import type { Provider, Tunnel } from '../../core/session/provider.ts';
import { askStartOf } from '../process/start-time.ts';

/** Of this process; it is taken away with the rest that is closed. */
export function openLoginHold(parts: HoldParts): LoginHold {
  const hold = new LoginHold(holdersIn(parts.environment), parts.flags.command ?? '');
  parts.closeLater(hold);
  return hold;
}

export function holdersIn(environment: Environment): LoginHolders {
  return openLoginHolders(findOwnPaths(environment).loginHolders, askStartOf(environment));
}

interface HoldParts {
  readonly environment: Environment;
  readonly flags: GlobalFlags;
  closeLater(resource: { close(): Promise<void> }): void;
}

/** Written once both are known: the login, and what it is for. */
export class LoginHold {
  readonly #holders: Pick<LoginHolders, 'add' | 'remove'>;
  readonly #kind: string;
  #login: string | undefined;
  #what: string | undefined;
  #written: Promise<void> = Promise.resolve();

  /** `command` is that of this process, such as `sftp put`. */
  constructor(holders: Pick<LoginHolders, 'add' | 'remove'>, command: string) {
    this.#holders = holders;
    this.#kind = kindOf(command);
  }

  /** The login that the calls of this process go by: a stored one, which is bai's to end. */
  use(login: string): void {
    this.#login = login;
    this.#write();
  }

  /** What it is for, where a command knows it better than by its first connection. */
  hold(what: string): void {
    this.#what = what;
    this.#write();
  }

  /** Tunnels of the platform hold the login from their first connection on. */
  over(provider: Provider): Provider {
    const { apps } = provider;
    const told = <T extends Tunnel>(tunnel: T, name: string): T => ({
      ...tunnel,
      dial: (signal: AbortSignal) => {
        if (this.#what === undefined) this.hold(`${this.#kind} ${name}`);
        return tunnel.dial(signal);
      },
    });
    return {
      ...provider,
      async access(session, options) {
        const access = await provider.access(session, options);
        // What is dialled past the platform goes by no login.
        return access.gateway === undefined ? told(access, session.name) : access;
      },
      ...(apps !== undefined && {
        apps: { ...apps, tunnel: (session, app) => told(apps.tunnel(session, app), session.name) },
      }),
    };
  }

  async close(): Promise<void> {
    await this.#written;
    if (this.#login !== undefined && this.#what !== undefined) await this.#holders.remove();
  }

  #write(): void {
    const [login, what] = [this.#login, this.#what];
    if (login === undefined || what === undefined) return;
    this.#written = this.#written.then(() => this.#holders.add(login, what));
  }
}

function kindOf(command: string): string {
  const [group = '', name = ''] = command.split(' ');
  if (group === 'ssh' || name === 'ssh') return 'ssh to';
  if (group === 'sftp') return 'sftp to';
  return group === 'exec' ? 'command in' : 'connection to';
}
