/** What managers say, as 23.09.10, 26.4.16 and 26.9.6 said it, and what of it people see. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainWords } from '../../src/core/text/plain-words.ts';
import { computed } from '../support/until.ts';

const tooHigh = `<BackendAISchemaValidationFailed(400): Schema validation failed. (1 validation error for CreateFromParamsRequest
priority
  Input should be less than or equal to 100 [type=less_than_equal, input_value=200, input_type=int]
    For further information visit https://errors.pydantic.dev/2.11/v/less_than_equal)>
 -> extra_data: {'errors': [{'type': 'less_than_equal', 'loc': ('priority',), 'msg': 'Input should be'}]}`;

const twoFields = `Schema validation failed. (2 validation errors for CreationConfigV7
resource_opts.shmem
  Value error, ('Unconvertible value', 'abc', 'b') [type=value_error, input_value='abc', input_type=str]
    For further information visit https://errors.pydantic.dev/2.11/v/value_error
clusterSize
  Input should be greater than or equal to 1 [type=greater_than_equal, input_value=0, input_type=int]
    For further information visit https://errors.pydantic.dev/2.11/v/greater_than_equal)
 -> extra_data: {}`;

test.each([
  [tooHigh, 'priority: Input should be less than or equal to 100'],
  [
    twoFields,
    'resource_opts.shmem: Value error, Unconvertible value, abc, b; clusterSize: Input should be greater than or equal to 1',
  ],
  ['1 validation error\nfiles\n  Field required', 'files: Field required'],
  [
    "User 5e1f lacks permission create on session at RBACElementRef(element_type=<RBACElementType.USER: 'user'>, element_id='5e1f-00')",
    'User 5e1f lacks permission create on session at user 5e1f-00',
  ],
  [
    'User 5e1f lacks permission <Permission.READ: 1> on session 1',
    'User 5e1f lacks permission read on session 1',
  ],
  [
    "Unknown image references: identifier:ImageIdentifier(canonical='nosuch', architecture='x86_64'), alias:'nosuch'",
    "Unknown image references: identifier:nosuch x86_64, alias:'nosuch'",
  ],
  [
    "FileNotFoundError('Could not found the file: /home/work/nope')",
    'Could not found the file: /home/work/nope',
  ],
  ['ValueError("it can\'t be")', "it can't be"],
  ["OSError(28, 'No space left on device')", 'No space left on device'],
  ["{'cpu': Decimal('1.000000')}", "{'cpu': 1.000000}"],
  [
    "Invalid resource allocation: Unknown slot type: 'cuda.device'",
    "Invalid resource allocation: Unknown slot type: 'cuda.device'",
  ],
  [
    'Your resource request is smaller than the minimum required by the image. (cpu=1 mem=128m)',
    'Your resource request is smaller than the minimum required by the image. (cpu=1 mem=128m)',
  ],
  ['Invalid group (nogroup): the group does not exist', 'Invalid group (nogroup): the group does not exist'],
])('%j', (said, shown) => {
  expect(plainWords(said)).toBe(shown);
});

test('whatever a server says, it is done at once, and gets no longer', () => {
  const piece = fc.constantFrom(
    "A('",
    'B(a=',
    "'",
    '"',
    '\\',
    ')',
    '<C.D: ',
    '>',
    ', ',
    '1 validation error\n',
    '\n  ',
    'x',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 3_000 }), (pieces) => {
      const text = pieces.join('');
      expect(computed(() => plainWords(text)).length).toBeLessThanOrEqual(text.length + 2);
    }),
  );
});
