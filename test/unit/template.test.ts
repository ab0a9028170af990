import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readShape } from '../../src/commands/answer-shape.ts';
import { commands } from '../../src/commands/index.ts';
import { idsIn, parseTemplate, renderTemplate } from '../../src/core/text/template.ts';
import { UsageError } from '../../src/errors.ts';

const same = (text: string): string => text;
const render = (source: string, value: unknown): string => renderTemplate(parseTemplate(source), value, same);

const session = {
  name: 'demo',
  nodes: 1,
  isReady: true,
  ends: null,
  resources: { cpu: '2', 'cuda.device': '1' },
  services: [
    { name: 'sshd', ports: [2200] },
    { name: 'ttyd', ports: [7681, 7682] },
  ],
  mounts: [],
};

test.each([
  ['{{name}} {{nodes}} {{isReady}}', 'demo 1 true'],
  ['{{ name }}|{{.name}}', 'demo|demo'],
  ['{{resources.cpu}} {{resources.cuda.device}}', '2 1'],
  ['[{{ends}}{{nosuch}}]', '[]'],
  [
    '{{#services}}{{name}}: {{#ports}}{{.}} {{/ports}}{{nodes}}; {{/services}}',
    'sshd: 2200 1; ttyd: 7681 7682 1; ',
  ],
  ['{{#mounts}}some{{/mounts}}{{^mounts}}none{{/mounts}}', 'none'],
  ['{{#isReady}}ready{{/isReady}}{{^ends}}, for ever{{/ends}}', 'ready, for ever'],
  ['{{#resources}}{{cpu}}{{/resources}}', '2'],
  ['{{services}}', JSON.stringify(session.services)],
  ['{{name}}\\t{{nodes}}\\n\\\\n', 'demo\t1\n\\n'],
  ['{{! nothing }}{name}', '{name}'],
  ['{{name.length}}{{services.length}}{{constructor}}{{toString}}{{__proto__}}', ''],
])('%s is %s', (source, told) => {
  expect(render(source, session)).toBe(told);
});

test('nothing is escaped for HTML, and what the value says is made safe', () => {
  expect(render('{{a}}', { a: '<b>&"' })).toBe('<b>&"');
  expect(renderTemplate(parseTemplate('<{{a}}>\\n'), { a: 'x' }, (text) => `[${text}]`)).toBe('<[x]>\n');
});

test('a tag in a value stays what it is', () => {
  expect(render('{{a}}', { a: '{{b}}', b: 'no' })).toBe('{{b}}');
});

test.each([
  '{{#a}}',
  '{{/a}}',
  '{{#a}}{{/b}}',
  '{{',
  'a}}',
  '{{a b}}',
  '{{}}',
  '{{#a}}{{#b}}{{/a}}',
  '{{a..b}}',
])('%s is refused as what it is', (source) => {
  expect(() => parseTemplate(source)).toThrow(UsageError);
});

test('whatever is typed is a template or a wrong one, and text without braces is itself', () => {
  fc.assert(
    fc.property(fc.string(), (source) => {
      try {
        render(source, session);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const plain = text.replaceAll(/[{}\\]/g, '');
      expect(render(plain, {})).toBe(plain);
    }),
  );
});

test.each([
  ['id', [{ id: 'a' }, { id: 'b', name: 'c' }], ['a', 'b']],
  ['groups.name', { groups: [{ name: 'a' }], used: {} }, ['a']],
  ['keys.path', { keys: [{ path: '/a' }, { source: 'agent' }] }, ['/a']],
  ['keys.path', [{ id: '1' }], ['1']],
  ['id', { id: 'x' }, []],
])('of %s in %j -q prints %j', (field, answer, ids) => {
  expect(idsIn(answer, field)).toEqual(ids);
});

test('each list has what -q prints, and it is a field of its answer', async () => {
  const lists = commands.filter(({ path }) => path.endsWith(' list'));
  expect(lists.filter(({ ids }) => ids === undefined)).toEqual([]);
  for (const { path, ids = '' } of lists) {
    const [list, name] = ids.split('.');
    const template = name === undefined ? `{{${list}}}` : `{{#${list}}}{{${name}}}{{/${list}}}`;
    await expect(readShape({ template, command: path, json: false }), path).resolves.toBeDefined();
  }
});

describe('fields', () => {
  const read = (text: string, command: string) => readShape({ template: text, command, json: false });

  test.each([
    ['session list', '{{name}} {{resources.cuda.device}} {{#services}}{{name}} {{status}}{{/services}}'],
    ['session list', '{{event}} {{session.name}}'],
    ['session list', '{{application}} {{clusterStatus}}'],
    ['session info', '{{statusData.scheduler.msg}} {{#containers}}{{hostname}}{{/containers}}'],
    ['session create', '{{id}}{{waitsFor}}'],
    ['sftp ls', '{{#entries}}{{name}}\\n{{/entries}}'],
    ['whoami', '{{#projects}}{{.}} {{/projects}}'],
  ])('those of %s are known: %s', async (command, text) => {
    await expect(read(text, command)).resolves.toBeDefined();
  });

  test('one that no answer has is refused with those that there are', async () => {
    await expect(read('{{nmae}}', 'config list')).rejects.toMatchObject({
      message: '--template: `bai config list` has no field nmae',
      hint: 'fields: name, value, isSet, origin, summary',
    });
    await expect(read('{{#services}}{{port}}{{/services}}', 'app list')).rejects.toMatchObject({
      hint: 'fields: name, protocol, ports',
    });
    await expect(read('{{name.first}}', 'app list')).rejects.toBeInstanceOf(UsageError);
    for (const inherited of ['constructor', 'toString', '__proto__'])
      await expect(read(`{{${inherited}}}`, 'app list')).rejects.toThrow(`no field ${inherited}`);
  });

  test('a command without an answer, and --json beside it, are refused', async () => {
    await expect(read('{{name}}', 'sftp shell')).rejects.toThrow('has no answer');
    await expect(readShape({ template: '', command: 'config list', json: true })).rejects.toThrow('together');
  });
});
