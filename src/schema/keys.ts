/** Answers of `bai key` and `bai host-key`. */

import * as z from 'zod/mini';
import { hostKey, text, time } from './parts.ts';

const format = z.enum(['openssh', 'pem', 'pkcs8', 'ppk']);

const publicFacts = {
  type: text,
  algorithm: text,
  bits: z.optional(z.int()),
  sha256: text,
  md5: text,
};

const saved = {
  path: text,
  fingerprint: text,
  type: text,
  change: z.enum(['created', 'unchanged', 'replaced']),
};

const accountKey = z.strictObject({
  id: text,
  title: text,
  createdAt: time,
  type: text,
  fingerprint: z.optional(text),
  comment: text,
});

export const authorized = z.strictObject({
  session: text,
  path: text,
  linkedTo: z.optional(text),
  type: text,
  fingerprint: text,
  change: z.enum(['added', 'unchanged']),
  permissions: z.array(
    z.strictObject({
      path: text,
      problem: z.enum(['writable-by-others', 'foreign-owner']),
      mode: z.optional(text),
      repaired: z.boolean(),
    }),
  ),
});

const ofAccount = z.strictObject({ type: text, fingerprint: text });

export const keySchemas = {
  'key-list': z.strictObject({
    folder: text,
    agent: z.enum(['none', 'asked', 'silent']),
    account: z.enum(['no-manager', 'asked', 'not-known']),
    keys: z.array(
      z.strictObject({
        source: z.enum(['file', 'agent']),
        kind: z.enum(['private', 'public']),
        path: z.optional(text),
        mode: z.optional(text),
        format: z.optional(format),
        passphrase: z.optional(z.boolean()),
        type: z.optional(text),
        algorithm: z.optional(text),
        bits: z.optional(z.int()),
        sha256: z.optional(text),
        md5: z.optional(text),
        comment: z.optional(text),
        accepted: z.optional(z.boolean()),
        problems: z.array(
          z.strictObject({
            name: z.enum([
              'damaged',
              'too-open',
              'dsa',
              'rsa-too-short',
              'p521-of-putty',
              'putty-only',
              'not-for-ssh',
              'public-as-identity',
              'other-public-half',
            ]),
            message: text,
            hint: text,
          }),
        ),
      }),
    ),
  }),
  'key-list-account': z.array(accountKey),
  'key-generate': z.strictObject({
    path: text,
    publicPath: text,
    ppkPath: z.optional(text),
    type: text,
    bits: z.optional(z.int()),
    comment: text,
    sha256: text,
    md5: text,
    passphrase: z.boolean(),
    randomart: z.array(text),
  }),
  'key-show': z.strictObject({
    path: text,
    publicKey: text,
    comment: text,
    ...publicFacts,
    copiedWith: z.optional(text),
  }),
  'key-convert': z.strictObject({
    path: text,
    format,
    ppkVersion: z.optional(z.int()),
    type: text,
    sha256: text,
    passphrase: z.boolean(),
  }),
  'key-fetch': z.strictObject(saved),
  'key-authorize': authorized,
  'key-deauthorize': z.strictObject({ session: text, fingerprint: text, removed: z.int() }),
  'key-status': z.strictObject({
    accepted: z.boolean(),
    state: z.enum(['accepted', 'different', 'no-local-key', 'not-a-key', 'no-account-key']),
    path: text,
    local: z.optional(ofAccount),
    account: z.optional(ofAccount),
    beside: z.optional(text),
  }),
  'key-rotate': z.strictObject({
    ...saved,
    previous: z.optional(z.strictObject({ path: text, fingerprint: text })),
  }),
  'key-upload': z.union([z.strictObject({ path: text, type: text, fingerprint: text }), accountKey]),
  'key-remove': z.array(accountKey),
  'key-prune': z.strictObject({
    dryRun: z.boolean(),
    removed: z.array(z.strictObject({ path: text, fingerprint: text })),
    kept: z.array(
      z.strictObject({
        path: text,
        fingerprint: text,
        reason: z.enum(['in-use', 'account', 'other-account', 'changed', 'not-a-file']),
        session: z.optional(text),
      }),
    ),
  }),
  'host-key-show': z.array(z.extend(hostKey, { node: z.optional(text) })),
  'host-key-forget': z.strictObject({ session: text, forgotten: z.literal(true) }),
};
