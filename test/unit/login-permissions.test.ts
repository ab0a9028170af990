import { expect, test } from 'vitest';
import { permissionProblems } from '../../src/core/keys/login-permissions.ts';

const step = (mode: number | undefined, uid?: number) => ({ path: '/home/work', mode, uid });

test.each([0o700, 0o755, 0o600, 0o644, 0o400, undefined])('mode %i lets servers read the keys', (mode) => {
  expect(permissionProblems([step(mode)], 1000)).toEqual([]);
});

test.each([
  [0o775, '0775', 0o755],
  [0o722, '0722', 0o700],
  [0o602, '0602', 0o600],
  [0o777, '0777', 0o755],
] as const)('mode %i does not, and loses no more than what others may write', (mode, shown, mended) => {
  expect(permissionProblems([step(mode)], 1000)).toEqual([
    { path: '/home/work', problem: 'writable-by-others', mode: shown, mended },
  ]);
});

test('what belongs to another user cannot be mended by a mode; what is root’s or nobody knows is no problem', () => {
  expect(permissionProblems([step(0o777, 4321)], 1000)).toEqual([
    { path: '/home/work', problem: 'foreign-owner' },
  ]);
  for (const uid of [0, 1000, undefined]) expect(permissionProblems([step(0o700, uid)], 1000)).toEqual([]);
  expect(permissionProblems([step(0o700, 4321)], undefined)).toEqual([]);
});
