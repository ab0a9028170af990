import { expect, test } from 'vitest';
import { LocalSystemError } from '../../src/errors.ts';
import { type AclCommand, readUserId, restrictToOwner } from '../../src/keys/windows-acl.ts';

const path = "C:\\Users\\Ann O'Hara & Söhne\\.ssh\\.id_container.0123.new";
const answer = '"pc\\ann o\'hara","S-1-5-21-1004336348-1177238915-682003330-1001"\r\n';

test('the key is made the user’s alone, by id, with nothing inherited, and the path is one argument', async () => {
  const ran: AclCommand[] = [];
  const run = async (command: AclCommand): Promise<string> => {
    ran.push(command);
    return command.program.includes('whoami') ? answer : '';
  };
  await restrictToOwner(path, run, 'C:\\Windows');
  expect(ran).toEqual([
    { program: 'C:\\Windows\\System32\\whoami.exe', args: ['/user', '/fo', 'csv', '/nh'] },
    {
      program: 'C:\\Windows\\System32\\icacls.exe',
      args: [path, '/inheritance:r', '/grant:r', '*S-1-5-21-1004336348-1177238915-682003330-1001:F', '/q'],
    },
  ]);
});

test.each([
  [answer, 'S-1-5-21-1004336348-1177238915-682003330-1001'],
  ['"azuread\\"" ann","S-1-12-1-1234-5678-90-12"\n', 'S-1-12-1-1234-5678-90-12'],
  ['"pc\\ann","S-1-5-21-1:F *S-1-1-0"', undefined],
  ['', undefined],
])('of %j the id is %s', (text, id) => {
  expect(readUserId(text)).toBe(id);
});

test.each([
  ['whoami is not there', async () => Promise.reject(new Error('ENOENT'))],
  ['whoami names nobody', async () => ''],
  [
    'icacls fails',
    async ({ program }: AclCommand) =>
      program.includes('whoami') ? answer : Promise.reject(new Error('Access is denied.')),
  ],
])('%s: nothing is written, and it is said', async (_, run) => {
  const failed = restrictToOwner(path, run, 'C:\\Windows');
  await expect(failed).rejects.toThrow(LocalSystemError);
  await expect(failed).rejects.toMatchObject({ code: 'acl-not-set' });
});
