/** From nothing to signed in, and out again, as a person sees it: typed into a real terminal, whose screens are kept. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { consoleClient } from '../contract/console-client.ts';
import { type ConsoleGround, groundKinds, groundWaitMs } from '../contract/console-ground.ts';
import { hasTmux, openPane, type Recording, record } from '../support/pane.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Where people want to look at the recordings. */
const folder = process.env['BAI_TEST_RECORDINGS'];
const kinds = groundKinds().filter(({ isGenuine, name }) => isGenuine || name.includes('26.9'));
const session = `rec-${process.pid}`;

describe.skipIf(!hasTmux).each(kinds)('$name', (kind) => {
  test(
    'bai, login with a code, create, ssh, put, logout',
    async () => {
      await using ground = await kind.open();
      await ground.become('with-code');
      using home = tempFolder();
      writeFileSync(join(home.path, 'data.txt'), 'from here\n');
      using pane = openPane({ home: home.path }, 'recording', [100, 40]);
      const recording = record(pane);
      try {
        await signIn(recording, ground);
        const { loginId } = JSON.parse(readFileSync(join(home.path, '.config/bai/config.json'), 'utf8'))
          .profiles.default;
        const { knock } = consoleClient(ground.endpoint);
        expect(await knock({ id: loginId })).toBe(404);
        await useSession(recording, ground);
        await signOut(recording, ground);
        expect(await knock({ id: loginId })).toBe(401);
        const screens = recording.screens().join('\n');
        for (const secret of [ground.password, loginId]) expect(screens).not.toContain(secret);
      } finally {
        keep(kind.name, recording);
      }
    },
    groundWaitMs,
  );
});

async function signIn({ step }: Recording, ground: ConsoleGround): Promise<void> {
  const { endpoint, email, password } = ground;
  expect(await step('bai')).toMatch(/You are not signed in\.[\s\S]*bai login[\s\S]*ended with 0$/m);
  const screen = await step('bai login', [
    [/Address .*:$/m, () => `${endpoint}/summary`],
    [/is a Backend\.AI web console \(.*\)\n[\s\S]*E-mail:$/m, () => email],
    [/Password of .*:$/m, () => password],
    [/Code of the second factor:$/m, () => ground.code()],
  ]);
  expect(screen).toMatch(/signed in to [\s\S]*next: bai session [\s\S]*ended with 0$/m);
  expect(screen).toContain(email);
}

async function useSession({ step }: Recording, { image }: ConsoleGround): Promise<void> {
  const created = await step(`bai session create ${image} --name ${session} -r cpu=1 -r mem=256m`);
  expect(created).toMatch(new RegExp(`${session}[\\s\\S]*RUNNING[\\s\\S]*ended with 0$`, 'm'));
  const welcome = await step('bai');
  expect(welcome).toMatch(new RegExp(`live: ${session} \\(RUNNING\\)[\\s\\S]*bai ssh ${session}`));
  const inside = await step(`bai ssh ${session}`, [
    [/work@.*[$#]$/m, () => 'clear; echo made inside | tee made.txt'],
    [/^made inside\n.*[$#]$/m, () => 'exit'],
  ]);
  expect(inside).toMatch(/^made inside\n[\s\S]*ended with 0$/m);
  expect(await step(`bai sftp put data.txt ${session}:`)).toMatch(/^1 file, 10 B [\s\S]*ended with 0$/m);
  expect(await step(`bai sftp ls ${session}:`)).toMatch(/^data\.txt\n[\s\S]*^made\.txt\nended with 0$/m);
  const ended = await step(`bai session terminate ${session}`, [[/\[y\/N\]$/m, () => 'y']]);
  expect(ended).toMatch(/ended with 0$/m);
}

async function signOut({ step }: Recording, { endpoint }: ConsoleGround): Promise<void> {
  expect(await step('bai logout')).toMatch(
    new RegExp(`signed out of ${endpoint}[\\s\\S]*ended with 0$`, 'm'),
  );
  expect(await step('bai')).toMatch(/You are not signed in\.[\s\S]*ended with 0$/m);
  expect(await step('bai session list')).toMatch(/bai login[\s\S]*ended with 3$/m);
}

function keep(name: string, recording: Recording): void {
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  const text = recording.screens().join(`\n${'─'.repeat(100)}\n`);
  writeFileSync(join(folder, `${name.replaceAll(' ', '-')}.txt`), `${text}\n`);
}
