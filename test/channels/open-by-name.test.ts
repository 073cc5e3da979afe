import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VirtagentError } from '../../transport/errors.ts';
import { channelNames, openChannel, type ChannelName, type ChannelSpec } from '../../transport/channels/index.ts';
import { outlivesPeers } from '../../transport/channels/open.ts';
import { bytes, closing, folder, line } from './support.ts';

function refusal(spec: ChannelSpec): string {
  try {
    openChannel(spec);
  } catch (error) {
    if (error instanceof VirtagentError && error.code === 'INVALID_OPTION') return error.message;
    throw error;
  }
  return 'taken';
}

test('the names are those of the channels', () => {
  expect(channelNames).toEqual([
    'unix-connect',
    'unix-listen',
    'tcp-connect',
    'tcp-listen',
    'virtio-serial',
    'isa-serial',
    'qemu-chardev',
    'stdio',
  ]);
  expect(Object.isFrozen(channelNames)).toBe(true);
});

test('peers come and go without the channel where it listens, and at a port', () => {
  expect(channelNames.filter((name) => outlivesPeers(name))).toEqual(['unix-listen', 'tcp-listen', 'virtio-serial', 'isa-serial']);
});

test.each([
  [{ channel: 'unix-connect', path: '/run/s' }, 'unix-connect /run/s', true],
  [{ channel: 'unix-listen', path: 'rel/s' }, 'unix-listen rel/s', true],
  [{ channel: 'tcp-connect', path: '80' }, 'tcp-connect 127.0.0.1:80', true],
  [{ channel: 'tcp-connect', path: 'host.name:65535' }, 'tcp-connect host.name:65535', true],
  [{ channel: 'tcp-connect', path: '[::1]:80' }, 'tcp-connect [::1]:80', true],
  [{ channel: 'tcp-connect', path: '[fe80::1%eth0]:80' }, 'tcp-connect [fe80::1%eth0]:80', true],
  [{ channel: 'tcp-listen', path: '0' }, 'tcp-listen 127.0.0.1:0', true],
  [{ channel: 'tcp-listen', path: '0.0.0.0:8080' }, 'tcp-listen 0.0.0.0:8080', true],
  [{ channel: 'tcp-connect', path: '80', waitMs: 5 }, 'tcp-connect 127.0.0.1:80', true],
  [{ channel: 'isa-serial', path: '/dev/ttyS1', baudRate: 9600 }, 'isa-serial /dev/ttyS1', true],
  [{ channel: 'qemu-chardev', path: '/run/va.sock', qmp: '/run/qmp.sock' }, 'qemu-chardev /run/va.sock', true],
  [{ channel: 'qemu-chardev', path: '7000', qmp: '[::1]:7001' }, 'qemu-chardev 127.0.0.1:7000', true],
  [{ channel: 'qemu-chardev', path: 'localhost:7000' }, 'qemu-chardev localhost:7000', true],
  [{ channel: 'qemu-chardev', path: './7000' }, 'qemu-chardev ./7000', true],
  [{ channel: 'qemu-chardev', path: 'va.sock' }, 'qemu-chardev va.sock', true],
  [{ channel: 'stdio' }, 'stdio', false],
] as [ChannelSpec, string, boolean][])('%j is %s', (spec, name, reopens) => {
  expect(openChannel(spec)).toMatchObject({ name, reopens });
});

test('what is opened by name works', async () => {
  const path = join(folder(), 's');
  const listening = closing(openChannel({ channel: 'unix-listen', path }));
  const served = line(listening);
  await new Promise((resolve) => setImmediate(resolve));
  const connected = await line(closing(openChannel({ channel: 'unix-connect', path })));
  connected.write('hello');
  expect(await bytes(await served, 5)).toBe('hello');
});

test.each(['', 'tcp', 'UNIX-LISTEN', 'child', 'constructor', '__proto__', undefined])('there is no channel %j', (channel) => {
  const message = refusal({ channel: channel as ChannelName, path: '/run/s' });
  expect(message).toContain('--channel is ');
  for (const name of channelNames) expect(message).toContain(name);
});

test.each(channelNames.filter((name) => name !== 'stdio'))('%s wants a --path', (channel) => {
  for (const path of [undefined, '', '\0']) expect(refusal({ channel, path })).toMatch(/^--path is .*; it takes /);
});

test('stdio wants none, not even an empty one', () => {
  for (const path of ['/dev/stdin', '']) expect(refusal({ channel: 'stdio', path })).toMatch(/^--path is ".*"; it takes nothing/);
});

test.each([
  ':80',
  'host:',
  'host',
  '65536',
  'host:65536',
  '-1',
  '1.5',
  '0x50',
  '1e3',
  ' 80',
  '80 ',
  '80\n',
  '::1:80',
  '[::1]',
  '[::1]:',
  '[::1]80',
  '[127.0.0.1]:80',
  '[host]:80',
  '[]:80',
  'a:b:80',
  'ho st:80',
  'http://host:80',
  'host/x:80',
  '99999999999',
  'host:+80',
  '٨٠',
])('%j is no TCP address', (path) => {
  for (const channel of ['tcp-connect', 'tcp-listen'] as const) {
    const message = refusal({ channel, path });
    expect(message).toContain(JSON.stringify(path));
    expect(message).toContain('HOST:PORT, [IPV6]:PORT or PORT');
  }
});

test('port 0 is for listening only', () => {
  expect(refusal({ channel: 'tcp-connect', path: '0' })).toContain('from 1 to 65535');
  expect(refusal({ channel: 'tcp-connect', path: 'host:0' })).toContain('from 1 to 65535');
});

test('what one channel alone takes is refused for the others', () => {
  for (const channel of channelNames.filter((name) => name !== 'stdio')) {
    const spec: ChannelSpec = { channel, path: '7000' };
    if (channel !== 'isa-serial') expect(refusal({ ...spec, baudRate: 9600 })).toBe('--baud is 9600; it takes --channel isa-serial');
    if (channel !== 'qemu-chardev') expect(refusal({ ...spec, qmp: 'q' })).toBe('--qmp is "q"; it takes --channel qemu-chardev');
  }
  for (const channel of ['unix-listen', 'tcp-listen', 'stdio'] as const) {
    expect(refusal({ channel, path: channel === 'stdio' ? undefined : '7000', waitMs: 500 })).toMatch(
      /^--wait is 0.5; it takes a channel that connects/,
    );
  }
});

test.each(['', 'host:70000', '0', '\0'])('%j is no address of a chardev or its monitor', (address) => {
  expect(refusal({ channel: 'qemu-chardev', path: address })).toMatch(/^--path is /);
  expect(refusal({ channel: 'qemu-chardev', path: '/run/s', qmp: address })).toMatch(/^--qmp is /);
});
