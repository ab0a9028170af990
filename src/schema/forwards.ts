/** Answers of `bai app`, `forward`, `exec`, `open` and `ssh-config`. */

import * as z from 'zod/mini';
import { openTargets } from '../core/desktop/open-target.ts';
import { clientPrograms } from '../core/ssh/client-commands.ts';
import { hostKey, service, session, text, textAnswer, time } from './parts.ts';

const commands = { ssh: text, sftp: text, scp: text };

const client = z.strictObject({
  program: z.enum(clientPrograms),
  keyFile: z.optional(text),
  hostKeys: z.array(hostKey),
  lines: z.array(z.strictObject({ line: text, shell: z.optional(z.enum(['cmd.exe', 'PowerShell'])) })),
  fields: z.optional(z.record(z.string(), z.string())),
});

const forwardedSsh = z.strictObject({
  user: text,
  identityFile: z.optional(text),
  ownKeys: z.optional(z.array(text)),
  sshUrl: text,
  sftpUrl: text,
  commands: z.strictObject({ ...commands, rsync: text }),
  elsewhere: z.optional(
    z.strictObject({
      commands: z.strictObject(commands),
      hostKeys: z.array(hostKey),
      knownHosts: z.array(text),
    }),
  ),
  client: z.optional(client),
});

/** A port of this machine, or with `--via` one that others reach too. */
const forwarded = z.strictObject({
  session,
  app: text,
  via: z.optional(z.enum(['proxy', 'direct'])),
  host: text,
  port: z.int(),
  allowedFrom: z.optional(z.union([z.literal('everywhere'), z.array(text)])),
  url: z.optional(text),
  ssh: z.optional(forwardedSsh),
});

const listener = z.strictObject({
  kind: z.enum(['app', 'port', 'remote']),
  spec: text,
  host: text,
  port: z.int(),
  app: z.optional(text),
  remoteHost: z.optional(text),
  remotePort: z.optional(z.int()),
  url: z.optional(text),
  ssh: z.optional(z.strictObject({ user: text, identityFile: z.optional(text), command: text })),
});

const started = {
  name: text,
  session,
  listeners: z.array(listener),
};

const sshConfig = z.strictObject({
  hosts: z.array(
    z.strictObject({
      host: text,
      id: text,
      name: text,
      named: z.enum(['by-name', 'by-id-unsafe', 'by-id-ambiguous']),
    }),
  ),
  dryRun: z.boolean(),
  files: z.array(
    z.strictObject({
      path: text,
      change: z.enum(['created', 'changed', 'removed', 'unchanged']),
      diff: z.optional(z.array(text)),
    }),
  ),
});

const editors = openTargets.filter((name) => name !== 'sftp');
const place = { session, host: text, user: text, path: text, url: text };

export const forwardSchemas = {
  'app-list': z.array(service),
  'app-ssh': forwarded,
  ssh: forwarded,
  'app-forward': forwarded,
  exec: z.strictObject({
    session: text,
    status: z.int(),
    nodes: z.array(
      z.strictObject({
        node: text,
        status: z.int(),
        stdout: text,
        stderr: text,
        stdoutBase64: z.optional(text),
        stderrBase64: z.optional(text),
        stdoutBytes: z.optional(z.int()),
        stderrBytes: z.optional(z.int()),
        error: z.optional(z.strictObject({ code: text, message: text, hint: z.optional(text) })),
      }),
    ),
  }),
  'forward-start': z.union([
    z.strictObject({ ...started, background: z.literal(false) }),
    z.strictObject({ ...started, background: z.literal(true), id: text, started: z.boolean() }),
  ]),
  'forward-list': z.array(
    z.strictObject({
      ...started,
      id: text,
      state: z.enum(['running', 'signed-out', 'unreachable', 'silent', 'elsewhere', 'ended']),
      reason: z.optional(text),
      startedAt: time,
      connections: z.optional(z.int()),
      totalConnections: z.optional(z.int()),
      pid: z.int(),
      log: text,
      endedAt: z.optional(time),
      code: z.optional(text),
    }),
  ),
  'forward-stop': z.array(z.strictObject({ id: text, name: text, session, stopped: z.literal(true) })),
  'forward-logs': textAnswer,
  'forward-open': z.strictObject({ name: text, listener, url: text, openedWith: z.optional(text) }),
  open: z.union([
    z.strictObject({ ...place, program: z.enum(editors), openedWith: z.optional(text) }),
    z.strictObject({ ...place, program: z.literal('sftp'), port: z.int(), identityFile: z.optional(text) }),
  ]),
  'ssh-config-install': sshConfig,
  'ssh-config-print': textAnswer,
  'ssh-config-remove': sshConfig,
};
