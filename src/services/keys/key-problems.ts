/** What is wrong with a key, and what to do about it. */

import { cleanKeyCommand } from '../../core/keys/key-names.ts';
import { typed } from '../../core/text/typed.ts';
import type { FoundKey } from './list-keys.ts';

export interface KeyProblem {
  readonly name:
    | 'damaged'
    | 'too-open'
    | 'dsa'
    | 'rsa-too-short'
    | 'p521-of-putty'
    | 'putty-only'
    | 'not-for-ssh'
    | 'public-as-identity'
    | 'other-public-half';
  readonly message: string;
  readonly hint: string;
}

export function problemsOf(
  key: FoundKey,
  all: readonly FoundKey[],
  identity: string | undefined,
): readonly KeyProblem[] {
  return [...fileProblems(key, all, identity), ...formatProblems(key, all), ...typeProblems(key, all)];
}

function fileProblems(
  key: FoundKey,
  all: readonly FoundKey[],
  identity: string | undefined,
): readonly KeyProblem[] {
  const { path, kind, mode } = key.listed;
  const problems: KeyProblem[] = [];
  if (path === undefined) return problems;
  if (key.damage !== undefined)
    problems.push({ name: 'damaged', message: key.damage, hint: 'take a copy of it that is whole' });
  if (kind === 'private' && mode !== undefined && (Number.parseInt(mode, 8) & 0o077) !== 0) {
    problems.push({
      name: 'too-open',
      message: `others can read ${path} (mode ${mode}), and ssh refuses it`,
      hint: typed(['chmod', '600', path]),
    });
  }
  if (kind === 'public' && (path === identity || !/\.(pub|pubkey|txt)$/i.test(path))) {
    problems.push({
      name: 'public-as-identity',
      message: `${path} is a public key, but it is ${path === identity ? 'your identity' : 'named like a private one'}`,
      hint: path.endsWith('.pub')
        ? typed(['bai', 'config', 'set', 'identity', path.slice(0, -4)])
        : `rename it to ${path}.pub, and keep the private half under ${path}`,
    });
  }
  const beside = all.find((other) => other.listed.path === `${path}.pub` && other.listed.kind === 'public');
  if (kind === 'private' && key.blob !== undefined && beside?.blob?.equals(key.blob) === false) {
    problems.push({
      name: 'other-public-half',
      message: `${path}.pub is the public half of another key than ${path}`,
      hint: `${typed(['bai', 'key', 'show', path])} prints the right one`,
    });
  }
  return problems;
}

/** OpenSSH reads no file of PuTTY; where the key lies in another form too, nothing has to be done. */
function formatProblems(key: FoundKey, all: readonly FoundKey[]): readonly KeyProblem[] {
  const { path, format } = key.listed;
  if (path !== undefined && key.unreadableForSsh !== undefined) {
    return [
      {
        name: 'not-for-ssh',
        message: `${path} ${key.unreadableForSsh}, so ssh cannot read it`,
        hint: `\`${cleanKeyCommand(path)}\` writes it as ssh reads it`,
      },
    ];
  }
  const isElsewhere = ({ listed }: FoundKey) => listed.kind === 'private' && listed.format !== 'ppk';
  if (path === undefined || format !== 'ppk') return [];
  if (all.some((other) => isElsewhere(other) && isSameKey(key, other))) return [];
  const output = /.\.ppk$/i.test(path) ? path.slice(0, -4) : `${path}.openssh`;
  const convert = typed(['bai', 'key', 'convert', path, '--to', 'openssh', '--output', output]);
  return [
    {
      name: 'putty-only',
      message: `${path} is a key of PuTTY, which ssh does not read`,
      hint: `\`${convert}\` writes the form that it does`,
    },
  ];
}

function typeProblems(key: FoundKey, all: readonly FoundKey[]): readonly KeyProblem[] {
  const { type, bits = 0, kind, path = 'the key in the agent' } = key.listed;
  const hint = '`bai key generate` makes a new one';
  if (type === 'ssh-dss')
    return [{ name: 'dsa', message: `${path} is a DSA key, which ssh no longer accepts`, hint }];
  if (type === 'ssh-rsa' && bits < 2048) {
    return [
      {
        name: 'rsa-too-short',
        message: `${path} is an RSA key of ${bits} bits; below 2048 it can be broken`,
        hint,
      },
    ];
  }
  if (
    type === 'ecdsa-sha2-nistp521' &&
    kind === 'private' &&
    all.some((other) => isOfPutty(other) && isSameKey(key, other))
  ) {
    return [
      {
        name: 'p521-of-putty',
        message: `${path} is an ECDSA key on P-521 of PuTTY: releases 0.68 to 0.80 gave such keys away by about 60 signatures (CVE-2024-31497)`,
        hint: `unless only PuTTY 0.81 or later has used it, replace it and remove it from all servers; ${hint}`,
      },
    ];
  }
  return [];
}

/** Its own file format, or the comment puttygen gives by itself. */
function isOfPutty({ listed }: FoundKey): boolean {
  return listed.format === 'ppk' || /^ecdsa-key-\d{8}$/.test(listed.comment ?? '');
}

function isSameKey(one: FoundKey, other: FoundKey): boolean {
  return one === other || (one.blob !== undefined && other.blob !== undefined && one.blob.equals(other.blob));
}
