/** `bai version`: what this is, in one answer for a report or a program. */

import type { Command } from 'commander';
import type { Context } from '../context.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { published } = await import('../schema/published.ts');
    const { version: schemaVersion } = await published();
    const providers = await context.tools('providers');
    const value = {
      version: context.version,
      node: process.versions.node,
      platform: process.platform,
      architecture: process.arch,
      schemaVersion,
      providers: providers.map(({ name, title }) => ({ name, title })),
    };
    context.reporter.result(value, [
      `bai        ${value.version}`,
      `Node       ${value.node}`,
      `system     ${value.platform} ${value.architecture}`,
      `JSON       version ${schemaVersion}`,
      `platforms  ${providers.map(({ title }) => title).join(', ')}`,
    ]);
  });
}
