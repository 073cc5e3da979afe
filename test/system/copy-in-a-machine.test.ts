import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { portNames, qemuGaAgent, type Agent } from '../../scripts/vm/agents.ts';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { folder, run, type Run } from '../cli/support.ts';
import { needs } from './support/needs.ts';
import { testVm } from './support/vm.ts';

const guest = (name: string, line: string): Agent => ({
  name,
  command: `node /agent/guest.js ${line} --allow-read /tmp --allow-write /tmp`,
});

needs(...vmPrograms)('virtagent copy and exec, with a machine', () => {
  const machine = testVm([
    guest('virtio', `--channel virtio-serial --path ${portNames.agent}`),
    guest('isa', '--channel isa-serial --path /dev/ttyS1'),
    qemuGaAgent,
  ]);

  /** There and back; resolves to both runs. */
  async function bothWays(bytes: number, path: string, ...line: readonly string[]): Promise<Run[]> {
    const ours = folder();
    const content = randomBytes(bytes);
    writeFileSync(join(ours, 'file'), content);
    const there = await run(['copy', join(ours, 'file'), `guest:${path}`, ...line, '--wait', '60', '--json']);
    const back = await run(['copy', `guest:${path}`, join(ours, 'back'), ...line, '--wait', '60', '--json']);
    const sha256 = createHash('sha256').update(content).digest('hex');
    for (const { code, stdout, stderr } of [there, back]) {
      expect([code, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({ bytes, sha256 });
    }
    expect(readFileSync(join(ours, 'back')).equals(content)).toBe(true);
    return [there, back];
  }

  it('8 MiB go both ways on virtio-serial', async () => {
    const { sockets } = machine.vm;
    await bothWays(8 * 1024 * 1024, '/tmp/virtio', '-c', 'qemu-chardev', '-p', sockets.agent, '--qmp', sockets.qmp);
  });

  it('64 KiB go both ways on isa-serial, in pieces that stay small', async () => {
    const runs = await bothWays(64 * 1024, '/tmp/isa', '-c', 'qemu-chardev', '-p', machine.vm.sockets.serial);
    for (const { stdout } of runs) expect((JSON.parse(stdout) as { pieces: number }).pieces).toBeGreaterThan(1);
  });

  it("1 MiB goes both ways by QEMU's own agent, which also runs commands", async () => {
    const line = ['-c', 'qemu-chardev', '-p', machine.vm.sockets.qemuGa, '--protocol', 'qemu-ga'];
    await bothWays(1024 * 1024, '/tmp/qga', ...line);
    const ran = await run(['exec', ...line, '--no-stdin', '--', 'sh', '-c', 'uname -s; exit 3']);
    expect(ran).toMatchObject({ code: 3, stdout: 'Linux\n', stderr: '' });
  });
});
