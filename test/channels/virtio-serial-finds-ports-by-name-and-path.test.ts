import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { virtioSerial } from '../../transport/channels/index.ts';
import { findPort, portError, type PortFolders } from '../../transport/channels/virtio-serial-ports.ts';
import { errno } from './fake-port.ts';
import { asNobody, folder } from './support.ts';

/** Devices that are there on any machine play the ports: /dev/null is 1:3, /dev/zero 1:5, /dev/full 1:7. */
const numbers = { null: '1:3', zero: '1:5', full: '1:7' };

interface Port {
  readonly entry: string;
  readonly name?: string;
  readonly is: keyof typeof numbers;
}

function machine(ports: readonly Port[], { udev = false, sysfs = true } = {}): PortFolders {
  const root = folder();
  const folders = { sys: join(root, 'sys'), dev: join(root, 'dev') };
  mkdirSync(join(folders.dev, 'virtio-ports'), { recursive: true });
  if (sysfs) mkdirSync(join(folders.sys, 'class'), { recursive: true });
  for (const { entry, name, is } of ports) {
    symlinkSync(`/dev/${is}`, join(folders.dev, entry));
    if (udev && name !== undefined) symlinkSync(`../${entry}`, join(folders.dev, 'virtio-ports', name));
    if (!sysfs) continue;
    const inside = join(folders.sys, 'class/virtio-ports', entry);
    mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, 'dev'), `${numbers[is]}\n`);
    if (name !== undefined) writeFileSync(join(inside, 'name'), `${name}\n`);
  }
  return folders;
}

const two: readonly Port[] = [
  { entry: 'vport0p1', name: 'org.virtagent.0', is: 'null' },
  { entry: 'vport0p2', name: 'org.other.0', is: 'zero' },
];

/** The code and the message of what it throws. */
function refusal(pathOrName: string, folders: PortFolders): [string, string] {
  try {
    findPort(pathOrName, 'virtio-serial X', folders);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return [code, message];
  }
  throw new Error('it was found');
}

test('by name, with and without the links of udev', () => {
  for (const udev of [true, false]) {
    const folders = machine(two, { udev });
    expect(findPort('org.other.0', 'c', folders)).toBe(join(folders.dev, 'vport0p2'));
  }
});

test('by name where only udev knows it, for sysfs is not mounted', () => {
  const folders = machine(two, { udev: true, sysfs: false });
  expect(findPort('org.other.0', 'c', folders)).toBe(join(folders.dev, 'virtio-ports/org.other.0'));
});

test('by the path of a device or of a link, and by that of a link which is not made (yet)', () => {
  const folders = machine(two, { udev: true });
  for (const path of [join(folders.dev, 'vport0p1'), join(folders.dev, 'virtio-ports/org.virtagent.0')])
    expect(findPort(path, 'c', folders)).toBe(path);
  const bare = machine(two);
  expect(findPort(join(bare.dev, 'virtio-ports/org.virtagent.0'), 'c', bare)).toBe(join(bare.dev, 'vport0p1'));
});

test('of two ports of one name, the first by number', () => {
  const folders = machine([
    { entry: 'vport10p1', name: 'twice', is: 'full' },
    { entry: 'vport2p1', name: 'twice', is: 'null' },
  ]);
  expect(findPort('twice', 'c', folders)).toBe(join(folders.dev, 'vport2p1'));
});

test('CHANNEL_NOT_FOUND lists the ports there are, those without a name by their number', () => {
  const folders = machine([...two, { entry: 'vport1p1', is: 'full' }]);
  expect(refusal('org.virtagent.1', folders)).toEqual([
    'CHANNEL_NOT_FOUND',
    'virtio-serial X: there is no port of that name; the ports are org.virtagent.0, org.other.0, vport1p1',
  ]);
  for (const path of [join(folders.dev, 'vport9p9'), join(folders.dev, 'virtio-ports/none'), join(folders.dev, 'vport0p1/x')]) {
    expect(refusal(path, folders)).toEqual([
      'CHANNEL_NOT_FOUND',
      'virtio-serial X: there is nothing at that path; the ports are org.virtagent.0, org.other.0, vport1p1',
    ]);
  }
});

test('CHANNEL_NOT_FOUND says so where there are none, or where that is not known', () => {
  expect(refusal('a', machine([]))[1]).toContain('this machine has no virtio-serial port (is it a guest');
  expect(refusal('a', machine([], { sysfs: false }))[1]).toContain('not known without /sys');
});

test('names that a host made up to break a line, or many of them, stay one short line', () => {
  const ports = Array.from({ length: 40 }, (_, at) => ({ entry: `vport0p${at}`, name: `a\nb\u001b[2J${at}`, is: 'null' as const }));
  const [, message] = refusal('none', machine(ports));
  expect([message.includes('\n'), message.includes('\u001b')]).toEqual([false, false]);
  expect(message).toContain(String.raw`"a\nb\u001b[2J0"`);
  expect(message).toMatch(/ and 28 more$/);
});

test('CHANNEL_UNUSABLE: what is no character device, and a device that is no port', () => {
  const folders = machine(two);
  const inside = folder();
  writeFileSync(join(inside, 'file'), '');
  execFileSync('mkfifo', [join(inside, 'pipe')]);
  for (const path of [inside, join(inside, 'file'), join(inside, 'pipe')]) {
    expect(refusal(path, folders)).toEqual(['CHANNEL_UNUSABLE', 'virtio-serial X: what is there is no character device, and so no port']);
  }
  expect(refusal('/dev/full', folders)).toEqual([
    'CHANNEL_UNUSABLE',
    'virtio-serial X: what is there is a device, but no virtio-serial port',
  ]);
});

test('CHANNEL_DENIED: a folder on the way is closed to this user', async () => {
  const folders = machine(two);
  const inside = folder();
  chmodSync(inside, 0o000);
  await asNobody(async () => expect(refusal(join(inside, 'port'), folders)[0]).toBe('CHANNEL_DENIED'));
});

test('what the system says when a port is opened, in one line with its own code', () => {
  expect(portError('c', errno('EBUSY'))).toMatchObject({
    code: 'CHANNEL_IN_USE',
    message: 'c: another process holds the port, which can be open once at a time (EBUSY)',
  });
  for (const number of ['EACCES', 'EPERM']) expect(portError('c', errno(number)).code).toBe('CHANNEL_DENIED');
  for (const number of ['ENOENT', 'ENXIO', 'ENODEV']) expect(portError('c', errno(number)).code).toBe('CHANNEL_NOT_FOUND');
  expect(portError('c', errno('EIO'))).toMatchObject({ code: 'CHANNEL_FAILED', message: 'c: the port failed: "EIO" (EIO)' });
});

test.each(['', 'a\0b', undefined as unknown as string])('INVALID_OPTION: %j is neither a name nor a path', (value) => {
  expect(() => virtioSerial(value)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
});
