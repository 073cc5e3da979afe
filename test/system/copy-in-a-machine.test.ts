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
    guest('spare', `--channel virtio-serial --path ${portNames.spare} --protocol virtagent-v7`),
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

  it('8 MiB go both ways on virtio-serial, by either of our protocols, which the host finds out', async () => {
    const { sockets } = machine.vm;
    for (const path of [sockets.agent, sockets.spare])
      await bothWays(8 * 1024 * 1024, '/tmp/virtio', '-c', 'qemu-chardev', '-p', path, '--qmp', sockets.qmp);
  });

  it('8 MiB come on isa-serial, and 256 KiB go there, in pieces that stay small', async () => {
    const { control, sockets } = machine.vm;
    const line = ['-c', 'qemu-chardev', '-p', sockets.serial];
    // The emulated port takes 10 KiB a second, and gives ten times as much.
    const runs = await bothWays(256 * 1024, '/tmp/isa', ...line);
    const made = await control.run('head -c 8388608 /dev/urandom > /tmp/large; sha256sum /tmp/large');
    const target = join(folder(), 'large');
    const copied = await run(['copy', 'guest:/tmp/large', target, ...line, '--json']);
    expect([copied.code, copied.stderr]).toEqual([0, '']);
    const sha256 = made.output.split(' ')[0];
    expect(JSON.parse(copied.stdout)).toMatchObject({ bytes: 8 * 1024 * 1024, sha256 });
    expect(createHash('sha256').update(readFileSync(target)).digest('hex')).toBe(sha256);
    for (const { stdout } of [...runs, copied]) {
      const { from, bytes, pieces, tookMs } = JSON.parse(stdout) as { from: string; bytes: number; pieces: number; tookMs: number };
      console.log(`${from}: ${Math.round((bytes / 1024 / tookMs) * 1000)} KiB/s in ${pieces} pieces`);
      expect(pieces).toBeGreaterThan(1);
    }
  }, 1_800_000);

  it("1 MiB goes both ways by QEMU's own agent, which also runs commands", async () => {
    const line = ['-c', 'qemu-chardev', '-p', machine.vm.sockets.qemuGa, '--protocol', 'qemu-ga'];
    await bothWays(1024 * 1024, '/tmp/qga', ...line);
    const ran = await run(['exec', ...line, '--no-stdin', '--', 'sh', '-c', 'uname -s; exit 3']);
    expect(ran).toMatchObject({ code: 3, stdout: 'Linux\n', stderr: '' });
  });
});
