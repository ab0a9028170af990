/** Keys that are missing or were copied badly: what is wrong is named, whatever place it came from. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settingDefinitions, settingNames } from '../../src/core/settings/settings.ts';
import { type EmulatorBed, openEmulator } from './app-bed.ts';

const account = ['BACKEND_ENDPOINT', 'BACKEND_ACCESS_KEY', 'BACKEND_SECRET_KEY'] as const;

async function without(bed: EmulatorBed, ...names: readonly string[]) {
  const env = Object.fromEntries(names.map((name) => [name, '']));
  const { code, stderr } = await bed.bai(['session', 'list', '--json'], { env });
  return { code, error: JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error };
}

test.each([
  [['BACKEND_ACCESS_KEY'], 'the secret key is set, but the access key is not', /^set BACKEND_ACCESS_KEY, or/],
  [['BACKEND_SECRET_KEY'], 'the access key is set, but the secret key is not', /^set BACKEND_SECRET_KEY, or/],
  [
    ['BACKEND_ACCESS_KEY', 'BACKEND_SECRET_KEY'],
    'neither an access key nor a secret key',
    /BACKEND_ACCESS_KEY and/,
  ],
])('without %j: 3, and what is missing', async (names, message, hint) => {
  await using bed = await openEmulator();
  const { code, error } = await without(bed, ...names);
  expect([code, error.code]).toEqual([3, 'not-signed-in']);
  expect(error.message).toContain(message);
  expect(error.hint).toMatch(hint);
});

test('without an endpoint: 2, and that it is the endpoint', async () => {
  await using bed = await openEmulator();
  expect(await without(bed, 'BACKEND_ENDPOINT')).toMatchObject({ code: 2, error: { code: 'no-endpoint' } });
});

const spoilt: readonly (readonly [string, (text: string) => string])[] = [
  ['a line end behind it', (text) => `${text}\n`],
  ['a carriage return behind it', (text) => `${text}\r`],
  ['a line end in it', (text) => `${text.slice(0, 5)}\n${text.slice(5)}`],
  ['a control character', (text) => `${text}\u0007`],
  ['nothing but blanks', () => '   '],
];

/** Each way a value gets into bai. */
const places: Readonly<
  Record<
    string,
    (
      bed: EmulatorBed,
      name: string,
      value: string,
    ) => Promise<{ code: number; stdout: string; stderr: string }>
  >
> = {
  environment: (bed, name, value) => bed.bai(['session', 'list'], { env: { [name]: value } }),
  '--env-file': (bed, name, value) => {
    // An account comes from one place together.
    const lines = account.map((each) => `${each}="${each === name ? value : (bed.env[each] ?? '')}"\n`);
    writeFileSync(join(bed.home, 'x.env'), lines.join(''));
    const env = Object.fromEntries(account.map((each) => [each, '']));
    return bed.bai(['--env-file', join(bed.home, 'x.env'), 'session', 'list'], { env });
  },
  'config set': (bed, name, value) => {
    const setting = settingNames.find((each) =>
      settingDefinitions[each].env.some((variable) => variable === name),
    );
    return setting === 'secretKey'
      ? bed.bai(['config', 'set', setting], { input: `${value.replace(/\n$/, '')}\n` })
      : bed.bai(['config', 'set', String(setting), value]);
  },
};

test.each(Object.keys(places).flatMap((place) => account.map((name) => [place, name] as const)))(
  '%s, %s: a badly copied value is refused, and not repeated',
  async (place, name) => {
    await using bed = await openEmulator();
    for (const [how, spoil] of spoilt) {
      const right = bed.env[name] ?? '';
      const value = spoil(right);
      // Lines that are piped, and those of an .env file, end in one way or the other: that is no part of the value.
      const isLine = place === '--env-file' || (place === 'config set' && name === 'BACKEND_SECRET_KEY');
      if (isLine && value === `${right}\r`) continue;
      if (isLine && place === 'config set' && /\n|^ +$/.test(value)) continue;
      const { code, stdout, stderr } = (await places[place]?.(bed, name, value)) ?? {
        code: -1,
        stdout: '',
        stderr: '',
      };
      expect({ how, code, stdout }).toEqual({ how, code: 2, stdout: '' });
      expect(stderr).toMatch(/^error: .*(line break|control character|is empty)/);
      if (name === 'BACKEND_SECRET_KEY') expect(stderr).not.toContain(right.slice(0, 12));
    }
  },
);

test('no setting takes a line end or a control character from the environment', async () => {
  await using bed = await openEmulator();
  for (const name of settingNames) {
    const variable = settingDefinitions[name].env[0];
    for (const value of ['a\nb', 'a\u001bb']) {
      const { code, stderr } = await bed.bai(['config', 'list'], { env: { [variable]: value } });
      expect([name, code]).toEqual([name, 2]);
      expect(stderr).toContain(variable);
    }
  }
});

test('a secret key with a blank or an umlaut in it is refused before it is sent', async () => {
  await using bed = await openEmulator();
  for (const value of ['a secret', 'sécret']) {
    const { code, stderr } = await bed.bai(['session', 'list'], { env: { BACKEND_SECRET_KEY: value } });
    expect([code, bed.emulator.requests.length]).toEqual([2, 0]);
    expect(stderr).toContain(
      'secretKey (from BACKEND_SECRET_KEY) contains a space or a character that is not ASCII',
    );
    expect(stderr).not.toContain(value);
  }
});
