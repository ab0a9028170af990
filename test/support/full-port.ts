/** A port that drops packets, as behind a firewall: whoever listens there accepts nobody, and the queue before it is full. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

const program = `
import socket, sys
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen(0)
waiting = []
for _ in range(8):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(server.getsockname())
    waiting.append(client)
print(server.getsockname()[1], flush=True)
sys.stdin.read()
`;

export interface FullPort extends AsyncDisposable {
  readonly port: number;
}

export async function openFullPort(): Promise<FullPort> {
  const child = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return {
    port: Number(String(line)),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.stdin.end();
      await ended;
    },
  };
}
