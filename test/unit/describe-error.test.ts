import { expect, test } from 'vitest';
import * as errors from '../../src/errors.ts';
import { describeError } from '../../src/output/describe-error.ts';

const each: readonly (readonly [errors.BaiError, number, string])[] = [
  [new errors.BaiError('m'), 1, 'failure'],
  [new errors.UsageError('m'), 2, 'usage'],
  [new errors.DeniedError('m'), 3, 'denied'],
  [new errors.NotFoundError('m'), 4, 'not-found'],
  [new errors.UnreachableError('m'), 5, 'unreachable'],
  [new errors.TimeoutError('m'), 5, 'timeout'],
  [new errors.ConflictError('m'), 6, 'conflict'],
  [new errors.SessionEndedError('ERROR', 'm'), 10, 'session-error'],
  [new errors.SessionEndedError('CANCELLED', 'm'), 11, 'session-cancelled'],
  [new errors.SessionEndedError('TERMINATED', 'm'), 12, 'session-terminated'],
  [new errors.TransferError('m'), 1, 'transfer'],
  [new errors.LocalSystemError('m'), 1, 'local-system'],
  [new errors.ProtocolError('m'), 1, 'protocol'],
  [new errors.InterruptedError(), 130, 'interrupted'],
];

test.each(each)('%s ends with %d and the code %s', (error, exitCode, code) => {
  expect(describeError(error)).toMatchObject({ exitCode, code, stack: undefined });
});

test('text of a server in message and hint is made safe', () => {
  const error = new errors.BaiError('bad \u001b[2J\r\u202e', { hint: 'try \u009b1m' });
  expect(describeError(error)).toMatchObject({ message: 'bad \\x1b[2J\\r\\u202e', hint: 'try \\x9b1m' });
});

test.each([new TypeError('x is undefined'), 'a string', undefined, { odd: true }])(
  'what bai cannot explain (%s) is a bug: 70',
  (thrown) => expect(describeError(thrown)).toMatchObject({ exitCode: 70, code: 'bug' }),
);

test('a bug shows its stack, made safe', () => {
  expect(describeError(new TypeError('x\u001b[2J')).stack).toContain('x\\x1b[2J');
});

test.each([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENOTDIR',
  'ENAMETOOLONG',
  'EISDIR',
  'EIO',
])('%s of this machine is no bug of bai, and the file is named', (code) => {
  const error = Object.assign(new Error(`${code}: told by the system`), { code, path: '/some/file' });
  const described = describeError(error);
  expect(described).toMatchObject({ exitCode: 1, code: `local-${code.toLowerCase()}` });
  expect(described.message).toContain('/some/file');
  expect(described.hint).toBeTypeOf('string');
});

test('the system code is found below other errors', () => {
  const cause = Object.assign(new Error('full'), { code: 'ENOSPC' });
  expect(describeError(new Error('cannot write', { cause }))).toMatchObject({ code: 'local-enospc' });
  expect(errors.systemCode(new AggregateError([cause]))).toBe('ENOSPC');
});
