/** Answers of commands for settings, accounts, the local manager and bai itself. */

import * as z from 'zod/mini';
import { settingNames } from '../core/settings/settings.ts';
import { endedLogin, providerName, text, time } from './parts.ts';

const settingName = z.enum(settingNames);
const secretIn = z.enum(['keyring', 'file']);

const setting = z.strictObject({
  name: settingName,
  value: z.optional(text),
  isSet: z.boolean(),
  origin: text,
  summary: text,
});

const account = {
  name: z.optional(text),
  email: z.optional(text),
  role: z.optional(text),
  domain: z.optional(text),
  projects: z.optional(z.array(text)),
};

const whoAmI = {
  ...account,
  provider: providerName,
  endpoint: z.optional(text),
  profile: text,
  origin: text,
  endsAt: z.optional(time),
};

const console = { endpoint: text, email: text };
const variables = z.optional(z.record(z.string(), z.string()));

const localManager = { endpoint: text, accessKey: text, release: text, pid: z.int() };
const localOther = { provider: providerName, endpoint: text, pid: z.int() };

export const settingSchemas = {
  'config-list': z.array(setting),
  'config-get': setting,
  'config-set': z.strictObject({
    name: settingName,
    profile: text,
    path: text,
    secretIn: z.optional(secretIn),
    account: z.optional(text),
  }),
  'config-unset': z.strictObject({ name: settingName, profile: text, removed: z.boolean() }),
  'config-path': z.strictObject({ path: text }),
  'profile-list': z.array(
    z.strictObject({
      name: text,
      current: z.boolean(),
      provider: providerName,
      endpoint: z.optional(text),
      account: z.optional(text),
      secretsIn: z.array(z.enum(['keyring', 'file', 'command'])),
    }),
  ),
  'profile-show': z.strictObject({
    name: text,
    current: z.boolean(),
    path: text,
    settings: z.array(
      z.strictObject({ name: settingName, value: z.optional(text), secretIn: z.optional(secretIn) }),
    ),
  }),
  'profile-use': z.strictObject({ profile: text, previous: text }),
  'profile-rename': z.strictObject({ profile: text, previous: text }),
  'profile-remove': z.union([
    z.strictObject({ removed: text, current: text }),
    z.strictObject({ removed: text, current: text, ...endedLogin }),
  ]),
  'provider-list': z.array(
    z.strictObject({ name: providerName, title: text, features: z.array(text), chosen: z.boolean() }),
  ),
  login: z.strictObject({
    ...account,
    profile: text,
    endpoint: text,
    provider: providerName,
    secretsIn: secretIn,
    endsAt: z.optional(time),
  }),
  logout: z.strictObject({
    profile: text,
    wasSignedIn: z.boolean(),
    endpoint: z.optional(text),
    ...endedLogin,
    removed: z.array(settingName),
  }),
  whoami: z.strictObject(whoAmI),
  welcome: z.union([
    z.strictObject({ signedIn: z.literal(false) }),
    z.strictObject({
      signedIn: z.literal(true),
      ...whoAmI,
      sessions: z.array(z.strictObject({ name: text, status: text })),
    }),
  ]),
  completion: z.strictObject({ shell: text, script: text }),
  'local-up': z.union([
    z.strictObject({
      ...localManager,
      console: z.optional(z.strictObject({ ...console, password: z.optional(text) })),
      started: z.boolean(),
      variables,
    }),
    z.strictObject({ ...localOther, started: z.boolean(), variables }),
  ]),
  'local-status': z.union([
    z.strictObject({ ...localManager, console: z.optional(z.strictObject(console)) }),
    z.strictObject(localOther),
  ]),
  'local-down': z.strictObject({ stopped: z.boolean() }),
  help: z.union([
    z.array(z.strictObject({ status: z.int(), name: text, meaning: text })),
    z.array(z.strictObject({ code: text, status: text, meaning: text })),
    z.array(z.strictObject({ setting: settingName, default: z.optional(text), meaning: text })),
    z.array(z.strictObject({ variable: text, meaning: text })),
    text,
  ]),
  schema: z.union([
    z.array(z.strictObject({ name: text, about: text, command: z.optional(text) })),
    z.looseObject({ $schema: text, $id: text }),
  ]),
  version: z.strictObject({
    version: text,
    node: text,
    platform: text,
    architecture: text,
    schemaVersion: z.int(),
    providers: z.array(z.strictObject({ name: providerName, title: text })),
  }),
};
