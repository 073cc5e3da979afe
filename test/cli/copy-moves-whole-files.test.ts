import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { copyPlaces, nameOf } from '../../cli/copy-places.ts';
import { folder, guestAt, run, start, type Run, type Running } from './support.ts';

let root = '';
let theirs = '';
let ours = '';
let guest: Running;

beforeEach(async () => {
  root = folder();
  theirs = join(root, 'guest');
  ours = join(root, 'host');
  mkdirSync(theirs);
  mkdirSync(ours);
  guest = await guestAt(join(root, 's'), '--allow-read', theirs, '--allow-write', theirs);
});

const line = (): string[] => ['-c', 'unix-connect', '-p', join(root, 's')];
const copy = async (from: string, to: string, ...more: string[]): Promise<Run> => run(['copy', from, to, ...line(), ...more]);
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const firstLine = ({ stderr }: Run): string => stderr.split('\n')[0] as string;

describe('8 MiB are the same on the other side, and the summary says so', () => {
  const content = randomBytes(8 * 1024 * 1024);

  test('from the guest', async () => {
    writeFileSync(join(theirs, 'big'), content);
    const { code, stdout, stderr } = await copy(`guest:${theirs}/big`, join(ours, 'copy'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^guest:\S+ → \S+copy: 8388608 bytes in \d+ ms \(\S+ \S+\/s\), sha256 [\da-f]{64}; checked: length and sha256 are the guest's\n$/,
    );
    expect(stdout).toContain(sha256(content));
    expect(readFileSync(join(ours, 'copy')).equals(content)).toBe(true);
    expect(readdirSync(ours)).toEqual(['copy']);
  });

  test('to the guest', async () => {
    writeFileSync(join(ours, 'big'), content);
    const { code, stdout } = await copy(join(ours, 'big'), `guest:${theirs}/copy`, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      from: join(ours, 'big'),
      to: `guest:${theirs}/copy`,
      bytes: content.length,
      sha256: sha256(content),
    });
    expect(readFileSync(join(theirs, 'copy')).equals(content)).toBe(true);
    expect(readdirSync(theirs)).toEqual(['copy']);
  });
});

test.each([
  ['virtagent-v7', [0, 1, 1000]],
  ['jsonrpc-lines', [0, 100, 1000]],
  ['jsonrpc-headers', [0, 101, 1000]],
])('files of any length go both ways in pieces of 100 bytes in %s: of %j bytes', async (protocol, lengths) => {
  const socket = join(root, protocol);
  await guestAt(socket, '--protocol', protocol, '--allow-read', theirs, '--allow-write', theirs);
  const on = ['-c', 'unix-connect', '-p', socket, '--protocol', protocol, '--piece', '100'];
  for (const length of lengths) {
    const content = randomBytes(length);
    writeFileSync(join(ours, 'file'), content);
    expect((await run(['copy', join(ours, 'file'), `guest:${theirs}/file`, ...on])).code).toBe(0);
    expect((await run(['copy', `guest:${theirs}/file`, join(ours, 'back'), ...on])).code).toBe(0);
    expect(readFileSync(join(ours, 'back')).equals(content)).toBe(true);
  }
});

