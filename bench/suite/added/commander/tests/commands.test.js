import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Argument, Command } from '../index.js';

const quiet = { writeOut() {}, writeErr() {} };

function program() {
  return new Command('tool').exitOverride().configureOutput(quiet);
}

test('an action gets arguments, options and the command', () => {
  let seen;
  const tool = program();
  tool
    .command('copy <source> [targets...]')
    .alias('cp')
    .option('--force')
    .action((...args) => {
      seen = args;
    });
  tool.parse(['cp', 'a', 'b', 'c', '--force'], { from: 'user' });
  assert.deepEqual(seen.slice(0, 3), ['a', ['b', 'c'], { force: true }]);
  assert.equal(seen[3].name(), 'copy');
});

test('options of the parents', () => {
  const tool = program().option('--verbose');
  const sub = tool.command('sub').option('--dry').action(() => {});
  tool.parse(['--verbose', 'sub', '--dry'], { from: 'user' });
  assert.deepEqual(sub.optsWithGlobals(), { verbose: true, dry: true });
});

test('an unknown command is told, with a suggestion', () => {
  const tool = program();
  tool.command('install').action(() => {});
  assert.throws(() => tool.parse(['instal'], { from: 'user' }), {
    code: 'commander.unknownCommand',
    message: /Did you mean install\?/,
  });
});

test('an unknown option is told', () => {
  const tool = program().action(() => {});
  assert.throws(() => tool.parse(['--nope'], { from: 'user' }), { code: 'commander.unknownOption' });
});

test('a negative number is an argument', () => {
  const tool = program().argument('<n>').action(() => {});
  tool.parse(['-5'], { from: 'user' });
  assert.deepEqual(tool.args, ['-5']);
});

test('what follows -- is no option', () => {
  const tool = program().argument('[all...]').action(() => {});
  tool.parse(['--', '--nope', '-x'], { from: 'user' });
  assert.deepEqual(tool.args, ['--nope', '-x']);
});

test('hooks run in order', async () => {
  const order = [];
  const tool = program()
    .hook('preAction', async () => order.push('before'))
    .hook('postAction', () => order.push('after'))
    .action(() => order.push('action'));
  await tool.parseAsync([], { from: 'user' });
  assert.deepEqual(order, ['before', 'action', 'after']);
});

test('choices of an argument', () => {
  const tool = program()
    .addArgument(new Argument('<size>').choices(['s', 'l']))
    .action(() => {});
  assert.throws(() => tool.parse(['m'], { from: 'user' }), { code: 'commander.invalidArgument' });
});
