import { expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { parseMounts } from '../../src/providers/backend-ai/create/mounts.ts';

test.each([
  [['data'], { data: '' }],
  [['data=/home/work/in'], { data: '/home/work/in' }],
  [['data:/home/work/in'], { data: '/home/work/in' }],
  [['data=sub/folder'], { data: 'sub/folder' }],
  [['data=/a=b:c'], { data: '/a=b:c' }],
  [['one', ' two '], { one: '', two: '' }],
  [['', ' '], {}],
  [undefined, {}],
])('%j is %j', (texts, mounts) => {
  expect(parseMounts(texts)).toEqual(mounts);
});

test.each(['=/x', ':/x', '/data', 'a/b=/x'])('"%s" is no mount', (text) => {
  expect(() => parseMounts([text])).toThrow(UsageError);
});

test.each(['.ssh', 'keys=.ssh', 'keys=/home/work/.ssh', 'keys=/home/work/.ssh/', 'keys:.ssh/'])(
  'mounting over the ssh folder (%s) is refused before a manager says so',
  (text) => {
    expect(() => parseMounts([text])).toThrow(expect.objectContaining({ code: 'ssh-folder-refused' }));
  },
);
