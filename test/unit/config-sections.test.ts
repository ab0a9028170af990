/** Hosts of several profiles in one file: each goes by its own lines, in whichever order they were installed. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostSuffixOf, partOf, usualProfile, withPart } from '../../src/core/ssh/config-sections.ts';
import { readInstalled } from '../../src/core/ssh/installed-ssh-config.ts';
import { listHosts, sessionOfHost, sshConfigText } from '../../src/core/ssh/ssh-config.ts';
import { backendAi } from '../../src/providers/backend-ai/provider.ts';
import { facts, session } from '../support/ssh-config-facts.ts';
import { tempFolder } from '../support/temp-folder.ts';

const partFor = (profile: string): string => {
  const options = profile === usualProfile ? [] : ['--profile', profile];
  const own = { ...facts, profile, user: `u-${profile.length}`, bai: [...facts.bai, ...options] };
  return sshConfigText(own, listHosts([session('demo')], backendAi, profile));
};

const profiles = fc.uniqueArray(
  fc.constantFrom(usualProfile, 'sdu', 'prod', 'a.prod', 'x_1', 'x.a.prod', 'bai'),
  { minLength: 1 },
);

test('whatever was installed in which order, ssh takes each host from its own profile', () => {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  const settingsOf = (host: string): string =>
    execFileSync('ssh', ['-G', '-F', path, host], { encoding: 'utf8' });
  fc.assert(
    fc.property(profiles, (order) => {
      const text = order.reduce((file, profile) => withPart(file, profile, partFor(profile)), '');
      writeFileSync(path, text);
      for (const profile of order) {
        for (const name of ['demo', 'other']) {
          const said = settingsOf(`${name}${hostSuffixOf(profile)}`);
          const options = profile === usualProfile ? '' : ` --profile ${profile}`;
          expect(said).toContain(`bai.cjs${options} app ssh --stdio`);
          expect(said).toContain(`\nuser u-${profile.length}\n`);
          // Key files of all lines that match are added up: there are those of one part only.
          expect(said.match(/^identityfile /gm)).toHaveLength(2);
        }
      }
    }),
    { numRuns: 25 },
  );
});

test('installing a profile again changes its part alone, and the same once more nothing', () => {
  fc.assert(
    fc.property(profiles, fc.nat(), (order, index) => {
      const text = order.reduce((file, profile) => withPart(file, profile, partFor(profile)), '');
      const again = order[index % order.length] ?? usualProfile;
      expect(withPart(text, again, partFor(again))).toBe(text);
      for (const profile of order) {
        expect(partOf(text, profile)).toContain(hostSuffixOf(profile));
        expect(readInstalled(text, profile)?.listed.get(`demo${hostSuffixOf(profile)}`)).toBe(
          session('demo').id,
        );
      }
    }),
  );
});

test('a host name stands for a session of the profile that it names', () => {
  expect(sessionOfHost('demo.bai')).toBe('demo');
  expect(sessionOfHost('demo.sdu.bai', 'sdu')).toBe('demo');
  expect(sessionOfHost('demo.bai', 'sdu')).toBeUndefined();
  expect(sessionOfHost('demo.sdu.bai', 'SDU')).toBe('demo');
});
