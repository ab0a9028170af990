/** The question of `bai local down`: only where somebody can answer, and something would be lost. */

import { expect, test } from 'vitest';
import { type LocalManagerTools, localDown } from '../../src/services/local/local-manager.ts';

function bed(changes: {
  sessions?: readonly string[];
  answers?: boolean;
  answer?: boolean;
  isAsked?: false;
}) {
  const { sessions = ['demo'], answers = true, answer = true, isAsked } = changes;
  const told: string[] = [];
  let isUp = true;
  const state = { pid: 7, endpoint: 'http://127.0.0.1:9' } as Awaited<
    ReturnType<LocalManagerTools['readState']>
  >;
  const tools = {
    readState: async () => state,
    isManager: async () => isUp,
    answers: async () => answers,
    liveSessions: async () => sessions,
    stop: () => {
      isUp = false;
      told.push('stopped');
    },
    removeState: async () => {},
    pause: async () => {},
    ask:
      isAsked === false
        ? undefined
        : async (question: string) => {
            told.push(question);
            return answer;
          },
  } as unknown as LocalManagerTools;
  return { told, tools };
}

test.each([
  [{}, ['This ends session demo as well. End the local manager?', 'stopped']],
  [
    { sessions: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] },
    ['This ends sessions a, b, c, d, e and 2 more as well. End the local manager?', 'stopped'],
  ],
  [{ sessions: [] }, ['stopped']],
  [{ answers: false }, ['stopped']],
  [{ isAsked: false } as const, ['stopped']],
])('%j: what is asked', async (changes, expected) => {
  const { told, tools } = bed(changes);
  expect(await localDown({ isConfirmed: false }, tools)).toBe(true);
  expect(told).toEqual(expected);
});

test('no leaves it alone, and --yes asks nobody', async () => {
  const { told, tools } = bed({ answer: false });
  await expect(localDown({ isConfirmed: false }, tools)).rejects.toMatchObject({ code: 'not-confirmed' });
  expect(told).not.toContain('stopped');
  const confirmed = bed({ answer: false });
  await localDown({ isConfirmed: true }, confirmed.tools);
  expect(confirmed.told).toEqual(['stopped']);
});
