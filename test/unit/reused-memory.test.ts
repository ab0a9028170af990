import { expect, test } from 'vitest';
import { ReusedMemory } from '../../src/core/reused-memory.ts';

const kibibyte = 1024;

test('what was given back is taken again, and by one at a time', () => {
  const memory = new ReusedMemory();
  const first = memory.take(200 * kibibyte);
  memory.give(first.subarray(100));
  const second = memory.take(150 * kibibyte);
  const third = memory.take(150 * kibibyte);
  expect(second.buffer).toBe(first.buffer);
  expect(third.buffer).not.toBe(first.buffer);
  expect([second.length, third.length]).toEqual([150 * kibibyte, 150 * kibibyte]);
});

test('small and very large pieces are memory of their own, and foreign ones are not kept', () => {
  const memory = new ReusedMemory();
  for (const bytes of [100, 1024 * kibibyte]) {
    const taken = memory.take(bytes);
    expect(taken.length).toBe(bytes);
    expect(memory.owns(taken)).toBe(false);
    memory.give(taken);
  }
  const foreign = Buffer.allocUnsafeSlow(36 * kibibyte);
  memory.give(foreign);
  expect(memory.take(36 * kibibyte).buffer).not.toBe(foreign.buffer);
});

test('no more than 16 MiB are kept', () => {
  const memory = new ReusedMemory();
  const taken = Array.from({ length: 100 }, () => memory.take(260 * kibibyte));
  for (const each of taken) memory.give(each);
  const before = new Set(taken.map(({ buffer }) => buffer));
  const again = Array.from({ length: 100 }, () => memory.take(260 * kibibyte));
  const reused = again.filter(({ buffer }) => before.has(buffer)).length;
  expect(reused).toBe(Math.floor((16 * 1024) / 260));
});
