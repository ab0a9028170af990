/** What `session create --dry-run` says of amounts, before anything is made. */

import { expect, test } from 'vitest';
import type { Amounts, ResourceOffer } from '../../src/core/session/offers.ts';
import { UsageError } from '../../src/errors.ts';
import {
  checkLeast,
  checkSlots,
  impossibilityOf,
  shortageOf,
} from '../../src/providers/backend-ai/create/amounts-there.ts';

const least = { cpu: '1', mem: '134217728' };
const image = { reference: 'cr.example.com/python:3.11', least };
const offer: ResourceOffer = {
  groups: [
    { name: 'default', total: undefined, free: { cpu: '2', mem: '8589934592' } },
    { name: 'gpu', total: { 'cuda.device': '4' }, free: { cpu: '4', mem: '4294967296', 'cuda.device': '1' } },
  ],
  allowed: { cpu: '8', mem: '17179869184' },
  used: { cpu: '0', mem: '0' },
  presets: [],
};
const asked = (resources: Readonly<Record<string, string>>, clusterSize = 1, resourceGroup?: string) => ({
  ...{ resources, clusterSize, ...(resourceGroup !== undefined && { resourceGroup }) },
});

test('less than the image needs is refused, whatever the unit, and what is left out is not', () => {
  expect(() => checkLeast(asked({ mem: '1m' }), image)).toThrow(/needs mem=128m at least/);
  expect(() => checkLeast(asked({ cpu: '0' }), image)).toThrow(UsageError);
  for (const enough of [{}, { cpu: '1' }, { cpu: '4', mem: '0.5g' }, { mem: '128MiB' }])
    expect(() => checkLeast(asked(enough), image)).not.toThrow();
});

test('a resource that there is not is refused with those there are, or those that are near', () => {
  expect(() => checkSlots(asked({ 'cuda.devices': '1' }), offer)).toThrow(
    expect.objectContaining({
      message: 'there is no resource cuda.devices',
      hint: 'did you mean cuda.device?',
    }),
  );
  expect(() => checkSlots(asked({ constructor: '1' }), offer)).toThrow(/there is no resource constructor/);
  expect(() => checkSlots(asked({ cpu: '1', 'cuda.device': '1' }), offer)).not.toThrow();
  const untold = { groups: [], allowed: {}, used: {}, presets: [] };
  expect(() => checkSlots(asked({ anything: '1' }), untold)).not.toThrow();
});

test.each([
  ['nothing is in the way', asked({ cpu: '2' }), undefined],
  ['another group has it', asked({ cpu: '4', mem: '4g' }), undefined],
  ['more than is allowed', asked({ cpu: '9' }), 'you may use cpu=8 more, and it asks for cpu=9'],
  ['all containers count', asked({ cpu: '3' }, 3), 'you may use cpu=8 more, and it asks for cpu=9'],
  ['more than anybody has', asked({ mem: '9999e' }), /^you may use mem=16g more, and it asks for mem=\d+/],
  [
    ...['no group has all of it', asked({ cpu: '3', mem: '6g' })],
    'free: cpu=2 in default, mem=4g in gpu; it asks for cpu=3 mem=6g',
  ],
  [
    ...['not in the group that is named', asked({ cpu: '3' }, 1, 'default')],
    'free: cpu=2 in default; it asks for cpu=3 mem=128m',
  ],
  [
    ...['a device that is nowhere free', asked({ 'cuda.device': '2' }, 1, 'default')],
    'free: cuda.device=0 in default; it asks for cpu=1 mem=128m cuda.device=2',
  ],
] as const)('why it would wait: %s', (_case, session, reason) => {
  const shortage = shortageOf(session, least, offer);
  if (reason instanceof RegExp) expect(shortage).toMatch(reason);
  else expect(shortage).toBe(reason);
});

test.each([
  ['it may come', asked({ cpu: '3' }), undefined],
  [
    'more than the account may ever use',
    asked({ cpu: '1000' }),
    'your limit is cpu=8, and it asks for cpu=1000',
  ],
  ['what is in use counts to the limit', asked({ cpu: '9' }), undefined, { cpu: '2', mem: '0' }],
  [
    'more than each group has',
    asked({ 'cuda.device': '5' }, 1, 'gpu'),
    /^no resource group has so much: cuda\.device=4 in gpu; it asks for .*cuda\.device=5/,
  ],
  ['a group whose whole is not told', asked({ 'cuda.device': '5' }, 1, 'default'), undefined],
] as const)('what can never start: %s', (_case, session, reason, used: Amounts = offer.used) => {
  const never = impossibilityOf(session, least, { ...offer, used });
  if (reason instanceof RegExp) expect(never).toMatch(reason);
  else expect(never).toBe(reason);
});
