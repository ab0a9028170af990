/** One container of a session: a home and an sshd of its own. All of them share this machine and its loopback. */

import { clientHome, makeHome, removeHome } from '../machine/home.ts';
import type { Reach } from '../machine/ssh-forwarding.ts';
import { openSshd, type Sshd } from '../machine/sshd.ts';
import type { SshKeypair } from '../model/accounts.ts';
import { makeKeypair } from '../model/accounts.ts';
import type { FaultBook } from '../model/faults.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { Kernel } from './session-parts.ts';

interface SessionNodeRequest {
  readonly kernel: Kernel;
  readonly behaviour: ReleaseBehaviour;
  readonly faults: FaultBook;
  readonly homesRoot: string;
  /** Of the home; no other node has it. */
  readonly folder: string;
  readonly maxUnauthenticated: number;
  readonly environment: () => Readonly<Record<string, string>>;
  /** Where the hosts of the session's network are, as this node sees them. */
  readonly reach: Reach;
}

interface NodeHome {
  /** The account's, or nothing: then the node makes a key of its own. */
  readonly keypair: SshKeypair | undefined;
  readonly mounts: readonly string[];
}

export class SessionNode implements AsyncDisposable {
  /** The real path of the home, from the time it exists. */
  home: string | undefined;
  readonly #request: SessionNodeRequest;
  #sshd: Sshd | undefined;

  constructor(request: SessionNodeRequest) {
    this.#request = request;
  }

  get hostname(): string {
    return this.#request.kernel.hostname;
  }

  /** Port of the sshd on 127.0.0.1, while it runs. */
  get sshPort(): number | undefined {
    return this.#sshd?.port;
  }

  /** SSH connections that are open now, authenticated or not. */
  get sshConnections(): number {
    return this.#sshd?.connections ?? 0;
  }

  async start({ keypair, mounts }: NodeHome): Promise<void> {
    const { behaviour, folder, homesRoot } = this.#request;
    const [own, hostKey] = await Promise.all([
      keypair ?? makeKeypair(behaviour.ownKeyFormat),
      makeKeypair('pkcs1'),
    ]);
    this.home = await makeHome({
      root: homesRoot,
      folder,
      hostname: this.hostname,
      keypair: own,
      keypairOfAccount: keypair !== undefined,
      mounts,
    });
    await this.#openSshd(hostKey.privateKey);
  }

  /** Nothing listens on the ssh port any more; tunnels into it are closed with 1013. */
  async stopSshd(): Promise<void> {
    await this.#sshd?.[Symbol.asyncDispose]();
    this.#sshd = undefined;
  }

  /** Starts sshd again, with a new host key. */
  async restartSshd(): Promise<void> {
    await this.stopSshd();
    await this.#openSshd((await makeKeypair('pkcs1')).privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopSshd();
    if (this.home !== undefined) await removeHome(this.home);
    this.home = undefined;
  }

  async #openSshd(hostKey: string): Promise<void> {
    if (this.home === undefined) return;
    const { behaviour, environment, faults, maxUnauthenticated, reach } = this.#request;
    this.#sshd = await openSshd({
      user: 'work',
      home: { folder: this.home, path: clientHome },
      hostKey,
      environment: environment(),
      behaviour,
      faults,
      maxUnauthenticated,
      reach,
    });
  }
}
