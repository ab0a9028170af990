/** `bai completion SHELL` */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { oneOf } from './shared/options.ts';

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

export function define(command: Command, context: Context): void {
  command
    .argument('<shell>', `one of ${shells.join(', ')}`)
    .addHelpText('after', examples)
    .action(async (name: string) => {
      const shell = oneOf('the shell', name, shells);
      const { completionScripts } = await import('../services/completion/scripts.ts');
      const script = completionScripts[shell];
      context.reporter.result({ shell, script }, script.trimEnd().split('\n'));
    });
}

const examples = `
The script asks bai itself for what fits, also for the names of sessions.

Examples:
  bash:        bai completion bash > ~/.local/share/bash-completion/completions/bai
  zsh:         bai completion zsh > ~/.zfunc/_bai     # a folder of your fpath, before compinit
  fish:        bai completion fish > ~/.config/fish/completions/bai.fish
  PowerShell:  bai completion powershell > bai-completion.ps1    # and . bai-completion.ps1 in $PROFILE`;
