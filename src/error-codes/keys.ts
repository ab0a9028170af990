/** Keys and host keys. */

import type { CodeTable } from './code-table.ts';

export const keyCodes = {
  'no-own-key': {
    status: '4',
    meaning:
      'sessions of this provider hand out no key, and there is none in your ssh folder or your SSH agent',
  },
  'no-id-container': { status: '4', meaning: 'the session hands out no key' },
  'file-not-found': { status: '4', meaning: "a file asked of the manager is not in the session's home" },
  'key-conflict': { status: '6', meaning: 'something that bai did not write is where the key should go' },
  'site-conflict': {
    status: '6',
    meaning: '`sftp site`: a file that bai did not write is where the site should go',
  },
  'name-too-long': {
    status: '2',
    meaning:
      'a key file, or what goes beside it (`.pub`, `.ppk`), would have a longer name than the disk takes',
  },
  'not-a-key': {
    status: '1 from a session, 2 for a file of yours',
    meaning: 'no private key, or a damaged one',
  },
  'wrong-passphrase': {
    status: '3',
    meaning: "that is not the key's passphrase, or the encrypted file is damaged",
  },
  'passphrase-needed': {
    status: '2',
    meaning: 'a passphrase is needed, and there is no terminal to type it on',
  },
  'key-unusable': {
    status: '2',
    meaning: 'a private key in a form bai cannot use, such as one with a passphrase',
  },
  'key-not-for-ssh': {
    status: '2',
    meaning:
      'a private key that bai reads and ssh does not, such as one with Windows line endings; the hint has the command that writes it anew',
  },
  'key-type-refused': {
    status: '2',
    meaning: 'a public key of a type that the provider does not take, such as Ed25519 for a job of Rescale',
  },
  'weak-key': { status: '2', meaning: 'a DSA key, or an RSA key of fewer than 2048 bits' },
  'key-mismatch': {
    status: '2 for the file itself, 6 for a `.pub` beside it',
    meaning: 'two halves that do not belong together',
  },
  'clear-text': {
    status: '2',
    meaning: '`key upload`: others could read the private key on its way to the manager',
  },
  declined: { status: '1', meaning: 'the question was answered with no; nothing was done' },
  'account-key-broken': {
    status: '1',
    meaning: "what the manager has, or answers, as the account's SSH key is not a key, or another one",
  },
  'key-not-saved': {
    status: '1',
    meaning:
      '`key rotate`: the account has a new key, and this machine could not save it; new sessions hand it out',
  },
  'not-a-public-key': {
    status: '2',
    meaning: 'no public key, not exactly one, a damaged one, or a certificate',
  },
  'no-account-key': {
    status: '4',
    meaning: 'the account has no SSH key: a job that starts now would let nobody in',
  },
  'key-exists': { status: '6', meaning: '`key upload`: the account has this key already; `id` names it' },
  'key-not-found': { status: '4', meaning: '`key remove`: the account has no such key' },
  'key-not-authorized': {
    status: '4',
    meaning: '`key deauthorize`: the session does not accept that key anyway',
  },
  'own-key': {
    status: '6',
    meaning: '`key deauthorize` of the key that bai logs in with, without `--force`',
  },
  'authorized-keys-unusable': {
    status: '6',
    meaning: "what is in the place of the session's `authorized_keys` is no plain file, too large, or full",
  },
  'key-ppk': { status: '2', meaning: "a private key in PuTTY's format, where one of ssh's is needed" },
  'no-agent': {
    status: '4',
    meaning: 'no SSH agent answers where `IdentityAgent` of your ssh configuration or `SSH_AUTH_SOCK` say',
  },
  'no-agent-key': {
    status: '3',
    meaning: 'the SSH agent holds no key, or none that the builtin client can use',
  },
  'agent-refused': { status: '1', meaning: "the SSH agent did not take the session's key" },
  'acl-not-set': { status: '1', meaning: "Windows: a key file could not be made the user's alone" },
  'folder-not-writable': { status: '1', meaning: 'the folder for the key cannot be written' },
  'host-key-changed': {
    status: '6',
    meaning: "the session's host key is not the pinned one; nothing was sent",
  },
  'host-key-not-confirmed': {
    status: '6',
    meaning:
      'a first host key that the platform does not vouch for, and there is no terminal to ask on, or `--accept-host-key` names another one',
  },
  'host-key-revoked': { status: '6', meaning: 'the host key is marked as revoked' },
  'host-key-not-known': { status: '4', meaning: 'no host key of this session is pinned' },
  'known-hosts-unreadable': { status: '1', meaning: "bai's file of host keys cannot be read" },
  'known-hosts-broken': { status: '1', meaning: 'a line in it is no host key' },
} as const satisfies CodeTable;
