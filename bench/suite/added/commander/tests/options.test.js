import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Command, Option } from '../index.js';

const quiet = { writeOut() {}, writeErr() {} };

function parse(program, ...args) {
  program.exitOverride().configureOutput(quiet);
  program.parse(args, { from: 'user' });
  return program.opts();
}

test('boolean, negated and valued options', () => {
  const make = () =>
    new Command().option('-d, --debug').option('--no-color').option('-p, --port <n>', '', Number);
  assert.deepEqual(parse(make()), { color: true });
  assert.deepEqual(parse(make(), '-dp80', '--no-color'), {
    color: false,
    debug: true,
    port: 80,
  });
});

test('options with many values', () => {
  const opts = parse(new Command().option('--names <name...>'), '--names', 'a', 'b', '--names', 'c');
  assert.deepEqual(opts, { names: ['a', 'b', 'c'] });
});

test('choices are checked', () => {
  const program = new Command().addOption(new Option('--size <size>').choices(['s', 'l']));
  assert.throws(() => parse(program, '--size', 'm'), { code: 'commander.invalidArgument' });
});

test('conflicts are told', () => {
  const program = new Command()
    .addOption(new Option('--rgb').conflicts('cmyk'))
    .option('--cmyk');
  assert.throws(() => parse(program, '--rgb', '--cmyk'), { code: 'commander.conflictingOption' });
});

test('a missing mandatory option is told', () => {
  const program = new Command().requiredOption('--key <key>');
  assert.throws(() => parse(program), { code: 'commander.missingMandatoryOptionValue' });
});

test('an environment variable counts less than the command line', () => {
  process.env.BENCH_PORT = '1';
  try {
    const make = () => new Command().addOption(new Option('--port <n>').default('0').env('BENCH_PORT'));
    assert.deepEqual(parse(make()), { port: '1' });
    assert.deepEqual(parse(make(), '--port', '2'), { port: '2' });
  } finally {
    delete process.env.BENCH_PORT;
  }
});

test('implied values', () => {
  const program = new Command()
    .option('--log <file>')
    .addOption(new Option('--trace').implies({ log: 'trace.txt' }));
  assert.deepEqual(parse(program, '--trace'), { trace: true, log: 'trace.txt' });
});

test('the help tells defaults, choices and variables', () => {
  const program = new Command('tool').addOption(
    new Option('--size <size>', 'how big').choices(['s', 'l']).default('s').env('SIZE'),
  );
  assert.match(program.helpInformation(), /--size <size> +how big \(choices: "s", "l", default: "s", env:\s+SIZE\)/);
});
