/** What the options of `bai sftp put` and `get` ask of the engine. */

import { Command } from 'commander';
import { expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as put from '../../src/commands/sftp/put.ts';
import type { CommandModule } from '../../src/commands/shared/command.ts';
import type { Context } from '../../src/context.ts';
import type { SettingValues } from '../../src/core/settings/settings.ts';
import type { TransferOptions } from '../../src/core/sftp/transfer-options.ts';
import { UsageError } from '../../src/errors.ts';
import { localFiles } from '../../src/transfer/local/local-files.ts';
import type { RemoteFiles, TransferJob } from '../../src/transfer/remote-files.ts';
import { recordingReporter } from './transfer-session.ts';

const nothingMoved = {
  files: 0,
  bytes: 0,
  failed: [],
  skipped: [],
  verified: 0,
  resumed: 0,
  byTar: 0,
  undated: [],
  retries: 0,
};

interface Asked {
  readonly options: TransferOptions | undefined;
  /** Settings that the command line overrides. */
  readonly settings: SettingValues;
}

async function optionsOf(command: CommandModule, ...args: string[]): Promise<TransferOptions | undefined> {
  return (await ask(command, ...args)).options;
}

async function ask(command: CommandModule, ...args: string[]): Promise<Asked> {
  let settings: SettingValues = {};
  const jobs: TransferJob[] = [];
  const move: RemoteFiles['put'] = async (job) => {
    jobs.push(job);
    return nothingMoved;
  };
  const files = { put: move, get: move, [Symbol.asyncDispose]: async () => {} };
  const deps = { reporter: recordingReporter(), local: localFiles, open: async () => files };
  // Nothing else is asked of them.
  const overrideSettings = (values: SettingValues): void => {
    settings = { ...settings, ...values };
  };
  const context = { exitCode: 0, overrideSettings, tools: async () => deps } as unknown as Context;
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  command.define(program, context);
  await program.parseAsync(args, { from: 'user' });
  return { options: jobs[0]?.options, settings };
}

test.each([
  ['put', put, ['x', 'demo:']],
  ['get', get, ['demo:x', 'y']],
])('%s without options replaces, keeps nothing, and verifies what is large', async (_, command, args) => {
  const options = await optionsOf(command, ...args);
  expect(options).toMatchObject({ preserve: false, ifExists: 'overwrite', verify: 'auto' });
  expect(options?.accepts('any/thing', false)).toBe(true);
});

test('the account and the key are asked for as `bai ssh` has them', async () => {
  const words = ['--user', 'root', '-i', 'agent', '--key-store', 'memory', 'x', 'demo:'];
  const { settings } = await ask(put, ...words);
  expect(settings).toEqual({ user: 'root', identity: 'agent', keyStore: 'memory' });
});

test.each(['overwrite', 'skip', 'newer', 'different', 'fail'])(
  '--if-exists %s is passed on',
  async (rule) => {
    expect(await optionsOf(put, '--if-exists', rule, 'x', 'demo:')).toMatchObject({ ifExists: rule });
  },
);

test('another rule than these is a usage error', async () => {
  await expect(optionsOf(put, '--if-exists', 'never', 'x', 'demo:')).rejects.toThrow(UsageError);
});

test('-p, --verify and --no-verify are passed on', async () => {
  expect(await optionsOf(get, '-p', '--verify', 'demo:x')).toMatchObject({
    preserve: true,
    verify: 'always',
  });
  expect(await optionsOf(get, '--no-verify', 'demo:x')).toMatchObject({ preserve: false, verify: 'never' });
});

test('include and exclude keep the order in which they were written', async () => {
  const first = await optionsOf(put, '-r', '--include', 'keep.o', '--exclude=*.o', 'x', 'demo:');
  expect([first?.accepts('a/keep.o', false), first?.accepts('a/b.o', false)]).toEqual([true, false]);
  const last = await optionsOf(put, '-r', '--exclude', '*.o', '--include', 'keep.o', 'x', 'demo:');
  expect(last?.accepts('a/keep.o', false)).toBe(false);
});

test('a pattern without a name is a usage error', async () => {
  await expect(optionsOf(put, '--exclude', '/', 'x', 'demo:')).rejects.toThrow(UsageError);
});
