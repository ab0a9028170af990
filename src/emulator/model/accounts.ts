/** Who may use the emulator, how they sign in, and the SSH key pair each access key holds. */

import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';

export interface SshKeypair {
  /** One line in authorized_keys form. */
  readonly publicKey: string;
  readonly privateKey: string;
}

/** How somebody signs in to the web console. */
export interface SignIn {
  readonly password: string;
  /** Base32; where there is one, a code is asked for after the password. */
  readonly totpSecret?: string;
  /** Has to set up codes first, which the web UI alone can. */
  readonly mustEnrol?: true;
  /** `active` when left out. */
  readonly status?: 'active' | 'inactive' | 'before-verification';
  /** When the password became too old, in milliseconds since 1970. */
  readonly passwordExpiredAt?: number;
  /** How many logins may live at the same time; any number when left out. */
  readonly maxLogins?: number;
}

export interface EmulatorAccount {
  readonly email: string;
  /** Left out, the account has no password and the web console knows nobody of this e-mail. */
  readonly signIn?: SignIn;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly role: 'user' | 'admin';
  /** An account that nobody gave a role: releases from 26.4 refuse it most calls. */
  readonly hasNoRole?: true;
  /** In every container of this account; `made`: a new one. Left out, each container makes a key of its own. */
  readonly sshKeypair?: SshKeypair | 'made';
}

export interface Account extends Omit<EmulatorAccount, 'sshKeypair' | 'signIn'> {
  readonly userId: string;
  signIn: SignIn | undefined;
  sshKeypair: SshKeypair | undefined;
  /** Makes the pair that was asked for: with the first session, since it takes time that nobody else should wait for. */
  prepareKeypair(): Promise<void>;
}

export const defaultAccount: EmulatorAccount = {
  email: 'user@local.test',
  signIn: { password: 'local-emulator-password' },
  accessKey: 'AKIALOCALEMULATOR001',
  secretKey: 'local-emulator-secret-key-000000000000001',
  role: 'user',
};

export function openAccounts(given: readonly EmulatorAccount[]): readonly Account[] {
  return given.map(({ sshKeypair, signIn, ...facts }) => {
    let making: Promise<void> | undefined;
    const make = async (): Promise<void> => {
      if (sshKeypair === 'made') account.sshKeypair ??= await makeKeypair('pkcs1');
    };
    const account: Account = {
      ...facts,
      signIn,
      userId: stableUuid(facts.email),
      sshKeypair: sshKeypair === 'made' ? undefined : sshKeypair,
      prepareKeypair() {
        making ??= make();
        return making;
      },
    };
    return account;
  });
}

/** The same text always gives the same id, so that ids survive a restart of the emulator. */
export function stableUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const generate = promisify(generateKeyPair);

/** A new RSA-2048 pair; `format` decides how the private half is written. */
export async function makeKeypair(format: 'openssh' | 'pkcs1'): Promise<SshKeypair> {
  if (format === 'openssh') {
    const pair = await openSshPair();
    return { publicKey: `${pair.public.trim()}\n`, privateKey: pair.private };
  }
  const { privateKey } = await generate('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { publicKey: publicLine(privateKey), privateKey };
}

/** The authorized_keys line of a private key; throws when the text is not a private key. */
export function publicLine(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return `${key.type} ${key.getPublicSSH().toString('base64')}\n`;
}

function openSshPair(): Promise<{ public: string; private: string }> {
  return new Promise((resolve, reject) => {
    ssh2.utils.generateKeyPair('rsa', { bits: 2048 }, (error, pair) => {
      if (error) reject(error);
      else resolve(pair);
    });
  });
}
