import { expect, test } from 'vitest';
import { LocalSystemError } from '../../src/errors.ts';
import { type AclCommand, readUserId, restrictToOwner } from '../../src/keys/windows-acl.ts';

const path = "C:\\Users\\Ann O'Hara & Söhne\\.ssh\\.id_container.0123.new";
const answer = '"pc\\ann o\'hara","S-1-5-21-1004336348-1177238915-682003330-1001"\r\n';

const place = { path, name: "C:\\Users\\Ann O'Hara & Söhne\\.ssh\\id_container", isWritten: false };
const surroundings = {
  environment: { SystemRoot: 'D:\\Windows', USERDOMAIN: 'OFFICE' },
  userName: () => 'ann',
};
const rightsOf = (user: string): AclCommand => ({
  program: 'D:\\Windows\\System32\\icacls.exe',
  args: [path, '/inheritance:r', '/grant:r', `${user}:F`, '/q'],
});

test('the key is made the user’s alone, by id, with nothing inherited, and the path is one argument', async () => {
  const ran: AclCommand[] = [];
  const run = async (command: AclCommand): Promise<string> => {
    ran.push(command);
    return command.program.includes('whoami') ? answer : '';
  };
  await restrictToOwner(place, run, surroundings);
  expect(ran).toEqual([
    { program: 'D:\\Windows\\System32\\whoami.exe', args: ['/user', '/fo', 'csv', '/nh'] },
    rightsOf('*S-1-5-21-1004336348-1177238915-682003330-1001'),
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

const missing = Object.assign(new Error('spawn'), { code: 'ENOENT' });
const refused = Object.assign(new Error('ran'), {
  code: 5,
  stderr: 'x: Access is denied.\r\n',
  stdout: 'Failed\r\n',
});
const slow = Object.assign(new Error('ran'), { killed: true, code: null });

test.each([
  ['is not there', missing],
  ['names nobody', ''],
  ['takes too long', slow],
] as const)('where whoami %s the user goes by name and domain', async (_, result) => {
  const ran: AclCommand[] = [];
  const run = async (command: AclCommand): Promise<string> => {
    ran.push(command);
    if (command.program.includes('icacls')) return '';
    if (typeof result === 'string') return result;
    throw result;
  };
  await restrictToOwner(place, run, surroundings);
  expect(ran.at(-1)).toEqual(rightsOf('OFFICE\\ann'));
});

test.each([
  [answer, refused, 'icacls.exe ended with status 5: x: Access is denied.'],
  [answer, slow, 'icacls.exe did not end within 10 s'],
  [answer, new Error('no'), 'icacls.exe failed'],
  [
    missing,
    refused,
    'whoami.exe is not there (D:\\Windows\\System32\\whoami.exe), and icacls.exe ended with status 5: x: Access is denied.',
  ],
  ['', missing, 'whoami.exe names no user, and icacls.exe is not there (D:\\Windows\\System32\\icacls.exe)'],
] as const)('%#: why it failed is said, what stands, and what to do', async (whoami, icacls, why) => {
  const run = async (command: AclCommand): Promise<string> => {
    const result = command.program.includes('whoami') ? whoami : icacls;
    if (typeof result === 'string') return result;
    throw result;
  };
  const failures = [false, true].map((isWritten) =>
    restrictToOwner({ ...place, isWritten }, run, surroundings).catch((error: unknown) => error),
  );
  const [first, second] = await Promise.all(failures);
  expect(first).toBeInstanceOf(LocalSystemError);
  const message = `${place.name} could not be made yours alone: ${why}; `;
  expect(first).toMatchObject({ code: 'acl-not-set', message: `${message}nothing was written` });
  expect(first).toMatchObject({ hint: expect.stringContaining('--output or BAI_SSH_DIR') });
  expect(second).toMatchObject({ message: `${message}the key is there as it was, and others may read it` });
  expect(second).toMatchObject({ hint: expect.stringContaining(`icacls "${place.name}" /inheritance:r`) });
});
