import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle.mjs';
import { portNames, type Agent } from '../../scripts/vm/agents.ts';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { needs } from './support/needs.ts';
import { testVm } from './support/vm.ts';

const guest = (name: string, line: string): Agent => ({
  name,
  command: `node /agent/guest.js ${line} --protocol virtagent-v7 --allow-read /tmp --allow-write /tmp --retry`,
});

needs(...vmPrograms)('virtagent copy, with virtagent-v7', () => {
  const machine = testVm([
    guest('agent', `--channel virtio-serial --path ${portNames.agent}`),
    guest('serial', '--channel isa-serial --path /dev/ttyS1 --baud 115200'),
  ]);
  let command = '';
  beforeAll(async () => {
    command = join(machine.folder, 'virtagent.js');
    await bundle('cli/virtagent.ts', command);
  });

  describe.each([
    { line: 'virtio-serial', socket: 'agent', bytes: 8 * 1024 * 1024 },
    { line: 'isa-serial', socket: 'serial', bytes: 64 * 1024 },
  ] as const)('on $line', ({ line, socket, bytes }) => {
    it(`moves ${bytes / 1024} KiB to the guest and back, and its hash is the same at each place`, async () => {
      const [sent, back] = [join(machine.folder, `${line}.sent`), join(machine.folder, `${line}.back`)];
      writeFileSync(sent, randomBytes(bytes));
      const copy = (...places: string[]) =>
        promisify(execFile)(process.execPath, [
          ...[command, 'copy', ...places],
          ...['--channel', 'qemu-chardev', '--path', machine.vm.sockets[socket], '--protocol', 'virtagent-v7'],
        ]);
      await copy(sent, `guest:/tmp/${line}`);
      const there = (await machine.vm.control.sh(`sha256sum /tmp/${line}`)).split(' ')[0];
      await copy(`guest:/tmp/${line}`, back);
      expect([there, sha256(back)]).toEqual([sha256(sent), sha256(sent)]);
    });
  });
});

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
