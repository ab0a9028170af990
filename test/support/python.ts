/** Python's own libraries as judges: a program that answers each line of JSON with one. */

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Why tests with it are skipped, or nothing. */
export const pythonMissing: string | undefined =
  spawnSync('python3', ['-c', 'import configparser, ipaddress']).status === 0
    ? undefined
    : 'python3 is not installed';

export interface Python extends Disposable {
  ask(question: unknown): Promise<unknown>;
}

/** `answer` is the body of a Python function of `question`. */
export function startPython(answer: string): Python {
  const lines = answer.trim().split('\n');
  const program = [
    'import json, sys',
    'def answer(question):',
    ...lines.map((line) => `    ${line}`),
    'for line in sys.stdin:',
    '    print(json.dumps(answer(json.loads(line))), flush=True)',
  ].join('\n');
  const child = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error('python3 ended');
      return JSON.parse(value);
    },
    [Symbol.dispose]: () => void child.stdin.end(),
  };
}
