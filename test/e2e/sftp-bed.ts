/** Runs commands of `bai sftp` as commander does, on a real server, and keeps what they print. */

import { PassThrough, Readable } from 'node:stream';
import { Command } from 'commander';
import type { CommandModule } from '../../src/commands/shared/command.ts';
import type { Context } from '../../src/context.ts';
import type { SftpWish } from '../../src/services/sftp/open-sftp.ts';
import type { SftpTools } from '../../src/services/sftp/sftp-tools.ts';
import { type LocalFiles, localFiles } from '../../src/transfer/local/local-files.ts';
import { partAhead } from '../../src/transfer/remote/part-ahead.ts';
import { createRemoteFiles, type RemoteFiles } from '../../src/transfer/remote-files.ts';
import { connectFully } from '../support/ssh-session.ts';
import {
  openFiles,
  type RecordingReporter,
  recordingReporter,
  type ServerAddress,
} from './transfer-session.ts';

/** As the commands connect: what they wish is asked along with the greeting. */
export async function openAhead(server: ServerAddress, { ahead }: SftpWish = {}): Promise<RemoteFiles> {
  const { signal } = new AbortController();
  return createRemoteFiles(await connectFully(server, signal, ahead), { signal });
}

export interface SftpAnswer extends RecordingReporter {
  readonly exitCode: number;
  readonly value: unknown;
  /** The bytes on stdout. */
  readonly stdout: Buffer;
}

export interface SftpBed {
  run(command: CommandModule, ...args: string[]): Promise<SftpAnswer>;
  /** With bytes on stdin. */
  runWith(input: Uint8Array, command: CommandModule, ...args: string[]): Promise<SftpAnswer>;
}

/** `change` stands between the commands and the server, to lie; `open` makes each connection; `local` is this machine. */
export function sftpBed(
  server: () => ServerAddress,
  change: (files: RemoteFiles) => RemoteFiles = (files) => files,
  open: (server: ServerAddress, wish?: SftpWish) => Promise<RemoteFiles> = (address) => openFiles(address),
  local: LocalFiles = localFiles,
): SftpBed {
  const runWith: SftpBed['runWith'] = async (input, command, ...args) => {
    const reporter = recordingReporter();
    const stdout = new PassThrough();
    const printed: Buffer[] = [];
    // What is written is used again afterwards.
    stdout.on('data', (chunk: Buffer) => printed.push(Buffer.from(chunk)));
    const stdin = Readable.from([input]);
    const tools: SftpTools = {
      reporter,
      signal: new AbortController().signal,
      ...{ local, partAhead, stdin, stdout },
      open: async (_session, wish) => change(await open(server(), wish)),
    };
    const given = { reporter, exitCode: 0, overrideSettings: () => {}, tools: async () => tools };
    // The commands use nothing else of the context.
    const context = given as unknown as Context;
    const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    command.define(program, context);
    await program.parseAsync(args, { from: 'user' });
    const { exitCode } = context;
    return { ...reporter, exitCode, value: reporter.results[0]?.value, stdout: Buffer.concat(printed) };
  };
  return { runWith, run: (command, ...args) => runWith(new Uint8Array(), command, ...args) };
}
