/** What bai does for which release of the manager. */

import { expect, test } from 'vitest';
import {
  downloadMethod,
  liveStatuses,
  negotiate,
  streamReference,
} from '../../src/providers/backend-ai/manager/release.ts';

const release = (text: string, api = 'v9.20250722') => negotiate(api, text);

test.each([
  ['v9.20250722', 'v9.20250722'],
  ['v7.20230615', 'v7.20230615'],
  ['v8.20240315', 'v8.20240315'],
  ['v9.20990101', 'v9.20250722'],
  ['v10.20260101', 'v9.20250722'],
  ['v5.20191215', 'v5.20191215'],
])('a manager that speaks %s is spoken to in %s', (theirs, ours) => {
  expect(negotiate(theirs, '26.9.6').api).toBe(ours);
});

test.each(['v4.20190615', 'v3.20170615'])('a manager that speaks %s is too old', (api) => {
  expect(() => negotiate(api, '19.09')).toThrow(expect.objectContaining({ code: 'too-old' }));
});

test.each(['9.20250722', 'v9', 'nginx', ''])('"%s" is no manager', (api) => {
  expect(() => negotiate(api, '1.0')).toThrow(expect.objectContaining({ code: 'not-a-manager' }));
});

test('releases compare by number, not by text', () => {
  expect(release('23.09.10').atLeast(23, 9, 9)).toBe(true);
  expect(release('23.09.10').atLeast(23, 9, 11)).toBe(false);
  expect(release('26.10.0').atLeast(26, 9)).toBe(true);
  expect(release('26.4.10').atLeast(26, 4, 4)).toBe(true);
  expect(release('26.3.0rc1').atLeast(26, 3)).toBe(true);
  expect(release('').atLeast(23, 3)).toBe(false);
});

test.each([
  ['23.09.11', 'GET'],
  ['24.03.6', 'GET'],
  ['24.03.7', 'POST'],
  ['26.9.6', 'POST'],
])('%s reads files with %s', (text, method) => {
  expect(downloadMethod(release(text))).toBe(method);
});

test.each([
  ['23.09.10', 'the-id'],
  ['26.2.0', 'the-id'],
  ['26.3.0', 'the-name'],
  ['26.4.3', 'the-name'],
  ['26.4.4', 'the-id'],
  ['26.9.6', 'the-id'],
])('%s finds streams by %s', (text, reference) => {
  expect(streamReference(release(text), { id: 'the-id', name: 'the-name' })).toBe(reference);
});

test.each([
  ['23.09.10', 'PREPARED', false],
  ['24.12.0', 'PREPARED', true],
  ['25.19.0', 'DEPRIORITIZING', false],
  ['26.1.0', 'DEPRIORITIZING', true],
  ['26.7.0', 'RESERVED', false],
  ['26.8.0', 'RESERVED', true],
  ['23.09.10', 'ERROR', true],
  ['26.9.6', 'TERMINATED', false],
])('%s is asked about %s: %s', (text, status, expected) => {
  expect(liveStatuses(release(text)).includes(status)).toBe(expected);
});