describe('where a copy goes', () => {
  test.each([
    ['guest:/etc/hosts', 'hosts'],
    ['guest:C:\\x\\y.txt', 'y.txt'],
    ['guest:/etc/C:\\x', 'C:\\x'],
  ])('%s is named %s', (from, name) => {
    expect(nameOf(copyPlaces(from, '/tmp/').from)).toBe(name);
  });

  test('a directory takes the name of the file, on either side', async () => {
    writeFileSync(join(theirs, 'a'), 'a');
    writeFileSync(join(ours, 'b'), 'b');
    for (const to of [ours, `${ours}/`]) expect((await copy(`guest:${theirs}/a`, to)).code).toBe(0);
    for (const to of [theirs, `${theirs}/`]) expect((await copy(join(ours, 'b'), `guest:${to}`)).code).toBe(0);
    expect([readdirSync(ours), readdirSync(theirs)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  test('standard input and output', async () => {
    const { code, stdout } = await run(['copy', '-', `guest:${theirs}/in`, ...line()], 'content');
    expect([code, readFileSync(join(theirs, 'in'), 'utf8')]).toEqual([0, 'content']);
    expect(stdout).toContain('7 bytes');
    const out = await copy(`guest:${theirs}/in`, '-');
    expect([out.code, out.stdout]).toEqual([0, 'content']);
    expect(out.stderr).toContain(sha256('content'));
  });

  test('a symbolic link here stays, and what it leads to is replaced', async () => {
    writeFileSync(join(theirs, 'a'), 'new');
    writeFileSync(join(ours, 'real'), 'old');
    symlinkSync('real', join(ours, 'link'));
    expect((await copy(`guest:${theirs}/a`, join(ours, 'link'))).code).toBe(0);
    expect([readlinkSync(join(ours, 'link')), readFileSync(join(ours, 'real'), 'utf8')]).toEqual(['real', 'new']);
  });

  test('with --keep-mode it has the permissions of the file, else those of what it replaces', async () => {
    writeFileSync(join(theirs, 'a'), 'a', { mode: 0o600 });
    chmodSync(join(theirs, 'a'), 0o740);
    expect((await copy(`guest:${theirs}/a`, join(ours, 'kept'), '--keep-mode')).code).toBe(0);
    expect((await copy(join(ours, 'kept'), `guest:${theirs}/kept`, '--keep-mode')).code).toBe(0);
    expect((await copy(`guest:${theirs}/a`, join(ours, 'plain'))).code).toBe(0);
    const modes = [join(ours, 'kept'), join(theirs, 'kept'), join(ours, 'plain')].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o740, 0o740, 0o666 & ~process.umask()]);
    writeFileSync(join(ours, 'b'), 'b');
    expect((await copy(join(ours, 'b'), `guest:${theirs}/a`)).code).toBe(0);
    expect([statSync(join(theirs, 'a')).mode & 0o777, readFileSync(join(theirs, 'a'), 'utf8')]).toEqual([0o740, 'b']);
  });

  test('a file whose size says nothing is copied as it was read', async () => {
    const socket = join(root, 'proc');
    await guestAt(socket, '--allow-read', '/proc');
    for (const more of [[], ['--piece', '50']]) {
      const { code, stdout } = await run(['copy', 'guest:/proc/version', '-', '-c', 'unix-connect', '-p', socket, ...more]);
      expect([code, stdout]).toEqual([0, readFileSync('/proc/version', 'utf8')]);
    }
  });
});

describe('what can not be copied is said in one line', () => {
  const cases: [string, (from: string, to: string) => string[], number, RegExp][] = [
    [
      'neither side is the guest',
      (from) => [from, '/x'],
      2,
      /^virtagent: INVALID_OPTION: SRC and DST are .*; they take one of them as guest:PATH$/,
    ],
    ['both are', (_, to) => [`guest:${to}`, 'guest:/x'], 2, /they take one of them without guest:$/],
    ['no path in the guest', (from) => [from, 'guest:'], 2, /DST is "guest:"; it takes guest: and an absolute path$/],
    ['a relative one', (from) => [from, 'guest:x'], 2, /DST is "guest:x"; it takes guest: and an absolute path$/],
    ['a file that is not there', (from, to) => [`${from}-none`, `guest:${to}`], 70, /INPUT_FAILED: ".*-none" can not be read \(ENOENT\)$/],
    ['a directory', (_, to) => ['/', `guest:${to}`], 2, /SRC is "\/"; it takes a file, not a directory$/],
    ['a device', (_, to) => ['/dev/null', `guest:${to}`], 2, /SRC is "\/dev\/null"; it takes a regular file, or - for standard input$/],
    ['to a device', (_, to) => [`guest:${to}`, '/dev/null'], 2, /DST is "\/dev\/null"; it takes a regular file, a directory, or -/],
    [
      'to a folder that is not there',
      (_, to) => [`guest:${to}`, '/none/x'],
      70,
      /OUTPUT_FAILED: "\/none\/x" can not be written \(ENOENT\)$/,
    ],
    [
      'to a directory that is not there',
      (_, to) => [`guest:${to}`, '/none/'],
      70,
      /OUTPUT_FAILED: "\/none\/" can not be written \(ENOENT\)$/,
    ],
    ['pieces of nothing', (from, to) => [from, `guest:${to}`, '--piece', '0'], 2, /--piece is "0"; it takes bytes, from 1 to 1048576$/],
    ['what is not there in the guest', (_, to) => [`guest:${to}-none`, '-'], 1, /^virtagent: REMOTE_ERROR: ENOENT: there is no such file/],
    [
      'what is outside in the guest',
      () => ['guest:/etc/passwd', '-'],
      1,
      /^virtagent: REMOTE_ERROR: EACCES: not a file that may be read here/,
    ],
    [
      'to what is outside',
      (from) => [from, 'guest:/etc/passwd'],
      1,
      /^virtagent: REMOTE_ERROR: EACCES: not a file that may be written here/,
    ],
  ];
  test.each(cases)('%s', async (_, places, code, message) => {
    writeFileSync(join(ours, 'from'), 'x');
    writeFileSync(join(theirs, 'to'), 'y');
    const ended = await run(['copy', ...places(join(ours, 'from'), join(theirs, 'to')), ...line()]);
    expect(firstLine(ended)).toMatch(message);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect(ended.code).toBe(code);
    expect([readdirSync(ours), readdirSync(theirs)]).toEqual([['from'], ['to']]);
  });

  test('a guest that was allowed nothing', async () => {
    await guest.stop();
    await guestAt(join(root, 's'));
    writeFileSync(join(ours, 'file'), 'x');
    expect(firstLine(await copy(join(ours, 'file'), 'guest:/x'))).toContain('EACCES: putfile is not allowed here: --allow-write');
    expect(firstLine(await copy('guest:/x', join(ours, 'x')))).toContain('EACCES: getfile is not allowed here: --allow-read');
    expect(readdirSync(ours)).toEqual(['file']);
  });
});

describe('a copy that is interrupted leaves nothing, and what was there before', () => {
  /** A copy in pieces so small that it is under way for long. */
  function begin(direction: 'from' | 'to'): Running {
    writeFileSync(join(theirs, 'big'), Buffer.alloc(512 * 1024, 'a'));
    writeFileSync(join(ours, 'big'), Buffer.alloc(512 * 1024, 'b'));
    writeFileSync(join(theirs, 'copy'), 'before');
    writeFileSync(join(ours, 'copy'), 'before');
    const places = direction === 'from' ? [`guest:${theirs}/big`, join(ours, 'copy')] : [join(ours, 'big'), `guest:${theirs}/copy`];
    return start(['copy', ...places, ...line(), '--piece', '100', '--trace']);
  }
  const isUnderWay = async (copying: Running): Promise<void> => copying.printed('stderr', /→ request \S+ (?:get|put)file[^\n]*\n/, 20);

  function expectBefore(): void {
    for (const dir of [theirs, ours]) {
      expect(readdirSync(dir)).toEqual(['big', 'copy']);
      expect(readFileSync(join(dir, 'copy'), 'utf8')).toBe('before');
    }
  }

  test.each([
    ['from', 'SIGINT', 130],
    ['to', 'SIGINT', 130],
    ['to', 'SIGTERM', 143],
    ['from', 'SIGHUP', 129],
    ['to', 'SIGHUP', 129],
  ] as const)('%s the guest, by %s', async (direction, signal, code) => {
    const copying = begin(direction);
    await isUnderWay(copying);
    const ended = await copying.stop(signal);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain('virtagent: CANCELLED: ');
    await guest.printed('stderr', 'the line ended');
    await guest.stop();
    expectBefore();
  });

  test.each(['from', 'to'] as const)('%s the guest, by its death', async (direction) => {
    const copying = begin(direction);
    await isUnderWay(copying);
    guest.child.kill('SIGKILL');
    const { code, stderr } = await copying.ended;
    expect(code).toBe(5);
    expect(stderr).toMatch(/^virtagent: LINE_LOST: /m);
    if (direction === 'from') expectBefore();
    else expect(readFileSync(join(theirs, 'copy'), 'utf8')).toBe('before');
  });

  test.each(['from', 'to'] as const)('%s the guest, and with --retry it goes on with the next line', async (direction) => {
    const copying = begin(direction);
    const again = start([...copying.child.spawnargs.slice(2), '--retry']);
    copying.child.kill('SIGKILL');
    await copying.ended;
    await isUnderWay(again);
    guest.child.kill('SIGKILL');
    await guest.ended;
    // It leaves its temporary file: nobody could have removed it.
    await guestAt(join(root, 's'), '--allow-read', theirs, '--allow-write', theirs);
    const { code } = await again.ended;
    expect(code).toBe(0);
    const [from, to] = direction === 'from' ? [theirs, ours] : [ours, theirs];
    expect(readFileSync(join(to, 'copy')).equals(readFileSync(join(from, 'big')))).toBe(true);
  });
});

test('a file that changes while it is copied is not copied', async () => {
  writeFileSync(join(theirs, 'big'), Buffer.alloc(1024 * 1024, 'a'));
  const copying = start(['copy', `guest:${theirs}/big`, join(ours, 'copy'), ...line(), '--piece', '100', '--trace']);
  await copying.printed('stderr', '← response', 20);
  writeFileSync(join(theirs, 'big'), Buffer.alloc(1024 * 1024, 'b'));
  const { code, stderr } = await copying.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^virtagent: REMOTE_ERROR: ".*big" changed in the guest while it was copied: copy it again/m);
  expect(readdirSync(ours)).toEqual([]);
});
