import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { FlowControl } from '../../src/ssh/flow-control.ts';

afterEach(() => {
  vi.useRealTimers();
});

function counter(): { excuse: () => void; excused: () => number } {
  let count = 0;
  const excuse = (): void => {
    count += 1;
  };
  return { excuse, excused: () => count };
}

test('while a connection is stopped, what goes over it is excused for its silence too, and no longer', () => {
  vi.useFakeTimers();
  const below = counter();
  const above = counter();
  const outer = new FlowControl(new PassThrough(), below.excuse);
  const stream = new PassThrough();
  const inner = new FlowControl(stream, above.excuse);
  const end = outer.onStopped(() => stream.emit('stopped'));
  const holder = {};
  outer.hold(holder);
  vi.advanceTimersByTime(30_000);
  expect([below.excused(), above.excused()]).toEqual([12, 12]);
  outer.release(holder);
  vi.advanceTimersByTime(30_000);
  expect([below.excused(), above.excused()]).toEqual([12, 12]);
  end();
  outer.hold(holder);
  vi.advanceTimersByTime(10_000);
  expect([below.excused(), above.excused()]).toEqual([16, 12]);
  outer.letGo();
  inner.letGo();
});

test('bytes that come in excuse a late answer, for an answer is behind all that was sent; once a second is enough', () => {
  vi.useFakeTimers();
  const { excuse, excused } = counter();
  const stream = new PassThrough();
  const flow = new FlowControl(stream, excuse);
  for (let turn = 0; turn < 10; turn += 1) {
    vi.advanceTimersByTime(500);
    stream.emit('data', Buffer.from('x'));
  }
  expect(excused()).toBe(5);
  flow.letGo();
});

test('bulk that is on its way excuses a late answer, for as long as a slow line takes', () => {
  vi.useFakeTimers();
  const { excuse, excused } = counter();
  const stream = new PassThrough();
  const flow = new FlowControl(stream, excuse);
  stream.pause();
  stream.write(Buffer.alloc(25_000 * 20));
  vi.advanceTimersByTime(60_000);
  expect(excused()).toBe(8);
  vi.advanceTimersByTime(60_000);
  expect(excused()).toBe(8);
  flow.letGo();
});
